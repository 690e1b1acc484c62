//! Forgetting messages that cannot come again: those that their stream forgot a day ago.

use std::convert::Infallible;
use std::time::Duration;

use store::{Db, inbox};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use crate::Consumer;

/// How often the inbox is cleared.
const CLEAR_EVERY: Duration = Duration::from_secs(600);
/// How many messages are forgotten in one transaction.
const ROWS: u32 = 1_000;
/// How much longer than its stream the inbox keeps a message.
const LONGER: Duration = Duration::from_secs(24 * 60 * 60);

/// Clears the inbox of `consumer` now and then, for ever.
pub(crate) async fn keep_clear(db: &Db, consumer: &Consumer) -> Infallible {
    let mut beats = interval(CLEAR_EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        if let Err(error) = clear(db, consumer).await {
            warn!(consumer = consumer.durable(), %error, "the inbox was not cleared");
        }
    }
}

async fn clear(db: &Db, consumer: &Consumer) -> store::Result<()> {
    let kept = consumer
        .by_stream()
        .iter()
        .map(|(stream, _)| stream.max_age())
        .max();
    let age = kept.unwrap_or_default() + LONGER;
    let age_s = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    loop {
        let tx = db.begin().await?;
        let forgotten = inbox::delete_handled(&tx, consumer.name, age_s, ROWS).await?;
        tx.commit().await?;
        if forgotten < u64::from(ROWS) {
            return Ok(());
        }
    }
}
