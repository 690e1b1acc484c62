"""Pid files: a process is ours only if its start time and command line say so too."""

import json
import os
import signal
import sys
import tempfile
import unittest
from pathlib import Path

import processes

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


class Processes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.run_folder = Path(self.folder.name) / "run"
        self.log = Path(self.folder.name) / "log"

    def tearDown(self):
        for name in processes.names(self.run_folder):
            processes.stop(self.run_folder, [name])
        self.folder.cleanup()

    def start(self, name="sleeper", command=None, **options):
        processes.start(name, command or SLEEPER, self.run_folder, self.log, **options)
        return processes.read(self.run_folder, name)

    def change(self, name, **changes):
        path = self.run_folder / f"{name}.json"
        record = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps(record))
        return record

    def kill(self, record):
        os.kill(record["pid"], signal.SIGKILL)
        self.assertTrue(processes.wait_until(lambda: not processes.is_ours(record), 10))

    def test_a_started_process_is_ours_and_stop_ends_it(self):
        record = self.start()
        self.assertTrue(processes.is_ours(record))
        self.assertEqual(processes.stop(self.run_folder, ["sleeper"]), ["sleeper"])
        self.assertIsNone(processes.start_time(record["pid"]))
        self.assertEqual(processes.names(self.run_folder), [])

    def test_another_start_time_means_another_process_which_is_left_alone(self):
        record = self.start()
        self.change("sleeper", started=record["started"] - 1)
        self.assertIsNone(processes.running(self.run_folder, "sleeper"))
        self.assertEqual(processes.stop(self.run_folder, ["sleeper"]), [])
        self.assertTrue(processes.is_ours(record))
        self.kill(record)

    def test_another_command_line_means_another_process_which_is_left_alone(self):
        record = self.start()
        self.change("sleeper", command=["something", "else"])
        self.assertEqual(processes.stop(self.run_folder, ["sleeper"]), [])
        self.assertTrue(processes.is_ours(record))
        self.kill(record)

    def test_a_process_behind_a_wrapper_is_ours(self):
        record = self.start(wrapper=("env",))
        self.assertTrue(processes.wait_until(lambda: processes.command_line(record["pid"]) == SLEEPER, 10))
        self.assertTrue(processes.is_ours(record))

    def test_a_process_that_ignores_its_signal_is_killed(self):
        deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
        record = self.start(command=[sys.executable, "-c", deaf])
        self.assertTrue(processes.wait_until(lambda: self.log.read_text() == "deaf\n", 10))
        before, processes.STOP_SECONDS = processes.STOP_SECONDS, 0.2
        try:
            processes.stop(self.run_folder, ["sleeper"])
        finally:
            processes.STOP_SECONDS = before
        self.assertFalse(processes.is_ours(record))

    def test_a_dead_process_is_not_ours_even_as_a_zombie(self):
        record = self.start(command=[sys.executable, "-c", "pass"])
        self.assertTrue(processes.wait_until(lambda: not processes.is_ours(record), 10))

    def test_last_words_are_those_of_this_start_and_prefer_the_plain_line(self):
        self.log.write_text("error: an earlier start\n")
        record = self.start(command=["sh", "-c", "echo 'error: no such setting'; echo '{\"level\": \"INFO\"}'"])
        self.assertTrue(processes.wait_until(lambda: not processes.is_ours(record), 10))
        self.assertEqual(processes.last_words(record), "error: no such setting")

    def test_a_panic_is_reported_by_its_message_not_by_its_trace(self):
        panic = "thread 'main' panicked at src/main.rs:1:1:\nno such thing\nstack backtrace:\n  0: main\nnote: details omitted\n"
        self.assertEqual(processes.reason(panic), "panicked: no such thing")

    def test_a_process_that_said_nothing_is_said_to_have_said_nothing(self):
        self.log.write_text("error: an earlier start\n")
        record = self.start(command=["true"])
        self.assertEqual(processes.last_words(record), "it said nothing")

    def test_ctrl_c_does_not_break_off_what_must_be_finished(self):
        finished = False
        with processes.unbroken():
            os.kill(os.getpid(), signal.SIGINT)
            finished = True
        self.assertTrue(finished)
        with self.assertRaises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)

    def test_a_started_process_leads_a_session_of_its_own(self):
        record = self.start()
        self.assertEqual(os.getsid(record["pid"]), record["pid"])


if __name__ == "__main__":
    unittest.main()
