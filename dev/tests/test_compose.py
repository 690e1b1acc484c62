"""docker-compose.yml starts the servers that `up` starts: same versions, same ports, on the loopback address."""

import json
import re
import unittest

import places
import ports
import servers
import tools
import wheels

LINE = re.compile(r"( *)(- )?(?:([\w-]+):(?: |$))?(.*)$")


def parse(text):
    """Reads the part of YAML that the file keeps to: maps by indentation, lists of scalars, JSON lists; anything else fails."""
    lines = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if lines and lines[-1].count("[") > lines[-1].count("]"):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return parse_block(lines, 0)


def parse_block(lines, indent):
    """Takes the lines of one indentation off the front."""
    found = None
    while lines:
        spaces, dash, key, rest = LINE.match(lines[0]).groups()
        if len(spaces) < indent:
            break
        if len(spaces) > indent:
            raise ValueError(f"unexpected indentation: {lines[0]!r}")
        lines.pop(0)
        if dash and key is None:
            found = [] if found is None else found
            found.append(scalar(rest))
        elif key and not dash:
            found = {} if found is None else found
            if key in found:
                raise ValueError(f"{key} stands twice")
            found[key] = scalar(rest) if rest else parse_block(lines, indent + 2)
        else:
            raise ValueError(f"not understood: {lines[0]!r}")
    return found


def scalar(text):
    """A JSON value, or a plain word."""
    if text[:1] in ('"', "["):
        return json.loads(text)
    if re.search(r"[{}\[\]&*!|>'%@`#]|: ", text):
        raise ValueError(f"not understood: {text!r}")
    return text


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = parse((places.ROOT / "docker-compose.yml").read_text())

    def image_version(self, name):
        return tools.numbers(self.file["services"][name]["image"].partition(":")[2])

    def test_it_has_the_servers_of_the_stack_and_no_others(self):
        self.assertEqual(sorted(self.file["services"]), sorted(servers.NAMES))

    def test_every_port_is_that_of_the_plan_and_on_the_loopback_address(self):
        for name, service in self.file["services"].items():
            published = [port.rsplit(":", 1)[0] for port in service["ports"]]
            planned = [f"{ports.HOST}:{ports.DEFAULT_BASE + ports.OFFSETS[port]}" for port in servers.PORTS_OF[name]]
            self.assertEqual(published, planned, name)

    def test_the_pinned_servers_have_the_pinned_version(self):
        self.assertEqual(self.image_version("nats"), tools.numbers(wheels.NATS.version))
        self.assertEqual(self.image_version("temporal"), tools.numbers(wheels.TEMPORAL.version))

    def test_the_others_are_new_enough(self):
        self.assertGreaterEqual(self.image_version("postgres"), (tools.OLDEST_POSTGRES,))
        self.assertGreaterEqual(self.image_version("redis"), tools.OLDEST_REDIS)

    def test_every_volume_and_secret_that_is_used_is_declared(self):
        for service in self.file["services"].values():
            for volume in service.get("volumes", []):
                self.assertIn(volume.partition(":")[0], self.file["volumes"])
            for secret in service.get("secrets", []):
                self.assertIn(secret, self.file["secrets"])

    def test_what_is_no_such_yaml_is_refused(self):
        for broken in ("a:\n    b: c", "a: {b: c}", "a: b\na: c", "a: 'b'"):
            with self.assertRaises(ValueError, msg=broken):
                parse(broken)


if __name__ == "__main__":
    unittest.main()
