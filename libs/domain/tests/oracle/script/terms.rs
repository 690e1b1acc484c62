//! Terms of battles: the plain ones, and random ones.

use domain::battle::{BattleTerms, Seat};
use domain::chips::Chips;
use domain::game::{AllowedAsset, Prize, Template};
use domain::id::{BattleId, GameId, UserId};
use domain::leverage::{Bps, Leverage};
use domain::money::Currency;
use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use uuid::Uuid;

use super::{Flavor, START, SYMBOLS};
use crate::random::Random;

pub(crate) fn player(number: usize) -> UserId {
    UserId::new(Uuid::from_u128(0xA000 + u128::try_from(number).unwrap()))
}

pub(super) fn bps(bps: i64) -> Bps {
    u16::try_from(bps).unwrap().try_into().unwrap()
}

pub(crate) fn symbol(asset: usize) -> Symbol {
    SYMBOLS[asset % SYMBOLS.len()].parse().unwrap()
}

/// A duel on one asset without fees, from [`START`] on for a minute.
pub(crate) fn plain_terms(players: usize, assets: &[usize]) -> BattleTerms {
    let template = Template {
        title: "Duel".to_owned(),
        description: String::new(),
        cover: String::new(),
        currency: Currency::Usdt,
        is_active: true,
        duration_ms: 60_000,
        countdown_ms: 3_000,
        min_players: 2,
        max_players: 1_000,
        max_positions: 5,
        start_balance: Chips::from_units(10_000_000_000),
        entry_fee_minor: 10_000_000,
        assets: assets
            .iter()
            .map(|asset| AllowedAsset {
                symbol: symbol(*asset),
                price_step: Price::MIN,
            })
            .collect(),
        max_leverage: Leverage::MAX,
        fee_bps: bps(0),
        maintenance_bps: bps(0),
        fill_delay_ms: 250,
        card_uses: 10,
        prize: Prize::Fixed {
            amount_minor: 18_000_000,
            house_funded: false,
        },
        cup: 30,
        win_exp: 100,
        lose_exp: 20,
        items: Vec::new(),
        cup_band: None,
        fill_wait_ms: 5_000,
        queue_ttl_ms: 60_000,
    };
    BattleTerms {
        battle: battle(0),
        game: GameId::new(Uuid::from_u128(0xC000)),
        version: 1,
        template,
        ranked: true,
        start_time: Timestamp::from_ms(START),
        end_time: Timestamp::from_ms(START + 60_000),
        seats: (0..players)
            .map(|number| Seat {
                player: player(number),
                card_uses: 3,
            })
            .collect(),
    }
}

pub(crate) fn battle(number: usize) -> BattleId {
    BattleId::new(Uuid::from_u128(0xB000 + u128::try_from(number).unwrap()))
}

pub(super) fn random_terms(random: &mut Random, flavor: Flavor, number: usize) -> BattleTerms {
    let players = usize::try_from(random.between(2, 5)).unwrap();
    let assets: &[usize] = random.of(&[&[0][..], &[0, 1], &[1, 0], &[2, 0, 1], &[1]]);
    let mut terms = plain_terms(players, assets);
    terms.battle = battle(number);
    let template = &mut terms.template;
    template.fee_bps = bps(random.of(&[0, 0, 7, 10, 250]));
    template.maintenance_bps = bps(random.of(&[0, 0, 20, 50]));
    template.fill_delay_ms = random.of(&[0, 1, 250, 250, 1_000]);
    template.max_positions = u32::try_from(random.of(&[1, 2, 5, 5, 30])).unwrap();
    template.max_leverage = Leverage::try_from(random.of(&[100, 100, 20, 5])).unwrap();
    template.entry_fee_minor = random.of(&[0, 1, 3, 10_000_000]);
    let fixed = template.entry_fee_minor * 2;
    template.prize = if random.percent(50) {
        Prize::Fixed {
            amount_minor: random.of(&[fixed, fixed - fixed / 10, 7, 1]),
            house_funded: true,
        }
    } else {
        Prize::Pool {
            rake_bps: bps(random.of(&[0, 1, 500, 3_333])),
            shares_bps: random
                .of(&[&[10_000][..], &[7_000, 3_000], &[3_334, 6_666]])
                .iter()
                .map(|share| bps(*share))
                .collect(),
        }
    };
    if flavor == Flavor::Extreme {
        template.fee_bps = bps(random.of(&[0, 30, 5_000, 10_000]));
        template.start_balance = Chips::from_units(random.of(&[
            1_000_000,
            10_000_000_000,
            100_000_000_000_000,
            100_000_000_000_000,
        ]));
        for asset in &mut template.assets {
            asset.price_step = Price::from_units(random.of(&[1, 1, 100, 1_000_000])).unwrap();
        }
    }
    let start = START + random.of(&[0, 0, 0, -2_500, 1_500]);
    let span = random.of(&[3_000, 20_000, 40_000, 60_000]);
    terms.start_time = Timestamp::from_ms(start);
    terms.end_time = Timestamp::from_ms(start + span);
    for seat in &mut terms.seats {
        seat.card_uses = u32::try_from(random.of(&[0, 1, 3, 10])).unwrap();
    }
    terms
}
