//! Asking the owner of something to change it, and finding out what came of it.

use std::time::Duration;

use bus::Asked;
use cache::{Limit, Verdict};
use contracts::commands::{Answer, Ask};
use contracts::positions::{self, PositionRequest, Taken};
use contracts::{Code, Service};
use domain::id::{BattleId, UserId};
use store::entity::battle::BattleStatus;
use store::gateway::battles;
use store::gateway::positions::find_outcome;
use store::outcome::{self, Kept};
use tokio::time::{Instant, interval};

use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;
use crate::remembered::Remembered;

/// How long an owner may take to answer.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// How much longer its kept outcome is looked for.
const OUTCOME_WITHIN: Duration = Duration::from_millis(500);

/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often somebody is told what another one wants of him: others ask as often as they like, but
/// nobody has to hear it each time.
const TOLD: u32 = 3;
/// In how long.
const TOLD_WITHIN: Duration = Duration::from_secs(60 * 60);

/// For how long a seat in an open match is remembered.
const SEAT_REMEMBERED: Duration = Duration::from_secs(5);

/// What came of sending a request to its owner.
enum Sent<T> {
    /// The owner answered.
    Answered(Answer<T>),
    /// It is stored under this sequence, and its outcome is still to come.
    Stored(u64),
    /// It may be stored.
    Unsure,
    /// It is not stored, and never will be.
    Nowhere,
}

/// What is known of a request when its sender is answered.
pub(crate) enum Known<T> {
    /// Its outcome.
    Outcome(T),
    /// It is stored under this sequence, and its outcome is still to come.
    Stored(u64),
}

impl<T> Known<T> {
    /// The outcome; `OUTCOME_UNKNOWN` for a caller that has nothing to show without one.
    pub(crate) fn outcome(self) -> ApiResult<T> {
        match self {
            Self::Outcome(value) => Ok(value),
            Self::Stored(_) => Err(ApiError::of(Code::OutcomeUnknown)),
        }
    }
}

/// Who was found in which open match a moment ago. Nobody leaves one; when it ends, the arena refuses
/// what comes too late.
pub(crate) struct Seats(Remembered<(BattleId, UserId), ()>);

impl Default for Seats {
    fn default() -> Self {
        Self(Remembered::for_at_most(SEAT_REMEMBERED))
    }
}

impl Seats {
    fn knows(&self, battle: BattleId, player: UserId) -> bool {
        self.0.get(&(battle, player)).is_some()
    }

    fn remember(&self, battle: BattleId, player: UserId) {
        self.0.insert((battle, player), ());
    }
}

impl Gateway {
    /// Asks `owner` and waits for the outcome.
    ///
    /// `SERVICE_UNAVAILABLE` if it is stored nowhere, `OUTCOME_UNKNOWN` if nobody knows: only
    /// repeating it under the same id tells then.
    pub(crate) async fn ask<A: Ask>(
        &self,
        owner: Service,
        question: &A,
    ) -> ApiResult<Known<A::Value>> {
        let kept = || self.kept_by(owner, question);
        if let Err(limited) = self.count_request(question.caller().user).await {
            return kept().await?.map(Known::Outcome).ok_or(limited);
        }
        let until = Instant::now() + ANSWER_WITHIN + OUTCOME_WITHIN;
        self.outcome(question, until, kept).await
    }

    /// As [`Gateway::ask`], for a caller that has nothing to show without an outcome:
    /// `SERVICE_UNAVAILABLE` if the request has lapsed without one.
    pub(crate) async fn command<A: Ask>(
        &self,
        owner: Service,
        question: &A,
    ) -> ApiResult<A::Value> {
        match self.ask(owner, question).await? {
            Known::Stored(_) if question.expires_at_ms().is_some() => {
                Err(ApiError::of(Code::ServiceUnavailable))
            }
            known @ (Known::Outcome(_) | Known::Stored(_)) => known.outcome(),
        }
    }

    /// Asks the arena, unless the request cannot be meant for a match of the caller's that is not
    /// over; otherwise as [`Gateway::ask`].
    pub(crate) async fn ask_arena<A: PositionRequest>(
        &self,
        question: &A,
    ) -> ApiResult<Known<Taken>> {
        let kept = || self.kept_by_arena(question);
        if let Err(refusal) = self.admit(question).await? {
            return kept().await?.map(Known::Outcome).ok_or(refusal);
        }
        let until = Instant::now() + ANSWER_WITHIN;
        self.outcome(question, until, kept).await
    }

    /// The refusals that cost the arena nothing, in the order of the rules. The inner one is for
    /// requests that are new: a known one is answered first.
    async fn admit<A: PositionRequest>(&self, question: &A) -> ApiResult<ApiResult<()>> {
        let (battle, user) = (question.battle(), question.caller().user);
        if !self.seats.knows(battle, user) {
            let Some(standing) = battles::standing(&self.db, battle, user).await? else {
                return Err(ApiError::of(Code::MatchNotFound));
            };
            if !standing.seated {
                return Err(ApiError::of(Code::NotAParticipant));
            }
            match standing.status {
                BattleStatus::Waiting | BattleStatus::Closed | BattleStatus::Canceled => {
                    return Ok(Err(ApiError::of(Code::MatchNotOpen)));
                }
                BattleStatus::Open => self.seats.remember(battle, user),
                BattleStatus::Settling => {}
            }
        }
        let count = self.limits.orders_per_user;
        Ok(self.limit_user("orders_per_user", count, user).await)
    }

    /// Whether a player has a seat in a match that is open.
    pub(crate) async fn plays(&self, battle: BattleId, player: UserId) -> ApiResult<bool> {
        if self.seats.knows(battle, player) {
            return Ok(true);
        }
        let standing = battles::standing(&self.db, battle, player).await?;
        let plays = standing.is_some_and(|it| it.seated && it.status == BattleStatus::Open);
        if plays {
            self.seats.remember(battle, player);
        }
        Ok(plays)
    }

    /// Counts one more request that changes something; `RATE_LIMITED` if there are too many.
    pub(crate) async fn count_request(&self, user: UserId) -> ApiResult<()> {
        let count = self.limits.requests_per_user;
        self.limit_user("requests_per_user", count, user).await
    }

    /// Whether `whom` is to be told of what `by` wants of him: the first few times in an hour. This
    /// counts as one.
    pub(crate) async fn is_told(&self, of: &'static str, by: UserId, whom: UserId) -> bool {
        let limit = Limit {
            of,
            count: TOLD,
            window: TOLD_WITHIN,
        };
        match self.cache.count(limit, &format!("{by}/{whom}")).await {
            Ok(Verdict::Allowed) => true,
            Ok(Verdict::Wait(_)) => false,
            Err(error) => {
                tracing::warn!(%error, "notices are not counted");
                true
            }
        }
    }

    /// Counts one more request of `user`. Nobody is stopped while Redis is away: it may be lost,
    /// and trading goes on without it.
    async fn limit_user(&self, of: &'static str, count: u32, user: UserId) -> ApiResult<()> {
        let limit = Limit {
            of,
            count,
            window: self.limits.user_window(),
        };
        match self.cache.count(limit, &user.to_string()).await {
            Ok(Verdict::Allowed) => Ok(()),
            Ok(Verdict::Wait(wait)) => Err(ApiError::RateLimited(wait)),
            Err(error) => {
                tracing::warn!(%error, "requests are not counted");
                Ok(())
            }
        }
    }

    /// Sends the question, and looks for what `kept` finds until it is answered.
    async fn outcome<A: Ask, F>(
        &self,
        question: &A,
        until: Instant,
        kept: impl Fn() -> F,
    ) -> ApiResult<Known<A::Value>>
    where
        F: Future<Output = ApiResult<Option<A::Value>>>,
    {
        let (until, without) = match self.send(question).await {
            Sent::Answered(answer) => return settled(answer).map(Known::Outcome),
            Sent::Stored(sequence) => (until, Ok(Known::Stored(sequence))),
            Sent::Unsure => (until, Err(ApiError::of(Code::OutcomeUnknown))),
            Sent::Nowhere => (Instant::now(), Err(ApiError::of(Code::ServiceUnavailable))),
        };
        match look_for(until, kept).await? {
            Some(value) => Ok(Known::Outcome(value)),
            None => without,
        }
    }

    async fn send<A: Ask>(&self, question: &A) -> Sent<A::Value> {
        match self.bus.ask(question, ANSWER_WITHIN).await {
            Ok(Asked::Answer(answer)) => Sent::Answered(answer),
            Ok(Asked::NoAnswer { sequence }) => Sent::Stored(sequence),
            Ok(Asked::NotStored) => {
                tracing::warn!(subject = question.subject(), "no stream took a request");
                Sent::Nowhere
            }
            Err(error) => {
                tracing::warn!(%error, subject = question.subject(), "an owner could not be asked");
                Sent::Unsure
            }
        }
    }

    /// What the owner keeps of this request.
    async fn kept_by<A: Ask>(&self, owner: Service, question: &A) -> ApiResult<Option<A::Value>> {
        match outcome::find(&self.db, owner, question).await? {
            Kept::New => Ok(None),
            Kept::Answered(answer) => settled(answer).map(Some),
            Kept::Conflict => Err(ApiError::of(Code::IdempotencyConflict)),
        }
    }

    /// What the arena keeps of this request.
    async fn kept_by_arena<A: PositionRequest>(&self, question: &A) -> ApiResult<Option<Taken>> {
        let caller = question.caller();
        let battle = question.battle();
        match find_outcome(&self.db, battle, caller.user, caller.request).await? {
            None => Ok(None),
            Some(kept) if kept.body_hash != question.body_hash() => {
                Err(ApiError::of(Code::IdempotencyConflict))
            }
            Some(kept) => settled(positions::answer(kept.outcome, None)).map(Some),
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
