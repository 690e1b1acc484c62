//! Results of closed battles that are corrected. Seats and battles say the last one; every one of
//! them stands for ever beside.

use std::collections::BTreeMap;

use domain::id::{BattleId, UserId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::arrays::column;
use crate::statement::statement;
use crate::{Error, Read, Result, Tx};

/// The result that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// Its number, from 1.
    pub number: u32,
    /// What it came to for each player.
    pub seats: BTreeMap<UserId, CurrentSeat>,
}

/// What the result that stands came to for a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentSeat {
    /// Whether the player has no result.
    pub is_void: bool,
    /// The change of cups that was applied.
    pub cups: i64,
    /// The experience that the player keeps.
    pub experience: i64,
}

/// A corrected result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision<'a> {
    /// Its number, from 2.
    pub number: u32,
    /// Who alone won.
    pub winner: Option<UserId>,
    /// Whose result it makes void.
    pub player: UserId,
    /// Who says so.
    pub operator: UserId,
    /// Why.
    pub reason: &'a str,
    /// What it comes to for each player.
    pub seats: Vec<RevisedSeat>,
}

/// What a corrected result comes to for a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevisedSeat {
    /// The player.
    pub player: UserId,
    /// Place, from 1; equals share it.
    pub rank: u32,
    /// The whole prize, in the currency's minor unit.
    pub prize_minor: i64,
    /// What the player owes of what was taken back, in the currency's minor unit.
    pub receivable_minor: i64,
    /// The whole change of cups that was applied.
    pub cups: i64,
    /// The experience that the player keeps.
    pub experience: i64,
}

#[derive(FromQueryResult)]
struct Row {
    revision: i32,
    player_id: Uuid,
    is_void: bool,
    cups: i64,
    experience: i64,
}

/// Finds the result that stands of a closed battle.
pub async fn find_current(from: &impl Read, battle: BattleId) -> Result<Current> {
    let find = statement(
        "SELECT b.revision, s.player_id, s.void_reason IS NOT NULL AS is_void,
             coalesce(s.cups_change, 0) AS cups, coalesce(s.experience_gained, 0) AS experience
         FROM battles b JOIN seats s ON s.battle_id = b.id WHERE b.id = $1 AND b.status = 'CLOSED'",
        [battle.uuid().into()],
    );
    let rows = Row::find_by_statement(find).all(from.conn()).await?;
    let number = rows
        .first()
        .and_then(|row| u32::try_from(row.revision).ok());
    let seat = |row: Row| {
        let seat = CurrentSeat {
            is_void: row.is_void,
            cups: row.cups,
            experience: row.experience,
        };
        (row.player_id.into(), seat)
    };
    Ok(Current {
        number: number.ok_or_else(|| Error::corrupt("battles", battle))?,
        seats: rows.into_iter().map(seat).collect(),
    })
}

/// Writes a corrected result, and the first one beside it where that is the one that it corrects.
pub async fn insert(tx: &Tx, battle: BattleId, revision: &Revision<'_>) -> Result<()> {
    let first = statement(
        "INSERT INTO battle_revisions (battle_id, number, winner_id)
         SELECT id, 1, winner_id FROM battles WHERE id = $1 AND revision = 1",
        [battle.uuid().into()],
    );
    tx.inner().execute_raw(first).await?;
    let firsts = statement(
        "INSERT INTO seat_revisions (battle_id, number, player_id, rank, prize, receivable,
             cups_change, experience_gained)
         SELECT s.battle_id, 1, s.player_id, s.rank, s.prize, 0, s.cups_change, s.experience_gained
         FROM seats s JOIN battles b ON b.id = s.battle_id WHERE b.id = $1 AND b.revision = 1",
        [battle.uuid().into()],
    );
    tx.inner().execute_raw(firsts).await?;
    let insert = statement(
        "INSERT INTO battle_revisions (battle_id, number, winner_id, player_id, operator_id, reason)
         VALUES ($1, $2, $3, $4, $5, $6)",
        [
            battle.uuid().into(),
            i64::from(revision.number).into(),
            revision.winner.map(UserId::uuid).into(),
            revision.player.uuid().into(),
            revision.operator.uuid().into(),
            revision.reason.into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    let seats = &revision.seats;
    let write = statement(
        "WITH revised AS (
             INSERT INTO seat_revisions (battle_id, number, player_id, rank, prize, receivable,
                 cups_change, experience_gained)
             SELECT $1, $2, * FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[],
                 $7::bigint[], $8::bigint[])
             RETURNING *
         )
         UPDATE seats s SET rank = r.rank, prize = r.prize, cups_change = r.cups_change,
             experience_gained = r.experience_gained,
             void_reason = CASE WHEN s.player_id = $9 THEN $10 ELSE s.void_reason END
         FROM revised r WHERE s.battle_id = r.battle_id AND s.player_id = r.player_id",
        [
            battle.uuid().into(),
            i64::from(revision.number).into(),
            column(seats, |seat| seat.player.uuid()).into(),
            column(seats, |seat| i64::from(seat.rank)).into(),
            column(seats, |seat| seat.prize_minor).into(),
            column(seats, |seat| seat.receivable_minor).into(),
            column(seats, |seat| seat.cups).into(),
            column(seats, |seat| seat.experience).into(),
            revision.player.uuid().into(),
            revision.reason.into(),
        ],
    );
    tx.inner().execute_raw(write).await?;
    let stand = statement(
        "UPDATE battles SET revision = $2, winner_id = $3, updated_at = now() WHERE id = $1",
        [
            battle.uuid().into(),
            i64::from(revision.number).into(),
            revision.winner.map(UserId::uuid).into(),
        ],
    );
    tx.inner().execute_raw(stand).await?;
    Ok(())
}
