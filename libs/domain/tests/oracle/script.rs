//! Scripts: what a market and its players do, written so that any step can be left out and the
//! rest still means something.

use domain::battle::{BattleTerms, Seat};
use domain::chips::Chips;
use domain::game::{AllowedAsset, Prize, Template};
use domain::id::{BattleId, GameId, UserId};
use domain::leverage::{Bps, Leverage};
use domain::market::MarketEvent;
use domain::money::Currency;
use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::random::Random;

/// When the first battles begin.
pub(crate) const START: i64 = 1_000_000;
/// What the market speaks of; no battle trades the last.
pub(crate) const SYMBOLS: [&str; 4] = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT"];

/// A player who holds no seat.
pub(crate) const OUTSIDER: usize = 100_000;

/// A market and battles on it.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) terms: Vec<BattleTerms>,
    /// What the exchange's clock shows at first.
    pub(crate) begins: i64,
    /// What each asset costs before its first tick.
    pub(crate) prices: Vec<i64>,
    pub(crate) steps: Vec<Step>,
}

/// What happens next. Indices that point nowhere wrap around.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Wait {
        ms: i64,
    },
    /// An entry of a recorded market.
    Feed {
        event: MarketEvent,
        now: i64,
    },
    Tick {
        on: On,
        price: At,
        time: When,
    },
    Watermark {
        on: On,
        time: When,
    },
    Gap {
        asset: usize,
    },
    Note {
        asset: usize,
    },
    Offset {
        ahead_ns: i64,
    },
    /// A new leader.
    Leader,
    /// The next entry is of an older epoch.
    Deposed,
    /// The last sequence once more.
    Again,
    /// Entries that were about nothing of ours.
    Skip {
        count: u64,
    },
    Open {
        battle: usize,
    },
    Finalise {
        battle: usize,
    },
    Cancel {
        battle: usize,
    },
    Forget {
        battle: usize,
    },
    Ask {
        battle: usize,
        stored: Stored,
        ask: Ask,
    },
    /// A command that was sent before, or another under its id.
    Repeat {
        back: usize,
        changed: bool,
    },
    Restore {
        split: u64,
    },
    Check,
}

/// Which asset an entry speaks of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Asset(usize),
    /// That of a live position, counted from the newest; price and time may refer to it.
    Position(usize),
}

/// At what price, `off` units beside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    Last,
    Drift { bps: i64 },
    Units(i64),
    Liquidation { off: i64 },
    Stop { off: i64 },
    Take { off: i64 },
    Limit { off: i64 },
}

/// At what time, `off` milliseconds beside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Now,
    Ago(i64),
    /// The effective time of the position.
    Stamp {
        off: i64,
    },
    /// The effective time of the newest command noted on the position.
    Noted {
        off: i64,
    },
    /// The deadline of the position.
    Stale {
        off: i64,
    },
    LastTick {
        off: i64,
    },
    LastWatermark {
        off: i64,
    },
    Start {
        battle: usize,
        off: i64,
    },
    End {
        battle: usize,
        off: i64,
    },
}

/// When a command is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stored {
    /// Now, and a bit.
    Now {
        ns: i64,
    },
    /// So that it counts from this moment on.
    Start {
        off: i64,
    },
    End {
        off: i64,
    },
    /// Ten seconds past the newest watermark of the asset.
    Fresh {
        off: i64,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Ask {
    New(Order),
    Close(Pick),
    Cancel(Pick),
    Amend {
        pick: Pick,
        stop: Level,
        take: Level,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) player: usize,
    pub(crate) asset: Choice<usize>,
    pub(crate) buy: bool,
    /// None for a market order.
    pub(crate) limit: Option<Level>,
    pub(crate) margin: Margin,
    pub(crate) leverage: Choice<u8>,
    pub(crate) stop: Level,
    pub(crate) take: Level,
}

/// A field, as a client may fill it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice<T> {
    Absent,
    Malformed,
    Value(T),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Margin {
    Absent,
    Malformed,
    Units(i64),
    /// A share of the free chips.
    Share {
        percent: i64,
    },
    /// Everything that there is.
    All {
        off: i64,
    },
}

/// A price that depends on the order's reference.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Level {
    Absent,
    Remove,
    Malformed,
    Units(i64),
    /// Beside the reference.
    Beside {
        bps: i64,
    },
    /// A few units beside it.
    Near {
        off: i64,
    },
    /// A few units beside the liquidation price that the reference gives.
    Liquidation {
        off: i64,
    },
}

/// Which position a command speaks of, counted from the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick {
    /// A live one, by its owner.
    Live(usize),
    /// Any, by its owner.
    Any(usize),
    /// Any, by somebody else.
    Foreign(usize),
    /// One that is not there.
    Nothing,
}

/// What kind of market and battles a script is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    Ordinary,
    /// Few prices, so that much is equal.
    Coarse,
    /// From the lowest price to the highest.
    Extreme,
    /// As an exchange prints them.
    Recorded,
}

pub(crate) fn player(number: usize) -> UserId {
    UserId::new(Uuid::from_u128(0xA000 + u128::try_from(number).unwrap()))
}

pub(crate) fn bps(bps: i64) -> Bps {
    u16::try_from(bps).unwrap().try_into().unwrap()
}

pub(crate) fn symbol(asset: usize) -> Symbol {
    SYMBOLS[asset % SYMBOLS.len()].parse().unwrap()
}

/// A duel on one asset without fees, from [`START`] on for a minute.
pub(crate) fn plain_terms(players: usize, assets: &[usize]) -> BattleTerms {
    let template = Template {
        title: "Duel".to_owned(),
        description: String::new(),
        cover: String::new(),
        currency: Currency::Usdt,
        is_active: true,
        duration_ms: 60_000,
        countdown_ms: 3_000,
        min_players: 2,
        max_players: 1_000,
        max_positions: 5,
        start_balance: Chips::from_units(10_000_000_000),
        entry_fee_minor: 10_000_000,
        assets: assets
            .iter()
            .map(|asset| AllowedAsset {
                symbol: symbol(*asset),
                price_step: Price::MIN,
            })
            .collect(),
        max_leverage: Leverage::MAX,
        fee_bps: bps(0),
        maintenance_bps: bps(0),
        fill_delay_ms: 250,
        card_uses: 10,
        prize: Prize::Fixed {
            amount_minor: 18_000_000,
            house_funded: false,
        },
        cup: 30,
        win_exp: 100,
        lose_exp: 20,
        items: Vec::new(),
        cup_band: None,
        fill_wait_ms: 5_000,
        queue_ttl_ms: 60_000,
    };
    BattleTerms {
        battle: battle(0),
        game: GameId::new(Uuid::from_u128(0xC000)),
        version: 1,
        template,
        ranked: true,
        start_time: Timestamp::from_ms(START),
        end_time: Timestamp::from_ms(START + 60_000),
        seats: (0..players)
            .map(|number| Seat {
                player: player(number),
                card_uses: 3,
            })
            .collect(),
    }
}

pub(crate) fn battle(number: usize) -> BattleId {
    BattleId::new(Uuid::from_u128(0xB000 + u128::try_from(number).unwrap()))
}

fn random_terms(random: &mut Random, flavor: Flavor, number: usize) -> BattleTerms {
    let players = usize::try_from(random.between(2, 5)).unwrap();
    let assets: &[usize] = random.of(&[&[0][..], &[0, 1], &[1, 0], &[2, 0, 1], &[1]]);
    let mut terms = plain_terms(players, assets);
    terms.battle = battle(number);
    let template = &mut terms.template;
    template.fee_bps = bps(random.of(&[0, 0, 7, 10, 250]));
    template.maintenance_bps = bps(random.of(&[0, 0, 20, 50]));
    template.fill_delay_ms = random.of(&[0, 1, 250, 250, 1_000]);
    template.max_positions = u32::try_from(random.of(&[1, 2, 5, 5, 30])).unwrap();
    template.max_leverage = Leverage::try_from(random.of(&[100, 100, 20, 5])).unwrap();
    template.entry_fee_minor = random.of(&[0, 1, 3, 10_000_000]);
    let fixed = template.entry_fee_minor * 2;
    template.prize = if random.percent(50) {
        Prize::Fixed {
            amount_minor: random.of(&[fixed, fixed - fixed / 10, 7, 1]),
            house_funded: true,
        }
    } else {
        Prize::Pool {
            rake_bps: bps(random.of(&[0, 1, 500, 3_333])),
            shares_bps: random
                .of(&[&[10_000][..], &[7_000, 3_000], &[3_334, 6_666]])
                .iter()
                .map(|share| bps(*share))
                .collect(),
        }
    };
    if flavor == Flavor::Extreme {
        template.fee_bps = bps(random.of(&[0, 30, 5_000, 10_000]));
        template.start_balance = Chips::from_units(random.of(&[
            1_000_000,
            10_000_000_000,
            100_000_000_000_000,
            100_000_000_000_000,
        ]));
        for asset in &mut template.assets {
            asset.price_step = Price::from_units(random.of(&[1, 1, 100, 1_000_000])).unwrap();
        }
    }
    let start = START + random.of(&[0, 0, 0, -2_500, 1_500]);
    let span = random.of(&[3_000, 20_000, 40_000, 60_000]);
    terms.start_time = Timestamp::from_ms(start);
    terms.end_time = Timestamp::from_ms(start + span);
    for seat in &mut terms.seats {
        seat.card_uses = u32::try_from(random.of(&[0, 1, 3, 10])).unwrap();
    }
    terms
}

/// Makes a script.
struct Maker {
    random: Random,
    flavor: Flavor,
    battles: usize,
    /// Whether the clock may leap to whatever ends something.
    late: bool,
    steps: Vec<Step>,
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
        let next = match self.random.below(7) {
            0 => Step::Gap { asset },
            1 => Step::Note { asset },
            2 => Step::Offset {
                ahead_ns: self.random.between(-3_000_000, 3_000_000),
            },
            3 => Step::Leader,
            4 => Step::Deposed,
            5 => Step::Again,
            _ => Step::Skip {
                count: self.random.next() % 1_000,
            },
        };
        self.steps.push(next);
    }

    fn off(&mut self) -> i64 {
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

    fn free_price(&mut self) -> At {
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
            1 => When::LastTick { off },
            2 | 3 => When::LastWatermark { off },
            4 | 5 => When::Noted { off },
            6 => When::Stamp { off },
            _ => When::Ago(self.random.of(&[500, 500, 500, 0, 100])),
        };
        self.steps.push(Step::Watermark { on, time });
    }

    fn repeat(&mut self) {
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
            3..=8 => Stored::Now {
                ns: self.random.of(&[-300_000_000, -1, -999_999, 999_999]),
            },
            9..=20 => Stored::Now {
                ns: self.random.between(0, 2_000_000),
            },
            _ => Stored::Now { ns: 0 },
        }
    }

    fn ask(&mut self) {
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

    fn level(&mut self) -> Level {
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
    fn plain(&mut self, buy: bool, limit: Option<i64>) -> Order {
        Order {
            player: self.random.below(5),
            asset: Choice::Value(self.random.of(&[0, 1])),
            buy,
            limit: limit.map(|bps| Level::Beside { bps }),
            margin: Margin::Share { percent: 10 },
            leverage: Choice::Value(self.random.of(&[2, 5, 20])),
            stop: Level::Absent,
            take: Level::Absent,
        }
    }

    fn say(&mut self, battle: usize, ask: Ask) {
        let stored = Stored::Now { ns: 0 };
        self.steps.push(Step::Ask {
            battle,
            stored,
            ask,
        });
    }

    fn tick_of_newest(&mut self, price: At, time: When) {
        let on = On::Position(0);
        self.steps.push(Step::Tick { on, price, time });
    }

    /// A few steps that lead up to something rare.
    fn fragment(&mut self) {
        let battle = self.random.below(self.battles);
        let buy = self.random.percent(50);
        let sign = if buy { 1 } else { -1 };
        let beside = |bps: i64| Level::Beside { bps: sign * bps };
        let off = self.off();
        match self.random.below(11) {
            // A position with levels and a close, and a tick that meets one of them.
            0..=2 => {
                let mut order = self.plain(buy, None);
                order.stop = beside(-100);
                order.take = beside(100);
                self.say(battle, Ask::New(order));
                self.tick_of_newest(At::Last, When::Stamp { off: 0 });
                if self.random.percent(60) {
                    self.say(battle, Ask::Close(Pick::Live(0)));
                    if self.random.percent(30) {
                        self.say(battle, Ask::Close(Pick::Live(0)));
                    }
                }
                let price = self.random.of(&[
                    At::Stop { off },
                    At::Take { off },
                    At::Liquidation { off },
                    At::Last,
                ]);
                let time = self.random.of(&[When::Now, When::Noted { off }]);
                self.tick_of_newest(price, time);
            }
            // A limit order that is taken back while the market reaches it.
            3 | 4 => {
                let order = self.plain(buy, Some(-50 * sign));
                self.say(battle, Ask::New(order));
                let amend = self.random.percent(40);
                if amend {
                    let (stop, take) = (Level::Absent, beside(400));
                    let pick = Pick::Live(0);
                    self.say(battle, Ask::Amend { pick, stop, take });
                }
                self.steps.push(Step::Wait {
                    ms: self.random.of(&[0, 1, 300]),
                });
                self.say(battle, Ask::Cancel(Pick::Live(0)));
                if self.random.percent(30) {
                    self.say(battle, Ask::Cancel(Pick::Live(0)));
                }
                if self.random.percent(50) {
                    self.tick_of_newest(At::Limit { off: 0 }, When::Noted { off });
                } else {
                    let time = When::Noted { off };
                    self.steps.push(Step::Watermark {
                        on: On::Position(0),
                        time,
                    });
                }
            }
            // Levels that cross each other while the order waits.
            5 => {
                let mut order = self.plain(buy, None);
                order.stop = beside(-100);
                self.say(battle, Ask::New(order));
                self.tick_of_newest(At::Drift { bps: -300 * sign }, When::Now);
                let (stop, take) = (Level::Absent, beside(50));
                let pick = Pick::Live(0);
                self.say(battle, Ask::Amend { pick, stop, take });
                self.tick_of_newest(At::Drift { bps: 100 * sign }, When::Noted { off: 0 });
                self.tick_of_newest(At::Last, When::Now);
            }
            // A market order that nobody fills.
            6 if self.late => {
                let order = self.plain(buy, None);
                self.say(battle, Ask::New(order));
                if self.random.percent(30) {
                    self.say(battle, Ask::Cancel(Pick::Live(0)));
                }
                let on = On::Position(0);
                if self.random.percent(50) {
                    let time = When::Stale { off: -1 };
                    self.steps.push(Step::Watermark { on, time });
                }
                let time = When::Stale { off: 0 };
                self.steps.push(Step::Watermark { on, time });
            }
            // Many orders in one second.
            7 => {
                let order = self.plain(buy, Some(-9_000 * sign));
                for _ in 0..self.random.between(8, 12) {
                    self.say(battle, Ask::New(order.clone()));
                }
                let ask = match self.random.below(3) {
                    0 => Ask::Close(Pick::Live(0)),
                    1 => Ask::Cancel(Pick::Live(0)),
                    _ => Ask::Amend {
                        pick: Pick::Live(0),
                        stop: Level::Absent,
                        take: Level::Remove,
                    },
                };
                self.say(battle, ask);
            }
            // Amendments, one behind the other.
            8 => {
                let order = self.plain(buy, None);
                self.say(battle, Ask::New(order));
                let time = self.random.of(&[When::Now, When::Stamp { off: 0 }]);
                self.tick_of_newest(At::Last, time);
                for _ in 0..self.random.between(1, 3) {
                    let stop = self.random.of(&[Level::Absent, beside(-100), beside(-50)]);
                    let take = self.random.of(&[Level::Remove, beside(100), beside(50)]);
                    let pick = Pick::Live(0);
                    self.say(battle, Ask::Amend { pick, stop, take });
                }
                let price = self
                    .random
                    .of(&[At::Stop { off }, At::Take { off }, At::Last]);
                self.tick_of_newest(price, When::Noted { off });
            }
            // A change that counts already, and the newest watermark once more.
            9 => {
                let order = self.plain(buy, Some(-200 * sign));
                self.say(battle, Ask::New(order));
                let on = On::Position(0);
                let time = When::Stamp { off: 2_000 };
                self.steps.push(Step::Watermark { on, time });
                let stored = Stored::Now { ns: -3_000_000_000 };
                let (pick, stop) = (Pick::Live(0), Level::Absent);
                let ask = if self.random.percent(50) {
                    Ask::Cancel(pick)
                } else {
                    let take = beside(100);
                    Ask::Amend { pick, stop, take }
                };
                self.steps.push(Step::Ask {
                    battle,
                    stored,
                    ask,
                });
                let time = When::LastWatermark { off: 0 };
                self.steps.push(Step::Watermark { on, time });
            }
            // A fill at the lowest prices, where no liquidation price has room.
            _ => {
                let order = self.plain(buy, None);
                self.say(battle, Ask::New(order));
                let price = At::Units(self.random.of(&[1, 2, 3, 50, Price::MAX.units()]));
                self.tick_of_newest(price, When::Stamp { off: 0 });
                let price = self.free_price();
                self.tick_of_newest(price, When::Now);
                self.tick_of_newest(At::Units(9_500_000_000), When::Now);
            }
        }
    }
}

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
        steps,
    }
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
        match self.random.below(40) {
            0..=3 => {
                let time = When::Ago(500);
                self.steps.push(Step::Watermark { on, time });
            }
            4..=7 => {
                let player = self.random.below(players);
                self.join(player);
            }
            8 => self.say(0, Ask::Close(Pick::Live(self.random.clone().below(5_000)))),
            9 => self.say(0, Ask::Cancel(Pick::Live(self.random.clone().below(5_000)))),
            10 => {
                let pick = Pick::Live(self.random.below(5_000));
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
            16 if number % 7 == 0 => maker.steps.push(Step::Restore {
                split: maker.random.clone().next(),
            }),
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
        steps: maker.steps,
    }
}
