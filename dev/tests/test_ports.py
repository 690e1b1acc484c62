"""The port plan, and the name of whoever holds a taken port."""

import contextlib
import os
import socket
import sys
import unittest
from unittest import mock

import ports
from errors import Failed


@contextlib.contextmanager
def listener():
    with socket.socket() as held:
        held.bind((ports.HOST, 0))
        held.listen()
        yield held.getsockname()[1]


class Plan(unittest.TestCase):
    def test_one_setting_moves_all_ports_together(self):
        with mock.patch.dict(os.environ, {ports.SETTING: "12000"}):
            moved = ports.plan()
        self.assertEqual({name: port - 12000 for name, port in moved.items()}, ports.OFFSETS)

    def test_the_gateway_is_on_8888_by_default(self):
        with mock.patch.dict(os.environ):
            os.environ.pop(ports.SETTING, None)
            self.assertEqual(ports.plan()["web"], 8888)

    def test_no_two_have_the_same_port(self):
        self.assertEqual(len(set(ports.OFFSETS.values())), len(ports.OFFSETS))

    def test_a_setting_that_is_no_usable_port_is_refused_by_name(self):
        for wrong in ("", "http", "80", "65530", "-1", "8880.5"):
            with mock.patch.dict(os.environ, {ports.SETTING: wrong}), self.assertRaisesRegex(Failed, ports.SETTING):
                ports.plan()


class Taken(unittest.TestCase):
    def test_a_listener_is_seen_and_named_with_its_process(self):
        with listener() as port:
            self.assertTrue(ports.taken(port))
            self.assertIn(f"process {os.getpid()} (", ports.holder(port))
            self.assertIn(os.path.basename(sys.executable), ports.holder(port))

    def test_a_closed_listener_leaves_its_port_free(self):
        with listener() as port:
            pass
        self.assertFalse(ports.taken(port))

    def test_the_refusal_names_port_use_holder_and_remedy(self):
        with listener() as port, self.assertRaises(Failed) as refusal:
            ports.refuse_taken({"web": port})
        for part in (str(port), "web", str(os.getpid()), ports.SETTING):
            self.assertIn(part, str(refusal.exception))

    def test_free_ports_are_all_different_and_free(self):
        chosen = ports.free_plan([f"server {number}" for number in range(50)])
        self.assertEqual(len(set(chosen.values())), 50)
        self.assertFalse(any(map(ports.taken, chosen.values())))

    def test_all_ports_from_a_free_base_on_are_free(self):
        self.assertFalse(any(map(ports.taken, ports.plan(ports.free_base()).values())))

    def test_a_held_port_is_not_chosen(self):
        with listener() as port, mock.patch.object(ports, "FREE_RANGE", range(port, port + 1)), \
                mock.patch.object(ports, "FREE_TRIES", 1), self.assertRaises(Failed):
            ports.free_plan(["web"])


if __name__ == "__main__":
    unittest.main()
