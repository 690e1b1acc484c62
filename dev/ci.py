"""Every check that a change must pass, each step timed; `bare` runs them as on a fresh machine."""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import build
import graphql
import places
import suite
from errors import Failed

# The programs that a user must bring, and those of coreutils and a shell which every system has.
PROMISED = ("git", "cargo", "rustc", "rustdoc", "rustfmt", "cargo-fmt", "cargo-clippy", "clippy-driver", "cc", "as", "ld", "ar",
            "python3", "node", "npm", "npx")
COREUTILS = ("sh", "env", "cat", "chmod", "cp", "date", "dirname", "basename", "expr", "head", "id", "ln", "ls", "mkdir", "mktemp",
             "mv", "nice", "pwd", "readlink", "rm", "rmdir", "sort", "stat", "tail", "tee", "touch", "tr", "true", "uname", "wc",
             "grep", "sed", "tar")
# What clippy is told.
STRICT = ("-D", "warnings")
# How this machine reaches the package registries is no tool and stays.
KEPT_SETTINGS = ("PIP_", "NPM_CONFIG_", "CARGO_REGISTRIES_", "CARGO_HTTP_", "CARGO_NET_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
                 "CI", "LANG", "TERM", "BATTLESBIT_")


def run(arguments):
    """Runs the steps in order and prints the time of each; all run, so that one fault does not hide another."""
    if os.environ.get("CI"):
        # Nobody builds here after an edit: what an incremental build keeps for the next would be kept for nothing.
        os.environ.setdefault("CARGO_INCREMENTAL", "0")
    return bare() if arguments.bare else run_steps(steps())


def run_steps(groups):
    """Runs the groups in order, and the steps of one at once, the first of them here, where a signal arrives.

    Without a build the steps behind it would only repeat its fault.
    """
    begun, times, failed = time.monotonic(), [], []

    def run_one(name, step):
        print(f"── {name}", flush=True)
        started = time.monotonic()
        try:
            step()
        except Failed as failure:
            print(f"error: {name}: {failure}", flush=True)
            failed.append(name)
        times.append((name, time.monotonic() - started))

    for first, *others in groups:
        with concurrent.futures.ThreadPoolExecutor(1 + len(others)) as pool:
            beside = [pool.submit(run_one, *step) for step in others]
            run_one(*first)
            for running in beside:
                running.result()
        if "build" in failed:
            break
    print(f"── {'failed: ' + ', '.join(failed) if failed else 'passed'}", flush=True)
    for name, seconds in [*times, ("all", time.monotonic() - begun)]:
        print(f"{name:<12}{seconds:7.1f} s")
    return 1 if failed else 0


def report(name, command, environment=None):
    """Runs a command, prints in one piece what it said, and answers whether it ended well."""
    outcome = subprocess.run(command, cwd=places.ROOT, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    print(f"── {name}\n{outcome.stdout.strip()}\n", flush=True)
    return outcome.returncode == 0


def check(condition, reason):
    if not condition:
        raise Failed(reason)


def python_tests():
    passed = report("python said", [sys.executable, "-m", "unittest", "discover", "--buffer", "--start-directory", "dev/tests",
                                    "--top-level-directory", "dev"])
    check(passed, "a test of the Python tooling failed")


def formatting():
    check(build.cargo("fmt", "--all", "--check").returncode == 0, "the code is not formatted: cargo fmt --all")
    validator = build.cargo("fmt", f"--manifest-path={build.VALIDATOR}", "--check")
    check(validator.returncode == 0, f"the code is not formatted: cargo fmt --manifest-path {build.VALIDATOR}")


def compile_workspace():
    with build.output_folder():
        build.build()


def tidy():
    outcome = subprocess.run([build.BIN / "xtask", "tidy"], cwd=places.ROOT, stdin=subprocess.DEVNULL)
    check(outcome.returncode == 0, "the workspace is not tidy")


def clippy():
    with build.output_folder():
        outcomes = [build.cargo("clippy", *crates, "--all-targets", "--quiet", "--", *STRICT, politely=True)
                    for crates in (("--workspace",), (f"--manifest-path={build.VALIDATOR}", "--locked"))]
    check(all(outcome.returncode == 0 for outcome in outcomes), "clippy found something")


def docs():
    with build.output_folder():
        # Beside the pages of crates that are gone or another clone's every page takes longer to write.
        shutil.rmtree(places.target() / "doc", ignore_errors=True)
        outcome = build.cargo("doc", "--workspace", "--no-deps", "--document-private-items", "--quiet", politely=True,
                              environment={"RUSTDOCFLAGS": "-D warnings", **checked_by_clippy()})
    check(outcome.returncode == 0, "the docs have a fault")


def checked_by_clippy():
    """What clippy tells cargo to check crates with: given the same, rustdoc takes what clippy has checked, else all is checked once more."""
    driver = toolchain() / "bin" / "clippy-driver"
    return {"RUSTC_WORKSPACE_WRAPPER": str(driver), "CLIPPY_ARGS": "".join(f"{word}__CLIPPY_HACKERY__" for word in STRICT)}


def generate():
    """Writes every generated file; the client's follow from the schema."""
    outcome = subprocess.run([build.BIN / "xtask", "generate"], cwd=places.ROOT, stdin=subprocess.DEVNULL)
    check(outcome.returncode == 0, "generating failed")
    graphql.generate()


def generated():
    before = tree_state()
    generate()
    check(tree_state() == before, "generated files differ from their sources: ./just generate, then commit")


def tree_state():
    """What differs from the last commit, new files included."""
    state = []
    for command in (["git", "diff", "HEAD"], ["git", "status", "--porcelain"]):
        outcome = subprocess.run(command, cwd=places.ROOT, stdin=subprocess.DEVNULL, capture_output=True)
        check(outcome.returncode == 0, f"{' '.join(command)} failed: {outcome.stderr.decode().strip()}")
        state.append(outcome.stdout)
    return state


def tests():
    suite.run([])


def clippy_and_docs():
    faults = []
    for step in (clippy, docs):
        try:
            step()
        except Failed as failure:
            faults.append(str(failure))
    check(not faults, "; ".join(faults))


def walk():
    passed = report("walk said", [sys.executable, "dev", "walk"], {build.BUILT: "yes"})
    check(passed, "a command of the README does not do what it says")


LINT = ((("format", formatting),), (("build", compile_workspace),), (("tidy", tidy),), (("graphql", graphql.check),), (("clippy", clippy),), (("docs", docs),))


def steps():
    """Every step. The tests have the machine to themselves: on a full one their fleets wait longer than a player would."""
    beside = (("walk", walk), ("lint", clippy_and_docs), ("python", python_tests), ("graphql", graphql.check))
    return (*LINT[:3], (("generated", generated),), (("test", tests),), beside)


def lint():
    """Runs the steps that look at the code without running it."""
    return run_steps(LINT)


def bare():
    """Runs the steps with nothing but the promised tools on PATH, an empty home and no cached tools."""
    with tempfile.TemporaryDirectory(prefix="battlesbit-bare-") as folder:
        tools, home = Path(folder) / "bin", Path(folder) / "home"
        tools.mkdir()
        home.mkdir()
        for name in (*PROMISED, *COREUTILS):
            source = promised_tool(name)
            if source:
                (tools / name).symlink_to(source)
        environment = {key: value for key, value in os.environ.items() if key.upper().startswith(KEPT_SETTINGS)}
        environment.update(PATH=str(tools), HOME=str(home), BATTLESBIT_SERVERS="wheels", PYTHONDONTWRITEBYTECODE="1")
        return subprocess.run([places.ROOT / "just", "ci"], env=environment, cwd=places.ROOT, stdin=subprocess.DEVNULL).returncode


def promised_tool(name):
    """Where the tool itself lies, behind the managers of versions that need a home of their own."""
    if name == "python3":
        return Path(sys.executable).resolve()
    if name.startswith(("cargo", "rust", "clippy")):
        found = toolchain() / "bin" / name
        return found if found.exists() else None
    found = shutil.which(name)
    return Path(found).resolve() if found else None


def toolchain():
    """Where the compiler and its companions are installed."""
    return Path(subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True).stdout.strip())
