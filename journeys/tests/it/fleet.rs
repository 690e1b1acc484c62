//! A whole fleet in a corner of its own: seven services, an exchange that trades on command, and a
//! mail sink.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use bots::client::Client;
use bots::mailbox::Mailbox;
use contracts::Service;
use mail::MailSink;
use sea_orm::ConnectionTrait as _;
use serde_json::Value;
use store::Db;
use tempfile::TempDir;
use testkit::{Binary, Database, Process, Space, free_port};
use tokio::process::Command;
use url::Url;

use crate::exchange::Exchange;
use crate::player::Player;
use crate::programs::Place;

/// How long anything may take on a machine that is busy with other tests.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Enough for a test; the server reserves it.
const STREAM_BYTES: u64 = 32 << 20;
/// Who may do anything that staff may.
const STAFF: &str = "staff@battlesbit.example";

/// The fleet.
pub(crate) struct Fleet {
    binaries: BTreeMap<Service, Binary>,
    processes: BTreeMap<Service, Process>,
    _exchange: Process,
    exchange: Exchange,
    sink: MailSink,
    // Dropped last: streams and database outlive what uses them.
    space: Space,
    database: Database,
}

impl Fleet {
    /// Starts everything, with an exchange that makes no trade but on command.
    pub(crate) async fn start() -> Self {
        Self::start_in(Space::new()).await
    }

    /// The same in a given corner of servers.
    pub(crate) async fn start_in(space: Space) -> Self {
        let exchange = |listen: &str, control: &str| {
            ["run", "--listen", listen, "--control", control, "--manual"]
                .map(str::to_owned)
                .to_vec()
        };
        Self::start_all(space, exchange).await
    }

    /// Starts everything, with an exchange that is started by these arguments.
    pub(crate) async fn start_with(arguments: impl FnOnce(&str, &str) -> Vec<String>) -> Self {
        Self::start_all(Space::new(), arguments).await
    }

    async fn start_all(space: Space, arguments: impl FnOnce(&str, &str) -> Vec<String>) -> Self {
        let database = Database::new().await;
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let sink = MailSink::start(anywhere, anywhere).await.unwrap();
        let (port, control) = (free_port(), format!("127.0.0.1:{}", free_port()));
        let listen = format!("127.0.0.1:{port}");
        let exchange = arguments(&listen, &control)
            .into_iter()
            .fold(Binary::tool("exchange", port), Binary::arg)
            .start_ready()
            .await;
        let place = Place {
            database: &database,
            space: &space,
            exchange: &listen,
            sink: &sink,
            temporal: &testkit::temporal_url(),
            stream_bytes: STREAM_BYTES,
        };
        place.declare_streams().await;
        let binaries = place.binaries();
        let processes = start_all(&binaries).await;
        Self {
            binaries,
            processes,
            _exchange: exchange,
            exchange: Exchange::new(&control),
            sink,
            space,
            database,
        }
    }

    /// The public API, not signed in.
    pub(crate) fn api(&self) -> Client {
        Client::new(self.graphql().parse().unwrap()).unwrap()
    }

    /// The address of the public API.
    pub(crate) fn graphql(&self) -> String {
        format!("{}/graphql", self.origin())
    }

    /// Where the gateway serves.
    pub(crate) fn origin(&self) -> String {
        self.processes[&Service::Web].url().to_owned()
    }

    /// The mail sink's HTTP address.
    pub(crate) fn mail(&self) -> String {
        format!("http://{}/", self.sink.http())
    }

    /// Where mail can be read.
    pub(crate) fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.mail().parse().unwrap())
    }

    /// Its corner of NATS.
    pub(crate) const fn space(&self) -> &Space {
        &self.space
    }

    /// A superuser's way to the database.
    pub(crate) fn postgres(&self) -> Url {
        self.database.url()
    }

    /// Somebody new, with 50 USDT of play money.
    pub(crate) async fn player(&self, name: &str) -> Player {
        Player::sign_up(self, name).await
    }

    /// Somebody who may do anything that staff may.
    pub(crate) async fn staff(&self) -> Client {
        self.battlesbit(&["staff", "create", "--email", STAFF, "--role", "admin"])
            .await;
        bots::account::sign_in(&self.api(), &self.mailbox(), STAFF)
            .await
            .unwrap()
    }

    /// Runs the operator's program, which has to succeed.
    pub(crate) async fn battlesbit(&self, arguments: &[&str]) -> Output {
        let output = self.try_battlesbit(arguments).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "battlesbit {arguments:?}: {said}");
        output
    }

    /// Runs the operator's program.
    pub(crate) async fn try_battlesbit(&self, arguments: &[&str]) -> Output {
        battlesbit(arguments)
            .env("BATTLESBIT_POSTGRES_URL", self.postgres().as_str())
            .env("BATTLESBIT_NATS_URL", self.space.nats_url())
            .output()
            .await
            .unwrap()
    }

    /// Lets the exchange make one trade; answers when, in milliseconds since 1970.
    pub(crate) async fn trade(&self, symbol: &str, price: &str) -> i64 {
        self.exchange.trade(symbol, price).await
    }

    /// Its exchange.
    pub(crate) const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// A running service.
    pub(crate) fn process(&mut self, service: Service) -> &mut Process {
        self.processes.get_mut(&service).unwrap()
    }

    /// Kills a service where it stands.
    pub(crate) async fn kill(&mut self, service: Service) {
        self.process(service).kill().await;
    }

    /// Starts a service that was stopped, and waits until it is ready.
    pub(crate) async fn start_again(&mut self, service: Service) {
        let process = self.binaries[&service].start_ready().await;
        self.processes.insert(service, process);
    }

    /// Starts a service that was stopped with further variables in its environment; does not wait.
    pub(crate) fn start_broken(&mut self, service: Service, environment: &[(&str, &str)]) {
        let binary = environment
            .iter()
            .fold(self.binaries[&service].clone(), |binary, (name, value)| {
                binary.env(name, *value)
            });
        self.processes.insert(service, binary.start());
    }

    /// Exports the record of a closed battle and replays it in a process that has nothing else.
    pub(crate) async fn verify(&self, battle: &str) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("battle.record");
        let path = path.to_str().unwrap();
        self.battlesbit(&["export", battle, "--out", path]).await;
        let verified = battlesbit(&["verify", path]).output().await.unwrap();
        let said = [verified.stdout, verified.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(
            verified.status.success(),
            "{battle} does not verify: {said}"
        );
    }

    /// Lets bots play a battle and returns their report.
    pub(crate) async fn bots(&self, options: &[&str]) -> Value {
        let folder = TempDir::new().unwrap();
        let report = folder.path().join("report.json");
        let (api, mail) = (self.graphql(), self.mail());
        let output = program("bots")
            .args([
                "--api", &api, "--mail", &mail, "--staff", STAFF, "--quiet", "--report",
            ])
            .arg(&report)
            .args(options)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the bots could not play: {said}");
        serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap()
    }

    /// Runs statements as the database's superuser.
    pub(crate) async fn execute(&self, sql: &str) {
        let db = Db::connect_as_operator(self.postgres().as_str())
            .await
            .unwrap();
        db.connection().execute_unprepared(sql).await.unwrap();
    }
}

/// Starts the seven services on servers of a test's own, with an exchange that says nothing.
pub(crate) async fn start_services(
    database: &Database,
    space: &Space,
    sink: &MailSink,
    temporal: &Url,
) -> Services {
    let (port, control) = (free_port(), free_port());
    let listen = format!("127.0.0.1:{port}");
    let exchange = Binary::tool("exchange", port)
        .arg("run")
        .arg("--listen")
        .arg(&listen)
        .arg("--control")
        .arg(format!("127.0.0.1:{control}"));
    let exchange = exchange.start_ready().await;
    let place = Place {
        database,
        space,
        exchange: &listen,
        sink,
        temporal,
        stream_bytes: STREAM_BYTES,
    };
    place.declare_streams().await;
    let processes = start_all(&place.binaries()).await;
    Services {
        processes,
        _exchange: exchange,
    }
}

/// Seven services and the exchange that they listen to.
pub(crate) struct Services {
    processes: BTreeMap<Service, Process>,
    _exchange: Process,
}

impl std::ops::Index<&Service> for Services {
    type Output = Process;

    fn index(&self, service: &Service) -> &Process {
        &self.processes[service]
    }
}

async fn start_all(binaries: &BTreeMap<Service, Binary>) -> BTreeMap<Service, Process> {
    let mut processes: BTreeMap<_, _> = binaries
        .iter()
        .map(|(service, binary)| (*service, binary.start()))
        .collect();
    for process in processes.values_mut() {
        process.ready().await;
    }
    processes
}

/// The operator's program as a command, with an environment that leads nowhere.
pub(crate) fn battlesbit(arguments: &[&str]) -> Command {
    let mut command = program("battlesbit");
    command.args(arguments);
    command
}

/// Where a program of ours lies.
pub(crate) fn built(name: &str) -> PathBuf {
    let folder = std::env::var_os("BATTLESBIT_TEST_BIN_DIR").expect("run `./just test`");
    Path::new(&folder).join(name)
}

fn program(name: &str) -> Command {
    let mut command = Command::new(built(name));
    command.env_clear();
    command
}
