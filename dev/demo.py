"""The demo: starts the fleet, lets bots play one battle through the public API, and checks what came of it."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from decimal import Decimal
from pathlib import Path

import build
import fleet
import places
import stack
from errors import Failed

STAFF = "staff@battlesbit.example"
FOLDER = places.DEV / "demo"
MARKED_ASSETS = ("bitcoin", "ethereum")
# What the hot wallet is given for the costs of one demo, in lamports.
HOT_SOL = 10**9
# How many decimals USDT has.
USDT_DECIMALS = 6
CHAIN_SECONDS = 10
# What has to hold, by its figure of the summary; the last two where there is a chain.
CHECKS = ("ledger_balanced", "money_conserved", "verified", "withdrawn", "reconciled")

# What the programs behind the options accept; they would refuse only once everything runs.
PLAYERS = range(2, 100 + 1)
SECONDS = range(10, 86_400 + 1)
SEED = range(2**64)
SPEED = range(1, 2**32)


def run(options):
    """Plays the demo; returns the exit code.

    On a stack that is up, it plays there with a market of its own, and leaves the stack up with the market it had.
    """
    started = time.monotonic()
    arguments = exchange_arguments(options)
    local = stack.Stack()
    if local.is_live():
        raise Failed("the stack takes its prices from the real exchange, and the demo would take them away: ./just down first")
    was_up = local.is_up()
    stays_up = was_up and not options.once
    if was_up:
        say(options, f"a stack is up: the demo plays on it and {'leaves it up' if stays_up else 'stops it afterwards, as --once says'}")
    before, treasury, had_chain = local.told("exchange"), local.told("treasury"), local.has_chain()
    try:
        outcome = play(local, options, arguments, started)
        if not was_up and not options.once:
            keep_serving(local, options)
    except KeyboardInterrupt:
        say(options, "\nthe stack stays up" if stays_up else "\nstopping everything")
        return 130
    finally:
        if stays_up:
            local.start_as_before("exchange", before)
            if options.chain and not had_chain:
                local.close_chain(treasury)
        else:
            local.down()
    return 0 if outcome else 1


def add_options(parser):
    """Adds the demo's options to a parser."""
    parser.add_argument("--once", action="store_true", help="stop everything afterwards")
    parser.add_argument("--frames", type=Path, metavar="FILE", help="replay recorded frames, plain or gzip, instead of the seeded market")
    parser.add_argument("--speed", type=whole(SPEED), default=1, metavar="N", help="shorten the waits between frames N times")
    parser.add_argument("--players", type=whole(PLAYERS), default=8, metavar="N", help=f"how many bots play, {bounds(PLAYERS)}")
    parser.add_argument("--seconds", type=whole(SECONDS), default=40, metavar="N", help=f"how long the battle trades, {bounds(SECONDS)}")
    parser.add_argument("--seed", type=whole(SEED), default=1, metavar="N", help="what makes market and bots repeatable")
    parser.add_argument("--chain", action="store_true", help="fund the bots by deposits on a stand-in for Solana, and let a winner withdraw")
    parser.add_argument("--json", action="store_true", help="end with one JSON object and show nothing else")


def whole(allowed):
    """Reads a whole number within bounds."""
    def read(text):
        if not (text.isascii() and text.isdigit() and int(text) in allowed):
            raise argparse.ArgumentTypeError(f"expected a whole number {bounds(allowed)}, got {text}")
        return int(text)
    return read


def bounds(allowed):
    return f"from {allowed[0]} to {allowed[-1]}"


def say(options, text):
    """Tells the person at the terminal; with --json there is none."""
    if not options.json:
        print(text, flush=True)


def play(local, options, arguments, started):
    """Plays one battle on a stand-in with these arguments and shows what came of it; returns whether everything held."""
    say(options, "starting the fleet (the first time, this installs and builds what is missing)")
    local.up(exchange=arguments, chain=options.chain)
    say(options, f"  the fleet is ready after {time.monotonic() - started:.1f} s")
    battlesbit(local, "staff", "create", "--email", STAFF, "--role", "admin")
    if options.chain:
        ask_chain(local, "control/fund", {"address": fleet.HOT_WALLET, "coin": "SOL", "amount": HOT_SOL})
    report = let_bots_play(local, options)
    checks = check(local, options, report["battle"])
    if not options.json:
        show(checks)
    summary = {
        "battle": report["battle"],
        "status": report["status"],
        "players": len(report["players"]),
        **{key: report[key] for key in ("positions", "fills", "liquidations", "stops")},
        "ledger_balanced": checks["ledger"].returncode == 0,
        "money_conserved": checks["money"].returncode == 0,
        "verified": checks["verify"].returncode == 0,
        **{key: report[key] for key in ("achievements", "emails")},
        "elapsed_s": round(time.monotonic() - started, 1),
    }
    if options.chain:
        summary["withdrawn"] = arrived(local, options, report["withdrawal"])
        summary["reconciled"] = checks["chain"].returncode == 0
    if options.json:
        print(json.dumps(summary), flush=True)
    else:
        print(f"\n{'the demo held' if held(summary) else 'THE DEMO FAILED'} after {summary['elapsed_s']} s")
    return held(summary)


def held(summary):
    """Whether everything came out as it must: the exit code hangs on it."""
    return summary["status"] == "CLOSED" and all(summary[key] for key in CHECKS if key in summary)


def arrived(local, options, withdrawal):
    """Whether the wallet to which a winner has withdrawn holds that much on the chain, less what its account cost, and nothing else."""
    minor = int((Decimal(withdrawal["amount"]) - Decimal(withdrawal["fee"])).scaleb(USDT_DECIMALS))
    held = ask_chain(local, f"control/wallet/{withdrawal['address']}")["USDT"]
    say(options, f"  on the chain, {withdrawal['address']} holds {Decimal(held).scaleb(-USDT_DECIMALS).normalize():f} USDT")
    return held == minor


def ask_chain(local, what, asked=None):
    """What the stand-in for the chain answers."""
    body = None if asked is None else json.dumps(asked).encode()
    request = urllib.request.Request(f"{fleet.chain_url(local.plan)}/{what}", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=CHAIN_SECONDS) as response:
            return json.load(response)
    except OSError as cause:
        raise Failed(f"the chain does not answer {what}: {cause}") from None


def exchange_arguments(options):
    """The stand-in's arguments: recorded frames or its seeded market."""
    if options.frames is None:
        return ("--seed", str(options.seed), "--speed", str(options.speed))
    called_from = Path(os.environ.get("BATTLESBIT_CALLED_FROM") or os.getcwd())
    frames = called_from / options.frames
    if not frames.is_file():
        raise Failed(f"there is no file {frames} to replay")
    return ("--frames", str(frames), "--speed", str(options.speed))


def let_bots_play(local, options):
    """Runs the bots with nothing in their environment that leads past the public API; returns their report."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    report = FOLDER / "report.json"
    report.unlink(missing_ok=True)
    host = fleet.facts(local.plan)["host"]
    command = [
        build.BIN / "bots",
        "--api", f"http://{host}:{local.plan['web']}/graphql",
        "--mail", f"http://{host}:{local.plan['mail']}/",
        "--staff", STAFF,
        "--players", str(options.players),
        "--seconds", str(options.seconds),
        "--seed", str(options.seed),
        "--assets", ",".join(MARKED_ASSETS),
        "--report", report,
        *(["--chain", f"{fleet.chain_url(local.plan)}/"] if options.chain else []),
        *(["--quiet"] if options.json else []),
    ]
    outcome = subprocess.run(command, env={}, stdin=subprocess.DEVNULL)
    if outcome.returncode != 0 or not report.exists():
        raise Failed("the bots could not play the battle to its end: see above, and ./just logs")
    return json.loads(report.read_text())


def check(local, options, battle):
    """Checks the ledger, the battle's money, its record in a process that has the record alone, and the chain if there is one."""
    record = FOLDER / f"{battle}.record"
    battlesbit(local, "export", battle, "--out", str(record))
    return {
        "ledger": asked(local, "ledger", "check"),
        "money": asked(local, "ledger", "battle", battle),
        "verify": subprocess.run([build.BIN / "battlesbit", "verify", record], env={}, stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True),
        **({"chain": asked(local, "reconcile")} if options.chain else {}),
    }


def show(checks):
    """Prints what each check said."""
    print()
    for check_made in checks.values():
        for line in (check_made.stdout + check_made.stderr).strip().splitlines():
            print(f"  {line}")


def asked(local, *words):
    """Runs the operator's program and returns its outcome."""
    return subprocess.run([build.BIN / "battlesbit", *words], env=fleet.operator_environment(local.plan),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def battlesbit(local, *words):
    """Runs the operator's program, which has to succeed."""
    outcome = asked(local, *words)
    if outcome.returncode != 0:
        raise Failed(f"battlesbit {words[0]}: {(outcome.stderr or outcome.stdout).strip()}")


def keep_serving(local, options):
    """Leaves everything running until Ctrl-C."""
    say(options, "\neverything keeps serving; Ctrl-C stops it:")
    for name, address in local.places():
        say(options, f"  {name:<14}{address}")
    sys.stdout.flush()
    signal.pause()
