//! Makes a script, step by step.

use domain::battle::BattleTerms;
use domain::price::Price;

use super::terms::random_terms;
use super::{
    Ask, At, Choice, Flavor, Level, Margin, OUTSIDER, On, Order, Pick, START, SYMBOLS, Script,
    Step, Stored, When,
};
use crate::random::Random;

/// Makes a script.
pub(super) struct Maker {
    pub random: Random,
    pub flavor: Flavor,
    pub battles: usize,
    /// Whether the clock may leap to whatever ends something.
    pub late: bool,
    pub steps: Vec<Step>,
}

/// The script of a seed.
pub(crate) fn script(seed: u64) -> Script {
    let mut random = Random::new(seed);
    let flavor = random.of(&[
        Flavor::Ordinary,
        Flavor::Ordinary,
        Flavor::Coarse,
        Flavor::Extreme,
    ]);
    let battles = random.of(&[1, 1, 2, 3]);
    let terms: Vec<BattleTerms> = (0..battles)
        .map(|number| random_terms(&mut random, flavor, number))
        .collect();
    let price = |random: &mut Random| match flavor {
        Flavor::Ordinary | Flavor::Recorded => 9_500_000_000,
        Flavor::Coarse => 1_000_000,
        Flavor::Extreme => random.digits(Price::MAX.units()),
    };
    let prices = SYMBOLS.iter().map(|_| price(&mut random)).collect();
    let trades = match flavor {
        Flavor::Ordinary | Flavor::Recorded | Flavor::Coarse => 0,
        // The last trade that can be numbered may come in the middle; from then on all are copies.
        Flavor::Extreme => random.of(&[0, 1 << 40, (1 << 63) - 10, u64::MAX - 20, u64::MAX - 150]),
    };
    let mut maker = Maker {
        random,
        flavor,
        battles,
        late: false,
        steps: Vec::new(),
    };
    maker.prologue();
    let length = maker.random.of(&[20, 40, 60, 90, 200]);
    let calm = maker.random.between(0, length);
    for number in 0..length {
        maker.late = number >= calm;
        maker.step();
    }
    maker.epilogue();
    Script {
        terms,
        begins: START - 2_000,
        prices,
        trades,
        steps: maker.steps,
    }
}

impl Maker {
    fn prologue(&mut self) {
        for asset in 0..SYMBOLS.len() {
            if self.random.percent(90) {
                let (on, price) = (On::Asset(asset), At::Last);
                self.steps.push(Step::Tick {
                    on,
                    price,
                    time: When::Now,
                });
                let time = When::Ago(500);
                self.steps.push(Step::Watermark { on, time });
            }
        }
        for battle in 0..self.battles {
            if self.random.percent(92) {
                self.steps.push(Step::Open { battle });
            }
        }
        if self.random.percent(70) {
            self.steps.push(Step::Wait { ms: 2_000 });
        }
    }

    fn epilogue(&mut self) {
        let battle = self.random.below(self.battles);
        if self.random.percent(15) {
            self.steps.push(Step::Finalise { battle });
        } else if self.random.percent(15) {
            self.steps.push(Step::Cancel { battle });
        }
        for battle in 0..self.battles {
            for asset in 0..3 {
                let on = On::Asset(asset);
                let time = When::End { battle, off: 1 };
                if self.random.percent(50) {
                    self.steps.push(Step::Watermark { on, time });
                } else if self.random.percent(90) {
                    let price = self.price();
                    self.steps.push(Step::Tick { on, price, time });
                }
                if self.random.percent(20) {
                    self.late_order(battle, asset);
                }
            }
        }
        for _ in 0..self.random.between(0, 4) {
            self.ask();
            self.repeat();
        }
        if self.random.percent(50) {
            self.steps.push(Step::Forget { battle });
            self.ask();
        }
        self.steps.push(Step::Check);
    }

    /// An order behind the last entry of its asset, stamped before the end.
    fn late_order(&mut self, battle: usize, asset: usize) {
        let mut order = self.order();
        order.asset = Choice::Value(asset);
        let stored = Stored::End { off: -1 };
        let ask = Ask::New(order);
        self.steps.push(Step::Ask {
            battle,
            stored,
            ask,
        });
        if self.random.percent(50) {
            let ask = Ask::Cancel(Pick::Live(0));
            self.steps.push(Step::Ask {
                battle,
                stored,
                ask,
            });
        }
        let time = When::End {
            battle,
            off: self.random.between(1, 12_000),
        };
        self.steps.push(Step::Watermark {
            on: On::Asset(asset),
            time,
        });
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..=9 => {
                let ms = self.random.of(&[0, 1, 50, 249, 250, 250, 400, 1_000]);
                self.steps.push(Step::Wait { ms });
            }
            10..=39 => self.tick(),
            40..=48 => self.watermark(),
            49..=72 => self.ask(),
            73..=76 => self.repeat(),
            77..=92 => self.fragment(),
            93..=95 => self.odd_entry(),
            96 => self.steps.push(Step::Restore {
                split: self.random.next(),
            }),
            97 => self.steps.push(Step::Open {
                battle: self.random.below(self.battles),
            }),
            98 => self.steps.push(Step::Check),
            _ if self.random.percent(60) => self.tick(),
            _ => {
                let battle = self.random.below(self.battles);
                self.steps.push(match self.random.below(8) {
                    0 => Step::Finalise { battle },
                    1 => Step::Cancel { battle },
                    _ => Step::Forget { battle },
                });
            }
        }
    }

    fn odd_entry(&mut self) {
        let asset = self.random.below(SYMBOLS.len());
        let next = match self.random.below(8) {
            0 => Step::Gap { asset },
            1 => Step::Note { asset },
            2 => Step::Offset {
                ahead_ns: self.ahead_ns(),
            },
            3 => Step::Leader,
            4 => Step::Deposed,
            5 => Step::Again,
            6 => Step::Copy {
                back: self.random.below(4),
            },
            _ => Step::Skip {
                count: self.random.next() % 1_000,
            },
        };
        self.steps.push(next);
    }

    /// How far the exchange's clock is ahead.
    fn ahead_ns(&mut self) -> i64 {
        if self.flavor == Flavor::Extreme && self.random.percent(60) {
            let ahead = self.random.digits(i64::MAX);
            return if self.random.percent(50) {
                ahead
            } else {
                -ahead
            };
        }
        self.random.between(-3_000_000, 3_000_000)
    }

    /// Far from any battle. The last millisecond that can be counted has none behind it, so that
    /// a watermark there promises nothing: the engine takes one tick more.
    fn far_moment(&mut self) -> When {
        let moments = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX / 2];
        When::At(self.random.of(&moments))
    }

    pub(super) fn off(&mut self) -> i64 {
        self.random.of(&[0, 0, 0, -1, 1])
    }

    fn on(&mut self) -> On {
        if self.random.percent(50) {
            On::Position(self.random.below(4))
        } else {
            On::Asset(self.random.of(&[0, 0, 1, 2, 3]))
        }
    }

    fn price(&mut self) -> At {
        let off = self.off();
        match self.random.below(10) {
            0 => At::Last,
            1 => At::Liquidation { off },
            2 => At::Stop { off },
            3 => At::Take { off },
            4 => At::Limit { off },
            _ => self.free_price(),
        }
    }

    pub(super) fn free_price(&mut self) -> At {
        match self.flavor {
            Flavor::Ordinary if self.random.percent(85) => At::Drift {
                bps: self.random.between(-150, 150),
            },
            Flavor::Ordinary | Flavor::Recorded => At::Drift {
                bps: self.random.between(-4_000, 6_000),
            },
            Flavor::Coarse => {
                At::Units(self.random.of(&[990_000, 1_000_000, 1_010_000, 1_020_000]))
            }
            Flavor::Extreme if self.random.percent(60) => At::Drift {
                bps: self.random.between(-9_000, 20_000),
            },
            Flavor::Extreme => At::Units(self.random.digits(Price::MAX.units())),
        }
    }

    fn time(&mut self) -> When {
        let off = self.off();
        if self.flavor == Flavor::Extreme && self.late && self.random.percent(2) {
            return self.far_moment();
        }
        let battle = self.random.below(self.battles);
        match self.random.below(40) {
            0 | 1 => When::Ago(self.random.between(0, 800)),
            2..=5 => When::Stamp { off },
            6..=9 => When::Noted { off },
            10 => When::Start { battle, off },
            11 if self.late => When::End {
                battle,
                off: off.min(0),
            },
            12 => When::LastTick { off },
            13 => When::LastWatermark { off },
            _ => When::Now,
        }
    }

    fn tick(&mut self) {
        let (on, price, time) = (self.on(), self.price(), self.time());
        self.steps.push(Step::Tick { on, price, time });
    }

    fn watermark(&mut self) {
        let on = self.on();
        let off = self.off();
        let time = match self.random.below(20) {
            0 if self.late => When::Stale { off },
            7 if self.flavor == Flavor::Extreme && self.late && self.random.percent(20) => {
                self.far_moment()
            }
            1 => When::LastTick { off },
            2 | 3 => When::LastWatermark { off },
            4 | 5 => When::Noted { off },
            6 => When::Stamp { off },
            _ => When::Ago(self.random.of(&[500, 500, 500, 0, 100])),
        };
        self.steps.push(Step::Watermark { on, time });
    }

    pub(super) fn repeat(&mut self) {
        let back = self.random.below(6);
        let changed = self.random.percent(25);
        self.steps.push(Step::Repeat { back, changed });
    }

    fn stored(&mut self) -> Stored {
        let off = self.off();
        match self.random.below(60) {
            0 => Stored::Start { off },
            1 if self.late => Stored::End { off: off.min(0) },
            2 if self.late => Stored::Fresh { off },
            3 if self.late && self.random.percent(20) => {
                Stored::At(self.random.of(&[i64::MIN, i64::MAX, 0]))
            }
            3..=8 => Stored::Now {
                ns: self.random.of(&[-300_000_000, -1, -999_999, 999_999]),
            },
            9..=20 => Stored::Now {
                ns: self.random.between(0, 2_000_000),
            },
            _ => Stored::Now { ns: 0 },
        }
    }

    pub(super) fn ask(&mut self) {
        let ask = match self.random.below(12) {
            0..=6 => Ask::New(self.order()),
            7 | 8 => Ask::Close(self.pick()),
            9 => Ask::Cancel(self.pick()),
            _ => Ask::Amend {
                pick: self.pick(),
                stop: self.change(),
                take: self.change(),
            },
        };
        let battle = self.random.below(self.battles);
        let stored = self.stored();
        self.steps.push(Step::Ask {
            battle,
            stored,
            ask,
        });
    }

    fn pick(&mut self) -> Pick {
        let nth = self.random.below(6);
        match self.random.below(14) {
            0 => Pick::Any(nth * 3),
            1 => Pick::Foreign(nth),
            2 => Pick::Nothing,
            _ => Pick::Live(nth),
        }
    }

    fn change(&mut self) -> Level {
        match self.random.below(10) {
            0..=3 => Level::Absent,
            4 => Level::Remove,
            _ => self.level(),
        }
    }

    pub(super) fn level(&mut self) -> Level {
        let off = self.off();
        match self.random.below(24) {
            0 => Level::Malformed,
            1 => Level::Near { off },
            2 | 3 => Level::Liquidation { off },
            4 => Level::Units(self.random.digits(Price::MAX.units())),
            5..=9 => Level::Beside {
                bps: self.random.between(-5_000, 5_000),
            },
            _ => Level::Beside {
                bps: self.random.between(-300, 300),
            },
        }
    }

    /// A stop below or a take above for a BUY, the mirror for a SELL.
    fn sound(&mut self, below: bool, chance: i64) -> Level {
        if !self.random.percent(chance) {
            return if self.random.percent(90) {
                Level::Absent
            } else {
                self.level()
            };
        }
        if self.flavor == Flavor::Recorded {
            // A recorded minute moves by little.
            let off = self.random.digits(2_000_000_000);
            return Level::Near {
                off: if below { -off } else { off },
            };
        }
        let bps = self.random.between(1, 300);
        Level::Beside {
            bps: if below { -bps } else { bps },
        }
    }

    fn order(&mut self) -> Order {
        let buy = self.random.percent(50);
        let limit = if self.random.percent(40) {
            Some(self.level())
        } else {
            None
        };
        let leverage = match self.random.below(20) {
            0 => Choice::Absent,
            1 => Choice::Malformed,
            2..=5 => Choice::Value(u8::try_from(self.random.between(11, 100)).unwrap()),
            6..=8 => Choice::Value(1),
            _ => Choice::Value(u8::try_from(self.random.between(2, 10)).unwrap()),
        };
        let margin = match self.random.below(40) {
            0 => Margin::Absent,
            1 => Margin::Malformed,
            2 => Margin::Units(self.random.of(&[999_999, 0, -1, i64::MIN, i64::MAX])),
            3 => Margin::Units(self.random.digits(i64::MAX)),
            4 | 5 => Margin::All { off: self.off() },
            6..=8 => Margin::Units(1_000_000),
            _ => Margin::Share {
                percent: self.random.between(1, 30),
            },
        };
        Order {
            player: if self.random.percent(3) {
                OUTSIDER
            } else {
                self.random.below(5)
            },
            clash: self.random.percent(2),
            asset: match self.random.below(30) {
                0 => Choice::Absent,
                1 => Choice::Malformed,
                _ => Choice::Value(self.random.of(&[0, 0, 0, 1, 1, 2, 3])),
            },
            buy,
            limit,
            margin,
            leverage,
            stop: self.sound(buy, 35),
            take: self.sound(!buy, 35),
        }
    }

    /// An order that is likely to be taken.
    pub(super) fn plain(&mut self, buy: bool, limit: Option<i64>) -> Order {
        Order {
            player: self.random.below(5),
            clash: false,
            asset: Choice::Value(self.random.of(&[0, 1])),
            buy,
            limit: limit.map(|bps| Level::Beside { bps }),
            margin: Margin::Share { percent: 10 },
            leverage: Choice::Value(self.random.of(&[2, 5, 20])),
            stop: Level::Absent,
            take: Level::Absent,
        }
    }

    pub(super) fn say(&mut self, battle: usize, ask: Ask) {
        let stored = Stored::Now { ns: 0 };
        self.steps.push(Step::Ask {
            battle,
            stored,
            ask,
        });
    }

    pub(super) fn tick_of_newest(&mut self, price: At, time: When) {
        let on = On::Position(0);
        self.steps.push(Step::Tick { on, price, time });
    }
}
