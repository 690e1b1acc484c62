//! A player who knows the exchange's trades before we do. Within the fill delay that is worth
//! nothing; without the delay it would be worth a lot.

use domain::chips::Chips;
use domain::engine::{Effects, Engine};
use domain::id::{PositionId, RequestId};
use domain::leverage::Leverage;
use domain::market::{Epoch, Incarnation, MarketEntry, MarketEvent, Tick};
use domain::order::{
    Answer, BodyHash, Command, CommandBody, Entered, NewOrder, OrderKind, Outcome, Side,
};
use domain::position::PositionStatus;
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

/// One round of a sniper (player 0) against somebody who tosses a coin whenever the sniper acts
/// (player 1).
struct Round {
    engine: Engine,
    /// Time and price of every trade.
    path: Vec<(i64, i64)>,
    fill_delay_ms: i64,
    random: Random,
    sent: u64,
    held: [Option<PositionId>; 2],
}

impl Round {
    fn new(seed: u64, fill_delay_ms: i64) -> Self {
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
            random,
            sent: 0,
            held: [None, None],
        }
    }

    fn market(&mut self, sequence: usize, event: MarketEvent) {
        let epoch = Epoch(1);
        let entry = MarketEntry { epoch, event };
        let sequence = u64::try_from(sequence).unwrap();
        self.engine
            .market(sequence, &entry, &mut Effects::default());
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
        self.engine.command(&command, &mut Effects::default())
    }

    fn order(&mut self, by: usize, now: i64, side: Side) {
        let position = PositionId::new(Uuid::from_u128(0xD000 + u128::from(self.sent)));
        let order = NewOrder {
            position,
            symbol: Entered::Value(symbol(0)),
            side,
            kind: OrderKind::Market,
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

    fn status(&self, by: usize) -> Option<PositionStatus> {
        let position = self.engine.position(battle(0), self.held[by]?)?;
        Some(position.status)
    }

    /// What the sniper gained over the coin, in units, and the sniper's orders.
    fn play(mut self) -> (i64, u64) {
        let path = self.path.clone();
        let mut orders = 0;
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
            let Some((_, later)) = known.last() else {
                continue;
            };
            let Some((_, next)) = path.get(index + 1) else {
                continue;
            };
            orders += u64::from(self.act(*time, later - next));
        }
        let event = MarketEvent::Watermark {
            symbol: symbol(0),
            time: Timestamp::from_ms(START + 60_001),
        };
        self.market(2 * path.len() + 2, event);
        let result = self.engine.battle(battle(0)).unwrap().result.unwrap();
        let equity = |by: usize| result.standings[by].equity.units();
        (equity(0) - equity(1), orders)
    }

    /// The sniper acts on what is still to come between the next trade and the last one known;
    /// the coin acts whenever the sniper does. Returns whether there was an order.
    fn act(&mut self, now: i64, to_come: i64) -> bool {
        let stamp = now + self.fill_delay_ms;
        if !(START..START + 60_000).contains(&stamp) {
            return false;
        }
        let side = if to_come > 0 { Side::Buy } else { Side::Sell };
        match self.status(0) {
            Some(PositionStatus::Pending) => false,
            Some(PositionStatus::Open) => {
                let held = self.engine.position(battle(0), self.held[0].unwrap());
                if to_come != 0 && held.unwrap().side != side {
                    for by in [0, 1] {
                        if let Some(position) = self.held[by] {
                            self.command(by, now, CommandBody::Close { position });
                        }
                    }
                }
                false
            }
            _ if to_come.abs() < 2 * STEP => false,
            _ => {
                let coin = self.random.of(&[Side::Buy, Side::Sell]);
                self.order(0, now, side);
                self.order(1, now, coin);
                true
            }
        }
    }
}

/// What the sniper gains over the coin: the mean, and the error of that mean, in thousandths of
/// a chip.
fn advantage(fill_delay_ms: i64) -> (i64, i64, u64) {
    let rounds: Vec<(i64, u64)> = (0..ROUNDS)
        .map(|seed| Round::new(seed, fill_delay_ms).play())
        .collect();
    let gains: Vec<i128> = rounds.iter().map(|(gain, _)| i128::from(*gain)).collect();
    let count = i128::from(ROUNDS);
    let mean = gains.iter().sum::<i128>() / count;
    let squares: i128 = gains.iter().map(|gain| (gain - mean).pow(2)).sum();
    let error = (squares / (count - 1) / count).isqrt();
    let orders = rounds.iter().map(|(_, orders)| orders).sum();
    let milli = |units: i128| i64::try_from(units / 100_000).unwrap();
    (milli(mean), milli(error), orders)
}

#[test]
fn foresight_within_the_fill_delay_gains_nothing() {
    let (mean, error, orders) = advantage(FORESIGHT_MS);
    println!("with the delay: {mean} ± {error} thousandths of a chip, {orders} orders");
    assert!(orders > 10 * ROUNDS, "{orders} orders");
    assert!(mean.abs() <= 3 * error, "{mean} ± {error}");
}

#[test]
fn foresight_would_gain_a_lot_without_the_fill_delay() {
    let (mean, error, orders) = advantage(0);
    println!("without the delay: {mean} ± {error} thousandths of a chip, {orders} orders");
    assert!(orders > 10 * ROUNDS, "{orders} orders");
    assert!(mean > 20 * error, "{mean} ± {error}");
}
