//! Live equity: what a player would see on the screen, without walking the positions.
//!
//! Per player and asset the open positions add up to a line, A + Q × P ⁄ 2^54. Wherever nothing
//! saturates, the line lies at most (assets + positions) units below and (positions) units above
//! the sum of the floored profits.

use crate::exact::div_floor;
use crate::order::Side;
use crate::position::Stake;
use crate::price::Price;

/// How many binary digits of a slope lie behind the point.
const FRACTION_BITS: u32 = 54;
/// The factor between a slope and its fixed-point form.
const ONE: i128 = 1 << FRACTION_BITS;
/// How many binary digits the lower limb of a slope has.
const LIMB_BITS: u32 = 64;
/// The lower limb.
const LOWER: i128 = (1 << LIMB_BITS) - 1;

/// What a player's open positions in one asset are worth, as a line over the price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    constant: i128,
    slope: i128,
    /// How many positions the line adds up.
    pub open: u32,
}

impl Line {
    /// Takes a position in.
    pub(super) fn add(&mut self, stake: Stake, entry: Price) {
        let (constant, slope) = parts(stake, entry);
        self.constant = self.constant.saturating_add(constant);
        self.slope = self.slope.saturating_add(slope);
        self.open = self.open.saturating_add(1);
    }

    /// Takes a position out that was taken in with the same terms.
    pub(super) fn remove(&mut self, stake: Stake, entry: Price) {
        let (constant, slope) = parts(stake, entry);
        self.constant = self.constant.saturating_sub(constant);
        self.slope = self.slope.saturating_sub(slope);
        self.open = self.open.saturating_sub(1);
    }

    /// A + floor(Q × P ⁄ 2^54), in units of 1e-8 chips. The product has up to 190 bits: the upper
    /// limb's part divides evenly, so only the lower limb's is rounded.
    pub(super) fn value_at(self, price: Price) -> i128 {
        let price = i128::from(price.units());
        let (upper, lower) = (self.slope >> LIMB_BITS, self.slope & LOWER);
        // A price lies below 2^53.2, so the sum stays below 2^126.3: nothing wraps.
        let upper = upper.wrapping_mul(price) << (LIMB_BITS - FRACTION_BITS);
        let lower = lower.wrapping_mul(price) >> FRACTION_BITS;
        self.constant.saturating_add(upper.wrapping_add(lower))
    }
}

/// margin − σ·size, and floor(σ · size · 2^54 ⁄ entry).
fn parts(stake: Stake, entry: Price) -> (i128, i128) {
    let size = i128::from(stake.size().units());
    let signed = match stake.side() {
        Side::Buy => size,
        Side::Sell => size.saturating_neg(),
    };
    let constant = i128::from(stake.margin().units()).saturating_sub(signed);
    (
        constant,
        div_floor(signed.saturating_mul(ONE), entry.units().into()),
    )
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::chips::Chips;

    prop_compose! {
        fn positions()(
            buy: bool, leverage in 1_u8..=100, margin in 1_000_000_i64..=100_000_000_000_000,
            entry in 1_i64..=10_000_000_000_000_000,
        ) -> (Stake, Price) {
            let side = if buy { Side::Buy } else { Side::Sell };
            let leverage = leverage.try_into().unwrap();
            let stake = Stake::parse(side, Chips::from_units(margin), leverage).unwrap();
            (stake, Price::from_units(entry).unwrap())
        }
    }

    /// Margin and floored profit without the cut-offs.
    fn walked(stake: Stake, entry: Price, now: Price) -> i128 {
        let moved = i128::from(now.units()) - i128::from(entry.units());
        let moved = if stake.side() == Side::Buy {
            moved
        } else {
            -moved
        };
        let gained = i128::from(stake.size().units()) * moved;
        i128::from(stake.margin().units()) + gained.div_euclid(entry.units().into())
    }

    proptest! {
        #[test]
        fn live_equity_stays_within_its_bound_of_the_walked_one(
            positions in prop::collection::vec(positions(), 1..20),
            now in 1_i64..=10_000_000_000_000_000,
        ) {
            let now = Price::from_units(now).unwrap();
            let mut line = Line::default();
            let mut sum = 0;
            for (stake, entry) in &positions {
                line.add(*stake, *entry);
                sum += walked(*stake, *entry, now);
            }
            let difference = line.value_at(now) - sum;
            let count = i128::try_from(positions.len()).unwrap();
            prop_assert!((-(1 + count)..=count).contains(&difference), "{difference}");
        }

        #[test]
        fn a_line_without_positions_is_flat(positions in prop::collection::vec(positions(), 1..20)) {
            let mut line = Line::default();
            for (stake, entry) in &positions {
                line.add(*stake, *entry);
            }
            for (stake, entry) in &positions {
                line.remove(*stake, *entry);
            }
            prop_assert_eq!(line, Line::default());
        }
    }
}
