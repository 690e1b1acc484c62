//! Records from the API: one GET, no account.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use domain::record::MAX_RECORD_LEN;
use reqwest::{Client, Url};

use super::LAYING_ASIDE;

/// A server that says nothing for this long is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// Fetches a record into a file.
pub(super) async fn record(url: Url, file: &mut File) -> anyhow::Result<()> {
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
    let mut left = MAX_RECORD_LEN;
    while let Some(part) = answer
        .chunk()
        .await
        .with_context(|| format!("{url} stopped in the middle"))?
    {
        left = u64::try_from(part.len())
            .ok()
            .and_then(|len| left.checked_sub(len))
            .with_context(|| {
                format!("{url} gives more than the {MAX_RECORD_LEN} bytes of the longest record")
            })?;
        file.write_all(&part).context(LAYING_ASIDE)?;
    }
    Ok(())
}
