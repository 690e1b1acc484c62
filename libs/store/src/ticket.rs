//! Players' places in queues and in rooms.

use domain::id::{BattleId, GameId, TicketId, TransferId, UserId};
use domain::timestamp::Timestamp;
use entity::ticket::{Model, TicketStatus};
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::statement::statement;
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

/// Inserts a ticket that waits. False if the player has one for the game already, or if there is
/// one of this id.
pub async fn insert(tx: &Tx, ticket: &Ticket) -> Result<bool> {
    let insert = statement(
        "INSERT INTO tickets (id, game_id, game_version, player_id, status, hold_id, cups,
             queued_at_ms, expires_at_ms, room_id, estimated_wait_ms, estimated_wait_error_ms)
         VALUES ($1, $2, $3, $4, 'QUEUED', $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT DO NOTHING",
        [
            ticket.id.uuid().into(),
            ticket.game.uuid().into(),
            i64::from(ticket.version).into(),
            ticket.player.uuid().into(),
            ticket.hold.map(TransferId::uuid).into(),
            ticket.cups.into(),
            ticket.queued_at.ms().into(),
            ticket.expires_at.ms().into(),
            ticket.room.map(BattleId::uuid).into(),
            ticket.estimate.map(|estimate| estimate.wait_ms).into(),
            ticket
                .estimate
                .and_then(|estimate| estimate.error_ms)
                .into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
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

/// The `limit` oldest tickets that wait for one version of a game, oldest first.
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
    rows.into_iter().map(parse).collect()
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

/// Turns locked tickets into seats of a battle.
pub async fn seat(tx: &Tx, tickets: &[TicketId], battle: BattleId, now: Timestamp) -> Result<()> {
    let seat = statement(
        "UPDATE tickets SET status = 'SEATED', battle_id = $2, seated_at_ms = $3, updated_at = now()
         WHERE id = ANY ($1)",
        [uuids(tickets).into(), battle.uuid().into(), now.ms().into()],
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
    })
}
