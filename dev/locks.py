"""File locks between processes: whoever holds one is named to whoever waits."""

import contextlib
import fcntl
import os
import sys


@contextlib.contextmanager
def held(path, what):
    """Holds the lock file at `path` while the block runs, waiting for its present holder with one line about `what`."""
    with take(path, what) as file:
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def take(path, what):
    """Opens and locks the file at `path`; it may be deleted by its last holder, and then counts no more."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            print(f"waiting for {what}, held by process {file.read().strip() or 'unknown'}", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()
