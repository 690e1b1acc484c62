"""Background processes with pid files: each keeps the process's start time and command line, and both are checked.

A pid alone may by now belong to somebody else's process; that one is never signalled.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from errors import Failed

STOP_SECONDS = 15
EXEC_SECONDS = 2
POLL_SECONDS = 0.02
REASON_BYTES = 64 * 1024


def start(name, command, run, log, environment=None, wrapper=(), stop_signal=signal.SIGTERM, identity="", told=None):
    """Starts `wrapper + command` in a session of its own, logging to `log`, and writes `run/<name>.json`.

    The wrapper must end up as the command in the same process, as `unshare` does. `identity` and `told` are kept for the caller.
    """
    run.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(part) for part in command]
    with open(log, "ab") as output:
        log_start = output.tell()
        child = subprocess.Popen([*wrapper, *command], env=environment, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    # It outlives this command, which never waits for it.
    child.returncode = 0
    write(run / f"{name}.json", {
        "pid": child.pid, "started": start_time(child.pid), "command": command, "stop_signal": int(stop_signal),
        "identity": identity, "told": told or {}, "log": str(log), "log_start": log_start,
    })


def write(path, record):
    """Writes a record so that no reader ever sees half of it."""
    aside = path.with_suffix(".aside")
    aside.write_text(json.dumps(record))
    aside.rename(path)


def read(run, name):
    """The record of a process, or None."""
    try:
        return json.loads((run / f"{name}.json").read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        raise Failed(f"{run / name}.json is not a pid file: remove it once the process is gone") from None


def start_time(pid):
    """When the process started, in the kernel's ticks since boot; None without such a process, or once it is a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2:].split()
    state, started = fields[0], int(fields[19])
    return None if state in "ZX" else started


def command_line(pid):
    """The arguments that the process runs with now."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_ours(record):
    """Whether the process of a record still lives: same pid, same start and same command, behind a wrapper or not."""
    pid, started, command = record["pid"], record["started"], record["command"]
    line = []

    def known():
        # For a moment while it starts a program, a process shows no command line.
        nonlocal line
        line = command_line(pid)
        return line or start_time(pid) != started

    if started is None or not wait_until(known, EXEC_SECONDS):
        return False
    return start_time(pid) == started and line[-len(command):] == command


def running(run, name):
    """The record of a process that lives, or None."""
    record = read(run, name)
    return record if record and is_ours(record) else None


def names(run):
    """The processes that have a pid file in `run`."""
    return sorted(path.stem for path in run.glob("*.json")) if run.is_dir() else []


def stop(run, chosen):
    """Ends those of the chosen processes that are ours, all at once, and removes their pid files; returns who was running."""
    records = {name: record for name in chosen if (record := read(run, name))}
    alive = {name: record for name, record in records.items() if is_ours(record)}
    for kill in (False, True):
        for record in alive.values():
            if is_ours(record):
                send(record["pid"], signal.SIGKILL if kill else record["stop_signal"])
        if wait_until(lambda: not any(map(is_ours, alive.values())), STOP_SECONDS):
            break
    else:
        stuck = [f"{name} (process {record['pid']})" for name, record in alive.items() if is_ours(record)]
        raise Failed(f"cannot end {', '.join(stuck)}")
    for name in records:
        (run / f"{name}.json").unlink()
    return sorted(alive)


@contextlib.contextmanager
def unbroken():
    """Lets nobody's further Ctrl-C break off the block, which would leave half of the processes running."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def send(pid, sign):
    """Signals a process that may just have ended."""
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        pass


def wait_until(condition, seconds):
    """Waits for a condition; says whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def last_words(record):
    """Why a process died, if it said so since its start."""
    try:
        with open(record["log"], "rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(record["log_start"], size - REASON_BYTES))
            return reason(log.read().decode(errors="replace"))
    except FileNotFoundError:
        return reason("")


def reason(text):
    """The line of a program's output that says why it ended: what it panicked with, else its last plain line, else its last."""
    said = [line.strip() for line in text.splitlines() if line.strip()]
    for line, after in zip(said, said[1:]):
        if line.startswith("thread ") and " panicked at " in line:
            return f"panicked: {after}"
    # Log records are JSON.
    plain = [line for line in said if not line.startswith("{")]
    return (plain or said or ["it said nothing"])[-1]
