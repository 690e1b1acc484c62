//! The servers that are measured, each a process on the core of servers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::cores;
use crate::stage::{ASSETS, Stage};

/// Where other people's programs are installed.
const INSTALLED: &str = "BATTLESBIT_BENCH_PEERS_DIR";
/// Says to this program that it is to be a gateway.
const GATEWAY: &str = "BATTLESBIT_BENCH_GATEWAY";
/// How long a server may take to start.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A server that listens. Ends with the value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Where it hears of prices, unless that is NATS.
    pub(crate) updates: Option<SocketAddr>,
    process: Child,
}

/// Whether this process is a gateway, and no benchmark.
pub(crate) fn is_gateway() -> bool {
    std::env::var_os(GATEWAY).is_some()
}

impl Server {
    /// Ours, which counts its requests in this Redis.
    pub(crate) async fn gateway(stage: &Stage, redis: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = cores::on_servers(program.to_str().unwrap());
        command
            .arg("--config")
            .arg(stage.settings())
            .envs(stage.environment(redis))
            .env(GATEWAY, "1")
            .stderr(Stdio::piped());
        let mut process = spawn(&mut command);
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = loop {
            let line = timeout(START_WITHIN, lines.next_line()).await.unwrap();
            let line = line.unwrap().expect("the gateway has not started");
            let line: serde_json::Value = serde_json::from_str(&line).expect(&line);
            if let Some(address) = line["address"].as_str() {
                break address.parse().unwrap();
            }
        };
        let server = Self {
            address,
            updates: None,
            process,
        };
        server.ready().await;
        // Whatever it says from now on is not kept, but nobody may keep it waiting either.
        #[expect(clippy::disallowed_methods, reason = "it ends with the server")]
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        server
    }

    async fn ready(&self) {
        let url = format!("http://{}/readyz", self.address);
        testkit::eventually(START_WITHIN, async || {
            let told = reqwest::get(url.clone()).await;
            told.is_ok_and(|told| told.status().is_success())
        })
        .await;
    }

    /// async-graphql's glue, or a plain broadcast.
    pub(crate) async fn peer(kind: &str) -> Option<Self> {
        let program = installed(kind)?.join("rust/target/release/peer");
        let mut command = cores::on_servers(program.to_str().unwrap());
        command.args([kind, &ASSETS.to_string()]);
        let (process, line) = told(&mut command).await;
        let (address, updates) = line.split_once(' ').expect(&line);
        Some(Self {
            address: address.parse().unwrap(),
            updates: Some(updates.parse().unwrap()),
            process,
        })
    }

    /// npm's mercurius.
    pub(crate) async fn mercurius() -> Option<Self> {
        let folder = installed("mercurius")?;
        let mut command = cores::on_servers("node");
        command
            .arg(folder.join("mercurius.mjs"))
            .arg(ASSETS.to_string())
            .current_dir(&folder)
            .env("NODE_ENV", "production");
        let (process, line) = told(&mut command).await;
        let address = line.strip_prefix("http://").expect(&line);
        Some(Self {
            address: address.parse().unwrap(),
            updates: None,
            process,
        })
    }

    /// How much memory of the process is resident, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        // taskset becomes what it starts.
        let id = self.process.id().expect("the server has ended");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        kib.unwrap().parse::<u64>().unwrap() * 1_024
    }
}

/// Where somebody else's programs are; says what is not measured where they are not.
fn installed(what: &str) -> Option<PathBuf> {
    let found = std::env::var_os(INSTALLED).map(PathBuf::from);
    if found.is_none() {
        eprintln!("{what} is not installed: nothing is measured beside it");
    }
    found
}

/// Starts a server that says on its first line where it listens.
async fn told(command: &mut Command) -> (Child, String) {
    let mut process = spawn(command.stdout(Stdio::piped()));
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = timeout(START_WITHIN, lines.next_line()).await.unwrap();
    (process, line.unwrap().expect("the server has not started"))
}

fn spawn(command: &mut Command) -> Child {
    let command = command.stdin(Stdio::null()).kill_on_drop(true);
    command.spawn().unwrap()
}
