//! Shards full of open positions, each with a stop and a take.

use domain::battle::{BattleTerms, MarketState, Seat};
use domain::chips::Chips;
use domain::engine::{Effects, Engine};
use domain::game::{AllowedAsset, Prize, Template};
use domain::id::{BattleId, Id};
use domain::leverage::{Bps, Leverage};
use domain::market::{Epoch, Incarnation, MarketEntry, MarketEvent, Tick};
use domain::money::Currency;
use domain::order::{BodyHash, Command, CommandBody, Entered, NewOrder, OrderKind, Outcome, Side};
use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use uuid::Uuid;

/// The price that positions open at, in units of 1e-8.
pub(crate) const ENTRY: i64 = 6_000_000_000_000;
/// One in a hundred of it.
const HUNDREDTH: i64 = ENTRY / 100;
/// How far quiet ticks wander: nobody's level lies within.
const WANDER: i64 = 1_000_000;
/// Orders that one player may place in one second.
const ORDERS_PER_SECOND: usize = 10;
/// A market order that is filled waits this long to be found stale, and a little more.
const STALE_MS: i64 = 20_000;
/// What the exchange lists.
const SYMBOLS: [&str; 20] = [
    "BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "TRXUSDT",
    "AVAXUSDT", "LINKUSDT", "TONUSDT", "DOTUSDT", "LTCUSDT", "BCHUSDT", "NEARUSDT", "UNIUSDT",
    "APTUSDT", "ICPUSDT", "ETCUSDT", "XLMUSDT",
];

/// How large a world is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) shards: usize,
    pub(crate) assets: usize,
    /// Players of the one battle of each shard.
    pub(crate) players: usize,
    /// Positions of all shards together.
    pub(crate) positions: usize,
}

impl Size {
    /// The positions of a shard, as even as they can be.
    pub(crate) fn positions_of(self, shard: usize) -> usize {
        let more = usize::from(shard < self.positions % self.shards);
        self.positions / self.shards + more
    }
}

pub(crate) struct World {
    pub(crate) size: Size,
    pub(crate) engines: Vec<Engine>,
    pub(crate) effects: Effects,
    pub(crate) sequence: u64,
    now_ms: i64,
    symbols: Vec<Symbol>,
}

/// What one position of a world is.
pub(crate) struct Wish {
    pub(crate) player: usize,
    pub(crate) asset: usize,
    side: Side,
    /// It fires at or below this price.
    pub(crate) below: i64,
    /// It fires at or above this price.
    pub(crate) above: i64,
}

/// The position with this number in its shard: its levels lie between 1 and 11 % from the entry,
/// spread evenly.
pub(crate) fn wish(size: Size, shard: usize, number: usize) -> Wish {
    let seed = mixed((shard as u64) << 32 | number as u64);
    let off = |seed: u64| HUNDREDTH + i64::try_from(mixed(seed) % 600_000_000_000).unwrap();
    let (player, round) = (number % size.players, number / size.players);
    Wish {
        player,
        asset: (player + round) % size.assets,
        side: if seed.is_multiple_of(2) {
            Side::Buy
        } else {
            Side::Sell
        },
        below: ENTRY - off(seed ^ 1),
        above: ENTRY + off(seed ^ 2),
    }
}

/// A tenth of the levels below the entry lie at or above this price.
pub(crate) const BURST: i64 = ENTRY - 2 * HUNDREDTH;

impl World {
    /// Opens the battles and every position, all at [`ENTRY`].
    pub(crate) fn open(size: Size) -> Self {
        let mut world = Self {
            size,
            engines: (0..size.shards)
                .map(|_| Engine::new(Incarnation(1)))
                .collect(),
            effects: Effects::default(),
            sequence: 0,
            now_ms: 1_000,
            symbols: SYMBOLS
                .iter()
                .take(size.assets)
                .map(|symbol| symbol.parse().unwrap())
                .collect(),
        };
        for shard in 0..size.shards {
            let terms = terms(&world.symbols, size, shard);
            world.engines[shard]
                .open(terms, &mut world.effects)
                .unwrap();
        }
        world.pass(0);
        let rounds = size.positions_of(0).div_ceil(size.players);
        for round in 0..rounds {
            if round % ORDERS_PER_SECOND == 0 {
                world.pass(1_000);
            }
            for shard in 0..size.shards {
                let numbers = round * size.players..(round + 1) * size.players;
                for number in numbers.start..numbers.end.min(size.positions_of(shard)) {
                    world.order(shard, number);
                }
            }
        }
        world.pass(1_000);
        world.pass(STALE_MS);
        assert_eq!(world.open_positions(), size.positions, "not all are open");
        world
    }

    /// Lets time pass, with a tick and a watermark of every asset.
    fn pass(&mut self, ms: i64) {
        self.now_ms += ms;
        for asset in 0..self.size.assets {
            let entry = self.tick(asset, ENTRY);
            self.apply(&entry);
            let event = MarketEvent::Watermark {
                symbol: self.symbols[asset].clone(),
                time: Timestamp::from_ms(self.now_ms - 1),
            };
            self.apply(&entry_of(event));
        }
        self.effects = Effects::default();
    }

    /// Applies an entry to every shard.
    pub(crate) fn apply(&mut self, entry: &MarketEntry) {
        self.sequence += 1;
        for engine in &mut self.engines {
            engine.market(self.sequence, entry, &mut self.effects);
        }
    }

    pub(crate) fn tick(&self, asset: usize, units: i64) -> MarketEntry {
        entry_of(MarketEvent::Tick {
            symbol: self.symbols[asset].clone(),
            tick: Tick {
                trade: self.sequence + 1,
                price: Price::from_units(units).unwrap(),
                time: Timestamp::from_ms(self.now_ms),
            },
        })
    }

    /// A tick that nobody waits for.
    pub(crate) fn quiet(&self, asset: usize) -> MarketEntry {
        let wander = i64::try_from(self.sequence % 7).unwrap() * WANDER;
        self.tick(asset, ENTRY + wander)
    }

    fn order(&mut self, shard: usize, number: usize) {
        let wish = wish(self.size, shard, number);
        let (stop, take) = match wish.side {
            Side::Buy => (wish.below, wish.above),
            Side::Sell => (wish.above, wish.below),
        };
        let position = (u128::from(mixed(number as u64)) << 64) | shard as u128;
        let body = CommandBody::New(NewOrder {
            position: Id::new(Uuid::from_u128(position)),
            symbol: Entered::Value(self.symbols[wish.asset].clone()),
            side: wish.side,
            kind: OrderKind::Market,
            margin: Entered::Value(Chips::from_units(10_000_000)),
            leverage: Entered::Value(Leverage::try_from(5).unwrap()),
            stop_loss: Entered::Value(Price::from_units(stop).unwrap()),
            take_profit: Entered::Value(Price::from_units(take).unwrap()),
        });
        let command = Command {
            battle: battle(shard),
            player: player(shard, wish.player),
            // Ascending, so that kept outcomes take the same room once they are restored.
            request: Id::new(Uuid::from_u128(number as u128)),
            body_hash: BodyHash([0; 32]),
            stored_at_ns: self.now_ms * 1_000_000,
            body,
        };
        let mut effects = Effects::default();
        let answer = self.engines[shard].command(&command, &mut effects);
        assert!(
            matches!(answer.outcome, Outcome::Accepted { .. }),
            "{answer:?}"
        );
    }

    /// The positions that are open, by the standings of every battle.
    pub(crate) fn open_positions(&self) -> usize {
        let engines = self.engines.iter().enumerate();
        let standings =
            engines.flat_map(|(shard, engine)| engine.standings(battle(shard)).unwrap());
        standings
            .map(|standing| standing.open_positions as usize)
            .sum()
    }

    /// The levels of a shard's positions in one asset.
    pub(crate) fn levels(&self, shard: usize, asset: usize) -> impl Iterator<Item = (i64, i64)> {
        let size = self.size;
        (0..size.positions_of(shard))
            .map(move |number| wish(size, shard, number))
            .filter(move |wish| wish.asset == asset)
            .map(|wish| (wish.below, wish.above))
    }

    /// The market that the shards follow.
    pub(crate) fn market(&self) -> MarketState {
        self.engines[0].market_state()
    }
}

/// The battle of a shard.
pub(crate) fn battle(shard: usize) -> BattleId {
    Id::new(Uuid::from_u128(1 + shard as u128))
}

fn player(shard: usize, player: usize) -> domain::id::UserId {
    let seed = (shard as u64) << 32 | player as u64;
    Id::new(Uuid::from_u128(
        u128::from(mixed(seed)) << 64 | u128::from(seed),
    ))
}

const fn entry_of(event: MarketEvent) -> MarketEntry {
    MarketEntry {
        epoch: Epoch(1),
        event,
    }
}

/// A number that looks like chance (splitmix64).
const fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn terms(symbols: &[Symbol], size: Size, shard: usize) -> BattleTerms {
    let players = u32::try_from(size.players).unwrap();
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
        max_positions: domain::game::MAX_POSITIONS,
        start_balance: Chips::from_units(100_000_000_000_000),
        entry_fee_minor: 0,
        assets: symbols
            .iter()
            .map(|symbol| AllowedAsset {
                symbol: symbol.clone(),
                price_step: Price::from_units(1_000_000).unwrap(),
            })
            .collect(),
        max_leverage: Leverage::MAX,
        fee_bps: Bps::try_from(10).unwrap(),
        maintenance_bps: Bps::try_from(50).unwrap(),
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
    BattleTerms {
        battle: battle(shard),
        game: Id::new(Uuid::from_u128(2)),
        version: 1,
        template,
        ranked: true,
        start_time: Timestamp::from_ms(0),
        end_time: Timestamp::from_ms(3_600_000),
        seats: (0..size.players)
            .map(|number| Seat {
                player: player(shard, number),
                card_uses: 0,
            })
            .collect(),
    }
}
