//! Scripts that are made for one purpose.

use domain::battle::BattleTerms;
use domain::chips::Chips;
use domain::market::{MarketEvent, Tick};
use domain::price::Price;
use domain::timestamp::Timestamp;

use super::maker::{Maker, script};
use super::terms::{bps, plain_terms, random_terms};
use super::{
    Ask, At, Choice, Flavor, Level, Margin, On, Order, Pick, START, SYMBOLS, Script, Step, Stored,
    When,
};
use crate::random::Random;

/// So many that the engine's own places, 32, are all taken: whatever comes later lies elsewhere.
const OTHERS: usize = 400;

/// One player's five thousand orders, and as many closes.
pub(crate) fn tireless() -> Script {
    let mut terms = plain_terms(2, &[0]);
    terms.template.fill_delay_ms = 0;
    terms.end_time = Timestamp::from_ms(START + 3_000_000);
    let on = On::Asset(0);
    let time = When::Now;
    let mut steps = vec![
        Step::Wait { ms: 2_000 },
        Step::Tick {
            on,
            price: At::Last,
            time,
        },
        Step::Open { battle: 0 },
    ];
    for number in 0..5_002 {
        for exit in [false, true] {
            if number % 50 == 0 {
                let time = When::Now;
                steps.push(Step::Watermark { on, time });
            }
            let order = Order {
                player: 0,
                clash: false,
                asset: Choice::Value(0),
                buy: true,
                limit: Some(Level::Beside { bps: -10 }),
                margin: Margin::Units(1_000_000),
                leverage: Choice::Value(1),
                stop: Level::Absent,
                take: Level::Absent,
            };
            let ask = match (exit, number % 2) {
                (false, _) => Ask::New(order),
                (true, 0) => Ask::Cancel(Pick::Live(0)),
                (true, _) => Ask::Close(Pick::Live(0)),
            };
            let stored = Stored::Now { ns: 0 };
            steps.push(Step::Ask {
                battle: 0,
                stored,
                ask,
            });
            steps.push(Step::Wait { ms: 110 });
        }
    }
    let time = When::End { battle: 0, off: 1 };
    steps.push(Step::Watermark { on, time });
    steps.push(Step::Check);
    Script {
        terms: vec![terms],
        begins: START - 2_000,
        prices: vec![9_500_000_000; SYMBOLS.len()],
        trades: 0,
        steps,
    }
}

/// The script of a seed on a market that has spoken of many other assets before.
pub(crate) fn bazaar(seed: u64) -> Script {
    let mut script = script(seed);
    let now = script.begins;
    let others = (0..OTHERS).map(|number| {
        let tick = Tick {
            trade: 1,
            price: Price::MIN,
            time: Timestamp::from_ms(now),
        };
        let symbol = format!("OTHER{number}USDT").parse().unwrap();
        let event = MarketEvent::Tick { symbol, tick };
        Step::Feed { event, now }
    });
    script.steps.splice(0..0, others);
    script
}

/// A player whose profits no purse holds.
pub(crate) fn rich() -> Script {
    let mut terms = plain_terms(2, &[0]);
    terms.template.max_positions = 1_000;
    terms.template.start_balance = Chips::from_units(100_000_000_000_000);
    terms.end_time = Timestamp::from_ms(START + 600_000);
    let on = On::Asset(0);
    let time = When::Now;
    let mut steps = vec![
        Step::Wait { ms: 2_000 },
        Step::Tick {
            on,
            price: At::Last,
            time,
        },
        Step::Open { battle: 0 },
    ];
    for number in 0..450_usize {
        if number % 10 == 0 {
            steps.push(Step::Wait { ms: 1_000 });
            steps.push(Step::Tick {
                on,
                price: At::Last,
                time,
            });
            steps.push(Step::Watermark {
                on,
                time: When::Ago(500),
            });
        }
        let order = Order {
            player: 0,
            clash: false,
            asset: Choice::Value(0),
            buy: true,
            limit: None,
            margin: Margin::Units(1_000_000_000),
            leverage: Choice::Value(10),
            stop: Level::Absent,
            take: Level::Absent,
        };
        let stored = Stored::Now { ns: 0 };
        let ask = Ask::New(order);
        steps.push(Step::Ask {
            battle: 0,
            stored,
            ask,
        });
    }
    steps.push(Step::Wait { ms: 1_000 });
    steps.push(Step::Tick {
        on,
        price: At::Units(10_000),
        time,
    });
    for nth in 0..30 {
        let stored = Stored::Now { ns: 0 };
        let ask = Ask::Close(Pick::Live(nth));
        steps.push(Step::Ask {
            battle: 0,
            stored,
            ask,
        });
        steps.push(Step::Wait { ms: 300 });
    }
    steps.push(Step::Tick {
        on,
        price: At::Units(Price::MAX.units()),
        time,
    });
    let time = When::End { battle: 0, off: 1 };
    steps.push(Step::Restore { split: 0 });
    steps.push(Step::Watermark { on, time });
    steps.push(Step::Check);
    Script {
        terms: vec![terms],
        begins: START - 2_000,
        prices: vec![10_000; SYMBOLS.len()],
        trades: 0,
        steps,
    }
}

/// A battle of many positions and a long market: `players` with `each` positions, and `ticks`.
pub(crate) fn crowd(seed: u64, players: usize, each: usize, ticks: usize) -> Script {
    let mut terms = plain_terms(players, &[0, 1]);
    terms.template.max_positions = 1_000;
    terms.template.fee_bps = bps(3);
    terms.template.maintenance_bps = bps(20);
    terms.end_time = Timestamp::from_ms(START + 30_000_000);
    let mut maker = Maker {
        random: Random::new(seed),
        flavor: Flavor::Ordinary,
        battles: 1,
        late: false,
        steps: vec![Step::Wait { ms: 2_500 }],
    };
    maker.round();
    maker.steps.push(Step::Open { battle: 0 });
    for number in 0..each {
        if number % 10 == 0 {
            maker.steps.push(Step::Wait { ms: 1_000 });
            maker.round();
        }
        for player in 0..players {
            maker.join(player);
        }
    }
    maker.steps.push(Step::Wait { ms: 300 });
    for number in 0..ticks {
        maker.busy(players);
        if number % 500 == 0 {
            maker.steps.push(Step::Check);
        }
        if number % 2_000 == 1_000 {
            maker.steps.push(Step::Restore { split: 0 });
        }
    }
    for asset in [0, 1] {
        let time = When::End { battle: 0, off: 1 };
        maker.steps.push(Step::Watermark {
            on: On::Asset(asset),
            time,
        });
    }
    maker.steps.push(Step::Check);
    Script {
        terms: vec![terms],
        begins: START - 2_000,
        prices: vec![9_500_000_000; SYMBOLS.len()],
        trades: 0,
        steps: maker.steps,
    }
}

impl Maker {
    /// Every market speaks.
    fn round(&mut self) {
        for asset in [0, 1] {
            let on = On::Asset(asset);
            let (price, time) = (At::Last, When::Now);
            self.steps.push(Step::Tick { on, price, time });
            self.steps.push(Step::Watermark {
                on,
                time: When::Ago(500),
            });
        }
    }

    /// A small position with levels that lie far away.
    fn join(&mut self, player: usize) {
        let buy = self.random.percent(50);
        let beside = |bps: i64| Level::Beside {
            bps: if buy { bps } else { -bps },
        };
        let far = self.random.between(50, 3_000);
        let order = Order {
            player,
            clash: false,
            asset: Choice::Value(self.random.of(&[0, 1])),
            buy,
            limit: self.random.percent(30).then(|| beside(-far)),
            margin: Margin::Units(self.random.between(1_000_000, 9_000_000)),
            leverage: Choice::Value(self.random.of(&[1, 2, 3])),
            stop: beside(-self.random.between(100, 3_000)),
            take: beside(self.random.between(100, 3_000)),
        };
        self.say(0, Ask::New(order));
    }

    /// A tick, and now and then something else.
    fn busy(&mut self, players: usize) {
        let ms = self.random.between(0, 20);
        self.steps.push(Step::Wait { ms });
        let bps = if self.random.percent(1) {
            self.random.between(-60, 60)
        } else {
            self.random.between(-2, 2)
        };
        let on = On::Asset(self.random.of(&[0, 1]));
        let (price, time) = (At::Drift { bps }, When::Now);
        self.steps.push(Step::Tick { on, price, time });
        let pick = Pick::Live(self.random.below(5_000));
        match self.random.below(40) {
            0..=3 => {
                let time = When::Ago(500);
                self.steps.push(Step::Watermark { on, time });
            }
            4..=7 => {
                let player = self.random.below(players);
                self.join(player);
            }
            8 => self.say(0, Ask::Close(pick)),
            9 => self.say(0, Ask::Cancel(pick)),
            10 => {
                let (stop, take) = (self.level(), self.level());
                self.say(0, Ask::Amend { pick, stop, take });
            }
            _ => {}
        }
    }
}

/// Random commands in front of and behind the entries of a recorded market, in battles that
/// follow one another.
pub(crate) fn recorded(seed: u64, market: &[(i64, MarketEvent)]) -> Script {
    let (first, last) = (market[0].0, market[market.len() - 1].0);
    let mut random = Random::new(seed);
    let count = 4;
    let part = (last - first) / 6;
    let terms: Vec<BattleTerms> = (0..count)
        .map(|number| {
            let mut terms = random_terms(&mut random, Flavor::Ordinary, number);
            let start = first + part * i64::try_from(number).unwrap() + 1_000;
            terms.start_time = Timestamp::from_ms(start);
            terms.end_time = Timestamp::from_ms(start + 3 * part);
            terms
        })
        .collect();
    let mut maker = Maker {
        random,
        flavor: Flavor::Recorded,
        battles: count,
        late: false,
        steps: Vec::new(),
    };
    for (number, (now, event)) in market.iter().enumerate() {
        if number == 20 {
            maker
                .steps
                .extend((0..count).map(|battle| Step::Open { battle }));
        }
        let (now, event) = (*now, event.clone());
        maker.steps.push(Step::Feed { event, now });
        match maker.random.below(60) {
            0..=14 => maker.ask(),
            15 => maker.repeat(),
            16 if number % 7 == 0 => {
                let split = maker.random.next();
                maker.steps.push(Step::Restore { split });
            }
            _ => {}
        }
    }
    for asset in 0..3 {
        for battle in 0..count {
            let time = When::End { battle, off: 1 };
            maker.steps.push(Step::Watermark {
                on: On::Asset(asset),
                time,
            });
        }
    }
    maker.steps.push(Step::Check);
    Script {
        terms,
        begins: first,
        prices: vec![9_500_000_000; SYMBOLS.len()],
        trades: 0,
        steps: maker.steps,
    }
}
