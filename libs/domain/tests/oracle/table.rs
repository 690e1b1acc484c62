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
/// What the market stands at. The prices below are those of a BUY; a SELL's lie as far on the
/// other side of it.
const MARKET: i64 = 100;
const LIMIT: i64 = 95;
/// What every position is filled at.
const ENTRY: i64 = 95;
const STOP: i64 = 90;
const TAKE: i64 = 110;
/// Neither a limit nor a level.
const BETWEEN: i64 = 97;

#[derive(Clone, Copy)]
enum State {
    Market,
    ArmedMarket,
    AmendedMarket,
    Limit,
    ArmedLimit,
    Cancel,
    Amendment,
    Open,
    Close,
    AmendedOpen,
    Closed,
    Liquidated,
    Canceled,
    Rejected,
}

const ORDERS: [(&str, State); 7] = [
    ("market", State::Market),
    ("market, armed", State::ArmedMarket),
    ("market, amendment noted", State::AmendedMarket),
    ("limit", State::Limit),
    ("limit, armed", State::ArmedLimit),
    ("limit, cancel noted", State::Cancel),
    ("limit, amendment noted", State::Amendment),
];
const POSITIONS: [(&str, State); 7] = [
    ("OPEN", State::Open),
    ("OPEN, close noted", State::Close),
    ("OPEN, amendment noted", State::AmendedOpen),
    ("CLOSED", State::Closed),
    ("LIQUIDATED", State::Liquidated),
    ("CANCELED", State::Canceled),
    ("REJECTED", State::Rejected),
];

type Event = (&'static str, fn(&mut Stage) -> String);

/// Times are those of the newest command of the position, unless an event says otherwise.
const EVENTS: [Event; 19] = [
    ("tick a moment early, at the limit", |stage| {
        stage.tick(stage.stamp - 1, stage.at(LIMIT))
    }),
    ("tick in time, at the limit", |stage| {
        stage.tick(stage.in_time(), stage.at(LIMIT))
    }),
    ("tick in time, short of the limit", |stage| {
        stage.tick(stage.in_time(), stage.at(BETWEEN))
    }),
    ("tick at the liquidation price", |stage| {
        stage.tick(stage.in_time(), stage.liquidation())
    }),
    ("tick at the stop", |stage| {
        stage.tick(stage.in_time(), stage.at(STOP))
    }),
    ("tick at the take", |stage| {
        stage.tick(stage.in_time(), stage.at(TAKE))
    }),
    ("late tick", |stage| {
        stage.watermark(stage.in_time() + 10);
        stage.tick(stage.in_time() - 10, stage.liquidation())
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
        stage.tick(60_001, stage.liquidation())
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
    side: Side,
    sequence: u64,
    requests: u64,
    position: PositionId,
    /// When the newest command of the position counts.
    stamp: i64,
    newest_watermark: i64,
}

impl Stage {
    fn new(state: State, side: Side) -> Self {
        let mut stage = Self {
            duel: Duel::new(Incarnation(1)),
            side,
            sequence: 0,
            requests: 0,
            position: PositionId::new(Uuid::from_u128(0xD000)),
            stamp: STAMP,
            newest_watermark: -500,
        };
        stage.tick(-1_000, whole(MARKET));
        stage.watermark(-500);
        stage.duel.open(&plain_terms(2, &[0])).unwrap();
        let limit = OrderKind::Limit(Entered::Value(stage.at(LIMIT)));
        let kind = match state {
            State::Market | State::ArmedMarket | State::AmendedMarket | State::Rejected => {
                OrderKind::Market
            }
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
            State::Amendment | State::AmendedMarket => drop(stage.amend(NOTED)),
            State::Open | State::Close | State::AmendedOpen | State::Closed | State::Liquidated => {
                stage.tick(STAMP, stage.at(ENTRY));
            }
            State::Rejected => drop(stage.watermark(STAMP + 10_000)),
        }
        match state {
            State::Canceled => drop(stage.watermark(NOTED)),
            State::Close | State::Closed => {
                let position = stage.position;
                stage.ask(NOTED, CommandBody::Close { position });
            }
            State::AmendedOpen => drop(stage.amend(NOTED)),
            State::Liquidated => drop(stage.tick(STAMP + 1, stage.liquidation())),
            _ => {}
        }
        if matches!(state, State::Closed) {
            stage.tick(NOTED, stage.at(ENTRY));
        }
        stage
    }

    /// A price of a BUY, or as far on the other side of the market.
    fn at(&self, price: i64) -> Price {
        whole(match self.side {
            Side::Buy => price,
            Side::Sell => 2 * MARKET - price,
        })
    }

    /// Where a loss is the whole margin: half of the entry away, at a leverage of 2.
    fn liquidation(&self) -> Price {
        let entry = self.at(ENTRY).units();
        let away = match self.side {
            Side::Buy => -entry / 2,
            Side::Sell => entry / 2,
        };
        Price::from_units(entry + away).unwrap()
    }

    /// The first moment at which the newest command counts and a tick may have.
    fn in_time(&self) -> i64 {
        self.stamp.max(self.newest_watermark + 1)
    }

    fn order(&self, kind: OrderKind<Entered<Price>>) -> CommandBody {
        CommandBody::New(NewOrder {
            position: self.position,
            symbol: Entered::Value(symbol(0)),
            side: self.side,
            kind,
            margin: Entered::Value(Chips::from_units(1_000_000_000)),
            leverage: Entered::Value(Leverage::try_from(2).unwrap()),
            stop_loss: Entered::Value(self.at(STOP)),
            take_profit: Entered::Value(self.at(TAKE)),
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
            take_profit: LevelChange::Set(self.at(TAKE)),
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
fn table(title: &str, states: &[(&str, State)], side: Side) -> String {
    let names: Vec<&str> = states.iter().map(|(name, _)| *name).collect();
    let mut table = format!("//! | {title} | {} |\n//! |---", names.join(" | "));
    table.push_str(&"|---".repeat(states.len()));
    table.push_str("|\n");
    for (event, happens) in EVENTS {
        let cells: Vec<String> = states
            .iter()
            .map(|(_, state)| happens(&mut Stage::new(*state, side)))
            .collect();
        table.push_str(&format!("//! | {event} | {} |\n", cells.join(" | ")));
    }
    table
}

#[test]
fn every_event_does_to_an_order_what_the_documentation_says() {
    for side in [Side::Buy, Side::Sell] {
        let table = table("PENDING", &ORDERS, side);
        assert!(DOCS.contains(&table), "{side:?}: expected\n{table}");
    }
}

#[test]
fn every_event_does_to_a_position_what_the_documentation_says() {
    for side in [Side::Buy, Side::Sell] {
        let table = table("filled or ended", &POSITIONS, side);
        assert!(DOCS.contains(&table), "{side:?}: expected\n{table}");
    }
}

#[test]
fn the_stages_stand_where_they_say() {
    for side in [Side::Buy, Side::Sell] {
        stand_where_they_say(side);
    }
}

fn stand_where_they_say(side: Side) {
    for (name, state) in ORDERS.into_iter().chain(POSITIONS) {
        let stage = Stage::new(state, side);
        let position = stage.duel.engine.position(battle(0), stage.position);
        let position = position.unwrap();
        let (status, noted) = match state {
            State::Market | State::ArmedMarket | State::Limit | State::ArmedLimit => {
                (PositionStatus::Pending, 0)
            }
            State::Cancel | State::Amendment | State::AmendedMarket => (PositionStatus::Pending, 1),
            State::Open => (PositionStatus::Open, 0),
            State::Close | State::AmendedOpen => (PositionStatus::Open, 1),
            State::Closed => (PositionStatus::Closed, 0),
            State::Liquidated => (PositionStatus::Liquidated, 0),
            State::Canceled => (PositionStatus::Canceled, 0),
            State::Rejected => (PositionStatus::Rejected, 0),
        };
        assert_eq!(
            (position.status, position.noted.len()),
            (status, noted),
            "{side:?}: {name}"
        );
    }
}
