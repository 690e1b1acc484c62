//! What moves a metric.

use achievement::metric::{BATTLES_PLAYED, BATTLES_WON, of_battle};
use contracts::achievements::PlayerEvent;
use contracts::battles::{BattleSettled, Standing};
use domain::id::UserId;
use domain::money::{Currency, Money};
use uuid::Uuid;

fn once(user: UserId, metric: &str) -> PlayerEvent {
    PlayerEvent {
        user,
        metric: metric.to_owned(),
        by: 1,
    }
}

fn standing(player: u128, winner: bool, fills: u32) -> Standing {
    let prize = Money {
        minor: 0,
        currency: Currency::Usdt,
    };
    let (rank, cups, experience) = (1, 0, 0);
    Standing {
        player: Uuid::from_u128(player).into(),
        rank,
        winner,
        prize,
        cups,
        experience,
        fills,
    }
}

fn settled(ranked: bool) -> BattleSettled {
    BattleSettled {
        battle: Uuid::from_u128(9).into(),
        game: Uuid::from_u128(8).into(),
        title: "Sprint".to_owned(),
        ranked,
        standings: vec![
            standing(1, true, 2),
            standing(2, false, 1),
            standing(3, false, 0),
        ],
        record_sha256: String::new(),
    }
}

#[test]
fn whoever_traded_has_played_and_only_the_winner_has_won() {
    let player = |n| Uuid::from_u128(n).into();
    assert_eq!(
        of_battle(&settled(true)),
        [
            once(player(1), BATTLES_PLAYED),
            once(player(1), BATTLES_WON),
            once(player(2), BATTLES_PLAYED)
        ]
    );
}

#[test]
fn an_unranked_battle_counts_for_nothing() {
    assert_eq!(of_battle(&settled(false)), []);
}
