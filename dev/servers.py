"""The four servers that others wrote: NATS, Postgres, Redis and Temporal, below one folder on given ports."""

import signal
from dataclasses import dataclass
from pathlib import Path

import keys
import ports
import postgres
import probes
import processes
import tools
from errors import Failed

PORTS_OF = {
    "postgres": ("postgres",),
    "nats": ("nats", "nats_monitoring"),
    "redis": ("redis",),
    "temporal": ("temporal", "temporal_http", "temporal_metrics"),
}
NAMES = tuple(PORTS_OF)
PORTS = tuple(port for ports_of in PORTS_OF.values() for port in ports_of)
READY_SECONDS = 60
MAX_CONNECTIONS = 400
# Each stream states its own bound and reserves it: the server's must not stand in the way of many tests' streams.
MAX_STORE = "1TB"


@dataclass(frozen=True)
class Server:
    """A server: how it starts, and the version that must answer."""

    name: str
    command: list
    expected: str
    wrapper: tuple = ()
    stop_signal: int = signal.SIGTERM


class Servers:
    """The servers below `folder`: `data`, `logs`, `run` and `secrets` lie there.

    What need not outlive the machine outlives its processes alone: the disk is not waited for.
    """

    def __init__(self, folder, plan, outlives_the_machine=True):
        self.folder = Path(folder).resolve()
        self.plan = plan
        self.outlives_the_machine = outlives_the_machine
        self.run = self.folder / "run"
        self.password_file = self.folder / "secrets" / "postgres_superuser"

    @property
    def password(self):
        return self.password_file.read_text().strip()

    def postgres_url(self):
        return f"postgres://{postgres.SUPERUSER}:{self.password}@{ports.HOST}:{self.plan['postgres']}/postgres"

    def nats_url(self):
        return f"nats://{ports.HOST}:{self.plan['nats']}"

    def redis_url(self):
        return f"redis://{ports.HOST}:{self.plan['redis']}"

    def temporal_url(self):
        return f"http://{ports.HOST}:{self.plan['temporal']}"

    def table(self):
        """The servers, installed and ready to start."""
        return [self.postgres(), self.nats(), self.redis(), self.temporal()]

    def data(self, name):
        path = self.folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def postgres(self):
        tool = tools.postgres()
        keys.keep(self.password_file)
        data = self.data("postgres")
        way = postgres.initialise(tool.path, data, self.password_file)
        settings = {
            "listen_addresses": ports.HOST, "port": self.plan["postgres"], "unix_socket_directories": "",
            "max_connections": MAX_CONNECTIONS,
        }
        if not self.outlives_the_machine:
            settings |= {"fsync": "off", "full_page_writes": "off", "hba_file": self.trusting()}
        command = [postgres.reachable(way, tool.path) / "postgres", "-D", data]
        for key, value in settings.items():
            command += ["-c", f"{key}={value}"]
        # SIGINT is Postgres's fast shutdown: it does not wait for clients to leave.
        return Server("postgres", command, tool.version, way.prefix, signal.SIGINT)

    def trusting(self):
        """A file that lets everybody on this machine in. A test ends in the middle of things: a connection of its own that waits for the
        question for a password, and which nobody serves any more, would hold up the deletion of its database until Postgres gives it up,
        a minute later."""
        path = self.folder / "trusting.conf"
        path.write_text(f"host all all {ports.HOST}/32 trust\n")
        return path.resolve()

    def nats(self):
        tool = tools.nats()
        config = self.folder / "nats.conf"
        config.write_text(
            f"host: {ports.HOST}\nport: {self.plan['nats']}\nhttp: \"{ports.HOST}:{self.plan['nats_monitoring']}\"\n"
            f"server_name: battlesbit\njetstream {{ store_dir: \"{self.data('nats')}\", max_file_store: {MAX_STORE} }}\n")
        return Server("nats", [tool.path, "--config", config], tool.version)

    def redis(self):
        tool = tools.redis()
        data = self.data("redis")
        data.mkdir(exist_ok=True)
        command = [tool.path, "--bind", ports.HOST, "--port", self.plan["redis"], "--dir", data, "--save", "",
                   "--appendonly", "no", "--set-proc-title", "no"]
        return Server("redis", command, tool.version)

    def temporal(self):
        tool = tools.temporal()
        command = [tool.path, "server", "start-dev", "--headless", "--ip", ports.HOST, "--port", self.plan["temporal"],
                   "--http-port", self.plan["temporal_http"], "--metrics-port", self.plan["temporal_metrics"],
                   "--db-filename", self.data("temporal.sqlite"), "--sqlite-pragma", "journal_mode=WAL",
                   "--sqlite-pragma", "synchronous=OFF", "--log-level", "error"]
        return Server("temporal", command, tools.TEMPORAL_SERVER)

    def up(self):
        """Starts what does not run, waits until each answers, and checks the versions; returns them by name."""
        table = self.table()
        absent = [server for server in table if not processes.running(self.run, server.name)]
        ports.refuse_taken({name: self.plan[name] for server in absent for name in PORTS_OF[server.name]})
        for server in absent:
            processes.start(server.name, server.command, self.run, self.folder / "logs" / f"{server.name}.log",
                            wrapper=server.wrapper, stop_signal=server.stop_signal)
        return {server.name: self.wait(server) for server in table}

    def wait(self, server):
        """Waits until the server answers, and refuses another version than the one that was started."""
        version = None

        def answers():
            nonlocal version
            version = self.version(server.name)
            return version is not None or not processes.running(self.run, server.name)

        processes.wait_until(answers, READY_SECONDS)
        if version is None:
            record = processes.read(self.run, server.name)
            if processes.is_ours(record):
                raise Failed(f"{server.name} does not answer after {READY_SECONDS} s: see {record['log']}")
            raise Failed(f"{server.name} died: {processes.last_words(record)}")
        if tools.numbers(version) != tools.numbers(server.expected):
            raise Failed(f"the {server.name} that answers is version {version}, expected {server.expected}")
        return version

    def version(self, name):
        """The version that answers on the server's port over its own protocol, or None."""
        if name == "postgres":
            return probes.ask(probes.postgres, self.plan["postgres"], postgres.SUPERUSER, self.password)
        port = self.plan["temporal_http" if name == "temporal" else name]
        return probes.ask({"nats": probes.nats, "redis": probes.redis, "temporal": probes.temporal}[name], port)

    def down(self):
        """Ends the servers that run; returns their names."""
        return processes.stop(self.run, NAMES)
