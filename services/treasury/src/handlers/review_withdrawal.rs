//! `commands.treasury.review_withdrawal`: whether a large withdrawal may go out. Nobody decides on
//! one's own.

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{Refused, ReviewWithdrawal, Verdict};
use contracts::{Code, Service, Topic};
use domain::id::WithdrawalId;
use store::ledger::Refusal;
use store::withdrawal::{self, Change, Status};
use store::{Tx, ledger};

use crate::app::App;
use crate::error::Error;
use crate::notices;
use crate::payouts::freeing;

pub(crate) const CONSUMER: Consumer = Consumer::new(
    Service::Treasury,
    "review_withdrawal",
    &[Topic::ReviewWithdrawal],
);

pub(crate) async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: ReviewWithdrawal = delivery.decode()?;
    let review = async |tx: &Tx| {
        let reviewed = review(tx, &command).await?;
        runtime::failpoint!("withdrawal.reviewing");
        Ok::<_, Error>(reviewed)
    };
    bus::carry_out(
        &app.bus,
        &app.db,
        Service::Treasury,
        &delivery,
        &command,
        review,
    )
    .await?;
    runtime::failpoint!("withdrawal.reviewed");
    Ok(())
}

async fn review(
    tx: &Tx,
    command: &ReviewWithdrawal,
) -> Result<Result<WithdrawalId, Refused>, Error> {
    let (id, reviewer) = (command.withdrawal, command.caller.user);
    let Some(found) = withdrawal::lock(tx, id).await? else {
        return Ok(Err(Refused::new(Code::WithdrawalNotFound)));
    };
    if found.user == reviewer {
        return Ok(Err(Refused::new(Code::OwnWithdrawal)));
    }
    if found.status != Status::InReview || found.expires_at <= withdrawal::now(tx).await? {
        return Ok(Err(Refused::new(Code::WithdrawalNotInReview)));
    }
    let reason = match &command.verdict {
        Verdict::Approve => {
            withdrawal::change(tx, id, Change::Approve { reviewer }).await?;
            return Ok(Ok(id));
        }
        Verdict::Reject { reason } => reason,
    };
    let freed = freeing(id);
    match ledger::post(tx, std::slice::from_ref(&freed)).await? {
        Ok(_posted) => {}
        // It has expired this very moment.
        Err(Refusal::HoldEnded) => {
            return Ok(Err(Refused::new(Code::WithdrawalNotInReview)));
        }
        Err(refusal) => return Err(refusal.into()),
    }
    let reviewer = Some(reviewer);
    withdrawal::change(tx, id, Change::Reject { reviewer, reason }).await?;
    let moved = notices::moved(&found, freed.key.id(), 0, freed.kind)?;
    tx.announce_all(&[moved, notices::returned(&found, reason)?])
        .await?;
    Ok(Ok(id))
}
