"""Secrets of the local stack: made once, in files that only their owner may read."""

import base64
import os
import secrets

# An Ed25519 private key in PKCS #8 is this head and 32 random bytes.
ED25519_HEAD = bytes.fromhex("302e020100300506032b657004220420")


def token():
    """A secret of 256 bits that needs no escaping in a URL."""
    return secrets.token_urlsafe(32)


def ed25519_pem():
    """A new Ed25519 private key as PEM."""
    body = base64.b64encode(ED25519_HEAD + secrets.token_bytes(32)).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"


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
