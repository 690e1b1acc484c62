"""`doctor` names what is missing with how to get it, and says of what `up` needs the same as `up`."""

import collections
import contextlib
import os
import platform
import shutil
import socket
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import doctor
import places
import ports
import postgres
import processes
import stack
import system
import tools
import wheels
from errors import Failed
from tests import fakes

PROMISED = {"git": "git version 2.47.3", "cargo": "cargo 1.100.0 (x)", "rustc": "rustc 1.100.0 (x)", "node": "v24.1.0", "npm": "11.3.0"}
LISTENS = "import socket, sys, time; listener = socket.create_server((sys.argv[1], int(sys.argv[2]))); time.sleep(600)"
Usage = collections.namedtuple("Usage", "total used free")


class Machine(unittest.TestCase):
    """A machine that has nothing but what a test puts there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "path"
        self.path.mkdir()
        self.base = ports.free_base()
        for patched in (
                mock.patch.dict(os.environ, {"PATH": str(self.path), "XDG_CACHE_HOME": str(self.folder / "cache"), ports.SETTING: str(self.base)}),
                mock.patch.object(system, "STANDARD_PATH", str(self.path)),
                mock.patch.object(system, "has_pip", lambda: True),
                mock.patch.object(tools, "POSTGRES_FOLDERS", ()),
                mock.patch.object(tools, "ONLY_WHEELS", False),
                mock.patch.object(places, "DEV", self.folder / ".dev")):
            patched.start()
            self.addCleanup(patched.stop)

    def bring_promised(self):
        for name, says in PROMISED.items():
            fakes.says(self.path, name, says)
        fakes.program(self.path, "cc", "exit 1")

    def as_user(self, uid):
        return mock.patch.object(os, "geteuid", lambda: uid)

    def on(self, machine):
        return mock.patch.object(platform, "machine", lambda: machine)

    def state(self, name):
        """The state of a row of the whole report, and what is known."""
        (state, known), = [row[1:] for row in doctor.report() if row[0] == name]
        return state, known


class Promised(Machine):
    def test_what_is_missing_is_named_with_how_to_get_it(self):
        for name in PROMISED:
            state, remedy = self.state(name)
            self.assertEqual(state, doctor.MISSING, name)
            self.assertRegex(remedy, "install|comes with", name)
        self.assertFalse(doctor.healthy(doctor.report()))

    def test_what_is_there_is_shown_with_its_version_and_place(self):
        self.bring_promised()
        for name, says in PROMISED.items():
            state, known = self.state(name)
            self.assertEqual(state, doctor.GOOD, name)
            self.assertIn(known.split(" ")[0], says)
            self.assertIn(str(self.path / name), known)

    def test_a_machine_that_has_all_is_healthy(self):
        self.bring_promised()
        with self.on("x86_64"), self.as_user(1000), \
                mock.patch.object(shutil, "disk_usage", lambda path: Usage(0, 0, 10**12)):
            self.assertTrue(doctor.healthy(doctor.report()), doctor.report())

    def test_one_that_is_too_old_is_missing_and_its_version_is_shown(self):
        self.bring_promised()
        for name, says, version in (("node", "v18.19.0", "18.19.0"), ("rustc", "rustc 1.63.0 (x)", "1.63.0")):
            fakes.says(self.path, name, says)
            state, remedy = self.state(name)
            self.assertEqual(state, doctor.MISSING)
            self.assertRegex(remedy, f"found {version}.*or newer")

    def test_the_oldest_that_will_do_is_good(self):
        self.bring_promised()
        for name, version in (("node", f"{doctor.OLDEST_NODE}.0.0"), ("rustc", doctor.minimum_rust())):
            fakes.says(self.path, name, version)
            self.assertEqual(self.state(name)[0], doctor.GOOD)

    def test_one_that_does_not_run_is_missing(self):
        fakes.program(self.path, "node", "exit 1")
        self.assertEqual(self.state("node")[0], doctor.MISSING)

    def test_packages_of_the_system_come_with_up_for_root_alone(self):
        with mock.patch.object(system, "has_pip", lambda: False):
            for name, package in (("C linker", "gcc"), ("pip", "python3-pip")):
                with self.subTest(name):
                    self.assertEqual(self.state(name)[0], doctor.MISSING)
                    fakes.program(self.path, "apt-get", "exit 1")
                    with self.as_user(0):
                        self.assertEqual(self.state(name)[0], doctor.LATER)
                    with self.as_user(1000):
                        state, remedy = self.state(name)
                        self.assertEqual(state, doctor.MISSING)
                        self.assertRegex(remedy, f"sudo apt-get install .*{package}")
                    (self.path / "apt-get").unlink()


class Servers(Machine):
    def test_what_is_not_unpacked_yet_comes_with_up(self):
        with self.on("x86_64"):
            for wheel in (wheels.JUST, wheels.NATS, wheels.TEMPORAL, wheels.POSTGRES, wheels.REDIS):
                self.assertEqual(self.state(wheel.package), (doctor.LATER, wheel.version))

    def test_what_is_unpacked_is_there(self):
        wheels.NATS.folder.mkdir(parents=True)
        self.assertEqual(self.state(wheels.NATS.package), (doctor.GOOD, f"{wheels.NATS.version} ({wheels.NATS.folder})"))

    def test_a_server_of_the_system_that_is_new_enough_is_there(self):
        fakes.says(self.path, "redis-server", "Redis server v=7.0.15")
        self.assertRegex(" ".join(self.state("redis")), "^ok 7.0.15 of the system")

    def test_a_server_that_has_no_build_for_the_machine_is_missing_as_up_says_too(self):
        with self.on("aarch64"):
            state, remedy = self.state(wheels.REDIS.package)
            self.assertEqual(state, doctor.MISSING)
            self.assertRegex(remedy, "aarch64: install redis-server .*system's packages")
            with self.assertRaises(Failed) as failure:
                tools.redis()
            self.assertEqual(str(failure.exception), remedy)
            self.assertEqual(self.state(wheels.POSTGRES.package)[0], doctor.LATER)

    def test_the_system_s_server_serves_where_there_is_no_build(self):
        fakes.says(self.path, "redis-server", "Redis server v=7.0.15")
        with self.on("aarch64"):
            self.assertEqual(self.state("redis")[0], doctor.GOOD)
            self.assertEqual(tools.redis().origin, "system")

    def test_what_takes_a_wheel_s_place_is_what_up_takes(self):
        self.assertIn(f" {'.'.join(map(str, tools.OLDEST_REDIS))} or newer", wheels.REDIS.instead)
        self.assertIn(f" {tools.OLDEST_POSTGRES} or newer", wheels.POSTGRES.instead)

    def test_a_machine_without_any_builds_is_not_supported(self):
        with self.on("riscv64"):
            self.assertEqual(self.state("system")[0], doctor.MISSING)
            self.assertEqual(self.state(wheels.NATS.package)[0], doctor.MISSING)

    def test_root_needs_a_way_to_run_postgres_as_up_says_too(self):
        with self.as_user(0):
            state, remedy = self.state("postgres as root")
            self.assertEqual(state, doctor.MISSING)
            self.assertIn("util-linux", remedy)
            with self.assertRaisesRegex(Failed, "util-linux"):
                postgres.initialise(self.path, self.folder / "data", self.folder / "password")
            fakes.program(self.path, "setpriv", "exit 1")
            self.assertEqual(self.state("postgres as root"), (doctor.GOOD, "by way of setpriv"))


class Ports(Machine):
    @contextlib.contextmanager
    def listener(self, port):
        with socket.create_server((ports.HOST, port)):
            yield

    def test_free_ports_are_good(self):
        state, known = self.state("ports")
        self.assertEqual(state, doctor.GOOD)
        self.assertIn(f"{self.base} to {self.base + max(ports.OFFSETS.values())}", known)

    def test_a_taken_port_is_named_with_its_use_and_holder_as_up_names_it(self):
        taken = self.base + ports.OFFSETS["web"]
        with self.listener(taken):
            state, remedy = self.state(f"port {taken}")
            self.assertEqual(state, doctor.MISSING)
            for part in ("web", f"process {os.getpid()} (", ports.SETTING):
                self.assertIn(part, remedy)
            with self.assertRaisesRegex(Failed, rf"port {taken} \(web\) is held by process {os.getpid()}"):
                stack.Stack().up()

    def test_a_port_that_the_stack_itself_holds_is_not_taken(self):
        taken, run = self.base + ports.OFFSETS["web"], places.DEV / "run"
        processes.start("web", [sys.executable, "-c", LISTENS, ports.HOST, taken], run, self.folder / "log")
        self.addCleanup(processes.stop, run, ["web"])
        self.assertTrue(processes.wait_until(lambda: ports.taken(taken), 20))
        self.assertRegex(" ".join(self.state("ports")), "^ok .*1 processes of this stack run")

    def test_ports_that_up_refuses_are_a_row_beside_the_others(self):
        with mock.patch.dict(os.environ, {ports.SETTING: "80"}):
            state, remedy = self.state("ports")
            self.assertEqual(state, doctor.MISSING)
            self.assertIn(ports.SETTING, remedy)


class Disk(Machine):
    def test_little_disk_is_missing_and_says_how_much_is_needed(self):
        for free, state in ((doctor.DISK_GB * 10**9 - 1, doctor.MISSING), (doctor.DISK_GB * 10**9, doctor.GOOD)):
            with mock.patch.object(shutil, "disk_usage", lambda path, free=free: Usage(0, 0, free)):
                for name in ("disk for builds", "disk for data"):
                    self.assertEqual(self.state(name)[0], state)
                    self.assertIn(f"{doctor.DISK_GB} GB are needed", self.state(name)[1])

    def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_of_its_nearest_parent(self):
        asked = []
        with mock.patch.object(shutil, "disk_usage", lambda path: asked.append(path) or Usage(0, 0, 0)):
            doctor.disk()
        self.assertIn(self.folder, asked)


if __name__ == "__main__":
    unittest.main()
