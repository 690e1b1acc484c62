"""Programs of ours are started once, anew when they changed, and one that cannot start is shown with its reason."""

import os
import unittest
from pathlib import Path
from unittest import mock

import fleet
import processes
import stack
from errors import Failed
from tests import fakes

DIES = """
import sys
print('{"level": "INFO", "message": "starting"}', flush=True)
sys.exit("error: nats.url: expected a URL, got nonsense")
"""


class Start(fakes.Stack):
    def setUp(self):
        super().setUp()
        self.web = self.program("web")

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
        self.program("web", fakes.SERVES + "\n")
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


class Restart(fakes.Stack):
    """A running stack that was told what no table says: frames for the stand-in, and another exchange for market."""

    FRAMES = ["--frames", "some.frames"]

    def setUp(self):
        super().setUp()
        self.patch(fleet, "PROGRAMS", tuple(self.program(name) for name in ("exchange", "market", "web")))
        self.stack.up(exchange=tuple(self.FRAMES), live=True)

    def assert_told(self, frames, live):
        """What the stand-in and market were told, as the kernel knows it."""
        self.assertEqual(processes.command_line(self.pid("exchange"))[-2:] == self.FRAMES, frames)
        started_with = Path(f"/proc/{self.pid('market')}/environ").read_bytes().decode().split("\0")
        for key, value in fleet.LIVE.settings.items():
            self.assertEqual(f"BATTLESBIT_MARKET__{key}={value}" in started_with, live)

    def pids(self):
        return {program.name: self.pid(program.name) for program in fleet.PROGRAMS}

    def test_a_program_is_restarted_as_it_was_started(self):
        self.assert_told(frames=True, live=True)
        for _ in range(2):
            first = self.pids()
            self.stack.restart(["exchange", "market"])
            self.assert_told(frames=True, live=True)
            self.assertEqual({name for name, pid in self.pids().items() if first[name] != pid}, {"exchange", "market"})

    def test_all_are_restarted_as_they_were_started(self):
        first = self.pids()
        self.stack.restart([])
        self.assert_told(frames=True, live=True)
        self.assertFalse(set(first.values()) & set(self.pids().values()))

    def test_one_that_was_killed_is_restarted_as_it_was_started(self):
        os.kill(self.pid("market"), 9)
        self.assertTrue(processes.wait_until(lambda: not processes.running(self.stack.run, "market"), 10))
        self.stack.restart(["market"])
        self.assert_told(frames=True, live=True)

    def test_one_whose_pid_file_is_of_an_earlier_version_is_restarted_by_the_table(self):
        path = self.stack.run / "market.json"
        record = processes.read(self.stack.run, "market")
        record.pop("told")
        processes.write(path, record)
        self.stack.restart(["market"])
        self.assert_told(frames=True, live=False)

    def test_up_starts_by_what_it_is_told_itself(self):
        web = self.pid("web")
        self.stack.up()
        self.assert_told(frames=False, live=False)
        self.assertEqual(self.pid("web"), web)

    def test_nothing_of_it_outlives_down(self):
        self.stack.down()
        self.stack.restart(["exchange", "market"])
        self.assert_told(frames=False, live=False)


if __name__ == "__main__":
    unittest.main()
