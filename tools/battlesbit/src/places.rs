//! Where the servers are, and how to reach them as an operator.

use anyhow::Context;
use bus::{Bus, NatsSettings};
use clap::Args;
use store::Db;

/// Which Postgres.
#[derive(Args)]
pub(crate) struct Postgres {
    /// `postgres://user:password@host:port/database`, of a user who may do everything.
    #[arg(
        id = "postgres",
        long,
        env = "BATTLESBIT_POSTGRES_URL",
        hide_env_values = true
    )]
    pub(crate) url: String,
}

impl Postgres {
    pub(crate) async fn connect(&self) -> anyhow::Result<Db> {
        Db::connect_as_operator(&self.url)
            .await
            .context("cannot reach the database")
    }
}

/// Which NATS, and how its streams are kept: as the services' `[nats]` sections say.
#[derive(Args)]
pub(crate) struct Nats {
    /// `nats://host:port`.
    #[arg(id = "nats", long, env = "BATTLESBIT_NATS_URL")]
    url: String,
    /// How many servers keep each stream.
    #[arg(long, env = "BATTLESBIT_NATS_REPLICAS", default_value_t = 1)]
    replicas: usize,
    /// The most bytes that any one stream may reserve.
    #[arg(long, env = "BATTLESBIT_NATS_MAX_STREAM_BYTES")]
    max_stream_bytes: Option<u64>,
    /// Put before every subject and stream name; empty outside tests.
    #[arg(long, env = "BATTLESBIT_NATS_PREFIX", default_value = "", hide = true)]
    prefix: String,
}

impl Nats {
    pub(crate) async fn connect(&self) -> anyhow::Result<Bus> {
        let prefix = self.prefix.clone().try_into()?;
        let settings = NatsSettings {
            replicas: self.replicas,
            max_stream_bytes: self.max_stream_bytes,
            ..NatsSettings::new(&self.url, prefix)
        };
        Bus::connect(&settings, "battlesbit")
            .await
            .context("cannot reach NATS")
    }
}
