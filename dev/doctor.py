"""What a user's machine has, what it lacks and how to get it: looks, never changes anything."""

import os
import platform
import re
import shutil

import places
import ports
import postgres
import processes
import stack
import system
import tools
import wheels
from errors import Failed

DISK_GB = 10
OLDEST_NODE = 20
GOOD, LATER, MISSING = "ok", "comes with up", "missing"


def report():
    """Rows of a thing, its state and what is known about it."""
    return [*machine(), *promised(), *servers(), *taken_ports(), *disk()]


def healthy(rows):
    """Whether nothing is missing."""
    return all(state != MISSING for _, state, _ in rows)


def machine():
    name = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    supported = platform.system() == "Linux" and platform.machine() in wheels.JUST.sha256
    return [("system", GOOD if supported else MISSING, name if supported else f"{name}: needs Linux on x86_64 or aarch64")]


def promised():
    """The programs that the user must bring."""
    rust = minimum_rust()
    return [
        program_row("git", "install git from your system's packages"),
        program_row("cargo", "install Rust for your user"),
        program_row("rustc", f"install Rust {rust} or newer", rust),
        system_row("C linker", system.has_linker(), "gcc libc6-dev"),
        system_row("pip", system.has_pip(), "python3-pip"),
        program_row("node", f"install Node {OLDEST_NODE} or newer: only the checks with npm's packages need it", str(OLDEST_NODE)),
        program_row("npm", "comes with Node"),
    ]


def minimum_rust():
    """The version that the workspace states."""
    return re.search(r'rust-version = "([^"]+)"', (places.ROOT / "Cargo.toml").read_text()).group(1)


def program_row(name, remedy, oldest="0"):
    path = shutil.which(name)
    if path is None:
        return name, MISSING, remedy
    version = tools.reported_version(path)
    if version is None or tools.numbers(version) < tools.numbers(oldest):
        return name, MISSING, f"found {version or path}: {remedy}"
    return name, GOOD, f"{version} ({path})"


def system_row(name, found, packages):
    """Something that `up` installs from the system's packages where it runs as root."""
    if found:
        return name, GOOD, ""
    if system.can_install():
        return name, LATER, f"apt-get install {packages}"
    return name, MISSING, f"sudo apt-get install {packages}"


def servers():
    rows = [wheel_row(wheel) for wheel in (wheels.JUST, wheels.NATS, wheels.TEMPORAL)]
    for name, found, wheel in (("postgres", tools.system_postgres(), wheels.POSTGRES), ("redis", tools.system_redis(), wheels.REDIS)):
        rows.append((name, GOOD, f"{found.version} of the system ({found.path})") if found else wheel_row(wheel))
    return [*rows, *way_for_root()]


def wheel_row(wheel):
    """A program that `up` unpacks into the user's cache, where the machine can have it."""
    if wheels.installed(wheel):
        return wheel.package, GOOD, f"{wheel.version} ({wheel.folder})"
    lacking = wheels.lacking(wheel)
    return (wheel.package, MISSING, lacking) if lacking else (wheel.package, LATER, wheel.version)


def way_for_root():
    """Whether Postgres, which refuses to run as root, has a way to run where this user is root."""
    if os.geteuid() != 0:
        return []
    found = " or ".join(way.name for way in postgres.ways())
    return [("postgres as root", GOOD if found else MISSING, f"by way of {found}" if found else "install util-linux from your system's packages")]


def taken_ports():
    """The ports of the stack that somebody else holds."""
    try:
        local = stack.Stack()
    except Failed as failure:
        return [("ports", MISSING, str(failure))]
    held = [(f"port {port}", MISSING, f"{name}: held by {ports.holder(port)}; stop it or set {ports.SETTING}")
            for name, port in local.absent_ports().items() if ports.taken(port)]
    running = sum(processes.running(local.run, name) is not None for name in processes.names(local.run))
    first, last = min(local.plan.values()), max(local.plan.values())
    return held or [("ports", GOOD, f"{first} to {last}; {running} processes of this stack run")]


def disk():
    rows = []
    for name, folder in (("disk for builds", places.target()), ("disk for data", places.DEV)):
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(there).free // 10**9
        rows.append((name, GOOD if free >= DISK_GB else MISSING, f"{free} GB free at {folder}, {DISK_GB} GB are needed"))
    return rows
