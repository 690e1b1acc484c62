//! What became of the commands that a service was given, so that a repeat hears the same.

use contracts::Service;
use contracts::commands::{Answer, Ask};
use entity::command_outcome::Model;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::statement::statement;
use crate::{Error, Read, Result, Tx};

/// What is known of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept<T> {
    /// Nothing: it is new.
    New,
    /// It was answered before.
    Answered(Answer<T>),
    /// Its request id was used with another body.
    Conflict,
}

/// Finds what `owner` answered to `ask`.
pub async fn find<A: Ask>(from: &impl Read, owner: Service, ask: &A) -> Result<Kept<A::Value>> {
    let caller = ask.caller();
    let find = statement(
        "SELECT * FROM command_outcomes
         WHERE service = $1 AND caller_id = $2 AND verb = $3 AND request_id = $4",
        [
            owner.name().into(),
            caller.user.uuid().into(),
            A::TOPIC.pattern().into(),
            caller.request.uuid().into(),
        ],
    );
    match Model::find_by_statement(find).one(from.conn()).await? {
        None => Ok(Kept::New),
        Some(row) if row.body_hash != ask.body_hash() => Ok(Kept::Conflict),
        Some(row) => parse(row).map(Kept::Answered),
    }
}

fn parse<T: DeserializeOwned>(row: Model) -> Result<Answer<T>> {
    let corrupt = || Error::corrupt("command_outcomes", row.request_id);
    serde_json::from_value(row.outcome.clone())
        .ok()
        .ok_or_else(corrupt)
}

/// Keeps the answer to `ask`, in the transaction that brings it about. `Conflict` if somebody
/// else has just answered the same request.
pub async fn keep<A: Ask>(tx: &Tx, ask: &A, answer: &Answer<A::Value>) -> Result<()>
where
    A::Value: Serialize,
{
    let outcome = serde_json::to_value(answer)
        .map_err(|cause| Error::Refused(sea_orm::DbErr::Json(cause.to_string())))?;
    let caller = ask.caller();
    let insert = statement(
        "INSERT INTO command_outcomes (caller_id, verb, request_id, body_hash, outcome)
         VALUES ($1, $2, $3, $4, $5)",
        [
            caller.user.uuid().into(),
            A::TOPIC.pattern().into(),
            caller.request.uuid().into(),
            ask.body_hash().into(),
            outcome.into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

/// Forgets up to `limit` of the service's outcomes that were kept more than `age_s` seconds ago.
/// Answers how many.
pub async fn delete_kept(tx: &Tx, age_s: i64, limit: u32) -> Result<u64> {
    let delete = statement(
        "DELETE FROM command_outcomes WHERE (service, caller_id, verb, request_id) IN (
             SELECT service, caller_id, verb, request_id FROM command_outcomes
             WHERE service = current_service()
                 AND created_at < now() - make_interval(secs => $1)
             ORDER BY created_at LIMIT $2)",
        [age_s.into(), i64::from(limit).into()],
    );
    Ok(tx.inner().execute_raw(delete).await?.rows_affected())
}
