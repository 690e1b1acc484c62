//! Opens a battle: seats, fees, card uses and times, in one transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::Moment;
use domain::battle::{BattleTerms, Seat};
use domain::game::Template;
use domain::id::{AccountId, BattleId, GameId, TicketId};
use domain::ledger::{Account, Transfer, Unit};
use domain::timestamp::Timestamp;
use metrics::{counter, histogram};
use runtime::ids;
use store::seat::{NewSeat, SeatItem};
use store::ticket::Ticket;
use store::{Tx, battle, ledger, room, seat, ticket};

use crate::app::App;
use crate::error::Error;
use crate::lots::{self, Lot};
use crate::postings::Escrow;
use crate::{notices, payout};

/// A battle that is to open.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) battle: BattleId,
    pub(crate) game: GameId,
    pub(crate) version: u32,
    pub(crate) template: &'a Template,
    pub(crate) ranked: bool,
    /// Whether it waits already, as a locked room.
    pub(crate) is_room: bool,
}

/// Opens a battle of these tickets of one version of a game. False, and nothing happens, if one
/// of them no longer waits.
pub(crate) async fn open(
    app: &App,
    (game, version, template): (GameId, u32, &Template),
    tickets: &[TicketId],
    moment: Moment,
) -> Result<bool, Error> {
    let tx = app.db.begin().await?;
    let waiting = ticket::lock_queued(&tx, tickets).await?;
    if waiting.is_empty() || waiting.len() < tickets.len() {
        return Ok(false);
    }
    runtime::failpoint!("opening.begun");
    let plan = Plan {
        battle: ids::mint(),
        game,
        version,
        template,
        ranked: true,
        is_room: false,
    };
    open_in(&tx, plan, &waiting, moment).await?;
    runtime::failpoint!("opening.posted");
    tx.commit().await?;
    runtime::failpoint!("opening.committed");
    Ok(true)
}

/// Opens a battle of locked tickets that wait, at least one.
pub(crate) async fn open_in(
    tx: &Tx,
    plan: Plan<'_>,
    waiting: &[Ticket],
    moment: Moment,
) -> Result<(), Error> {
    let items = pick_items(tx, plan.template, waiting, moment.now).await?;
    let (terms, battle) = (terms(plan, waiting, &items, moment.now), plan.battle);
    if plan.is_room {
        room::open(tx, &terms, moment.offset_ns).await?;
    } else {
        battle::insert_open(tx, &terms, moment.offset_ns).await?;
    }
    seat::insert_all(tx, battle, &seats(tx, waiting).await?).await?;
    seat::insert_items(tx, battle, &items).await?;
    let tickets: Vec<TicketId> = waiting.iter().map(|ticket| ticket.id).collect();
    ticket::seat(tx, &tickets, battle, moment.now).await?;
    ledger::post(tx, &transfers(&terms, waiting, &items)).await??;
    tx.announce_all(&notices::opened(&terms)?).await?;
    counter!("matcher_battles_opened_total").increment(1);
    for ticket in waiting {
        measure_estimate(ticket, moment.now);
    }
    tracing::info!(%battle, game = %terms.game, players = terms.seats.len(), "battle opens");
    Ok(())
}

/// By how much the player was told a wrong time to wait.
fn measure_estimate(ticket: &Ticket, now: Timestamp) {
    if let Some(estimate) = ticket.estimate {
        let waited_ms = now.ms().saturating_sub(ticket.queued_at.ms());
        let error_ms = waited_ms.abs_diff(estimate.wait_ms);
        histogram!("matcher_estimated_wait_error_seconds").record(Duration::from_millis(error_ms));
    }
}

fn terms(plan: Plan<'_>, waiting: &[Ticket], items: &[SeatItem], now: Timestamp) -> BattleTerms {
    let template = plan.template;
    let start_time = now.plus_ms(template.countdown_ms);
    let seat = |ticket: &Ticket| {
        let brought = items.iter().filter(|item| item.player == ticket.player);
        let uses: i64 = brought.map(|item| item.moved).sum();
        Seat {
            player: ticket.player,
            card_uses: u32::try_from(uses).unwrap_or(u32::MAX),
        }
    };
    BattleTerms {
        battle: plan.battle,
        game: plan.game,
        version: plan.version,
        template: template.clone(),
        ranked: plan.ranked,
        start_time,
        end_time: start_time.plus_ms(template.duration_ms),
        seats: waiting.iter().map(seat).collect(),
    }
}

/// The card uses that each player brings: those that expire first.
async fn pick_items(
    tx: &Tx,
    template: &Template,
    waiting: &[Ticket],
    now: Timestamp,
) -> Result<Vec<SeatItem>, Error> {
    let mut items = Vec::new();
    if template.card_uses == 0 {
        return Ok(items);
    }
    for Ticket { player, .. } in waiting {
        let owned = ledger::lots(tx, *player, Unit::LeverageCard, now).await?;
        let lots = owned.iter().map(|lot| {
            let expires_at = lot.expires_at_ms.map(Timestamp::from_ms);
            Lot {
                account: Account::lot(*player, Unit::LeverageCard, expires_at),
                uses: lot.free(),
            }
        });
        let taken = lots::take(lots.collect(), i64::from(template.card_uses));
        items.extend(taken.into_iter().map(|lot| SeatItem {
            player: *player,
            lot: lot.account,
            moved: lot.uses,
        }));
    }
    Ok(items)
}

/// The seats in ticket order, with what each player is worth now.
async fn seats(tx: &Tx, waiting: &[Ticket]) -> Result<Vec<NewSeat>, Error> {
    let worth =
        |ticket: &Ticket| [Unit::Cups, Unit::Xp].map(|unit| Account::user(ticket.player, unit));
    let accounts: Vec<Account> = waiting.iter().flat_map(worth).collect();
    let balances = ledger::balances(tx, &accounts).await?;
    let balances: BTreeMap<AccountId, i64> = balances
        .into_iter()
        .map(|found| (found.id.into(), found.balance))
        .collect();
    let balance = |account: Account| balances.get(&account.id()).copied().unwrap_or(0);
    let seat = |ticket: &Ticket| {
        let [cups, experience] = worth(ticket).map(balance);
        NewSeat {
            player: ticket.player,
            participant: ids::mint(),
            ticket: ticket.id,
            cups,
            experience,
        }
    };
    Ok(waiting.iter().map(seat).collect())
}

fn transfers(terms: &BattleTerms, waiting: &[Ticket], items: &[SeatItem]) -> Vec<Transfer> {
    let escrow = Escrow::of(terms.battle, terms.template.currency);
    let funds = payout::house_funds_minor(&terms.template, terms.seats.len());
    let fees = waiting
        .iter()
        .filter_map(|ticket| ticket.hold.map(|hold| escrow.capture_fee(ticket.id, hold)));
    let brought = items.iter().filter_map(|item| escrow.take_item(item));
    fees.chain(escrow.take_funds(funds))
        .chain(brought)
        .collect()
}
