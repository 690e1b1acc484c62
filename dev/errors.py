"""The one error that a user of these commands sees: a single line, never a traceback."""


class Failed(Exception):
    """Says in one line what went wrong, and what to do about it where that is known."""
