//! What became of the commands that a service was given, so that a repeat hears the same.

use std::collections::BTreeSet;

use contracts::Service;
use contracts::commands::{Answer, Ask};
use domain::id::{RequestId, UserId};
use entity::command_outcome::Model;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::arrays::Arrays;
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

/// Which of these are known to `owner`, whatever was answered; each by its caller and request.
pub async fn list_known<A: Ask>(
    from: &impl Read,
    owner: Service,
    asks: &[&A],
) -> Result<BTreeSet<(UserId, RequestId)>> {
    let (callers, requests): (Vec<Uuid>, Vec<Uuid>) = asks
        .iter()
        .map(|ask| (ask.caller().user.uuid(), ask.caller().request.uuid()))
        .unzip();
    // Each by the index, whatever Postgres believes how many there are: right after the first start it
    // would read them all, again and again.
    let list = statement(
        "SELECT o.* FROM unnest($3::uuid[], $4::uuid[]) AS asked (caller_id, request_id)
         CROSS JOIN LATERAL (
             SELECT * FROM command_outcomes o
             WHERE o.service = $1 AND o.caller_id = asked.caller_id AND o.verb = $2
                 AND o.request_id = asked.request_id OFFSET 0
         ) o",
        [
            owner.name().into(),
            A::TOPIC.pattern().into(),
            callers.into(),
            requests.into(),
        ],
    );
    let rows = Model::find_by_statement(list).all(from.conn()).await?;
    let known = rows.into_iter();
    Ok(known
        .map(|row| (row.caller_id.into(), row.request_id.into()))
        .collect())
}

fn parse<T: DeserializeOwned>(row: Model) -> Result<Answer<T>> {
    let corrupt = || Error::corrupt("command_outcomes", row.request_id);
    serde_json::from_value(row.outcome.clone())
        .ok()
        .ok_or_else(corrupt)
}

/// Keeps the answer to `ask`, in the transaction that brings it about. `Conflict` if somebody
/// else has just answered the same request.
pub async fn keep<A: Ask>(tx: &Tx, ask: &A, answer: &Answer<A::Value>) -> Result<()> {
    keep_all(tx, &[(ask, answer)]).await
}

/// As [`keep`], of several.
pub async fn keep_all<A: Ask>(tx: &Tx, answered: &[(&A, &Answer<A::Value>)]) -> Result<()> {
    let rows = Arrays::of("command_outcomes", answered, |(ask, _)| {
        ask.caller().request.to_string()
    })
    .ids("caller_id", |(ask, _)| ask.caller().user.uuid())
    .texts("verb", |_| A::TOPIC.pattern().to_owned())
    .ids("request_id", |(ask, _)| ask.caller().request.uuid())
    .texts("body_hash", |(ask, _)| ask.body_hash())
    .jsons("outcome", |(_, answer)| *answer)?;
    tx.inner().execute_raw(rows.insert()).await?;
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
