//! Calls a battle off: everybody gets everything back, nobody is ranked, nothing is earned.

use contracts::Code;
use contracts::commands::Refused;
use contracts::matchmaking::PlaceStatus;
use domain::battle::BattleTerms;
use domain::id::{AccountId, BattleId, UserId};
use domain::ledger::Transfer;
use domain::timestamp::Timestamp;
use store::battle::{self, Battle};
use store::entity::battle::BattleStatus;
use store::seat::{self, SeatItem};
use store::{Tx, ledger, room};

use crate::app::App;
use crate::error::Error;
use crate::lots::Returned;
use crate::postings::Escrow;
use crate::rooms::{self, Waiting};
use crate::{notices, payout};

/// Cancels a battle in `tx`, or says why not. Canceling it again changes nothing.
pub(crate) async fn cancel(
    tx: &Tx,
    battle: BattleId,
    now: Timestamp,
) -> Result<Result<BattleId, Refused>, Error> {
    // Whoever seals the result waits here, or we wait for him.
    battle::lock_verdict(tx, battle).await?;
    if let Some(room) = room::find(tx, battle).await?
        && matches!(room.status, BattleStatus::Waiting | BattleStatus::Canceled)
    {
        return cancel_room(tx, battle).await;
    }
    let Some(Battle { status, terms }) = battle::lock(tx, battle).await? else {
        return Ok(Err(Refused::new(Code::MatchNotFound)));
    };
    let sealed = battle::find_sealed(tx, battle).await?.is_some();
    match status {
        BattleStatus::Canceled => return Ok(Ok(battle)),
        BattleStatus::Open if !sealed && now < terms.end_time => {}
        // No result can come any more.
        BattleStatus::Open | BattleStatus::Settling if battle::is_lost(tx, battle).await? => {}
        BattleStatus::Waiting
        | BattleStatus::Open
        | BattleStatus::Settling
        | BattleStatus::Closed => return Ok(Err(Refused::new(Code::MatchOver))),
    }
    battle::change_status(tx, battle, status, BattleStatus::Canceled).await?;
    let brought = seat::list_items(tx, battle).await?;
    ledger::post(tx, &transfers(&terms, &brought)).await??;
    let back: Vec<(UserId, AccountId, i64)> = brought
        .iter()
        .map(|item| (item.player, item.lot.id(), item.moved))
        .collect();
    seat::return_items(tx, battle, &back).await?;
    tx.announce_all(&notices::canceled(&terms)?).await?;
    tracing::info!(%battle, "battle canceled");
    Ok(Ok(battle))
}

/// Cancels a battle that an operator gave up, whatever the time.
pub(crate) async fn cancel_lost(app: &App, battle: BattleId) -> Result<(), Error> {
    let tx = app.db.begin().await?;
    if cancel(&tx, battle, app.exchange.now()).await?.is_ok() {
        tx.commit().await?;
    }
    Ok(())
}

/// Gives a room up that has not opened; again changes nothing.
async fn cancel_room(tx: &Tx, battle: BattleId) -> Result<Result<BattleId, Refused>, Error> {
    match Waiting::lock(tx, battle).await? {
        Ok(waiting) => rooms::give_up(tx, &waiting, PlaceStatus::Left).await?,
        // It opened meanwhile: the caller sees it and may ask again.
        Err(refused) if refused.code == Code::AlreadyOpen => return Ok(Err(refused)),
        Err(_) => {}
    }
    Ok(Ok(battle))
}

/// Every fee, every use of an item, spent ones too, and what the house had added.
fn transfers(terms: &BattleTerms, brought: &[SeatItem]) -> Vec<Transfer> {
    let template = &terms.template;
    let escrow = Escrow::of(terms.battle, template.currency);
    let funds = payout::house_funds_minor(template, terms.seats.len());
    let fees = terms
        .seats
        .iter()
        .filter_map(|seat| escrow.refund_fee(seat.player, template.entry_fee_minor));
    let items = brought.iter().flat_map(|item| {
        escrow.end_item(&Returned {
            account: item.lot,
            back: item.moved,
            spent: 0,
        })
    });
    fees.chain(escrow.give_house(funds)).chain(items).collect()
}
