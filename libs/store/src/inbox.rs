//! Messages that were handled, so that none is handled twice.

use sea_orm::ConnectionTrait;

use crate::statement::statement;
use crate::{Result, Tx};

impl Tx {
    /// Notes that `consumer` is handling the message `id`. Answers false if it already has.
    ///
    /// While another transaction handles the same message, this one waits for its end.
    pub async fn first_time(&self, consumer: &str, id: &str) -> Result<bool> {
        let insert = statement(
            "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [consumer.into(), id.into()],
        );
        Ok(self.inner().execute_raw(insert).await?.rows_affected() == 1)
    }
}

/// Forgets up to `limit` messages of `consumer` that were handled more than `age_s` seconds ago:
/// a day longer than their stream keeps them. Answers how many.
pub async fn delete_handled(tx: &Tx, consumer: &str, age_s: i64, limit: u32) -> Result<u64> {
    let delete = statement(
        "DELETE FROM inbox WHERE (service, consumer, message_id) IN (
             SELECT service, consumer, message_id FROM inbox
             WHERE service = current_service() AND consumer = $1
                 AND received_at < now() - make_interval(secs => $2)
             ORDER BY received_at LIMIT $3)",
        [consumer.into(), age_s.into(), i64::from(limit).into()],
    );
    Ok(tx.inner().execute_raw(delete).await?.rows_affected())
}
