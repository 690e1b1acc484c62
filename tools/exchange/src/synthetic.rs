//! A seeded synthetic market. Pure and in whole numbers: the same seed makes the same trades.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::amount::Amount;
use crate::listing::Listing;

/// The shape of a synthetic market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The same seed makes the same trades.
    pub seed: u64,
    /// Seconds from the start to the first lasting jump; none with 0.
    pub jump_at_s: u32,
    /// Seconds between further lasting jumps, each the opposite way; none with 0.
    pub jump_every_s: u32,
    /// Size of a lasting jump in basis points. Symbols at even places of the list go up first,
    /// those at odd places down.
    pub jump_bps: u32,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            seed: 1,
            jump_at_s: 30,
            jump_every_s: 30,
            jump_bps: 250,
        }
    }
}

/// One trade to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Microseconds since the market's start.
    pub at_us: u64,
    /// Place of its symbol in the list of listings.
    pub listing: usize,
    pub price: Amount,
    pub quantity: Amount,
    pub buyer_is_maker: bool,
}

/// How lively a symbol is for a while.
#[derive(Clone, Copy, Debug)]
enum Spell {
    Quiet,
    Usual,
    Busy,
}

impl Spell {
    /// Usual waits between trades, in percent.
    const fn wait_percent(self) -> u64 {
        match self {
            Self::Quiet => 500,
            Self::Usual => 100,
            Self::Busy => 40,
        }
    }

    /// Largest step of one trade, in millionths of the price.
    const fn reach_ppm(self) -> i64 {
        match self {
            Self::Quiet => 20,
            Self::Usual => 60,
            Self::Busy => 150,
        }
    }
}

/// Mean wait between two trades of the first symbol; later ones trade less.
const FIRST_WAIT_US: u64 = 125_000;
/// A lasting jump takes this many trades, so that stops and liquidations fall on different ones.
const JUMP_TRADES: u32 = 3;
/// One trade in so many is a small jump of its own.
const SMALL_JUMP_ONE_IN: u32 = 150;
/// A small jump's largest size in millionths.
const SMALL_JUMP_PPM: i64 = 2_500;
/// The share of its distance from the anchor that a price loses with each trade.
const PULL: i64 = 400;

#[derive(Debug)]
struct Asset {
    price: Amount,
    /// What the price is drawn towards; a lasting jump moves it.
    anchor: Amount,
    tick_size: Amount,
    next_us: u64,
    spell: Spell,
    spell_until_us: u64,
    jump_at_us: Option<u64>,
    jump_ppm: i64,
    jump_trades_left: u32,
}

/// The market: an endless run of steps in order of time.
#[derive(Debug)]
pub struct Synthetic {
    shape: Shape,
    random: ChaCha12Rng,
    assets: Vec<Asset>,
}

impl Synthetic {
    pub fn new(shape: Shape, listings: &[Listing]) -> Self {
        let mut random = ChaCha12Rng::seed_from_u64(shape.seed);
        let size_ppm = i64::from(shape.jump_bps) * 100;
        let jump_at_us = (shape.jump_at_s > 0).then(|| u64::from(shape.jump_at_s) * 1_000_000);
        let assets = listings
            .iter()
            .enumerate()
            .map(|(place, listing)| Asset {
                price: listing.first_price,
                anchor: listing.first_price,
                tick_size: listing.tick_size,
                next_us: random.random_range(0..FIRST_WAIT_US),
                spell: Spell::Usual,
                spell_until_us: random.random_range(2_000_000..10_000_000),
                jump_at_us,
                jump_ppm: if place % 2 == 0 { size_ppm } else { -size_ppm },
                jump_trades_left: 0,
            })
            .collect();
        Self {
            shape,
            random,
            assets,
        }
    }
}

impl Iterator for Synthetic {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let (place, asset) = self
            .assets
            .iter_mut()
            .enumerate()
            .min_by_key(|(_, asset)| asset.next_us)?;
        let at_us = asset.next_us;
        asset.turn_spell(at_us, &mut self.random);
        asset.begin_jump(at_us, &self.shape);
        asset.price = asset.next_price(&mut self.random);
        let mean_us = FIRST_WAIT_US + FIRST_WAIT_US / 2 * u64::try_from(place).unwrap_or(0);
        let wait_us = mean_us * asset.spell.wait_percent() / 100;
        asset.next_us += self.random.random_range(wait_us / 5..wait_us * 9 / 5);
        Some(Step {
            at_us,
            listing: place,
            price: asset.price,
            quantity: Amount::from_units(self.random.random_range(1..=300) * 100_000),
            buyer_is_maker: self.random.random_ratio(1, 2),
        })
    }
}

impl Asset {
    fn turn_spell(&mut self, at_us: u64, random: &mut ChaCha12Rng) {
        if at_us < self.spell_until_us {
            return;
        }
        self.spell = match random.random_range(0..10) {
            0 | 1 => Spell::Quiet,
            2..=4 => Spell::Busy,
            _ => Spell::Usual,
        };
        self.spell_until_us = at_us + random.random_range(2_000_000..10_000_000);
    }

    fn begin_jump(&mut self, at_us: u64, shape: &Shape) {
        let Some(jump_at_us) = self.jump_at_us.filter(|jump_at_us| *jump_at_us <= at_us) else {
            return;
        };
        self.jump_trades_left = JUMP_TRADES;
        let every_us = u64::from(shape.jump_every_s) * 1_000_000;
        self.jump_at_us = (every_us > 0).then(|| jump_at_us + every_us);
    }

    fn next_price(&mut self, random: &mut ChaCha12Rng) -> Amount {
        if self.jump_trades_left > 0 {
            self.jump_trades_left -= 1;
            let part = self.jump_ppm / i64::from(JUMP_TRADES);
            if self.jump_trades_left == 0 {
                self.anchor = self.anchor.moved(self.jump_ppm, self.tick_size);
                self.jump_ppm = -self.jump_ppm;
            }
            return self.price.moved(part, self.tick_size);
        }
        let reach = self.spell.reach_ppm();
        let mut ppm = random.random_range(-reach..=reach) + self.pull_ppm();
        if random.random_ratio(1, SMALL_JUMP_ONE_IN) {
            ppm += random.random_range(-SMALL_JUMP_PPM..=SMALL_JUMP_PPM);
        }
        // Half a step up, because moving rounds down and would otherwise make every price sink.
        let half_step = Amount::from_units(self.tick_size.units() / 2).units();
        Amount::from_units(self.price.units() + half_step).moved(ppm, self.tick_size)
    }

    /// How far the anchor draws the next price, in millionths.
    fn pull_ppm(&self) -> i64 {
        let distance = i128::from(self.anchor.units()) - i128::from(self.price.units());
        let ppm = distance * 1_000_000 / i128::from(self.price.units().max(1)) / i128::from(PULL);
        i64::try_from(ppm).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(seed: u64, seconds: u64) -> Vec<Step> {
        Synthetic::new(
            Shape {
                seed,
                ..Shape::default()
            },
            &Listing::defaults(),
        )
        .take_while(|step| step.at_us < seconds * 1_000_000)
        .collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_trades() {
        assert_eq!(steps(7, 60), steps(7, 60));
        assert_ne!(steps(7, 60), steps(8, 60));
    }

    #[test]
    fn every_price_is_on_its_step_and_time_never_goes_back() {
        let listings = Listing::defaults();
        let made = steps(7, 300);
        assert!(made.is_sorted_by_key(|step| step.at_us));
        for step in &made {
            assert_eq!(
                step.price.units() % listings[step.listing].tick_size.units(),
                0
            );
            assert!(step.quantity.units() > 0);
        }
    }

    /// The last price of a listing before a moment.
    fn price_before(made: &[Step], listing: usize, seconds: u64) -> i64 {
        made.iter()
            .rfind(|step| step.listing == listing && step.at_us < seconds * 1_000_000)
            .unwrap()
            .price
            .units()
    }

    #[test]
    fn the_lasting_jump_goes_both_ways_over_different_symbols_and_stays() {
        for seed in 0..20 {
            let made = steps(seed, 58);
            for listing in 0..4 {
                let before = price_before(&made, listing, 30);
                let bps = [40, 50, 58]
                    .map(|at| (price_before(&made, listing, at) - before) * 10_000 / before);
                let up = listing % 2 == 0;
                assert!(
                    bps.iter()
                        .all(|bps| if up { *bps > 150 } else { *bps < -150 }),
                    "seed {seed} listing {listing} {bps:?}"
                );
            }
        }
    }

    #[test]
    fn a_long_run_stays_within_a_band_around_the_first_price() {
        let made = steps(3, 3600);
        let first = Listing::defaults()[0].first_price.units();
        for step in made.iter().filter(|step| step.listing == 0) {
            assert!((step.price.units() - first).abs() < first / 10);
        }
    }
}
