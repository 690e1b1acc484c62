"""What the machine lacks is installed as root from its packages, and else asked for with the command that would do it."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import system
from errors import Failed


class Linker(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.calls = self.folder / "calls"
        for patched in (mock.patch.dict(os.environ, {"PATH": folder.name}), mock.patch.object(system, "STANDARD_PATH", folder.name)):
            patched.start()
            self.addCleanup(patched.stop)

    def apt(self, script):
        """Puts an apt-get on PATH that notes its calls and then does as the script says."""
        program = self.folder / "apt-get"
        program.write_text(f'#!/bin/sh\necho "$@" >> {self.calls}\n{script}\n')
        program.chmod(0o755)

    def as_user(self, uid):
        return mock.patch.object(os, "geteuid", lambda: uid)

    def test_a_user_is_told_the_command(self):
        self.apt("true")
        with self.as_user(1000), self.assertRaisesRegex(Failed, "C linker is missing.*sudo .*gcc libc6-dev"):
            system.need_linker()
        self.assertFalse(self.calls.exists())

    def test_root_gets_it_installed_after_the_lists_are_updated(self):
        self.apt(f'[ "$1" = update ] || {{ echo > {self.folder}/cc; /bin/chmod +x {self.folder}/cc; }}')
        with self.as_user(0):
            system.need_linker()
        self.assertTrue(system.has_linker())
        self.assertEqual(self.calls.read_text().splitlines(), ["update", "install --yes --no-install-recommends gcc libc6-dev"])

    def test_a_failed_installation_is_reported_with_its_reason(self):
        self.apt('echo "E: no such package" >&2; exit 100')
        with self.as_user(0), self.assertRaisesRegex(Failed, "C linker: E: no such package"):
            system.need_linker()

    def test_root_of_a_system_without_apt_is_told_what_is_missing(self):
        with self.as_user(0), self.assertRaisesRegex(Failed, "C linker is missing"):
            system.need_linker()

    def test_what_is_there_is_not_installed(self):
        (self.folder / "cc").touch(mode=0o755)
        self.apt("exit 1")
        with self.as_user(0):
            system.need_linker()
        self.assertFalse(self.calls.exists())


if __name__ == "__main__":
    unittest.main()
