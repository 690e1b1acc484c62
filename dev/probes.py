"""Asks each server for its version over its own protocol: an answer means that it serves, not only that it listens."""

import http.client
import json
import socket
import struct
import urllib.request

from ports import HOST

TIMEOUT_SECONDS = 2
POSTGRES_PROTOCOL = 196608
CLEARTEXT_PASSWORD = 3


class Silent(Exception):
    """The server does not answer yet, or not as such a server does."""


# What a probe meets where nobody listens, or where something else does.
NO_ANSWER = (Silent, OSError, ValueError, LookupError, struct.error, http.client.HTTPException)


def ask(probe, *arguments):
    """The version that the probe finds, or None while the server does not answer."""
    try:
        return probe(*arguments)
    except NO_ANSWER:
        return None


def nats(port):
    """The version in the INFO line with which NATS greets."""
    with socket.create_connection((HOST, port), TIMEOUT_SECONDS) as connection:
        verb, _, body = connection.makefile("rb").readline().partition(b" ")
        if verb != b"INFO":
            raise Silent("no INFO")
        return json.loads(body)["version"]


def redis(port):
    """The version in Redis's INFO."""
    with socket.create_connection((HOST, port), TIMEOUT_SECONDS) as connection:
        connection.sendall(b"INFO server\r\n")
        stream = connection.makefile("rb")
        head = stream.readline()
        if not head.startswith(b"$"):
            raise Silent(head.decode(errors="replace").strip())
        for line in stream.read(int(head[1:])).decode().splitlines():
            if line.startswith("redis_version:"):
                return line.partition(":")[2]
        raise Silent("no version")


def temporal(port):
    """The version in the system info of Temporal's HTTP interface."""
    with urllib.request.urlopen(f"http://{HOST}:{port}/api/v1/system-info", timeout=TIMEOUT_SECONDS) as answer:
        return json.load(answer)["serverVersion"]


def postgres(port, user, password):
    """The version that Postgres reports once the user has signed in."""
    with socket.create_connection((HOST, port), TIMEOUT_SECONDS) as connection:
        return sign_in(connection.makefile("rwb"), user, password, "postgres")["server_version"].split()[0]


def execute(port, user, password, database, statements):
    """Runs statements that answer nothing; a refusal is an error with the server's words."""
    with socket.create_connection((HOST, port), TIMEOUT_SECONDS) as connection:
        stream = connection.makefile("rwb")
        sign_in(stream, user, password, database)
        text = statements.encode() + b"\0"
        stream.write(b"Q" + struct.pack("!i", len(text) + 4) + text)
        stream.flush()
        read_until_ready(stream)


def sign_in(stream, user, password, database):
    """Signs in and returns what the server tells of itself."""
    names = f"user\0{user}\0database\0{database}\0\0".encode()
    stream.write(struct.pack("!ii", len(names) + 8, POSTGRES_PROTOCOL) + names)
    stream.flush()
    kind, body = postgres_message(stream)
    if kind == b"R" and struct.unpack("!i", body[:4])[0] == CLEARTEXT_PASSWORD:
        secret = password.encode() + b"\0"
        stream.write(b"p" + struct.pack("!i", len(secret) + 4) + secret)
        stream.flush()
    elif kind == b"E":
        raise Silent(body.decode(errors="replace"))
    told = [body.split(b"\0") for kind, body in read_until_ready(stream) if kind == b"S"]
    return {name.decode(): value.decode() for name, value, *_ in told}


def read_until_ready(stream):
    """The messages until the server waits for the next statement."""
    messages = []
    while True:
        kind, body = postgres_message(stream)
        if kind == b"E":
            raise Silent(body.decode(errors="replace"))
        if kind == b"Z":
            return messages
        messages.append((kind, body))


def postgres_message(stream):
    """The next message: its kind and body."""
    head = stream.read(5)
    if len(head) < 5:
        raise Silent("connection closed")
    return head[:1], stream.read(struct.unpack("!i", head[1:])[0] - 4)


def http(port, path):
    """The status and body of a GET, also of one that is refused."""
    request = urllib.request.Request(f"http://{HOST}:{port}{path}")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode(errors="replace")
