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
    def test_the_programs_that_try_whole_services_come_first(self):
        messages = "\n".join([artifact("arena", "lib"), "a warning", artifact("web", "test")])
        self.assertEqual([program.name for program in suite.test_programs(messages)], ["web: web", "arena: arena"])

    def test_a_program_runs_in_the_folder_of_its_crate(self):
        [program] = suite.test_programs(artifact("web", "test"))
        self.assertEqual((program.path, program.folder), (Path("/target/it-1"), Path("/clone/services/web")))

    def test_what_is_no_test_program_does_not_run(self):
        messages = "\n".join([artifact("web", "bin", test=False), artifact("web", "lib", executable=None), '{"reason": "build-finished"}'])
        self.assertEqual(suite.test_programs(messages), [])


class Options(unittest.TestCase):
    def test_options_with_a_dash_are_passed_on(self):
        for command in ("test", "unit", "soak"):
            for words in (["-p", "domain", "name", "--", "--nocapture"], ["name", "-p", "domain"], ["--", "--list"], []):
                with self.subTest(command=command, words=words):
                    self.assertEqual(commands.parser().parse_args([command, *words]).options, words)


if __name__ == "__main__":
    unittest.main()
