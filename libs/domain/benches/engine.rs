//! What a tick that fires nothing costs the engine, against a tight scan of the same positions in
//! the same run. Prints one JSON object per figure.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement fails by panicking, and speaks to whoever runs it"
)]

use std::hint::black_box;
use std::time::Instant;

use domain::battle::{BattleTerms, Seat};
use domain::chips::Chips;
use domain::engine::{Effects, Engine};
use domain::game::{AllowedAsset, Prize, Template};
use domain::id::Id;
use domain::leverage::{Bps, Leverage};
use domain::market::{Epoch, Incarnation, MarketEntry, MarketEvent, Tick};
use domain::money::Currency;
use domain::order::{BodyHash, Command, CommandBody, Entered, NewOrder, OrderKind, Outcome, Side};
use domain::price::Price;
use domain::timestamp::Timestamp;
use uuid::Uuid;

const SYMBOL: &str = "BTCUSDT";
/// The price that positions open at, in units of 1e-8.
const ENTRY: i64 = 6_000_000_000_000;
/// How far the measured ticks wander: nobody's level lies within.
const WANDER: i64 = 1_000_000;
/// Orders that one player may place in one second.
const ORDERS_PER_SECOND: u32 = 10;
const MEASURED_TICKS: u64 = 200_000;
const SCANNED_TICKS: u64 = 400;

fn main() {
    for (players, each, goal) in [(71, 11, 4.0), (500, 100, 100.0)] {
        let mut floor = Floor::open(players, each);
        let positions = players * each;
        assert_eq!(
            floor.open_positions(),
            positions,
            "not every position is open"
        );
        let tick_ns = floor.quiet_tick_ns();
        let scan_ns = scan_ns(positions);
        let ratio = scan_ns / tick_ns;
        println!(
            r#"{{"bench":"engine","figure":"quiet_tick_vs_scan_{positions}","value":{tick_ns:.1},"unit":"ns","baseline":{scan_ns:.1},"ratio":{ratio:.1},"goal":{goal},"met":{}}}"#,
            ratio >= goal
        );
    }
}

/// One battle with open positions, all with stop and take.
struct Floor {
    engine: Engine,
    effects: Effects,
    terms: BattleTerms,
    sequence: u64,
    now_ms: i64,
}

impl Floor {
    fn open(players: u32, each: u32) -> Self {
        let terms = terms(players, each);
        let mut effects = Effects::default();
        let mut engine = Engine::new(Incarnation(1));
        engine.open(terms.clone(), &mut effects).unwrap();
        let mut floor = Self {
            engine,
            effects,
            terms,
            sequence: 0,
            now_ms: 1_000,
        };
        floor.tick(ENTRY);
        for order in 0..each {
            if order % ORDERS_PER_SECOND == 0 {
                floor.now_ms += 1_000;
                floor.tick(ENTRY);
                floor.watermark();
            }
            for player in 0..players {
                floor.order(player, order);
            }
        }
        floor.now_ms += 1_000;
        floor.tick(ENTRY);
        floor.effects = Effects::default();
        floor
    }

    fn apply(&mut self, event: MarketEvent) {
        self.sequence += 1;
        let entry = MarketEntry {
            epoch: Epoch(1),
            event,
        };
        self.engine.market(self.sequence, &entry, &mut self.effects);
    }

    fn tick(&mut self, units: i64) {
        let (trade, time) = (self.sequence + 1, Timestamp::from_ms(self.now_ms));
        let tick = Tick {
            trade,
            price: Price::from_units(units).unwrap(),
            time,
        };
        self.apply(MarketEvent::Tick {
            symbol: SYMBOL.parse().unwrap(),
            tick,
        });
    }

    fn watermark(&mut self) {
        let time = Timestamp::from_ms(self.now_ms - 1);
        self.apply(MarketEvent::Watermark {
            symbol: SYMBOL.parse().unwrap(),
            time,
        });
    }

    fn order(&mut self, player: u32, number: u32) {
        let id = (u128::from(player) << 32) | u128::from(number);
        let (stop, take) = (
            ENTRY / 100 * 97 - i64::from(number),
            ENTRY / 100 * 103 + i64::from(number),
        );
        let body = CommandBody::New(NewOrder {
            position: Id::new(Uuid::from_u128(id)),
            symbol: Entered::Value(SYMBOL.parse().unwrap()),
            side: Side::Buy,
            kind: OrderKind::Market,
            margin: Entered::Value(Chips::from_units(10_000_000)),
            leverage: Entered::Value(Leverage::try_from(5).unwrap()),
            stop_loss: Entered::Value(Price::from_units(stop).unwrap()),
            take_profit: Entered::Value(Price::from_units(take).unwrap()),
        });
        let command = Command {
            battle: self.terms.battle,
            player: self.terms.seats[player as usize].player,
            request: Id::new(Uuid::from_u128(id)),
            body_hash: BodyHash([0; 32]),
            stored_at_ns: self.now_ms * 1_000_000,
            body,
        };
        let answer = self.engine.command(&command, &mut self.effects);
        assert!(
            matches!(answer.outcome, Outcome::Accepted { .. }),
            "{answer:?}"
        );
    }

    fn open_positions(&self) -> u32 {
        let standings = self.engine.standings(self.terms.battle).unwrap();
        standings
            .iter()
            .map(|standing| standing.open_positions)
            .sum()
    }

    /// Nanoseconds per tick that fires nothing: deduplication and last price included.
    fn quiet_tick_ns(&mut self) -> f64 {
        let entries: Vec<_> = (0..MEASURED_TICKS)
            .map(|number| {
                let wander = i64::try_from(number % 7).unwrap() * WANDER / 7;
                let tick = Tick {
                    trade: self.sequence + 2 + number,
                    price: Price::from_units(ENTRY + wander).unwrap(),
                    time: Timestamp::from_ms(self.now_ms),
                };
                let event = MarketEvent::Tick {
                    symbol: SYMBOL.parse().unwrap(),
                    tick,
                };
                MarketEntry {
                    epoch: Epoch(1),
                    event,
                }
            })
            .collect();
        let started = Instant::now();
        for entry in &entries {
            self.sequence += 1;
            self.engine
                .market(self.sequence, black_box(entry), &mut self.effects);
        }
        let elapsed = started.elapsed();
        assert!(self.effects.facts.is_empty(), "a tick fired something");
        elapsed.as_nanos() as f64 / MEASURED_TICKS as f64
    }
}

/// Nanoseconds per tick of comparing it with the three levels of every position.
fn scan_ns(positions: u32) -> f64 {
    let levels: Vec<[i64; 3]> = (0..i64::from(positions))
        .map(|number| {
            [
                ENTRY / 5 * 4,
                ENTRY / 100 * 97 - number,
                ENTRY / 100 * 103 + number,
            ]
        })
        .collect();
    let mut fired = 0_u64;
    let started = Instant::now();
    for number in 0..SCANNED_TICKS {
        let price = ENTRY + i64::try_from(number % 7).unwrap() * WANDER / 7;
        for [liquidation, stop, take] in black_box(&levels) {
            let fires = price <= *liquidation || price <= *stop || price >= *take;
            fired += u64::from(fires);
        }
    }
    let elapsed = started.elapsed();
    assert_eq!(black_box(fired), 0, "the scan fired something");
    elapsed.as_nanos() as f64 / SCANNED_TICKS as f64
}

fn terms(players: u32, each: u32) -> BattleTerms {
    let no = Bps::try_from(0).unwrap();
    let template = Template {
        title: "Bench".to_owned(),
        description: String::new(),
        cover: String::new(),
        currency: Currency::Bt,
        is_active: true,
        duration_ms: 3_600_000,
        countdown_ms: 0,
        min_players: 2,
        max_players: players,
        max_positions: each,
        start_balance: Chips::from_units(10_000_000_000),
        entry_fee_minor: 0,
        assets: vec![AllowedAsset {
            symbol: SYMBOL.parse().unwrap(),
            price_step: Price::from_units(1_000_000).unwrap(),
        }],
        max_leverage: Leverage::MAX,
        fee_bps: no,
        maintenance_bps: no,
        fill_delay_ms: 0,
        card_uses: 0,
        prize: Prize::Fixed {
            amount_minor: 0,
            house_funded: false,
        },
        cup: 0,
        win_exp: 0,
        lose_exp: 0,
        items: vec![],
        cup_band: None,
        fill_wait_ms: 0,
        queue_ttl_ms: 60_000,
    };
    let seat = |number| Seat {
        player: Id::new(Uuid::from_u128(number)),
        card_uses: 0,
    };
    BattleTerms {
        battle: Id::new(Uuid::from_u128(1)),
        game: Id::new(Uuid::from_u128(2)),
        version: 1,
        template,
        ranked: true,
        start_time: Timestamp::from_ms(0),
        end_time: Timestamp::from_ms(3_600_000),
        seats: (1..=u128::from(players)).map(seat).collect(),
    }
}
