"""A lock has one holder at a time, even when its file is deleted meanwhile."""

import multiprocessing
import tempfile
import unittest
from pathlib import Path

import locks


def hold(path, entered, leave):
    with locks.held(path, "the test"):
        entered.set()
        leave.wait(60)


class Locks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "below" / "lock"
        self.started = []
        self.addCleanup(self.end)

    def start(self):
        entered, leave = multiprocessing.Event(), multiprocessing.Event()
        process = multiprocessing.Process(target=hold, args=(self.path, entered, leave))
        process.start()
        self.started.append((process, leave))
        return entered, leave

    def end(self):
        # Whoever waits for the lock cannot end before its holder: let all go, then wait for them.
        for _, leave in self.started:
            leave.set()
        for process, _ in self.started:
            process.join(60)
            self.assertEqual(process.exitcode, 0)

    def test_a_second_holder_waits_for_the_first(self):
        first, leave = self.start()
        self.assertTrue(first.wait(60))
        second, _ = self.start()
        self.assertFalse(second.wait(0.3))
        leave.set()
        self.assertTrue(second.wait(60))

    def test_whoever_waited_for_a_deleted_file_does_not_share_with_a_newcomer(self):
        first, leave = self.start()
        self.assertTrue(first.wait(60))
        waiter, _ = self.start()
        self.assertFalse(waiter.wait(0.3))
        self.path.unlink()
        leave.set()
        self.assertTrue(waiter.wait(60))
        newcomer, _ = self.start()
        self.assertFalse(newcomer.wait(0.3))

    def test_it_names_its_holder(self):
        with locks.held(self.path, "the test"):
            self.assertEqual(self.path.read_text(), str(multiprocessing.current_process().pid))


if __name__ == "__main__":
    unittest.main()
