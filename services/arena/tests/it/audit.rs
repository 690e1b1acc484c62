//! What must have come out of it, computed from the streams and the logs alone, without the
//! engine's help.

use std::collections::{BTreeMap, BTreeSet};

use contracts::arena::{BattleChange, BattleEvent, PositionEvent};
use contracts::market::{Offset, Tick, Watermark};
use domain::battle::{BattleTerms, LogBody, LoggedCommand};
use domain::engine::PositionChange;
use domain::id::{BattleId, PositionId, RequestId};
use domain::order::{CommandBody, Outcome, Refusal};
use domain::position::{EndCause, PositionState, PositionStatus};
use domain::record::{self, PositionStep};
use domain::timestamp::Timestamp;
use futures::StreamExt;
use store::{arena, battle};

use crate::floor::{Floor, LIMIT};
use crate::story::{Placed, Said, Story};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    pub(crate) accepted: usize,
    pub(crate) filled: usize,
    pub(crate) fired: usize,
    pub(crate) closed: usize,
    pub(crate) canceled: usize,
    pub(crate) amended: usize,
    pub(crate) lapsed: usize,
}

/// Checks sealed battles in which these requests were sent, each once or often: every one has one
/// stamp and one outcome, those of the rules, every fill, exit, cancel and amendment happened at the
/// entry that caused it or lapsed, everything was told once, and the records verify.
pub(crate) async fn audit(floor: &Floor, battles: &[BattleTerms], sent: &[RequestId]) -> Audit {
    let requests: BTreeSet<_> = sent.iter().copied().collect();
    let kept = "SELECT count(*) FROM position_outcomes";
    assert_eq!(
        floor.number(kept).await,
        i64::try_from(requests.len()).unwrap()
    );
    let market = market(floor).await;
    let offsets = floor.stored::<Offset>().await;
    let told = told(floor).await;

    let mut audit = Audit::default();
    for terms in battles {
        let rows = arena::list_rows(&floor.db, &[terms.battle]).await.unwrap();
        let rows = rows.into_iter().next().expect("the arena has the battle");
        let log = log(floor, terms.battle).await;
        let kept = rows
            .outcomes
            .iter()
            .map(|kept| (kept.request, kept.outcome));
        let kept: BTreeMap<_, _> = kept.collect();
        let decided = log.iter().map(|(_, said)| (said.request, said.outcome));
        assert_eq!(kept, decided.collect(), "what is kept is what was decided");
        assert!(kept.keys().all(|request| requests.contains(request)));
        assert_eq!(log.len(), kept.len(), "each was decided once");
        check_stamps(terms, &log, &offsets);

        let mut positions: BTreeMap<_, _> =
            rows.positions.iter().map(|row| (row.id, row)).collect();
        for (id, commands) in by_position(&log) {
            match positions.remove(&id) {
                Some(position) => {
                    let story = story(terms, &commands, &market);
                    audit.count(&story);
                    check(position, &story, told.get(&id));
                }
                None => check_none(&commands),
            }
        }
        assert!(positions.is_empty(), "each has its order: {positions:?}");
        let bytes = floor.sealed(terms.battle).await;
        let report = record::verify(bytes.as_slice()).unwrap();
        let sealed = battle::find_sealed(&floor.db, terms.battle).await.unwrap();
        assert_eq!(report.result, sealed.map(|sealed| sealed.result));
        check_told_by_record(&report.steps, &rows.positions);
    }
    assert_eq!(told.len(), audit.accepted, "nothing else was told");
    check_battles_told(floor, battles).await;
    audit
}

impl Audit {
    fn count(&mut self, story: &Story<'_>) {
        let (cause, _) = story.end.expect("the battle has ended");
        let told = |what| story.told.iter().filter(|told| **told == what).count();
        let levels = [
            EndCause::Liquidation,
            EndCause::StopLoss,
            EndCause::TakeProfit,
        ];
        self.accepted += 1;
        self.filled += told("filled");
        self.amended += told("amended");
        self.lapsed += told("lapsed");
        self.fired += usize::from(levels.contains(&cause));
        self.closed += usize::from(cause == EndCause::Close);
        self.canceled += usize::from(cause == EndCause::Cancel);
    }
}

/// A command in a battle's log, behind the market entry with this sequence.
type Logged = (u64, LoggedCommand);

async fn log(floor: &Floor, battle: BattleId) -> Vec<Logged> {
    let (mut log, mut read) = (Vec::new(), 0);
    loop {
        let page = arena::list_log(&floor.db, battle, read).await.unwrap();
        let Some(last) = page.last() else {
            return log;
        };
        read = last.place.number;
        log.extend(page.into_iter().filter_map(|entry| match entry.body {
            LogBody::Command(logged) => Some((entry.place.sequence, logged)),
            LogBody::Opened { .. } | LogBody::Finalise | LogBody::Canceled => None,
        }));
    }
}

/// Each was stamped once: its storage on the exchange's clock, as that was last told of before its
/// place, and the delay, rounded up to a millisecond, and never below the one before.
fn check_stamps(terms: &BattleTerms, log: &[Logged], offsets: &[(u64, Offset)]) {
    let mut last = Timestamp::from_ms(i64::MIN);
    for (place, command) in log {
        let behind = offsets.partition_point(|(sequence, _)| sequence <= place);
        let (_, offset) = &offsets[behind - 1];
        let ns = command.stored_at_ns + offset.offset_ns;
        let delayed = ns + terms.template.fill_delay_ms * 1_000_000;
        let stamp = Timestamp::from_ms(-(-delayed).div_euclid(1_000_000));
        last = last.max(stamp);
        assert_eq!(command.effective_time, last, "{command:?}");
    }
}

fn by_position(log: &[Logged]) -> BTreeMap<PositionId, Vec<&Logged>> {
    let mut commands: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for logged in log {
        let position = logged.1.body.position();
        commands.entry(position).or_default().push(logged);
    }
    commands
}

/// What MARKET says of the one asset, without what does not count: copies, and what comes too late.
async fn market(floor: &Floor) -> Vec<Placed> {
    let ticks = floor.stored::<Tick>().await.into_iter();
    let ticks = ticks.map(|(sequence, tick)| (sequence, Said::Tick(tick)));
    let marks = floor.stored::<Watermark>().await.into_iter();
    let marks = marks.map(|(sequence, mark)| (sequence, Said::Watermark(mark.time)));
    let mut market: Vec<Placed> = ticks.chain(marks).collect();
    market.sort_by_key(|(sequence, _)| *sequence);
    let (mut trade, mut last, mut passed) = (0, i64::MIN, i64::MIN);
    market.retain(|(_, said)| match said {
        Said::Tick(tick) => {
            let time = tick.time.ms();
            let counts = tick.trade_id > trade && time >= last && time > passed;
            if counts {
                (trade, last) = (tick.trade_id, time);
            }
            counts
        }
        Said::Watermark(time) => {
            let counts = time.ms() >= passed;
            passed = passed.max(time.ms());
            counts
        }
    });
    market
}

/// What the rules make of a position and the commands on it, whose outcomes are checked.
fn story<'a>(terms: &BattleTerms, commands: &[&'a Logged], market: &[Placed]) -> Story<'a> {
    let taken = |logged: &&&Logged| {
        let is_new = matches!(logged.1.body, CommandBody::New(_));
        is_new && matches!(logged.1.outcome, Outcome::Accepted { .. })
    };
    let taken = commands.iter().position(|logged| taken(&logged));
    let (before, commands) = commands.split_at(taken.expect("it was taken"));
    check_none(before);
    let (place, order) = commands[0];
    let CommandBody::New(new) = &order.body else {
        panic!("an order begins it");
    };
    let behind = market.partition_point(|(sequence, _)| sequence <= place);
    let (past, mut market) = market.split_at(behind);
    let watermark = past.iter().rev().find_map(|(_, said)| match said {
        Said::Watermark(time) => Some(*time),
        Said::Tick(_) => None,
    });
    let mut story = Story::new(
        new,
        order.effective_time,
        watermark.expect("the market was fresh"),
        terms.end_time,
    );
    for (place, command) in &commands[1..] {
        let behind = market.partition_point(|(sequence, _)| sequence <= place);
        let (before, behind) = market.split_at(behind);
        before.iter().for_each(|placed| story.befall(placed));
        market = behind;
        match (story.command(command), command.outcome) {
            (Some(expected), outcome) => assert_eq!(outcome, Outcome::Refused(expected)),
            (None, Outcome::Accepted { .. }) => {}
            (None, Outcome::Refused(refusal)) => assert!(
                [Refusal::InvalidStopLoss, Refusal::InvalidTakeProfit].contains(&refusal),
                "{command:?}"
            ),
        }
    }
    market.iter().for_each(|placed| story.befall(placed));
    story
}

/// A position that is not there: no order for it was taken, and nothing else could be.
fn check_none(commands: &[&Logged]) {
    for (_, command) in commands {
        match command.body {
            CommandBody::New(_) => assert!(matches!(command.outcome, Outcome::Refused(_))),
            CommandBody::Close { .. } | CommandBody::Cancel { .. } | CommandBody::Amend { .. } => {
                assert_eq!(
                    command.outcome,
                    Outcome::Refused(Refusal::PositionNotFound),
                    "{command:?}"
                );
            }
        }
    }
}

/// It is what the rules made of it, and its owner heard so.
fn check(position: &PositionState, story: &Story<'_>, told: Option<&Vec<&'static str>>) {
    let fill = position
        .fill
        .map(|fill| (fill.sequence, fill.tick.trade, fill.tick.price));
    let filled = story.fill.as_ref();
    let filled = filled.map(|(sequence, tick)| (*sequence, tick.trade_id, tick.price));
    assert_eq!(fill, filled, "{position:?} {story:?}");
    let liquidation = position.fill.and_then(|fill| fill.liquidation);
    assert_eq!(liquidation, story.liquidation(), "{position:?} {story:?}");
    let exit = position.end.and_then(|end| end.exit);
    let exit = exit.map(|exit| (exit.tick.price, i128::from(exit.profit.units())));
    assert_eq!(exit, story.exit, "{position:?} {story:?}");
    let end = position.end.map(|end| (end.cause, end.sequence));
    assert_eq!(end, story.end, "{position:?} {story:?}");
    let levels = (position.stop_loss, position.take_profit);
    assert_eq!(levels, story.levels(), "{position:?} {story:?}");
    assert_eq!(told, Some(&story.told), "{position:?} {story:?}");
}

/// The record tells each fill and each end as the row has it, and no other.
fn check_told_by_record(steps: &[PositionStep], rows: &[PositionState]) {
    let told = steps.iter().map(|step| {
        let trade = step.tick.map(|tick| (tick, step.profit));
        ((step.position, step.cause), (step.status, step.time, trade))
    });
    let mut kept = BTreeMap::new();
    for row in rows {
        if let Some(fill) = row.fill {
            let filled = (
                PositionStatus::Open,
                fill.tick.time,
                Some((fill.tick, None)),
            );
            kept.insert((row.id, None), filled);
        }
        let end = row.end.expect("the battle has ended");
        let trade = end.exit.map(|exit| (exit.tick, Some(exit.profit)));
        kept.insert((row.id, Some(end.cause)), (row.status, end.time, trade));
    }
    assert_eq!(told.collect::<BTreeMap<_, _>>(), kept);
    assert_eq!(steps.len(), kept.len(), "each is told once");
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
