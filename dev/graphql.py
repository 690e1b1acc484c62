"""What npm's tools make of the schema: what they check, and the typed client that they write."""

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import clients
import places
from errors import Failed

FOLDER = places.ROOT / "graphql"
CHECKS = FOLDER / "checks"
CLIENT = FOLDER / "client"
# The schema, and the one that clients were promised.
SCHEMA = "schema.graphql"
PROMISED = "promised.graphql"
# What the generator writes, and where we keep it.
WRITTEN = {"graphql.ts": CLIENT / "src" / "operations.ts", "persisted-documents.json": FOLDER / "documents.json"}


def generate():
    """Writes the typed operations of the client, and the documents that it names by their ids."""
    with copied(CLIENT) as client:
        run(client, "graphql-codegen", "--config", "codegen.json")
        for name, kept in WRITTEN.items():
            shutil.copyfile(client / "generated" / name, kept)
    promise()


def promise():
    """Promises what the schema has got, unless it breaks what was promised: then the check says what."""
    with contextlib.suppress(Failed):
        breaking()
        shutil.copyfile(FOLDER / SCHEMA, FOLDER / PROMISED)


def check():
    """Runs every check of the schema and of the client; all run, so that one fault does not hide another."""
    faults = []
    for one in (lint, relay, breaking, compile_client):
        try:
            one()
        except Failed as failure:
            faults.append(str(failure))
    if faults:
        raise Failed("\n".join(faults))


def lint():
    with copied(CHECKS) as checks:
        beside(checks)
        run(checks, "eslint", "--max-warnings", "0", SCHEMA, "operations")


def relay():
    with copied(CHECKS) as checks:
        beside(checks)
        artifacts = checks / "artifacts"
        artifacts.mkdir()
        run(checks, "relay-compiler", "relay.config.json")
        if not any(artifacts.iterdir()):
            raise Failed("relay-compiler compiled nothing")


def breaking():
    with copied(CHECKS) as checks:
        run(checks, "node", "breaking.mjs", f"../{PROMISED}", f"../{SCHEMA}")


def compile_client():
    """Compiles the client, and what its page shows of it."""
    with copied(CLIENT) as client:
        shown = (client / "README.md").read_text().split("```ts\n")[1].split("```")[0]
        given = "declare const email: string, verificationCode: string;\n"
        (client / "examples" / "shown.ts").write_text(shown.replace("\n\n", f"\n\n{given}", 1))
        run(client, "tsc")


def compiled_client():
    """The client as it is published, with its packages beside it: compiled once into the user's cache."""
    return clients.installed(CLIENT, "the typed client", lambda folder: run(folder, "tsc"))


@contextlib.contextmanager
def copied(source):
    """A copy of a folder below `graphql` in a copy of that, with the packages that it names."""
    packages = clients.installed(source, f"the packages of {source.relative_to(places.ROOT)}", only=("package.json", "package-lock.json"))
    with tempfile.TemporaryDirectory(prefix="battlesbit-graphql-") as folder:
        root = Path(folder) / FOLDER.name
        shutil.copytree(FOLDER, root, ignore=shutil.ignore_patterns("node_modules", "dist"))
        copy = root / source.name
        (copy / "node_modules").symlink_to(packages / "node_modules")
        yield copy


def beside(checks):
    """Puts the schema and the operations into the copy: the tools look below their own folder alone."""
    shutil.copyfile(checks.parent / SCHEMA, checks / SCHEMA)
    shutil.copytree(checks.parent / "operations", checks / "operations")


def run(folder, tool, *arguments):
    """Runs a tool of the folder's packages, or node itself."""
    command = tool if tool == "node" else folder / "node_modules" / ".bin" / tool
    try:
        outcome = subprocess.run([command, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, errors="replace")
    except FileNotFoundError:
        raise Failed(f"{tool} is missing: the checks of the schema need Node 20 or newer") from None
    if outcome.returncode != 0:
        raise Failed(f"{tool} finds fault with the schema or its operations:\n{outcome.stdout.strip()}")
