//! Core NATS subjects: lossy by design, the latest wins.

use domain::candle::Folded;
use domain::id::{BattleId, UserId};
use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::notifications::InApp;

/// A live update and the subject that it is shouted on.
pub trait Live: Serialize + serde::de::DeserializeOwned + Send + Sync {
    /// The subject, without any prefix.
    fn subject(&self) -> String;
}

/// The subject of a symbol's last price.
pub fn prices(symbol: &Symbol) -> String {
    format!("live.prices.{symbol}")
}

/// The subject of every symbol's last price.
pub const ALL_PRICES: &str = "live.prices.*";

/// The subject of a symbol's candles.
pub fn candles(symbol: &Symbol) -> String {
    format!("live.candles.{symbol}")
}

/// The subject of a battle's leaderboard.
pub fn battle(battle: BattleId) -> String {
    format!("live.battles.{battle}")
}

/// The subject of a user's new inbox messages.
pub fn in_app(user: UserId) -> String {
    format!("in-app.{user}")
}

/// The subject of what happens to one user's orders in one battle.
pub fn in_app_match(user: UserId, battle: BattleId) -> String {
    format!("in-app.match.{user}.{battle}")
}

/// The last price of a symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePrice {
    /// The market.
    pub symbol: Symbol,
    /// The last price.
    pub price: Price,
    /// When the exchange made the trade.
    pub time: Timestamp,
}

impl Live for LivePrice {
    fn subject(&self) -> String {
        prices(&self.symbol)
    }
}

/// The candles of a symbol that have changed, four times a second at most: of each interval the
/// running one, and before it the one that closed when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCandles {
    /// The market.
    pub symbol: Symbol,
    /// A closed one comes before the running one of its interval.
    pub candles: Vec<Folded>,
}

impl Live for LiveCandles {
    fn subject(&self) -> String {
        candles(&self.symbol)
    }
}

/// One player's line on the leaderboard. What rivals may see, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePlayer {
    /// The player.
    pub player: UserId,
    /// Live equity in units of 1e-8 chips, rounded to 0.01 chip.
    pub equity: i64,
    /// From 1.
    pub rank: u32,
    /// How many positions are open.
    pub open_positions: u32,
}

/// The leaderboard of a battle, about twice a second while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveBattle {
    /// The battle.
    pub battle: BattleId,
    /// When, on the exchange's clock.
    pub time: Timestamp,
    /// Everybody, by rank.
    pub players: Vec<LivePlayer>,
}

impl Live for LiveBattle {
    fn subject(&self) -> String {
        battle(self.battle)
    }
}

impl Live for InApp {
    fn subject(&self) -> String {
        in_app(self.user)
    }
}
