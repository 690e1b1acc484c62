"""Clones that share one output folder take turns, and a change of clone cleans."""

import multiprocessing
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import build
import places


def hold(target, clone, entered, leave):
    """In a process of its own: holds the output folder as `clone` until told to leave."""
    os.environ["CARGO_TARGET_DIR"] = target
    places.ROOT = Path(clone)
    build.clean = build.need_cargo = lambda: None
    with build.output_folder():
        entered.set()
        leave.wait(60)


class OutputFolder(unittest.TestCase):
    def setUp(self):
        self.target = tempfile.TemporaryDirectory()
        self.addCleanup(self.target.cleanup)
        self.cleaned = []
        for patched in (mock.patch.dict(os.environ, {"CARGO_TARGET_DIR": self.target.name}),
                        mock.patch.object(build, "need_cargo"),
                        mock.patch.object(build, "clean", lambda: self.cleaned.append(places.ROOT.name))):
            patched.start()
            self.addCleanup(patched.stop)

    def build_as(self, clone):
        with mock.patch.object(places, "ROOT", Path(clone)), build.output_folder():
            pass

    def test_only_a_change_of_clone_cleans(self):
        for clone in ("/one", "/one", "/two", "/two", "/one"):
            self.build_as(clone)
        self.assertEqual(self.cleaned, ["one", "two", "one"])

    def test_a_clean_that_failed_is_done_again(self):
        self.build_as("/one")
        with mock.patch.object(build, "clean", side_effect=OSError), self.assertRaises(OSError):
            self.build_as("/two")
        self.build_as("/two")
        self.assertEqual(self.cleaned, ["one", "two"])

    def enters_while_held(self, holder, other, seconds):
        """Whether `other` gets the folder within `seconds` while `holder` holds it."""
        leave, processes = multiprocessing.Event(), []
        events = [multiprocessing.Event(), multiprocessing.Event()]
        for clone, entered in zip((holder, other), events):
            processes.append(multiprocessing.Process(target=hold, args=(self.target.name, clone, entered, leave)))
            processes[-1].start()
            if entered is events[0]:
                self.assertTrue(entered.wait(60))
        got_in = events[1].wait(seconds)
        leave.set()
        self.assertTrue(events[1].wait(60))
        for process in processes:
            process.join(60)
        return got_in

    def test_commands_of_one_clone_share_the_folder(self):
        self.assertTrue(self.enters_while_held("/one", "/one", 60))

    def test_another_clone_waits_until_the_folder_is_free(self):
        self.assertFalse(self.enters_while_held("/one", "/two", 0.5))


class Copy(unittest.TestCase):
    def test_a_running_program_keeps_its_file_when_a_new_one_is_copied(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "source", Path(folder) / "target"
            source.write_text("old")
            build.copy(source, target)
            with open(target) as running:
                source.write_text("newer")
                build.copy(source, target)
                self.assertEqual(running.read(), "old")
            self.assertEqual(target.read_text(), "newer")
            self.assertEqual(sorted(path.name for path in Path(folder).iterdir()), ["source", "target"])


if __name__ == "__main__":
    unittest.main()
