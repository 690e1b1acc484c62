"""Somebody else's clients and browser for the whole-fleet tests: their packages, unpacked once into the user's cache."""

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


def install():
    """Installs what the clients' scripts need, unless it is there; returns the folder."""
    made = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCE.iterdir()))).hexdigest()[:16]
    folder = places.cache() / "clients" / made
    with locks.held(places.cache() / "clients.lock", "another installation of the tests' clients"):
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            aside = Path(tempfile.mkdtemp(prefix=f"{made}.", dir=folder.parent))
            try:
                fill(aside)
                aside.rename(folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    return folder


def fill(folder):
    """Puts the scripts and their packages into a folder."""
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    system.need_pip()
    install_with("npm", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    install_with("node", ["node", "browser.mjs"], folder)
    install_with("pip", [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check",
                         "--target", "python", "--requirement", "requirements.txt"], folder)


def install_with(name, command, folder):
    try:
        outcome = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        raise Failed(f"{name} is missing: the tests' clients need Node 20 or newer and pip") from None
    if outcome.returncode != 0:
        raise Failed(f"{name} could not install the tests' clients: {(outcome.stderr or outcome.stdout).strip().splitlines()[-1]}")
