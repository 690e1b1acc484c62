"""What the machine itself must bring: pip and a C linker, installed from its packages as root only."""

import os
import shutil
import subprocess
import sys

from errors import Failed


# Where Linux keeps its own programs, whatever PATH says.
STANDARD_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def find(program):
    """Where a program of the system lies, on PATH or not; None where it has none."""
    return shutil.which(program) or shutil.which(program, path=STANDARD_PATH)


def has_pip():
    return subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0


def has_linker():
    return shutil.which("cc") is not None


def need_pip():
    """Makes sure that this interpreter has pip."""
    if not has_pip():
        install_packages(["python3-pip"], "pip")
        if not has_pip():
            raise Failed(f"{sys.executable} has no pip: run it with the system's python3, or install pip for it")


def need_linker():
    """Makes sure that Rust finds a C linker."""
    if not has_linker():
        install_packages(["gcc", "libc6-dev"], "a C linker")


def can_install():
    """Whether this user may install packages of the system."""
    return os.geteuid() == 0 and find("apt-get") is not None


def install_packages(packages, what):
    """Installs packages of the system, as root only, or says which command would."""
    command = [find("apt-get") or "apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if not can_install():
        raise Failed(f"{what} is missing: install it from your system's packages, on Debian: sudo {' '.join(command)}")
    print(f"installing {what} ({' '.join(packages)})", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in ([command[0], "update"], command):
        outcome = subprocess.run(step, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if outcome.returncode != 0:
        reason = (outcome.stderr.strip().splitlines() or ["apt-get gave no reason"])[-1]
        raise Failed(f"cannot install {what}: {reason}")
