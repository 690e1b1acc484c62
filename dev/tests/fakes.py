"""Programs that stand in for those of the machine and of the workspace: scripts that say or do one thing."""

import sys
from pathlib import Path

# What runs the tests runs the fakes that need more than the shell's own words.
PYTHON = sys.executable


def program(folder, name, script, interpreter="/bin/sh"):
    """Writes a program; a script for the shell may use its own words alone, for PATH may lead nowhere else."""
    path = Path(folder) / name
    path.write_text(f"#!{interpreter}\n{script}\n")
    path.chmod(0o755)
    return path


def says(folder, name, text):
    """Writes a program that prints one line whatever it is asked."""
    return program(folder, name, f"echo '{text}'")
