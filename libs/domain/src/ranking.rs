//! Who came where, what each place is paid, and what it earns.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::battle::BattleTerms;
use crate::chips::Chips;
use crate::exact::{div_ceil, div_floor};
use crate::game::{ItemReward, Prize, Template};
use crate::id::{BattleId, UserId};
use crate::leverage::Bps;
use crate::money::Currency;

/// The result of a battle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BattleResult {
    /// The battle.
    pub battle: BattleId,
    /// The player who alone holds rank 1 and had at least one fill.
    pub winner: Option<UserId>,
    /// What the prizes are counted in.
    pub currency: Currency,
    /// What the house keeps of the entry fees, in the currency's minor unit; negative where it
    /// adds to them.
    pub house_minor: i64,
    /// How each player did, by number.
    pub standings: Vec<Standing>,
}

/// How a player did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The player.
    pub player: UserId,
    /// The player's number in the battle.
    pub number: u32,
    /// Final equity.
    pub equity: Chips,
    /// Place, from 1; equals share it.
    pub rank: u32,
    /// Orders that were filled.
    pub fills: u32,
    /// Leverage card uses that come back.
    pub cards_left: u32,
    /// The prize, in the currency's minor unit.
    pub prize_minor: i64,
}

/// How a player ended, before anybody is ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Final equity.
    pub equity: Chips,
    /// Orders that were filled.
    pub fills: u32,
    /// Leverage card uses that come back.
    pub cards_left: u32,
}

/// What a result earns a player besides money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    /// The player.
    pub player: UserId,
    /// The change of cups, before it is cut off at 0 cups.
    pub cups: i64,
    /// The gain of experience.
    pub experience: i64,
    /// Items gained.
    pub items: Vec<ItemReward>,
}

impl BattleResult {
    /// Ranks the players of a battle, `finishes` in the order of their numbers, and splits the
    /// prize.
    pub fn of(terms: &BattleTerms, finishes: &[Finish]) -> Self {
        let equities: Vec<Chips> = finishes.iter().map(|finish| finish.equity).collect();
        let ranks = ranks(&equities);
        let prizes = split(&terms.template, ranks.len(), &ranks);
        let numbered = terms
            .seats
            .iter()
            .zip(finishes)
            .zip(ranks)
            .zip(&prizes)
            .zip(0..);
        let standings: Vec<Standing> = numbered
            .map(|((((seat, finish), rank), prize), number)| Standing {
                player: seat.player,
                number,
                equity: finish.equity,
                rank,
                fills: finish.fills,
                cards_left: finish.cards_left,
                prize_minor: *prize,
            })
            .collect();
        let players = u32::try_from(standings.len()).unwrap_or(u32::MAX);
        let paid = prizes
            .iter()
            .fold(0_i64, |sum, prize| sum.saturating_add(*prize));
        Self {
            battle: terms.battle,
            winner: winner(&standings),
            currency: terms.template.currency,
            house_minor: terms
                .template
                .entry_fees_minor(players)
                .saturating_sub(paid),
            standings,
        }
    }

    /// The result as it is without these players: the others are ranked and paid anew, of the same
    /// fees. Those without a result share the place behind the last and are paid nothing.
    #[must_use]
    pub fn without(&self, terms: &BattleTerms, void: &BTreeSet<UserId>) -> Self {
        let in_running = |standing: &&Standing| !void.contains(&standing.player);
        let counted: Vec<&Standing> = self.standings.iter().filter(in_running).collect();
        let equities: Vec<Chips> = counted.iter().map(|standing| standing.equity).collect();
        let ranks = ranks(&equities);
        let prizes = split(&terms.template, self.standings.len(), &ranks);
        let counted: Vec<Standing> = counted
            .into_iter()
            .zip(ranks)
            .zip(prizes)
            .map(|((standing, rank), prize_minor)| Standing {
                rank,
                prize_minor,
                ..standing.clone()
            })
            .collect();
        let winner = winner(&counted);
        let last = u32::try_from(counted.len()).unwrap_or(u32::MAX);
        let outside = self
            .standings
            .iter()
            .filter(|standing| void.contains(&standing.player))
            .map(|standing| Standing {
                rank: last.saturating_add(1),
                prize_minor: 0,
                ..standing.clone()
            });
        let mut standings: Vec<Standing> = outside.collect();
        standings.extend(counted);
        standings.sort_by_key(|standing| standing.number);
        let players = u32::try_from(standings.len()).unwrap_or(u32::MAX);
        let paid = standings.iter().fold(0_i64, |sum, standing| {
            sum.saturating_add(standing.prize_minor)
        });
        Self {
            battle: self.battle,
            winner,
            currency: self.currency,
            house_minor: terms
                .template
                .entry_fees_minor(players)
                .saturating_sub(paid),
            standings,
        }
    }

    /// What the result earns each player besides money, by number. An unranked battle earns
    /// nothing.
    pub fn rewards(&self, terms: &BattleTerms) -> Vec<Reward> {
        if !terms.ranked {
            return Vec::new();
        }
        let template = &terms.template;
        let reward = |player: UserId| match self.winner {
            Some(winner) if winner == player => Reward {
                player,
                cups: template.cup,
                experience: template.win_exp,
                items: template.items.clone(),
            },
            Some(_) => Reward {
                player,
                cups: template.cup.saturating_neg(),
                experience: template.lose_exp,
                items: Vec::new(),
            },
            None => Reward {
                player,
                cups: 0,
                experience: template.lose_exp,
                items: Vec::new(),
            },
        };
        self.standings
            .iter()
            .map(|standing| reward(standing.player))
            .collect()
    }
}

/// The rank of each equity, highest first from 1; equal equity, equal rank, and the ranks behind
/// it are skipped: 1, 1, 3.
pub fn ranks(equities: &[Chips]) -> Vec<u32> {
    let mut sorted = equities.to_vec();
    sorted.sort_unstable_by_key(|equity| Reverse(*equity));
    let better = |equity: &Chips| sorted.partition_point(|other| other > equity);
    let rank = |better: usize| u32::try_from(better).unwrap_or(u32::MAX).saturating_add(1);
    equities.iter().map(|equity| rank(better(equity))).collect()
}

/// Who alone holds rank 1 and had at least one fill.
fn winner(standings: &[Standing]) -> Option<UserId> {
    let mut first = standings.iter().filter(|standing| standing.rank == 1);
    match (first.next(), first.next()) {
        (Some(alone), None) if alone.fills > 0 => Some(alone.player),
        (Some(_) | None, _) => None,
    }
}

/// The prize of each rank in minor units, of the fees of so many players. Places that tie share the
/// sum of their prizes evenly; what does not divide, and what is left of places that nobody has,
/// stays with the house.
fn split(template: &Template, players: usize, ranks: &[u32]) -> Vec<i64> {
    let places = places(template, players);
    let prize = |rank: &u32| {
        let tied = ranks.iter().filter(|other| *other == rank).count();
        let skipped = usize::try_from(rank.saturating_sub(1)).unwrap_or(usize::MAX);
        let shared = places
            .iter()
            .skip(skipped)
            .take(tied)
            .fold(0_i128, |sum, place| sum.saturating_add((*place).into()));
        let count = i128::try_from(tied).unwrap_or(i128::MAX);
        i64::try_from(div_floor(shared, count)).unwrap_or(i64::MAX)
    };
    ranks.iter().map(prize).collect()
}

/// What each place is paid, best first, in minor units.
fn places(template: &Template, players: usize) -> Vec<i64> {
    match &template.prize {
        Prize::Fixed { amount_minor, .. } => vec![*amount_minor],
        Prize::Pool {
            rake_bps,
            shares_bps,
        } => {
            let players = u32::try_from(players).unwrap_or(u32::MAX);
            let fees = template.entry_fees_minor(players);
            let pool = fees.saturating_sub(part(fees, *rake_bps, Round::Up));
            shares_bps
                .iter()
                .map(|share| part(pool, *share, Round::Down))
                .collect()
        }
    }
}

enum Round {
    Up,
    Down,
}

fn part(amount: i64, rate: Bps, round: Round) -> i64 {
    let product = i128::from(amount).saturating_mul(rate.get().into());
    let whole = i128::from(Bps::WHOLE.get());
    let part = match round {
        Round::Up => div_ceil(product, whole),
        Round::Down => div_floor(product, whole),
    };
    i64::try_from(part).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn finish(equity: i64) -> Finish {
        Finish {
            equity: Chips::from_units(equity),
            fills: 1,
            cards_left: 0,
        }
    }

    fn result(prize: Prize, equities: &[i64]) -> BattleResult {
        let mut terms = fixture::terms(u128::try_from(equities.len()).unwrap());
        terms.template.prize = prize;
        let finishes: Vec<Finish> = equities.iter().copied().map(finish).collect();
        BattleResult::of(&terms, &finishes)
    }

    fn prizes(result: &BattleResult) -> Vec<i64> {
        result
            .standings
            .iter()
            .map(|standing| standing.prize_minor)
            .collect()
    }

    #[test]
    fn equal_equity_shares_a_rank_and_skips_the_next() {
        let equities = [5, 9, 9, 1, 5].map(Chips::from_units);
        assert_eq!(ranks(&equities), [3, 1, 1, 5, 3]);
    }

    #[test]
    fn without_a_player_the_others_move_up_and_are_paid_of_the_same_fees() {
        let prize = fixture::pool(100, &[6_000, 3_000, 1_000]);
        let full = result(prize.clone(), &[9, 8, 7]);
        let mut terms = fixture::terms(3);
        terms.template.prize = prize;
        assert_eq!(full.without(&terms, &BTreeSet::new()), full);
        let void = BTreeSet::from([full.standings[0].player]);
        let without = full.without(&terms, &void);
        let ranks: Vec<u32> = without.standings.iter().map(|one| one.rank).collect();
        assert_eq!(ranks, [3, 1, 2]);
        assert_eq!(without.winner, Some(full.standings[1].player));
        let [first, second, third] = prizes(&full)[..] else {
            panic!("expected three standings");
        };
        assert_eq!(prizes(&without), [0, first, second]);
        assert_eq!(without.house_minor, full.house_minor + third);
        assert_eq!(without.without(&terms, &void), without);

        let nobody = full.standings.iter().map(|one| one.player).collect();
        let nobody = full.without(&terms, &nobody);
        assert_eq!((nobody.winner, prizes(&nobody)), (None, vec![0, 0, 0]));
        assert_eq!(nobody.house_minor, terms.template.entry_fees_minor(3));
    }

    #[test]
    fn a_fixed_prize_goes_to_rank_one() {
        let result = result(fixture::fixed(18_000_000), &[7, 8]);
        assert_eq!(
            (prizes(&result), result.house_minor),
            (vec![0, 18_000_000], 2_000_000)
        );
        assert_eq!(result.winner, Some(fixture::player(1)));
    }

    #[test]
    fn a_funded_prize_costs_the_house() {
        let prize = Prize::Fixed {
            amount_minor: 25_000_000,
            house_funded: true,
        };
        assert_eq!(result(prize, &[7, 8]).house_minor, -5_000_000);
    }

    #[test]
    fn places_that_tie_share_their_prizes_and_the_house_keeps_what_does_not_divide() {
        // 30,000,000 less 1 % is 29,700,000; the first two places are 20,790,000 and 8,910,000.
        let pool = fixture::pool(100, &[7_000, 3_000]);
        let tied = result(pool.clone(), &[9, 9, 9]);
        assert_eq!(
            (prizes(&tied), tied.house_minor),
            (vec![9_900_000; 3], 300_000)
        );
        assert_eq!(tied.winner, None);
        let odd = result(fixture::fixed(20_000_000), &[9, 9, 9]);
        assert_eq!(
            (prizes(&odd), odd.house_minor),
            (vec![6_666_666; 3], 10_000_002)
        );
        let second = result(pool, &[9, 5, 5]);
        assert_eq!(prizes(&second), [20_790_000, 4_455_000, 4_455_000]);
    }

    #[test]
    fn the_rake_and_what_rounding_leaves_go_to_the_house() {
        let mut terms = fixture::terms(2);
        terms.template.entry_fee_minor = 3;
        terms.template.prize = fixture::pool(1, &[5_000, 5_000]);
        let result = BattleResult::of(&terms, &[finish(2), finish(1)]);
        assert_eq!((prizes(&result), result.house_minor), (vec![2, 2], 2));
    }

    #[test]
    fn nobody_wins_without_a_fill() {
        let terms = fixture::terms(2);
        let idle = Finish {
            fills: 0,
            ..finish(9)
        };
        let result = BattleResult::of(&terms, &[idle, finish(8)]);
        assert_eq!((result.winner, result.standings[0].rank), (None, 1));
        let earned: Vec<_> = result
            .rewards(&terms)
            .iter()
            .map(|r| (r.cups, r.experience))
            .collect();
        assert_eq!(earned, [(0, 20), (0, 20)]);
    }

    #[test]
    fn a_winner_gains_what_the_others_lose_and_an_unranked_battle_earns_nothing() {
        let mut terms = fixture::terms(2);
        let result = BattleResult::of(&terms, &[finish(9), finish(8)]);
        let earned: Vec<_> = result
            .rewards(&terms)
            .iter()
            .map(|r| (r.cups, r.experience))
            .collect();
        assert_eq!(earned, [(30, 100), (-30, 20)]);
        terms.ranked = false;
        assert_eq!(result.rewards(&terms), []);
    }
}

#[cfg(test)]
mod properties {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fixture;
    use crate::game::MAX_AMOUNT_MINOR;

    const WHOLE: i128 = 10_000;

    /// A pot, how it is split, and what everybody ended with.
    #[derive(Clone, Debug)]
    struct Split {
        fee: i64,
        rake: u16,
        shares: Vec<u16>,
        equities: Vec<i64>,
    }

    impl Split {
        fn play(&self) -> BattleResult {
            self.play_for(fixture::pool(self.rake, &self.shares))
        }

        fn play_for(&self, prize: Prize) -> BattleResult {
            let players = u128::try_from(self.equities.len()).unwrap();
            let mut terms = fixture::terms(players);
            terms.template.prize = prize;
            terms.template.entry_fee_minor = self.fee;
            let finish = |equity: &i64| Finish {
                equity: Chips::from_units(*equity),
                fills: 1,
                cards_left: 0,
            };
            let finishes: Vec<Finish> = self.equities.iter().map(finish).collect();
            BattleResult::of(&terms, &finishes)
        }

        fn players(&self) -> i128 {
            i128::try_from(self.equities.len()).unwrap()
        }

        fn fees(&self) -> i128 {
            i128::from(self.fee) * self.players()
        }

        /// What is left of the fees without the rake, which is rounded up.
        fn pool(&self) -> i128 {
            self.fees() * (WHOLE - i128::from(self.rake)) / WHOLE
        }
    }

    /// Amounts small enough that units show, and as great as there can be.
    fn amount() -> impl Strategy<Value = i64> {
        prop_oneof![0..100_i64, 0..=MAX_AMOUNT_MINOR]
    }

    /// Shares of 10,000 in all, in any order, zeros among them, for no more places than players.
    fn shares(players: usize) -> impl Strategy<Value = Vec<u16>> {
        vec(0..=10_000_u16, 0..players.min(20)).prop_map(|mut cuts| {
            cuts.sort_unstable();
            let begins = [0].into_iter().chain(cuts.clone());
            let ends = cuts.iter().copied().chain([10_000]);
            ends.zip(begins).map(|(end, begin)| end - begin).collect()
        })
    }

    /// Equities of which many, few or none are equal.
    fn equities() -> impl Strategy<Value = Vec<i64>> {
        prop_oneof![Just(1_i64), Just(5), Just(50), Just(1_000_000)]
            .prop_flat_map(|different| vec(0..different, 2..100))
    }

    prop_compose! {
        fn splits()(equities in equities())(
            fee in amount(), rake in 0..=10_000_u16, shares in shares(equities.len()),
            equities in Just(equities),
        ) -> Split {
            Split { fee, rake, shares, equities }
        }
    }

    fn prizes(result: &BattleResult) -> Vec<i128> {
        let prizes = result.standings.iter().map(|one| one.prize_minor);
        prizes.map(i128::from).collect()
    }

    proptest! {
        #[test]
        fn every_unit_of_the_pot_is_somebodys(split in splits()) {
            let result = split.play();
            let (prizes, house) = (prizes(&result), i128::from(result.house_minor));
            prop_assert_eq!(prizes.iter().sum::<i128>() + house, split.fees());
            prop_assert!(prizes.iter().all(|prize| *prize >= 0));
            // Less than a unit for each place and each player does not divide.
            let rake = split.fees() - split.pool();
            let places = i128::try_from(split.shares.len()).unwrap();
            prop_assert!((rake..rake + places + split.players()).contains(&house));
        }

        #[test]
        fn equals_are_paid_alike_and_share_what_their_places_are_paid(split in splits()) {
            let result = split.play();
            for rank in 1..=u32::try_from(split.equities.len()).unwrap() {
                let tied = result.standings.iter().filter(|one| one.rank == rank);
                let tied: Vec<i128> = tied.map(|one| one.prize_minor.into()).collect();
                prop_assert!(tied.windows(2).all(|pair| pair[0] == pair[1]));
                let places = split.shares.iter().skip(rank as usize - 1).take(tied.len());
                let count = i128::try_from(tied.len() + places.len()).unwrap();
                let exact = split.pool() * places.copied().map(i128::from).sum::<i128>();
                let lost = exact - tied.iter().sum::<i128>() * WHOLE;
                prop_assert!((0..WHOLE * count.max(1)).contains(&lost), "rank {rank}: {lost}");
            }
        }

        #[test]
        fn it_does_not_matter_who_sits_where(split in splits(), turn in 0_usize..100) {
            let mut turned = split.clone();
            let turn = turn % split.equities.len();
            turned.equities.rotate_left(turn);
            let mut expected = prizes(&split.play());
            expected.rotate_left(turn);
            prop_assert_eq!(prizes(&turned.play()), expected);
            prop_assert_eq!(turned.play(), turned.play());
        }

        #[test]
        fn nobody_is_paid_less_than_those_behind_where_shares_do_not_grow(split in splits()) {
            let mut split = split;
            split.shares.sort_unstable_by_key(|share| Reverse(*share));
            let result = split.play();
            for one in &result.standings {
                for other in &result.standings {
                    prop_assert_eq!(one.equity.cmp(&other.equity), other.rank.cmp(&one.rank));
                    prop_assert!(one.rank >= other.rank || one.prize_minor >= other.prize_minor);
                }
            }
        }

        #[test]
        fn a_fixed_prize_is_paid_to_the_last_unit_that_divides(
            split in splits(), amount in amount(),
        ) {
            let result = split.play_for(fixture::fixed(amount));
            let prizes = prizes(&result);
            let paid: i128 = prizes.iter().sum();
            let first = result.standings.iter().filter(|one| one.rank == 1).count();
            let left = i128::from(amount) - paid;
            prop_assert!((0..i128::try_from(first).unwrap()).contains(&left));
            prop_assert_eq!(paid + i128::from(result.house_minor), split.fees());
            for (one, prize) in result.standings.iter().zip(prizes) {
                prop_assert_eq!(prize, if one.rank == 1 { paid / first as i128 } else { 0 });
            }
        }
    }
}
