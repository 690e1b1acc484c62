//! The template of a game: what a battle of it costs, allows and pays.

use std::collections::BTreeSet;

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
/// The longest title, in bytes.
pub const MAX_TITLE_LEN: usize = 120;
/// The longest description and the longest cover address, in bytes.
pub const MAX_TEXT_LEN: usize = 2_000;
/// The longest span of time in a template, in milliseconds: 31 days.
pub const MAX_SPAN_MS: i64 = 31 * 24 * 3_600 * 1_000;
/// The longest that a battle lasts, its countdown included, in milliseconds: 24 hours. Its record
/// is made when it ends, from a market stream that keeps its entries for 48 hours; the rest is for
/// whatever keeps the record from being made at once. More has to wait until segments of the
/// market are archived.
pub const MAX_BATTLE_MS: i64 = 24 * 3_600 * 1_000;
/// The longest delay of a fill, in milliseconds.
pub const MAX_FILL_DELAY_MS: i64 = 60_000;
/// The largest entry fee or fixed prize, in the currency's minor unit.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000_000;
/// The most that the entry fees of a full battle add up to, in the currency's minor unit. What is
/// captured, raked or paid back together reaches a stripe of an account as one sum, and a stripe
/// holds less than 2^57.
pub const MAX_ENTRY_FEES_MINOR: i64 = 100_000_000_000_000_000;
/// The most chips that a player starts with.
pub const MAX_START_BALANCE: Chips = Chips::from_units(100_000_000_000_000);
/// The largest maximum leverage × maintenance, in basis points.
pub const MAX_LEVERAGED_MAINTENANCE_BPS: u32 = 5_000;
/// The most cups or experience that a battle moves for one player, and the widest cup band.
pub const MAX_REWARD: i64 = 1_000_000;
/// The most uses of an item that move at once.
pub const MAX_USES: u32 = 1_000_000;

/// The chips that a player of a usual game starts with: 100.
const USUAL_START_BALANCE: Chips = Chips::from_units(10_000_000_000);

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

/// A rule of the template: its field, what is expected of it, and whether it holds.
type Check = (&'static str, &'static str, bool);

impl Template {
    /// The template of a game of which nothing is said but its name and what it trades: a free
    /// duel of five minutes, all of whose fees, should it get any, go to the winner.
    pub fn usual(title: String, assets: Vec<AllowedAsset>) -> Self {
        Self {
            title,
            description: String::new(),
            cover: String::new(),
            currency: Currency::Usdt,
            is_active: true,
            duration_ms: 300_000,
            countdown_ms: 3_000,
            min_players: 2,
            max_players: 2,
            max_positions: 10,
            start_balance: USUAL_START_BALANCE,
            entry_fee_minor: 0,
            assets,
            max_leverage: Leverage::MAX,
            fee_bps: Bps::default(),
            maintenance_bps: Bps::default(),
            fill_delay_ms: 250,
            card_uses: 10,
            prize: Prize::Pool {
                rake_bps: Bps::default(),
                shares_bps: vec![Bps::WHOLE],
            },
            cup: 0,
            win_exp: 0,
            lose_exp: 0,
            items: Vec::new(),
            cup_band: None,
            fill_wait_ms: 10_000,
            queue_ttl_ms: 300_000,
        }
    }

    /// Refuses a template that breaks a rule, naming the first field that does.
    pub fn validate(&self) -> Result<(), TemplateRefusal> {
        self.validate_play()?;
        first_broken(self.offer())
    }

    /// Refuses a template that no battle can be played by. That is less than
    /// [`validate`](Self::validate) asks: what may no longer be offered is still played to its
    /// end where it was, and its record still verified.
    pub fn validate_play(&self) -> Result<(), TemplateRefusal> {
        let checks = self
            .texts()
            .into_iter()
            .chain(self.spans())
            .chain(self.seating());
        let checks = checks
            .chain(self.trading())
            .chain(self.rewards())
            .chain(self.prize.check(self));
        first_broken(checks)
    }

    /// What all entry fees of `players` add up to, in the currency's minor unit.
    pub fn entry_fees_minor(&self, players: u32) -> i64 {
        self.entry_fee_minor.saturating_mul(i64::from(players))
    }

    /// The terms of trading `symbol`, if it may be traded.
    pub fn asset(&self, symbol: &Symbol) -> Option<&AllowedAsset> {
        self.assets.iter().find(|asset| asset.symbol == *symbol)
    }

    fn texts(&self) -> [Check; 3] {
        [
            (
                "title",
                "1 to 120 bytes",
                (1..=MAX_TITLE_LEN).contains(&self.title.len()),
            ),
            (
                "description",
                "at most 2000 bytes",
                self.description.len() <= MAX_TEXT_LEN,
            ),
            (
                "cover",
                "at most 2000 bytes",
                self.cover.len() <= MAX_TEXT_LEN,
            ),
        ]
    }

    fn spans(&self) -> [Check; 5] {
        let span = |from: i64, span_ms: i64| (from..=MAX_SPAN_MS).contains(&span_ms);
        let delay = (0..=MAX_FILL_DELAY_MS).contains(&self.fill_delay_ms);
        [
            ("duration_ms", "1 ms to 31 days", span(1, self.duration_ms)),
            (
                "countdown_ms",
                "0 ms to 31 days",
                span(0, self.countdown_ms),
            ),
            ("fill_delay_ms", "0 to 60000 ms", delay),
            (
                "fill_wait_ms",
                "0 ms to 31 days",
                span(0, self.fill_wait_ms),
            ),
            (
                "queue_ttl_ms",
                "1 ms to 31 days",
                span(1, self.queue_ttl_ms),
            ),
        ]
    }

    fn seating(&self) -> [Check; 5] {
        let most = (self.min_players..=MAX_PLAYERS).contains(&self.max_players);
        let fee = (0..=MAX_AMOUNT_MINOR).contains(&self.entry_fee_minor);
        let band = self
            .cup_band
            .is_none_or(|band| (1..=MAX_REWARD).contains(&band));
        [
            ("min_players", "at least 2", self.min_players >= 2),
            ("max_players", "min_players to 1000", most),
            ("entry_fee_minor", "0 to 10^15", fee),
            ("card_uses", "at most 1000000", self.card_uses <= MAX_USES),
            ("cup_band", "1 to 1000000", band),
        ]
    }

    fn trading(&self) -> [Check; 5] {
        let symbols = self.assets.iter().map(|asset| &asset.symbol);
        let different = symbols.collect::<BTreeSet<_>>().len() == self.assets.len();
        let balance = (Chips::from_units(1)..=MAX_START_BALANCE).contains(&self.start_balance);
        let leveraged = u32::from(self.max_leverage.times())
            .saturating_mul(u32::from(self.maintenance_bps.get()));
        [
            (
                "assets",
                "1 to 64 assets",
                (1..=MAX_ASSETS).contains(&self.assets.len()),
            ),
            ("assets", "each asset once", different),
            (
                "max_positions",
                "1 to 1000",
                (1..=MAX_POSITIONS).contains(&self.max_positions),
            ),
            ("start_balance", "1 to 10^14 units of 1e-8", balance),
            (
                "maintenance_bps",
                "max_leverage × maintenance_bps of at most 5000",
                leveraged <= MAX_LEVERAGED_MAINTENANCE_BPS,
            ),
        ]
    }

    fn rewards(&self) -> [Check; 5] {
        let reward = |amount: i64| (0..=MAX_REWARD).contains(&amount);
        let uses = self
            .items
            .iter()
            .all(|item| (1..=MAX_USES).contains(&item.uses));
        [
            ("cup", "0 to 1000000", reward(self.cup)),
            ("win_exp", "0 to 1000000", reward(self.win_exp)),
            ("lose_exp", "0 to 1000000", reward(self.lose_exp)),
            (
                "items",
                "at most 16 items",
                self.items.len() <= MAX_ITEM_REWARDS,
            ),
            ("items", "1 to 1000000 uses each", uses),
        ]
    }

    fn offer(&self) -> [Check; 3] {
        let lasts_ms = self.countdown_ms.saturating_add(self.duration_ms);
        let fees_minor = self.entry_fees_minor(self.max_players);
        let kinds = self.items.iter().map(|item| item.kind);
        // What a winner gets of a kind is one movement of the ledger, under one key.
        let different = kinds.collect::<BTreeSet<_>>().len() == self.items.len();
        [
            (
                "duration_ms",
                "at most 24 hours, the countdown included",
                lasts_ms <= MAX_BATTLE_MS,
            ),
            (
                "entry_fee_minor",
                "entry_fee × max_players of at most 10^17",
                fees_minor <= MAX_ENTRY_FEES_MINOR,
            ),
            ("items", "each kind once", different),
        ]
    }
}

fn first_broken(checks: impl IntoIterator<Item = Check>) -> Result<(), TemplateRefusal> {
    for (field, expected, holds) in checks {
        if !holds {
            return Err(TemplateRefusal { field, expected });
        }
    }
    Ok(())
}

impl Prize {
    fn check(&self, template: &Template) -> [Check; 2] {
        match self {
            Self::Fixed {
                amount_minor,
                house_funded,
            } => {
                let covered = *amount_minor <= template.entry_fees_minor(template.min_players);
                let range = (0..=MAX_AMOUNT_MINOR).contains(amount_minor);
                let funded = "at most entry_fee × min_players unless the house funds the rest";
                [
                    ("prize", "0 to 10^15", range),
                    ("prize", funded, covered || *house_funded),
                ]
            }
            Self::Pool { shares_bps, .. } => {
                let sum = shares_bps
                    .iter()
                    .fold(0_u64, |sum, share| sum.saturating_add(share.get().into()));
                let places = u32::try_from(shares_bps.len()).unwrap_or(u32::MAX);
                let whole = sum == u64::from(Bps::WHOLE.get());
                let few = places <= template.min_players;
                [
                    ("prize", "shares of 10000 basis points in all", whole),
                    ("prize", "at most min_players places", few),
                ]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_worked_example_is_a_valid_template() {
        assert_eq!(fixture::template().validate(), Ok(()));
    }

    /// A change to a template and the field that it spoils.
    type Spoiled = (&'static str, fn(&mut Template));

    #[test]
    fn a_template_that_breaks_a_rule_is_refused_with_the_field_named() {
        const CARD: ItemReward = ItemReward {
            kind: ItemKind::LeverageCard,
            uses: 1,
        };
        let spoiled: [Spoiled; 25] = [
            ("title", |t| t.title.clear()),
            ("description", |t| {
                t.description = "x".repeat(MAX_TEXT_LEN + 1);
            }),
            ("duration_ms", |t| t.duration_ms = 0),
            ("duration_ms", |t| t.duration_ms = MAX_BATTLE_MS),
            ("duration_ms", |t| t.countdown_ms = MAX_BATTLE_MS),
            ("countdown_ms", |t| t.countdown_ms = -1),
            ("fill_delay_ms", |t| t.fill_delay_ms = MAX_FILL_DELAY_MS + 1),
            ("queue_ttl_ms", |t| t.queue_ttl_ms = 0),
            ("min_players", |t| t.min_players = 1),
            ("max_players", |t| t.max_players = 1),
            ("max_players", |t| t.max_players = MAX_PLAYERS + 1),
            ("entry_fee_minor", |t| t.entry_fee_minor = -1),
            ("entry_fee_minor", |t| {
                t.entry_fee_minor = MAX_AMOUNT_MINOR;
                t.max_players = 101;
            }),
            ("cup_band", |t| t.cup_band = Some(0)),
            ("assets", |t| t.assets.clear()),
            ("assets", |t| t.assets.extend(t.assets.clone())),
            ("max_positions", |t| t.max_positions = 0),
            ("start_balance", |t| t.start_balance = Chips::ZERO),
            ("maintenance_bps", |t| {
                t.maintenance_bps = 51.try_into().unwrap();
            }),
            ("cup", |t| t.cup = -1),
            ("items", |t| t.items = vec![ItemReward { uses: 0, ..CARD }]),
            ("items", |t| t.items = vec![CARD, CARD]),
            ("prize", |t| t.prize = fixture::fixed(20_000_001)),
            ("prize", |t| t.prize = fixture::pool(0, &[5_000, 4_999])),
            ("prize", |t| {
                t.prize = fixture::pool(0, &[4_000, 3_000, 3_000]);
            }),
        ];
        for (field, spoil) in spoiled {
            let mut template = fixture::template();
            spoil(&mut template);
            assert_eq!(
                template.validate().map_err(|refusal| refusal.field),
                Err(field)
            );
        }
    }

    #[test]
    fn the_usual_game_is_a_valid_one() {
        let usual = Template::usual("Duel".to_owned(), fixture::template().assets);
        assert_eq!(usual.validate(), Ok(()));
    }

    #[test]
    fn a_battle_may_last_a_day_with_its_countdown() {
        let mut template = fixture::template();
        template.duration_ms = MAX_BATTLE_MS - template.countdown_ms;
        assert_eq!(template.validate(), Ok(()));
    }

    #[test]
    fn the_fees_of_a_full_battle_may_be_as_much_as_a_stripe_takes() {
        let mut template = fixture::template();
        template.entry_fee_minor = MAX_AMOUNT_MINOR;
        template.max_players = 100;
        assert_eq!(template.validate(), Ok(()));
    }

    #[test]
    fn what_may_no_longer_be_offered_is_still_played() {
        let spoiled: [fn(&mut Template); 2] = [
            |t| t.duration_ms = MAX_SPAN_MS,
            |t| (t.entry_fee_minor, t.max_players) = (MAX_AMOUNT_MINOR, MAX_PLAYERS),
        ];
        for spoil in spoiled {
            let mut template = fixture::template();
            spoil(&mut template);
            assert!(template.validate().is_err());
            assert_eq!(template.validate_play(), Ok(()));
        }
    }

    #[test]
    fn the_house_may_fund_what_the_fees_do_not_cover() {
        let mut template = fixture::template();
        template.prize = Prize::Fixed {
            amount_minor: 1_000_000_000,
            house_funded: true,
        };
        assert_eq!(template.validate(), Ok(()));
    }
}
