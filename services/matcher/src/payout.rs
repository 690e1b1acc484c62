//! What a sealed result comes to: who is paid what, who gains and who loses. Decides; moves
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use contracts::battles::Standing;
use domain::battle::BattleTerms;
use domain::chips::Chips;
use domain::game::{ItemKind, ItemReward, Prize, Template};
use domain::id::UserId;
use domain::money::Money;
use domain::ranking::{self, BattleResult, Reward};

/// What is paid when a battle settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payout {
    /// Everybody, by rank and then by seat.
    pub(crate) lines: Vec<Line>,
    /// What is left in the battle's escrow once the prizes are paid, in the currency's minor unit.
    pub(crate) remainder_minor: i64,
}

/// What one player takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// What everybody is told.
    pub(crate) standing: Standing,
    /// Final equity.
    pub(crate) equity: Chips,
    /// Card uses that come back.
    pub(crate) cards_left: u32,
    /// Items gained.
    pub(crate) items: Vec<ItemReward>,
}

impl Line {
    /// By how much the player's cups change.
    pub(crate) fn cups(&self) -> (UserId, i64) {
        (self.standing.player, self.standing.cups)
    }
}

/// Why a result cannot be paid: it contradicts the battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Contradiction {
    /// The result is about other players.
    #[error("expected a standing for every seat and no other")]
    Players,
    /// More is paid than was paid in, less, or something negative.
    #[error("expected prizes and the house's part to add up to the fees {fees}, found {found}")]
    Money {
        /// The entry fees, in the currency's minor unit.
        fees: i128,
        /// Prizes and the house's part, in the currency's minor unit.
        found: i128,
    },
    /// More card uses come back than were brought.
    #[error("expected at most {brought} card uses back, found {back}")]
    Cards {
        /// What the player brought.
        brought: u32,
        /// What would come back.
        back: u32,
    },
}

/// What the house adds to the fees of `players` so that a fixed prize can be paid, in the
/// currency's minor unit.
pub(crate) fn house_funds_minor(template: &Template, players: usize) -> i64 {
    match template.prize {
        Prize::Fixed { amount_minor, .. } => {
            let missing = i128::from(amount_minor) - fees_minor(template, players);
            i64::try_from(missing.max(0)).unwrap_or(i64::MAX)
        }
        Prize::Pool { .. } => 0,
    }
}

/// What `result` comes to, given the cups that each player has now.
pub(crate) fn decide(
    terms: &BattleTerms,
    result: &BattleResult,
    cups: &BTreeMap<UserId, i64>,
) -> Result<Payout, Contradiction> {
    check_players(terms, result)?;
    let remainder_minor = remainder_minor(terms, result)?;
    let rewards = result.rewards(terms);
    let mut lines: Vec<Line> = result
        .standings
        .iter()
        .map(|standing| {
            let reward = rewards
                .iter()
                .find(|reward| reward.player == standing.player);
            let cups = cups.get(&standing.player).copied().unwrap_or(0);
            line(
                terms,
                standing,
                reward,
                result.winner == Some(standing.player),
                cups,
            )
        })
        .collect();
    lines.sort_by_key(|line| line.standing.rank);
    Ok(Payout {
        lines,
        remainder_minor,
    })
}

fn line(
    terms: &BattleTerms,
    standing: &ranking::Standing,
    reward: Option<&Reward>,
    winner: bool,
    cups: i64,
) -> Line {
    let currency = terms.template.currency;
    Line {
        standing: Standing {
            player: standing.player,
            rank: standing.rank,
            winner,
            prize: Money {
                minor: standing.prize_minor,
                currency,
            },
            // Nobody falls below no cups at all.
            cups: reward.map_or(0, |reward| reward.cups.max(-cups)),
            experience: reward.map_or(0, |reward| reward.experience),
            fills: standing.fills,
        },
        equity: standing.equity,
        cards_left: standing.cards_left,
        items: reward.map_or_else(Vec::new, |reward| merged(&reward.items)),
    }
}

/// One reward of each kind, for one movement of the ledger: a template may be older than the rule
/// that it names each kind once.
pub(crate) fn merged(items: &[ItemReward]) -> Vec<ItemReward> {
    let mut uses: BTreeMap<ItemKind, u32> = BTreeMap::new();
    for item in items {
        let sum = uses.entry(item.kind).or_default();
        *sum = sum.saturating_add(item.uses);
    }
    uses.into_iter()
        .map(|(kind, uses)| ItemReward { kind, uses })
        .collect()
}

fn check_players(terms: &BattleTerms, result: &BattleResult) -> Result<(), Contradiction> {
    let seated: BTreeMap<UserId, u32> = terms
        .seats
        .iter()
        .map(|seat| (seat.player, seat.card_uses))
        .collect();
    let stood: BTreeSet<UserId> = result
        .standings
        .iter()
        .map(|standing| standing.player)
        .collect();
    let same = seated.keys().eq(stood.iter()) && result.standings.len() == stood.len();
    if !same || result.battle != terms.battle {
        return Err(Contradiction::Players);
    }
    for standing in &result.standings {
        let brought = seated.get(&standing.player).copied().unwrap_or(0);
        if standing.cards_left > brought {
            return Err(Contradiction::Cards {
                brought,
                back: standing.cards_left,
            });
        }
    }
    Ok(())
}

fn remainder_minor(terms: &BattleTerms, result: &BattleResult) -> Result<i64, Contradiction> {
    let players = terms.seats.len();
    let fees = fees_minor(&terms.template, players);
    let prizes: i128 = result
        .standings
        .iter()
        .map(|one| i128::from(one.prize_minor))
        .sum();
    let found = prizes + i128::from(result.house_minor);
    let none_negative = result.standings.iter().all(|one| one.prize_minor >= 0);
    let funds = i128::from(house_funds_minor(&terms.template, players));
    let remainder = i64::try_from(i128::from(result.house_minor) + funds);
    let pays_in_currency = result.currency == terms.template.currency;
    match remainder {
        Ok(minor) if found == fees && none_negative && minor >= 0 && pays_in_currency => Ok(minor),
        _ => Err(Contradiction::Money { fees, found }),
    }
}

fn fees_minor(template: &Template, players: usize) -> i128 {
    i128::from(template.entry_fee_minor) * i128::try_from(players).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use domain::battle::Seat;
    use domain::game::AllowedAsset;
    use domain::leverage::{Bps, Leverage};
    use domain::money::Currency;
    use domain::timestamp::Timestamp;
    use uuid::Uuid;

    use super::*;

    const FEE: i64 = 10_000_000;
    const REWARD: i64 = 18_000_000;
    const ITEMS: ItemReward = ItemReward {
        kind: ItemKind::LeverageCard,
        uses: 2,
    };

    fn player(number: u128) -> UserId {
        Uuid::from_u128(number).into()
    }

    fn terms(prize: Prize) -> BattleTerms {
        let template = Template {
            title: "Duel".to_owned(),
            description: String::new(),
            cover: String::new(),
            currency: Currency::Usdt,
            is_active: true,
            duration_ms: 60_000,
            countdown_ms: 3_000,
            min_players: 2,
            max_players: 2,
            max_positions: 10,
            start_balance: Chips::from_units(10_000_000_000),
            entry_fee_minor: FEE,
            assets: vec![AllowedAsset {
                symbol: "BTCUSDT".parse().unwrap(),
                price_step: "0.01".parse().unwrap(),
            }],
            max_leverage: Leverage::MAX,
            fee_bps: Bps::default(),
            maintenance_bps: Bps::default(),
            fill_delay_ms: 250,
            card_uses: 10,
            prize,
            cup: 30,
            win_exp: 100,
            lose_exp: 20,
            items: vec![ITEMS],
            cup_band: None,
            fill_wait_ms: 5_000,
            queue_ttl_ms: 60_000,
        };
        BattleTerms {
            battle: Uuid::from_u128(100).into(),
            game: Uuid::from_u128(200).into(),
            version: 1,
            template,
            ranked: true,
            start_time: Timestamp::from_ms(0),
            end_time: Timestamp::from_ms(60_000),
            seats: [1, 2]
                .map(|number| Seat {
                    player: player(number),
                    card_uses: 2,
                })
                .to_vec(),
        }
    }

    fn fixed() -> Prize {
        Prize::Fixed {
            amount_minor: REWARD,
            house_funded: false,
        }
    }

    /// Ranks and prizes by seat; `house_minor` follows from them.
    fn result(terms: &BattleTerms, winner: Option<u128>, places: [(u32, i64); 2]) -> BattleResult {
        let prizes: i64 = places.iter().map(|(_, prize_minor)| prize_minor).sum();
        let standings = terms
            .seats
            .iter()
            .zip(places)
            .zip(0..)
            .map(|((seat, place), number)| ranking::Standing {
                player: seat.player,
                number,
                equity: Chips::ZERO,
                rank: place.0,
                fills: 1,
                cards_left: 1,
                prize_minor: place.1,
            });
        BattleResult {
            battle: terms.battle,
            winner: winner.map(player),
            currency: Currency::Usdt,
            house_minor: 2 * FEE - prizes,
            standings: standings.collect(),
        }
    }

    fn cups_and_experience(payout: &Payout) -> Vec<(UserId, i64, i64)> {
        let of = |line: &Line| {
            (
                line.standing.player,
                line.standing.cups,
                line.standing.experience,
            )
        };
        payout.lines.iter().map(of).collect()
    }

    #[test]
    fn the_winner_gains_and_the_other_loses_no_cup_that_he_has_not() {
        let terms = terms(fixed());
        let result = result(&terms, Some(2), [(2, 0), (1, REWARD)]);
        let payout = decide(&terms, &result, &BTreeMap::from([(player(1), 12)])).unwrap();
        assert_eq!(payout.remainder_minor, 2 * FEE - REWARD);
        assert_eq!(
            cups_and_experience(&payout),
            [(player(2), 30, 100), (player(1), -12, 20)]
        );
        assert_eq!(payout.lines[0].items, [ITEMS]);
        assert_eq!(payout.lines[1].items, []);
    }

    #[test]
    fn items_of_one_kind_are_one_reward() {
        let mut terms = terms(fixed());
        terms.template.items = vec![ITEMS, ITEMS];
        let result = result(&terms, Some(1), [(1, REWARD), (2, 0)]);
        let payout = decide(&terms, &result, &BTreeMap::new()).unwrap();
        assert_eq!(payout.lines[0].items, [ItemReward { uses: 4, ..ITEMS }]);
    }

    #[test]
    fn without_a_single_winner_nobody_moves_a_cup() {
        let terms = terms(fixed());
        let result = result(&terms, None, [(1, REWARD / 2), (1, REWARD / 2)]);
        let payout = decide(&terms, &result, &BTreeMap::from([(player(1), 12)])).unwrap();
        assert_eq!(
            cups_and_experience(&payout),
            [(player(1), 0, 20), (player(2), 0, 20)]
        );
    }

    #[test]
    fn an_unranked_battle_is_about_money_only() {
        let terms = BattleTerms {
            ranked: false,
            ..terms(fixed())
        };
        let result = result(&terms, Some(1), [(1, REWARD), (2, 0)]);
        let payout = decide(&terms, &result, &BTreeMap::from([(player(2), 99)])).unwrap();
        assert_eq!(
            cups_and_experience(&payout),
            [(player(1), 0, 0), (player(2), 0, 0)]
        );
        assert_eq!(payout.lines[0].standing.prize.minor, REWARD);
        assert_eq!(payout.lines[0].items, []);
    }

    #[test]
    fn what_the_house_adds_to_a_fixed_prize_leaves_nothing_over() {
        let terms = terms(Prize::Fixed {
            amount_minor: 3 * FEE,
            house_funded: true,
        });
        assert_eq!(house_funds_minor(&terms.template, 2), FEE);
        let result = result(&terms, Some(1), [(1, 3 * FEE), (2, 0)]);
        let payout = decide(&terms, &result, &BTreeMap::new()).unwrap();
        assert_eq!(payout.remainder_minor, 0);
    }

    #[test]
    fn a_result_that_pays_more_than_was_paid_in_is_refused() {
        let terms = terms(fixed());
        let honest = result(&terms, Some(1), [(1, REWARD), (2, 0)]);
        let refused = |result: &BattleResult| decide(&terms, result, &BTreeMap::new()).unwrap_err();

        let generous = BattleResult {
            house_minor: honest.house_minor + 1,
            ..honest.clone()
        };
        assert!(matches!(refused(&generous), Contradiction::Money { .. }));
        let negative = result(&terms, Some(1), [(1, 2 * FEE + 1), (2, -1)]);
        assert!(matches!(refused(&negative), Contradiction::Money { .. }));
        let overdrawn = result(&terms, Some(1), [(1, 2 * FEE + 1), (2, 0)]);
        assert!(matches!(refused(&overdrawn), Contradiction::Money { .. }));

        let mut stranger = honest.clone();
        stranger.standings[0].player = player(3);
        assert_eq!(refused(&stranger), Contradiction::Players);
        let mut twice = honest.clone();
        twice.standings[0] = twice.standings[1].clone();
        assert_eq!(refused(&twice), Contradiction::Players);
        let mut cards = honest;
        cards.standings[0].cards_left = 3;
        assert_eq!(
            refused(&cards),
            Contradiction::Cards {
                brought: 2,
                back: 3
            }
        );
    }
}
