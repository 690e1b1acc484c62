"""Postgres runs by every way that is offered to this user, and a private server answers with its version."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import places
import ports
import postgres
import probes
import processes
import servers
import tools
import wheels
from errors import Failed


class Ways(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_a_server_starts_by_every_way_even_below_a_private_folder(self):
        self.assertTrue(postgres.ways())
        self.folder.chmod(0o700)
        plan = ports.free_plan(servers.PORTS)
        for way in postgres.ways():
            with self.subTest(way.name), mock.patch.object(postgres, "ways", lambda way=way: [way]):
                # A folder per way: what one has made is not the other's.
                private = servers.Servers(self.folder / way.name, plan)
                server = private.postgres()
                processes.start("postgres", server.command, private.run, self.folder / "log", wrapper=server.wrapper,
                                stop_signal=server.stop_signal)
                try:
                    self.assertEqual(private.wait(server), tools.postgres().version)
                finally:
                    private.down()

    def test_data_made_by_a_way_that_is_closed_to_this_user_is_refused(self):
        data = self.folder / "postgres"
        data.mkdir()
        postgres.way_file(data).write_text("levitation")
        with self.assertRaisesRegex(Failed, "levitation"):
            postgres.initialise(Path("/nowhere"), data, Path("/nowhere"))

    def test_what_failed_half_way_leaves_no_data_folder(self):
        data = self.folder / "data" / "postgres"
        with self.assertRaises(Failed):
            postgres.initialise(tools.postgres().path, data, self.folder / "no-such-password-file")
        self.assertFalse(data.exists() or postgres.way_file(data).exists())


class Server(unittest.TestCase):
    """Tests on one data folder, for making one takes seconds."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.servers = servers.Servers(cls.folder, ports.free_plan(servers.PORTS))
        cls.server = cls.servers.postgres()

    def start(self, *more):
        processes.start("postgres", [*self.server.command, *more], self.servers.run, self.folder / "log", wrapper=self.server.wrapper,
                        stop_signal=self.server.stop_signal)
        self.addCleanup(self.servers.down)

    def test_a_wrong_password_is_refused(self):
        self.start()
        self.servers.wait(self.server)
        with self.assertRaisesRegex(probes.Silent, "password"):
            probes.postgres(self.servers.plan["postgres"], postgres.SUPERUSER, "wrong")

    def test_a_server_that_cannot_start_is_reported_with_its_reason(self):
        self.start("-c", "no_such_setting=1")
        with self.assertRaisesRegex(Failed, "postgres died: .*no_such_setting"):
            self.servers.wait(self.server)


class Reach(unittest.TestCase):
    def test_programs_in_a_private_home_are_copied_for_a_way_that_changes_the_id(self):
        with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as copies, \
                mock.patch.dict(os.environ, {"XDG_CACHE_HOME": home}), mock.patch.object(postgres, "COPIES", Path(copies)):
            os.chmod(copies, 0o755)
            binaries = wheels.POSTGRES.binary("initdb").parent
            binaries.mkdir(parents=True)
            (binaries / "initdb").touch()
            self.assertEqual(postgres.reachable(postgres.PLAIN, binaries), binaries)
            copied = postgres.reachable(postgres.Way("other", (), 65534), binaries)
            self.assertTrue(copied.is_relative_to(copies) and (copied / "initdb").exists())
            self.assertTrue(places.tools().exists())


if __name__ == "__main__":
    unittest.main()
