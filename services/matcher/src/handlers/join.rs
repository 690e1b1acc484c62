//! `matchmaking.add`: a ticket for the queue of a game, with the entry fee held.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::Refused;
use contracts::matchmaking::{Add, Queued};
use contracts::{Code, Service, Topic};
use domain::id::TransferId;
use domain::ledger::{Account, Refusal, Unit};
use domain::timestamp::Timestamp;
use store::ticket::Ticket;
use store::{Tx, game, ledger, ticket};

use crate::app::App;
use crate::error::Error;
use crate::postings;

/// How many joins are handled at once. Two of one player wait for each other in the database.
const AT_ONCE: usize = 8;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "join", &[Topic::MatchmakingAdd]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let add: Add = delivery.decode()?;
    let now = app.exchange.now();
    let is_late = app.wall.now_ms() > add.expires_at_ms;
    let join = async |tx: &Tx| {
        if is_late {
            return Ok(Err(Refused::new(Code::JoinExpired)));
        }
        join(tx, &add, now).await
    };
    bus::carry_out(&app.bus, &app.db, Service::Matcher, &delivery, &add, join).await?;
    app.joined.notify_one();
    Ok(())
}

async fn join(tx: &Tx, add: &Add, now: Timestamp) -> Result<Result<Queued, Refused>, Error> {
    ticket::lock_place(tx, add.player, add.game).await?;
    if let Some(waiting) = ticket::find_queued(tx, add.player, add.game).await? {
        return Ok(Ok(Queued { ticket: waiting.id }));
    }
    let Some(game) = game::find(tx, add.game).await? else {
        return Ok(Err(Refused::new(Code::GameNotFound)));
    };
    let template = game.template;
    if !template.is_active {
        return Ok(Err(Refused::new(Code::GameInactive)));
    }
    let (currency, fee) = (template.currency, template.entry_fee_minor);
    let hold = postings::hold_fee(add.ticket, add.player, currency, fee);
    match ledger::post(tx, hold.as_slice()).await? {
        Ok(_) => {}
        Err(Refusal::Insufficient) => return Ok(Err(Refused::new(Code::InsufficientBalance))),
        Err(refusal) => return Err(refusal.into()),
    }
    let ticket = Ticket {
        id: add.ticket,
        game: game.id,
        version: game.version,
        player: add.player,
        hold: hold.map(|hold| -> TransferId { hold.key.id() }),
        cups: cups(tx, add).await?,
        queued_at: now,
        expires_at: now.plus_ms(template.queue_ttl_ms),
    };
    // The gateway mints the id: only another request can have taken it.
    let inserted = ticket::insert(tx, &ticket).await?;
    let queued = inserted.then_some(Queued { ticket: ticket.id });
    Ok(queued.ok_or_else(|| Refused::new(Code::IdempotencyConflict)))
}

async fn cups(tx: &Tx, add: &Add) -> Result<i64, Error> {
    let account = Account::user(add.player, Unit::Cups).id();
    Ok(ledger::balance(tx, account)
        .await?
        .map_or(0, |found| found.balance))
}
