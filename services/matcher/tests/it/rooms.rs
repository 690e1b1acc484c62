//! Rooms: who comes in and goes, what it costs, and how they end.

use contracts::Code;
use contracts::commands::{
    Caller, CancelBattle, CreateRoom, JoinRoom, KickFromRoom, LeaveRoom, StartRoom,
};
use domain::battle::BattleTerms;
use domain::chips::Chips;
use domain::game::{Prize, Template};
use domain::id::{BattleId, GameId, UserId};
use domain::ledger::Unit;
use domain::ranking::Finish;
use domain::room::ROOM_TTL_MS;
use futures::future::join_all;
use runtime::ids::mint;
use store::entity::battle::BattleStatus;
use store::{battle, room};
use testkit::eventually;

use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, duel};

/// Two or three who share what they pay.
fn trio() -> Template {
    Template {
        max_players: 3,
        ..duel()
    }
}

fn by(user: UserId) -> Caller {
    Caller {
        user,
        request: mint(),
    }
}

impl Stage {
    pub(crate) async fn room(&self, creator: UserId, game: GameId) -> Result<BattleId, Code> {
        self.ask_twice(&create(creator, game)).await
    }

    async fn come_in(&self, player: UserId, battle: BattleId) -> Result<BattleId, Code> {
        self.ask_twice(&come_in(player, battle, None)).await
    }

    async fn go(&self, player: UserId, battle: BattleId) -> Result<BattleId, Code> {
        let caller = by(player);
        self.ask_twice(&LeaveRoom { caller, battle }).await
    }

    async fn kick(
        &self,
        creator: UserId,
        battle: BattleId,
        player: UserId,
    ) -> Result<BattleId, Code> {
        let kick = KickFromRoom {
            caller: by(creator),
            battle,
            player,
        };
        self.ask_twice(&kick).await
    }

    async fn start(&self, player: UserId, battle: BattleId) -> Result<BattleId, Code> {
        self.ask_twice(&start(player, battle)).await
    }

    async fn opened(&self, battle: BattleId) -> BattleTerms {
        eventually(LIMIT, async || {
            battle::find_terms(&self.db, battle).await.unwrap()
        })
        .await
    }

    async fn room_status(&self, battle: BattleId) -> BattleStatus {
        room::find(&self.db, battle).await.unwrap().unwrap().status
    }
}

fn create(creator: UserId, game: GameId) -> CreateRoom {
    CreateRoom {
        caller: by(creator),
        battle: mint(),
        ticket: mint(),
        game,
        private: false,
        official: false,
        expires_at_ms: i64::MAX,
    }
}

fn come_in(player: UserId, battle: BattleId, invite_code: Option<String>) -> JoinRoom {
    JoinRoom {
        caller: by(player),
        battle,
        ticket: mint(),
        invite_code,
        expires_at_ms: i64::MAX,
    }
}

fn start(player: UserId, battle: BattleId) -> StartRoom {
    StartRoom {
        caller: by(player),
        battle,
        expires_at_ms: i64::MAX,
    }
}

#[tokio::test]
async fn a_full_room_opens_unranked_with_everybody_in_the_order_of_their_coming() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let players: [UserId; 3] = stage.players(50 * USDT).await;
    let battle = stage.room(players[0], game).await.unwrap();
    for player in &players[1..] {
        let held = stage.wealth(players[0], Unit::Usdt).await;
        assert_eq!(held, (50 * USDT, 10 * USDT));
        stage.come_in(*player, battle).await.unwrap();
    }
    let terms = stage.opened(battle).await;
    let seated: Vec<UserId> = terms.seats.iter().map(|seat| seat.player).collect();
    assert_eq!(seated, players);
    assert!(!terms.ranked);
    for player in players {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (40 * USDT, 0));
    }
    let late = stage.player(50 * USDT).await;
    assert_eq!(stage.come_in(late, battle).await, Err(Code::AlreadyOpen));
    assert_eq!(stage.go(players[1], battle).await, Err(Code::AlreadyOpen));

    stage.advance((terms.end_time.ms() - stage.now().ms()).unsigned_abs());
    let finish = |equity| Finish {
        equity: Chips::from_units(equity),
        fills: 1,
        cards_left: 0,
    };
    stage.seal(&terms, &[3, 2, 1].map(finish)).await;
    let is_closed = async || stage.status(battle).await == BattleStatus::Closed;
    eventually(LIMIT, is_closed).await;
    let ranked = stage.ranked_cups(players[0], &terms).await;
    assert_eq!(ranked, (None, None), "nobody played for cups");
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn its_creator_starts_it_once_there_are_enough() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let [creator, friend]: [UserId; 2] = stage.players(50 * USDT).await;
    let battle = stage.room(creator, game).await.unwrap();
    assert_eq!(stage.start(creator, battle).await, Err(Code::TooFewPlayers));
    stage.come_in(friend, battle).await.unwrap();
    assert_eq!(stage.start(friend, battle).await, Err(Code::NotTheCreator));
    stage.start(creator, battle).await.unwrap();
    assert_eq!(stage.opened(battle).await.seats.len(), 2);
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn whoever_goes_or_is_sent_away_has_the_fee_back() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let [creator, one, other]: [UserId; 3] = stage.players(50 * USDT).await;
    let battle = stage.room(creator, game).await.unwrap();
    stage.come_in(one, battle).await.unwrap();
    stage.go(one, battle).await.unwrap();
    assert_eq!(stage.wealth(one, Unit::Usdt).await, (50 * USDT, 0));
    assert_eq!(stage.go(one, battle).await, Err(Code::NotInMatch));
    stage.come_in(one, battle).await.unwrap();

    assert_eq!(
        stage.kick(one, battle, creator).await,
        Err(Code::NotTheCreator)
    );
    stage.kick(creator, battle, one).await.unwrap();
    assert_eq!(stage.wealth(one, Unit::Usdt).await, (50 * USDT, 0));
    assert_eq!(stage.come_in(one, battle).await, Err(Code::KickedFromMatch));

    stage.come_in(other, battle).await.unwrap();
    stage.go(creator, battle).await.unwrap();
    assert_eq!(stage.room_status(battle).await, BattleStatus::Canceled);
    for player in [creator, other] {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    }
    assert_eq!(stage.come_in(other, battle).await, Err(Code::MatchNotFound));
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn what_comes_too_late_for_a_room_is_void_and_charges_nothing() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let [creator, friend]: [UserId; 2] = stage.players(50 * USDT).await;
    let past = stage.now().ms() - 1;
    let late = CreateRoom {
        expires_at_ms: past,
        ..create(creator, game)
    };
    assert_eq!(stage.ask_twice(&late).await, Err(Code::JoinExpired));
    assert_eq!(stage.wealth(creator, Unit::Usdt).await, (50 * USDT, 0));
    let battle = stage.room(creator, game).await.unwrap();
    let late = JoinRoom {
        expires_at_ms: past,
        ..come_in(friend, battle, None)
    };
    assert_eq!(stage.ask_twice(&late).await, Err(Code::JoinExpired));
    assert_eq!(stage.wealth(friend, Unit::Usdt).await, (50 * USDT, 0));
    stage.come_in(friend, battle).await.unwrap();
    let late = StartRoom {
        expires_at_ms: past,
        ..start(creator, battle)
    };
    assert_eq!(stage.ask_twice(&late).await, Err(Code::JoinExpired));
    assert_eq!(stage.room_status(battle).await, BattleStatus::Waiting);
    matcher.stop().await;
}

#[tokio::test]
async fn rooms_that_nothing_can_be_done_with_hold_up_no_other() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let creator = stage.player(50 * USDT).await;
    let battle = stage.room(creator, game).await.unwrap();
    // More than are looked up at once, all of them older.
    stage
        .script(&format!(
            "INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked,
                 shard, creator_id, expires_at_ms, created_at)
             SELECT gen_random_uuid(), game_id, game_version, '{{}}', origin, status, ranked, shard,
                 creator_id, expires_at_ms, created_at - interval '1 hour'
             FROM battles, generate_series(1, 250) WHERE id = '{battle}'"
        ))
        .await;
    stage.advance(ROOM_TTL_MS.unsigned_abs());
    let is_over = async || stage.room_status(battle).await == BattleStatus::Canceled;
    eventually(LIMIT, is_over).await;
    assert_eq!(stage.wealth(creator, Unit::Usdt).await, (50 * USDT, 0));
    matcher.stop().await;
}

#[tokio::test]
async fn a_private_room_asks_for_its_code() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let [creator, friend]: [UserId; 2] = stage.players(50 * USDT).await;
    let private = CreateRoom {
        private: true,
        ..create(creator, game)
    };
    let battle = stage.ask_twice(&private).await.unwrap();
    for wrong in [None, Some("00000000".to_owned())] {
        let refused = stage.ask(&come_in(friend, battle, wrong)).await;
        assert_eq!(refused, Err(Code::InvalidInviteCode));
    }
    assert_eq!(stage.wealth(friend, Unit::Usdt).await, (50 * USDT, 0));
    let room = room::find(&stage.db, battle).await.unwrap().unwrap();
    let knows = come_in(friend, battle, room.invite_code);
    assert_eq!(stage.ask_twice(&knows).await, Ok(battle));
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_room_that_nobody_opens_is_given_up() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let [creator, friend]: [UserId; 2] = stage.players(50 * USDT).await;
    let battle = stage.room(creator, game).await.unwrap();
    stage.come_in(friend, battle).await.unwrap();
    stage.advance(ROOM_TTL_MS.unsigned_abs() - 1_000);
    stage.rounds_pass().await;
    assert_eq!(stage.room_status(battle).await, BattleStatus::Waiting);
    stage.advance(1_001);
    eventually(LIMIT, async || {
        stage.room_status(battle).await == BattleStatus::Canceled
    })
    .await;
    for player in [creator, friend] {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    }
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_player_has_one_place_per_game_whichever_way_he_came() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let [creator, player]: [UserId; 2] = stage.players(50 * USDT).await;
    let command = create(creator, game);
    let battle = stage.ask_twice(&command).await.unwrap();
    assert_eq!(stage.join(creator, game).await, Ok(command.ticket));
    assert_eq!(stage.room(creator, game).await, Err(Code::AlreadyWaiting));
    assert_eq!(stage.leave(creator, game).await, Err(Code::NotInQueue));
    assert_eq!(
        stage.wealth(creator, Unit::Usdt).await,
        (50 * USDT, 10 * USDT)
    );

    stage.join(player, game).await.unwrap();
    assert_eq!(
        stage.come_in(player, battle).await,
        Err(Code::AlreadyWaiting)
    );
    // Whoever waits in a room meets nobody in the queue, however long both wait.
    stage.advance(20_000);
    stage.rounds_pass().await;
    assert_eq!(stage.room_status(battle).await, BattleStatus::Waiting);
    stage.leave(player, game).await.unwrap();
    stage.come_in(player, battle).await.unwrap();
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn only_the_operator_makes_ranked_rooms_and_those_whose_prize_the_house_pays() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let prize = Prize::Fixed {
        amount_minor: 100 * USDT,
        house_funded: true,
    };
    let game = stage.game(&Template { prize, ..duel() }).await;
    let [staff, one, other]: [UserId; 3] = stage.players(50 * USDT).await;
    assert_eq!(stage.room(one, game).await, Err(Code::RoomsNotAllowed));
    let official = CreateRoom {
        official: true,
        ..create(staff, game)
    };
    let battle = stage.ask_twice(&official).await.unwrap();
    assert_eq!(stage.wealth(staff, Unit::Usdt).await, (50 * USDT, 0));
    for player in [one, other] {
        stage.come_in(player, battle).await.unwrap();
    }
    let terms = stage.opened(battle).await;
    assert!(terms.ranked);
    assert_eq!(terms.seats.len(), 2);
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn whoever_cannot_pay_makes_no_room_and_comes_into_none() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let (rich, poor) = (stage.player(50 * USDT).await, stage.player(9 * USDT).await);
    let command = create(poor, game);
    let refused = stage.ask_twice(&command).await;
    assert_eq!(refused, Err(Code::InsufficientBalance));
    let made = room::find(&stage.db, command.battle).await.unwrap();
    assert_eq!(made, None);
    let battle = stage.room(rich, game).await.unwrap();
    let refused = stage.come_in(poor, battle).await;
    assert_eq!(refused, Err(Code::InsufficientBalance));
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn staff_call_a_room_off_and_everybody_has_the_fee_back() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&trio()).await;
    let [creator, friend]: [UserId; 2] = stage.players(50 * USDT).await;
    let battle = stage.room(creator, game).await.unwrap();
    stage.come_in(friend, battle).await.unwrap();
    for _again in 0..2 {
        let cancel = CancelBattle {
            caller: by(mint()),
            battle,
        };
        assert_eq!(stage.ask_twice(&cancel).await, Ok(battle));
    }
    for player in [creator, friend] {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    }
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn starting_leaving_and_kicking_at_once_end_in_one_way_for_everybody() {
    const ROOMS: usize = 10;
    let stage = Stage::new().await;
    let matchers = [stage.matcher().await, stage.matcher().await];
    let game = stage.game(&trio()).await;
    let creators: [UserId; ROOMS] = stage.players(10 * USDT).await;
    let friends: [UserId; ROOMS] = stage.players(10 * USDT).await;
    let rooms = creators.iter().map(|creator| stage.room(*creator, game));
    let rooms = join_all(rooms).await;
    let rooms: Vec<BattleId> = rooms.into_iter().map(Result::unwrap).collect();
    let coming = friends.iter().zip(&rooms);
    let came = coming.map(|(friend, battle)| stage.come_in(*friend, *battle));
    assert!(join_all(came).await.iter().all(Result::is_ok));

    let all = creators.iter().zip(&friends).zip(&rooms);
    let racing = all.clone().map(|((creator, friend), battle)| async {
        tokio::join!(
            stage.start(*creator, *battle),
            stage.go(*friend, *battle),
            stage.kick(*creator, *battle, *friend),
        )
    });
    let raced = join_all(racing).await;
    for (((creator, friend), battle), (started, left, kicked)) in all.zip(raced) {
        let wealth = stage.wealth(*friend, Unit::Usdt).await;
        if started.is_ok() {
            assert_eq!(
                (left, kicked),
                (Err(Code::AlreadyOpen), Err(Code::AlreadyOpen))
            );
            assert_eq!(wealth, (0, 0));
            assert_eq!(stage.wealth(*creator, Unit::Usdt).await, (0, 0));
            assert_eq!(stage.opened(*battle).await.seats.len(), 2);
        } else {
            assert_eq!(started, Err(Code::TooFewPlayers));
            assert_eq!(left.is_ok(), kicked.is_err(), "{left:?} {kicked:?}");
            assert_eq!(wealth, (10 * USDT, 0));
            assert_eq!(stage.room_status(*battle).await, BattleStatus::Waiting);
        }
    }
    stage.check().await;
    for matcher in matchers {
        matcher.stop().await;
    }
}
