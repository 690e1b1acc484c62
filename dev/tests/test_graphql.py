"""What npm's tools are given and how their faults are told: packages are installed once per content, and every check runs."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import clients
import graphql
import places
from errors import Failed


class Packages(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.source = Path(scratch.name) / "source"
        (self.source / "src").mkdir(parents=True)
        (self.source / "package.json").write_text("{}")
        (self.source / "src" / "index.ts").write_text("one")
        self.installs = []
        for name, stand_in in (("cache", lambda: Path(scratch.name) / "cache"),):
            patch = mock.patch.object(places, name, stand_in)
            patch.start()
            self.addCleanup(patch.stop)
        patch = mock.patch.object(clients, "install_with", lambda name, command, folder, what=None: self.installs.append(name))
        patch.start()
        self.addCleanup(patch.stop)

    def test_the_same_content_is_installed_once(self):
        first = clients.installed(self.source, "some packages")
        self.assertEqual((first / "src" / "index.ts").read_text(), "one")
        self.assertEqual(clients.installed(self.source, "some packages"), first)
        self.assertEqual(self.installs, ["npm"])

    def test_another_content_is_installed_beside_it(self):
        first = clients.installed(self.source, "some packages")
        (self.source / "src" / "index.ts").write_text("two")
        self.assertNotEqual(clients.installed(self.source, "some packages"), first)

    def test_files_that_are_not_asked_for_make_no_difference(self):
        first = clients.installed(self.source, "some packages", only=("package.json",))
        (self.source / "src" / "index.ts").write_text("two")
        self.assertEqual(clients.installed(self.source, "some packages", only=("package.json",)), first)
        self.assertFalse((first / "src").exists())

    def test_what_somebody_made_beside_the_sources_is_no_part_of_them(self):
        first = clients.installed(self.source, "some packages")
        (self.source / "node_modules").mkdir()
        (self.source / "node_modules" / "x").write_text("x")
        self.assertEqual(clients.installed(self.source, "some packages"), first)

    def test_what_could_not_be_finished_is_not_taken_for_installed(self):
        def fails(folder):
            raise Failed("a fault")

        with self.assertRaises(Failed):
            clients.installed(self.source, "some packages", fails)
        clients.installed(self.source, "some packages")
        self.assertEqual(self.installs, ["npm", "npm"])


class Checks(unittest.TestCase):
    def test_a_fault_hides_no_other(self):
        def fault(text):
            def fails():
                raise Failed(text)
            return fails

        with mock.patch.multiple(graphql, lint=fault("one"), relay=lambda: None, breaking=fault("two"), compile_client=lambda: None):
            with self.assertRaises(Failed) as raised:
                graphql.check()
        self.assertEqual(str(raised.exception), "one\ntwo")


class Promises(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        folder = Path(scratch.name)
        self.promised = folder / graphql.PROMISED
        self.promised.write_text("old")
        (folder / graphql.SCHEMA).write_text("new")
        patch = mock.patch.object(graphql, "FOLDER", folder)
        patch.start()
        self.addCleanup(patch.stop)

    def test_what_breaks_nothing_is_promised(self):
        with mock.patch.object(graphql, "breaking"):
            graphql.promise()
        self.assertEqual(self.promised.read_text(), "new")

    def test_what_breaks_a_promise_is_not(self):
        with mock.patch.object(graphql, "breaking", side_effect=Failed("a field is gone")):
            graphql.promise()
        self.assertEqual(self.promised.read_text(), "old")


if __name__ == "__main__":
    unittest.main()
