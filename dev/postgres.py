"""Postgres's data folder and the way to run its programs as root, which they refuse by themselves.

No user is ever created and no folder outside the data folder changes owner or mode.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import system
import wheels
from errors import Failed

SUPERUSER = "postgres"
# Postgres insists on an account behind its id; every system has this one, which owns nothing.
ACCOUNT = "nobody"
# Where everybody may pass, and what outlives a reboot.
COPIES = Path("/var/tmp")


@dataclass(frozen=True)
class Way:
    """How a program of Postgres is started: behind `prefix`, with the data folder belonging to `owner` (None: as it is)."""

    name: str
    prefix: tuple
    owner: object = None


PLAIN = Way("plain", ())


def ways():
    """The ways to try, in order."""
    if os.geteuid() != 0:
        return [PLAIN]
    account = pwd.getpwnam(ACCOUNT)
    found = []
    if unshare := system.find("unshare"):
        # The process has another id only in its own eyes; its files stay root's.
        found.append(Way("unshare", (unshare, "--user", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}")))
    if setpriv := system.find("setpriv"):
        # Another id, which may still pass through a private home.
        found.append(Way("setpriv", (
            setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups",
            "--inh-caps=+dac_override", "--ambient-caps=+dac_override"), account.pw_uid))
    return found


def reachable(way, binaries):
    """The folder of Postgres's programs as the way can reach it: a copy of the wheel where it lies in a private home."""
    wheel = wheels.POSTGRES.folder
    passable = all(parent.stat().st_mode & 0o001 for parent in (binaries, *binaries.parents))
    if way.owner is None or passable or wheel not in binaries.parents:
        return binaries
    copy = COPIES / f"battlesbit-{wheel.name}"
    if not copy.is_dir():
        aside = Path(tempfile.mkdtemp(dir=COPIES))
        shutil.copytree(wheel, aside / wheel.name, symlinks=True)
        (aside / wheel.name).rename(copy)
        aside.rmdir()
    if copy.stat().st_uid != os.geteuid():
        raise Failed(f"{copy} belongs to somebody else: remove it")
    return copy / binaries.relative_to(wheel)


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
        os.chown(aside, way.owner, -1)
    # The password reaches only the loopback address, and a plain check costs a test nothing per connection.
    outcome = subprocess.run(
        [*way.prefix, reachable(way, binaries) / "initdb", "--pgdata", aside, "--username", SUPERUSER, "--auth", "password",
         "--pwfile", password_file, "--encoding", "UTF8", "--locale", "C"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if outcome.returncode != 0:
        shutil.rmtree(aside, ignore_errors=True)
        return (outcome.stderr.strip().splitlines() or ["initdb gave no reason"])[0]
    if data.exists():
        shutil.rmtree(data)
    aside.rename(data)
    return None
