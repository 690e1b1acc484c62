//! What becomes of a transaction that we signed: it is sent, the same bytes again and again, until
//! it is final or proven never to happen.

use chain::{Address, NodeError, Receipt, Signature, Status};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use metrics::counter;
use store::chain::{OwnTransaction, kind};

use crate::custody::Custody;
use crate::error::Error;

/// How many blocks more than the last that takes a transaction there have to be, before its absence
/// is proof: nodes count a little differently.
const MARGIN: u64 = 8;

/// How often a node could not prove that something never happened.
pub(crate) const UNPROVEN: &str = "treasury_absence_unproven_total";

/// How far a transaction has come.
#[derive(Debug)]
pub(crate) enum Step {
    /// It may still happen, or was not seen to.
    Waiting,
    /// It has happened, for good.
    Finalized(Receipt),
    /// It stands in a block and moved nothing but its fee.
    Failed(Receipt),
    /// It never happened, and never will.
    Expired,
}

/// Looks at a transaction, and sends it unless it is on the chain.
pub(crate) async fn step(custody: &Custody, own: &OwnTransaction) -> Result<Step, Error> {
    let node = custody.node();
    let signature = Signature::new(own.signature.clone());
    // The height first: what is absent from a node that has come farther never happened before it.
    let height = node.height().await?;
    let told = node.status(&signature).await?;
    match told.status {
        Some(Status::Pending) => return Ok(Step::Waiting),
        Some(Status::Finalized | Status::Failed) => {
            let receipt = node.receipt(&signature).await?;
            return Ok(match receipt {
                None => Step::Waiting,
                Some(receipt) if receipt.failed => Step::Failed(receipt),
                Some(receipt) => Step::Finalized(receipt),
            });
        }
        None => {}
    }
    let last = u64::try_from(own.last_valid_height).unwrap_or_default();
    if height.block_height > last.saturating_add(MARGIN) {
        let is_absent = told.slot >= height.slot && node.receipt(&signature).await?.is_none();
        if is_absent && remembers(custody, own).await? {
            return Ok(Step::Expired);
        }
        counter!(UNPROVEN).increment(1);
        tracing::warn!(%signature, "the node cannot prove that this never happened");
        return Ok(Step::Waiting);
    }
    if height.block_height <= last {
        send(custody, own).await?;
    }
    Ok(Step::Waiting)
}

/// Whether the node would know of the transaction if it had happened: one that began from a snapshot,
/// or has purged its history, has forgotten what stood in earlier blocks.
async fn remembers(custody: &Custody, own: &OwnTransaction) -> Result<bool, Error> {
    let first = custody.node().first_block().await?;
    Ok(i64::try_from(first).is_ok_and(|first| first <= own.signed_slot))
}

async fn send(custody: &Custody, own: &OwnTransaction) -> Result<(), Error> {
    match custody.node().send(&own.bytes).await {
        Ok(()) => Ok(()),
        // Another node may see it otherwise; in the end its height tells.
        Err(NodeError::Refused { code, message }) => {
            tracing::info!(
                signature = own.signature,
                code,
                message,
                "a transfer is not taken"
            );
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// What the chain took from our accounts beside what went to somebody else, as the house's cost;
/// none if it was nothing. `paid_out` is in lamports.
pub(crate) fn network_fee(
    own: &OwnTransaction,
    receipt: &Receipt,
    ours: &[Address],
    paid_out: i64,
) -> Result<Option<Transfer>, Error> {
    let change: i128 = ours.iter().map(|&account| receipt.lamports(account)).sum();
    let cost = i64::try_from(-change - i128::from(paid_out));
    let cost = cost.map_err(|_cause| Error::TooLarge("a fee"))?;
    let key = TransferKey::new(format!("chain/{}/fee", own.signature));
    let transfer = Transfer {
        reference: own
            .withdrawal
            .map_or_else(|| key.id().uuid(), |it| it.uuid()),
        key,
        kind: kind::NETWORK_FEE,
        movement: Movement::Move {
            debit: Account::house(Unit::Sol),
            credit: Account::outside(Unit::Sol),
            amount: cost,
        },
    };
    Ok((cost > 0).then_some(transfer))
}
