//! A market in a corner of its own, with an exchange of its own.

use std::ffi::OsString;
use std::time::Duration;

use bus::{Bus, NatsSettings};
use cache::Cache;
use contracts::Stream;
use exchange::{Amount, Config, Exchange};
use market::Settings;
use runtime::{Clock, Mode, Supervisor};
use testkit::{Space, eventually};

use crate::reader::{LIMIT, Reader};

/// The most bytes that a test's stream may reserve.
const MAX_STREAM_BYTES: u64 = 64 << 20;
/// How long a task of a stopping market may take.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Scene {
    space: Space,
    pub(crate) exchange: Exchange,
    pub(crate) bus: Bus,
}

/// A market that runs in this process.
pub(crate) struct Market {
    supervisor: Supervisor,
}

impl Scene {
    /// An exchange that is driven by hand, with trade ids from 1.
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::on(Space::new(), config).await
    }

    pub(crate) async fn on(space: Space, config: Config) -> Self {
        let exchange = Exchange::start(Config {
            first_trade_id: Some(1),
            ..config
        })
        .await
        .unwrap();
        let prefix = space.prefix().to_owned().try_into().unwrap();
        let settings = NatsSettings {
            max_stream_bytes: Some(MAX_STREAM_BYTES),
            ..NatsSettings::new(space.nats_url(), prefix)
        };
        let bus = Bus::connect(&settings, "test").await.unwrap();
        bus.declare_streams().await.unwrap();
        Self {
            space,
            exchange,
            bus,
        }
    }

    /// Settings of a market here, as name and value, with lives shorter than the defaults.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("exchange.stream_url", self.exchange.stream_url()),
            ("exchange.rest_url", self.exchange.rest_url()),
            ("exchange.symbols", r#"{ BTCUSDT = "0.01" }"#.to_owned()),
            ("exchange.max_reconnect_delay_ms", "200".to_owned()),
            ("feed.freshness_ms", "500".to_owned()),
            ("nats.url", self.space.nats_url().to_owned()),
            ("nats.prefix", self.space.prefix().to_owned()),
            ("nats.max_stream_bytes", MAX_STREAM_BYTES.to_string()),
            ("redis.url", self.space.redis_url().to_owned()),
            ("redis.prefix", self.space.redis_prefix()),
        ]
    }

    /// Starts a market and waits until it is ready.
    pub(crate) async fn market(&self) -> Market {
        self.market_with(&[]).await
    }

    /// As [`Scene::market`], with some settings of its own.
    pub(crate) async fn market_with(&self, own: &[(&'static str, &str)]) -> Market {
        let market = Market::start(self.settings(own));
        eventually(LIMIT, async || market.is_ready()).await;
        market
    }

    pub(crate) fn settings(&self, own: &[(&'static str, &str)]) -> Settings {
        let own = own.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let variables = self
            .environment()
            .into_iter()
            .chain(own)
            .map(|(name, value)| {
                let name = name.to_uppercase().replace('.', "__");
                (
                    OsString::from(format!("BATTLESBIT_MARKET__{name}")),
                    OsString::from(value),
                )
            });
        runtime::settings::load(&market::SERVICE, None, variables)
            .unwrap()
            .1
    }

    /// A trade of BTCUSDT, made by hand.
    pub(crate) fn trade(&self, price: &str) -> u64 {
        let price: Amount = price.parse().unwrap();
        u64::try_from(self.exchange.trade("BTCUSDT", price).unwrap().id).unwrap()
    }

    pub(crate) async fn reader(&self) -> Reader {
        Reader::open(&self.bus).await
    }

    pub(crate) async fn cache(&self) -> Cache {
        let url = self.space.redis_url().to_owned().into();
        Cache::connect(&url, &self.space.redis_prefix())
            .await
            .unwrap()
    }

    /// How many entries the market stream holds.
    pub(crate) async fn stored(&self) -> u64 {
        self.bus.bounds(Stream::Market).await.unwrap().last
    }
}

impl Market {
    pub(crate) fn start(settings: Settings) -> Self {
        let clock = Clock::system();
        let supervisor = Supervisor::new(market::SERVICE, Mode::Development, clock, GRACE);
        supervisor.start(market::serve(settings, supervisor.context()));
        Self { supervisor }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.supervisor.context().health.report().ready
    }

    /// What keeps it from being ready.
    pub(crate) fn failing(&self) -> Vec<&'static str> {
        let report = self.supervisor.context().health.report();
        report.failing.iter().map(|failing| failing.name).collect()
    }

    pub(crate) async fn stop(self) {
        self.supervisor.stop().await.unwrap();
    }
}
