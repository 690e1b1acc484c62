"""Programs that stand in for those of the machine and of the workspace: scripts that say or do one thing."""

import contextlib
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import build
import fleet
import places
import ports
import processes
import servers
import stack

# What runs the tests runs the fakes that need more than the shell's own words, without what it loads for people.
PYTHON = f"{sys.executable} -IS"


# Answers every request itself, for the modules that know HTTP take longer to load than a test lasts.
SERVES = """
import contextlib, os, socket, sys
print(os.environ.get("BATTLESBIT_WEB__COLOUR"), flush=True)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = listener.accept()
    with contextlib.suppress(OSError), connection:
        connection.recv(65536)
        blocked = os.path.exists(sys.argv[2])
        connection.sendall(b"HTTP/1.0 503 Blocked\\r\\n\\r\\nwaits for postgres" if blocked else b"HTTP/1.0 200 OK\\r\\n\\r\\n")
"""


def program(folder, name, script, interpreter="/bin/sh"):
    """Writes a program; a script for the shell may use its own words alone, for PATH may lead nowhere else."""
    path = Path(folder) / name
    path.write_text(f"#!{interpreter}\n{script}\n")
    path.chmod(0o755)
    return path


def says(folder, name, text):
    """Writes a program that prints one line whatever it is asked."""
    return program(folder, name, f"echo '{text}'")


class Stack(unittest.TestCase):
    """A test with a stack of its own, on free ports: its programs are fakes, it has no servers, and nothing is built."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.blocked = self.folder / "blocked"
        plan = ports.free_plan(ports.OFFSETS)
        self.patch(places, "DEV", self.folder / ".dev")
        self.patch(build, "BIN", self.folder / "bin")
        self.patch(build, "output_folder", contextlib.nullcontext)
        self.patch(build, "build", lambda: None)
        self.patch(build, "build_validator", lambda: None)
        self.patch(servers.Servers, "up", lambda servers: {})
        self.patch(stack, "plan", lambda: plan)
        self.patch(stack, "READY_SECONDS", 20)
        build.BIN.mkdir()
        program(build.BIN, "battlesbit", "exit 0")
        fleet.make_secrets()
        self.stack = stack.Stack()
        self.addCleanup(self.stack.down)

    def patch(self, owner, name, value):
        patched = mock.patch.object(owner, name, value)
        patched.start()
        self.addCleanup(patched.stop)

    def program(self, name, script=SERVES, settings=None):
        """A program of the fleet, which serves its health unless the script says otherwise."""
        program(build.BIN, name, script, PYTHON)
        return fleet.Program(name, name, settings or {}, arguments=(f"{{{name}}}", str(self.blocked)))

    def pid(self, name="web"):
        return processes.running(self.stack.run, name)["pid"]
