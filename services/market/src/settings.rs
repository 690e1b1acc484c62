//! What market can be told.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::price::Price;
use domain::symbol::Symbol;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// Everything but what all services share. `config.default.toml` documents each key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whose prices.
    pub exchange: Exchange,
    /// How trades are judged.
    pub feed: Feed,
    /// How replicas take turns.
    pub lease: Lease,
    /// Where entries go.
    pub nats: bus::NatsSettings,
    /// Where last prices go.
    pub redis: Redis,
}

/// `[exchange]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Host of the streams.
    pub stream_url: StreamUrl,
    /// Host of the REST interface.
    pub rest_url: RestUrl,
    /// A connection without a frame for this long is given up.
    pub dead_after_ms: u64,
    /// A connection of this age is replaced.
    pub replace_after_ms: u64,
    /// The longest pause between attempts to connect.
    pub max_reconnect_delay_ms: u64,
    /// The symbols to follow and their price steps.
    pub symbols: Symbols,
}

impl Exchange {
    pub(crate) fn dead_after(&self) -> Duration {
        Duration::from_millis(self.dead_after_ms)
    }

    pub(crate) fn replace_after(&self) -> Duration {
        Duration::from_millis(self.replace_after_ms)
    }

    pub(crate) fn max_reconnect_delay(&self) -> Duration {
        Duration::from_millis(self.max_reconnect_delay_ms)
    }
}

/// A `ws` or `wss` address without a path.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct StreamUrl(Url);

/// An `http` or `https` address without a path.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct RestUrl(Url);

impl StreamUrl {
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0.as_str().trim_end_matches('/'))
    }
}

impl RestUrl {
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0.as_str().trim_end_matches('/'))
    }
}

impl TryFrom<String> for StreamUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        host(&text, ["ws", "wss"]).map(Self)
    }
}

impl TryFrom<String> for RestUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        host(&text, ["http", "https"]).map(Self)
    }
}

fn host(text: &str, schemes: [&str; 2]) -> Result<Url, String> {
    let [plain, secure] = schemes;
    let refusal = || format!("expected an address such as {secure}://host:port, got \"{text}\"");
    let url: Url = text
        .parse()
        .map_err(|_not_a_url: url::ParseError| refusal())?;
    let bare = url.path() == "/" && url.query().is_none() && url.has_host();
    let fits = bare && [plain, secure].contains(&url.scheme());
    if fits { Ok(url) } else { Err(refusal()) }
}

/// The symbols to follow, at least one, each with its price step.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Symbols(BTreeMap<Symbol, Price>);

impl Symbols {
    /// The most symbols that one instance follows: all fit one subscription.
    const MAX: usize = 200;

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Symbol, Price)> {
        self.0.iter().map(|(symbol, step)| (symbol, *step))
    }
}

impl TryFrom<BTreeMap<String, String>> for Symbols {
    type Error = String;

    fn try_from(texts: BTreeMap<String, String>) -> Result<Self, String> {
        if texts.is_empty() || texts.len() > Self::MAX {
            return Err(format!(
                "expected 1 to {} symbols, got {}",
                Self::MAX,
                texts.len()
            ));
        }
        let parse = |(symbol, step): (String, String)| {
            let parsed = symbol
                .parse()
                .map_err(|why| format!("\"{symbol}\": {why}"))?;
            let step = step
                .parse()
                .map_err(|why| format!("step of {symbol}: {why}"))?;
            Ok((parsed, step))
        };
        texts
            .into_iter()
            .map(parse)
            .collect::<Result<_, String>>()
            .map(Self)
    }
}

/// `[feed]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// A trade further than this from the last price is held.
    pub band_bps: u32,
    /// A symbol without a trade for this long is asked about.
    pub freshness_ms: u64,
}

impl Feed {
    pub(crate) fn freshness(&self) -> Duration {
        Duration::from_millis(self.freshness_ms)
    }
}

/// `[lease]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// How long a leader may be silent.
    pub duration_ms: u64,
}

impl Lease {
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_millis(self.duration_ms)
    }
}

/// `[redis]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Where it is.
    pub url: SecretString,
    /// Put before every key.
    pub prefix: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(environment: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        runtime::settings::load(&crate::SERVICE, None, environment)
            .map(|(_, settings)| settings)
            .map_err(|refused| refused.to_string())
    }

    #[test]
    fn the_defaults_are_complete() {
        let settings = load(&[]).unwrap();
        let symbols: Vec<_> = settings
            .exchange
            .symbols
            .iter()
            .map(|(s, _)| s.as_str())
            .collect();
        assert_eq!(symbols, ["BNBUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT"]);
        assert_eq!(
            settings.exchange.stream_url.join("/stream"),
            "ws://127.0.0.1:8887/stream"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let cases = [
            (
                "BATTLESBIT_MARKET__EXCHANGE__STREAM_URL",
                "http://127.0.0.1:1",
                "exchange.stream_url",
            ),
            (
                "BATTLESBIT_MARKET__EXCHANGE__REST_URL",
                "http://127.0.0.1:1/api",
                "exchange.rest_url",
            ),
            ("BATTLESBIT_MARKET__FEED__BAND_BPS", "wide", "feed.band_bps"),
            (
                "BATTLESBIT_MARKET__EXCHANGE__SYMBOLS",
                "{}",
                "exchange.symbols",
            ),
            (
                "BATTLESBIT_MARKET__EXCHANGE__SYMBOL",
                "x",
                "exchange.symbol",
            ),
        ];
        for (name, value, named) in cases {
            let refusal = load(&[(name, value)]).unwrap_err();
            assert!(refusal.contains(named), "{refusal}");
        }
    }
}
