//! An operator with a database and a corner of NATS.

use std::process::Output;

use contracts::Service;
use secrecy::SecretString;
use store::{Db, Settings};
use testkit::{Database, ROLE_PASSWORD, Space};
use tokio::process::Command;
use url::Url;

/// Streams reserve their size; a test needs little.
const MAX_STREAM_BYTES: &str = "1048576";

pub(crate) struct Operator {
    pub(crate) database: Database,
    pub(crate) space: Space,
}

impl Operator {
    pub(crate) async fn new() -> Self {
        Self {
            database: Database::new().await,
            space: Space::new(),
        }
    }

    pub(crate) async fn runs(&self, arguments: &[&str]) -> Ran {
        self.runs_on(&self.database.url(), arguments).await
    }

    pub(crate) async fn runs_on(&self, postgres: &Url, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_battlesbit"))
            .args(arguments)
            .env_clear()
            .env("BATTLESBIT_POSTGRES_URL", postgres.as_str())
            .env("BATTLESBIT_NATS_URL", self.space.nats_url())
            .env("BATTLESBIT_NATS_PREFIX", self.space.prefix())
            .env("BATTLESBIT_NATS_MAX_STREAM_BYTES", MAX_STREAM_BYTES)
            .output()
            .await
            .unwrap();
        Ran::from(output)
    }

    pub(crate) async fn db(&self, service: Service) -> Db {
        let settings = Settings {
            url: self.database.url().to_string(),
            password: SecretString::from(ROLE_PASSWORD),
            max_connections: 1,
        };
        Db::connect(&settings, service).await.unwrap()
    }

    pub(crate) async fn superuser(&self) -> Db {
        Db::connect_as_operator(self.database.url().as_str())
            .await
            .unwrap()
    }
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) succeeded: bool,
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    pub(crate) complained: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            succeeded: output.status.success(),
            code: output.status.code(),
            said: String::from_utf8(output.stdout).unwrap(),
            complained: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
