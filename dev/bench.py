"""Benchmarks: builds them for release and passes on their figures, one JSON object per line."""

import json
import math
import subprocess

import build
from errors import Failed

# What each line says of its figure.
KEYS = {"bench": str, "figure": str, "value": float, "unit": str, "baseline": float, "ratio": float, "goal": float, "met": bool}


def run(name):
    """Runs one benchmark, or all; fails where one fails or a figure was not measured, never because one fell short."""
    with build.output_folder():
        there = benchmarks()
        if name and name not in there:
            raise Failed(f"no benchmark {name}: there are {', '.join(there)}")
        faults = [fault for bench in ([name] if name else there) for fault in measure(bench)]
    if not there:
        faults = ["there is no benchmark"]
    if faults:
        raise Failed("; ".join(faults))


def benchmarks():
    """The names of the workspace's benchmarks."""
    outcome = build.cargo("metadata", "--no-deps", "--format-version=1", stdout=subprocess.PIPE, text=True)
    if outcome.returncode != 0:
        raise Failed("cargo cannot read the workspace")
    targets = [target for package in json.loads(outcome.stdout)["packages"] for target in package["targets"]]
    return sorted({target["name"] for target in targets if "bench" in target["kind"]})


def measure(bench):
    """Runs a benchmark and passes on its figures; returns its faults."""
    outcome = build.cargo("bench", "--workspace", "--quiet", f"--bench={bench}", stdout=subprocess.PIPE, text=True)
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
