"""Benchmarks end non-zero where a figure was not measured, never because one fell short."""

import contextlib
import io
import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import bench
import clients
import places
import suite
from errors import Failed
from tests import fakes

FIGURE = {"bench": "engine", "figure": "tick", "value": 20.8, "unit": "ns", "baseline": 502, "ratio": 24.1, "goal": 4.0, "met": True}
LINE = json.dumps(FIGURE)

# Lists the benchmarks that lie beside it, and runs the one that is asked for.
CARGO = """
here=$(dirname "$0")
case $1 in
metadata)
    for bench in "$here"/bench-*; do
        [ -e "$bench" ] || continue
        name=${bench##*/bench-}
        [ -e "$here/$name.servers" ] && uses='{"name": "testkit"}' || uses=
        packages="$packages{\\"dependencies\\": [$uses], \\"targets\\": [{\\"kind\\": [\\"bench\\"], \\"name\\": \\"$name\\"}]},"
    done
    echo "{\\"packages\\": [$packages {\\"dependencies\\": [], \\"targets\\": [{\\"kind\\": [\\"lib\\"], \\"name\\": \\"domain\\"}]}]}" ;;
build)
    echo "$*" >> "$here/calls"
    [ ! -e "$here/broken" ] ;;
bench)
    echo "$*$BATTLESBIT_TEST_BIN_DIR" >> "$here/calls"
    exec "$here/bench-${4#--bench=}" ;;
*) exit 99 ;;
esac
"""


class Bench(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        path = f"{folder.name}:{os.environ['PATH']}"
        patched = mock.patch.dict(os.environ, PATH=path, CARGO_TARGET_DIR=str(self.folder / "target"))
        patched.start()
        self.addCleanup(patched.stop)
        # Whoever runs this may have it.
        os.environ.pop(suite.BIN_DIR, None)
        fakes.program(self.folder, "cargo", CARGO)
        fakes.program(self.folder, "cc", "exit 1")

    def benchmark(self, *lines, name="engine", code=0):
        """Adds a benchmark that prints lines and ends with a code."""
        said = "\n".join(lines) + "\n" if lines else ""
        (self.folder / f"{name}.out").write_text(said)
        fakes.program(self.folder, f"bench-{name}", f"cat {self.folder / name}.out\nexit {code}")

    def run_bench(self, name=None):
        """Runs the benchmarks; returns the lines that were passed on, and the fault."""
        said, fault = io.StringIO(), None
        with contextlib.redirect_stdout(said):
            try:
                bench.run(name)
            except Failed as failure:
                fault = str(failure)
        return said.getvalue().splitlines(), fault

    def test_every_figure_of_every_benchmark_is_passed_on(self):
        other = json.dumps({**FIGURE, "bench": "ledger"})
        self.benchmark(LINE, LINE)
        self.benchmark(other, name="ledger")
        self.assertEqual(self.run_bench(), ([LINE, LINE, other], None))

    def test_one_benchmark_runs_alone_for_the_whole_workspace(self):
        self.benchmark(LINE)
        self.benchmark(name="ledger", code=1)
        self.assertEqual(self.run_bench("engine"), ([LINE], None))
        self.assertEqual((self.folder / "calls").read_text(), "bench --workspace --quiet --bench=engine\n")

    def on_servers(self):
        """Adds a benchmark that needs servers, and pretends that they start; returns what was done with them."""
        self.benchmark(json.dumps({**FIGURE, "bench": "arena"}), name="arena")
        (self.folder / "arena.servers").touch()
        done = []

        @contextlib.contextmanager
        def private_folder():
            yield self.folder
            done.append("down")

        def up(folder):
            done.append("up")
            return {suite.BIN_DIR: "debug", "BATTLESBIT_TEST_NATS_URL": "nats"}

        for name, pretended in (("private_folder", private_folder), ("up", up)):
            patched = mock.patch.object(suite, name, pretended)
            patched.start()
            self.addCleanup(patched.stop)
        return done

    def test_what_needs_servers_has_them_and_release_programs(self):
        done = self.on_servers()
        lines, fault = self.run_bench("arena")
        self.assertEqual((len(lines), fault, done), (1, None, ["up", "down"]))
        self.assertEqual((self.folder / "calls").read_text().splitlines(), [
            "build --workspace --bins --release --quiet",
            f"bench --workspace --quiet --bench=arena{places.target() / 'release'}",
        ])

    def test_what_needs_no_servers_starts_none(self):
        done = self.on_servers()
        self.benchmark(LINE)
        self.assertEqual(self.run_bench("engine"), ([LINE], None))
        self.assertEqual(done, [])

    def test_servers_end_where_a_benchmark_on_them_fails(self):
        done = self.on_servers()
        self.benchmark(name="arena", code=101)
        self.assertIn("arena failed", self.run_bench("arena")[1])
        self.assertEqual(done, ["up", "down"])

    def beside_ours(self, install):
        """Gives the benchmark on servers something to measure beside ours, and pretends to install it."""
        self.on_servers()
        (self.folder / "journeys" / "benches" / "arena" / "peers").mkdir(parents=True)
        for patched in (mock.patch.object(places, "ROOT", self.folder), mock.patch.object(clients, "installed", install)):
            patched.start()
            self.addCleanup(patched.stop)
        fakes.program(self.folder, "bench-arena", f"echo $BATTLESBIT_BENCH_PEERS_DIR > {self.folder}/peers\ncat {self.folder}/arena.out")

    def test_what_is_measured_beside_ours_is_installed_before(self):
        self.beside_ours(lambda source, what, finish: source.parent / "installed")
        self.assertIsNone(self.run_bench("arena")[1])
        self.assertEqual((self.folder / "peers").read_text(), f"{self.folder}/journeys/benches/arena/installed\n")

    def test_what_cannot_be_installed_beside_ours_is_a_fault_and_the_rest_is_measured(self):
        def install(source, what, finish):
            raise Failed(f"npm is missing: {what}")

        self.beside_ours(install)
        lines, fault = self.run_bench("arena")
        self.assertEqual((len(lines), fault), (1, "arena measured nothing beside ours: npm is missing: what arena is measured beside"))
        self.assertEqual((self.folder / "peers").read_text(), "\n")

    def test_programs_that_cannot_be_built_are_a_fault(self):
        done = self.on_servers()
        (self.folder / "broken").touch()
        self.assertEqual(self.run_bench("arena"), ([], "arena needs programs that cannot be built"))
        self.assertEqual(done, [])

    def test_a_figure_that_fell_short_is_no_fault(self):
        short = json.dumps({**FIGURE, "ratio": 0.5, "met": False})
        self.benchmark(short)
        self.assertEqual(self.run_bench(), ([short], None))

    def test_a_value_that_is_missing_is_a_fault_that_names_its_key(self):
        for key in FIGURE:
            for value in (None, "", [], float("nan"), float("inf")):
                with self.subTest(key, value=value):
                    self.benchmark(json.dumps({**FIGURE, key: value}))
                    passed_on, fault = self.run_bench()
                    self.assertEqual(passed_on, [])
                    self.assertRegex(fault, f"engine printed .*: {key} was not measured")

    def test_a_key_that_is_missing_or_unknown_is_a_fault(self):
        for key in FIGURE:
            with self.subTest(key):
                self.benchmark(json.dumps({name: value for name, value in FIGURE.items() if name != key}))
                self.assertIn("expected the keys", self.run_bench()[1])
        self.benchmark(json.dumps({**FIGURE, "colour": "green"}))
        self.assertIn("expected the keys", self.run_bench()[1])

    def test_a_value_of_another_kind_is_a_fault(self):
        for key, value in (("met", 1), ("met", "true"), ("value", True), ("value", "20.8"), ("unit", 1), ("bench", 1)):
            with self.subTest(key, value=value):
                self.benchmark(json.dumps({**FIGURE, key: value}))
                self.assertIn(f"{key} was not measured", self.run_bench()[1])

    def test_a_line_that_is_no_object_is_a_fault(self):
        for line in ("running 0 tests", "[]", "1", "null", "", LINE + "}"):
            with self.subTest(line):
                self.benchmark(LINE, line)
                passed_on, fault = self.run_bench()
                self.assertEqual(passed_on, [LINE])
                self.assertIn(f"engine printed {line!r}", fault)

    def test_a_figure_under_another_benchmark_s_name_is_a_fault(self):
        self.benchmark(LINE, name="ledger")
        self.assertIn("another benchmark", self.run_bench()[1])

    def test_a_benchmark_that_printed_nothing_is_named_beside_one_that_did(self):
        self.benchmark(LINE)
        self.benchmark(name="ledger")
        self.assertEqual(self.run_bench(), ([LINE], "ledger measured nothing"))

    def test_a_benchmark_that_failed_is_named_and_the_others_still_run(self):
        self.benchmark(LINE, code=101)
        self.benchmark(json.dumps({**FIGURE, "bench": "ledger"}), name="ledger")
        passed_on, fault = self.run_bench()
        self.assertEqual((len(passed_on), fault), (2, "engine failed"))

    def test_an_unknown_benchmark_is_refused_with_those_there_are(self):
        self.benchmark(LINE)
        self.assertEqual(self.run_bench("egnine"), ([], "no benchmark egnine: there are engine"))

    def test_a_workspace_without_a_benchmark_measured_nothing(self):
        self.assertEqual(self.run_bench(), ([], "there is no benchmark"))


if __name__ == "__main__":
    unittest.main()
