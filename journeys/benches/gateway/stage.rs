//! The database and the corners of NATS and Redis that a gateway here has.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use bus::{Bus, NatsSettings};
use tempfile::TempDir;
use testkit::{Database, Space};

/// How many assets there are: as many as one socket may subscribe to.
pub(crate) const ASSETS: usize = 64;

/// Enough for a run that writes nothing.
const STREAM_BYTES: u64 = 16 << 20;
/// Signs tokens, for benchmarks alone.
const SIGNING_KEY: &str = "6a2c1f0e9d8b7a69584736251403f2e1d0cfbeadbcab9a8978675645342312f0";
/// Hashes codes, for benchmarks alone.
const CODE_KEY: &str = "a key for benchmarks that is long enough";
/// No limit of what a visitor may do is reached.
const PLENTY: &str = "1000000";

pub(crate) struct Stage {
    pub(crate) bus: Bus,
    folder: TempDir,
    // Dropped last: streams and database outlive what uses them.
    space: Space,
    database: Database,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let (database, space) = (Database::new().await, Space::new());
        let prefix = space.prefix().to_owned().try_into().unwrap();
        let nats = NatsSettings {
            max_stream_bytes: Some(STREAM_BYTES),
            ..NatsSettings::new(space.nats_url(), prefix)
        };
        let bus = Bus::connect(&nats, "bench").await.unwrap();
        bus.declare_streams().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut assets = String::new();
        for number in 0..ASSETS {
            writeln!(
                assets,
                "[[assets]]\nid = \"{}\"\nsymbol = \"A{number:02}\"\nname = \"Asset {number:02}\"\n\
                 icon_url = \"\"\npair = \"{}\"",
                asset(number),
                pair(number),
            )
            .unwrap();
        }
        std::fs::write(folder.path().join("web.toml"), assets).unwrap();
        Self {
            bus,
            folder,
            space,
            database,
        }
    }

    /// A file of settings for the gateway.
    pub(crate) fn settings(&self) -> PathBuf {
        self.folder.path().join("web.toml")
    }

    /// The settings of a gateway that reaches Redis under this address, as its environment.
    pub(crate) fn environment(&self, redis: &str) -> BTreeMap<String, String> {
        let url = self.database.url_for(contracts::Service::Web);
        let settings = [
            ("mode", "development"),
            ("http.listen", "127.0.0.1:0"),
            ("http.connections", PLENTY),
            ("postgres.url", url.as_str()),
            ("postgres.password", testkit::ROLE_PASSWORD),
            ("nats.url", self.space.nats_url()),
            ("nats.prefix", self.space.prefix()),
            ("nats.max_stream_bytes", &STREAM_BYTES.to_string()),
            ("redis.url", redis),
            ("redis.prefix", &self.space.redis_prefix()),
            ("identity.signing_key", SIGNING_KEY),
            ("identity.code_key", CODE_KEY),
            ("limits.user_rate", PLENTY),
            ("limits.user_burst", PLENTY),
            ("limits.ip_rate", PLENTY),
            ("limits.ip_burst", PLENTY),
            ("limits.guests_per_ip", PLENTY),
            ("limits.streams_per_ip", PLENTY),
            ("limits.operations_per_ip", PLENTY),
        ];
        let variable = |(key, value): (&str, &str)| {
            let key = key.to_uppercase().replace('.', "__");
            (format!("BATTLESBIT_WEB__{key}"), value.to_owned())
        };
        settings.into_iter().map(variable).collect()
    }

    /// The Redis that everybody has.
    pub(crate) fn redis(&self) -> &str {
        self.space.redis_url()
    }
}

/// The id of an asset.
pub(crate) fn asset(number: usize) -> String {
    format!("a{number:02}")
}

/// The market that prices it.
pub(crate) fn pair(number: usize) -> String {
    format!("A{number:02}USDT")
}
