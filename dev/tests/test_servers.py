"""What answers on a server's port must be that server, in the version that was started."""

import contextlib
import json
import socket
import struct
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

import ports
import processes
import servers
from errors import Failed

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
PASSWORD = "the password"


def nats(stream, version):
    stream.write(f'INFO {json.dumps({"server_id": "X", "version": version})} \r\n'.encode())


def redis(stream, version):
    if stream.readline() == b"INFO server\r\n":
        body = f"# Server\r\nredis_version:{version}\r\nredis_mode:standalone\r\n".encode()
        stream.write(b"$%d\r\n%s\r\n" % (len(body), body))


def temporal(stream, version):
    if b" /api/v1/system-info " in stream.readline():
        body = json.dumps({"serverVersion": version}).encode()
        stream.write(b"HTTP/1.0 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))


def postgres(stream, version):
    """Asks for a password, and tells the version once it has come."""
    length, = struct.unpack("!i", stream.read(4))
    stream.read(length - 4)
    stream.write(b"R" + struct.pack("!ii", 8, 3))
    stream.flush()
    kind, length = struct.unpack("!ci", stream.read(5))
    if (kind, stream.read(length - 4)) == (b"p", PASSWORD.encode() + b"\0"):
        told = f"server_version\0{version} (Debian {version}-1)\0".encode()
        stream.write(b"R" + struct.pack("!ii", 8, 0) + b"S" + struct.pack("!i", len(told) + 4) + told
                     + b"Z" + struct.pack("!i", 5) + b"I")


# What speaks each server's protocol, the version that was started, and another.
SPEAKERS = {
    "nats": (nats, "2.15.1", "2.9.25"),
    "redis": (redis, "6.2.14", "6.0.16"),
    "temporal": (temporal, "1.32.0", "1.31.0"),
    "postgres": (postgres, "15.7", "14.11"),
}


# What something else may say on the port; some of it begins as such a server would.
FOREIGN = (b"", b"-ERR go away\r\n", b"INFO {}\r\n", b"$3\r\nabc\r\n", b"R\0\0\0\5\0", b"HTTP/1.0 200 OK\r\n\r\n{}")


@contextlib.contextmanager
def listening(speak):
    """A listener that speaks with whoever connects; gives its port."""
    with socket.create_server((ports.HOST, 0)) as listener:
        def serve():
            while connection := accepted(listener):
                # Whoever heard enough may hang up.
                with contextlib.suppress(OSError), connection, connection.makefile("rwb") as stream:
                    speak(stream)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def accepted(listener):
    """The next connection, or None once the listener is shut down."""
    try:
        return listener.accept()[0]
    except OSError:
        return None


class Version(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        secret = self.folder / "secrets" / "postgres_superuser"
        secret.parent.mkdir()
        secret.write_text(PASSWORD)

    def wait(self, name, expected, port):
        """Waits for the server, where `port` is all that it has."""
        plan = dict.fromkeys(servers.PORTS_OF[name], port)
        return servers.Servers(self.folder, plan).wait(servers.Server(name, SLEEPER, expected))

    def test_another_version_than_the_one_that_was_started_is_refused_and_both_are_named(self):
        for name, (speak, started, other) in SPEAKERS.items():
            with self.subTest(name), listening(lambda stream: speak(stream, other)) as port:
                with self.assertRaises(Failed) as refusal:
                    self.wait(name, started, port)
                self.assertEqual(str(refusal.exception), f"the {name} that answers is version {other}, expected {started}")

    def test_the_version_that_was_started_is_taken(self):
        for name, (speak, started, _) in SPEAKERS.items():
            with self.subTest(name), listening(lambda stream: speak(stream, started)) as port:
                self.assertEqual(self.wait(name, started, port), started)

    def test_a_listener_that_speaks_otherwise_is_not_taken_for_the_server(self):
        self.addCleanup(processes.stop, self.folder / "run", servers.NAMES)
        for name in SPEAKERS:
            processes.start(name, SLEEPER, self.folder / "run", self.folder / "log")
            for said in FOREIGN:
                with self.subTest(name, said=said), listening(lambda stream, said=said: stream.write(said)) as port, \
                        mock.patch.object(servers, "READY_SECONDS", 0), self.assertRaisesRegex(Failed, f"^{name} does not answer"):
                    self.wait(name, "1.0", port)


if __name__ == "__main__":
    unittest.main()
