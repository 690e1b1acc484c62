"""Builds the workspace in the output folder that all clones share, and copies the programs into this clone.

Cargo tells what changed by the times of files, whosever they are, and would run another clone's code: so the folder
remembers who built last, and a clone that comes after another takes over the times of all files that are the same there.
Cargo then sees one clone, edited. Commands of one clone share the folder, clones take turns.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import places
import system
from errors import Failed

PROGRAMS = ("achievement", "arena", "market", "matcher", "notifications", "treasury", "web",
            "battlesbit", "bots", "exchange", "mail", "xtask")
VALIDATOR = places.ROOT / "tools" / "validator" / "Cargo.toml"
BIN = places.ROOT / ".dev" / "bin"
# Says that whoever starts this command has just built: cargo would wait for the build that it does meanwhile.
BUILT = "BATTLESBIT_BUILT"
# Where each profile's output lies, and how cargo is told that this profile is meant.
PROFILES = {"debug": (), "release": ("--release",)}


def cargo(*arguments, politely=False, environment=None, **options):
    """Runs cargo on the shared output folder, behind everything else that runs here if politely; the caller holds the folder."""
    return subprocess.run(line(arguments, politely), **surroundings(environment), **options)


def started(*arguments):
    """Starts cargo politely, and lets the caller read what it prints."""
    return subprocess.Popen(line(arguments, politely=True), **surroundings(), stdout=subprocess.PIPE, text=True)


def line(arguments, politely):
    return [*(["nice"] if politely else []), "cargo", *arguments]


def surroundings(environment=None):
    environment = {**os.environ, **(environment or {}), "CARGO_TARGET_DIR": str(places.target())}
    return {"cwd": places.ROOT, "env": environment, "stdin": subprocess.DEVNULL}


@contextlib.contextmanager
def output_folder():
    """Holds the shared output folder for this clone while the block runs."""
    need_cargo()
    system.need_linker()
    places.target().mkdir(parents=True, exist_ok=True)
    with open(places.target() / ".battlesbit-lock", "a+") as lock:
        share(lock)
        while last_builder() != str(places.ROOT):
            take(lock)
            if last_builder() != str(places.ROOT):
                succeed(last_builder())
                marker().write_text(str(places.ROOT))
            # Not one step: another clone may come between, so look again.
            share(lock)
        yield


def share(lock):
    """Holds the folder together with other commands of the clone that built last."""
    take_lock(lock, fcntl.LOCK_SH)


def take(lock):
    """Holds the folder alone."""
    take_lock(lock, fcntl.LOCK_EX)


def take_lock(lock, kind):
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"waiting for the build of {last_builder() or 'another clone'}", file=sys.stderr)
        fcntl.flock(lock, kind)


def marker():
    return places.target() / ".battlesbit-built-from"


def last_builder():
    """The clone that built last, or None."""
    try:
        return marker().read_text()
    except FileNotFoundError:
        return None


def succeed(clone):
    """Lets cargo see this clone as the one that built last, edited; where that is gone, the workspace's own crates are built anew."""
    files = sources(places.ROOT)
    if clone is None or sources(clone) is None or files is None:
        return clean()
    now = time.time_ns()
    for name in files:
        changed = time_of_same(Path(clone) / name, places.ROOT / name) or now
        os.utime(places.ROOT / name, ns=(changed, changed))


def sources(clone):
    """The names of the files that git knows or would add, or None where that is no clone."""
    outcome = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=clone,
                             stdin=subprocess.DEVNULL, capture_output=True) if (Path(clone) / ".git").exists() else None
    if outcome is None or outcome.returncode != 0:
        return None
    return [name for name in os.fsdecode(outcome.stdout).split("\0") if (Path(clone) / name).is_file()]


def time_of_same(theirs, ours):
    """When their file was changed, in nanoseconds, if ours is the same; else None."""
    try:
        # The time is read last: an edit in between can only make the file look newer than it is.
        same = theirs.read_bytes() == ours.read_bytes()
        return theirs.stat().st_mtime_ns if same else None
    except OSError:
        return None


def clean():
    """Removes the clone's own crates from the output of every profile that was built: cargo cleans one at a time, of one workspace."""
    for folder, profile in PROFILES.items():
        for workspace in ((), (f"--manifest-path={VALIDATOR}",)):
            if (places.target() / folder).is_dir() and cargo("clean", "--workspace", "--quiet", *profile, *workspace).returncode != 0:
                raise Failed(f"cannot clean {places.target() / folder}")


def need_cargo():
    if shutil.which("cargo") is None:
        raise Failed("cargo is missing: install Rust for this user, then open a new shell")


def build():
    """Builds the workspace and copies its programs to `.dev/bin`; the caller holds the output folder."""
    if os.environ.get(BUILT):
        return
    if cargo("build", "--workspace", "--quiet" if quiet() else "--color=auto").returncode != 0:
        raise Failed("the build failed")
    BIN.mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        copy(places.target() / "debug" / name, BIN / name)


def build_validator():
    """Builds the stand-in for the chain beside the others, and copies it too; the caller holds the output folder.

    It is a workspace of its own, for its virtual machine takes longer to compile than all else, and only tests and `demo --chain` need it.
    """
    if os.environ.get(BUILT):
        return
    if cargo("build", f"--manifest-path={VALIDATOR}", "--locked", "--quiet" if quiet() else "--color=auto").returncode != 0:
        raise Failed("the build of the stand-in for the chain failed")
    BIN.mkdir(parents=True, exist_ok=True)
    copy(places.target() / "debug" / "validator", BIN / "validator")


def quiet():
    """Whether to say nothing while all is well: where nobody watches a progress bar."""
    return not sys.stderr.isatty()


def copy(source, target):
    """Copies a program where it differs, aside and renamed: the one that runs keeps its own file."""
    made = source.stat()
    if target.exists():
        there = target.stat()
        if (there.st_mtime_ns, there.st_size) == (made.st_mtime_ns, made.st_size):
            return
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy2(source, aside)
    aside.rename(target)
