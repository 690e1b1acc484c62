//! A corner of the servers that belongs to one test.

use std::time::Duration;

use async_nats::jetstream;
use bus::{Bus, NatsSettings, Prefix};
use contracts::Service;
use contracts::market::Tick;
use contracts::matchmaking::Leave;
use domain::id::Id;
use domain::price::Price;
use domain::timestamp::Timestamp;
use store::Db;
use testkit::{Database, ROLE_PASSWORD, Space};
use uuid::Uuid;

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// Small, for NATS sets the bytes of every stream aside.
pub(crate) const STREAM_BYTES: u64 = 16 * 1024 * 1024;

/// Streams of one's own, declared.
pub(crate) struct Corner {
    pub(crate) bus: Bus,
    pub(crate) settings: NatsSettings,
    pub(crate) space: Space,
}

impl Corner {
    pub(crate) async fn new() -> Self {
        let space = Space::new();
        let settings = settings(space.nats_url(), space.prefix());
        let bus = Bus::connect(&settings, "test").await.unwrap();
        bus.declare_streams().await.unwrap();
        Self {
            bus,
            settings,
            space,
        }
    }

    /// A connection without our library between.
    pub(crate) async fn client(&self) -> async_nats::Client {
        async_nats::connect(&self.settings.url).await.unwrap()
    }

    /// The server without our library between.
    pub(crate) async fn raw(&self) -> jetstream::Context {
        jetstream::new(self.client().await)
    }

    /// The same streams by another way to their server.
    pub(crate) async fn bus_by(&self, url: &str) -> Bus {
        let settings = settings(url, &self.settings.prefix.to_string());
        Bus::connect(&settings, "test").await.unwrap()
    }

    /// How many messages a consumer of the matcher's leaves was given and has not settled.
    pub(crate) async fn unsettled(&self, consumer: &str) -> usize {
        let stream = self.raw().await;
        let stream = stream.get_stream(self.stream("MATCHMAKING")).await.unwrap();
        let info = stream.consumer_info(format!("matcher_{consumer}")).await;
        info.unwrap().num_ack_pending
    }

    /// A stream's name on the server.
    pub(crate) fn stream(&self, name: &str) -> String {
        format!("{}_{name}", self.settings.prefix)
    }
}

pub(crate) fn settings(url: &str, prefix: &str) -> NatsSettings {
    let prefix = Prefix::try_from(prefix.to_owned()).unwrap();
    NatsSettings {
        max_stream_bytes: Some(STREAM_BYTES),
        ..NatsSettings::new(url, prefix)
    }
}

/// A database of one's own, as the matcher sees it.
pub(crate) async fn matchers_database() -> (Database, Db) {
    let database = Database::new().await;
    let db = matcher_of(&database).await;
    (database, db)
}

/// A database as the matcher sees it.
pub(crate) async fn matcher_of(database: &Database) -> Db {
    let settings = store::Settings {
        url: database.url().to_string(),
        password: ROLE_PASSWORD.to_owned(),
        max_connections: 5,
    };
    Db::connect(&settings, Service::Matcher).await.unwrap()
}

pub(crate) fn id<T>(n: u128) -> Id<T> {
    Uuid::from_u128(n).into()
}

/// A message that is told apart by its request.
pub(crate) fn leave(request: u128) -> Leave {
    Leave {
        game: id(1),
        player: id(2),
        request: id(request),
    }
}

pub(crate) fn tick(trade_id: u64) -> Tick {
    Tick {
        epoch: 1,
        symbol: "BTCUSDT".parse().unwrap(),
        trade_id,
        price: Price::from_units(100).unwrap(),
        time: Timestamp::from_ms(0),
    }
}
