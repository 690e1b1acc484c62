//! Built binaries as processes of their own: to start, ask, stop and kill.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::port::free_port;
use crate::{cleanup, environment, eventually};

/// A binary may take this long to become ready, on a machine that is busy with other tests.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// A binary may take this long to end after SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A binary and what it is started with; starting it again is a restart.
#[derive(Clone)]
pub struct Binary {
    name: String,
    variable_prefix: String,
    port: u16,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
}

impl Binary {
    /// A service in development mode, its pages on a free port.
    pub fn service(name: &str) -> Self {
        let port = free_port();
        Self::tool(name, port)
            .setting("mode", "development")
            .setting("http.listen", format!("127.0.0.1:{port}"))
    }

    /// Any other binary, which serves `/readyz` on `port` if it serves anything.
    pub fn tool(name: &str, port: u16) -> Self {
        Self {
            name: name.to_owned(),
            variable_prefix: format!("BATTLESBIT_{}", name.to_uppercase()),
            port,
            arguments: Vec::new(),
            environment: BTreeMap::new(),
        }
    }

    /// Sets a service's setting by its dotted key, such as `nats.url`.
    pub fn setting(self, key: &str, value: impl Into<String>) -> Self {
        let keys = key.to_uppercase().replace('.', "__");
        let name = format!("{}__{keys}", self.variable_prefix);
        self.env(&name, value)
    }

    /// Sets a variable of the environment, which is otherwise empty but for PATH and HOME.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Where the process serves HTTP, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts a process; does not wait for anything.
    pub fn start(&self) -> Process {
        let path = environment::binary(&self.name);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let stdout = File::create(folder.path().join("stdout")).expect("the folder is ours");
        let stderr = File::create(folder.path().join("stderr")).expect("the folder is ours");
        let inherited = ["PATH", "HOME"].map(|name| (name, std::env::var_os(name)));
        let child = Command::new(&path)
            .args(&self.arguments)
            .env_clear()
            .envs(
                inherited
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|cause| panic!("cannot start {}: {cause}", path.display()));
        Process {
            name: self.name.clone(),
            url: self.url(),
            child,
            folder,
        }
    }

    /// Starts a process and waits until `/readyz` says 200.
    pub async fn start_ready(&self) -> Process {
        let mut process = self.start();
        process.ready().await;
        process
    }
}

/// A running binary. Killed with the value, and gone before its ports are used again; what it wrote
/// is shown when the test panics.
pub struct Process {
    name: String,
    url: String,
    child: Child,
    folder: TempDir,
}

impl Process {
    /// The id of the process, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Where it serves HTTP, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it wrote on standard error so far.
    pub fn stderr(&self) -> String {
        self.written("stderr")
    }

    /// What it wrote on standard output so far.
    pub fn stdout(&self) -> String {
        self.written("stdout")
    }

    /// The status and JSON of `/readyz`; `None` while nobody listens.
    pub async fn readyz(&self) -> Option<(u16, serde_json::Value)> {
        let answer = reqwest::get(format!("{}/readyz", self.url)).await.ok()?;
        Some((answer.status().as_u16(), answer.json().await.ok()?))
    }

    /// What it tells of itself at `/metrics`, as text.
    pub async fn metrics(&self) -> String {
        let answer = reqwest::get(format!("{}/metrics", self.url)).await;
        let page = answer.expect("the process answers").text().await;
        page.expect("a page of text")
    }

    /// Waits until `/readyz` says 200.
    ///
    /// # Panics
    /// When the process ends, or is not ready within a minute.
    pub async fn ready(&mut self) {
        let name = self.name.clone();
        let (url, child) = (format!("{}/readyz", self.url), &mut self.child);
        eventually(READY_LIMIT, || {
            let ended = child.try_wait().expect("the process is our child");
            assert!(
                ended.is_none(),
                "{name} ended before it was ready: {ended:?}"
            );
            let asking = reqwest::get(url.clone());
            async move {
                asking
                    .await
                    .is_ok_and(|answer| answer.status().is_success())
            }
        })
        .await;
    }

    /// Kills it where it stands, as `kill -9` does, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the process is our child");
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Asks it to stop with SIGTERM and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait(STOP_LIMIT).await
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it has not within `limit`.
    pub async fn wait(&mut self, limit: Duration) -> ExitStatus {
        let ended = timeout(limit, self.child.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("{} still runs after {limit:?}", self.name));
        ended.expect("the process is our child")
    }

    fn written(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        let bytes = std::fs::read(path).expect("the file was made with the process");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        cleanup::end(&mut self.child);
        for name in ["stdout", "stderr"] {
            let title = format!("{name} of {}", self.name);
            cleanup::show_if_panicking(&title, &self.folder.path().join(name));
        }
    }
}

/// Sends a signal to a child that has not been waited for.
pub(crate) fn send(child: &Child, signal: Signal) {
    let id = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .expect("the process still runs");
    kill(Pid::from_raw(id), signal).expect("the process is our child");
    if signal == Signal::SIGSTOP {
        await_stop(id);
    }
}

/// Waits until every thread of a process stands still: one takes the signal for all, and on a full
/// machine the others go on until it has its turn.
fn await_stop(id: i32) {
    let began = Instant::now();
    while !stands_still(id) {
        assert!(began.elapsed() < STOP_LIMIT, "the process does not stop");
        std::thread::yield_now();
    }
}

fn stands_still(id: i32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{id}/task")).expect("the process is there");
    tasks.flatten().all(|task| {
        // A thread that has just ended stands still too.
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let state = stat
            .rsplit_once(") ")
            .and_then(|(_, fields)| fields.chars().next());
        matches!(state, Some('T' | 't' | 'Z' | 'X') | None)
    })
}
