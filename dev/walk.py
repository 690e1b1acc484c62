"""Walks through the README's commands as a new user would, on a stack of its own, and checks what each of them does."""

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path

import build
import fleet
import places
import ports
import postgres
import probes
import servers
import suite
from errors import Failed

FIXTURE = places.ROOT / "tools" / "exchange" / "fixtures" / "seeded.frames"
SUMMARY = ["battle", "status", "players", "positions", "fills", "liquidations", "stops", "ledger_balanced", "money_conserved",
           "verified", "achievements", "emails", "elapsed_s"]
ON_A_CHAIN = ["withdrawn", "reconciled"]
# A transfer that the ledger's rules would never let pass: only a superuser can switch them off.
CROOKED = """SET session_replication_role = replica;
INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
SELECT gen_random_uuid(), debit_id, credit_id, unit, 1, 'single', 'gift', gen_random_uuid(), 'crooked', 'crooked'
FROM ledger_transfers WHERE unit = 'USDT' AND phase = 'single' LIMIT 1"""
LIMIT_SECONDS = 600
MAIL_TRIES = 100
NEWCOMER = "ada@example.org"


def run():
    """Takes the walk; fails at the first command that does not do what the README says."""
    with suite.private_folder() as folder:
        walk = Walk(folder)
        try:
            walk.look_around()
            battle = walk.replay_twice()
            walk.live_with_a_stack(battle)
            walk.play_and_interrupt()
            walk.play_on_a_chain()
            walk.find_a_crooked_row()
            walk.purge()
        finally:
            with contextlib.suppress(Failed):
                walk.just("down")


class Walk:
    """The commands, given to a stack below `folder` on free ports."""

    def __init__(self, folder):
        self.folder = folder
        self.base = ports.free_base()
        self.environment = {**os.environ, places.SETTING: str(folder), ports.SETTING: str(self.base)}

    def just(self, *words, code=0):
        """Runs a command, which has to end with the code, and returns what it printed."""
        print(f"$ ./just {' '.join(words)}", flush=True)
        try:
            outcome = subprocess.run([places.ROOT / "just", *words], env=self.environment, stdin=subprocess.DEVNULL,
                                     capture_output=True, text=True, timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"./just {' '.join(words)} did not end within {LIMIT_SECONDS} s") from None
        said = outcome.stdout + outcome.stderr
        check(outcome.returncode == code, f"./just {' '.join(words)} ended with {outcome.returncode} instead of {code}:\n{said}")
        return outcome.stdout

    def look_around(self):
        recipes = self.just()
        for name in re.findall(r"^([a-z]+)(?: [*a-z]+)?:$", (places.ROOT / "justfile").read_text(), re.MULTILINE):
            check(name == "default" or re.search(rf"^ +{name} .*# \S", recipes, re.MULTILINE), f"the recipes listed lack {name}")
        check("rustc" in self.just("doctor"), "doctor does not mention the compiler")
        for name in build.PROGRAMS:
            version = subprocess.run([build.BIN / name, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            check(re.fullmatch(rf"{name} \d+\.\d+\.\d+\n", version.stdout), f"{name} --version says {version.stdout!r}")

    def replay_twice(self):
        """Replays recorded frames, and again on what that left behind; returns the last battle."""
        frames = suite.real_frames() or FIXTURE
        options = ("--frames", str(frames), "--players", "4", "--seconds", "10")
        battles = [self.play(*options)["battle"] for _ in range(2)]
        check(battles[0] != battles[1], "the second demo showed the first one's battle")
        self.nothing_runs()
        return battles[1]

    def play(self, *options, code=0):
        """Plays a demo for the machine and returns its summary."""
        summary = json.loads(self.just("demo", "--once", "--json", *options, code=code).splitlines()[-1])
        expected = SUMMARY + (ON_A_CHAIN if "--chain" in options else [])
        check(list(summary) == expected, f"the demo's summary has other keys: {summary}")
        check(summary["status"] == "CLOSED" and summary["fills"] > 0, f"the demo played {summary}")
        return summary

    def play_on_a_chain(self):
        """Plays for money on a chain, and again on the chain that this left behind."""
        for _ in range(2):
            summary = self.play("--chain", "--players", "2", "--seconds", "10")
            check(all(summary[key] for key in ON_A_CHAIN), f"the demo on a chain played {summary}")
        self.nothing_runs()

    def find_a_crooked_row(self):
        """A row that does not balance, put past every rule, makes the demo fail and say so."""
        self.just("up")
        local = servers.Servers(self.folder, ports.plan(self.base))
        probes.execute(local.plan["postgres"], postgres.SUPERUSER, local.password, fleet.DATABASE, CROOKED)
        summary = self.play("--players", "2", "--seconds", "10", code=1)
        found = {key: summary[key] for key in ("ledger_balanced", "money_conserved", "verified")}
        check(found == {"ledger_balanced": False, "money_conserved": True, "verified": True}, f"the demo found {found}")

    def live_with_a_stack(self, battle):
        said = self.just("up")
        address = re.search(r"^GraphQL +(\S+)$", said, re.MULTILINE).group(1)
        first = self.processes()
        self.just("up")
        check(self.processes() == first, "a second up started something anew")
        ask(address, f'mutation {{ requestEmailVerificationCode(email: "{NEWCOMER}") {{ expiresIn }} }}')
        self.find_mail()
        check(battle in self.just("verify", battle), "verify does not name the battle")
        self.download(address.removesuffix("graphql") + f"records/{battle}", battle)
        check("web " in self.just("logs", "web"), "logs web shows no line of web's")
        self.just("migrate")
        self.just("restart", "web")
        changed = {name for name, pid in self.processes().items() if first[name] != pid}
        check(changed == {"web"}, f"restart web started {changed or 'nothing'} anew")
        self.just("down")
        self.nothing_runs()

    def download(self, address, battle):
        """Verifies the public record of a battle by its address, and downloaded."""
        check(battle in self.just("verify", address), "verify does not name the battle of an address")
        with tempfile.NamedTemporaryFile(suffix=".record") as file, urllib.request.urlopen(address, timeout=30) as record:
            file.write(record.read())
            file.flush()
            check(json.loads(self.just("verify", file.name, "--json"))["verified"], "verify --json does not say so")
            self.just("verify", file.name, "--sha256", "beef", code=1)
        self.just("verify", f"{address}0", code=2)

    def find_mail(self):
        """Waits for the newcomer's mail, which is on its way."""
        for _ in range(MAIL_TRIES):
            if f"to {NEWCOMER}: " in self.just("mail"):
                return
        raise Failed(f"no mail came for {NEWCOMER}")

    def play_and_interrupt(self):
        """Plays the demo as it comes and ends it with Ctrl-C once it serves."""
        print("$ ./just demo, then Ctrl-C", flush=True)
        demo = subprocess.Popen([places.ROOT / "just", "demo"], env=self.environment, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        guard = threading.Timer(LIMIT_SECONDS, os.killpg, (demo.pid, signal.SIGKILL))
        guard.start()
        said = ""
        for line in demo.stdout:
            said += line
            if line.startswith("everything keeps serving"):
                # A terminal interrupts all that it shows.
                os.killpg(demo.pid, signal.SIGINT)
        code = demo.wait()
        guard.cancel()
        print(said, flush=True)
        check(code == 130, f"the interrupted demo ended with {code}")
        check("the demo held" in said, "the demo did not hold")
        tally = re.search(r"(\d+) liquidations, (\d+) stops", said)
        check(tally and all(int(number) > 0 for number in tally.groups()), "the demo had no liquidation or no stop")
        self.nothing_runs()

    def purge(self):
        self.just("down", "--purge")
        check(not self.folder.exists(), f"down --purge left {sorted(self.folder.rglob('*'))[:10]}")

    def processes(self):
        """The pid of every process of the stack, all of which have to be ready."""
        said = self.just("status")
        check("no dead letters" in said, f"status:\n{said}")
        rows = [line.split() for line in said.splitlines()]
        found = {row[0]: row[4] for row in rows if row[1:2] == ["ready"]}
        check(len(found) == len(servers.NAMES) + len(fleet.PROGRAMS), f"status:\n{said}")
        return found

    def nothing_runs(self):
        """Fails if any process of this machine still belongs to the stack: what it was started with names the folder."""
        left = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.folder).encode() in (process / "environ").read_bytes():
                    left.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        check(not left, f"still running: {left}")


def ask(address, query):
    """Asks the API, which has to answer without an error."""
    request = urllib.request.Request(address, json.dumps({"query": query}).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    check("errors" not in answer, f"{query}: {answer}")


def check(condition, reason):
    if not condition:
        raise Failed(reason)
