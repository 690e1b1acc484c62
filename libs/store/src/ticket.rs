//! Players' places in queues and in rooms.

use std::collections::BTreeSet;

use domain::id::{BattleId, GameId, PartyId, TicketId, TransferId, UserId};
use domain::timestamp::Timestamp;
use entity::ticket::{Model, TicketStatus};
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::statement::{self, statement};
use crate::{Error, Read, Result, Tx};

/// A player's place in a queue, or in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The place.
    pub id: TicketId,
    /// The game.
    pub game: GameId,
    /// The version of the game's template that the player agreed to.
    pub version: u32,
    /// Who waits.
    pub player: UserId,
    /// The transfer that holds the entry fee; none when the game is free.
    pub hold: Option<TransferId>,
    /// The cups that the player had on joining.
    pub cups: i64,
    /// Since when, on the exchange's clock.
    pub queued_at: Timestamp,
    /// Until when, on the exchange's clock.
    pub expires_at: Timestamp,
    /// The room; none in a queue.
    pub room: Option<BattleId>,
    /// What the player was told about the wait; nothing in a room, or while nobody was matched.
    pub estimate: Option<Estimate>,
    /// With whom it was taken, if with somebody.
    pub party: Option<PartyId>,
}

/// How long a player is likely to wait, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// As long as half of the last players waited.
    pub wait_ms: i64,
    /// By how much the estimate was wrong for half of them; none while none of them had one.
    pub error_ms: Option<i64>,
}

/// A queue that somebody waits in: the tickets of one version of one game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Queue {
    game_id: Uuid,
    game_version: i32,
    /// How many wait.
    pub tickets: i64,
    /// Changes whenever the set of tickets does.
    pub fingerprint: i64,
}

impl Queue {
    /// The game.
    pub fn game(&self) -> GameId {
        self.game_id.into()
    }

    /// The version of the game's template.
    pub fn version(&self) -> u32 {
        self.game_version.unsigned_abs()
    }
}

/// Takes the right to change a player's place in the queue of a game, for as long as this
/// transaction lives.
pub async fn lock_place(tx: &Tx, player: UserId, game: GameId) -> Result<()> {
    let lock = statement(
        "SELECT pg_advisory_xact_lock(hashtextextended('queue/' || $1::text || $2::text, 0))",
        [player.uuid().into(), game.uuid().into()],
    );
    tx.inner().execute_raw(lock).await?;
    Ok(())
}

/// As [`lock_place`], of several places, but waits for nobody: answers which rights it has.
pub async fn try_lock_places(
    tx: &Tx,
    places: &[(UserId, GameId)],
) -> Result<BTreeSet<(UserId, GameId)>> {
    let lock = places_statement(
        "SELECT player_id, game_id FROM unnest($1::uuid[], $2::uuid[]) AS place (player_id, game_id)
         WHERE pg_try_advisory_xact_lock(
             hashtextextended('queue/' || player_id::text || game_id::text, 0))",
        places,
    );
    let locked = PlaceRow::find_by_statement(lock).all(tx.inner()).await?;
    Ok(locked.into_iter().map(PlaceRow::place).collect())
}

/// Which of these places wait.
pub async fn list_places(
    from: &impl Read,
    places: &[(UserId, GameId)],
) -> Result<BTreeSet<(UserId, GameId)>> {
    let list = places_statement(
        "SELECT t.player_id, t.game_id
         FROM unnest($1::uuid[], $2::uuid[]) AS place (player_id, game_id)
         JOIN tickets t USING (player_id, game_id) WHERE t.status = 'QUEUED'",
        places,
    );
    let waiting = PlaceRow::find_by_statement(list).all(from.conn()).await?;
    Ok(waiting.into_iter().map(PlaceRow::place).collect())
}

#[derive(FromQueryResult)]
struct PlaceRow {
    player_id: Uuid,
    game_id: Uuid,
}

impl PlaceRow {
    fn place(self) -> (UserId, GameId) {
        (self.player_id.into(), self.game_id.into())
    }
}

fn places_statement(sql: &str, places: &[(UserId, GameId)]) -> Statement {
    let (players, games): (Vec<Uuid>, Vec<Uuid>) = places
        .iter()
        .map(|(player, game)| (player.uuid(), game.uuid()))
        .unzip();
    statement(sql, [players.into(), games.into()])
}

/// Stands for null in an array of ids, for SeaORM binds none with nulls in it. Nothing has it.
const NO_ID: Uuid = Uuid::nil();
/// The same in an array of spans: none is negative.
const NO_SPAN: i64 = -1;

/// Inserts tickets that wait. Answers those that it did not: whose player has one for the game
/// already, or of whose id there is one.
pub async fn insert_all(tx: &Tx, tickets: &[Ticket]) -> Result<Vec<TicketId>> {
    let ids =
        |of: fn(&Ticket) -> Uuid| -> Value { tickets.iter().map(of).collect::<Vec<_>>().into() };
    let numbers =
        |of: fn(&Ticket) -> i64| -> Value { tickets.iter().map(of).collect::<Vec<_>>().into() };
    let insert = statement(
        "INSERT INTO tickets (id, game_id, game_version, player_id, status, hold_id, cups,
             queued_at_ms, expires_at_ms, room_id, estimated_wait_ms, estimated_wait_error_ms,
             party_id)
         SELECT id, game_id, game_version, player_id, 'QUEUED', nullif(hold_id, $13), cups,
             queued_at_ms, expires_at_ms, nullif(room_id, $13), nullif(wait_ms, $14),
             nullif(error_ms, $14), nullif(party_id, $13)
         FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::bigint[],
             $7::bigint[], $8::bigint[], $9::uuid[], $10::bigint[], $11::bigint[], $12::uuid[])
             AS row (id, game_id, game_version, player_id, hold_id, cups, queued_at_ms,
                 expires_at_ms, room_id, wait_ms, error_ms, party_id)
         ON CONFLICT DO NOTHING RETURNING id",
        [
            ids(|ticket| ticket.id.uuid()),
            ids(|ticket| ticket.game.uuid()),
            numbers(|ticket| ticket.version.into()),
            ids(|ticket| ticket.player.uuid()),
            ids(|ticket| ticket.hold.map_or(NO_ID, TransferId::uuid)),
            numbers(|ticket| ticket.cups),
            numbers(|ticket| ticket.queued_at.ms()),
            numbers(|ticket| ticket.expires_at.ms()),
            ids(|ticket| ticket.room.map_or(NO_ID, BattleId::uuid)),
            numbers(|ticket| ticket.estimate.map_or(NO_SPAN, |it| it.wait_ms)),
            numbers(|ticket| {
                ticket
                    .estimate
                    .and_then(|it| it.error_ms)
                    .unwrap_or(NO_SPAN)
            }),
            ids(|ticket| ticket.party.map_or(NO_ID, PartyId::uuid)),
            NO_ID.into(),
            NO_SPAN.into(),
        ],
    );
    let inserted: Vec<TicketId> = statement::ids(tx, insert).await?;
    let inserted: BTreeSet<TicketId> = inserted.into_iter().collect();
    let left = tickets.iter().map(|ticket| ticket.id);
    Ok(left.filter(|id| !inserted.contains(id)).collect())
}

/// Finds the ticket with which a player waits for a game.
pub async fn find_queued(from: &impl Read, player: UserId, game: GameId) -> Result<Option<Ticket>> {
    let find = statement(
        "SELECT * FROM tickets WHERE player_id = $1 AND game_id = $2 AND status = 'QUEUED'",
        [player.uuid().into(), game.uuid().into()],
    );
    let row = Model::find_by_statement(find).one(from.conn()).await?;
    row.map(parse).transpose()
}

/// Every queue that somebody waits in.
pub async fn list_queues(from: &impl Read) -> Result<Vec<Queue>> {
    let list = statement(
        "SELECT game_id, game_version, count(*) AS tickets,
             bit_xor(hashtextextended(id::text, 0)) AS fingerprint
         FROM tickets WHERE status = 'QUEUED' AND room_id IS NULL GROUP BY game_id, game_version",
        [],
    );
    Ok(Queue::find_by_statement(list).all(from.conn()).await?)
}

/// The `limit` oldest tickets that wait for one version of a game, oldest first. A party that the
/// limit might tear apart is left out.
pub async fn list_queued(
    from: &impl Read,
    game: GameId,
    version: u32,
    limit: u32,
) -> Result<Vec<Ticket>> {
    let list = statement(
        "SELECT * FROM tickets WHERE game_id = $1 AND game_version = $2 AND status = 'QUEUED'
             AND room_id IS NULL
         ORDER BY queued_at_ms, id LIMIT $3",
        [
            game.uuid().into(),
            i64::from(version).into(),
            i64::from(limit).into(),
        ],
    );
    let rows = Model::find_by_statement(list).all(from.conn()).await?;
    let is_cut = u32::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
    let last = rows.last().filter(|_| is_cut).map(|row| row.queued_at_ms);
    rows.into_iter()
        // The members of a party have come at one moment.
        .filter(|row| row.party_id.is_none() || Some(row.queued_at_ms) != last)
        .map(parse)
        .collect()
}

/// The tickets of those who wait in a room, in the order in which they came.
pub async fn list_in_room(from: &impl Read, room: BattleId) -> Result<Vec<Ticket>> {
    let list = statement(
        "SELECT * FROM tickets WHERE room_id = $1 AND status = 'QUEUED' ORDER BY queued_at_ms, id",
        [room.uuid().into()],
    );
    let rows = Model::find_by_statement(list).all(from.conn()).await?;
    rows.into_iter().map(parse).collect()
}

/// The tickets with which a player waits anywhere: one a game at most.
pub async fn list_of_player(from: &impl Read, player: UserId) -> Result<Vec<Ticket>> {
    let list = statement(
        "SELECT * FROM tickets WHERE player_id = $1 AND status = 'QUEUED' ORDER BY game_id",
        [player.uuid().into()],
    );
    let rows = Model::find_by_statement(list).all(from.conn()).await?;
    rows.into_iter().map(parse).collect()
}

/// The tickets with which a party waits in queues.
pub async fn list_of_party(from: &impl Read, party: PartyId) -> Result<Vec<Ticket>> {
    let list = statement(
        "SELECT * FROM tickets WHERE party_id = $1 AND status = 'QUEUED' AND room_id IS NULL
         ORDER BY id",
        [party.uuid().into()],
    );
    let rows = Model::find_by_statement(list).all(from.conn()).await?;
    rows.into_iter().map(parse).collect()
}

/// Who was sent away from a room.
pub async fn list_kicked(from: &impl Read, room: BattleId) -> Result<Vec<UserId>> {
    let list = statement(
        "SELECT * FROM tickets WHERE room_id = $1 AND status = 'KICKED'",
        [room.uuid().into()],
    );
    let rows = Model::find_by_statement(list).all(from.conn()).await?;
    Ok(rows.into_iter().map(|row| row.player_id.into()).collect())
}

/// Locks those of `tickets` that still wait, oldest first. The locks are taken in one order.
pub async fn lock_queued(tx: &Tx, tickets: &[TicketId]) -> Result<Vec<Ticket>> {
    let lock = statement(
        "SELECT * FROM tickets WHERE id = ANY ($1) AND status = 'QUEUED'
         ORDER BY id FOR NO KEY UPDATE",
        [uuids(tickets).into()],
    );
    let rows = Model::find_by_statement(lock).all(tx.inner()).await?;
    let mut tickets: Vec<Ticket> = rows.into_iter().map(parse).collect::<Result<_>>()?;
    tickets.sort_by_key(|ticket| (ticket.queued_at, ticket.id));
    Ok(tickets)
}

/// Ends locked tickets without a seat.
pub async fn end(tx: &Tx, tickets: &[TicketId], status: TicketStatus) -> Result<()> {
    let end = statement(
        "UPDATE tickets SET status = $2, updated_at = now() WHERE id = ANY ($1)",
        [uuids(tickets).into(), status.to_value().into()],
    );
    tx.inner().execute_raw(end).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Waits {
    wait_ms: Option<i64>,
    error_ms: Option<i64>,
}

/// Estimates the wait for a match of a game by the last `count` players who were matched; none if
/// nobody was.
pub async fn estimate(from: &impl Read, game: GameId, count: u32) -> Result<Option<Estimate>> {
    let find = statement(
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY wait_ms) AS wait_ms,
             percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(wait_ms - estimated_wait_ms)) AS error_ms
         FROM (
             SELECT seated_at_ms - queued_at_ms AS wait_ms, estimated_wait_ms FROM tickets
             WHERE game_id = $1 AND seated_at_ms IS NOT NULL AND room_id IS NULL
             ORDER BY seated_at_ms DESC LIMIT $2
         ) last",
        [game.uuid().into(), i64::from(count).into()],
    );
    let waits = Waits::find_by_statement(find).one(from.conn()).await?;
    Ok(waits.and_then(|waits| {
        Some(Estimate {
            wait_ms: waits.wait_ms?.max(0),
            error_ms: waits.error_ms,
        })
    }))
}

/// Turns locked tickets into seats, each of a battle.
pub async fn seat(tx: &Tx, seats: &[(TicketId, BattleId)], now: Timestamp) -> Result<()> {
    let (tickets, battles): (Vec<Uuid>, Vec<Uuid>) = seats
        .iter()
        .map(|(ticket, battle)| (ticket.uuid(), battle.uuid()))
        .unzip();
    let seat = statement(
        "UPDATE tickets t SET status = 'SEATED', battle_id = s.battle_id, seated_at_ms = $3,
             updated_at = now()
         FROM unnest($1::uuid[], $2::uuid[]) AS s (ticket_id, battle_id) WHERE t.id = s.ticket_id",
        [tickets.into(), battles.into(), now.ms().into()],
    );
    tx.inner().execute_raw(seat).await?;
    Ok(())
}

fn uuids(tickets: &[TicketId]) -> Vec<Uuid> {
    tickets.iter().map(|ticket| ticket.uuid()).collect()
}

fn parse(row: Model) -> Result<Ticket> {
    let corrupt = || Error::corrupt("tickets", row.id);
    Ok(Ticket {
        id: row.id.into(),
        game: row.game_id.into(),
        version: u32::try_from(row.game_version).ok().ok_or_else(corrupt)?,
        player: row.player_id.into(),
        hold: row.hold_id.map(TransferId::new),
        cups: row.cups,
        queued_at: Timestamp::from_ms(row.queued_at_ms),
        expires_at: Timestamp::from_ms(row.expires_at_ms),
        room: row.room_id.map(BattleId::new),
        estimate: row.estimated_wait_ms.map(|wait_ms| Estimate {
            wait_ms,
            error_ms: row.estimated_wait_error_ms,
        }),
        party: row.party_id.map(PartyId::new),
    })
}
