"""The stack's own folder: `down` ends every process, `--purge` deletes all data, and the tables fit together."""

import os
import re
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import build
import fleet
import places
import ports
import processes
import servers
import stack
import suite
from errors import Failed

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


class Clone(unittest.TestCase):
    """A test with a clone's folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dev = Path(folder.name) / ".dev"
        patched = mock.patch.object(places, "DEV", self.dev)
        patched.start()
        self.addCleanup(patched.stop)


class Down(Clone):
    def start(self, *names):
        local = stack.Stack()
        for name in names:
            processes.start(name, SLEEPER, local.run, local.logs / f"{name}.log")
        return [processes.read(local.run, name) for name in names]

    def test_down_ends_services_and_servers_and_keeps_the_data(self):
        records = self.start("web", "nats")
        data = self.dev / "data" / "nats"
        data.mkdir(parents=True)
        self.assertEqual(stack.Stack().down(), ["web", "nats"])
        self.assertFalse(any(map(processes.is_ours, records)))
        self.assertTrue(data.exists())

    def test_purge_leaves_nothing(self):
        self.start("web")
        (self.dev / "secrets").mkdir()
        stack.Stack().down(purge=True)
        self.assertFalse(self.dev.exists())

    def test_down_of_what_never_ran_is_harmless(self):
        self.assertEqual(stack.Stack().down(), [])
        self.assertEqual(stack.Stack().down(purge=True), [])

    def test_a_program_that_left_the_table_is_ended_too(self):
        records = self.start("retired")
        self.assertEqual(stack.Stack().down(), ["retired"])
        self.assertFalse(any(map(processes.is_ours, records)))


class PrivateServers(Clone):
    def leave_behind(self):
        """A folder with a process, as a run that was killed leaves them."""
        folder = self.dev / f"{suite.FOLDERS}killed"
        processes.start("nats", SLEEPER, folder / "run", folder / "log")
        (folder / suite.ALIVE).touch()
        return folder, processes.read(folder / "run", "nats")

    def test_what_a_killed_run_left_behind_is_swept_by_down(self):
        folder, record = self.leave_behind()
        stack.Stack().down()
        self.assertFalse(processes.is_ours(record) or folder.exists())

    def test_the_servers_of_a_run_that_lives_are_left_alone(self):
        with suite.private_folder() as folder:
            processes.start("nats", SLEEPER, folder / "run", folder / "log")
            record = processes.read(folder / "run", "nats")
            stack.Stack().down(purge=True)
            self.assertTrue(processes.is_ours(record) and folder.exists())
        self.assertFalse(processes.is_ours(record) or folder.exists())

    def test_a_run_that_fails_ends_its_servers_too(self):
        with self.assertRaises(ZeroDivisionError), suite.private_folder() as folder:
            processes.start("nats", SLEEPER, folder / "run", folder / "log")
            record = processes.read(folder / "run", "nats")
            raise ZeroDivisionError
        self.assertFalse(processes.is_ours(record) or folder.exists())

    def kept_in(self, memory, room):
        """Where a run keeps its data when `memory` is the file system in memory and `room` bytes of memory are free."""
        with mock.patch.multiple(suite, MEMORY=memory, available_memory=lambda: room), suite.private_folder() as folder:
            data = folder / "data"
            suite.keep_in_memory(data)
            data.mkdir(exist_ok=True)
            kept = data.resolve()
        self.assertFalse(kept.exists())
        return kept

    def test_what_tests_keep_lies_in_memory_where_that_has_room(self):
        with tempfile.TemporaryDirectory() as memory:
            memory = Path(memory).resolve()
            with mock.patch.object(suite, "MEMORY_BYTES", 1):
                self.assertEqual(self.kept_in(memory, 2).parent, memory)
                self.assertIn(self.dev.resolve(), self.kept_in(memory, 1).parents)
                self.assertIn(self.dev.resolve(), self.kept_in(memory / "missing", 2).parents)


class PortsOfTheRunningStack(Clone):
    def keep(self, base):
        self.dev.mkdir(parents=True)
        stack.kept_base().write_text(str(base))

    def test_a_running_stack_keeps_its_ports_without_the_setting(self):
        self.keep(12000)
        with mock.patch.dict(os.environ):
            os.environ.pop(ports.SETTING, None)
            self.assertEqual(stack.plan()["postgres"], 12000)

    def test_a_setting_that_differs_from_the_running_stack_is_refused(self):
        self.keep(12000)
        with mock.patch.dict(os.environ, {ports.SETTING: "13000"}), self.assertRaisesRegex(Failed, "12000.*13000"):
            stack.plan()


class Table(Clone):
    def setUp(self):
        super().setUp()
        fleet.make_secrets()
        self.plan = ports.plan(9000)

    def test_every_program_is_built_and_has_ports_of_the_plan(self):
        for program in (fleet.VALIDATOR, *fleet.PROGRAMS):
            self.assertIn(program.name, (*build.PROGRAMS, fleet.VALIDATOR.name))
            for port in (program.port, *program.other_ports):
                self.assertIn(port, ports.OFFSETS)

    def test_every_port_of_the_plan_has_one_user(self):
        used = [*servers.PORTS, *(port for program in fleet.PROGRAMS for port in (program.port, *program.other_ports)),
                *(fleet.VALIDATOR.port, *fleet.VALIDATOR.other_ports)]
        self.assertEqual(sorted(used), sorted(ports.OFFSETS))

    def test_every_file_that_a_service_is_told_to_read_is_there_and_private(self):
        for program in fleet.SERVICES:
            for key, value in fleet.environment(program, self.plan).items():
                if key.startswith("BATTLESBIT_") and key.endswith("_FILE"):
                    self.assertEqual(Path(value).stat().st_mode & 0o077, 0, key)

    def test_no_secret_stands_in_a_service_s_environment_or_command_line(self):
        secrets = [(fleet.secrets_folder() / name).read_text() for name in fleet.SECRETS]
        for program in fleet.PROGRAMS:
            told = [*fleet.environment(program, self.plan).values(), *map(str, fleet.command(program, self.plan))]
            self.assertFalse([secret for secret in secrets if any(secret in value for value in told)], program.name)

    def test_every_setting_is_one_that_the_service_documents(self):
        for program in fleet.SERVICES:
            documented = read_settings(places.ROOT / "services" / program.name / "config.default.toml")
            for setting in (*program.settings, *(fleet.CHAIN.settings if program.name == "treasury" else ())):
                key = setting[:-len("_FILE")] if setting.endswith("_FILE") else setting
                self.assertIn(key.lower().replace("__", "."), documented, program.name)

    def test_the_caller_s_environment_wins(self):
        with mock.patch.dict(os.environ, {"BATTLESBIT_ARENA__HTTP__LISTEN": "elsewhere"}):
            arena, = fleet.named(["arena"])
            self.assertEqual(fleet.environment(arena, self.plan)["BATTLESBIT_ARENA__HTTP__LISTEN"], "elsewhere")


def read_settings(path):
    """The keys of a settings file, with their section; one that is only described stands behind a `#`."""
    keys, section = set(), ""
    for line in path.read_text().splitlines():
        if header := re.match(r"\[([\w.]+)\]", line):
            section = f"{header.group(1)}."
        elif key := re.match(r"(?:# )?(\w+)(?: =|:| has no default)", line):
            keys.add(section + key.group(1))
    return keys


if __name__ == "__main__":
    unittest.main()
