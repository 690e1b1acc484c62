//! Settles a battle from its sealed result: prizes, cups, experience, items, ranks, status and
//! messages, in one transaction. Settling again changes nothing.

use std::collections::BTreeMap;

use domain::battle::BattleTerms;
use domain::id::{AccountId, BattleId, UserId};
use domain::ledger::{Account, Transfer, Unit};
use domain::season::Season;
use domain::timestamp::Timestamp;
use metrics::counter;
use store::battle::{self, Sealed};
use store::entity::battle::BattleStatus;
use store::seat::{self, SeatItem, SeatResult};
use store::{Tx, ledger, season};

use crate::app::App;
use crate::error::Error;
use crate::lots::{self, Lot, Returned};
use crate::notices;
use crate::payout::{self, Line, Payout};
use crate::postings::Escrow;

/// Ends the trading of a battle whose time is up. False if it was not open, or if its time is not
/// up.
pub(crate) async fn end_trading(
    app: &App,
    battle: BattleId,
    now: Timestamp,
) -> Result<bool, Error> {
    let tx = app.db.begin().await?;
    let over = battle::lock(&tx, battle)
        .await?
        .is_some_and(|one| one.terms.end_time <= now);
    if !over {
        return Ok(false);
    }
    let (from, to) = (BattleStatus::Open, BattleStatus::Settling);
    let ended = battle::change_status(&tx, battle, from, to).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Settles a battle. False, and nothing happens, unless it is in settlement and its result is
/// sealed.
pub(crate) async fn settle(app: &App, battle: BattleId) -> Result<bool, Error> {
    let tx = app.db.begin().await?;
    let Some(found) = battle::lock(&tx, battle).await? else {
        return Ok(false);
    };
    if found.status != BattleStatus::Settling {
        return Ok(false);
    }
    let Some(Sealed {
        result,
        record_sha256,
    }) = battle::find_sealed(&tx, battle).await?
    else {
        return Ok(false);
    };
    runtime::failpoint!("settlement.begun");
    let terms = found.terms;
    let cups = cups_of(&tx, &terms).await?;
    let payout = payout::decide(&terms, &result, &cups)?;
    let returned = returned_items(&seat::list_items(&tx, battle).await?, &payout);
    let items_expire_at = terms.end_time.plus_ms(app.rewards.item_ttl_days.ms());
    let transfers = transfers(&terms, &payout, &returned, items_expire_at);
    ledger::post(&tx, &transfers).await??;
    runtime::failpoint!("settlement.posted");
    write(&tx, battle, &payout, &returned).await?;
    if terms.ranked {
        let changes: Vec<_> = payout.lines.iter().map(Line::cups).collect();
        season::note(&tx, Season::of(terms.end_time), &changes).await?;
    }
    battle::close(&tx, battle, result.winner, &record_sha256).await?;
    let standings = payout.lines.into_iter().map(|line| line.standing).collect();
    tx.announce_all(&notices::settled(&terms, standings, record_sha256)?)
        .await?;
    runtime::failpoint!("settlement.announced");
    tx.commit().await?;
    runtime::failpoint!("settlement.committed");
    counter!("matcher_battles_settled_total").increment(1);
    tracing::info!(%battle, "battle settled");
    Ok(true)
}

async fn cups_of(tx: &Tx, terms: &BattleTerms) -> Result<BTreeMap<UserId, i64>, Error> {
    let account = |player: UserId| Account::user(player, Unit::Cups);
    let players: BTreeMap<AccountId, UserId> = terms
        .seats
        .iter()
        .map(|seat| (account(seat.player).id(), seat.player))
        .collect();
    let accounts: Vec<Account> = terms
        .seats
        .iter()
        .map(|seat| account(seat.player))
        .collect();
    let balances = ledger::balances(tx, &accounts).await?;
    let cups = balances.iter().filter_map(|found| {
        players
            .get(&found.id.into())
            .map(|player| (*player, found.free()))
    });
    Ok(cups.collect())
}

/// What became of everything that the players brought.
fn returned_items(brought: &[SeatItem], payout: &Payout) -> Vec<(UserId, Returned)> {
    let of = |line: &Line| {
        let player = line.standing.player;
        let lots = brought
            .iter()
            .filter(|item| item.player == player)
            .map(|item| Lot {
                account: item.lot,
                uses: item.moved,
            });
        let returned = lots::give_back(lots.collect(), i64::from(line.cards_left));
        returned.into_iter().map(move |returned| (player, returned))
    };
    payout.lines.iter().flat_map(of).collect()
}

fn transfers(
    terms: &BattleTerms,
    payout: &Payout,
    returned: &[(UserId, Returned)],
    items_expire_at: Timestamp,
) -> Vec<Transfer> {
    let escrow = Escrow::of(terms.battle, terms.template.currency);
    let earned = payout.lines.iter().flat_map(|line| {
        let player = line.standing.player;
        let items = line
            .items
            .iter()
            .filter_map(move |item| escrow.give_item(player, *item, items_expire_at));
        escrow
            .pay_prize(player, line.standing.prize.minor)
            .into_iter()
            .chain(escrow.change_cups(player, line.standing.cups))
            .chain(escrow.give_experience(player, line.standing.experience))
            .chain(items)
    });
    let ended = returned
        .iter()
        .flat_map(|(_, returned)| escrow.end_item(returned));
    earned
        .chain(escrow.give_house(payout.remainder_minor))
        .chain(ended)
        .collect()
}

/// Writes what came of the battle on its seats.
async fn write(
    tx: &Tx,
    battle: BattleId,
    payout: &Payout,
    returned: &[(UserId, Returned)],
) -> Result<(), Error> {
    let small = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let result = |line: &Line| SeatResult {
        player: line.standing.player,
        rank: small(line.standing.rank),
        equity: line.equity,
        fills: small(line.standing.fills),
        prize_minor: line.standing.prize.minor,
        cups: line.standing.cups,
        experience: line.standing.experience,
    };
    let results: Vec<SeatResult> = payout.lines.iter().map(result).collect();
    seat::settle_all(tx, battle, &results).await?;
    let back: Vec<(UserId, AccountId, i64)> = returned
        .iter()
        .map(|(player, returned)| (*player, returned.account.id(), returned.back))
        .collect();
    seat::return_items(tx, battle, &back).await?;
    Ok(())
}
