//! The prices that every bot sees, from one subscription.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::price::Price;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::client::Client;

const ASSETS_UPDATED: &str = "subscription { assetsUpdated { id price } }";

/// The last price of each asset, by the asset's id.
pub(crate) type Prices = BTreeMap<String, Price>;

/// Follows the prices into `sender` until the API ends the subscription.
pub(crate) async fn follow(api: Client, sender: Arc<watch::Sender<Prices>>) -> anyhow::Result<()> {
    let mut updates = api.subscribe(ASSETS_UPDATED, json!({})).await?;
    while let Some(data) = updates.next().await? {
        let assets = data.get("assetsUpdated").and_then(Value::as_array).cloned();
        let read = assets.into_iter().flatten().filter_map(|asset| {
            let id = asset.get("id")?.as_str()?.to_owned();
            Some((id, asset.get("price")?.as_str()?.parse().ok()?))
        });
        sender.send_modify(|prices| prices.extend(read));
    }
    Ok(())
}
