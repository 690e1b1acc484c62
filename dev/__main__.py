"""The commands behind the justfile: `python3 dev <command>`."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import bench
import build
import ci
import demo
import doctor
import fleet
import logs
import places
import processes
import stack
import suite
import tools
import walk
from errors import Failed


def main():
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    arguments = parser().parse_args()
    try:
        sys.exit(arguments.run(arguments))
    except Failed as failure:
        sys.exit(f"error: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stdout = None
        sys.exit(0)


def parser():
    everything = argparse.ArgumentParser(prog="./just", description=__doc__)
    commands = everything.add_subparsers(dest="command", required=True, metavar="command")

    def command(name, run, **flags):
        """Adds a command whose flags are either on or off."""
        made = commands.add_parser(name)
        for flag, text in flags.items():
            made.add_argument(f"--{flag}", action="store_true", help=text)
        made.set_defaults(run=run)
        return made

    def passed_on(name, run):
        """Adds a command whose words all go to another program: none is an option of ours."""
        made = commands.add_parser(name, prefix_chars="\0", add_help=False)
        made.add_argument("options", nargs=argparse.REMAINDER)
        made.set_defaults(run=lambda arguments: run(arguments.options))

    command("up", up, live="prices of the real exchange")
    command("down", down, purge="delete all data too")
    command("restart", restart).add_argument("service", nargs="*")
    command("status", status)
    command("logs", show_logs, follow="go on with the lines to come").add_argument("service", nargs="*")
    command("mail", mail)
    command("doctor", check_machine)
    passed_on("unit", suite.run_unit)
    passed_on("test", test)
    passed_on("soak", suite.soak)
    command("lint", lambda arguments: ci.lint())
    command("ci", ci.run, bare="as on a fresh machine")
    command("generate", generate)
    command("migrate", lambda arguments: stack.Stack().migrate())
    passed_on("verify", verify)
    command("bench", lambda arguments: bench.run(arguments.name)).add_argument("name", nargs="?")
    demo.add_options(command("demo", demo.run))
    command("walk", lambda _: walk.run())
    command("tool", lambda arguments: print(tools.just().path)).add_argument("name", choices=["just"])
    servers = command("servers", private_servers)
    servers.add_argument("verb", choices=["up", "down"])
    servers.add_argument("--dir", type=Path, required=True)
    servers.add_argument("--env-file", type=Path)
    return everything


def test(options):
    """Runs the whole suite; with options, only what they make of the workspace's own tests."""
    if not options:
        ci.python_tests()
    suite.run(options)


def up(arguments):
    started = time.monotonic()
    local = stack.Stack()
    local.up(live=arguments.live)
    print(f"ready in {time.monotonic() - started:.1f} s")
    show(local.places())


def down(arguments):
    ended = stack.Stack().down(arguments.purge)
    print(f"stopped {', '.join(ended)}" if ended else "nothing was running")


def restart(arguments):
    local = stack.Stack()
    local.restart(arguments.service)
    show(local.places())


def status(_):
    local = stack.Stack()
    rows = local.status()
    show([("name", "state", "version", "port", "pid", ""), *rows])
    if processes.running(local.run, "postgres"):
        print(local.backlog())
    return 0 if all(state == "ready" for _, state, *_ in rows) else 1


def show_logs(arguments):
    local = stack.Stack()
    local.check_names(arguments.service)
    chosen = [local.logs / f"{name}.log" for name in arguments.service]
    logs.show(chosen or sorted(local.logs.glob("*.log")), arguments.follow)


def mail(_):
    for message in stack.Stack().messages():
        print(f"to {', '.join(message['to'])}: {message['subject']}\n{message['text'].strip()}\n")


def check_machine(_):
    rows = doctor.report()
    show(rows)
    return 0 if doctor.healthy(rows) else 1


def generate(_):
    with build.output_folder():
        build.build()
    ci.generate()


def verify(options):
    """Verifies a record by its file or address, or the battle of the stack by its id."""
    words = [str(called_from() / word) if (called_from() / word).is_file() else word for word in options]
    local = stack.Stack()
    environment = fleet.operator_environment(local.plan) if local.password_exists() else None
    if not (build.BIN / "battlesbit").exists():
        with build.output_folder():
            build.build()
    return subprocess.run([build.BIN / "battlesbit", "verify", *words], env=environment).returncode


def private_servers(arguments):
    if arguments.verb == "down":
        suite.down(arguments.dir)
        return
    environment = suite.up(arguments.dir)
    if arguments.env_file:
        suite.write_environment(arguments.env_file, environment)


def called_from():
    """The folder in which the user gave the command: paths that he names are meant from there."""
    return Path(os.environ.get("BATTLESBIT_CALLED_FROM") or os.getcwd())


def show(rows):
    """Prints rows in columns."""
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows)]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


if __name__ == "__main__":
    main()
