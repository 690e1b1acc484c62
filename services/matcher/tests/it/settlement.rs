//! Settling battles: the worked example of the rules, ties, and what happens twice.

use contracts::arena::{BattleChange, BattleEvent};
use contracts::{Key, Stream, Topic};
use domain::battle::BattleTerms;
use domain::chips::Chips;
use domain::game::Template;
use domain::id::UserId;
use domain::ledger::{Account, Unit};
use domain::ranking::{BattleResult, Finish};
use store::entity::battle::BattleStatus;
use testkit::eventually;

use crate::rows::SeatRow;
use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, crowd, duel};

const SEASON_CUPS: &str = include_str!("../../../../migrations/sql/0029_season_cups.sql");

/// Where nothing but a hint makes the matcher settle.
const NO_POLL: &[(&str, &str)] = &[("leader.settle_poll_ms", "60000")];

fn finish(equity: &str, fills: u32, cards_left: u32) -> Finish {
    Finish {
        equity: equity.parse().unwrap(),
        fills,
        cards_left,
    }
}

/// What the worked example ends with.
fn worked_example() -> [Finish; 2] {
    [finish("103.15789473", 1, 0), finish("96.84210526", 1, 0)]
}

fn sealed(terms: &BattleTerms, result: BattleResult) -> BattleEvent {
    let change = BattleChange::Sealed {
        result,
        record_sha256: "a hash".to_owned(),
    };
    BattleEvent {
        battle: terms.battle,
        game: terms.game,
        change,
    }
}

/// Lets `players` meet.
async fn meet(stage: &Stage, template: &Template, players: &[UserId]) -> BattleTerms {
    let game = stage.game(template).await;
    for player in players {
        stage.join(*player, game).await.unwrap();
    }
    stage.battle(game).await
}

async fn closed(stage: &Stage, terms: &BattleTerms) {
    let is_closed = async || stage.status(terms.battle).await == BattleStatus::Closed;
    eventually(LIMIT, is_closed).await;
}

fn seat(player: UserId, rank: i32, prize: i64, cups: i64, experience: i64) -> SeatRow {
    SeatRow {
        player_id: player.uuid(),
        rank: Some(rank),
        prize: Some(prize),
        cups_change: Some(cups),
        experience_gained: Some(experience),
    }
}

#[tokio::test]
async fn the_worked_example_pays_58_and_40_and_leaves_the_house_2() {
    let stage = Stage::new().await;
    let matcher = stage.matcher_with(NO_POLL).await;
    let [a, b] = stage.players(50 * USDT).await;
    stage.give(Account::user(b, Unit::Cups), 12).await;
    let terms = meet(&stage, &duel(), &[a, b]).await;
    stage.advance(63_000);
    let result = stage.seal(&terms, &worked_example()).await;
    let event = sealed(&terms, result);
    stage.bus.publish(&event, "sealed").await.unwrap();
    closed(&stage, &terms).await;

    assert_eq!(stage.wealth(a, Unit::Usdt).await, (58 * USDT, 0));
    assert_eq!(stage.wealth(b, Unit::Usdt).await, (40 * USDT, 0));
    assert_eq!(stage.account(Account::house(Unit::Usdt)).await.0, 2 * USDT);
    assert_eq!(
        (
            stage.wealth(a, Unit::Cups).await.0,
            stage.wealth(b, Unit::Cups).await.0
        ),
        (30, 0)
    );
    assert_eq!(
        (
            stage.wealth(a, Unit::Xp).await.0,
            stage.wealth(b, Unit::Xp).await.0
        ),
        (100, 20)
    );
    let ranked = async |player| stage.ranked_cups(player, &terms).await;
    assert_eq!(ranked(a).await, (Some(30), Some(30)));
    assert_eq!(ranked(b).await, (Some(0), Some(-12)));
    assert_eq!((stage.cards(a).await, stage.cards(b).await), (3, 0));
    let seats = [seat(a, 1, 18 * USDT, 30, 100), seat(b, 2, 0, -12, 20)];
    assert_eq!(stage.seats(terms.battle).await, seats);
    let told = stage.announced(terms.battle).await;
    assert_eq!(told[3], Topic::BattleSettled.subject(&terms.battle.into()));
    let [in_app, email] = [Topic::InApp, Topic::Email].map(|topic| topic.subject(&Key::none()));
    assert_eq!(told[4..], [in_app.clone(), email.clone(), in_app, email]);
    stage.check().await;

    let ledger = stage.transfers().await;
    stage.space.publish_again(&event, "sealed").await;
    stage
        .space
        .drained(Stream::Arena, "matcher_battle_sealed")
        .await;
    assert_eq!(
        stage.transfers().await,
        ledger,
        "a second hint moves nothing"
    );
    assert_eq!(stage.announced(terms.battle).await, told);
    assert_eq!(ranked(b).await, (Some(0), Some(-12)));

    // They meet again, and a loses what b gains.
    let again = meet(&stage, &duel(), &[b, a]).await;
    stage.advance(63_000);
    let result = stage.seal(&again, &worked_example()).await;
    let event = sealed(&again, result);
    stage.bus.publish(&event, "sealed again").await.unwrap();
    closed(&stage, &again).await;
    assert_eq!(ranked(a).await, (Some(0), Some(0)));
    assert_eq!(ranked(b).await, (Some(30), Some(18)));

    // What a database that is older than this makes of its seats.
    let written = stage.season_cups().await;
    stage.script("DELETE FROM season_cups").await;
    let (_, made) = SEASON_CUPS.split_once("cups, user_id);").unwrap();
    stage.script(made).await;
    assert_eq!(stage.season_cups().await, written);
    matcher.stop().await;
}

#[tokio::test]
async fn a_result_that_nobody_told_of_is_found() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let [a, b] = stage.players(50 * USDT).await;
    let terms = meet(&stage, &duel(), &[a, b]).await;
    stage.advance(63_000);
    let settles = async || stage.status(terms.battle).await == BattleStatus::Settling;
    eventually(LIMIT, settles).await;
    stage.seal(&terms, &worked_example()).await;
    closed(&stage, &terms).await;
    assert_eq!(stage.wealth(a, Unit::Usdt).await, (58 * USDT, 0));
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_battle_is_not_settled_before_its_end() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let [a, b] = stage.players(50 * USDT).await;
    let terms = meet(&stage, &duel(), &[a, b]).await;
    stage.advance(62_999);
    let result = stage.seal(&terms, &worked_example()).await;
    stage
        .bus
        .publish(&sealed(&terms, result), "sealed")
        .await
        .unwrap();
    stage
        .space
        .drained(Stream::Arena, "matcher_battle_sealed")
        .await;
    stage.rounds_pass().await;
    assert_eq!(stage.status(terms.battle).await, BattleStatus::Open);
    assert_eq!(stage.wealth(a, Unit::Usdt).await, (40 * USDT, 0));
    stage.advance(1);
    closed(&stage, &terms).await;
    matcher.stop().await;
}

#[tokio::test]
async fn eight_players_share_by_rank_and_what_does_not_divide_is_the_houses() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let players: [UserId; 8] = stage.players(10 * USDT).await;
    let terms = meet(&stage, &crowd(), &players).await;
    stage.advance(63_000);
    // Three tie for the first place: 53.2 and 22.8 for the two paid places, divided by three.
    let finishes = [7, 3, 9, 9, 9, 1, 2, 5].map(|equity| Finish {
        equity: Chips::from_units(equity),
        fills: 1,
        cards_left: 0,
    });
    stage.seal(&terms, &finishes).await;
    closed(&stage, &terms).await;
    let third = 76 * USDT / 3;
    for (number, player) in players.into_iter().enumerate() {
        let expected = if (2..5).contains(&number) { third } else { 0 };
        assert_eq!(
            stage.wealth(player, Unit::Usdt).await,
            (expected, 0),
            "{number}"
        );
        assert_eq!(stage.wealth(player, Unit::Cups).await.0, 0);
        assert_eq!(stage.wealth(player, Unit::Xp).await.0, 20);
    }
    let house = stage.account(Account::house(Unit::Usdt)).await.0;
    assert_eq!(house, 80 * USDT - 3 * third);
    let ranks: Vec<_> = stage
        .seats(terms.battle)
        .await
        .iter()
        .map(|seat| seat.rank)
        .collect();
    assert_eq!(ranks, [4, 6, 1, 1, 1, 8, 7, 5].map(Some));
    stage.check().await;
    matcher.stop().await;
}

/// What came of a duel.
struct Played {
    players: [UserId; 2],
    seats: Vec<SeatRow>,
    fills: [i64; 2],
    wealth: [i64; 2],
    house: i64,
}

/// Lets two play out a duel with these ends.
async fn play(stage: &Stage, ends: [Finish; 2]) -> Played {
    let players = stage.players(50 * USDT).await;
    let terms = meet(stage, &duel(), &players).await;
    stage.advance(63_000);
    stage.seal(&terms, &ends).await;
    closed(stage, &terms).await;
    let battle = terms.battle;
    let fills = async |player: UserId| {
        let of_player = format!(
            "SELECT fills FROM seats WHERE battle_id = '{battle}' AND player_id = '{player}'"
        );
        stage.number(&of_player).await
    };
    let wealth = async |player| stage.wealth(player, Unit::Usdt).await.0;
    let [a, b] = players;
    stage.check().await;
    Played {
        players,
        seats: stage.seats(battle).await,
        fills: [fills(a).await, fills(b).await],
        wealth: [wealth(a).await, wealth(b).await],
        house: stage.account(Account::house(Unit::Usdt)).await.0,
    }
}

#[tokio::test]
async fn whoever_never_came_is_behind_a_winner() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let played = play(&stage, [finish("103", 1, 0), finish("100", 0, 0)]).await;
    let [a, b] = played.players;
    let seats = [seat(a, 1, 18 * USDT, 30, 100), seat(b, 2, 0, 0, 20)];
    assert_eq!((played.seats, played.fills), (seats.into(), [1, 0]));
    assert_eq!(
        (played.wealth, played.house),
        ([58 * USDT, 40 * USDT], 2 * USDT)
    );
    matcher.stop().await;
}

#[tokio::test]
async fn whoever_never_came_and_is_first_has_the_prize_and_nothing_else() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let played = play(&stage, [finish("97", 1, 0), finish("100", 0, 0)]).await;
    let [a, b] = played.players;
    let seats = [seat(a, 2, 0, 0, 20), seat(b, 1, 18 * USDT, 0, 20)];
    assert_eq!((played.seats, played.fills), (seats.into(), [1, 0]));
    assert_eq!(
        (played.wealth, played.house),
        ([40 * USDT, 58 * USDT], 2 * USDT)
    );
    assert_eq!((stage.cards(a).await, stage.cards(b).await), (0, 0));
    matcher.stop().await;
}

#[tokio::test]
async fn where_nobody_came_all_share_the_prize_and_nobody_wins() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let played = play(&stage, [finish("100", 0, 0), finish("100", 0, 0)]).await;
    let seats = played.players.map(|it| seat(it, 1, 9 * USDT, 0, 20));
    assert_eq!((played.seats, played.fills), (seats.into(), [0, 0]));
    assert_eq!((played.wealth, played.house), ([49 * USDT; 2], 2 * USDT));
    matcher.stop().await;
}

#[tokio::test]
async fn unspent_cards_come_back_and_spent_ones_are_gone() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let [a, b] = stage.players(50 * USDT).await;
    let lot = |hours: i64| {
        let expires_at = stage.now().plus_ms(hours * 3_600_000);
        Account::lot(a, Unit::LeverageCard, Some(expires_at))
    };
    let (sooner, later) = (lot(1), lot(2));
    stage.give(sooner, 2).await;
    stage.give(later, 2).await;
    let template = Template {
        items: Vec::new(),
        ..duel()
    };
    let terms = meet(&stage, &template, &[a, b]).await;
    stage.advance(63_000);
    stage
        .seal(&terms, &[finish("101", 1, 1), finish("99", 1, 0)])
        .await;
    closed(&stage, &terms).await;
    assert_eq!(
        (stage.account(sooner).await.0, stage.account(later).await.0),
        (0, 1)
    );
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_result_that_contradicts_its_battle_is_parked_and_pays_nothing() {
    let stage = Stage::new().await;
    let matcher = stage.matcher_with(NO_POLL).await;
    let [a, b] = stage.players(50 * USDT).await;
    let terms = meet(&stage, &duel(), &[a, b]).await;
    stage.advance(63_000);
    let settles = async || stage.status(terms.battle).await == BattleStatus::Settling;
    eventually(LIMIT, settles).await;
    let mut result = BattleResult::of(&terms, &worked_example());
    result.standings[1].prize_minor = 1;
    stage.seal_result(&result).await;
    stage
        .bus
        .publish(&sealed(&terms, result), "sealed")
        .await
        .unwrap();
    let parked = async || {
        let letters = store::dead_letter::list_waiting(&stage.db, 0, 10)
            .await
            .unwrap();
        letters
            .iter()
            .any(|letter| letter.consumer == "battle_sealed")
    };
    eventually(LIMIT, parked).await;
    assert_eq!(stage.status(terms.battle).await, BattleStatus::Settling);
    assert_eq!(stage.wealth(a, Unit::Usdt).await, (40 * USDT, 0));
    stage.check().await;
    matcher.stop().await;
}
