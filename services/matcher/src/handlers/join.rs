//! `matchmaking.add`: a ticket for the queue of a game, with the entry fee held. A join that is not
//! done in time is void, and charges nothing: by then its player was told that it failed.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::Refused;
use contracts::matchmaking::{Add, Queued};
use contracts::{Code, Service, Topic};
use domain::id::TransferId;
use domain::ledger::{Account, Refusal, Unit};
use domain::timestamp::Timestamp;
use store::ticket::Ticket;
use store::{Tx, game, ledger, ticket};
use tokio::time::timeout;

use crate::app::App;
use crate::error::Error;
use crate::postings;

/// How many joins are handled at once. Two of one player wait for each other in the database.
const AT_ONCE: usize = 8;
/// How long past its moment a join that was in time may take to commit. The gateway looks for the
/// outcome for 500 ms past it; this is half of that.
const COMMIT_WITHIN: Duration = Duration::from_millis(250);

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "join", &[Topic::MatchmakingAdd]).at_once(AT_ONCE);

/// Why a join is taken back: it was held up, by locks or by the database.
#[derive(Debug, thiserror::Error)]
#[error("the join was not done in time")]
struct HeldUp;

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let add: Add = delivery.decode()?;
    let join = async |tx: &Tx| join_in_time(&app, tx, &add).await;
    let joining = bus::carry_out(&app.bus, &app.db, Service::Matcher, &delivery, &add, join);
    match left(&app, &add) {
        // Dropped, it takes everything back. The next delivery finds that it is too late.
        Some(left) => timeout(left.saturating_add(COMMIT_WITHIN), joining)
            .await
            .map_err(|_elapsed| Failure::retry(HeldUp))??,
        None => joining.await?,
    }
    app.joined.notify_one();
    Ok(())
}

/// How long the join is still of use; none if it is too late.
fn left(app: &App, add: &Add) -> Option<Duration> {
    let left_ms = add.expires_at_ms.saturating_sub(app.wall.now_ms());
    u64::try_from(left_ms).ok().map(Duration::from_millis)
}

/// Joins, unless it is too late before, or behind all locks and right before the commit.
async fn join_in_time(app: &App, tx: &Tx, add: &Add) -> Result<Result<Queued, Refused>, Error> {
    let too_late = || Ok(Err(Refused::new(Code::JoinExpired)));
    if left(app, add).is_none() {
        return too_late();
    }
    let joined = join(tx, add, app.exchange.now()).await?;
    if left(app, add).is_none() {
        return too_late();
    }
    Ok(joined)
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
    // A rule may be younger than the template: no battle of it could be settled.
    if !template.is_active || template.validate().is_err() {
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
