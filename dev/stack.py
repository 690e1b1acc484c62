"""The local stack of this clone: servers and our programs, up, down, restart, status and logs."""

import contextlib
import dataclasses
import json
import shutil
import subprocess

import build
import fleet
import locks
import places
import ports
import probes
import processes
import servers
import suite
from errors import Failed

READY_SECONDS = 60
# How `battlesbit migrate` exits where another version made the data.
OTHER_VERSION = 3


def kept_base():
    """The first port of the stack that runs, kept while it does."""
    return places.DEV / "port-base"


def plan():
    """The ports of the stack: those of the one that runs, else by the setting."""
    wanted = ports.plan()
    if not kept_base().exists():
        return wanted
    kept = ports.plan(int(kept_base().read_text()))
    if ports.is_set() and kept != wanted:
        raise Failed(f"the stack runs on ports from {kept['postgres']} on, {ports.SETTING} says {wanted['postgres']}: ./just down first")
    return kept


@contextlib.contextmanager
def held():
    """Holds this clone's stack against other commands that change it."""
    with locks.held(places.DEV / "lock", "another command on this stack"):
        yield


class Stack:
    """This clone's stack on its ports."""

    def __init__(self):
        self.plan = plan()
        self.servers = servers.Servers(places.DEV, self.plan)
        self.run = self.servers.run
        self.logs = places.DEV / "logs"

    def up(self, exchange=(), live=False, chain=False):
        """Builds and starts whatever does not run, and returns once all are ready.

        `exchange` are further arguments of the stand-in; a program whose file or settings changed is started anew. A chain that is
        there stays.
        """
        with held():
            chain = chain or self.has_chain()
            programs = self.programs(chain)
            ports.refuse_taken(self.absent_ports(programs))
            with build.output_folder():
                self.build(programs)
            self.start_servers()
            self.migrate_now()
            self.start(programs, {"exchange": fleet.Told(arguments=exchange), "market": fleet.LIVE if live else fleet.Told(),
                                  "treasury": fleet.CHAIN if chain else fleet.Told()})

    def has_chain(self):
        """Whether treasury has the stand-in for the chain, also where that has died since."""
        return processes.read(self.run, fleet.VALIDATOR.name) is not None

    def programs(self, chain=None):
        """Our programs, with the stand-in for the chain if that is wanted, or unless said, there."""
        return (fleet.VALIDATOR, *fleet.PROGRAMS) if (self.has_chain() if chain is None else chain) else fleet.PROGRAMS

    def build(self, programs):
        """Builds what these programs are made of; the caller holds the output folder."""
        build.build()
        if fleet.VALIDATOR in programs:
            build.build_validator()

    def close_chain(self, treasury):
        """Ends the stand-in for the chain, and starts treasury as it was told before."""
        self.start_as_before("treasury", treasury)
        with held(), processes.unbroken():
            processes.stop(self.run, [fleet.VALIDATOR.name])

    def absent_ports(self, programs=None):
        """The ports of all that does not run."""
        wanted = {}
        for name, names in servers.PORTS_OF.items():
            if not processes.running(self.run, name):
                wanted.update({port: self.plan[port] for port in names})
        for program in programs or self.programs():
            if not processes.running(self.run, program.name):
                wanted.update({port: self.plan[port] for port in (program.port, *program.other_ports)})
        return wanted

    def start_servers(self):
        fleet.make_secrets()
        kept_base().write_text(str(self.plan["postgres"]))
        return self.servers.up()

    def start(self, programs, told=None):
        """Starts those programs that do not run as they should, each told its part of `told`; waits until all are ready."""
        for program in programs:
            own = (told or {}).get(program.name, fleet.Told())
            identity = fleet.identity(program, self.plan, own)
            record = processes.running(self.run, program.name)
            if record and record["identity"] == identity:
                continue
            processes.stop(self.run, [program.name])
            processes.start(program.name, fleet.command(program, self.plan, own), self.run, self.logs / f"{program.name}.log",
                            fleet.environment(program, self.plan, own), identity=identity, told=dataclasses.asdict(own))
        self.wait(programs)

    def told(self, name):
        """What the program was told when it was started, also where it has died since."""
        record = processes.read(self.run, name)
        return fleet.Told(**record.get("told", {})) if record else fleet.Told()

    def start_as_before(self, name, told):
        """Starts a program anew where it runs and was told something else; one that was ended meanwhile stays so."""
        with held(), processes.unbroken():
            if processes.running(self.run, name):
                self.start(fleet.named([name]), {name: told})

    def is_up(self):
        """Whether anything of the stack runs."""
        return any(processes.running(self.run, name) for name in processes.names(self.run))

    def is_live(self):
        """Whether the market that runs takes its prices from the real exchange."""
        return bool(processes.running(self.run, "market")) and self.told("market").settings == fleet.LIVE.settings

    def wait(self, programs):
        """Waits until every program is ready; one that dies ends the wait with its own last words."""
        answers = {}

        def settled():
            for program in programs:
                record = processes.read(self.run, program.name)
                if not processes.is_ours(record):
                    raise Failed(f"{program.name} died: {processes.last_words(record)}")
                if answers.get(program.name, (0,))[0] != 200:
                    answers[program.name] = self.readiness(program)
            return all(status == 200 for status, _ in answers.values())

        if not processes.wait_until(settled, READY_SECONDS):
            late = [f"{name}: {body.strip() or 'no answer'}" for name, (status, body) in answers.items() if status != 200]
            raise Failed(f"not ready after {READY_SECONDS} s: {'; '.join(late)}; see .dev/logs")

    def readiness(self, program):
        """The status and body of the program's readiness, status 0 where it does not answer."""
        return probes.ask(probes.http, self.plan[program.port], program.ready) or (0, "")

    def restart(self, names):
        """Builds, then starts these programs or servers anew, as they were started before; all of them without a name."""
        names = names or self.names()
        self.check_names(names)
        with held():
            with build.output_folder():
                self.build(fleet.named(names))
            if not kept_base().exists():
                ports.refuse_taken(self.absent_ports())
            told = {name: self.told(name) for name in names}
            processes.stop(self.run, [program.name for program in fleet.named(names)])
            processes.stop(self.run, [name for name in names if name in servers.NAMES])
            self.start_servers()
            self.migrate_now()
            self.start(fleet.named(names), told)

    def names(self):
        """The names of the servers and of our programs."""
        return [*servers.NAMES, *(program.name for program in self.programs())]

    def check_names(self, names):
        """Refuses a name that is neither a program nor a server."""
        known = self.names()
        for name in names:
            if name not in known:
                raise Failed(f"no service {name}: there are {', '.join(known)}")

    def down(self, purge=False):
        """Ends every process of the stack, and deletes all that it kept if it is to be purged; returns who was running."""
        with held(), processes.unbroken():
            ended = processes.stop(self.run, [name for name in processes.names(self.run) if name not in servers.NAMES])
            ended += self.servers.down()
            suite.sweep()
            kept_base().unlink(missing_ok=True)
            if purge:
                purge_data()
        return ended

    def migrate(self):
        """Creates or updates database, roles and streams on running servers."""
        with held():
            with build.output_folder():
                build.build()
            ports.refuse_taken({} if kept_base().exists() else self.absent_ports())
            self.start_servers()
            self.migrate_now()

    def migrate_now(self):
        outcome = subprocess.run([build.BIN / "battlesbit", "migrate"], env=fleet.operator_environment(self.plan),
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if outcome.returncode != 0:
            remedy = "; ./just down --purge deletes it" if outcome.returncode == OTHER_VERSION else ""
            raise Failed(f"migrate failed: {processes.reason(outcome.stderr)}{remedy}")

    def places(self):
        """Where everything is, as pairs of a name and an address."""
        host = ports.HOST
        return [
            ("GraphQL", f"http://{host}:{self.plan['web']}/graphql"),
            ("mail", f"http://{host}:{self.plan['mail']}/messages (SMTP on {self.plan['smtp']})"),
            ("exchange", f"ws://{host}:{self.plan['exchange']} (control on {self.plan['exchange_control']})"),
            *([("chain", f"http://{host}:{self.plan['validator']}")] if self.has_chain() else []),
            *((program.name, f"http://{host}:{self.plan[program.port]}/readyz, /metrics") for program in fleet.SERVICES),
            ("postgres", f"{host}:{self.plan['postgres']}, database {fleet.DATABASE}, user postgres, password in .dev/secrets"),
            ("nats", f"{self.servers.nats_url()} (monitoring on {self.plan['nats_monitoring']})"),
            ("redis", self.servers.redis_url()),
            ("temporal", f"{host}:{self.plan['temporal']} (HTTP on {self.plan['temporal_http']})"),
            ("data, logs", f"{places.DEV}"),
        ]

    def status(self):
        """A row per process: name, state, version, port, pid and what it waits for."""
        rows = [self.server_row(server) for server in servers.NAMES]
        return rows + [self.program_row(program) for program in self.programs()]

    def server_row(self, name):
        record = processes.running(self.run, name)
        version = record and self.servers.version(name)
        state = "stopped" if not record else "ready" if version else "no answer"
        return name, state, version or "", self.plan[name], record["pid"] if record else "", ""

    def program_row(self, program):
        record = processes.running(self.run, program.name)
        port = self.plan[program.port]
        if not record:
            died = processes.read(self.run, program.name)
            return program.name, "died" if died else "stopped", "", port, "", processes.last_words(died) if died else ""
        status, body = self.readiness(program)
        state = "ready" if status == 200 else "not ready"
        return program.name, state, program_version(program.name), port, record["pid"], "" if status == 200 else body.strip()

    def backlog(self):
        """What the operator's program says of the database: what waits to be published or mended."""
        outcome = subprocess.run([build.BIN / "battlesbit", "status"], env=fleet.operator_environment(self.plan),
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if outcome.returncode != 0:
            return outcome.stderr.strip()
        said = outcome.stdout.strip()
        return said if "dead letters" in said else f"{said}\nno dead letters"

    def password_exists(self):
        """Whether the stack has ever been up, so that its database may be asked."""
        return self.servers.password_file.exists()

    def messages(self):
        """The mail that the sink caught."""
        answer = probes.ask(probes.http, self.plan["mail"], "/messages")
        if answer is None or answer[0] != 200:
            raise Failed(f"the mail sink does not answer on port {self.plan['mail']}: ./just up first")
        return json.loads(answer[1])


def program_version(name):
    """The version that a program of ours prints about itself."""
    outcome = subprocess.run([build.BIN / name, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return outcome.stdout.strip().split(" ")[-1]


def purge_data():
    """Deletes what the stack keeps, all but the private servers of a test run that lives."""
    for path in places.DEV.iterdir():
        if path.name.startswith(suite.FOLDERS):
            continue
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as cause:
            raise Failed(f"cannot delete {cause.filename}: {cause.strerror}") from None
    if not any(places.DEV.iterdir()):
        places.DEV.rmdir()
