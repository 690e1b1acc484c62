"""The port plan of the local stack, free ports for tests, and who holds a taken one."""

import contextlib
import os
import random
import socket
from pathlib import Path

from errors import Failed

SETTING = "BATTLESBIT_PORT_BASE"
DEFAULT_BASE = 8880
HOST = "127.0.0.1"

# One base moves them all.
OFFSETS = {
    "postgres": 0,
    "nats": 1,
    "nats_monitoring": 2,
    "redis": 3,
    "temporal": 4,
    "temporal_http": 5,
    "temporal_metrics": 6,
    "exchange": 7,
    "web": 8,
    "smtp": 9,
    "mail": 10,
    "market": 11,
    "arena": 12,
    "matcher": 13,
    "achievement": 14,
    "notifications": 15,
    "treasury": 16,
    "exchange_control": 17,
    "validator": 18,
}

# Below the range from which Linux takes the ports of outgoing connections.
FREE_RANGE = range(20000, 32000)
FREE_TRIES = 200


def plan(base=None):
    """Every port of the local stack by name, from `base` or the setting."""
    if base is None:
        text = os.environ.get(SETTING, str(DEFAULT_BASE))
        if not text.isdigit() or not 1024 <= int(text) <= 65535 - max(OFFSETS.values()):
            highest = 65535 - max(OFFSETS.values())
            raise Failed(f"{SETTING} must be a whole number from 1024 to {highest}, not {text!r}")
        base = int(text)
    return {name: base + offset for name, offset in OFFSETS.items()}


def is_set():
    """Whether the user chose the first port."""
    return SETTING in os.environ


def free_plan(names):
    """A free port for each name, all different, for servers beside those of the local stack."""
    chosen = {}
    for name in names:
        for port in random.sample(FREE_RANGE, FREE_TRIES):
            if port not in chosen.values() and not taken(port):
                chosen[name] = port
                break
        else:
            raise Failed(f"no free port between {FREE_RANGE.start} and {FREE_RANGE.stop} in {FREE_TRIES} tries")
    return chosen


def free_base():
    """A first port from which all ports of the plan are free."""
    for base in random.sample(FREE_RANGE, FREE_TRIES):
        if not any(taken(port) for port in plan(base).values()):
            return base
    raise Failed(f"no {len(OFFSETS)} free ports in a row between {FREE_RANGE.start} and {FREE_RANGE.stop} in {FREE_TRIES} tries")


def taken(port):
    """Whether somebody listens on the port, here or on all addresses."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False


def holder(port):
    """Who listens on the port, as far as `/proc` shows it to this user."""
    inodes = listening_inodes(port)
    if not inodes:
        return "a process that this system does not show"
    for process in Path("/proc").glob("[0-9]*"):
        if inodes.intersection(open_files(process)):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"process {process.name} ({command})"
    return "a process of another user"


def open_files(process):
    """What a process has open, as far as this user may see it and while it stays open."""
    links = []
    try:
        for link in (process / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                links.append(os.readlink(link))
    except OSError:
        pass
    return links


def listening_inodes(port):
    """The sockets listening on the port, as `/proc` names them among a process's open files."""
    listening = "0A"
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == listening and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    return inodes


def refuse_taken(wanted):
    """Fails with one line that names every taken port of `wanted` and who holds it."""
    held = [f"port {port} ({name}) is held by {holder(port)}" for name, port in wanted.items() if taken(port)]
    if held:
        raise Failed(f"{'; '.join(held)}; stop it, or move all ports with {SETTING}=<first port>")
