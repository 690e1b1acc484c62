"""Programs of ours are started once, anew when they changed, and one that cannot start is shown with its reason."""

import os
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
import stack
from errors import Failed

SERVES = f"""#!{sys.executable}
import http.server, os, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = not os.path.exists(sys.argv[2])
        self.send_response(200 if ready else 503)
        self.end_headers()
        self.wfile.write(b"" if ready else b"waits for postgres")
    def log_message(self, *_): pass
print(os.environ.get("BATTLESBIT_WEB__COLOUR"), flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""

DIES = f"""#!{sys.executable}
import sys
print('{{"level": "INFO", "message": "starting"}}', flush=True)
sys.exit("error: nats.url: expected a URL, got nonsense")
"""


class Start(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.blocked = self.folder / "blocked"
        plan = ports.free_plan(ports.OFFSETS)
        for patched in (mock.patch.object(places, "DEV", self.folder / ".dev"), mock.patch.object(build, "BIN", self.folder / "bin"),
                        mock.patch.object(stack, "plan", lambda: plan), mock.patch.object(stack, "READY_SECONDS", 20)):
            patched.start()
            self.addCleanup(patched.stop)
        build.BIN.mkdir()
        fleet.make_secrets()
        self.stack = stack.Stack()
        self.addCleanup(self.stack.down)
        self.web = self.program("web", SERVES)

    def program(self, name, text, settings=None):
        path = build.BIN / name
        path.write_text(text)
        path.chmod(0o755)
        return fleet.Program(name, name, settings or {}, arguments=(f"{{{name}}}", str(self.blocked)))

    def pid(self, name="web"):
        return processes.running(self.stack.run, name)["pid"]

    def test_start_returns_once_the_program_is_ready(self):
        self.stack.start([self.web])
        self.assertEqual(self.stack.readiness(self.web)[0], 200)

    def test_starting_twice_leaves_the_program_as_it_is(self):
        self.stack.start([self.web])
        first = self.pid()
        self.stack.start([self.web])
        self.assertEqual(self.pid(), first)

    def test_a_program_whose_file_changed_is_started_anew(self):
        self.stack.start([self.web])
        first = self.pid()
        self.program("web", SERVES + "\n")
        self.stack.start([self.web])
        self.assertNotEqual(self.pid(), first)

    def test_a_program_whose_settings_changed_is_started_anew_with_them(self):
        self.stack.start([self.web])
        with mock.patch.dict(os.environ, {"BATTLESBIT_WEB__COLOUR": "green"}):
            self.stack.start([self.web])
        self.assertEqual((self.stack.logs / "web.log").read_text(), "None\ngreen\n")

    def test_a_program_that_was_killed_is_started_again(self):
        self.stack.start([self.web])
        os.kill(self.pid(), 9)
        self.assertTrue(processes.wait_until(lambda: not processes.running(self.stack.run, "web"), 10))
        self.stack.start([self.web])
        self.assertEqual(self.stack.readiness(self.web)[0], 200)

    def test_a_program_that_dies_at_start_is_shown_with_its_one_line_reason(self):
        broken = self.program("arena", DIES)
        with self.assertRaises(Failed) as failure:
            self.stack.start([self.web, broken])
        self.assertEqual(str(failure.exception), "arena died: error: nats.url: expected a URL, got nonsense")

    def test_a_program_that_never_gets_ready_is_named_with_what_it_waits_for(self):
        self.blocked.touch()
        with mock.patch.object(stack, "READY_SECONDS", 0.5), self.assertRaisesRegex(Failed, "web: waits for postgres"):
            self.stack.start([self.web])

    def test_status_says_what_is_ready_what_waits_and_what_died(self):
        broken = self.program("arena", DIES)
        with self.assertRaises(Failed):
            self.stack.start([self.web, broken])
        with mock.patch.object(stack, "program_version", lambda name: "1.0"):
            self.assertEqual(self.stack.program_row(broken)[1], "died")
            self.assertIn("nats.url", self.stack.program_row(broken)[-1])
            self.assertTrue(processes.wait_until(lambda: self.stack.program_row(self.web)[1] == "ready", 10))
            self.blocked.touch()
            self.assertEqual(self.stack.program_row(self.web)[1::4], ("not ready", "waits for postgres"))


if __name__ == "__main__":
    unittest.main()
