"""Where things lie: the clone, the folder of its stack, and the user's cache that all clones share."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTING = "BATTLESBIT_DEV"
# All that a stack keeps; the setting moves it, and with it a stack beside the clone's own.
DEV = Path(os.environ.get(SETTING) or ROOT / ".dev").resolve()


def cache():
    """The product's folder in the user's cache; `XDG_CACHE_HOME` moves it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "battlesbit"


def target():
    """The build output that all clones of the user share; `CARGO_TARGET_DIR` moves it."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or cache() / "target")


def tools():
    """The downloaded programs, one folder per name and version."""
    return cache() / "tools"
