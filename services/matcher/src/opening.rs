//! Opens battles: seats, fees, card uses and times, in one transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::Moment;
use domain::battle::{BattleTerms, Seat};
use domain::game::Template;
use domain::id::{AccountId, BattleId, GameId, TicketId, UserId};
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

/// A battle that is to open, and who opens it.
struct Opening<'a> {
    plan: Plan<'a>,
    /// Locked tickets that wait, at least one.
    waiting: Vec<Ticket>,
}

/// Opens a battle of each of these groups of tickets of one version of a game, all in one
/// transaction. A group of which one no longer waits is left out. Answers whether none was.
pub(crate) async fn open(
    app: &App,
    (game, version, template): (GameId, u32, &Template),
    groups: &[&[TicketId]],
    moment: Moment,
) -> Result<bool, Error> {
    let tx = app.db.begin().await?;
    let waiting = ticket::lock_queued(&tx, &groups.concat()).await?;
    let waiting: BTreeMap<TicketId, &Ticket> = waiting.iter().map(|it| (it.id, it)).collect();
    let opening = |tickets: &&[TicketId]| {
        let found = tickets.iter().map(|id| waiting.get(id).copied().cloned());
        let waiting: Vec<Ticket> = found.collect::<Option<_>>()?;
        let plan = Plan {
            battle: ids::mint(),
            game,
            version,
            template,
            // Nothing is at stake where a party waits; it is not to count, either.
            ranked: waiting.iter().all(|ticket| ticket.party.is_none()),
            is_room: false,
        };
        (!waiting.is_empty()).then_some(Opening { plan, waiting })
    };
    let openings: Vec<Opening<'_>> = groups.iter().filter_map(opening).collect();
    let is_whole = openings.len() == groups.len();
    if openings.is_empty() {
        return Ok(is_whole);
    }
    runtime::failpoint!("opening.begun");
    open_all(&tx, &openings, moment).await?;
    runtime::failpoint!("opening.posted");
    tx.commit().await?;
    runtime::failpoint!("opening.committed");
    Ok(is_whole)
}

/// Opens a battle of locked tickets that wait, at least one.
pub(crate) async fn open_in(
    tx: &Tx,
    plan: Plan<'_>,
    waiting: &[Ticket],
    moment: Moment,
) -> Result<(), Error> {
    let waiting = waiting.to_vec();
    open_all(tx, &[Opening { plan, waiting }], moment).await
}

async fn open_all(tx: &Tx, openings: &[Opening<'_>], moment: Moment) -> Result<(), Error> {
    let items = pick_items(tx, openings, moment.now).await?;
    let terms: Vec<BattleTerms> = openings
        .iter()
        .map(|opening| terms(opening, &items, moment.now))
        .collect();
    let (rooms, queued): (Vec<_>, Vec<_>) = openings
        .iter()
        .zip(&terms)
        .partition(|(opening, _)| opening.plan.is_room);
    for (_, terms) in rooms {
        room::open(tx, terms, moment.offset_ns).await?;
    }
    let queued: Vec<&BattleTerms> = queued.into_iter().map(|(_, terms)| terms).collect();
    battle::insert_open(tx, &queued, moment.offset_ns).await?;
    seat::insert_all(tx, &seats(tx, openings).await?).await?;
    seat::insert_items(tx, &items).await?;
    let seated: Vec<(TicketId, BattleId)> = openings
        .iter()
        .flat_map(|Opening { plan, waiting }| waiting.iter().map(|ticket| (ticket.id, plan.battle)))
        .collect();
    ticket::seat(tx, &seated, moment.now).await?;
    let (mut moved, mut told) = (Vec::new(), Vec::new());
    for (opening, terms) in openings.iter().zip(&terms) {
        moved.extend(transfers(terms, &opening.waiting, &items));
        told.extend(notices::opened(terms)?);
    }
    ledger::post(tx, &moved).await??;
    tx.announce_all(&told).await?;
    counter!("matcher_battles_opened_total").increment(terms.len() as u64);
    for ticket in openings.iter().flat_map(|opening| &opening.waiting) {
        measure_estimate(ticket, moment.now);
    }
    for terms in &terms {
        let (battle, players) = (terms.battle, terms.seats.len());
        tracing::info!(%battle, game = %terms.game, players, "battle opens");
    }
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

/// Items that players brought, each into a battle.
type Brought = [(BattleId, SeatItem)];

fn terms(opening: &Opening<'_>, items: &Brought, now: Timestamp) -> BattleTerms {
    let Opening { plan, waiting } = opening;
    let template = plan.template;
    let start_time = now.plus_ms(template.countdown_ms);
    let seat = |ticket: &Ticket| {
        let brought = items
            .iter()
            .filter(|(battle, item)| *battle == plan.battle && item.player == ticket.player);
        let uses: i64 = brought.map(|(_, item)| item.moved).sum();
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
    openings: &[Opening<'_>],
    now: Timestamp,
) -> Result<Vec<(BattleId, SeatItem)>, Error> {
    let bringing: Vec<&Opening<'_>> = openings
        .iter()
        .filter(|opening| opening.plan.template.card_uses > 0)
        .collect();
    let players: Vec<UserId> = bringing
        .iter()
        .flat_map(|opening| opening.waiting.iter().map(|ticket| ticket.player))
        .collect();
    if players.is_empty() {
        return Ok(Vec::new());
    }
    let owned = ledger::lots(tx, &players, Unit::LeverageCard, now).await?;
    let mut lots: BTreeMap<UserId, Vec<Lot>> = BTreeMap::new();
    for lot in owned {
        let player = UserId::new(lot.owner_id);
        let expires_at = lot.expires_at_ms.map(Timestamp::from_ms);
        lots.entry(player).or_default().push(Lot {
            account: Account::lot(player, Unit::LeverageCard, expires_at),
            uses: lot.free(),
        });
    }
    let mut items = Vec::new();
    for Opening { plan, waiting } in bringing {
        let wanted = i64::from(plan.template.card_uses);
        for Ticket { player, .. } in waiting {
            // Nobody opens two battles of a game at once: one has one place in it.
            let taken = lots::take(lots.remove(player).unwrap_or_default(), wanted);
            items.extend(taken.into_iter().map(|lot| {
                let item = SeatItem {
                    player: *player,
                    lot: lot.account,
                    moved: lot.uses,
                };
                (plan.battle, item)
            }));
        }
    }
    Ok(items)
}

/// The seats of each battle in ticket order, with what each player is worth now.
async fn seats(tx: &Tx, openings: &[Opening<'_>]) -> Result<Vec<NewSeat>, Error> {
    let worth =
        |ticket: &Ticket| [Unit::Cups, Unit::Xp].map(|unit| Account::user(ticket.player, unit));
    let tickets = openings.iter().flat_map(|opening| &opening.waiting);
    let accounts: Vec<Account> = tickets.flat_map(worth).collect();
    let balances = ledger::balances(tx, &accounts).await?;
    let balances: BTreeMap<AccountId, i64> = balances
        .into_iter()
        .map(|found| (found.id.into(), found.balance))
        .collect();
    let balance = |account: Account| balances.get(&account.id()).copied().unwrap_or(0);
    let seat = |battle: BattleId, number: i64, ticket: &Ticket| {
        let [cups, experience] = worth(ticket).map(balance);
        NewSeat {
            battle,
            number,
            player: ticket.player,
            participant: ids::mint(),
            ticket: ticket.id,
            cups,
            experience,
        }
    };
    let seats = openings.iter().flat_map(|Opening { plan, waiting }| {
        let numbered = (1..).zip(waiting);
        numbered.map(move |(number, ticket)| seat(plan.battle, number, ticket))
    });
    Ok(seats.collect())
}

fn transfers(terms: &BattleTerms, waiting: &[Ticket], items: &Brought) -> Vec<Transfer> {
    let escrow = Escrow::of(terms.battle, terms.template.currency);
    let funds = payout::house_funds_minor(&terms.template, terms.seats.len());
    let fees = waiting
        .iter()
        .filter_map(|ticket| ticket.hold.map(|hold| escrow.capture_fee(ticket.id, hold)));
    let brought = items
        .iter()
        .filter(|(battle, _)| *battle == terms.battle)
        .filter_map(|(_, item)| escrow.take_item(item));
    fees.chain(escrow.take_funds(funds))
        .chain(brought)
        .collect()
}
