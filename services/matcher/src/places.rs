//! Taking places in a queue or a room: tickets, with the entry fees held.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Code;
use contracts::commands::Refused;
use contracts::matchmaking::PlaceStatus;
use domain::game::Template;
use domain::id::{AccountId, BattleId, GameId, PartyId, TicketId, TransferId, UserId};
use domain::ledger::{Account, Transfer, Unit};
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
    /// With whom it is taken.
    pub(crate) party: Option<PartyId>,
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
    /// A place in the queue of a game, from `now` on.
    pub(crate) fn in_queue(
        game: &'a game::Game,
        ticket: TicketId,
        player: UserId,
        now: Timestamp,
        estimate: Option<Estimate>,
    ) -> Self {
        Self {
            ticket,
            player,
            game: game.id,
            version: game.version,
            template: &game.template,
            expires_at: now.plus_ms(game.template.queue_ttl_ms),
            room: None,
            estimate,
            party: None,
        }
    }

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
            party: None,
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
    let taken = take_all(tx, std::slice::from_ref(place), now).await?;
    Ok(taken
        .map(|()| place.ticket)
        .map_err(|Refusal { refused, .. }| refused))
}

/// Why places were not taken.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Because of whom; nobody where it is nobody's affair alone.
    pub(crate) players: BTreeSet<UserId>,
    pub(crate) refused: Refused,
}

/// Takes places of one game: tickets, and holds of their fees. Whoever is refused has to take back
/// what was written.
pub(crate) async fn take_all(
    tx: &Tx,
    places: &[Place<'_>],
    now: Timestamp,
) -> Result<Result<(), Refusal>, Error> {
    let hold = |place: &Place<'_>| {
        let (currency, fee) = (place.template.currency, place.template.entry_fee_minor);
        postings::hold_fee(place.ticket, place.player, currency, fee)
    };
    let holds: Vec<Option<Transfer>> = places.iter().map(hold).collect();
    let posted = holds.iter().flatten().cloned().collect::<Vec<_>>();
    match ledger::post(tx, &posted).await? {
        Ok(_) => {}
        Err(ledger::Refusal::Insufficient) => {
            return Ok(Err(Refusal {
                players: list_poor(tx, places).await?,
                refused: Refused::new(Code::InsufficientBalance),
            }));
        }
        Err(refusal) => return Err(refusal.into()),
    }
    let cups = cups(tx, places).await?;
    let ticket = |(place, hold): (&Place<'_>, Option<Transfer>)| Ticket {
        id: place.ticket,
        game: place.game,
        version: place.version,
        player: place.player,
        hold: hold.map(|hold| -> TransferId { hold.key.id() }),
        cups: cups.get(&place.player).copied().unwrap_or(0),
        queued_at: now,
        expires_at: place.expires_at,
        room: place.room,
        estimate: place.estimate,
        party: place.party,
    };
    let tickets: Vec<Ticket> = places.iter().zip(holds).map(ticket).collect();
    // The gateway mints the ids: only another request can have taken one.
    if !ticket::insert_all(tx, &tickets).await?.is_empty() {
        return Ok(Err(Refusal {
            players: BTreeSet::new(),
            refused: Refused::new(Code::IdempotencyConflict),
        }));
    }
    let told = tickets
        .iter()
        .map(|ticket| notices::place_changed(ticket, PlaceStatus::Waiting));
    tx.announce_all(&told.collect::<Result<Vec<_>, _>>()?)
        .await?;
    Ok(Ok(()))
}

/// Who cannot pay.
pub(crate) async fn list_poor(tx: &Tx, places: &[Place<'_>]) -> Result<BTreeSet<UserId>, Error> {
    let wallet = |place: &Place<'_>| Account::user(place.player, place.template.currency.into());
    let wallets: Vec<Account> = places.iter().map(wallet).collect();
    let free: BTreeMap<AccountId, i64> = ledger::balances(tx, &wallets)
        .await?
        .iter()
        .map(|found| (found.id.into(), found.free()))
        .collect();
    let is_poor = |place: &&Place<'_>| {
        let free = free.get(&wallet(place).id()).copied().unwrap_or(0);
        free < place.template.entry_fee_minor
    };
    Ok(places
        .iter()
        .filter(is_poor)
        .map(|place| place.player)
        .collect())
}

/// The cups of everybody who has some.
async fn cups(tx: &Tx, places: &[Place<'_>]) -> Result<BTreeMap<UserId, i64>, Error> {
    let accounts: Vec<Account> = places
        .iter()
        .map(|place| Account::user(place.player, Unit::Cups))
        .collect();
    let found = ledger::balances(tx, &accounts).await?.into_iter();
    Ok(found
        .map(|found| (found.owner_id.into(), found.balance))
        .collect())
}
