//! Servers of a test's own, to stop, kill and start again.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::ensure;
use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use url::Url;

use crate::environment::tool;
use crate::port::free_port;
use crate::process::send;
use crate::{cleanup, eventually};

/// A server may take this long to answer, on a machine that is busy with other tests.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// A server may take this long to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// One question whether a server answers may take this long.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// The name of the file that its processes write to.
const LOG: &str = "log";

const SUPERUSER: &str = "postgres";

/// A private server on free ports and a folder of its own. Ends with the value.
pub struct Server {
    kind: Kind,
    ports: [u16; 3],
    folder: TempDir,
    child: Option<Child>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Nats,
    Redis,
    Postgres,
    Temporal,
}

impl Server {
    /// Starts a NATS with JetStream on files.
    pub async fn nats() -> Self {
        Self::new(Kind::Nats).await
    }

    /// Starts a Redis that keeps nothing on disk.
    pub async fn redis() -> Self {
        Self::new(Kind::Redis).await
    }

    /// Starts a Postgres; [`Database::on`](crate::Database::on) makes a database there.
    pub async fn postgres() -> Self {
        Self::new(Kind::Postgres).await
    }

    /// Starts a Temporal dev server on a file.
    pub async fn temporal() -> Self {
        Self::new(Kind::Temporal).await
    }

    async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        if kind == Kind::Postgres {
            initialise_postgres(folder.path()).await;
        }
        let ports = [free_port(), free_port(), free_port()];
        let mut server = Self {
            kind,
            ports,
            folder,
            child: None,
        };
        server.start().await;
        server
    }

    /// The URL that clients take; for Postgres the superuser's.
    pub fn url(&self) -> Url {
        let address = format!("127.0.0.1:{}", self.ports[0]);
        let url = match self.kind {
            Kind::Nats => format!("nats://{address}"),
            Kind::Redis => format!("redis://{address}"),
            Kind::Postgres => format!("postgres://{SUPERUSER}@{address}/postgres"),
            Kind::Temporal => format!("http://{address}"),
        };
        Url::parse(&url).expect("an address makes a URL")
    }

    /// Starts it again on the same ports and data, and waits until it answers.
    pub async fn start(&mut self) {
        assert!(self.child.is_none(), "the server already runs");
        eventually(READY_LIMIT, async || {
            let mut child = self.child.take().unwrap_or_else(|| self.spawn());
            // A Postgres that was killed leaves processes that are still ending: it starts anew.
            if child.try_wait().expect("the server is our child").is_some() {
                return false;
            }
            self.child = Some(child);
            timeout(PROBE_LIMIT, self.probe())
                .await
                .is_ok_and(|asked| asked.is_ok())
        })
        .await;
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(&mut self) {
        let signal = if self.kind == Kind::Postgres {
            Signal::SIGINT
        } else {
            Signal::SIGTERM
        };
        self.end(signal).await;
    }

    /// Lets it crash and waits until it is gone.
    pub async fn kill(&mut self) {
        // SIGKILL would leave Postgres's children behind; SIGQUIT loses just as much.
        let signal = if self.kind == Kind::Postgres {
            Signal::SIGQUIT
        } else {
            Signal::SIGKILL
        };
        self.end(signal).await;
    }

    /// Freezes it: connections stay open and nothing answers.
    pub fn pause(&self) {
        send(self.running(), Signal::SIGSTOP);
    }

    /// Lets a frozen server go on.
    pub fn resume(&self) {
        send(self.running(), Signal::SIGCONT);
    }

    fn running(&self) -> &Child {
        self.child.as_ref().expect("the server runs")
    }

    async fn end(&mut self, signal: Signal) {
        let mut child = self.child.take().expect("the server runs");
        send(&child, signal);
        let ended = timeout(STOP_LIMIT, child.wait()).await;
        ended
            .expect("a server ends when it is told to")
            .expect("the server is our child");
    }

    fn spawn(&self) -> Child {
        let data = self.folder.path().join("data");
        let data = data.to_str().expect("temporary folders have plain names");
        let [port, second, third] = self.ports.map(|port| port.to_string());
        let (program, arguments) = match self.kind {
            Kind::Nats => (
                "nats-server",
                vec!["-a", "127.0.0.1", "-p", &port, "-js", "-sd", data],
            ),
            Kind::Redis => (
                "redis-server",
                vec![
                    "--bind",
                    "127.0.0.1",
                    "--port",
                    &port,
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                ],
            ),
            Kind::Postgres => (
                "postgres",
                // A test ends processes, never the machine: the disk is not waited for.
                vec!["-D", data, "-h", "127.0.0.1", "-p", &port, "-k", "", "-F"],
            ),
            Kind::Temporal => (
                "temporal",
                vec![
                    "server",
                    "start-dev",
                    "--headless",
                    "--ip",
                    "127.0.0.1",
                    "--port",
                    &port,
                    "--http-port",
                    &second,
                    "--metrics-port",
                    &third,
                    "--db-filename",
                    data,
                    "--sqlite-pragma",
                    "journal_mode=WAL",
                    "--sqlite-pragma",
                    "synchronous=OFF",
                ],
            ),
        };
        Command::new(tool(program))
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(self.log())
            .stderr(self.log())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|cause| panic!("cannot start {program}: {cause}"))
    }

    /// What all its processes write to, one behind the other.
    fn log(&self) -> File {
        let path = self.folder.path().join(LOG);
        let opened = File::options().append(true).create(true).open(path);
        opened.expect("the folder is ours")
    }

    /// Whether it answers over its own protocol.
    async fn probe(&self) -> anyhow::Result<()> {
        let address = format!("127.0.0.1:{}", self.ports[0]);
        match self.kind {
            Kind::Nats => expect_greeting(&address, b"", b"INFO ").await,
            Kind::Redis => expect_greeting(&address, b"PING\r\n", b"+PONG").await,
            Kind::Postgres => Ok(crate::database::connect(&self.url()).await?.close().await?),
            Kind::Temporal => {
                let page = format!("http://127.0.0.1:{}/api/v1/system-info", self.ports[1]);
                reqwest::get(page).await?.error_for_status()?;
                Ok(())
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            if self.kind == Kind::Postgres {
                // SIGKILL alone would leave its children behind for a moment.
                send(child, Signal::SIGQUIT);
            }
            cleanup::end(child);
        }
        cleanup::show_if_panicking(&format!("{:?}", self.kind), &self.folder.path().join(LOG));
    }
}

/// Makes the data folder; Postgres's own program makes it, so that it belongs to the right user.
async fn initialise_postgres(folder: &Path) {
    let made = Command::new(tool("initdb"))
        .arg("--pgdata")
        .arg(folder.join("data"))
        .args([
            "--username",
            SUPERUSER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
        ])
        .arg("--no-sync")
        .current_dir(folder)
        .output()
        .await
        .expect("initdb can be started");
    let reason = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "initdb failed: {reason}");
}

async fn expect_greeting(address: &str, question: &[u8], expected: &[u8]) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(question).await?;
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).await?;
    ensure!(answer == expected, "another server answers");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answers(server: &Server) -> bool {
        timeout(PROBE_LIMIT, server.probe())
            .await
            .is_ok_and(|asked| asked.is_ok())
    }

    async fn stops_and_starts_again(mut server: Server) {
        assert!(answers(&server).await);
        server.stop().await;
        assert!(!answers(&server).await);
        server.start().await;
        server.kill().await;
        assert!(!answers(&server).await);
        server.start().await;
        assert!(answers(&server).await);
    }

    #[tokio::test]
    async fn a_private_nats_stops_and_starts_again() {
        stops_and_starts_again(Server::nats().await).await;
    }

    #[tokio::test]
    async fn a_private_redis_stops_and_starts_again() {
        stops_and_starts_again(Server::redis().await).await;
    }

    #[tokio::test]
    async fn a_private_postgres_stops_and_starts_again() {
        stops_and_starts_again(Server::postgres().await).await;
    }

    #[tokio::test]
    async fn a_private_temporal_stops_and_starts_again() {
        stops_and_starts_again(Server::temporal().await).await;
    }

    #[tokio::test]
    async fn a_paused_server_keeps_silent_until_it_is_resumed() {
        let server = Server::redis().await;
        server.pause();
        assert!(!answers(&server).await);
        server.resume();
        assert!(answers(&server).await);
    }
}
