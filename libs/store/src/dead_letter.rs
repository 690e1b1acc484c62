//! Messages that nobody could handle, kept for a person.

use entity::dead_letter::{Model, Resolution};
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult, JsonValue, Statement};
use serde::Serialize;

use crate::db::sealed::Connected;
use crate::statement::statement;
use crate::{Db, Read, Result, Tx};

/// A message to park.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Who could not handle it.
    pub consumer: String,
    /// The stream that it was stored in.
    pub stream: String,
    /// Its sequence there.
    pub stream_sequence: i64,
    /// Its subject, without any prefix.
    pub subject: String,
    /// Its Nats-Msg-Id, if it had one.
    pub message_id: Option<String>,
    /// Its headers.
    pub headers: JsonValue,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// Why, for a person.
    pub cause: String,
    /// How often it was delivered.
    pub deliveries: i64,
}

/// Parks a message. Parking it again changes nothing.
pub async fn park(db: &Db, letter: &DeadLetter) -> Result<()> {
    db.conn().execute_raw(insert(letter)).await?;
    Ok(())
}

/// Parks a message together with everything else that a transaction does.
pub(crate) async fn park_in(tx: &Tx, letter: &DeadLetter) -> Result<()> {
    tx.inner().execute_raw(insert(letter)).await?;
    Ok(())
}

fn insert(letter: &DeadLetter) -> Statement {
    statement(
        "INSERT INTO dead_letters (consumer, stream, stream_sequence, subject, message_id, headers,
             payload, cause, deliveries)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (service, consumer, stream, stream_sequence) DO NOTHING",
        [
            letter.consumer.clone().into(),
            letter.stream.clone().into(),
            letter.stream_sequence.into(),
            letter.subject.clone().into(),
            letter.message_id.clone().into(),
            letter.headers.clone().into(),
            letter.payload.clone().into(),
            letter.cause.clone().into(),
            letter.deliveries.into(),
        ],
    )
}

/// The first `limit` messages behind `after` that wait for a person, of every service that the
/// connection may see.
pub async fn list_waiting(from: &impl Read, after: i64, limit: u32) -> Result<Vec<Model>> {
    let list = statement(
        "SELECT * FROM dead_letters WHERE resolution IS NULL AND id > $1 ORDER BY id LIMIT $2",
        [after.into(), i64::from(limit).into()],
    );
    Ok(Model::find_by_statement(list).all(from.conn()).await?)
}

/// Locks a message that waits for a person; none if there is no such one any more.
pub async fn lock_waiting(tx: &Tx, id: i64) -> Result<Option<Model>> {
    let lock = statement(
        "SELECT * FROM dead_letters WHERE resolution IS NULL AND id = $1 FOR UPDATE",
        [id.into()],
    );
    Ok(Model::find_by_statement(lock).one(tx.inner()).await?)
}

/// Notes what a person did about a message.
pub async fn resolve(tx: &Tx, id: i64, resolution: Resolution) -> Result<()> {
    let update = statement(
        "UPDATE dead_letters SET resolution = $2, resolved_at = now() WHERE id = $1",
        [id.into(), resolution.to_value().into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// Forgets up to `limit` of the service's messages that a person saw to more than `age_s` seconds
/// ago. Answers how many.
pub async fn delete_resolved(tx: &Tx, age_s: i64, limit: u32) -> Result<u64> {
    let delete = statement(
        "DELETE FROM dead_letters WHERE id IN (
             SELECT id FROM dead_letters
             WHERE service = current_service() AND resolution IS NOT NULL
                 AND resolved_at < now() - make_interval(secs => $1)
             ORDER BY resolved_at LIMIT $2)",
        [age_s.into(), i64::from(limit).into()],
    );
    Ok(tx.inner().execute_raw(delete).await?.rows_affected())
}

/// How many messages of one service wait for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Waiting {
    /// The service.
    pub service: String,
    /// How many.
    pub messages: i64,
}

/// Counts the messages that wait for a person, of every service that the connection may see.
pub async fn count_waiting(from: &impl Read) -> Result<Vec<Waiting>> {
    let count = statement(
        "SELECT service, count(*) AS messages FROM dead_letters WHERE resolution IS NULL
         GROUP BY service ORDER BY service",
        [],
    );
    Ok(Waiting::find_by_statement(count).all(from.conn()).await?)
}

/// How many messages of one stream wait for a person.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct WaitingOf {
    /// The stream that they were stored in.
    pub stream: String,
    /// How many.
    pub messages: i64,
}

/// Counts the messages of the connection's service that wait for a person, by their streams.
pub async fn count_own(from: &impl Read) -> Result<Vec<WaitingOf>> {
    let count = statement(
        "SELECT stream, count(*) AS messages FROM dead_letters
         WHERE service = current_service() AND resolution IS NULL
         GROUP BY stream ORDER BY stream",
        [],
    );
    Ok(WaitingOf::find_by_statement(count).all(from.conn()).await?)
}
