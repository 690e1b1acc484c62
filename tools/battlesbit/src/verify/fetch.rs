//! Records from the API: one GET, no account.

use std::time::Duration;

use anyhow::{Context, bail};
use domain::record::MAX_RECORD_LEN;
use reqwest::{Client, Url};

/// A server that says nothing for this long is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// Fetches a record.
pub(super) async fn record(url: Url) -> anyhow::Result<Vec<u8>> {
    if !matches!(url.scheme(), "http" | "https") {
        bail!("expected an address that begins with http or https, found {url}");
    }
    let client = Client::builder()
        .connect_timeout(SILENCE)
        .read_timeout(SILENCE)
        .build()?;
    let mut answer = client
        .get(url.clone())
        .send()
        .await
        .with_context(|| format!("cannot reach {url}"))?;
    if !answer.status().is_success() {
        bail!("{url} has no record to give: {}", answer.status());
    }
    let mut record = Vec::new();
    while let Some(part) = answer
        .chunk()
        .await
        .with_context(|| format!("{url} stopped in the middle"))?
    {
        record.extend_from_slice(&part);
        if record.len() > MAX_RECORD_LEN {
            bail!("{url} gives more than the {MAX_RECORD_LEN} bytes of the longest record");
        }
    }
    Ok(record)
}
