//! How a bot trades. Pure: from what it sees to what it orders, so that a seed repeats a demo.

use domain::price::Price;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// The step that entered prices are rounded to, in units of 1e-8: two decimals.
const STEP: i64 = 1_000_000;
/// How far a tight stop lies from the price, in basis points.
const TIGHT_STOP_BPS: i64 = 30;
/// How far a target lies from the price, in basis points.
const TARGET_BPS: i64 = 40;
/// How far a limit order lies from the price, in basis points.
const LIMIT_BPS: i64 = 3;

/// A way to trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temperament {
    /// A rise, at the highest leverage.
    Bull,
    /// A fall, at the highest leverage.
    Bear,
    /// A rise, with a stop close below.
    CautiousBull,
    /// A fall, with a stop close above.
    CautiousBear,
    /// Takes a small gain on either side.
    TargetHunter,
    /// Waits for its price with limit orders, and takes them back.
    Patient,
    /// In and out again, by hand.
    Scalper,
    /// Moves its stop along behind the price.
    Trailing,
}

impl Temperament {
    const ALL: [Self; 8] = [
        Self::Bull,
        Self::Bear,
        Self::CautiousBull,
        Self::CautiousBear,
        Self::TargetHunter,
        Self::Patient,
        Self::Scalper,
        Self::Trailing,
    ];

    /// The temperament of the bot with this number, from 0.
    pub(crate) fn of(number: usize) -> Self {
        Self::ALL[number % Self::ALL.len()]
    }

    /// What the players call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bull => "Bull",
            Self::Bear => "Bear",
            Self::CautiousBull => "Cautious-Bull",
            Self::CautiousBear => "Cautious-Bear",
            Self::TargetHunter => "Target-Hunter",
            Self::Patient => "Patient",
            Self::Scalper => "Scalper",
            Self::Trailing => "Trailing",
        }
    }

    /// Whether it holds what it has opened first until the end, come what may.
    pub(crate) const fn opens_once(self) -> bool {
        matches!(
            self,
            Self::Bull | Self::Bear | Self::CautiousBull | Self::CautiousBear
        )
    }

    /// The order that it places next on an asset at `price`, without match and asset.
    pub(crate) fn order(self, price: Price, random: &mut ChaCha8Rng) -> Value {
        let side = if random.random_bool(0.5) {
            Side::Buy
        } else {
            Side::Sell
        };
        match self {
            Self::Bull => market(Side::Buy, "20", 100),
            Self::Bear => market(Side::Sell, "20", 100),
            Self::CautiousBull => with_stop(market(Side::Buy, "30", 10), Side::Buy, price),
            Self::CautiousBear => with_stop(market(Side::Sell, "30", 10), Side::Sell, price),
            Self::TargetHunter => {
                let mut order = market(side, "10", random.random_range(11..=25));
                order["targetPoint"] = moved(price, side.gain() * TARGET_BPS).into();
                order
            }
            Self::Patient => {
                let mut order = market(side, "8", random.random_range(2..=8));
                order["type"] = "LIMIT".into();
                order["limitPrice"] = moved(price, -side.gain() * LIMIT_BPS).into();
                order
            }
            Self::Scalper => market(side, "10", random.random_range(5..=10)),
            Self::Trailing => with_stop(market(side, "15", 10), side, price),
        }
    }

    /// What it does with a pending or open position of its own when it looks at it again.
    pub(crate) fn revisit(self, position: &Value, price: Price) -> Option<Intent> {
        let status = position.get("status")?.as_str()?;
        match (self, status) {
            (Self::Patient, "PENDING") => Some(Intent::Cancel),
            (Self::Scalper, "OPEN") => Some(Intent::Close),
            (Self::Trailing, "OPEN") => {
                let side = Side::parse(position.get("side")?.as_str()?)?;
                Some(Intent::MoveStop(moved(
                    price,
                    -side.gain() * TIGHT_STOP_BPS,
                )))
            }
            _ => None,
        }
    }
}

/// What a bot does with a position that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Take the order back.
    Cancel,
    /// Close by hand.
    Close,
    /// Put the stop loss here.
    MoveStop(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Buy,
    Sell,
}

impl Side {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "BUY" => Some(Self::Buy),
            "SELL" => Some(Self::Sell),
            _ => None,
        }
    }

    /// The sign of the price move that this side gains by.
    const fn gain(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
}

fn market(side: Side, margin: &str, leverage: i64) -> Value {
    let side = match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    };
    json!({ "side": side, "type": "MARKET", "margin": margin, "leverage": leverage })
}

fn with_stop(mut order: Value, side: Side, price: Price) -> Value {
    order["stopLoss"] = moved(price, -side.gain() * TIGHT_STOP_BPS).into();
    order
}

/// `price` moved by `bps`, on the step.
fn moved(price: Price, bps: i64) -> String {
    let units = price.units() + price.units() / 10_000 * bps;
    let on_step = (units / STEP).max(1) * STEP;
    Price::from_units(on_step).unwrap_or(price).to_string()
}

#[cfg(test)]
mod tests {
    use domain::leverage::Leverage;
    use rand::SeedableRng as _;

    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn bull_and_bear_stand_against_each_other_at_the_highest_leverage() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut order = |temperament: Temperament| temperament.order(price("60000"), &mut random);
        let (bull, bear) = (order(Temperament::Bull), order(Temperament::Bear));
        assert_eq!(
            (&bull["side"], &bear["side"]),
            (&json!("BUY"), &json!("SELL"))
        );
        let highest = json!(Leverage::MAX.times());
        assert_eq!((&bull["leverage"], &bear["leverage"]), (&highest, &highest));
    }

    #[test]
    fn a_tight_stop_lies_on_the_losing_side() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let buy = Temperament::CautiousBull.order(price("60000"), &mut random);
        let sell = Temperament::CautiousBear.order(price("60000"), &mut random);
        assert_eq!(
            (&buy["side"], &buy["stopLoss"]),
            (&json!("BUY"), &json!("59820"))
        );
        assert_eq!(
            (&sell["side"], &sell["stopLoss"]),
            (&json!("SELL"), &json!("60180"))
        );
    }

    #[test]
    fn a_limit_order_waits_for_a_better_price() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..20 {
            let order = Temperament::Patient.order(price("60000"), &mut random);
            let limit: Price = price(order["limitPrice"].as_str().unwrap());
            let better = if order["side"] == "BUY" {
                limit < price("60000")
            } else {
                limit > price("60000")
            };
            assert!(better, "{order}");
        }
    }

    #[test]
    fn the_same_seed_orders_the_same() {
        let orders = |seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            (0..5)
                .map(|_| Temperament::Scalper.order(price("1"), &mut random))
                .collect::<Vec<_>>()
        };
        assert_eq!(orders(7), orders(7));
        assert_ne!(orders(7), orders(8));
    }

    #[test]
    fn a_patient_bot_takes_back_only_what_has_not_filled() {
        let position = |status: &str| json!({ "status": status, "side": "BUY" });
        let revisit = |status| Temperament::Patient.revisit(&position(status), price("1"));
        assert_eq!(revisit("PENDING"), Some(Intent::Cancel));
        assert_eq!(revisit("OPEN"), None);
    }
}
