"""Secrets of the local stack: made once, in files that only their owner may read."""

import os
import secrets


def token():
    """A secret of 256 bits that needs no escaping in a URL."""
    return secrets.token_urlsafe(32)


def hexadecimal():
    """A secret of 256 bits as 64 hexadecimal digits."""
    return secrets.token_hex(32)


def keep(path, make=token):
    """Makes the secret at `path` unless it is there; a file in place is always whole."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.aside")
    aside.unlink(missing_ok=True)
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(make())
    aside.rename(path)
