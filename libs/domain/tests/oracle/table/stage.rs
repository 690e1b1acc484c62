//! A market with one match in it, on both engines, that a table moves from a state through an event.

use domain::battle::BattleTerms;
use domain::chips::Chips;
use domain::engine::{CancelRefusal, Effects, Fact, PositionChange};
use domain::id::{PositionId, RequestId};
use domain::leverage::Leverage;
use domain::market::{Epoch, Incarnation, MarketEntry, MarketEvent, NoteReason, Tick};
use domain::order::{
    Answer, BodyHash, Command, CommandBody, Entered, NewOrder, OrderKind, Origin, Outcome, Side,
};
use domain::position::PositionState;
use domain::price::Price;
use domain::timestamp::Timestamp;
use uuid::Uuid;

use super::seen::Seen;
use crate::compare::Duel;
use crate::script::START;
use crate::script::terms::{battle, player, symbol};

/// The term of the market's leader.
const EPOCH: Epoch = Epoch(2);
/// That of the leader before.
const OLDER: Epoch = Epoch(1);
/// What a command is stamped with: as much later than it was stored.
const FILL_DELAY_MS: i64 = 250;
/// Nothing happens.
pub(super) const NOTHING: &str = "–";

/// A price of so many whole units of the quote.
pub(super) fn whole(price: i64) -> Price {
    Price::from_units(price * 100_000_000).unwrap()
}

/// A position's id.
pub(super) fn id(number: u128) -> PositionId {
    PositionId::new(Uuid::from_u128(0xD000 + number))
}

/// An order of 10 chips at 2×.
pub(super) fn order(position: PositionId, side: Side, kind: OrderKind<Entered<Price>>) -> NewOrder {
    NewOrder {
        position,
        symbol: Entered::Value(symbol(0)),
        side,
        kind,
        margin: Entered::Value(Chips::from_units(1_000_000_000)),
        leverage: Entered::Value(Leverage::try_from(2).unwrap()),
        stop_loss: Entered::Absent,
        take_profit: Entered::Absent,
    }
}

/// The two engines and what they were given. All times are milliseconds after [`START`].
pub(super) struct Stage {
    pub(super) duel: Duel,
    pub(super) seen: Seen,
    sequence: u64,
    requests: u64,
    /// The trade that came last, on whatever market.
    last_trade: u64,
    /// When the newest tick and the newest watermark of the first market were.
    pub(super) newest_tick: i64,
    pub(super) newest_watermark: i64,
}

impl Stage {
    /// The markets stand at `price`, a second before the start, with no match in them.
    pub(super) fn new(price: Price) -> Self {
        let mut stage = Self {
            duel: Duel::new(Incarnation(1)),
            seen: Seen::default(),
            sequence: 0,
            requests: 0,
            last_trade: 0,
            newest_tick: i64::MIN,
            newest_watermark: i64::MIN,
        };
        stage.tick(0, -1_000, price);
        stage.watermark(0, -500);
        stage
    }

    pub(super) fn open(&mut self, terms: &BattleTerms) -> Effects {
        let effects = self.duel.open(terms).unwrap();
        self.met(effects)
    }

    /// Goes on with an engine that was made from the rows.
    pub(super) fn restore(&mut self) {
        self.duel.restore(|_| true).unwrap();
    }

    pub(super) fn tick(&mut self, asset: usize, ms: i64, price: Price) -> Effects {
        self.last_trade = self.sequence + 1;
        if asset == 0 {
            self.newest_tick = self.newest_tick.max(ms);
        }
        self.entry(EPOCH, trade(asset, self.last_trade, ms, price))
    }

    /// The number of the trade before, once more.
    pub(super) fn copy(&mut self, ms: i64, price: Price) -> Effects {
        self.entry(EPOCH, trade(0, self.last_trade, ms, price))
    }

    /// What the leader before says now.
    pub(super) fn older_tick(&mut self, ms: i64, price: Price) -> Effects {
        self.entry(OLDER, trade(0, self.sequence + 1, ms, price))
    }

    pub(super) fn watermark(&mut self, asset: usize, ms: i64) -> Effects {
        if asset == 0 {
            self.newest_watermark = self.newest_watermark.max(ms);
        }
        self.entry(EPOCH, mark(asset, ms))
    }

    /// What the leader before says now.
    pub(super) fn older_watermark(&mut self, ms: i64) -> Effects {
        self.entry(OLDER, mark(0, ms))
    }

    pub(super) fn gap(&mut self) -> Effects {
        let (first, last) = (self.sequence + 1, self.sequence + 3);
        let symbol = symbol(0);
        self.entry(
            EPOCH,
            MarketEvent::Gap {
                symbol,
                first,
                last,
            },
        )
    }

    /// A trade that does not count, at a price that would matter.
    pub(super) fn note(&mut self, reason: NoteReason, ms: i64, price: Price) -> Effects {
        let MarketEvent::Tick { symbol, tick } = trade(0, self.sequence + 1, ms, price) else {
            unreachable!("a trade is a tick");
        };
        self.seen.saw(&reason);
        let note = MarketEvent::Note {
            symbol,
            tick,
            reason,
        };
        self.entry(EPOCH, note)
    }

    /// The clocks are as far apart as before.
    pub(super) fn offset(&mut self) -> Effects {
        self.entry(EPOCH, MarketEvent::Offset { ahead_ns: 0 })
    }

    fn entry(&mut self, epoch: Epoch, event: MarketEvent) -> Effects {
        self.sequence += 1;
        self.seen.saw(&event);
        let entry = MarketEntry { epoch, event };
        let effects = self.duel.market(self.sequence, &entry).unwrap();
        self.met(effects)
    }

    /// A command under a new request id that will be stamped so.
    pub(super) fn command(&mut self, by: usize, stamp: i64, body: CommandBody) -> Command {
        self.requests += 1;
        Command {
            battle: battle(0),
            player: player(by),
            request: RequestId::new(Uuid::from_u128(self.requests.into())),
            body_hash: BodyHash([0; 32]),
            stored_at_ns: (START + stamp - FILL_DELAY_MS) * 1_000_000,
            body,
        }
    }

    pub(super) fn send(&mut self, command: &Command) -> (Answer, Effects) {
        let (answer, effects) = self.duel.command(command).unwrap();
        self.seen.answer(&command.body, answer);
        (answer, self.met(effects))
    }

    pub(super) fn finalise(&mut self) -> Effects {
        let effects = self.duel.finalise(battle(0)).unwrap();
        self.met(effects)
    }

    pub(super) fn cancel_match(&mut self) -> (Result<(), CancelRefusal>, Effects) {
        let (canceled, effects) = self.duel.cancel_battle(battle(0)).unwrap();
        if let Err(refusal) = canceled {
            self.seen.saw(&refusal);
        }
        (canceled, self.met(effects))
    }

    pub(super) fn forget(&mut self) {
        self.duel.forget(battle(0)).unwrap();
    }

    pub(super) fn position(&mut self, id: PositionId) -> PositionState {
        let position = self.duel.engine.position(battle(0), id).unwrap();
        self.seen.position(&position);
        position
    }

    fn met(&mut self, effects: Effects) -> Effects {
        self.seen.effects(&effects);
        effects
    }
}

fn trade(asset: usize, trade: u64, ms: i64, price: Price) -> MarketEvent {
    let time = Timestamp::from_ms(START + ms);
    MarketEvent::Tick {
        symbol: symbol(asset),
        tick: Tick { trade, price, time },
    }
}

fn mark(asset: usize, ms: i64) -> MarketEvent {
    MarketEvent::Watermark {
        symbol: symbol(asset),
        time: Timestamp::from_ms(START + ms),
    }
}

/// What the engine said to a command, and that it kept its word: what is refused, or was answered
/// before, changes nothing.
pub(super) fn said(answer: Answer, effects: &Effects) -> String {
    let code = match answer.outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Refused(refusal) => {
            assert!(effects.facts.is_empty(), "{refusal}: {effects:?}");
            assert!(effects.touched.positions.is_empty(), "{refusal}");
            refusal.code()
        }
    };
    match answer.origin {
        Origin::Decided => {
            assert_eq!((effects.log.len(), effects.outcomes.len()), (1, 1));
            code.to_owned()
        }
        Origin::Kept => {
            assert!(effects.is_empty(), "{effects:?}");
            format!("{code} as before")
        }
        Origin::Passing => {
            assert!(effects.is_empty(), "{effects:?}");
            format!("{code}, no trace")
        }
    }
}

/// What happened to a position, in order.
pub(super) fn told(effects: &Effects, id: PositionId) -> String {
    let about = effects.facts.iter().filter_map(|fact| match fact {
        Fact::Position {
            position, change, ..
        } => (*position == id).then(|| happened(change)),
        Fact::BattleOpened { .. } | Fact::BattleFinal { .. } | Fact::BattleCanceled { .. } => None,
    });
    let about: Vec<String> = about.collect();
    if about.is_empty() {
        return NOTHING.to_owned();
    }
    about.join("; ")
}

/// What a change is called in the tables.
pub(super) fn happened(change: &PositionChange) -> String {
    match change {
        PositionChange::Accepted => "PENDING".to_owned(),
        PositionChange::Filled(_) => "OPEN".to_owned(),
        PositionChange::Closed { cause, .. } => format!("CLOSED: {}", name(cause)),
        PositionChange::Liquidated { .. } => "LIQUIDATED".to_owned(),
        PositionChange::Canceled { cause, .. } => format!("CANCELED: {}", name(cause)),
        PositionChange::Rejected { cause, .. } => format!("REJECTED: {}", name(cause)),
        PositionChange::Amended { .. } => "amended".to_owned(),
        PositionChange::Lapsed { verb, .. } => format!("{} lapses", name(verb)),
    }
}

/// The name of a status, a cause or a verb on the wire.
pub(super) fn name(of: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(of).unwrap();
    text.trim_matches('"').to_owned()
}
