"""The demo's verdict and its arguments."""

import argparse
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import demo
from errors import Failed

GOOD = {"status": "CLOSED", "ledger_balanced": True, "money_conserved": True, "verified": True}


def options(*words):
    parser = argparse.ArgumentParser()
    demo.add_options(parser)
    return parser.parse_args(words)


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
