//! Opening battles: who, when, and what goes into them.

use contracts::market::Offset;
use contracts::{Code, Key, Topic};
use domain::game::{MAX_PLAYERS, Prize, Template};
use domain::id::UserId;
use domain::ledger::{Account, Unit};
use domain::timestamp::Timestamp;
use store::entity::battle::BattleStatus;
use store::ledger;
use testkit::eventually;

use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, crowd, duel, free};

#[tokio::test]
async fn two_players_meet_and_their_fees_lie_in_the_battle() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&duel()).await;
    let [a, b] = stage.players(50 * USDT).await;
    stage.join(a, game).await.unwrap();
    let opened_from = stage.now();
    stage.join(b, game).await.unwrap();
    let terms = stage.battle(game).await;

    assert_eq!(
        terms
            .seats
            .iter()
            .map(|seat| seat.player)
            .collect::<Vec<_>>(),
        [a, b]
    );
    assert_eq!(terms.template, duel());
    assert_eq!(terms.start_time, opened_from.plus_ms(3_000));
    assert_eq!(terms.end_time, opened_from.plus_ms(63_000));
    assert_eq!(stage.status(terms.battle).await, BattleStatus::Open);
    for player in [a, b] {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (40 * USDT, 0));
        assert_eq!(stage.leave(player, game).await, Err(Code::AlreadyOpen));
    }
    let escrow = Account::escrow(terms.battle.uuid(), Unit::Usdt);
    assert_eq!(stage.account(escrow).await, (20 * USDT, 0));
    let opened = Topic::BattleOpened.subject(&terms.battle.into());
    let in_app = Topic::InApp.subject(&Key::none());
    assert_eq!(
        stage.announced(terms.battle).await,
        [opened, in_app.clone(), in_app]
    );
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_unit_that_leaves_an_open_battle_is_found() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&duel()).await;
    let [a, b] = stage.players(50 * USDT).await;
    for player in [a, b] {
        stage.join(player, game).await.unwrap();
    }
    let terms = stage.battle(game).await;
    stage.check().await;
    let escrow = Account::escrow(terms.battle.uuid(), Unit::Usdt);
    let house = Account::house(Unit::Usdt);
    stage.transfer(escrow, house, 1).await;
    let found = ledger::check(&stage.db).await.unwrap();
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    let expected = format!(
        "escrows_cover_open_battles: escrow USDT of battle {}: expected 20000000, found 19999999",
        terms.battle
    );
    assert_eq!(found, [expected]);
    matcher.stop().await;
}

#[tokio::test]
async fn times_are_the_exchanges_and_the_offset_stays_with_the_battle() {
    const AHEAD_MS: i64 = 1_234;
    let stage = Stage::new().await;
    let offset = Offset {
        epoch: 1,
        offset_ns: AHEAD_MS * 1_000_000 + 999_999,
    };
    stage.bus.publish(&offset, "offset").await.unwrap();
    let matcher = stage.matcher().await;
    let game = stage.game(&duel()).await;
    for player in stage.players::<2>(50 * USDT).await {
        stage.join(player, game).await.unwrap();
    }
    let terms = stage.battle(game).await;
    assert_eq!(terms.start_time, stage.now().plus_ms(AHEAD_MS + 3_000));
    assert_eq!(stage.clock_offset_ns(terms.battle).await, offset.offset_ns);
    matcher.stop().await;
}

#[tokio::test]
async fn eight_players_fill_a_battle_at_once_and_the_ninth_waits() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&crowd()).await;
    let players: [UserId; 9] = stage.players(10 * USDT).await;
    let mut tickets = Vec::new();
    for player in players {
        tickets.push(stage.join(player, game).await.unwrap());
    }
    let terms = stage.battle(game).await;
    let seated: Vec<UserId> = terms.seats.iter().map(|seat| seat.player).collect();
    assert_eq!(seated, players[..8]);
    assert_eq!(stage.ticket_status(tickets[7]).await, "SEATED");
    assert_eq!(stage.ticket_status(tickets[8]).await, "QUEUED");
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn as_many_players_as_a_battle_may_seat_meet() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let seats = Template {
        min_players: MAX_PLAYERS,
        max_players: MAX_PLAYERS,
        ..free()
    };
    let game = stage.game(&seats).await;
    stage.crowd(game, MAX_PLAYERS, 0).await;
    let seated = stage.battle(game).await.seats.len();
    assert_eq!(u32::try_from(seated), Ok(MAX_PLAYERS));
    matcher.stop().await;
}

#[tokio::test]
async fn after_the_wait_the_fewest_players_are_enough() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&crowd()).await;
    let players: [UserId; 3] = stage.players(10 * USDT).await;
    stage.join(players[0], game).await.unwrap();
    stage.advance(4_000);
    stage.join(players[1], game).await.unwrap();
    stage.join(players[2], game).await.unwrap();
    stage.advance(4_999);
    // The oldest has waited long enough; the second oldest has not.
    stage.rounds_pass().await;
    assert_eq!(stage.find_battle(game).await, None);
    stage.advance(1);
    assert_eq!(stage.battle(game).await.seats.len(), 3);
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn cards_that_expire_first_go_into_the_battle() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&duel()).await;
    let [a, b] = stage.players(50 * USDT).await;
    let lot = |days: i64| {
        let expires_at = stage.now().plus_ms(days * 86_400_000);
        Account::lot(a, Unit::LeverageCard, Some(expires_at))
    };
    let expired = Account::lot(a, Unit::LeverageCard, Some(Timestamp::from_ms(1)));
    for (lot, uses) in [(expired, 5), (lot(2), 8), (lot(1), 6)] {
        stage.give(lot, uses).await;
    }
    stage.join(a, game).await.unwrap();
    stage.join(b, game).await.unwrap();
    let terms = stage.battle(game).await;
    assert_eq!(
        terms
            .seats
            .iter()
            .map(|seat| seat.card_uses)
            .collect::<Vec<_>>(),
        [10, 0]
    );
    assert_eq!(stage.account(expired).await.0, 5);
    assert_eq!(stage.account(lot(1)).await.0, 0);
    assert_eq!(stage.account(lot(2)).await.0, 4);
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn what_fees_do_not_cover_of_a_prize_is_taken_from_the_house_at_once() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let prize = Prize::Fixed {
        amount_minor: 100 * USDT,
        house_funded: true,
    };
    let game = stage.game(&Template { prize, ..duel() }).await;
    for player in stage.players::<2>(50 * USDT).await {
        stage.join(player, game).await.unwrap();
    }
    let terms = stage.battle(game).await;
    let escrow = Account::escrow(terms.battle.uuid(), Unit::Usdt);
    assert_eq!(stage.account(escrow).await, (100 * USDT, 0));
    assert_eq!(
        stage.account(Account::house(Unit::Usdt)).await,
        (-80 * USDT, 0)
    );
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_free_game_holds_and_moves_nothing() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&free()).await;
    for player in stage.players::<2>(0).await {
        stage.join(player, game).await.unwrap();
    }
    stage.battle(game).await;
    assert_eq!(stage.transfers().await, "0");
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_match_that_cannot_open_holds_up_none_of_those_that_open_with_it() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let template = Template {
        cup_band: Some(10),
        ..free()
    };
    let game = stage.game(&template).await;
    // Too far from each other at first, and all near enough in half a minute.
    stage.crowd(game, 6, 12).await;
    stage.player(USDT).await;
    stage
        .script(
            // A transfer, but none that holds anything.
            "UPDATE tickets SET hold_id = (SELECT id FROM ledger_transfers LIMIT 1)
             WHERE id = (SELECT id FROM tickets ORDER BY id LIMIT 1)",
        )
        .await;
    stage.advance(30_000);
    let seated = "SELECT count(*) FROM tickets WHERE status = 'SEATED'";
    eventually(LIMIT, async || stage.number(seated).await == 4).await;
    let spoiled = "SELECT count(*) FROM tickets WHERE status = 'QUEUED' AND hold_id IS NOT NULL";
    assert_eq!(stage.number(spoiled).await, 1);
    assert_eq!(stage.number("SELECT count(*) FROM battles").await, 2);
    matcher.stop().await;
}
