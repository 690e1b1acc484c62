"""Benchmarks: builds them for release and passes on their figures, one JSON object per line.

Those that drive services have private servers and the services' release programs, which the environment names as for tests.
Those that measure somebody else's programs beside ours have them in a folder `peers`, and find them installed where the
environment says.
"""

import json
import math
import subprocess

import build
import clients
import places
import suite
from errors import Failed

# Whatever uses this needs servers and programs.
TESTKIT = "testkit"

# Where a benchmark finds what it measures beside ours.
PEERS_DIR = "BATTLESBIT_BENCH_PEERS_DIR"

# What each line says of its figure.
KEYS = {"bench": str, "figure": str, "value": float, "unit": str, "baseline": float, "ratio": float, "goal": float, "met": bool}


def run(name):
    """Runs one benchmark, or all; fails where one fails or a figure was not measured, never because one fell short."""
    with build.output_folder():
        there = benchmarks()
        if name and name not in there:
            raise Failed(f"no benchmark {name}: there are {', '.join(sorted(there))}")
        faults = [fault for bench in ([name] if name else sorted(there)) for fault in run_one(bench, there[bench])]
    if not there:
        faults = ["there is no benchmark"]
    if faults:
        raise Failed("; ".join(faults))


def benchmarks():
    """The workspace's benchmarks by name, each with whether it needs servers."""
    outcome = build.cargo("metadata", "--no-deps", "--format-version=1", stdout=subprocess.PIPE, text=True)
    if outcome.returncode != 0:
        raise Failed("cargo cannot read the workspace")
    found = {}
    for package in json.loads(outcome.stdout)["packages"]:
        needs_servers = any(used["name"] == TESTKIT for used in package["dependencies"])
        found |= {target["name"]: needs_servers for target in package["targets"] if "bench" in target["kind"]}
    return found


def run_one(bench, needs_servers):
    """Runs a benchmark, on private servers if it needs some; returns its faults."""
    if not needs_servers:
        return measure(bench, {})
    if build.cargo("build", "--workspace", "--bins", "--release", "--quiet").returncode != 0:
        return [f"{bench} needs programs that cannot be built"]
    peers, faults = peers_of(bench)
    with suite.private_folder() as folder:
        return faults + measure(bench, {**suite.up(folder), suite.BIN_DIR: str(places.target() / "release"), **peers})


def peers_of(bench):
    """Where somebody else's programs are installed, as the environment of a benchmark, and what is wrong with them."""
    source = places.ROOT / "journeys" / "benches" / bench / "peers"
    if not source.exists():
        return {}, []
    try:
        return {PEERS_DIR: str(clients.installed(source, f"what {bench} is measured beside", build_peers))}, []
    except Failed as failure:
        return {}, [f"{bench} measured nothing beside ours: {failure}"]


def build_peers(folder):
    """Builds those of somebody else's programs that are written in Rust."""
    crate = folder / "rust"
    if crate.exists():
        command = ["cargo", "build", "--release", "--locked", "--quiet", "--target-dir", "target"]
        clients.install_with("cargo", command, crate, "somebody else's programs")


def measure(bench, environment):
    """Measures and passes on the figures; returns the faults."""
    outcome = build.cargo("bench", "--workspace", "--quiet", f"--bench={bench}", environment=environment,
                          stdout=subprocess.PIPE, text=True)
    faults = [f"{bench} failed"] if outcome.returncode != 0 else []
    lines = outcome.stdout.splitlines()
    for line in lines:
        fault = fault_of(line, bench)
        if fault:
            faults.append(f"{bench} printed {line!r}: {fault}")
        else:
            print(line, flush=True)
    if not lines:
        faults.append(f"{bench} measured nothing")
    return faults


def fault_of(line, bench):
    """What is wrong with a line that a benchmark printed, or None."""
    try:
        figure = json.loads(line)
    except ValueError:
        return "not JSON"
    if not isinstance(figure, dict) or sorted(figure) != sorted(KEYS):
        return f"expected the keys {', '.join(KEYS)}"
    wrong = [key for key, kind in KEYS.items() if not is_told(figure[key], kind)]
    if wrong:
        return f"{', '.join(wrong)} was not measured"
    return None if figure["bench"] == bench else "the figure of another benchmark"


def is_told(value, kind):
    """Whether a value of a figure is there: a word, yes or no, or a finite number."""
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, kind) and value != ""
