//! The seven services as programs, set up for servers of one's own. The benchmarks start them, too.

use std::collections::BTreeMap;

use bus::{Bus, NatsSettings};
use contracts::Service;
use mail::MailSink;
use testkit::{Binary, Database, Space};
use url::Url;

/// Signs tokens, for tests alone.
const SIGNING_KEY: &str = "6a2c1f0e9d8b7a69584736251403f2e1d0cfbeadbcab9a8978675645342312f0";
/// Hashes codes, for tests alone.
const CODE_KEY: &str = "a key for tests that is long enough";

/// The servers that a fleet runs on.
pub(crate) struct Place<'a> {
    pub(crate) database: &'a Database,
    pub(crate) space: &'a Space,
    /// Address of the exchange.
    pub(crate) exchange: &'a str,
    pub(crate) sink: &'a MailSink,
    pub(crate) temporal: &'a Url,
    /// The most that a stream holds; the server reserves it.
    pub(crate) stream_bytes: u64,
}

impl Place<'_> {
    /// Makes the streams; answers the way in.
    pub(crate) async fn declare_streams(&self) -> Bus {
        let prefix = self.space.prefix().to_owned().try_into().unwrap();
        let nats = NatsSettings {
            max_stream_bytes: Some(self.stream_bytes),
            ..NatsSettings::new(self.space.nats_url(), prefix)
        };
        let bus = Bus::connect(&nats, "journeys").await.unwrap();
        bus.declare_streams().await.unwrap();
        bus
    }

    /// Every service.
    pub(crate) fn binaries(&self) -> BTreeMap<Service, Binary> {
        Service::ALL
            .into_iter()
            .map(|service| (service, self.binary(service)))
            .collect()
    }

    /// One of them.
    pub(crate) fn binary(&self, service: Service) -> Binary {
        let Self {
            space,
            exchange,
            sink,
            temporal,
            ..
        } = self;
        let redis = |binary: Binary| {
            binary
                .setting("redis.url", space.redis_url())
                .setting("redis.prefix", space.redis_prefix())
        };
        let binary = Binary::service(service.name())
            .setting("nats.url", space.nats_url())
            .setting("nats.prefix", space.prefix())
            .setting("nats.max_stream_bytes", self.stream_bytes.to_string());
        let binary = if service == Service::Market {
            binary
        } else {
            binary
                .setting("postgres.url", self.database.url_for(service).as_str())
                .setting("postgres.password", testkit::ROLE_PASSWORD)
        };
        match service {
            Service::Market => redis(binary)
                .setting("exchange.stream_url", format!("ws://{exchange}"))
                .setting("exchange.rest_url", format!("http://{exchange}")),
            Service::Web => redis(binary)
                .setting("identity.signing_key", SIGNING_KEY)
                .setting("identity.code_key", CODE_KEY)
                .setting("limits.codes_per_ip", "1000")
                .setting("limits.ip_burst", "10000"),
            Service::Achievement => binary
                .setting("temporal.url", temporal.as_str())
                .setting("temporal.queue", space.prefix()),
            Service::Notifications => binary.setting("smtp.url", format!("smtp://{}", sink.smtp())),
            Service::Arena | Service::Matcher | Service::Treasury => binary,
        }
    }
}
