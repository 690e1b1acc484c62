//! Reading mail as a player would, from the local mail sink.

use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use url::Url;

/// How long a mail may take to arrive.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(20);
/// How often the mailbox is looked into.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How many digits a code has.
const CODE_DIGITS: usize = 6;

/// One caught mail.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// Rises from mail to mail.
    pub id: u64,
    text: String,
}

/// The mail sink.
#[derive(Clone)]
pub struct Mailbox {
    http: reqwest::Client,
    url: Url,
}

impl Mailbox {
    /// The sink whose HTTP address is `url`.
    pub fn new(url: Url) -> Self {
        Self {
            http: reqwest::Client::new(),
            url,
        }
    }

    /// Every mail to `address`, oldest first.
    pub async fn list(&self, address: &str) -> anyhow::Result<Vec<Mail>> {
        let url = self.url.join("messages")?;
        let response = self.http.get(url).query(&[("to", address)]).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    /// Waits for a mail to `address` that is newer than `after` and reads the code in it.
    pub async fn code(&self, address: &str, after: Option<u64>) -> anyhow::Result<String> {
        let deadline = Instant::now() + ARRIVAL_LIMIT;
        loop {
            let mails = self.list(address).await?;
            let newer = mails
                .iter()
                .filter(|mail| after.is_none_or(|after| mail.id > after));
            if let Some(code) = newer.rev().find_map(|mail| code_in(&mail.text)) {
                return Ok(code);
            }
            (Instant::now() < deadline)
                .then_some(())
                .with_context(|| format!("no code came to {address} within {ARRIVAL_LIMIT:?}"))?;
            sleep(POLL_INTERVAL).await;
        }
    }
}

fn code_in(text: &str) -> Option<String> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .find(|word| word.len() == CODE_DIGITS && word.bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_that_stand_alone() {
        assert_eq!(
            code_in("Your code is 042137.\nIt ends in 2024."),
            Some("042137".to_owned())
        );
        assert_eq!(code_in("order 1234567, abc123456"), None);
    }
}
