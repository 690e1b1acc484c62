//! A small service as its operator sees it: arguments, settings, pages, signals and exit codes.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod pages;
mod refusals;
mod stopping;

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use testkit::{Binary, Process};

/// A test waits so long for what takes a second.
const LIMIT: Duration = Duration::from_secs(60);

/// The probe's binary with good settings, and the files that steer it.
struct Probe {
    binary: Binary,
    folder: TempDir,
}

impl Probe {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let binary = Binary::service("probe")
            .setting("probe.dependency", path("dependency"))
            .setting("probe.release", path("release"));
        let probe = Self { binary, folder };
        probe.set_dependency("well");
        probe
    }

    fn setting(mut self, key: &str, value: &str) -> Self {
        self.binary = self.binary.setting(key, value);
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn set_dependency(&self, state: &str) {
        std::fs::write(self.path("dependency"), state).unwrap();
    }

    fn release(&self) {
        std::fs::write(self.path("release"), "").unwrap();
    }

    /// Runs it to its end, which must be a failure; what it wrote on standard error.
    async fn fails(&self) -> String {
        let mut process = self.binary.start();
        assert!(!process.wait(LIMIT).await.success());
        process.stderr()
    }
}

/// The names in `failing` of `/readyz`, once the page has the status.
async fn failing(process: &Process, status: u16) -> Vec<String> {
    testkit::eventually(LIMIT, async || {
        let (found, page) = process.readyz().await?;
        assert_eq!(page["ready"], found == 200);
        let failing = page["failing"].as_array()?.iter();
        let names = failing.map(|reason| reason["name"].as_str().unwrap_or_default().to_owned());
        (found == status).then(|| names.collect())
    })
    .await
}
