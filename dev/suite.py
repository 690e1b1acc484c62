"""Private servers for tests: on free ports below one folder, told to the tests through the environment."""

import contextlib
import json
import shlex
import shutil
import tempfile
from pathlib import Path

import build
import places
import ports
import postgres
import servers
import tools
from errors import Failed

PREFIX = "BATTLESBIT_TEST_"
PURE_CRATES = ("domain", "contracts")


def up(folder):
    """Starts private servers below `folder` and returns the environment that tests need."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "ports.json"
    if not kept.exists():
        kept.write_text(json.dumps(ports.free_plan(servers.PORTS)))
    private = servers.Servers(folder, json.loads(kept.read_text()))
    private.up()
    return {
        f"{PREFIX}POSTGRES_URL": private.postgres_url(),
        f"{PREFIX}NATS_URL": private.nats_url(),
        f"{PREFIX}REDIS_URL": private.redis_url(),
        f"{PREFIX}TEMPORAL_URL": private.temporal_url(),
        f"{PREFIX}BIN_DIR": str(places.target() / "debug"),
        f"{PREFIX}TOOLS_DIR": str(wrap_tools(folder.resolve())),
    }


def down(folder):
    """Ends the private servers below `folder`."""
    return servers.Servers(folder, {}).down()


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
    with contextlib.ExitStack() as cleanup:
        folder = Path(tempfile.mkdtemp(prefix="battlesbit-test-"))
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        cleanup.callback(down, folder)
        with build.output_folder():
            build.build()
            environment = up(folder)
            if build.cargo("test", "--workspace", *options, environment=environment).returncode != 0:
                raise Failed("a test failed")


def run_unit(options):
    """Runs the tests that need no servers."""
    with build.output_folder():
        if build.cargo("test", *(f"--package={crate}" for crate in PURE_CRATES), *options).returncode != 0:
            raise Failed("a test failed")
