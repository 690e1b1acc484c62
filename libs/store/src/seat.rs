//! Players' places in battles, what they brought, and what came of it.

use domain::chips::Chips;
use domain::id::{AccountId, BattleId, GameId, ParticipantId, TicketId, UserId};
use domain::ledger::Account;
use domain::timestamp::Timestamp;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::arrays::column;
use crate::statement::statement;
use crate::{Error, Read, Result, Tx};

/// A seat that is taken when a battle opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSeat {
    /// The battle.
    pub battle: BattleId,
    /// Its number there, from 1.
    pub number: i64,
    /// Who sits there.
    pub player: UserId,
    /// The seat.
    pub participant: ParticipantId,
    /// The ticket that it was.
    pub ticket: TicketId,
    /// The player's cups now.
    pub cups: i64,
    /// The player's experience now.
    pub experience: i64,
}

/// Uses of an item that were moved from a player's lot into a battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatItem {
    /// Whose.
    pub player: UserId,
    /// The player's account that they came from.
    pub lot: Account,
    /// How many.
    pub moved: i64,
}

/// What a battle came to for one player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatResult {
    /// The player.
    pub player: UserId,
    /// Place, from 1; equals share it.
    pub rank: i32,
    /// Final equity.
    pub equity: Chips,
    /// Orders that were filled.
    pub fills: i32,
    /// The prize, in the currency's minor unit.
    pub prize_minor: i64,
    /// The change of cups that was applied.
    pub cups: i64,
    /// The experience gained.
    pub experience: i64,
}

/// Inserts seats, of whichever battles.
pub async fn insert_all(tx: &Tx, seats: &[NewSeat]) -> Result<()> {
    let insert = statement(
        "INSERT INTO seats (battle_id, number, participant_id, player_id, ticket_id, cups, experience)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[],
             $6::bigint[], $7::bigint[])",
        [
            column(seats, |seat| seat.battle.uuid()).into(),
            column(seats, |seat| seat.number).into(),
            column(seats, |seat| seat.participant.uuid()).into(),
            column(seats, |seat| seat.player.uuid()).into(),
            column(seats, |seat| seat.ticket.uuid()).into(),
            column(seats, |seat| seat.cups).into(),
            column(seats, |seat| seat.experience).into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

/// Inserts what players brought, each into a battle.
pub async fn insert_items(tx: &Tx, items: &[(BattleId, SeatItem)]) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let insert = statement(
        "INSERT INTO seat_items (battle_id, player_id, lot_id, unit, moved)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[])",
        [
            column(items, |(battle, _)| battle.uuid()).into(),
            column(items, |(_, item)| item.player.uuid()).into(),
            column(items, |(_, item)| item.lot.id().uuid()).into(),
            column(items, |(_, item)| item.lot.unit.to_string()).into(),
            column(items, |(_, item)| item.moved).into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Found {
    found: bool,
}

/// Whether a player sits in a battle of a game that is not over.
pub async fn plays(from: &impl Read, player: UserId, game: GameId) -> Result<bool> {
    let find = statement(
        "SELECT EXISTS (
             SELECT FROM seats s JOIN battles b ON b.id = s.battle_id
             WHERE s.player_id = $1 AND b.game_id = $2 AND b.status IN ('OPEN', 'SETTLING')
         ) AS found",
        [player.uuid().into(), game.uuid().into()],
    );
    let row = Found::find_by_statement(find).one(from.conn()).await?;
    Ok(row.is_some_and(|row| row.found))
}

#[derive(FromQueryResult)]
struct ItemRow {
    player_id: Uuid,
    unit: String,
    expires_at_ms: Option<i64>,
    moved: i64,
}

/// What players brought into a battle.
pub async fn list_items(from: &impl Read, battle: BattleId) -> Result<Vec<SeatItem>> {
    let list = statement(
        "SELECT i.player_id, i.unit, a.expires_at_ms, i.moved
         FROM seat_items i JOIN ledger_accounts a ON a.id = i.lot_id
         WHERE i.battle_id = $1 ORDER BY i.player_id, i.lot_id",
        [battle.uuid().into()],
    );
    let rows = ItemRow::find_by_statement(list).all(from.conn()).await?;
    rows.into_iter()
        .map(|row| parse_item(battle, row))
        .collect()
}

fn parse_item(battle: BattleId, row: ItemRow) -> Result<SeatItem> {
    let player = UserId::new(row.player_id);
    let unit = row
        .unit
        .parse()
        .ok()
        .ok_or_else(|| Error::corrupt("seat_items", battle))?;
    let lot = Account::lot(player, unit, row.expires_at_ms.map(Timestamp::from_ms));
    Ok(SeatItem {
        player,
        lot,
        moved: row.moved,
    })
}

/// Notes how many uses of each lot came back from a battle.
pub async fn return_items(
    tx: &Tx,
    battle: BattleId,
    returned: &[(UserId, AccountId, i64)],
) -> Result<()> {
    let update = statement(
        "UPDATE seat_items s SET returned = item.returned
         FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS item (player_id, lot_id, returned)
         WHERE s.battle_id = $1 AND s.player_id = item.player_id AND s.lot_id = item.lot_id",
        [
            battle.uuid().into(),
            column(returned, |(player, _, _)| player.uuid()).into(),
            column(returned, |(_, lot, _)| lot.uuid()).into(),
            column(returned, |(_, _, uses)| *uses).into(),
        ],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// Writes what a battle came to on its seats.
pub async fn settle_all(tx: &Tx, battle: BattleId, results: &[SeatResult]) -> Result<()> {
    let update = statement(
        "UPDATE seats s SET rank = r.rank, final_equity = r.final_equity, fills = r.fills,
             prize = r.prize, cups_change = r.cups, experience_gained = r.experience
         FROM unnest($2::uuid[], $3::integer[], $4::bigint[], $5::integer[], $6::bigint[],
             $7::bigint[], $8::bigint[])
             AS r (player_id, rank, final_equity, fills, prize, cups, experience)
         WHERE s.battle_id = $1 AND s.player_id = r.player_id",
        [
            battle.uuid().into(),
            column(results, |result| result.player.uuid()).into(),
            column(results, |result| result.rank).into(),
            column(results, |result| result.equity.units()).into(),
            column(results, |result| result.fills).into(),
            column(results, |result| result.prize_minor).into(),
            column(results, |result| result.cups).into(),
            column(results, |result| result.experience).into(),
        ],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Prizes {
    minor: i64,
}

/// Adds up the prizes of a battle, in the minor unit of its currency; 0 until it is settled.
pub async fn sum_prizes(from: &impl Read, battle: BattleId) -> Result<i64> {
    let sum = statement(
        "SELECT coalesce(sum(prize), 0)::bigint AS minor FROM seats WHERE battle_id = $1",
        [battle.uuid().into()],
    );
    let prizes = Prizes::find_by_statement(sum).one(from.conn()).await?;
    Ok(prizes.map_or(0, |prizes| prizes.minor))
}
