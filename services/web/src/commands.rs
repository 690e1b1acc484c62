//! Asking the owner of something to change it, and finding out what came of it.

use std::time::Duration;

use bus::Asked;
use contracts::commands::{Answer, Ask};
use contracts::positions::{self, PositionRequest};
use contracts::{Code, Service};
use domain::id::PositionId;
use store::outcome::{self, Kept};
use tokio::time::{Instant, interval};

use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;

/// How long an owner may take to answer.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// How much longer its kept outcome is looked for.
const OUTCOME_WITHIN: Duration = Duration::from_millis(500);

/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Gateway {
    /// Asks `owner` and waits for the outcome; `None` if there is none yet. The request is stored,
    /// or it is not: only repeating it under the same id tells.
    pub(crate) async fn ask<A: Ask>(
        &self,
        owner: Service,
        question: &A,
    ) -> ApiResult<Option<A::Value>> {
        let until = Instant::now() + ANSWER_WITHIN;
        if let Some(answer) = self.hear(question).await {
            return settled(answer).map(Some);
        }
        look_for(until + OUTCOME_WITHIN, || async move {
            match outcome::find(&self.db, owner, question).await? {
                Kept::New => Ok(None),
                Kept::Answered(answer) => settled(answer).map(Some),
                Kept::Conflict => Err(ApiError::of(Code::IdempotencyConflict)),
            }
        })
        .await
    }

    /// As [`Gateway::ask`], for a caller that has nothing to show without an outcome.
    pub(crate) async fn command<A: Ask>(
        &self,
        owner: Service,
        question: &A,
    ) -> ApiResult<A::Value> {
        let outcome = self.ask(owner, question).await?;
        outcome.ok_or_else(|| ApiError::of(Code::OutcomeUnknown))
    }

    /// Asks the arena; `None` if it is silent.
    pub(crate) async fn ask_arena<A: PositionRequest>(
        &self,
        question: &A,
    ) -> ApiResult<Option<PositionId>> {
        let until = Instant::now() + ANSWER_WITHIN;
        if let Some(answer) = self.hear(question).await {
            return settled(answer).map(Some);
        }
        look_for(until, || async move {
            let caller = question.caller();
            let kept = store::gateway::positions::find_outcome(
                &self.db,
                question.battle(),
                caller.user,
                caller.request,
            )
            .await?;
            match kept {
                None => Ok(None),
                Some(kept) if kept.body_hash != question.body_hash() => {
                    Err(ApiError::of(Code::IdempotencyConflict))
                }
                Some(kept) => settled(positions::answer(kept.outcome)).map(Some),
            }
        })
        .await
    }

    /// The owner's own answer, if it comes in time and to us.
    async fn hear<A: Ask>(&self, question: &A) -> Option<Answer<A::Value>> {
        match self.bus.ask(question, ANSWER_WITHIN).await {
            Ok(Asked::Answer(answer)) => Some(answer),
            Ok(Asked::NoAnswer | Asked::Repeated) => None,
            Err(error) => {
                tracing::warn!(%error, subject = question.subject(), "an owner could not be asked");
                None
            }
        }
    }
}

fn settled<T>(answer: Answer<T>) -> ApiResult<T> {
    match answer {
        Answer::Done { value } => Ok(value),
        Answer::Refused { refusal } => Err(refusal.into()),
    }
}

/// Looks at least once, and again until something is found or the time is over.
async fn look_for<T, F>(until: Instant, find: impl Fn() -> F) -> ApiResult<Option<T>>
where
    F: Future<Output = ApiResult<Option<T>>>,
{
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        let found = find().await?;
        if found.is_some() || Instant::now() >= until {
            return Ok(found);
        }
    }
}
