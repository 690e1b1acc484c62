"""The demo's verdict and its arguments."""

import argparse
import contextlib
import io
import json
import re
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import build
import demo
import fleet
import places
import processes
from errors import Failed
from tests import fakes

GOOD = {"status": "CLOSED", "ledger_balanced": True, "money_conserved": True, "verified": True}


def options(*words):
    parser = argparse.ArgumentParser()
    demo.add_options(parser)
    return parser.parse_args(words)


class Options(unittest.TestCase):
    def refusal(self, *words):
        """What is said of options that end the command; None where they are taken."""
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said):
                options(*words)
        except SystemExit as end:
            self.assertEqual(end.code, 2)
            return said.getvalue()
        return None

    def test_numbers_within_the_bounds_are_taken(self):
        for name, allowed in (("players", demo.PLAYERS), ("seconds", demo.SECONDS), ("seed", demo.SEED), ("speed", demo.SPEED)):
            for number in (allowed[0], allowed[-1]):
                self.assertEqual(getattr(options(f"--{name}", str(number)), name), number)

    def test_other_numbers_are_refused_with_the_bounds(self):
        for name, wrong, bounds in (
                ("players", ("1", "0", "-8", "101"), "from 2 to 100"), ("seconds", ("9", "0", "-40", "86401"), "from 10 to 86400"),
                ("seed", ("-1", str(2**64)), f"from 0 to {2**64 - 1}"), ("speed", ("0", "-1", str(2**32)), "from 1 ")):
            for text in (*wrong, "", "many", "1.5", "1e1", "²"):
                with self.subTest(name, text=text):
                    self.assertRegex(self.refusal(f"--{name}={text}") or "", f"--{name}: expected a whole number {bounds}.*, got {text}")
            self.assertIn(bounds, self.refusal(f"--{name}", wrong[0]))

    def test_the_bounds_are_those_of_the_bots(self):
        source = (places.ROOT / "tools" / "bots" / "src" / "options.rs").read_text()
        for name, allowed in (("players", demo.PLAYERS), ("seconds", demo.SECONDS)):
            first, last = re.search(rf"range\((\d+)\.\.=([\d_]+)\)\)\]\s+pub {name}: u32", source).groups()
            self.assertEqual(allowed, range(int(first), int(last) + 1), name)
        self.assertIn("pub seed: u64", source)

    def test_what_is_not_said_can_be_played(self):
        unsaid = options()
        self.assertTrue(unsaid.players in demo.PLAYERS and unsaid.seconds in demo.SECONDS and unsaid.seed in demo.SEED)
        self.assertEqual((unsaid.once, unsaid.frames, unsaid.speed, unsaid.json, unsaid.chain), (False, None, 1, False, False))


class Verdict(unittest.TestCase):
    def test_a_closed_battle_whose_checks_all_passed_holds(self):
        self.assertTrue(demo.held(GOOD))

    def test_any_failed_check_fails_the_demo(self):
        for key in ("ledger_balanced", "money_conserved", "verified", "withdrawn", "reconciled"):
            with self.subTest(key):
                self.assertFalse(demo.held({**GOOD, key: False}))

    def test_a_battle_that_did_not_close_fails_the_demo(self):
        self.assertFalse(demo.held({**GOOD, "status": "SETTLING"}))


class Market(unittest.TestCase):
    def test_frames_are_meant_from_the_folder_of_the_caller(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict("os.environ", BATTLESBIT_CALLED_FROM=folder):
            frames = Path(folder) / "some.frames"
            frames.touch()
            arguments = demo.exchange_arguments(options("--frames", "some.frames", "--speed", "3"))
            self.assertEqual(arguments, ("--frames", str(frames), "--speed", "3"))

    def test_frames_that_are_not_there_are_named(self):
        with self.assertRaisesRegex(Failed, "nowhere.frames"):
            demo.exchange_arguments(options("--frames", "nowhere.frames"))

    def test_without_frames_the_market_is_seeded(self):
        self.assertEqual(demo.exchange_arguments(options("--seed", "7")), ("--seed", "7", "--speed", "1"))


REPORT = {"battle": "b1", "status": "CLOSED", "players": [{}, {}], "positions": 4, "fills": 8, "liquidations": 1, "stops": 1,
          "achievements": 1, "emails": 2}
SUMMARY = {"battle", "status", "players", "positions", "fills", "liquidations", "stops", "ledger_balanced", "money_conserved", "verified",
           "achievements", "emails", "elapsed_s"}

# Notes what runs while the bots play, then ends as the test wants.
BOTS = """
import json, os, pathlib, shutil, signal, sys, time
shutil.copytree({run!r}, {seen!r})
print(json.dumps(dict(os.environ)), file=open({seen!r} + "/environment", "w"))
print(*sys.argv[1:], file=open({seen!r} + "/arguments", "w"))
{ending}
with open(sys.argv[sys.argv.index("--report") + 1], "w") as report:
    report.write({report!r})
"""
INTERRUPTED = "os.kill(os.getppid(), signal.SIGINT); time.sleep(60)"


class Played(fakes.Stack):
    """A demo whose bots and operator's program are fakes, on a fleet of fakes."""

    def setUp(self):
        super().setUp()
        self.patch(fleet, "PROGRAMS", tuple(self.program(name) for name in ("exchange", "market", "web")))
        self.patch(demo, "FOLDER", places.DEV / "demo")
        self.patch(demo.signal, "pause", self.interrupted)
        self.served = 0
        self.bots()

    def interrupted(self):
        """Stands in for the wait for Ctrl-C, which comes at once."""
        self.served += 1
        raise KeyboardInterrupt

    def bots(self, ending="", **report):
        self.seen = self.folder / "seen"
        fakes.program(build.BIN, "bots", BOTS.format(run=str(self.stack.run), seen=str(self.seen), ending=ending,
                                                     report=json.dumps({**REPORT, **report})), fakes.PYTHON)

    def play(self, *words):
        """Plays a demo; returns its exit code and what it printed."""
        shutil.rmtree(self.seen, ignore_errors=True)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = demo.run(options(*words))
        return code, said.getvalue()

    def told(self, run=None):
        """The arguments of the stand-in that runs, or ran while the bots played."""
        return processes.read(run or self.stack.run, "exchange")["told"]["arguments"]

    def running(self):
        return {name for name in ("exchange", "market", "web") if processes.running(self.stack.run, name)}


class Summary(Played):
    def summary(self, *words):
        code, said = self.play("--once", "--json", *words)
        line, = said.splitlines()
        return code, json.loads(line)

    def test_json_is_one_object_with_the_thirteen_figures(self):
        code, summary = self.summary()
        self.assertEqual((code, set(summary)), (0, SUMMARY))
        self.assertEqual((summary["battle"], summary["players"], summary["fills"]), ("b1", 2, 8))

    def test_each_check_that_fails_is_told_by_its_own_figure_and_fails_the_demo(self):
        for script, figure in (('[ "$*" != "ledger check" ]', "ledger_balanced"), ('[ "$*" != "ledger battle b1" ]', "money_conserved"),
                               ('[ "$1" != verify ]', "verified")):
            with self.subTest(figure):
                fakes.program(build.BIN, "battlesbit", script)
                code, summary = self.summary()
                told = {key: summary[key] for key in ("ledger_balanced", "money_conserved", "verified")}
                self.assertEqual((code, told), (1, {"ledger_balanced": True, "money_conserved": True, "verified": True, figure: False}))

    def test_a_battle_that_did_not_close_fails_the_demo(self):
        self.bots(status="SETTLING")
        self.assertEqual(self.summary()[0], 1)

    def test_bots_and_verification_get_no_way_to_database_or_bus(self):
        fakes.program(build.BIN, "battlesbit", f'if [ "$1" = verify ]; then env > {self.folder}/verify-environment; fi')
        with mock.patch.dict("os.environ", BATTLESBIT_NATS_URL="nats://127.0.0.1:1"):
            self.assertEqual(self.summary()[0], 0)
        for path in (self.seen / "environment", self.folder / "verify-environment"):
            self.assertNotIn("BATTLESBIT", path.read_text())

    def test_bots_that_cannot_play_fail_the_demo_and_end_what_it_started(self):
        self.bots("sys.exit(1)")
        with self.assertRaisesRegex(Failed, "bots could not play"):
            self.play("--once")
        self.assertEqual(self.running(), set())


class OnAChain(Played):
    """The chain is a fake too: what it is asked is noted, and every wallet holds what the test says."""

    def setUp(self):
        super().setUp()
        self.patch(fleet, "PROGRAMS", tuple(self.program(name) for name in ("exchange", "market", "treasury", "web")))
        self.patch(fleet, "VALIDATOR", self.program("validator"))
        self.patch(demo, "ask_chain", self.ask_chain)
        self.asked, self.minor = [], 42_450_000
        self.bots(withdrawal={"address": "w1", "amount": "43.2", "fee": "0.75"})

    def ask_chain(self, local, what, asked=None):
        self.asked.append((what, asked))
        return {"SOL": 0, "USDT": self.minor}

    def settings(self, run=None):
        return processes.read(run or self.stack.run, "treasury")["told"]["settings"]

    def test_bots_and_treasury_have_the_chain_and_the_hot_wallet_its_costs(self):
        code, said = self.play("--once", "--chain")
        self.assertEqual(code, 0)
        self.assertIn("w1 holds 42.45 USDT", said)
        self.assertEqual(self.settings(self.seen), fleet.CHAIN.settings)
        bots = (self.seen / "arguments").read_text()
        self.assertIn(f"--chain {fleet.chain_url(self.stack.plan)}/", bots)
        self.assertEqual(self.asked, [("control/fund", {"address": fleet.HOT_WALLET, "coin": "SOL", "amount": demo.HOT_SOL}),
                                      ("control/wallet/w1", None)])
        self.assertFalse(self.stack.has_chain())

    def test_what_has_not_arrived_or_is_more_fails_the_demo(self):
        for self.minor in (0, 42_449_999, 42_450_001):
            code, said = self.play("--once", "--json", "--chain")
            self.assertEqual((code, json.loads(said)["withdrawn"]), (1, False))

    def test_a_chain_that_differs_from_the_ledger_fails_the_demo(self):
        fakes.program(build.BIN, "battlesbit", '[ "$1" != reconcile ]')
        code, said = self.play("--once", "--json", "--chain")
        self.assertEqual((code, json.loads(said)["withdrawn"], json.loads(said)["reconciled"]), (1, True, False))

    def test_a_stack_that_was_up_without_a_chain_has_none_afterwards(self):
        self.stack.up()
        self.assertEqual(self.play("--chain")[0], 0)
        self.assertEqual((self.settings(), self.stack.has_chain()), ({}, False))
        self.assertIsNone(processes.running(self.stack.run, "validator"))

    def test_a_stack_that_was_up_with_a_chain_keeps_it_with_and_without_the_option(self):
        self.stack.up(chain=True)
        pids = {name: self.pid(name) for name in ("treasury", "validator")}
        for words in (("--chain",), ()):
            self.assertEqual(self.play(*words)[0], 0)
            self.assertEqual({name: self.pid(name) for name in pids}, pids)

    def test_without_the_option_nobody_hears_of_a_chain(self):
        self.play("--once")
        self.assertEqual((self.asked, self.settings(self.seen)), ([], {}))
        self.assertNotIn("--chain", (self.seen / "arguments").read_text())
        self.assertFalse((self.seen / "validator.json").exists())


class OwnStack(Played):
    def test_once_ends_everything_afterwards(self):
        self.assertEqual(self.play("--once")[0], 0)
        self.assertEqual((self.running(), self.served), (set(), 0))

    def test_it_keeps_serving_until_ctrl_c_and_then_ends_everything(self):
        code, said = self.play()
        self.assertEqual((code, self.served, self.running()), (130, 1, set()))
        self.assertIn("keeps serving", said)

    def test_ctrl_c_in_the_battle_ends_everything(self):
        self.bots(INTERRUPTED)
        self.assertEqual((self.play()[0], self.running()), (130, set()))


class StackThatWasUp(Played):
    def setUp(self):
        super().setUp()
        self.stack.up(exchange=("--seed", "5"))
        self.others = {name: self.pid(name) for name in ("market", "web")}

    def assert_as_before(self):
        """The stack runs with the market it had, and nothing else was started anew."""
        self.assertEqual({name: self.pid(name) for name in self.others}, self.others)
        self.assertEqual((self.told(), self.stack.readiness(fleet.PROGRAMS[0])[0]), (["--seed", "5"], 200))

    def test_the_demo_plays_on_it_with_a_market_of_its_own_and_leaves_it_up(self):
        code, said = self.play("--seed", "7")
        self.assertEqual((code, self.served), (0, 0))
        self.assertEqual(self.told(self.seen), ["--seed", "7", "--speed", "1"])
        self.assertEqual(processes.read(self.seen, "web")["pid"], self.others["web"])
        self.assert_as_before()
        self.assertRegex(said, "^a stack is up: .* leaves it up\n")

    def test_with_once_it_is_ended_and_that_is_said_before(self):
        code, said = self.play("--once")
        self.assertEqual((code, self.running()), (0, set()))
        self.assertRegex(said, "^a stack is up: .* stops it afterwards.*--once")

    def test_ctrl_c_in_the_battle_leaves_it_up(self):
        self.bots(INTERRUPTED)
        code, said = self.play()
        self.assertEqual(code, 130)
        self.assertIn("stays up", said)
        self.assert_as_before()

    def test_a_demo_that_fails_leaves_it_up(self):
        self.bots("sys.exit(1)")
        with self.assertRaises(Failed):
            self.play()
        self.assert_as_before()

    def test_frames_that_are_not_there_are_refused_before_anything_is_touched(self):
        exchange = self.pid("exchange")
        for words in ((), ("--once",)):
            with self.assertRaisesRegex(Failed, "nowhere.frames"):
                self.play("--frames", "nowhere.frames", *words)
        self.assertEqual(self.pid("exchange"), exchange)

    def test_one_that_is_ended_in_the_battle_is_not_started_again(self):
        self.bots(f"for path in pathlib.Path({str(self.stack.run)!r}).iterdir(): os.kill(json.loads(path.read_text())['pid'], 9)")
        self.play()
        self.assertEqual(self.running(), set())

    def test_one_on_the_real_exchange_is_refused_and_left_alone(self):
        self.stack.up(live=True)
        pids = {name: self.pid(name) for name in ("exchange", "market", "web")}
        for words in ((), ("--once",)):
            with self.assertRaisesRegex(Failed, "real exchange"):
                self.play(*words)
        self.assertEqual({name: self.pid(name) for name in pids}, pids)
