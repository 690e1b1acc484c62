"""Which test programs run, and that the options of `test` and `unit` are cargo's."""

import importlib.util
import json
import unittest
from pathlib import Path

import places
import suite

spec = importlib.util.spec_from_file_location("commands", places.ROOT / "dev" / "__main__.py")
commands = importlib.util.module_from_spec(spec)
spec.loader.exec_module(commands)


def artifact(name, kind, test=True, executable="/target/it-1"):
    return json.dumps({"reason": "compiler-artifact", "manifest_path": f"/clone/services/{name}/Cargo.toml", "executable": executable,
                       "profile": {"test": test}, "target": {"name": name, "kind": [kind]}})


class Programs(unittest.TestCase):
    def test_a_program_runs_in_the_folder_of_its_crate(self):
        program = suite.test_program(artifact("web", "test"))
        self.assertEqual(program, ("web: web", Path("/target/it-1"), Path("/clone/services/web")))

    def test_what_is_no_test_program_does_not_run(self):
        for line in (artifact("web", "bin", test=False), artifact("web", "lib", executable=None), '{"reason": "build-finished"}', "a warning"):
            self.assertIsNone(suite.test_program(line))


class Options(unittest.TestCase):
    def test_options_with_a_dash_are_passed_on(self):
        for command in ("test", "unit", "soak"):
            for words in (["-p", "domain", "name", "--", "--nocapture"], ["name", "-p", "domain"], ["--", "--list"], []):
                with self.subTest(command=command, words=words):
                    self.assertEqual(commands.parser().parse_args([command, *words]).options, words)

    def test_the_ledgers_soak_takes_what_it_is_given(self):
        settings = suite.ledger_settings(["--seed", "7"])
        self.assertEqual(settings, {"BATTLESBIT_TEST_LEDGER_OPERATIONS": "1000000", "BATTLESBIT_TEST_LEDGER_SEED": "7"})
        for words in (["--seed"], ["--operation", "1"], ["--operations", "1", "--seed"]):
            with self.subTest(words=words), self.assertRaises(suite.Failed):
                suite.ledger_settings(words)


if __name__ == "__main__":
    unittest.main()
