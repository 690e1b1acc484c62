//! The stand-in for the chain, as somebody who has coins there uses it: sends some, opens a wallet.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use domain::money::Money;
use serde_json::{Value, json};
use url::Url;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The stand-in.
#[derive(Clone, Debug)]
pub struct Chain {
    http: reqwest::Client,
    url: Url,
}

impl Chain {
    /// The stand-in whose address is `url`.
    pub fn new(url: Url) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT);
        let http = http.build()?;
        Ok(Self { http, url })
    }

    /// Sends coins to a wallet.
    pub async fn send(&self, address: &str, amount: Money) -> anyhow::Result<()> {
        let coin = amount.currency.code();
        let asked = json!({ "address": address, "coin": coin, "amount": amount.minor });
        self.ask("control/fund", &asked).await?;
        Ok(())
    }

    /// Opens a wallet, and answers its address.
    pub async fn open_wallet(&self) -> anyhow::Result<String> {
        let opened = self.ask("control/wallet", &json!({})).await?;
        let address = opened.get("address").and_then(Value::as_str);
        Ok(address.context("a new wallet has an address")?.to_owned())
    }

    async fn ask(&self, what: &str, asked: &Value) -> anyhow::Result<Value> {
        let url = self.url.join(what)?;
        let answer = self.http.post(url).json(asked).send();
        let answer = answer.await.context("the chain does not answer")?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "the chain answers {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}
