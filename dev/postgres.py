"""Postgres's data folder and the way to run its programs as root, which they refuse by themselves.

No user is ever created and no folder outside the data folder changes owner or mode.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass, replace

import system
from errors import Failed

# An id without an account: nothing else of the machine belongs to it.
UNPRIVILEGED = 54321
SUPERUSER = "postgres"


@dataclass(frozen=True)
class Way:
    """How a program of Postgres is started: behind `prefix`, with the data folder belonging to `owner` (None: as it is)."""

    name: str
    prefix: tuple
    owner: object = None


PLAIN = Way("plain", ())
# The kernel calls the process 1000 inside its own view; the files stay root's.
USER_NAMESPACE = Way("unshare", ("unshare", "--user", "--map-user=1000", "--map-group=1000"))
DROPPED_ID = Way("setpriv", (
    "setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups",
    "--inh-caps=+dac_override", "--ambient-caps=+dac_override"), UNPRIVILEGED)


def ways():
    """The ways to try, in order."""
    if os.geteuid() != 0:
        return [PLAIN]
    return [replace(way, prefix=(found, *way.prefix[1:]))
            for way in (USER_NAMESPACE, DROPPED_ID) if (found := system.find(way.prefix[0]))]


def initialise(binaries, data, password_file):
    """Makes the data folder unless it is there, and returns the way that works for it.

    The folder is made aside and renamed, so that one in place is always whole; a file beside it keeps the way.
    """
    if data.is_dir() and way_file(data).exists():
        return kept_way(data)
    reasons = []
    for way in ways():
        reason = try_initialise(way, binaries, data, password_file)
        if reason is None:
            way_file(data).write_text(way.name)
            return way
        reasons.append(f"{way.name}: {reason}")
    raise Failed(f"Postgres cannot be set up: {'; '.join(reasons) or 'as root it needs unshare or setpriv (util-linux)'}")


def way_file(data):
    """The file beside a data folder that names the way it was made by."""
    return data.with_name(f"{data.name}.way")


def kept_way(data):
    """The way that a data folder was made by."""
    name = way_file(data).read_text()
    for way in ways():
        if way.name == name:
            return way
    raise Failed(f"{data} was made by way of {name}, which is not open to this user: run as before, or purge it")


def try_initialise(way, binaries, data, password_file):
    """Makes the data folder by one way; the reason where that fails."""
    aside = data.parent / f"{data.name}.aside"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True, mode=0o700)
    if way.owner is not None:
        os.chown(aside, way.owner, way.owner)
    # The password reaches only the loopback address, and a plain check costs a test nothing per connection.
    outcome = subprocess.run(
        [*way.prefix, binaries / "initdb", "--pgdata", aside, "--username", SUPERUSER, "--auth", "password",
         "--pwfile", password_file, "--encoding", "UTF8", "--locale", "C"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if outcome.returncode != 0:
        shutil.rmtree(aside, ignore_errors=True)
        return (outcome.stderr.strip().splitlines() or ["initdb gave no reason"])[0]
    if data.exists():
        shutil.rmtree(data)
    aside.rename(data)
    return None
