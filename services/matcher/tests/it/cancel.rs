//! Calling a battle off gives everything back, or is refused.

use contracts::commands::{Caller, CancelBattle};
use contracts::{Code, Topic};
use domain::battle::BattleTerms;
use domain::chips::Chips;
use domain::game::{Prize, Template};
use domain::id::{BattleId, UserId};
use domain::ledger::{Account, Unit};
use domain::ranking::Finish;
use runtime::ids::mint;
use store::battle;
use store::entity::battle::BattleStatus;
use testkit::eventually;

use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, duel};

fn cancel(battle: BattleId) -> CancelBattle {
    CancelBattle {
        caller: Caller {
            user: mint(),
            request: mint(),
        },
        battle,
    }
}

async fn meet(stage: &Stage, template: &Template, players: [UserId; 2]) -> BattleTerms {
    let game = stage.game(template).await;
    for player in players {
        stage.join(player, game).await.unwrap();
    }
    stage.battle(game).await
}

#[tokio::test]
async fn a_canceled_battle_gives_fees_cards_and_funds_back() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let players: [UserId; 2] = stage.players(50 * USDT).await;
    let lot = Account::lot(
        players[0],
        Unit::LeverageCard,
        Some(stage.now().plus_ms(1_000_000)),
    );
    stage.give(lot, 4).await;
    let prize = Prize::Fixed {
        amount_minor: 100 * USDT,
        house_funded: true,
    };
    let terms = meet(&stage, &Template { prize, ..duel() }, players).await;
    assert_eq!(stage.account(lot).await.0, 0);
    stage.advance(62_999);
    assert_eq!(
        stage.ask_twice(&cancel(terms.battle)).await,
        Ok(terms.battle)
    );

    assert_eq!(stage.status(terms.battle).await, BattleStatus::Canceled);
    for player in players {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
        assert_eq!(stage.wealth(player, Unit::Xp).await, (0, 0));
    }
    assert_eq!(stage.account(lot).await.0, 4);
    assert_eq!(stage.account(Account::house(Unit::Usdt)).await.0, 0);
    let told = stage.announced(terms.battle).await;
    assert_eq!(told[3], Topic::BattleCanceled.subject(&terms.battle.into()));
    stage.check().await;

    assert_eq!(
        stage.ask(&cancel(terms.battle)).await,
        Ok(terms.battle),
        "it is canceled already"
    );
    assert_eq!(stage.announced(terms.battle).await, told);
    assert!(
        stage.join(players[0], terms.game).await.is_ok(),
        "the seat is free again"
    );
    matcher.stop().await;
}

#[tokio::test]
async fn an_ended_battle_cannot_be_canceled() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let players = stage.players(50 * USDT).await;
    let terms = meet(&stage, &duel(), players).await;
    stage.advance(63_000);
    assert_eq!(
        stage.ask_twice(&cancel(terms.battle)).await,
        Err(Code::MatchOver)
    );
    assert_eq!(stage.wealth(players[0], Unit::Usdt).await, (40 * USDT, 0));
    matcher.stop().await;
}

#[tokio::test]
async fn a_sealed_battle_cannot_be_canceled_whatever_our_clock_says() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let terms = meet(&stage, &duel(), stage.players(50 * USDT).await).await;
    let finish = Finish {
        equity: Chips::from_units(1),
        fills: 0,
        cards_left: 0,
    };
    stage.seal(&terms, &[finish; 2]).await;
    assert_eq!(
        stage.ask_twice(&cancel(terms.battle)).await,
        Err(Code::MatchOver)
    );
    assert_eq!(stage.status(terms.battle).await, BattleStatus::Open);
    matcher.stop().await;
}

#[tokio::test]
async fn a_battle_that_was_given_up_is_canceled_though_its_time_is_over() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let players: [UserId; 2] = stage.players(50 * USDT).await;
    let terms = meet(&stage, &duel(), players).await;
    stage.advance(63_000);
    let over = async || stage.status(terms.battle).await == BattleStatus::Settling;
    eventually(LIMIT, over).await;
    stage
        .script(&format!(
            "INSERT INTO arena_battles (battle_id, shard, terms, status, log_number, accepted, finals)
             VALUES ('{}', 0, '{{}}', 'LOST', 0, 0, '[]')",
            terms.battle
        ))
        .await;
    let canceled = async || stage.status(terms.battle).await == BattleStatus::Canceled;
    eventually(LIMIT, canceled).await;
    for player in players {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    }
    let told = stage.announced(terms.battle).await;
    assert!(told.contains(&Topic::BattleCanceled.subject(&terms.battle.into())));
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn an_unknown_battle_cannot_be_canceled() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    assert_eq!(
        stage.ask_twice(&cancel(mint())).await,
        Err(Code::MatchNotFound)
    );
    matcher.stop().await;
}

#[tokio::test]
async fn a_cancel_waits_for_whoever_seals_the_result_and_is_refused_then() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let players: [UserId; 2] = stage.players(50 * USDT).await;
    let terms = meet(&stage, &duel(), players).await;
    let sealing = stage.db.begin().await.unwrap();
    battle::lock_verdict(&sealing, terms.battle).await.unwrap();
    let finish = Finish {
        equity: Chips::from_units(1),
        fills: 0,
        cards_left: 0,
    };
    let seal = async {
        eventually(LIMIT, async || stage.waits_for_a_lock().await).await;
        stage.seal(&terms, &[finish; 2]).await;
        sealing.commit().await.unwrap();
    };
    let command = cancel(terms.battle);
    let (canceled, ()) = tokio::join!(stage.ask(&command), seal);
    assert_eq!(canceled, Err(Code::MatchOver));
    assert_eq!(stage.status(terms.battle).await, BattleStatus::Open);
    matcher.stop().await;
}
