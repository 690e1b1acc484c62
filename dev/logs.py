"""Shows what the processes of the stack log, each line behind the name of its process."""

import time

LINES = 40
BYTES = 256 * 1024
POLL_SECONDS = 0.2
NAME_WIDTH = 14


def show(paths, follow):
    """Prints the last lines of the logs, then those to come if asked to."""
    ends = {path: show_tail(path) for path in paths if path.exists()}
    while follow:
        for path, end in ends.items():
            ends[path] = show_from(path, end)
        time.sleep(POLL_SECONDS)


def show_tail(path):
    """Prints the last lines of a log; returns where it ends."""
    with open(path, "rb") as log:
        end = log.seek(0, 2)
        log.seek(max(0, end - BYTES))
        show_lines(path, log.read(BYTES).splitlines()[-LINES:])
    return end


def show_from(path, start):
    """Prints the whole lines that a log gained since `start`; returns where they end."""
    with open(path, "rb") as log:
        log.seek(start)
        gained = log.read()
    whole = gained[:gained.rfind(b"\n") + 1]
    show_lines(path, whole.splitlines())
    return start + len(whole)


def show_lines(path, lines):
    for line in lines:
        print(f"{path.stem:<{NAME_WIDTH}}{line.decode(errors='replace')}", flush=True)
