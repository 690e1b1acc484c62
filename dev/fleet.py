"""Our own programs of the local stack: the one table of what is started, on which ports and with which settings.

A value may name anything of `facts` in braces. `<SECTION>__<KEY>` is a setting of the service's config.default.toml; with
`_FILE` behind it, the service reads the value from that file.
"""

import hashlib
import json
import os
from dataclasses import dataclass, field

import build
import keys
import places
import ports

DATABASE = "battlesbit"

COMMON = {"MODE": "development", "HTTP__LISTEN": "{host}:{port}"}
POSTGRES = {"POSTGRES__URL": "postgres://{host}:{postgres}/" + DATABASE,
            "POSTGRES__PASSWORD_FILE": "{secrets}/postgres_{name}"}
NATS = {"NATS__URL": "nats://{host}:{nats}"}
REDIS = {"REDIS__URL": "redis://{host}:{redis}"}
TEMPORAL = {"TEMPORAL__URL": "http://{host}:{temporal}"}


@dataclass(frozen=True)
class Program:
    """A program of ours: `port` names the one that answers `ready`, `settings` are its service's own."""

    name: str
    port: str
    settings: dict = field(default_factory=dict)
    arguments: tuple = ()
    ready: str = "/readyz"
    other_ports: tuple = ()


@dataclass(frozen=True)
class Told:
    """What one start of a program tells it beyond its table: further arguments, and settings in place of the table's."""

    arguments: tuple = ()
    settings: dict = field(default_factory=dict)


TOOLS = (
    Program("exchange", "exchange", other_ports=("exchange_control",),
            arguments=("run", "--listen", "{host}:{exchange}", "--control", "{host}:{exchange_control}")),
    Program("mail", "mail", ready="/messages", other_ports=("smtp",),
            arguments=("--smtp", "{host}:{smtp}", "--http", "{host}:{mail}")),
)

SERVICES = (
    Program("market", "market", {**COMMON, **NATS, **REDIS,
                                 "EXCHANGE__STREAM_URL": "ws://{host}:{exchange}", "EXCHANGE__REST_URL": "http://{host}:{exchange}"}),
    Program("arena", "arena", {**COMMON, **POSTGRES, **NATS}),
    Program("matcher", "matcher", {**COMMON, **POSTGRES, **NATS}),
    Program("treasury", "treasury", {**COMMON, **POSTGRES, **NATS}),
    Program("achievement", "achievement", {**COMMON, **POSTGRES, **NATS, **TEMPORAL}),
    Program("notifications", "notifications", {**COMMON, **POSTGRES, **NATS, "SMTP__URL": "smtp://{host}:{smtp}"}),
    Program("web", "web", {**COMMON, **POSTGRES, **NATS, **REDIS,
                           "IDENTITY__SIGNING_KEY_FILE": "{secrets}/token_signing_key", "IDENTITY__CODE_KEY_FILE": "{secrets}/code_key",
                           # One machine signs everybody up here, demo after demo.
                           "LIMITS__CODES_PER_ADDRESS": "1000", "LIMITS__CODES_PER_IP": "10000", "LIMITS__LOGINS_PER_IP": "10000",
                           "LIMITS__IP_RATE": "1000", "LIMITS__IP_BURST": "10000"}),
)

PROGRAMS = TOOLS + SERVICES

# Stands in for a node of Solana where a chain is asked for. Its blocks come faster than real ones and are final sooner.
VALIDATOR = Program("validator", "validator",
                    arguments=("--listen", "{host}:{validator}", "--keep", "{data}/chain", "--slot-ms", "100", "--finality", "8",
                               "--validity", "600"))

# The stand-in for the chain makes its mint of a key that never changes.
USDT_MINT = "9hSR6S7WPtxmTojgo6GG3k4yDPecgJY292j7xrsUGWBu"

# What `migrate` and the other commands of the operator's program need.
OPERATOR = {
    "BATTLESBIT_POSTGRES_URL": "postgres://postgres:{postgres_password}@{host}:{postgres}/" + DATABASE,
    "BATTLESBIT_NATS_URL": "nats://{host}:{nats}",
    "BATTLESBIT_SECRETS_DIR": "{secrets}",
    "BATTLESBIT_CHAIN_URL": "http://{host}:{validator}",
    "BATTLESBIT_CHAIN_USDT_MINT": USDT_MINT,
}

SECRETS = {
    "postgres_superuser": keys.token,
    **{f"postgres_{service.name}": keys.token for service in SERVICES},
    "token_signing_key": keys.hexadecimal,
    "code_key": keys.token,
}

# Market instead of the stand-in; it has never been tried without a way to the internet.
LIVE = Told(settings={"EXCHANGE__STREAM_URL": "wss://stream.binance.com:9443", "EXCHANGE__REST_URL": "https://api.binance.com"})

# The first wallet of the phrase below, which pays on the chain.
HOT_WALLET = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk"

# Treasury with the stand-in for the chain. There is nothing to take, so its phrase may be one that everybody knows.
CHAIN = Told(settings={"CHAIN__URL": "http://{host}:{validator}", "CHAIN__SEED": "abandon " * 11 + "about",
                       "CHAIN__USDT_MINT": USDT_MINT,
                       "CHAIN__SCAN_INTERVAL_MS": "500", "CHAIN__SWEEP_INTERVAL_MS": "1000", **TEMPORAL})


def make_secrets():
    """Makes the secrets that are not there yet."""
    for name, make in SECRETS.items():
        keys.keep(secrets_folder() / name, make)


def secrets_folder():
    return places.DEV / "secrets"


def facts(plan):
    """What the values of the tables may name."""
    superuser = secrets_folder() / "postgres_superuser"
    return {**plan, "host": ports.HOST, "data": places.DEV / "data", "secrets": secrets_folder(),
            "postgres_password": superuser.read_text().strip()}


def chain_url(plan):
    """Where the stand-in for the chain is."""
    return f"http://{ports.HOST}:{plan['validator']}"


def named(names):
    """The programs of these names."""
    return [program for program in (VALIDATOR, *PROGRAMS) if program.name in names]


def command(program, plan, told=Told()):
    """The program's command line."""
    known = facts(plan)
    return [build.BIN / program.name, *(part.format(**known) for part in program.arguments), *told.arguments]


def environment(program, plan, told=Told()):
    """The program's environment; what the caller's own environment says wins over the table."""
    known = {**facts(plan), "name": program.name, "port": plan[program.port]}
    prefix = f"BATTLESBIT_{program.name.upper()}__"
    settings = {prefix + key: value.format(**known) for key, value in {**program.settings, **told.settings}.items()}
    return {**settings, **os.environ}


def operator_environment(plan):
    """The environment of `battlesbit`, with a superuser's way to the database."""
    known = facts(plan)
    return {**os.environ, **{key: value.format(**known) for key, value in OPERATOR.items()}}


def identity(program, plan, told=Told()):
    """What makes a running program the same as one started now: its file, its arguments and its settings."""
    made = (build.BIN / program.name).stat()
    own = (f"BATTLESBIT_{program.name.upper()}__", "BATTLESBIT_FAILPOINT")
    settings = sorted(item for item in environment(program, plan, told).items() if item[0].startswith(own))
    said = [made.st_mtime_ns, made.st_size, [str(part) for part in command(program, plan, told)], settings]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
