//! Carrying out what the gateway asked for: once, however often it is asked.

use contracts::commands::{Answer, Ask, Refused};
use contracts::{Code, Service};
use store::outcome::{self, Kept};
use store::{Db, Tx};

use crate::{Bus, Delivery, Failure};

/// Carries out `command` for its `owner` and answers whoever waits.
///
/// `decide` changes what has to change in the transaction that it is given, or refuses; whatever
/// it wrote before it refused is taken back. The outcome is kept in the same transaction, so that
/// a repeat hears the same and another body under the same request is a conflict. The answer goes
/// out after the commit; whoever misses it reads the outcome.
pub async fn carry_out<A, D, E>(
    bus: &Bus,
    db: &Db,
    owner: Service,
    delivery: &Delivery,
    command: &A,
    decide: D,
) -> Result<(), Failure>
where
    A: Ask,
    D: AsyncFnOnce(&Tx) -> Result<Result<A::Value, Refused>, E>,
    E: Into<Failure>,
{
    let tx = db.begin().await?;
    let answer = match outcome::find(&tx, owner, command).await? {
        Kept::Answered(answer) => answer,
        Kept::Conflict => Answer::Refused {
            refusal: Refused::new(Code::IdempotencyConflict),
        },
        Kept::New => match decide(&tx).await.map_err(Into::into)? {
            Ok(value) => keep(tx, command, Answer::Done { value }).await?,
            Err(refusal) => {
                tx.rollback().await?;
                keep(db.begin().await?, command, Answer::Refused { refusal }).await?
            }
        },
    };
    bus.answer(delivery.answer_to.as_deref(), &answer);
    Ok(())
}

async fn keep<A: Ask>(
    tx: Tx,
    command: &A,
    answer: Answer<A::Value>,
) -> store::Result<Answer<A::Value>> {
    outcome::keep(&tx, command, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}
