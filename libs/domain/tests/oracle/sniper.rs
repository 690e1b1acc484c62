//! A player who knows the exchange's trades before we do. Within the fill delay that is worth
//! nothing, whatever he does with it; without the delay it would be worth a lot.

use domain::chips::Chips;
use domain::engine::{Effects, Engine, Fact, PositionChange};
use domain::id::{PositionId, RequestId};
use domain::leverage::Leverage;
use domain::market::{Epoch, Incarnation, MarketEntry, MarketEvent, Tick};
use domain::order::{
    Answer, BodyHash, Command, CommandBody, Entered, LevelChange, NewOrder, OrderKind, Outcome,
    Side,
};
use domain::position::{EndCause, PositionState, PositionStatus};
use domain::price::Price;
use domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::random::Random;
use crate::script::START;
use crate::script::terms::{battle, plain_terms, player, symbol};

const ROUNDS: u64 = 300;
/// How far ahead the sniper sees, in milliseconds: the default fill delay.
const FORESIGHT_MS: i64 = 250;
const PRICE: i64 = 10_000_000_000;
/// Every trade is this much above or below the one before, either as likely.
const STEP: i64 = 10_000_000;
/// A limit order whose price has run so far away is taken back.
const TOO_FAR: i64 = 5 * STEP;

/// What the sniper uses his foresight for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weapon {
    /// Market orders before the price moves, and closes before it turns.
    Market,
    /// Limit orders at the best price that is still to come; closes and cancels before it turns.
    Limit,
    /// Cancels alone: orders and closes are left to chance, and what would be filled at a loss is
    /// taken back.
    Cancel,
    /// Amendments alone: orders are left to chance, and whatever is filled leaves at a level: at the
    /// best price that is still to come, or at the next one if all are worse.
    Amend,
    /// Limit orders, cancels, closes and amendments.
    All,
}

const WEAPONS: [Weapon; 5] = [
    Weapon::Market,
    Weapon::Limit,
    Weapon::Cancel,
    Weapon::Amend,
    Weapon::All,
];

impl Weapon {
    const fn amends(self) -> bool {
        match self {
            Self::Market | Self::Limit | Self::Cancel => false,
            Self::Amend | Self::All => true,
        }
    }

    /// How often he used it, for each thing that it is made of.
    fn uses(self, acts: Acts) -> Vec<u64> {
        match self {
            Self::Market => vec![acts.orders],
            Self::Limit | Self::Cancel => vec![acts.orders, acts.canceled],
            Self::Amend => vec![acts.orders, acts.amended, acts.left_at_level],
            Self::All => vec![acts.orders, acts.canceled, acts.amended, acts.left_at_level],
        }
    }
}

/// What the sniper knows of the trades to come: the next one, and those within his foresight.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// The last trade that everybody knows.
    now: i64,
    next: i64,
    low: i64,
    high: i64,
    last: i64,
}

/// One round of a sniper (player 0) against somebody who tosses a coin whenever the sniper acts
/// (player 1).
struct Round {
    engine: Engine,
    /// Time and price of every trade.
    path: Vec<(i64, i64)>,
    fill_delay_ms: i64,
    weapon: Weapon,
    random: Random,
    sent: u64,
    held: [Option<PositionId>; 2],
    /// The levels that the sniper asked for last.
    levels: Option<[i64; 2]>,
    acts: Acts,
}

/// What the sniper did: orders, those of them that he took back in time, amendments that applied,
/// and positions that left at a stop or a take.
#[derive(Clone, Copy, Debug, Default)]
struct Acts {
    orders: u64,
    canceled: u64,
    amended: u64,
    left_at_level: u64,
}

impl Acts {
    fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.canceled += other.canceled;
        self.amended += other.amended;
        self.left_at_level += other.left_at_level;
    }

    fn count(&mut self, fact: &Fact) {
        let Fact::Position {
            player: who,
            change,
            ..
        } = fact
        else {
            return;
        };
        if *who != player(0) {
            return;
        }
        match change {
            PositionChange::Accepted => self.orders += 1,
            PositionChange::Amended { .. } => self.amended += 1,
            PositionChange::Canceled {
                cause: EndCause::Cancel,
                ..
            } => self.canceled += 1,
            PositionChange::Closed {
                cause: EndCause::StopLoss | EndCause::TakeProfit,
                ..
            } => self.left_at_level += 1,
            _ => {}
        }
    }
}

impl Round {
    fn new(seed: u64, fill_delay_ms: i64, weapon: Weapon) -> Self {
        let mut random = Random::new(seed);
        let mut path = vec![(START - 100, PRICE)];
        while let Some((time, price)) = path.last().copied()
            && time < START + 58_000
        {
            let step = random.of(&[-STEP, STEP]);
            path.push((time + random.between(5, 80), price + step));
        }
        let mut terms = plain_terms(2, &[0]);
        terms.template.fill_delay_ms = fill_delay_ms;
        let mut engine = Engine::new(Incarnation(1));
        engine.open(terms, &mut Effects::default()).unwrap();
        Self {
            engine,
            path,
            fill_delay_ms,
            weapon,
            random,
            sent: 0,
            held: [None, None],
            levels: None,
            acts: Acts::default(),
        }
    }

    fn market(&mut self, sequence: usize, event: MarketEvent) {
        let epoch = Epoch(1);
        let entry = MarketEntry { epoch, event };
        let sequence = u64::try_from(sequence).unwrap();
        let mut effects = Effects::default();
        self.engine.market(sequence, &entry, &mut effects);
        self.count(&effects);
    }

    fn command(&mut self, by: usize, now: i64, body: CommandBody) -> Answer {
        self.sent += 1;
        let mut body_hash = BodyHash([0; 32]);
        body_hash.0[..8].copy_from_slice(&self.sent.to_be_bytes());
        let command = Command {
            battle: battle(0),
            player: player(by),
            request: RequestId::new(Uuid::from_u128(self.sent.into())),
            body_hash,
            stored_at_ns: now * 1_000_000,
            body,
        };
        let mut effects = Effects::default();
        let answer = self.engine.command(&command, &mut effects);
        self.count(&effects);
        answer
    }

    fn count(&mut self, effects: &Effects) {
        for fact in &effects.facts {
            self.acts.count(fact);
        }
    }

    fn order(&mut self, by: usize, now: i64, side: Side, limit: Option<i64>) {
        let limit = limit.map(|price| Price::from_units(price).unwrap());
        let position = PositionId::new(Uuid::from_u128(0xD000 + u128::from(self.sent)));
        let order = NewOrder {
            position,
            symbol: Entered::Value(symbol(0)),
            side,
            kind: limit.map_or(OrderKind::Market, |price| {
                OrderKind::Limit(Entered::Value(price))
            }),
            margin: Entered::Value(Chips::from_units(1_000_000_000)),
            leverage: Entered::Value(Leverage::try_from(5).unwrap()),
            stop_loss: Entered::Absent,
            take_profit: Entered::Absent,
        };
        let answer = self.command(by, now, CommandBody::New(order));
        if matches!(answer.outcome, Outcome::Accepted { .. }) {
            self.held[by] = Some(position);
        }
    }

    /// What the sniper holds or waits for.
    fn held(&self) -> Option<PositionState> {
        self.engine.position(battle(0), self.held[0]?)
    }

    /// What the sniper gained over the coin, in units, and what he did for it.
    fn play(mut self) -> (i64, Acts) {
        let path = self.path.clone();
        for (index, (time, price)) in path.iter().enumerate() {
            let tick = Tick {
                trade: u64::try_from(index).unwrap() + 1,
                price: Price::from_units(*price).unwrap(),
                time: Timestamp::from_ms(*time),
            };
            let symbol = symbol(0);
            self.market(2 * index + 1, MarketEvent::Tick { symbol, tick });
            if index == 0 || index % 10 == 9 {
                let event = MarketEvent::Watermark {
                    symbol: crate::script::terms::symbol(0),
                    time: Timestamp::from_ms(time - 1),
                };
                self.market(2 * index + 2, event);
            }
            let known = path[index..]
                .iter()
                .take_while(|(at, _)| *at <= time + FORESIGHT_MS);
            let Some((_, next)) = path.get(index + 1) else {
                continue;
            };
            let nothing = Seen {
                now: *price,
                next: *next,
                low: *next,
                high: *next,
                last: *next,
            };
            let seen = known.skip(1).fold(nothing, |seen, (_, price)| Seen {
                low: seen.low.min(*price),
                high: seen.high.max(*price),
                last: *price,
                ..seen
            });
            self.act(*time, seen);
        }
        let event = MarketEvent::Watermark {
            symbol: symbol(0),
            time: Timestamp::from_ms(START + 60_001),
        };
        self.market(2 * path.len() + 2, event);
        let result = self.engine.battle(battle(0)).unwrap().result.unwrap();
        let equity = |by: usize| result.standings[by].equity.units();
        (equity(0) - equity(1), self.acts)
    }

    /// The sniper acts on what he sees; the coin acts whenever the sniper does.
    fn act(&mut self, now: i64, seen: Seen) {
        let stamp = now + self.fill_delay_ms;
        if !(START..START + 60_000).contains(&stamp) {
            return;
        }
        match self.held().map(|held| (held.status, held)) {
            Some((PositionStatus::Pending, held)) => {
                if self.takes_back(&held, seen) {
                    self.both(now, |position| CommandBody::Cancel { position });
                } else if self.weapon.amends() {
                    self.amend(now, &held, seen);
                }
            }
            Some((PositionStatus::Open, held)) => {
                if self.leaves(&held, seen) {
                    self.both(now, |position| CommandBody::Close { position });
                } else if self.weapon.amends() {
                    self.amend(now, &held, seen);
                }
            }
            _ => {
                self.levels = None;
                self.enter(now, seen);
            }
        }
    }

    fn both(&mut self, now: i64, body: fn(PositionId) -> CommandBody) {
        for by in [0, 1] {
            if let Some(position) = self.held[by] {
                self.command(by, now, body(position));
            }
        }
    }

    /// Moves the levels to where the position leaves best; the coin's go wherever it falls.
    fn amend(&mut self, now: i64, held: &PositionState, seen: Seen) {
        let reference = match (held.status, held.kind) {
            (PositionStatus::Pending, OrderKind::Limit(limit)) => limit.units(),
            _ => seen.now,
        };
        let (low, high) = (seen.low.min(reference), seen.high.max(reference));
        let hopeless = match held.side {
            Side::Buy => high == reference,
            Side::Sell => low == reference,
        };
        let levels = match (held.side, hopeless) {
            (Side::Buy, false) => [low - STEP, high],
            (Side::Sell, false) => [high + STEP, low],
            (Side::Buy, true) => [reference - STEP / 2, reference + TOO_FAR],
            (Side::Sell, true) => [reference + STEP / 2, reference - TOO_FAR],
        };
        if self.levels.replace(levels) == Some(levels) {
            return;
        }
        self.set_levels(0, now, held.id, levels);
        let coins = self.held[1].and_then(|id| self.engine.position(battle(0), id));
        if let Some(coins) = coins {
            let [stop, take] = [1, 1].map(|least| self.random.between(least, 5) * STEP);
            let levels = match coins.side {
                Side::Buy => [seen.now - stop, seen.now + take],
                Side::Sell => [seen.now + stop, seen.now - take],
            };
            self.set_levels(1, now, coins.id, levels);
        }
    }

    fn set_levels(&mut self, by: usize, now: i64, position: PositionId, levels: [i64; 2]) {
        let [stop_loss, take_profit] =
            levels.map(|level| LevelChange::Set(Price::from_units(level).unwrap()));
        let body = CommandBody::Amend {
            position,
            stop_loss,
            take_profit,
        };
        self.command(by, now, body);
    }

    /// Whether the limit order will be filled at a loss, or is out of reach.
    fn takes_back(&self, held: &PositionState, seen: Seen) -> bool {
        let OrderKind::Limit(limit) = held.kind else {
            return false;
        };
        let limit = limit.units();
        let (reached, gain) = match held.side {
            Side::Buy => (seen.low <= limit, seen.last - limit),
            Side::Sell => (seen.high >= limit, limit - seen.last),
        };
        (reached && gain < 0) || gain > TOO_FAR
    }

    /// Whether the open position will lose from the next trade on, as far as is known.
    fn leaves(&mut self, held: &PositionState, seen: Seen) -> bool {
        match (self.weapon, held.side) {
            (Weapon::Cancel, _) => self.random.percent(50),
            (Weapon::Amend, _) => false,
            (_, Side::Buy) => seen.last < seen.next,
            (_, Side::Sell) => seen.last > seen.next,
        }
    }

    /// Orders what is worth it.
    fn enter(&mut self, now: i64, seen: Seen) {
        let coin = self.random.of(&[Side::Buy, Side::Sell]);
        let (rise, fall) = match self.weapon {
            Weapon::Market => (seen.last - seen.next, seen.next - seen.last),
            Weapon::Limit | Weapon::All => (seen.last - seen.low, seen.high - seen.last),
            Weapon::Cancel | Weapon::Amend => self.random.of(&[(2 * STEP, 0), (0, 2 * STEP)]),
        };
        let (side, gain) = if rise > fall {
            (Side::Buy, rise)
        } else {
            (Side::Sell, fall)
        };
        if gain < 2 * STEP {
            return;
        }
        // How far the limit lies on the better side of the next trade.
        let better = match (self.weapon, side) {
            (Weapon::Market | Weapon::Amend, _) => None,
            (Weapon::Limit | Weapon::All, Side::Buy) => Some(seen.next - seen.low),
            (Weapon::Limit | Weapon::All, Side::Sell) => Some(seen.high - seen.next),
            (Weapon::Cancel, _) => Some(STEP),
        };
        for (by, side) in [(0, side), (1, coin)] {
            let limit = better.map(|better| match side {
                Side::Buy => seen.next - better,
                Side::Sell => seen.next + better,
            });
            self.order(by, now, side, limit);
        }
    }
}

/// What the sniper gains over the coin: the mean, and the error of that mean, in thousandths of
/// a chip.
fn advantage(fill_delay_ms: i64, weapon: Weapon) -> (i64, i64, Acts) {
    let rounds: Vec<(i64, Acts)> = (0..ROUNDS)
        .map(|seed| Round::new(seed, fill_delay_ms, weapon).play())
        .collect();
    let gains: Vec<i128> = rounds.iter().map(|(gain, _)| i128::from(*gain)).collect();
    let count = i128::from(ROUNDS);
    let mean = gains.iter().sum::<i128>() / count;
    let squares: i128 = gains.iter().map(|gain| (gain - mean).pow(2)).sum();
    let error = (squares / (count - 1) / count).isqrt();
    let mut acts = Acts::default();
    for (_, one) in &rounds {
        acts.add(*one);
    }
    let milli = |units: i128| i64::try_from(units / 100_000).unwrap();
    (milli(mean), milli(error), acts)
}

#[test]
fn foresight_within_the_fill_delay_gains_nothing() {
    for weapon in WEAPONS {
        let (mean, error, acts) = advantage(FORESIGHT_MS, weapon);
        println!("{weapon:?} with the delay: {mean} ± {error} thousandths of a chip, {acts:?}");
        let uses = weapon.uses(acts);
        assert!(uses.iter().all(|times| *times > 10 * ROUNDS), "{acts:?}");
        assert!(mean.abs() <= 3 * error, "{weapon:?}: {mean} ± {error}");
    }
}

#[test]
fn foresight_would_gain_a_lot_without_the_fill_delay() {
    for weapon in WEAPONS {
        let (mean, error, acts) = advantage(0, weapon);
        println!("{weapon:?} without the delay: {mean} ± {error} thousandths of a chip, {acts:?}");
        assert!(acts.orders > 10 * ROUNDS, "{acts:?}");
        assert!(mean > 10 * error, "{weapon:?}: {mean} ± {error}");
    }
}
