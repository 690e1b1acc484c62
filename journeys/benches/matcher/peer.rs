//! npm's Colyseus, a matchmaker that keeps everything in memory, where it is installed.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Where the packages of other matchmakers are installed.
const INSTALLED: &str = "BATTLESBIT_BENCH_PEERS_DIR";

/// Its scripts.
pub(crate) struct Peer(PathBuf);

/// Its server, which ends with this.
pub(crate) struct Server {
    pub(crate) url: String,
    _process: Child,
}

impl Peer {
    /// Says what is not measured where it is not installed.
    pub(crate) fn find(figure: &str) -> Option<Self> {
        let found = std::env::var_os(INSTALLED).map(PathBuf::from);
        if found.is_none() {
            eprintln!("colyseus is not installed: {figure} is not measured");
        }
        found.map(Self)
    }

    /// Starts a server of matches of two.
    pub(crate) async fn serve(&self) -> Server {
        let mut command = self.command("serve");
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines.next_line().await.unwrap();
            let line = line.expect("colyseus has not started");
            if line.starts_with("http://") {
                break line;
            }
        };
        Server {
            url,
            _process: process,
        }
    }

    /// Runs one of its scripts; answers what it measured.
    pub(crate) async fn run(&self, part: &str, arguments: &[String]) -> Value {
        let output = self.command(part).args(arguments).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "colyseus: {said}");
        // Its libraries greet whoever uses them.
        let mut lines = output.stdout.split(|byte| *byte == b'\n');
        let last = lines.rfind(|line| line.starts_with(b"{"));
        serde_json::from_slice(last.expect("colyseus measured nothing")).unwrap()
    }

    fn command(&self, part: &str) -> Command {
        let mut command = Command::new("node");
        command
            .arg(self.0.join("colyseus.mjs"))
            .arg(part)
            .env("NODE_ENV", "production")
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}
