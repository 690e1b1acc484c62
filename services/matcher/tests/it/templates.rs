//! Templates of games to test with.

use domain::chips::Chips;
use domain::game::{AllowedAsset, ItemKind, ItemReward, Prize, Template};
use domain::leverage::{Bps, Leverage};
use domain::money::Currency;

/// Millionths in one USDT.
pub(crate) const USDT: i64 = 1_000_000;

/// The worked example of the rules: fee 10, fixed reward 18, two players.
pub(crate) fn duel() -> Template {
    Template {
        title: "Duel".to_owned(),
        description: "Two meet.".to_owned(),
        cover: String::new(),
        currency: Currency::Usdt,
        is_active: true,
        duration_ms: 60_000,
        countdown_ms: 3_000,
        min_players: 2,
        max_players: 2,
        max_positions: 10,
        start_balance: Chips::from_units(10_000_000_000),
        entry_fee_minor: 10 * USDT,
        assets: vec![AllowedAsset {
            symbol: "BTCUSDT".parse().unwrap(),
            price_step: "0.01".parse().unwrap(),
        }],
        max_leverage: Leverage::MAX,
        fee_bps: Bps::default(),
        maintenance_bps: Bps::default(),
        fill_delay_ms: 250,
        card_uses: 10,
        prize: Prize::Fixed {
            amount_minor: 18 * USDT,
            house_funded: false,
        },
        cup: 30,
        win_exp: 100,
        lose_exp: 20,
        items: vec![ItemReward {
            kind: ItemKind::LeverageCard,
            uses: 3,
        }],
        cup_band: None,
        fill_wait_ms: 5_000,
        queue_ttl_ms: 60_000,
    }
}

/// Up to eight players share the fees less a rake of 5 %.
pub(crate) fn crowd() -> Template {
    let bps = |rate: u16| rate.try_into().unwrap();
    Template {
        title: "Crowd".to_owned(),
        max_players: 8,
        prize: Prize::Pool {
            rake_bps: bps(500),
            shares_bps: vec![bps(7_000), bps(3_000)],
        },
        ..duel()
    }
}

/// Four meet for fun: nothing is paid, won or lost.
pub(crate) fn fun() -> Template {
    Template {
        min_players: 4,
        max_players: 4,
        ..Template::usual("Fun".to_owned(), duel().assets)
    }
}

/// A duel that costs nothing, pays nothing and opens as soon as two are there.
pub(crate) fn free() -> Template {
    Template {
        title: "Free".to_owned(),
        entry_fee_minor: 0,
        prize: Prize::Fixed {
            amount_minor: 0,
            house_funded: false,
        },
        ..duel()
    }
}
