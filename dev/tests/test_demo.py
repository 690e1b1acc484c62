"""The demo's verdict and its arguments."""

import argparse
import contextlib
import io
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import demo
import places
from errors import Failed

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
        self.assertEqual((unsaid.once, unsaid.frames, unsaid.speed, unsaid.json), (False, None, 1, False))


class Verdict(unittest.TestCase):
    def test_a_closed_battle_whose_checks_all_passed_holds(self):
        self.assertTrue(demo.held(GOOD))

    def test_any_failed_check_fails_the_demo(self):
        for key in ("ledger_balanced", "money_conserved", "verified"):
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
