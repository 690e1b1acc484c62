//! What must have come out of it, computed from the streams and the logs alone, without the
//! engine's help.

use std::collections::{BTreeMap, BTreeSet};

use contracts::arena::{BattleChange, BattleEvent, PositionEvent};
use contracts::market::Tick;
use contracts::positions::NewPosition;
use domain::battle::{BattleTerms, LogBody, LogEntry};
use domain::engine::PositionChange;
use domain::id::PositionId;
use domain::order::{OrderKind, Outcome, Side};
use domain::position::{EndCause, Fill, PositionState};
use domain::record;
use domain::timestamp::Timestamp;
use futures::StreamExt;
use store::{arena, battle};

use crate::floor::{Floor, LIMIT};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    pub(crate) accepted: usize,
    pub(crate) filled: usize,
    pub(crate) fired: usize,
}

/// A tick and its place in the stream.
type Placed = (u64, Tick);

/// Checks sealed battles in which these orders were sent, each once or often: every order has one
/// outcome, every fill and every exit happened at the tick that caused it, everything was told
/// once, and the records verify.
pub(crate) async fn audit(floor: &Floor, battles: &[BattleTerms], sent: &[NewPosition]) -> Audit {
    let requests: BTreeSet<_> = sent.iter().map(|order| order.caller.request).collect();
    let kept = "SELECT count(*) FROM position_outcomes";
    assert_eq!(
        floor.number(kept).await,
        i64::try_from(requests.len()).unwrap()
    );
    let ticks = floor.stored::<Tick>().await;
    let told = told(floor).await;

    let mut audit = Audit::default();
    for terms in battles {
        let rows = arena::list_rows(&floor.db, &[terms.battle]).await.unwrap();
        let rows = rows.into_iter().next().expect("the arena has the battle");
        for kept in &rows.outcomes {
            assert!(requests.contains(&kept.request), "{kept:?}");
        }
        let taken = taken(&arena::list_log(&floor.db, terms.battle, 0).await.unwrap());
        let positions: BTreeSet<_> = rows.positions.iter().map(|position| position.id).collect();
        assert_eq!(taken.keys().copied().collect::<BTreeSet<_>>(), positions);
        for position in &rows.positions {
            check_fill(position, taken[&position.id], &ticks);
            check_exit(position, &ticks);
            check_told(position, &told[&position.id]);
            audit.accepted += 1;
            audit.filled += usize::from(position.fill.is_some());
            let cause = position.end.expect("the battle has ended").cause;
            audit.fired += usize::from(cause != EndCause::MatchEnd);
        }
        let bytes = floor.sealed(terms.battle).await;
        let report = record::verify(bytes.as_slice()).unwrap();
        let sealed = battle::find_sealed(&floor.db, terms.battle).await.unwrap();
        assert_eq!(report.result, sealed.map(|sealed| sealed.result));
    }
    assert_eq!(told.len(), audit.accepted, "nothing else was told");
    check_battles_told(floor, battles).await;
    audit
}

/// Where each accepted order was taken, and from when on it counted.
fn taken(log: &[LogEntry]) -> BTreeMap<PositionId, (u64, Timestamp)> {
    let taken = log.iter().filter_map(|entry| match &entry.body {
        LogBody::Command(logged) => match logged.outcome {
            Outcome::Accepted { position } => {
                Some((position, (entry.place.sequence, logged.effective_time)))
            }
            Outcome::Refused(_) => None,
        },
        LogBody::Opened { .. } | LogBody::Finalise | LogBody::Canceled => None,
    });
    taken.collect()
}

/// It was filled by the first tick behind its place and time at a price that it took, or by none.
fn check_fill(position: &PositionState, (place, from): (u64, Timestamp), ticks: &[Placed]) {
    let takes = |tick: &Tick| match (position.kind, position.side) {
        (OrderKind::Market, _) => true,
        (OrderKind::Limit(limit), Side::Buy) => tick.price <= limit,
        (OrderKind::Limit(limit), Side::Sell) => tick.price >= limit,
    };
    let fills = |(sequence, tick): &&Placed| *sequence > place && tick.time >= from && takes(tick);
    let expected = ticks.iter().find(fills).map(|(sequence, _)| *sequence);
    let found = position.fill.map(|fill| fill.sequence);
    assert_eq!(found, expected, "{position:?}");
}

/// It left at the first tick behind its fill that reached a level of its own, or at the end.
fn check_exit(position: &PositionState, ticks: &[Placed]) {
    let Some(fill) = position.fill else { return };
    let behind = ticks
        .iter()
        .filter(|(sequence, _)| *sequence > fill.sequence);
    let mut exits = behind.filter_map(|(sequence, tick)| {
        let cause = cause(position, fill, tick)?;
        Some((cause, *sequence))
    });
    let end = position.end.expect("the battle has ended");
    match exits.next() {
        Some(expected) => assert_eq!((end.cause, end.sequence), expected, "{position:?}"),
        None => assert_eq!(end.cause, EndCause::MatchEnd, "{position:?}"),
    }
}

fn cause(position: &PositionState, fill: Fill, tick: &Tick) -> Option<EndCause> {
    let beyond = |level| match position.side {
        Side::Buy => tick.price <= level,
        Side::Sell => tick.price >= level,
    };
    let reached = |level| match position.side {
        Side::Buy => tick.price >= level,
        Side::Sell => tick.price <= level,
    };
    if fill.liquidation.is_some_and(beyond) {
        Some(EndCause::Liquidation)
    } else if position.stop_loss.is_some_and(beyond) {
        Some(EndCause::StopLoss)
    } else if position.take_profit.is_some_and(reached) {
        Some(EndCause::TakeProfit)
    } else {
        None
    }
}

/// Its owner heard that it was taken, filled if it was, and that it ended: each once.
fn check_told(position: &PositionState, told: &[&'static str]) {
    let expected: &[_] = if position.fill.is_some() {
        &["accepted", "filled", "ended"]
    } else {
        &["accepted", "ended"]
    };
    assert_eq!(told, expected, "{position:?}");
}

/// What was told about each position, in order. The same message may lie there twice, under one
/// Msg-Id; nothing else may.
async fn told(floor: &Floor) -> BTreeMap<PositionId, Vec<&'static str>> {
    testkit::eventually(LIMIT, async || floor.has_told_everything().await).await;
    let mut told: BTreeMap<PositionId, Vec<_>> = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for (id, payload) in floor.told().await {
        let Ok(event) = serde_json::from_slice::<PositionEvent>(&payload) else {
            continue;
        };
        if let Some(before) = seen.insert(id, payload.clone()) {
            assert_eq!(before, payload, "one id is one message");
            continue;
        }
        let said = match event.change {
            PositionChange::Accepted => "accepted",
            PositionChange::Filled(_) => "filled",
            PositionChange::Closed { .. }
            | PositionChange::Liquidated { .. }
            | PositionChange::Canceled { .. }
            | PositionChange::Rejected { .. } => "ended",
            PositionChange::Amended { .. } => "amended",
            PositionChange::Lapsed { .. } => "lapsed",
        };
        told.entry(event.position.id).or_default().push(said);
    }
    told
}

/// Every battle was announced once when it opened and once when it was sealed.
async fn check_battles_told(floor: &Floor, battles: &[BattleTerms]) {
    let told = floor.stored::<BattleEvent>().await;
    for terms in battles {
        let about = told
            .iter()
            .filter(|(_, event)| event.battle == terms.battle);
        let changes: Vec<_> = about.map(|(_, event)| &event.change).collect();
        assert!(
            matches!(
                changes.as_slice(),
                [BattleChange::Opened, BattleChange::Sealed { .. }]
            ),
            "{changes:?}"
        );
    }
}

impl Floor {
    /// Everything in ARENA, with its Msg-Ids.
    async fn told(&self) -> Vec<(String, Vec<u8>)> {
        let client = async_nats::connect(&self.nats.url).await.unwrap();
        let raw = async_nats::jetstream::new(client);
        let name = self.nats.prefix.stream("ARENA");
        let mut stream = raw.get_stream(name).await.unwrap();
        let state = stream.info().await.unwrap().state.clone();
        assert_eq!(state.first_sequence, 1, "the stream has dropped nothing");
        let config = async_nats::jetstream::consumer::pull::OrderedConfig::default();
        let consumer = stream.create_consumer(config).await.unwrap();
        let messages = consumer.messages().await.unwrap();
        let count = usize::try_from(state.messages).unwrap();
        let messages = messages.take(count).map(|message| {
            let message = message.unwrap();
            let headers = message.headers.as_ref().expect("an id");
            let id = headers.get(async_nats::header::NATS_MESSAGE_ID).unwrap();
            (id.to_string(), message.payload.to_vec())
        });
        messages.collect().await
    }
}
