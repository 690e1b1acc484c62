//! A few steps that lead up to something rare.

use domain::price::Price;

use super::maker::Maker;
use super::{Ask, At, Level, On, Pick, Step, Stored, When};

/// Where a fragment plays, and which way its order goes.
#[derive(Clone, Copy)]
struct Scene {
    battle: usize,
    buy: bool,
    sign: i64,
    off: i64,
}

impl Scene {
    /// A level on the winning side of the order, or on the losing one where `bps` is negative.
    const fn beside(self, bps: i64) -> Level {
        Level::Beside {
            bps: self.sign * bps,
        }
    }
}

impl Maker {
    /// Any of them.
    pub(super) fn fragment(&mut self) {
        let buy = self.random.percent(50);
        let scene = Scene {
            battle: self.random.below(self.battles),
            buy,
            sign: if buy { 1 } else { -1 },
            off: self.off(),
        };
        match self.random.below(11) {
            0..=2 => self.exit(scene),
            3 | 4 => self.take_back(scene),
            5 => self.cross(scene),
            6 if self.late => self.starve(scene),
            7 => self.burst(scene),
            8 => self.amend_often(scene),
            9 => self.once_more(scene),
            _ => self.bottom(scene),
        }
    }

    /// A position with levels and a close, and a tick that meets one of them.
    fn exit(&mut self, scene: Scene) {
        let Scene {
            battle, buy, off, ..
        } = scene;
        let mut order = self.plain(buy, None);
        order.stop = scene.beside(-100);
        order.take = scene.beside(100);
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

    /// A limit order that is taken back while the market reaches it.
    fn take_back(&mut self, scene: Scene) {
        let Scene {
            battle,
            buy,
            sign,
            off,
        } = scene;
        let order = self.plain(buy, Some(-50 * sign));
        self.say(battle, Ask::New(order));
        let amend = self.random.percent(40);
        if amend {
            let (stop, take) = (Level::Absent, scene.beside(400));
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

    /// Levels that cross each other while the order waits.
    fn cross(&mut self, scene: Scene) {
        let Scene {
            battle, buy, sign, ..
        } = scene;
        let mut order = self.plain(buy, None);
        order.stop = scene.beside(-100);
        self.say(battle, Ask::New(order));
        self.tick_of_newest(At::Drift { bps: -300 * sign }, When::Now);
        let (stop, take) = (Level::Absent, scene.beside(50));
        let pick = Pick::Live(0);
        self.say(battle, Ask::Amend { pick, stop, take });
        self.tick_of_newest(At::Drift { bps: 100 * sign }, When::Noted { off: 0 });
        if self.random.percent(50) {
            self.steps.push(Step::Copy { back: 0 });
        }
        self.tick_of_newest(At::Last, When::Now);
    }

    /// A market order that nobody fills.
    fn starve(&mut self, scene: Scene) {
        let Scene { battle, buy, .. } = scene;
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

    /// Many orders in one second.
    fn burst(&mut self, scene: Scene) {
        let Scene {
            battle, buy, sign, ..
        } = scene;
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

    /// Amendments, one behind the other.
    fn amend_often(&mut self, scene: Scene) {
        let Scene {
            battle, buy, off, ..
        } = scene;
        let order = self.plain(buy, None);
        self.say(battle, Ask::New(order));
        let time = self.random.of(&[When::Now, When::Stamp { off: 0 }]);
        self.tick_of_newest(At::Last, time);
        for _ in 0..self.random.between(1, 3) {
            let stop = self
                .random
                .of(&[Level::Absent, scene.beside(-100), scene.beside(-50)]);
            let take = self
                .random
                .of(&[Level::Remove, scene.beside(100), scene.beside(50)]);
            let pick = Pick::Live(0);
            self.say(battle, Ask::Amend { pick, stop, take });
        }
        let price = self
            .random
            .of(&[At::Stop { off }, At::Take { off }, At::Last]);
        self.tick_of_newest(price, When::Noted { off });
    }

    /// A change that counts already, and the newest watermark once more.
    fn once_more(&mut self, scene: Scene) {
        let Scene {
            battle, buy, sign, ..
        } = scene;
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
            let take = scene.beside(100);
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

    /// A fill at the lowest prices, where no liquidation price has room.
    fn bottom(&mut self, scene: Scene) {
        let Scene { battle, buy, .. } = scene;
        let order = self.plain(buy, None);
        self.say(battle, Ask::New(order));
        let price = At::Units(self.random.of(&[1, 2, 3, 50, Price::MAX.units()]));
        self.tick_of_newest(price, When::Stamp { off: 0 });
        let price = self.free_price();
        self.tick_of_newest(price, When::Now);
        self.tick_of_newest(At::Units(9_500_000_000), When::Now);
    }
}
