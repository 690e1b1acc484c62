//! The template of a game: what a battle of it costs, allows and pays.

use serde::{Deserialize, Serialize};

use crate::chips::Chips;
use crate::leverage::{Bps, Leverage};
use crate::money::Currency;
use crate::price::Price;
use crate::symbol::Symbol;

/// The most players that a battle seats.
pub const MAX_PLAYERS: u32 = 1_000;
/// The most pending and open positions of one player.
pub const MAX_POSITIONS: u32 = 1_000;
/// The most assets that a battle trades.
pub const MAX_ASSETS: usize = 64;
/// The most kinds of items that a winner gets.
pub const MAX_ITEM_REWARDS: usize = 16;
/// The longest title, description and cover address, in bytes.
pub const MAX_TEXT_LEN: usize = 2_000;
/// The longest span of time in a template, in milliseconds: 31 days.
pub const MAX_SPAN_MS: i64 = 31 * 24 * 3_600 * 1_000;
/// The largest entry fee or fixed prize, in the currency's minor unit.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000_000;
/// The most chips that a player starts with.
pub const MAX_START_BALANCE: Chips = Chips::from_units(100_000_000_000_000);
/// The largest maximum leverage × maintenance, in basis points.
pub const MAX_LEVERAGED_MAINTENANCE_BPS: u32 = 5_000;
/// The most cups or experience that a battle moves for one player.
pub const MAX_REWARD: i64 = 1_000_000;

/// One version of a game's template. A ticket pins its version; a battle keeps its own copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The game's name.
    pub title: String,
    /// What the game is about.
    pub description: String,
    /// Address of a picture; may be empty.
    pub cover: String,
    /// What fee and prize are counted in.
    pub currency: Currency,
    /// Whether new players may join.
    pub is_active: bool,
    /// How long a battle trades, in milliseconds.
    pub duration_ms: i64,
    /// How long before trading a battle opens, in milliseconds.
    pub countdown_ms: i64,
    /// The fewest players that a battle opens with.
    pub min_players: u32,
    /// The most players that a battle seats.
    pub max_players: u32,
    /// The most pending and open positions of one player.
    pub max_positions: u32,
    /// The chips that each player starts with.
    pub start_balance: Chips,
    /// What a seat costs, in the currency's minor unit.
    pub entry_fee_minor: i64,
    /// What may be traded.
    pub assets: Vec<AllowedAsset>,
    /// The highest leverage.
    pub max_leverage: Leverage,
    /// The fee of opening and of closing a position, of its size.
    pub fee_bps: Bps,
    /// The part of the size that liquidation leaves.
    pub maintenance_bps: Bps,
    /// How long after its storage a command counts, in milliseconds.
    pub fill_delay_ms: i64,
    /// The most leverage card uses that a player brings.
    pub card_uses: u32,
    /// What is paid, and how.
    pub prize: Prize,
    /// Cups that a winner gains and the others lose.
    pub cup: i64,
    /// Experience of a winner.
    pub win_exp: i64,
    /// Experience of everybody else.
    pub lose_exp: i64,
    /// What else a winner gets.
    pub items: Vec<ItemReward>,
    /// How far apart in cups players may be at first; none if anybody meets anybody.
    pub cup_band: Option<i64>,
    /// How long the min_players-th oldest ticket waits for more, in milliseconds.
    pub fill_wait_ms: i64,
    /// How long a ticket lives, in milliseconds.
    pub queue_ttl_ms: i64,
}

/// An asset that a battle trades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedAsset {
    /// Its market.
    pub symbol: Symbol,
    /// The smallest difference between two of its prices.
    pub price_step: Price,
}

/// What a battle pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Prize {
    /// One amount for rank 1.
    Fixed {
        /// The amount, in the currency's minor unit.
        amount_minor: i64,
        /// Whether the house adds what the entry fees do not cover.
        house_funded: bool,
    },
    /// The entry fees less the rake, split by rank.
    Pool {
        /// What the house keeps.
        rake_bps: Bps,
        /// The share of each place, best first; together the whole.
        shares_bps: Vec<Bps>,
    },
}

/// A kind of item that a player can own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ItemKind {
    /// Allows an order above 10×, one use each.
    LeverageCard,
}

/// Items that a winner gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemReward {
    /// What.
    pub kind: ItemKind,
    /// How many uses.
    pub uses: u32,
}

/// Why a template is refused: which field, and what was expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct TemplateRefusal {
    /// The field, as the template names it.
    pub field: &'static str,
    /// What was expected.
    pub expected: &'static str,
}
