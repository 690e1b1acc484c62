//! The exchange of a fleet, which trades on command.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::interval;

/// How often it trades while something else happens: an asset that nobody trades for ten seconds is
/// stale.
const TRADE_EVERY: Duration = Duration::from_millis(200);

/// The way to its control interface.
#[derive(Clone)]
pub(crate) struct Exchange {
    control: String,
}

impl Exchange {
    pub(crate) fn new(control: &str) -> Self {
        Self {
            control: format!("http://{control}/control"),
        }
    }

    /// Makes one trade; answers when, in milliseconds since 1970.
    pub(crate) async fn trade(&self, symbol: &str, price: &str) -> i64 {
        let answer = reqwest::Client::new()
            .post(format!("{}/trade", self.control))
            .json(&json!({ "symbol": symbol, "price": price }))
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{symbol}: {}",
            answer.status()
        );
        let trade: Value = answer.json().await.unwrap();
        trade["time_ms"].as_i64().unwrap()
    }

    /// Trades bitcoin at `price` for as long as something takes.
    pub(crate) async fn while_trading<T>(&self, price: &str, taken: impl Future<Output = T>) -> T {
        let mut trades = interval(TRADE_EVERY);
        let trading = async {
            loop {
                trades.tick().await;
                self.trade("BTCUSDT", price).await;
            }
        };
        tokio::select! {
            taken = taken => taken,
            () = trading => unreachable!("the exchange trades for ever"),
        }
    }
}
