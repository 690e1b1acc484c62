//! Taking a place in a queue or a room: a ticket, with the entry fee held.

use contracts::Code;
use contracts::commands::Refused;
use contracts::matchmaking::PlaceStatus;
use domain::game::Template;
use domain::id::{BattleId, GameId, TicketId, TransferId, UserId};
use domain::ledger::{Account, Refusal, Unit};
use domain::timestamp::Timestamp;
use store::room::Room;
use store::ticket::{self, Estimate, Ticket};
use store::{Tx, game, ledger};

use crate::error::Error;
use crate::{notices, postings};

/// A place that a player takes, whose right to it is locked.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) ticket: TicketId,
    pub(crate) player: UserId,
    pub(crate) game: GameId,
    pub(crate) version: u32,
    pub(crate) template: &'a Template,
    pub(crate) expires_at: Timestamp,
    /// The room; none in a queue.
    pub(crate) room: Option<BattleId>,
    /// What the player is told about the wait.
    pub(crate) estimate: Option<Estimate>,
}

/// A game that can be played now, or why it cannot.
pub(crate) async fn find_game(tx: &Tx, game: GameId) -> Result<Result<game::Game, Refused>, Error> {
    let Some(game) = game::find(tx, game).await? else {
        return Ok(Err(Refused::new(Code::GameNotFound)));
    };
    // A rule may be younger than the template: no battle of it could be settled.
    if !game.template.is_active || game.template.validate().is_err() {
        return Ok(Err(Refused::new(Code::GameInactive)));
    }
    Ok(Ok(game))
}

impl<'a> Place<'a> {
    /// A place in a room that waits.
    pub(crate) fn in_room(room: &'a Room, ticket: TicketId, player: UserId) -> Self {
        Self {
            ticket,
            player,
            game: room.game,
            version: room.version,
            template: &room.template,
            expires_at: room.expires_at,
            room: Some(room.battle),
            estimate: None,
        }
    }
}

/// Takes a place: a ticket, and a hold of its fee. Whoever is refused has to take back what was
/// written.
pub(crate) async fn take(
    tx: &Tx,
    place: &Place<'_>,
    now: Timestamp,
) -> Result<Result<TicketId, Refused>, Error> {
    let (currency, fee) = (place.template.currency, place.template.entry_fee_minor);
    let hold = postings::hold_fee(place.ticket, place.player, currency, fee);
    match ledger::post(tx, hold.as_slice()).await? {
        Ok(_) => {}
        Err(Refusal::Insufficient) => return Ok(Err(Refused::new(Code::InsufficientBalance))),
        Err(refusal) => return Err(refusal.into()),
    }
    let ticket = Ticket {
        id: place.ticket,
        game: place.game,
        version: place.version,
        player: place.player,
        hold: hold.map(|hold| -> TransferId { hold.key.id() }),
        cups: cups(tx, place.player).await?,
        queued_at: now,
        expires_at: place.expires_at,
        room: place.room,
        estimate: place.estimate,
    };
    // The gateway mints the id: only another request can have taken it.
    if !ticket::insert(tx, &ticket).await? {
        return Ok(Err(Refused::new(Code::IdempotencyConflict)));
    }
    let told = notices::place_changed(&ticket, PlaceStatus::Waiting)?;
    tx.announce_all(&[told]).await?;
    Ok(Ok(ticket.id))
}

async fn cups(tx: &Tx, player: UserId) -> Result<i64, Error> {
    let account = Account::user(player, Unit::Cups).id();
    Ok(ledger::balance(tx, account)
        .await?
        .map_or(0, |found| found.balance))
}
