"""npm's and PyPI's packages for tests, checks, benchmarks and the typed client: unpacked once into the user's cache."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import locks
import places
import system
from errors import Failed

SOURCE = places.ROOT / "journeys" / "clients"
# What a folder may hold that somebody made beside its sources.
MADE = ("node_modules", "dist", "generated")


def install():
    """Installs what the scripts of the tests' clients need, unless it is there; returns the folder."""
    return installed(SOURCE, "the tests' clients", add_others)


def add_others(folder):
    """Adds what npm does not bring: the browser's files, and the packages for Python."""
    system.need_pip()
    install_with("node", ["node", "browser.mjs"], folder)
    install_with("pip", [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check",
                         "--target", "python", "--requirement", "requirements.txt"], folder)


def installed(source, what, finish=lambda folder: None, only=None):
    """A copy of the folder, or of `only` some files of it, with npm's packages and whatever `finish` adds; made once per content."""
    names = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file() and not set(path.relative_to(source).parts) & {*MADE})
    chosen = [name for name in names if only is None or str(name) in only]
    made = hashlib.sha256(b"".join(str(name).encode() + b"\0" + (source / name).read_bytes() for name in chosen)).hexdigest()[:16]
    folder = places.cache() / "clients" / made
    with locks.held(places.cache() / "clients.lock", "another installation of npm's packages"):
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            aside = Path(tempfile.mkdtemp(prefix=f"{made}.", dir=folder.parent))
            try:
                for name in chosen:
                    (aside / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source / name, aside / name)
                install_with("npm", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], aside, what)
                finish(aside)
                aside.rename(folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    return folder


def install_with(name, command, folder, what="the tests' clients"):
    try:
        outcome = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        raise Failed(f"{name} is missing: {what} need Node 20 or newer and pip") from None
    if outcome.returncode != 0:
        raise Failed(f"{name} could not install {what}: {(outcome.stderr or outcome.stdout).strip().splitlines()[-1]}")
