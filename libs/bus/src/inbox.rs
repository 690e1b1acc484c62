//! Forgetting what cannot be asked for again: messages that their stream forgot a day ago, outcomes
//! of commands that nobody repeats any more, dead letters that a person has long seen to.

use std::convert::Infallible;
use std::time::Duration;

use store::{Db, dead_letter, inbox, outcome};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use crate::Consumer;

/// How often the inbox is cleared, and what lies beside it.
const CLEAR_EVERY: Duration = Duration::from_secs(600);
/// How many rows are forgotten in one transaction.
const ROWS: u32 = 1_000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How much longer than its stream the inbox keeps a message.
const LONGER: Duration = DAY;
/// How long the outcome of a command is kept. A client that was offline for a month asks as if it
/// were new; its order is void by then, or its gift would still be refused by the cap.
const KEEP_OUTCOMES: Duration = DAY.saturating_mul(30);
/// How long a message that a person saw to is kept, to be looked up.
const KEEP_RESOLVED: Duration = DAY.saturating_mul(90);

/// Clears the inbox of `consumer`, and what its service keeps beside it, now and then, for ever.
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
    let streams = consumer.by_stream();
    let kept = streams.iter().map(|(stream, _)| stream.max_age()).max();
    let handled_s = seconds(kept.unwrap_or_default() + LONGER);
    let (outcomes_s, resolved_s) = (seconds(KEEP_OUTCOMES), seconds(KEEP_RESOLVED));
    loop {
        let tx = db.begin().await?;
        let most = [
            inbox::delete_handled(&tx, consumer.name, handled_s, ROWS).await?,
            outcome::delete_kept(&tx, outcomes_s, ROWS).await?,
            dead_letter::delete_resolved(&tx, resolved_s, ROWS).await?,
        ];
        tx.commit().await?;
        if most.iter().all(|forgotten| *forgotten < u64::from(ROWS)) {
            return Ok(());
        }
    }
}

fn seconds(age: Duration) -> i64 {
    i64::try_from(age.as_secs()).unwrap_or(i64::MAX)
}
