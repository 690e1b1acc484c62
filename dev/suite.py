"""Private servers for tests: on free ports below one folder, told to the tests through the environment."""

import concurrent.futures
import contextlib
import fcntl
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import build
import clients
import graphql
import places
import ports
import postgres
import processes
import servers
import tools
from errors import Failed

PREFIX = "BATTLESBIT_TEST_"
BIN_DIR = f"{PREFIX}BIN_DIR"
FOLDERS = "test-"
# Locked in its folder by the run that lives.
ALIVE = "alive"
FRAMES = f"{PREFIX}FRAMES"
# How many test programs run at once, and how many tests of each. A test of a whole fleet is ten processes: where too many run, a server
# gets no core for seconds, and whatever has a limit fails with it.
AT_ONCE = 2
THREADS = os.cpu_count() or 1
SOAK = ("--position-ticks", "100000000")
# What the ledger's soak takes, by the setting that the test reads.
LEDGER_SOAK = {"--operations": (f"{PREFIX}LEDGER_OPERATIONS", "1000000"), "--seed": (f"{PREFIX}LEDGER_SEED", "1")}
# A file system in memory, and what the tests' servers may come to hold there. A disk that stalls for seconds makes prices stale and
# leases end, and what tests keep is gone with them anyway.
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 8 << 30
# Its own tests try the servers that it starts for others.
NEEDS_SERVERS = "testkit"


class Program(NamedTuple):
    """A test program, and the folder of its crate, in which it runs."""

    name: str
    path: Path
    folder: Path


def up(folder, outlives_the_machine=True):
    """Starts private servers below `folder` and returns the environment that tests and benchmarks need."""
    folder.mkdir(parents=True, exist_ok=True)
    if not outlives_the_machine:
        keep_in_memory(folder / "data")
    kept = folder / "ports.json"
    if not kept.exists():
        kept.write_text(json.dumps(ports.free_plan(servers.PORTS)))
    private = servers.Servers(folder, json.loads(kept.read_text()), outlives_the_machine)
    private.up()
    return {
        f"{PREFIX}POSTGRES_URL": private.postgres_url(),
        f"{PREFIX}NATS_URL": private.nats_url(),
        f"{PREFIX}REDIS_URL": private.redis_url(),
        f"{PREFIX}TEMPORAL_URL": private.temporal_url(),
        BIN_DIR: str(places.target() / "debug"),
        f"{PREFIX}TOOLS_DIR": str(wrap_tools(folder.resolve())),
    }


def keep_in_memory(data):
    """Lets `data` lead to a folder in memory, where there is room for what the tests' servers hold."""
    if data.exists() or not MEMORY.is_dir() or min(shutil.disk_usage(MEMORY).free, available_memory() // 2) < MEMORY_BYTES:
        return
    data.symlink_to(tempfile.mkdtemp(prefix="battlesbit-", dir=MEMORY))


def available_memory():
    """The bytes of memory that nobody needs; none where the system does not say."""
    with contextlib.suppress(FileNotFoundError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return 0


def down(folder):
    """Ends all that runs below `folder`."""
    return processes.stop(folder / "run", processes.names(folder / "run"))


def wrap_tools(folder):
    """Makes a folder of commands that start the servers' programs, as root too, for tests that spawn servers of their own."""
    way = postgres.kept_way(folder / "data" / "postgres")
    binaries = postgres.reachable(way, tools.postgres().path)
    redis = tools.redis().path
    commands = {
        "nats-server": [tools.nats().path],
        "temporal": [tools.temporal().path],
        "redis-server": [redis],
        "redis-cli": [redis.parent / "redis-cli"],
        **{name: [*way.prefix, binaries / name] for name in ("postgres", "initdb", "pg_ctl")},
    }
    wrapped = folder / "tools"
    wrapped.mkdir(exist_ok=True)
    for name, command in commands.items():
        if name == "redis-cli" and not command[0].exists():
            continue
        script = wrapped / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(str(part) for part in command)} "$@"\n')
        script.chmod(0o755)
    return wrapped


def write_environment(path, environment):
    """Writes the environment as lines that a shell can source."""
    path.write_text("".join(f"export {key}={shlex.quote(value)}\n" for key, value in environment.items()))


def run(options):
    """Builds, runs every test of the workspace on private servers, and ends those whatever happens."""
    with private_folder() as folder, build.output_folder():
        build.build()
        build.build_validator()
        # Tests end processes, never the machine, and every one of them makes a database.
        environment = {**os.environ, **up(folder, outlives_the_machine=False), **extras(), f"{PREFIX}CLIENTS_DIR": str(clients.install()),
                       f"{PREFIX}TYPED_CLIENT_DIR": str(graphql.compiled_client())}
        if options:
            check(build.cargo("test", "--workspace", "--no-fail-fast", *options, environment=environment).returncode == 0)
        else:
            run_all({"RUST_TEST_THREADS": str(THREADS), **environment})


def run_all(environment):
    """Runs each test program once it is compiled, several at once, then the examples in the docs; prints what each says when it ends."""
    def run_one(program):
        outcome = subprocess.run([program.path], cwd=program.folder, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        print(f"── {program.name}\n{outcome.stdout.strip()}\n", flush=True)
        return outcome.returncode == 0

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        # The examples of crates are no tests: clippy looks at them.
        with build.started("test", "--workspace", "--tests", "--no-run", "--message-format=json-render-diagnostics") as compiler:
            running = [pool.submit(run_one, program) for program in map(test_program, compiler.stdout) if program]
        documented = build.cargo("test", "--workspace", "--doc", "--quiet", environment=environment).returncode == 0
    check(compiler.returncode == 0 and documented and all(one.result() for one in running))


def test_program(line):
    """The test program that a line of cargo's messages tells of, or None."""
    message = json.loads(line) if line.startswith("{") else {}
    if not message.get("executable") or not message.get("profile", {}).get("test"):
        return None
    folder = Path(message["manifest_path"]).parent
    return Program(f"{folder.name}: {message['target']['name']}", Path(message["executable"]), folder)


def check(passed):
    if not passed:
        raise Failed("a test failed")


def extras():
    """What some tests use where this machine has it; says what is left out without it."""
    frames = real_frames()
    print(f"recorded frames of the real exchange: {frames or f'none, {FRAMES} names no file: only the fixture plays'}", flush=True)
    if not shutil.which("curl"):
        print("curl is not installed: it does not play", flush=True)
    return {FRAMES: str(frames)} if frames else {}


def real_frames():
    """Recorded frames of the real exchange: those that the setting names, else some that lie beside the clone."""
    named = os.environ.get(FRAMES)
    found = [Path(named)] if named else sorted(places.ROOT.parent.glob("*/data/*.frames.gz"))
    return found[0] if found else None


@contextlib.contextmanager
def private_folder():
    """A folder for private processes, which are ended and deleted with it when the block ends."""
    sweep()
    places.DEV.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDERS, dir=places.DEV))
    with open(folder / ALIVE, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            with processes.unbroken():
                remove(folder)


def sweep():
    """Ends and deletes what a run left behind because it was killed."""
    for folder in places.DEV.glob(f"{FOLDERS}*"):
        with contextlib.suppress(BlockingIOError, FileNotFoundError), open(folder / ALIVE, "r+") as lock:
            # A run that lives holds its lock.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(folder)


def remove(folder):
    down(folder)
    shutil.rmtree((folder / "data").resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def run_unit(options):
    """Runs the tests that need no servers: those that stand beside the code."""
    with build.output_folder():
        if build.cargo("test", "--workspace", f"--exclude={NEEDS_SERVERS}", "--lib", "--bins", *options).returncode != 0:
            raise Failed("a test failed")


def soak(options):
    """Plays random matches on the engine and on a naive one, or with `ledger` as the first word random transactions on the ledger and on
    maps in memory, which have to agree on everything."""
    if options[:1] == ["ledger"]:
        soak_ledger(ledger_settings(options[1:]))
        return
    with build.output_folder():
        if build.cargo("run", "--release", "--quiet", "--package=domain", "--example=oracle", "--", *(options or SOAK)).returncode != 0:
            raise Failed("the engines differ, or a case was not met")


def soak_ledger(settings):
    with private_folder() as folder, build.output_folder():
        # The test ends sessions, never the machine.
        environment = {**os.environ, **up(folder, outlives_the_machine=False), **settings}
        if build.cargo("test", "--release", "--quiet", "--package=store", "--test=it", "--", "ledger_model", "--nocapture",
                       environment=environment).returncode != 0:
            raise Failed("the ledger is not as the reference says, or a case was not met")


def ledger_settings(words):
    """The settings of the ledger's soak, those that `words` give and those that they leave out."""
    given = dict(zip(words[::2], words[1::2]))
    if len(words) % 2 or not set(given) <= set(LEDGER_SOAK):
        raise Failed(f"expected {' N, '.join(LEDGER_SOAK)} N, found {' '.join(words)}")
    return {setting: given.get(word, usual) for word, (setting, usual) in LEDGER_SOAK.items()}
