//! What each event does to a position in each state, cell by cell, as the module documentation of
//! `domain::position` states it.

use domain::chips::Chips;
use domain::engine::{Effects, Fact, PositionChange};
use domain::id::{PositionId, RequestId};
use domain::leverage::Leverage;
use domain::market::{Epoch, Incarnation, MarketEntry, MarketEvent, Tick};
use domain::order::{
    BodyHash, Command, CommandBody, Entered, LevelChange, NewOrder, OrderKind, Outcome, Side,
};
use domain::position::PositionStatus;
use domain::price::Price;
use domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::compare::Duel;
use crate::script::START;
use crate::script::terms::{battle, plain_terms, player, symbol};

const DOCS: &str = include_str!("../../src/position.rs");
/// When the order counts, in milliseconds after the start.
const STAMP: i64 = 1_000;
/// When a command that is noted on the position counts.
const NOTED: i64 = 2_000;
/// When the commands of the events count.
const ASKED: i64 = 5_000;
const LIMIT: i64 = 95;
/// What every position is filled at.
const ENTRY: i64 = 95;
/// Twice the margin, so half of the entry.
const LIQUIDATION: Price = Price::from_units(4_750_000_000).unwrap();
const STOP: i64 = 90;
const TAKE: i64 = 110;
/// Neither a limit nor a level.
const BETWEEN: i64 = 97;

#[derive(Clone, Copy)]
enum State {
    Market,
    ArmedMarket,
    Limit,
    ArmedLimit,
    Cancel,
    Amendment,
    Open,
    Close,
    Closed,
    Liquidated,
    Canceled,
    Rejected,
}

const ORDERS: [(&str, State); 6] = [
    ("market", State::Market),
    ("market, armed", State::ArmedMarket),
    ("limit", State::Limit),
    ("limit, armed", State::ArmedLimit),
    ("limit, cancel noted", State::Cancel),
    ("limit, amendment noted", State::Amendment),
];
const POSITIONS: [(&str, State); 6] = [
    ("OPEN", State::Open),
    ("OPEN, close noted", State::Close),
    ("CLOSED", State::Closed),
    ("LIQUIDATED", State::Liquidated),
    ("CANCELED", State::Canceled),
    ("REJECTED", State::Rejected),
];

type Event = (&'static str, fn(&mut Stage) -> String);

/// Times are those of the newest command of the position, unless an event says otherwise.
const EVENTS: [Event; 19] = [
    ("tick a moment early, at the limit", |stage| {
        stage.tick(stage.stamp - 1, whole(LIMIT))
    }),
    ("tick in time, at the limit", |stage| {
        stage.tick(stage.in_time(), whole(LIMIT))
    }),
    ("tick in time, short of the limit", |stage| {
        stage.tick(stage.in_time(), whole(BETWEEN))
    }),
    ("tick at the liquidation price", |stage| {
        stage.tick(stage.in_time(), LIQUIDATION)
    }),
    ("tick at the stop", |stage| {
        stage.tick(stage.in_time(), whole(STOP))
    }),
    ("tick at the take", |stage| {
        stage.tick(stage.in_time(), whole(TAKE))
    }),
    ("late tick", |stage| {
        stage.watermark(stage.in_time() + 10);
        stage.tick(stage.in_time() - 10, LIQUIDATION)
    }),
    ("watermark a moment early", |stage| {
        stage.watermark(stage.stamp - 1)
    }),
    ("watermark in time", |stage| stage.watermark(stage.stamp)),
    ("watermark just before the deadline", |stage| {
        stage.watermark(STAMP + 9_999)
    }),
    ("watermark at the deadline", |stage| {
        stage.watermark(STAMP + 10_000)
    }),
    ("stale watermark", |stage| {
        stage.watermark(stage.stamp - 10);
        stage.watermark(-501)
    }),
    ("close", |stage| {
        let position = stage.position;
        stage.ask(ASKED, CommandBody::Close { position })
    }),
    ("cancel", |stage| {
        let position = stage.position;
        stage.ask(ASKED, CommandBody::Cancel { position })
    }),
    ("amendment", |stage| stage.amend(ASKED)),
    ("tick beyond the end", |stage| {
        stage.tick(60_001, LIQUIDATION)
    }),
    ("watermark beyond the end", |stage| stage.watermark(60_001)),
    ("finalise", Stage::finalise),
    ("cancel of the match", Stage::cancel_match),
];

fn whole(price: i64) -> Price {
    Price::from_units(price * 100_000_000).unwrap()
}

/// One position in a battle of its own, on both engines.
struct Stage {
    duel: Duel,
    sequence: u64,
    requests: u64,
    position: PositionId,
    /// When the newest command of the position counts.
    stamp: i64,
    newest_watermark: i64,
}

impl Stage {
    fn new(state: State) -> Self {
        let mut stage = Self {
            duel: Duel::new(Incarnation(1)),
            sequence: 0,
            requests: 0,
            position: PositionId::new(Uuid::from_u128(0xD000)),
            stamp: STAMP,
            newest_watermark: -500,
        };
        stage.tick(-1_000, whole(100));
        stage.watermark(-500);
        stage.duel.open(&plain_terms(2, &[0])).unwrap();
        let limit = OrderKind::Limit(Entered::Value(whole(LIMIT)));
        let kind = match state {
            State::Market | State::ArmedMarket | State::Rejected => OrderKind::Market,
            _ => limit,
        };
        stage.ask(STAMP, stage.order(kind));
        match state {
            State::Market | State::Limit => {}
            State::ArmedMarket | State::ArmedLimit => drop(stage.watermark(STAMP)),
            State::Cancel | State::Canceled => {
                let position = stage.position;
                stage.ask(NOTED, CommandBody::Cancel { position });
            }
            State::Amendment => drop(stage.amend(NOTED)),
            State::Open | State::Close | State::Closed | State::Liquidated => {
                stage.tick(STAMP, whole(ENTRY));
            }
            State::Rejected => drop(stage.watermark(STAMP + 10_000)),
        }
        match state {
            State::Canceled => drop(stage.watermark(NOTED)),
            State::Close | State::Closed => {
                let position = stage.position;
                stage.ask(NOTED, CommandBody::Close { position });
            }
            State::Liquidated => drop(stage.tick(STAMP + 1, LIQUIDATION)),
            _ => {}
        }
        if matches!(state, State::Closed) {
            stage.tick(NOTED, whole(ENTRY));
        }
        stage
    }

    /// The first moment at which the newest command counts and a tick may have.
    fn in_time(&self) -> i64 {
        self.stamp.max(self.newest_watermark + 1)
    }

    fn order(&self, kind: OrderKind<Entered<Price>>) -> CommandBody {
        CommandBody::New(NewOrder {
            position: self.position,
            symbol: Entered::Value(symbol(0)),
            side: Side::Buy,
            kind,
            margin: Entered::Value(Chips::from_units(1_000_000_000)),
            leverage: Entered::Value(Leverage::try_from(2).unwrap()),
            stop_loss: Entered::Value(whole(STOP)),
            take_profit: Entered::Value(whole(TAKE)),
        })
    }

    fn entry(&mut self, event: MarketEvent) -> String {
        self.sequence += 1;
        let epoch = Epoch(1);
        let effects = self
            .duel
            .market(self.sequence, &MarketEntry { epoch, event });
        self.told(&effects.unwrap())
    }

    fn tick(&mut self, ms: i64, price: Price) -> String {
        let tick = Tick {
            trade: self.sequence,
            price,
            time: Timestamp::from_ms(START + ms),
        };
        let symbol = symbol(0);
        self.entry(MarketEvent::Tick { symbol, tick })
    }

    fn watermark(&mut self, ms: i64) -> String {
        self.newest_watermark = self.newest_watermark.max(ms);
        self.entry(MarketEvent::Watermark {
            symbol: symbol(0),
            time: Timestamp::from_ms(START + ms),
        })
    }

    fn ask(&mut self, stamp: i64, body: CommandBody) -> String {
        self.requests += 1;
        self.stamp = stamp;
        let command = Command {
            battle: battle(0),
            player: player(0),
            request: RequestId::new(Uuid::from_u128(self.requests.into())),
            body_hash: BodyHash([0; 32]),
            stored_at_ns: (START + stamp - 250) * 1_000_000,
            body,
        };
        let (answer, effects) = self.duel.command(&command).unwrap();
        match answer.outcome {
            Outcome::Refused(refusal) => refusal.code().to_owned(),
            Outcome::Accepted { .. } => {
                let told = self.told(&effects);
                if told == "–" {
                    "noted".to_owned()
                } else {
                    told
                }
            }
        }
    }

    fn amend(&mut self, stamp: i64) -> String {
        let position = self.position;
        let body = CommandBody::Amend {
            position,
            stop_loss: LevelChange::Keep,
            take_profit: LevelChange::Set(whole(TAKE)),
        };
        self.ask(stamp, body)
    }

    fn finalise(&mut self) -> String {
        let effects = self.duel.finalise(battle(0)).unwrap();
        self.told(&effects)
    }

    fn cancel_match(&mut self) -> String {
        let effects = self.duel.cancel_battle(battle(0)).unwrap();
        self.told(&effects)
    }

    /// What happened to the position.
    fn told(&self, effects: &Effects) -> String {
        let mut told = Vec::new();
        for fact in &effects.facts {
            if let Fact::Position { change, .. } = fact {
                told.push(match change {
                    PositionChange::Accepted => "PENDING".to_owned(),
                    PositionChange::Filled(_) => "OPEN".to_owned(),
                    PositionChange::Closed { cause, .. } => format!("CLOSED: {}", name(cause)),
                    PositionChange::Liquidated { .. } => "LIQUIDATED".to_owned(),
                    PositionChange::Canceled { cause, .. } => format!("CANCELED: {}", name(cause)),
                    PositionChange::Rejected { cause, .. } => format!("REJECTED: {}", name(cause)),
                    PositionChange::Amended { .. } => "amended".to_owned(),
                    PositionChange::Lapsed { verb, .. } => format!("{} lapses", name(verb)),
                });
            }
        }
        if told.is_empty() {
            return "–".to_owned();
        }
        told.join("; ")
    }
}

/// The name of a cause or a verb on the wire.
fn name(of: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(of).unwrap();
    text.trim_matches('"').to_owned()
}

/// The table that the engines make.
fn table(title: &str, states: &[(&str, State)]) -> String {
    let names: Vec<&str> = states.iter().map(|(name, _)| *name).collect();
    let mut table = format!("//! | {title} | {} |\n//! |---", names.join(" | "));
    table.push_str(&"|---".repeat(states.len()));
    table.push_str("|\n");
    for (event, happens) in EVENTS {
        let cells: Vec<String> = states
            .iter()
            .map(|(_, state)| happens(&mut Stage::new(*state)))
            .collect();
        table.push_str(&format!("//! | {event} | {} |\n", cells.join(" | ")));
    }
    table
}

#[test]
fn every_event_does_to_an_order_what_the_documentation_says() {
    let table = table("PENDING", &ORDERS);
    assert!(DOCS.contains(&table), "expected\n{table}");
}

#[test]
fn every_event_does_to_a_position_what_the_documentation_says() {
    let table = table("filled or ended", &POSITIONS);
    assert!(DOCS.contains(&table), "expected\n{table}");
}

#[test]
fn the_stages_stand_where_they_say() {
    for (name, state) in ORDERS.into_iter().chain(POSITIONS) {
        let stage = Stage::new(state);
        let position = stage.duel.engine.position(battle(0), stage.position);
        let position = position.unwrap();
        let (status, noted) = match state {
            State::Market | State::ArmedMarket | State::Limit | State::ArmedLimit => {
                (PositionStatus::Pending, 0)
            }
            State::Cancel | State::Amendment => (PositionStatus::Pending, 1),
            State::Open => (PositionStatus::Open, 0),
            State::Close => (PositionStatus::Open, 1),
            State::Closed => (PositionStatus::Closed, 0),
            State::Liquidated => (PositionStatus::Liquidated, 0),
            State::Canceled => (PositionStatus::Canceled, 0),
            State::Rejected => (PositionStatus::Rejected, 0),
        };
        assert_eq!(
            (position.status, position.noted.len()),
            (status, noted),
            "{name}"
        );
    }
}
