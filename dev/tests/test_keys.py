"""Secrets are made once, and only their owner may read them."""

import stat
import tempfile
import unittest
from pathlib import Path

import keys


class Keys(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name) / "secrets" / "key"

    def test_a_secret_stays_the_same(self):
        keys.keep(self.path)
        first = self.path.read_text()
        keys.keep(self.path)
        self.assertEqual(self.path.read_text(), first)

    def test_only_the_owner_may_read_it(self):
        keys.keep(self.path)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)

    def test_secrets_differ_and_are_long(self):
        made = {keys.token() for _ in range(100)}
        self.assertEqual(len(made), 100)
        self.assertTrue(all(len(secret) >= 43 for secret in made))

    def test_a_signing_key_is_64_hexadecimal_digits(self):
        self.assertRegex(keys.hexadecimal(), "^[0-9a-f]{64}$")


if __name__ == "__main__":
    unittest.main()
