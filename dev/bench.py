"""Benchmarks: builds them for release and passes on their figures, one JSON object per line."""

import subprocess

import build
from errors import Failed


def run(name):
    """Runs one benchmark, or all; fails where one fails or nothing was measured."""
    chosen = [f"--bench={name}"] if name else []
    with build.output_folder():
        outcome = build.cargo("bench", "--workspace", "--quiet", *chosen, stdout=subprocess.PIPE, text=True)
    figures = [line for line in outcome.stdout.splitlines() if line.startswith("{")]
    for line in figures:
        print(line)
    if outcome.returncode != 0:
        raise Failed("a benchmark failed")
    if not figures:
        raise Failed(f"nothing was measured: no benchmark {name}" if name else "nothing was measured: there is no benchmark")
