//! Every command, over NATS, with its answer.

use contracts::arena::PositionEvent;
use contracts::commands::{Answer, Ask as _, Refused};
use contracts::live::{LiveBattle, battle as live_battle};
use contracts::positions::{AmendPosition, CancelPosition, ClosePosition, FirstRow, Taken};
use contracts::shard::Shard;
use contracts::{Code, Service};
use domain::engine::PositionChange;
use domain::id::PositionId;
use domain::order::{Entered, LevelChange, OrderKind, Side};
use domain::position::EndCause;

use crate::floor::{Floor, LIMIT, caller, connect, order, soon, whole};
use crate::process::Running;

fn refused<T>(code: Code) -> Answer<T> {
    Answer::Refused {
        refusal: Refused::new(code),
    }
}

const fn done(value: PositionId) -> Answer<PositionId> {
    Answer::Done { value }
}

#[tokio::test]
async fn a_new_order_is_answered_with_its_first_row_and_a_repeat_without() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let mut limit = order(&terms, 0, Side::Buy);
    limit.order.kind = OrderKind::Limit(Entered::Value(whole(80)));
    let Answer::Done { value: taken } = floor.taken(&limit).await else {
        panic!("it was refused");
    };
    assert_eq!(taken.position, limit.order.position);
    let FirstRow { state, at_ms } = *taken.first.unwrap();
    let db = connect(&floor.database, Service::Arena).await;
    let kept = store::arena::list_rows(&db, &[terms.battle]).await.unwrap();
    assert_eq!(kept[0].positions, [state]);
    let written = "SELECT floor(extract(epoch FROM created_at) * 1000)::bigint FROM positions
        WHERE created_at = updated_at";
    assert_eq!(floor.number(written).await, at_ms);
    let again = floor.taken(&limit).await;
    let value = Taken {
        position: limit.order.position,
        first: None,
    };
    assert_eq!(again, Answer::Done { value });
    arena.stop().await;
}

#[tokio::test]
async fn an_order_is_filled_amended_and_closed_and_its_owner_hears_each() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let buy = order(&terms, 0, Side::Buy);
    let position = buy.order.position;
    assert_eq!(floor.ask(&buy).await, done(position));
    floor.tick(95, soon()).await;

    let amend = AmendPosition {
        caller: caller(terms.seats[0].player),
        battle: terms.battle,
        position,
        stop_loss: LevelChange::Set(whole(60)),
        take_profit: LevelChange::Keep,
    };
    assert_eq!(floor.ask(&amend).await, done(position));
    floor.tick(96, soon()).await;
    let close = ClosePosition {
        caller: caller(terms.seats[0].player),
        battle: terms.battle,
        position,
    };
    assert_eq!(floor.ask(&close).await, done(position));
    let exit = floor.tick(110, soon()).await;

    let heard = floor.heard::<PositionEvent>(4).await;
    let changes: Vec<_> = heard.iter().map(|event| event.change).collect();
    assert!(
        matches!(
            changes.as_slice(),
            [
                PositionChange::Accepted,
                PositionChange::Filled(_),
                PositionChange::Amended {
                    stop_loss: Some(_),
                    take_profit: None
                },
                PositionChange::Closed {
                    cause: EndCause::Close,
                    ..
                },
            ]
        ),
        "{changes:?}"
    );
    assert_eq!(heard[3].position.end.unwrap().sequence, exit);
    arena.stop().await;
}

#[tokio::test]
async fn a_pending_limit_order_can_be_taken_back_and_a_closed_one_cannot() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let mut limit = order(&terms, 0, Side::Buy);
    limit.order.kind = OrderKind::Limit(Entered::Value(whole(80)));
    let position = limit.order.position;
    assert_eq!(floor.ask(&limit).await, done(position));
    let cancel = |request| CancelPosition {
        caller: request,
        battle: terms.battle,
        position,
    };
    let player = terms.seats[0].player;
    assert_eq!(floor.ask(&cancel(caller(player))).await, done(position));
    floor.tick(95, soon()).await;
    assert_eq!(
        floor.ask(&cancel(caller(player))).await,
        refused(Code::PositionNotPending)
    );
    let cash = format!("SELECT cash FROM arena_participants WHERE player_id = '{player}'");
    assert_eq!(floor.number(&cash).await, 10_000_000_000);
    arena.stop().await;
}

#[tokio::test]
async fn a_refusal_is_answered_with_its_code_and_kept() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let mut greedy = order(&terms, 0, Side::Buy);
    greedy.order.margin = Entered::Malformed;
    assert_eq!(floor.ask(&greedy).await, refused(Code::InvalidMargin));
    let mut stranger = order(&terms, 0, Side::Buy);
    stranger.caller.user = runtime::ids::mint();
    stranger.order.position = contracts::positions::position_id(
        terms.battle,
        stranger.caller.user,
        stranger.caller.request,
    );
    assert_eq!(floor.ask(&stranger).await, refused(Code::NotAParticipant));

    let kept =
        "SELECT count(*) FROM position_outcomes WHERE outcome ->> 'refused' = 'INVALID_MARGIN'";
    assert_eq!(floor.number(kept).await, 1);
    assert_eq!(
        floor.number("SELECT count(*) FROM position_outcomes").await,
        1
    );
    assert_eq!(floor.number("SELECT count(*) FROM positions").await, 0);
    arena.stop().await;
}

#[tokio::test]
async fn a_command_that_comes_again_past_the_dedupe_is_done_once_and_answered_the_same() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let buy = order(&terms, 0, Side::Buy);
    assert_eq!(floor.ask(&buy).await, done(buy.order.position));
    assert_eq!(floor.ask(&buy).await, done(buy.order.position));
    let mut other = buy.clone();
    other.order.side = Side::Sell;
    assert_eq!(floor.ask(&other).await, refused(Code::IdempotencyConflict));
    assert_eq!(floor.number("SELECT count(*) FROM positions").await, 1);
    assert_eq!(floor.number("SELECT count(*) FROM battle_log").await, 2);
    arena.stop().await;
}

#[tokio::test]
async fn a_battle_that_nobody_told_of_is_loaded_before_it_is_not_found() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let known = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&known, 0, Side::Buy)).await;

    let terms = floor.open_battle(600).await;
    let buy = order(&terms, 1, Side::Buy);
    assert_eq!(floor.ask(&buy).await, done(buy.order.position));
    let mut nowhere = terms.clone();
    nowhere.battle = runtime::ids::mint();
    assert_eq!(
        floor.ask(&order(&nowhere, 0, Side::Buy)).await,
        refused(Code::MatchNotFound)
    );
    arena.stop().await;
}

#[tokio::test]
async fn commands_to_battles_that_do_not_exist_are_refused_and_hold_nobody_up() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    let shard = Shard::of(terms.battle);
    let mut nowhere = terms.clone();
    for _ in 0..500 {
        nowhere.battle = runtime::ids::mint();
        while Shard::of(nowhere.battle) != shard {
            nowhere.battle = runtime::ids::mint();
        }
        let lost = order(&nowhere, 0, Side::Buy);
        floor.bus.publish(&lost, &lost.message_id()).await.unwrap();
    }
    let lost = order(&nowhere, 0, Side::Buy);
    let buy = order(&terms, 1, Side::Buy);
    let (refusal, answer) = tokio::join!(floor.ask(&lost), floor.ask(&buy));
    assert_eq!(refusal, refused(Code::MatchNotFound));
    assert_eq!(answer, done(buy.order.position));
    // Those that do not exist leave no trace, and the shard has passed them.
    let kept = "SELECT count(*) FROM position_outcomes";
    assert_eq!(floor.number(kept).await, 2);
    let passed = format!(
        "SELECT count(*) FROM arena_shards WHERE shard = {shard} AND positions_sequence >= 502"
    );
    testkit::eventually(LIMIT, async || floor.number(&passed).await == 1).await;
    arena.stop().await;
}

#[tokio::test]
async fn an_ended_battle_answers_what_it_kept_and_takes_nothing_more() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let buy = order(&terms, 0, Side::Buy);
    let mut greedy = order(&terms, 1, Side::Buy);
    greedy.order.margin = Entered::Malformed;
    floor.ask(&buy).await;
    floor.ask(&greedy).await;
    floor.end(std::slice::from_ref(&terms)).await;
    arena.stop().await;

    // An arena that has never seen the battle. It is ready before the dedupe is shortened, for it
    // refuses a stream that is not as it was declared.
    let _arena = crate::process::binary(&floor).start_ready().await;
    let repeats = [
        (buy.clone(), done(buy.order.position)),
        (greedy, refused(Code::InvalidMargin)),
    ];
    for (repeat, expected) in repeats {
        assert_eq!(floor.ask(&repeat).await, expected);
    }
    let mut other = buy;
    other.order.side = Side::Sell;
    assert_eq!(floor.ask(&other).await, refused(Code::IdempotencyConflict));
    let late = order(&terms, 0, Side::Buy);
    assert_eq!(floor.ask(&late).await, refused(Code::MatchNotOpen));
    let mut stranger = late;
    stranger.caller.user = runtime::ids::mint();
    stranger.order.position = contracts::positions::position_id(
        terms.battle,
        stranger.caller.user,
        stranger.caller.request,
    );
    assert_eq!(floor.ask(&stranger).await, refused(Code::NotAParticipant));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_parked_and_the_next_one_goes_on() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let mut forged = order(&terms, 0, Side::Buy);
    forged.order.position = runtime::ids::mint();
    floor.bus.publish(&forged, "forged").await.unwrap();
    let buy = order(&terms, 0, Side::Buy);
    assert_eq!(floor.ask(&buy).await, done(buy.order.position));
    let parked =
        "SELECT count(*) FROM dead_letters WHERE consumer = 'arena' AND stream = 'POSITIONS'";
    assert_eq!(floor.number(parked).await, 1);
    arena.stop().await;
}

#[tokio::test]
async fn the_leaderboard_is_shown_while_the_battle_runs() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    floor.tick(95, soon()).await;
    floor.tick(110, soon()).await;
    let mut listener = floor.bus.listen(&live_battle(terms.battle)).await.unwrap();
    let ahead = testkit::eventually(LIMIT, async || {
        let board: LiveBattle = listener.next().await.unwrap().decode().unwrap();
        let leader = board.players[0].clone();
        (leader.equity > 10_000_000_000).then_some(leader)
    });
    let leader = ahead.await;
    assert_eq!(leader.player, terms.seats[0].player);
    assert_eq!((leader.rank, leader.open_positions), (1, 1));
    assert_eq!(leader.equity, 10_316_000_000);
    arena.stop().await;
}
