"""The checks: every step runs and is timed, a fault of any fails the whole, and the bare run has only the promised tools."""

import contextlib
import io
import threading
import unittest
from unittest import mock

import build
import ci
from errors import Failed

LIMIT_SECONDS = 60


def fails():
    raise Failed("a fault")


class Steps(unittest.TestCase):
    def run_steps(self, **steps):
        """The exit code, the names of the steps that ran, and what was printed."""
        ran, said = [], io.StringIO()

        def noted(name, step):
            def run():
                ran.append(name)
                step()
            return run

        with contextlib.redirect_stdout(said):
            code = ci.run_steps([((name, noted(name, step)),) for name, step in steps.items()])
        return code, ran, said.getvalue()

    def test_steps_that_all_pass_pass(self):
        code, ran, said = self.run_steps(format=int, build=int)
        self.assertEqual((code, ran), (0, ["format", "build"]))
        self.assertIn("passed", said)

    def test_a_fault_fails_the_whole_and_the_later_steps_still_run(self):
        code, ran, said = self.run_steps(format=fails, build=int, docs=fails, test=int)
        self.assertEqual((code, ran), (1, ["format", "build", "docs", "test"]))
        self.assertIn("failed: format, docs", said)

    def test_the_steps_of_a_group_run_at_once_and_a_fault_hides_none(self):
        both, said = threading.Barrier(2, timeout=LIMIT_SECONDS), io.StringIO()

        def meets_and_fails():
            both.wait()
            raise Failed("a fault")

        with contextlib.redirect_stdout(said):
            code = ci.run_steps([(("test", meets_and_fails), ("walk", meets_and_fails))])
        self.assertEqual(code, 1)
        for name in ("test", "walk"):
            self.assertIn(f"error: {name}: a fault", said.getvalue())

    def test_nothing_runs_behind_a_build_that_failed(self):
        code, ran, _ = self.run_steps(build=fails, test=int)
        self.assertEqual((code, ran), (1, ["build"]))

    def test_every_step_is_timed(self):
        _, _, said = self.run_steps(format=fails, build=int)
        for name in ("format", "build", "all"):
            self.assertRegex(said, rf"(?m)^{name} +\d+\.\d s$")

    def test_a_step_that_breaks_is_not_taken_for_one_that_failed(self):
        with self.assertRaises(ZeroDivisionError):
            self.run_steps(format=lambda: 1 / 0)


class Clippy(unittest.TestCase):
    def looked_at(self, *failing):
        """What clippy looked at, where it finds something in some of that; and whether the step failed."""
        looked_at = []

        def cargo(command, crates, *words, **_):
            looked_at.append((command, crates, words[-2:]))
            return mock.Mock(returncode=int(crates in failing))

        with mock.patch.object(build, "cargo", cargo), mock.patch.object(build, "output_folder", contextlib.nullcontext):
            try:
                ci.clippy()
            except Failed:
                return looked_at, True
        return looked_at, False

    def test_it_looks_at_both_workspaces_and_a_fault_in_one_hides_none_in_the_other(self):
        crates = ("--workspace", f"--manifest-path={build.VALIDATOR}")
        both = [("clippy", one, ci.STRICT) for one in crates]
        self.assertEqual(self.looked_at(), (both, False))
        for one in crates:
            self.assertEqual(self.looked_at(one), (both, True))


class Bare(unittest.TestCase):
    def test_every_promised_tool_of_this_machine_is_found(self):
        for name in ("git", "cargo", "rustc", "cc", "python3", "sh", "env"):
            found = ci.promised_tool(name)
            self.assertTrue(found is not None and found.is_file(), name)

    def test_the_compiler_is_the_one_itself_not_a_manager_of_versions(self):
        self.assertNotIn("rustup", ci.promised_tool("rustc").name)
        self.assertEqual(ci.promised_tool("rustc").parent, ci.promised_tool("cargo").parent)

    def test_no_server_is_among_the_promised_tools(self):
        promised = {*ci.PROMISED, *ci.COREUTILS}
        self.assertFalse(promised & {"postgres", "redis-server", "nats-server", "temporal", "curl", "ss", "lsof"})


if __name__ == "__main__":
    unittest.main()
