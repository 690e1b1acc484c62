//! One transaction for the effects of many inputs, and one statement wherever that is enough.

use std::collections::BTreeSet;

use contracts::shard::Shard;
use domain::battle::{
    BattleProgress, BattleState, LogEntry, MarketState, OutcomeState, ParticipantState,
};
use domain::id::{BattleId, PositionId};
use domain::position::PositionState;
use domain::timestamp::Timestamp;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::position::{self, Row};
use super::shard::{Checkpoint, Lease, epochs, numbers};
use crate::arrays::{Arrays, Together, text, word};
use crate::db::sealed::Connected;
use crate::dead_letter::{self, DeadLetter};
use crate::outbox::{self, bucket_of};
use crate::statement::statement;
use crate::{Db, Result, Tx};

/// How many rows one statement writes: it has a time limit, and a parameter a size limit.
const ROWS_AT_ONCE: usize = 10_000;

/// What a shard has to write: new rows, the latest of each changed row, and how far it has read.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Who writes.
    pub lease: Lease,
    /// The number of commits that the shard must have seen.
    pub commits: i64,
    /// How far it has read.
    pub checkpoint: Checkpoint,
    /// Battles that have no row yet.
    pub opened: Vec<BattleState>,
    /// Battles that have one.
    pub battles: Vec<BattleProgress>,
    /// Players, all of them where a battle has no row yet.
    pub participants: Vec<ParticipantState>,
    /// Positions that have no row yet.
    pub ordered: Vec<PositionState>,
    /// Positions that have one.
    pub positions: Vec<PositionState>,
    /// Outcomes of commands, each with the position that the command speaks of.
    pub outcomes: Vec<(OutcomeState, PositionId)>,
    /// New entries of battles' logs.
    pub log: Vec<(BattleId, LogEntry)>,
    /// What is announced.
    pub announcements: Vec<outbox::Row>,
    /// Requests that cannot be read.
    pub dead_letters: Vec<DeadLetter>,
}

impl Batch {
    /// How many rows and messages it writes, but for the shard's own row.
    pub fn effects(&self) -> usize {
        let battles = self.opened.len() + self.battles.len();
        let positions = self.ordered.len() + self.positions.len();
        let rows = battles + self.participants.len() + positions;
        let news = self.outcomes.len() + self.log.len() + self.announcements.len();
        rows + news + self.dead_letters.len()
    }
}

/// What became of batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// They are true, and their rows say since when: in milliseconds since 1970.
    Committed(i64),
    /// These shards are not their owner's any more, or have seen another number of commits.
    /// Nothing was written, of no shard.
    Lost(Vec<Shard>),
}

/// Writes the batches of several shards, one of each, in one transaction. After `Unavailable` the
/// shards' number of commits tells what came of it.
pub async fn write(db: &Db, batches: &[Batch]) -> Result<Written> {
    let changes = Changes::of(batches);
    let held = if changes.fit_one_statement(batches) {
        write_at_once(db, batches, &changes).await?
    } else {
        write_in_steps(db, batches, &changes).await?
    };
    let mut lost = Vec::new();
    for Batch { lease, .. } in batches {
        if !held.iter().any(|row| row.is_of(lease.shard)) {
            lost.push(lease.shard);
        }
    }
    match held.first() {
        Some(row) if lost.is_empty() => Ok(Written::Committed(row.at_ms)),
        Some(_) | None => Ok(Written::Lost(lost)),
    }
}

/// A shard that is held.
#[derive(FromQueryResult)]
struct Held {
    shard: i16,
    /// When the statement's transaction began.
    at_ms: i64,
}

impl Held {
    fn is_of(&self, shard: Shard) -> bool {
        self.shard == i16::from(shard.get())
    }
}

async fn held(conn: &impl ConnectionTrait, write: Statement) -> Result<Vec<Held>> {
    Ok(Held::find_by_statement(write).all(conn).await?)
}

/// Writes everything in one statement, which is its own transaction: a trip to Postgres takes longer
/// than the writing. Answers the shards that are held; nothing is written unless all are.
async fn write_at_once(db: &Db, batches: &[Batch], changes: &Changes<'_>) -> Result<Vec<Held>> {
    let fence = Together::behind(fence(batches)?, ALL_HELD);
    let write = changes.write(0, fence, HELD)?;
    let held = held(db.conn(), write).await?;
    if held.len() == batches.len() {
        db.outbox_written().note(changes.buckets());
    }
    Ok(held)
}

/// The same in as many statements as it takes.
async fn write_in_steps(db: &Db, batches: &[Batch], changes: &Changes<'_>) -> Result<Vec<Held>> {
    let tx = db.begin().await?;
    let fence = Together::behind(fence(batches)?, ALL_HELD);
    let held = held(tx.inner(), fence.write(HELD)).await?;
    if held.len() < batches.len() {
        tx.rollback().await?;
        return Ok(held);
    }
    insert_battles(&tx, batches).await?;
    for page in 0..changes.pages() {
        let write = changes.write(page, Together::default(), "SELECT 1")?;
        tx.inner().execute_raw(write).await?;
    }
    tx.note_announcements(changes.buckets());
    for letter in batches.iter().flat_map(|batch| &batch.dead_letters) {
        dead_letter::park_in(&tx, letter).await?;
    }
    tx.commit().await?;
    Ok(held)
}

/// Whether every shard is the owner's and stands where it thinks.
const ALL_HELD: &str = "(SELECT count(*) FROM held) = cardinality($2)";

/// The shards that are and do, and what their rows take for now.
const HELD: &str =
    "SELECT shard, floor(extract(epoch FROM now()) * 1000)::bigint AS at_ms FROM held";

/// The first parts of every commit: lock the rows of those shards that are still the owner's and
/// stand where it thinks, in one order for everybody, and move the checkpoints if all of them do.
fn fence(batches: &[Batch]) -> Result<Statement> {
    let leases: Vec<Lease> = batches.iter().map(|batch| batch.lease).collect();
    let commits: Vec<i64> = batches.iter().map(|batch| batch.commits).collect();
    let positions = batches.iter().map(|batch| batch.checkpoint.positions);
    let incarnations: Vec<i64> = positions.clone().map(|place| place.incarnation.0).collect();
    let sequences: Vec<i64> = positions
        .map(|place| i64::try_from(place.sequence).unwrap_or(i64::MAX))
        .collect();
    // Shards that have read as far as each other know the same.
    let (mut markets, mut places) = (Vec::<&MarketState>::new(), Vec::<i64>::new());
    for Batch { checkpoint, .. } in batches {
        if markets.last() != Some(&&checkpoint.market) {
            markets.push(&checkpoint.market);
        }
        places.push(i64::try_from(markets.len()).unwrap_or(i64::MAX));
    }
    let markets: Vec<String> = markets.into_iter().map(text).collect::<Result<_>>()?;
    Ok(statement(
        &format!(
            "market AS MATERIALIZED (
                 SELECT place, state::jsonb
                 FROM unnest($1::text[]) WITH ORDINALITY AS market (state, place)
             ), held AS MATERIALIZED (
                 SELECT s.shard, next.market, next.incarnation, next.sequence FROM arena_shards s
                 JOIN unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[],
                         $6::bigint[], $7::bigint[])
                     AS next (shard, epoch, commits, market, incarnation, sequence)
                     ON s.shard = next.shard AND s.epoch = next.epoch AND s.commits = next.commits
                 ORDER BY s.shard FOR NO KEY UPDATE OF s
             ), advanced AS (
                 UPDATE arena_shards s SET commits = s.commits + 1, market_state = market.state,
                     positions_incarnation = held.incarnation, positions_sequence = held.sequence
                 FROM held JOIN market ON market.place = held.market
                 WHERE s.shard = held.shard AND {ALL_HELD}
             )"
        ),
        [
            markets.into(),
            numbers(&leases).into(),
            epochs(&leases).into(),
            commits.into(),
            places.into(),
            incarnations.into(),
            sequences.into(),
        ],
    ))
}

/// Writes the battles that have no row yet, and their players.
async fn insert_battles(tx: &Tx, batches: &[Batch]) -> Result<()> {
    let opened: Vec<&BattleState> = batches.iter().flat_map(|batch| &batch.opened).collect();
    if opened.is_empty() {
        return Ok(());
    }
    for rows in opened.chunks(ROWS_AT_ONCE) {
        let battles = Arrays::of("arena_battles", rows, |row| row.terms.battle.to_string())
            .ids("battle_id", |row| row.terms.battle.uuid())
            .numbers("shard", |row| Some(Shard::of(row.terms.battle).get()))?
            .jsons("terms", |row| &row.terms)?
            .texts("status", |row| word(row.status))
            .numbers("log_number", |row| Some(row.log_number))?
            .numbers("accepted", |row| Some(row.accepted))?
            .numbers("last_effective_time_ms", |row| {
                row.last_effective_time.map(Timestamp::ms)
            })?
            .jsons("finals", |row| &row.finals)?
            .numbers("ended_at", |row| row.ended_at)?
            .maybe_jsons("result", |row| row.result.as_ref())?;
        tx.inner().execute_raw(battles.insert()).await?;
    }
    let (players, _) = participants(batches);
    for rows in players.chunks(ROWS_AT_ONCE) {
        let players = participant_arrays(rows)?;
        tx.inner().execute_raw(players.insert()).await?;
    }
    Ok(())
}

/// The players of battles that have no row yet, and all others.
fn participants(batches: &[Batch]) -> (Vec<&ParticipantState>, Vec<&ParticipantState>) {
    let opened = batches.iter().flat_map(|batch| &batch.opened);
    let opened: BTreeSet<BattleId> = opened.map(|battle| battle.terms.battle).collect();
    let participants = batches.iter().flat_map(|batch| &batch.participants);
    participants.partition(|participant| opened.contains(&participant.battle))
}

/// What batches change and add, table by table.
struct Changes<'a> {
    battles: Vec<&'a BattleProgress>,
    participants: Vec<&'a ParticipantState>,
    ordered: Vec<Row>,
    positions: Vec<Row>,
    outcomes: Vec<&'a (OutcomeState, PositionId)>,
    log: Vec<&'a (BattleId, LogEntry)>,
    announcements: Vec<&'a outbox::Row>,
}

impl<'a> Changes<'a> {
    fn of(batches: &'a [Batch]) -> Self {
        Self {
            battles: batches.iter().flat_map(|batch| &batch.battles).collect(),
            participants: participants(batches).1,
            ordered: rows(batches, |batch| &batch.ordered),
            positions: rows(batches, |batch| &batch.positions),
            outcomes: batches.iter().flat_map(|batch| &batch.outcomes).collect(),
            log: batches.iter().flat_map(|batch| &batch.log).collect(),
            announcements: batches
                .iter()
                .flat_map(|batch| &batch.announcements)
                .collect(),
        }
    }

    /// Whether one statement writes all there is.
    fn fit_one_statement(&self, batches: &[Batch]) -> bool {
        let is_plain = |batch: &Batch| batch.opened.is_empty() && batch.dead_letters.is_empty();
        self.pages() <= 1 && batches.iter().all(is_plain)
    }

    /// The buckets of the outbox that it writes to.
    fn buckets(&self) -> BTreeSet<i16> {
        let rows = self.announcements.iter();
        rows.map(|row| bucket_of(row)).collect()
    }

    /// How many statements it takes.
    fn pages(&self) -> usize {
        let rows = [
            self.battles.len(),
            self.participants.len(),
            self.ordered.len(),
            self.positions.len(),
            self.outcomes.len(),
            self.log.len(),
            self.announcements.len(),
        ];
        let most = rows.into_iter().max().unwrap_or_default();
        most.div_ceil(ROWS_AT_ONCE)
    }

    /// The statement that writes a page of every table behind a fence, and answers `answer`. It names
    /// all of them, whatever there is, so that Postgres plans one statement.
    fn write(&self, page: usize, fence: Together, answer: &str) -> Result<Statement> {
        let battles = Arrays::of("arena_battles", part(&self.battles, page), |row| {
            row.battle.to_string()
        })
        .ids("battle_id", |row| row.battle.uuid())
        .changing()
        .texts("status", |row| word(row.status))
        .numbers("log_number", |row| Some(row.log_number))?
        .numbers("accepted", |row| Some(row.accepted))?
        .numbers("last_effective_time_ms", |row| {
            row.last_effective_time.map(Timestamp::ms)
        })?
        .jsons("finals", |row| &row.finals)?
        .numbers("ended_at", |row| row.ended_at)?
        .maybe_jsons("result", |row| row.result.as_ref())?;
        let outcomes = Arrays::of(
            "position_outcomes",
            part(&self.outcomes, page),
            |(kept, _)| kept.request.to_string(),
        )
        .ids("battle_id", |(kept, _)| kept.battle.uuid())
        .ids("player_id", |(kept, _)| kept.player.uuid())
        .ids("request_id", |(kept, _)| kept.request.uuid())
        .ids("position_id", |(_, position)| position.uuid())
        .texts("body_hash", |(kept, _)| word(kept.body_hash))
        .jsons("outcome", |(kept, _)| kept.outcome)?;
        let log = Arrays::of("battle_log", part(&self.log, page), |(battle, _)| {
            battle.to_string()
        })
        .ids("battle_id", |(battle, _)| battle.uuid())
        .numbers("number", |(_, entry)| Some(entry.place.number))?
        .jsons("entry", |(_, entry)| entry)?;
        let participants = participant_arrays(part(&self.participants, page))?;
        let ordered = position::new(part(&self.ordered, page))?;
        let positions = position::changed(part(&self.positions, page))?;
        let announcements = outbox::arrays(part(&self.announcements, page))?;
        Ok(fence
            .with("battle", battles, Arrays::update)
            .with("participant", participants, Arrays::update)
            .with("ordered", ordered, Arrays::insert)
            .with("position", positions, Arrays::update)
            .with("outcome", outcomes, Arrays::insert)
            .with("logged", log, Arrays::insert)
            .with("announced", announcements, Arrays::insert)
            .write(answer))
    }
}

fn rows(batches: &[Batch], of: impl Fn(&Batch) -> &[PositionState]) -> Vec<Row> {
    let positions = batches.iter().flat_map(of);
    positions.map(Row::from).collect()
}

/// What of the rows is on a page.
fn part<R>(rows: &[R], page: usize) -> &[R] {
    rows.chunks(ROWS_AT_ONCE).nth(page).unwrap_or_default()
}

fn participant_arrays<'a>(
    rows: &'a [&ParticipantState],
) -> Result<Arrays<'a, &'a ParticipantState>> {
    Arrays::of("arena_participants", rows, |row| row.player.to_string())
        .ids("battle_id", |row| row.battle.uuid())
        .ids("player_id", |row| row.player.uuid())
        .numbers("number", |row| Some(row.number))?
        .changing()
        .numbers("cash", |row| Some(row.cash.units()))?
        .numbers("cards_left", |row| Some(row.cards_left))?
        .numbers("fills", |row| Some(row.fills))?
        .numbers("usage_second", |row| Some(row.usage.second))?
        .numbers("usage_in_second", |row| Some(row.usage.in_second))?
        .numbers("usage_orders", |row| Some(row.usage.orders))?
        .numbers("usage_exits", |row| Some(row.usage.exits))
}
