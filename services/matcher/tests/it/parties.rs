//! Parties: who comes in, and how all of them take places together or none does.

use bus::Asked;
use contracts::commands::{
    AgreeToRoom, Answer, Ask, Caller, CreateRoom, ForgetPlayer, InviteToParty, JoinParty, JoinRoom,
    JoinRoomAsParty, KickFromRoom, LeaveParty, LeaveRoom, QueueParty, Refused, RemoveFromParty,
};
use contracts::matchmaking::PartyChanged;
use contracts::{Code, Key};
use domain::game::Template;
use domain::id::{BattleId, GameId, PartyId, UserId};
use domain::ledger::{Account, Unit};
use domain::party::PARTY_TTL_MS;
use futures::future::join_all;
use runtime::ids::mint;
use store::entity::battle::BattleStatus;
use store::{battle, room, ticket};
use testkit::eventually;

use crate::crashes::CUT;
use crate::stage::{JOIN_TTL_MS, LIMIT, Stage};
use crate::templates::{USDT, duel, free, fun};

fn by(user: UserId) -> Caller {
    Caller {
        user,
        request: mint(),
    }
}

fn invite(leader: UserId, player: UserId) -> InviteToParty {
    InviteToParty {
        caller: by(leader),
        party: mint(),
        player,
        name: Some("leader".to_owned()),
    }
}

fn queue(leader: UserId, game: GameId) -> QueueParty {
    QueueParty {
        caller: by(leader),
        ticket: mint(),
        game,
        expires_at_ms: i64::MAX,
    }
}

fn come_in(leader: UserId, battle: BattleId) -> JoinRoomAsParty {
    JoinRoomAsParty {
        caller: by(leader),
        ticket: mint(),
        battle,
        invite_code: None,
        expires_at_ms: i64::MAX,
    }
}

fn agree(player: UserId, battle: Option<BattleId>) -> AgreeToRoom {
    AgreeToRoom {
        caller: by(player),
        battle,
        invite_code: None,
        expires_at_ms: i64::MAX,
    }
}

/// A room of so many players of a duel's kind.
fn room_of(players: u32) -> Template {
    Template {
        min_players: 2,
        max_players: players,
        ..duel()
    }
}

impl Stage {
    async fn befriend(&self, one: UserId, other: UserId) {
        let (one, other) = (one.min(other), one.max(other));
        self.script(&format!(
            "INSERT INTO friendships (id, one_id, other_id, status, created_at, updated_at)
             VALUES (gen_random_uuid(), '{one}', '{other}', 'FRIENDS', now(), now())"
        ))
        .await;
    }

    /// A party of friends, the first of them its leader.
    async fn party(&self, members: &[UserId]) -> PartyId {
        let (leader, others) = members.split_first().unwrap();
        let mut party = None;
        for other in others {
            self.befriend(*leader, *other).await;
            let invited = self.ask(&invite(*leader, *other)).await.unwrap();
            let caller = by(*other);
            let join = JoinParty {
                caller,
                party: invited,
            };
            assert_eq!(self.ask_twice(&join).await, Ok(invited));
            assert!(party.is_none_or(|party| party == invited));
            party = Some(invited);
        }
        party.unwrap()
    }

    /// These members pay for a room where their leader says so.
    async fn agree(&self, members: &[UserId], battle: BattleId) {
        for member in members {
            self.ask(&agree(*member, Some(battle))).await.unwrap();
        }
    }

    /// Why something was refused.
    async fn refusal<A: Ask>(&self, command: &A) -> Refused {
        match self.bus.ask(command, LIMIT).await.unwrap() {
            Asked::Answer(Answer::Refused { refusal }) => refusal,
            Asked::Answer(Answer::Done { .. }) => panic!("it was done"),
            Asked::NoAnswer { .. } | Asked::NotStored => panic!("no answer"),
        }
    }

    /// Everybody has as much, and as much of it is held.
    async fn all_have(&self, players: &[UserId], balance: i64, held: i64) {
        for player in players {
            let wealth = self.wealth(*player, Unit::Usdt).await;
            assert_eq!(wealth, (balance, held), "{player}");
        }
    }
}

#[tokio::test]
async fn friends_of_its_leader_come_into_a_party_and_nobody_else_does() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let [leader, friend, stranger, late]: [UserId; 4] = stage.players(0).await;
    stage.befriend(leader, friend).await;
    let refused = stage.ask_twice(&invite(leader, stranger)).await;
    assert_eq!(refused, Err(Code::NotFriends));

    let first = invite(leader, friend);
    let party = stage.ask_twice(&first).await.unwrap();
    // Inviting again is the same party and no second notice.
    assert_eq!(stage.ask(&invite(leader, friend)).await, Ok(party));
    assert_eq!(stage.invitations(friend).await, 1);
    // What one is called is no part of what one asks for, and a friend need not be told again.
    let renamed = InviteToParty {
        name: Some("another".to_owned()),
        ..first
    };
    assert_eq!(stage.ask(&renamed).await, Ok(party));
    stage.befriend(leader, late).await;
    let quiet = InviteToParty {
        name: None,
        ..invite(leader, late)
    };
    assert_eq!(stage.ask(&quiet).await, Ok(party));
    assert_eq!(stage.invitations(late).await, 0);
    let caller = by(leader);
    let remove = RemoveFromParty {
        caller,
        player: late,
    };
    stage.ask(&remove).await.unwrap();
    for nobody in [stranger, late] {
        let caller = by(nobody);
        let join = JoinParty { caller, party };
        assert_eq!(stage.ask(&join).await, Err(Code::PartyNotFound));
    }
    let join = JoinParty {
        caller: by(friend),
        party,
    };
    assert_eq!(stage.ask_twice(&join).await, Ok(party));
    let refused = stage.ask(&invite(friend, late)).await;
    assert_eq!(refused, Err(Code::NotTheLeader));

    // One is in one party at a time, and a friend no longer is not let in.
    stage.befriend(late, friend).await;
    let other = stage.ask(&invite(late, friend)).await.unwrap();
    assert_ne!(other, party);
    let elsewhere = JoinParty {
        caller: by(friend),
        party: other,
    };
    assert_eq!(stage.ask(&elsewhere).await, Err(Code::AlreadyInParty));
    let leave = |player, party| LeaveParty {
        caller: by(player),
        party,
    };
    assert_eq!(stage.ask_twice(&leave(late, other)).await, Ok(other));
    let gone = stage.ask(&elsewhere_again(friend, other)).await;
    assert_eq!(gone, Err(Code::PartyNotFound));
    stage.ask(&invite(leader, late)).await.unwrap();
    stage
        .script(&format!(
            "DELETE FROM friendships WHERE '{late}' IN (one_id, other_id)"
        ))
        .await;
    let join = JoinParty {
        caller: by(late),
        party,
    };
    assert_eq!(stage.ask(&join).await, Err(Code::NotFriends));
    matcher.stop().await;
}

fn elsewhere_again(player: UserId, party: PartyId) -> JoinParty {
    JoinParty {
        caller: by(player),
        party,
    }
}

#[tokio::test]
async fn a_party_is_matched_into_one_match_which_does_not_count() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&fun()).await;
    let players: [UserId; 7] = stage.players(0).await;
    // Three and two do not fit into four; three and one do.
    for members in [&players[..3], &players[3..5]] {
        stage.party(members).await;
        let queued = stage.ask_twice(&queue(members[0], game)).await;
        assert_eq!(queued, Ok(game));
        // Again is where they are.
        assert_eq!(stage.ask(&queue(members[0], game)).await, Ok(game));
    }
    stage.join(players[5], game).await.unwrap();
    let terms = stage.battle(game).await;
    let mut seated: Vec<UserId> = terms.seats.iter().map(|seat| seat.player).collect();
    seated.sort_unstable();
    let mut expected = [&players[..3], &players[5..6]].concat();
    expected.sort_unstable();
    assert_eq!(seated, expected);
    assert!(!terms.ranked);
    for player in &players[3..5] {
        assert!(!stage.sits(*player).await);
    }
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn whoever_leaves_takes_the_party_out_of_the_queue() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&fun()).await;
    let [leader, one, other]: [UserId; 3] = stage.players(0).await;
    let party = stage.party(&[leader, one, other]).await;
    let all = [leader, one, other];

    stage.ask(&queue(leader, game)).await.unwrap();
    stage.leave(one, game).await.unwrap();
    for player in all {
        assert_eq!(stage.leave(player, game).await, Err(Code::NotInQueue));
    }
    stage.ask(&queue(leader, game)).await.unwrap();
    let caller = by(other);
    let leave = LeaveParty { caller, party };
    assert_eq!(stage.ask_twice(&leave).await, Ok(party));
    for player in all {
        assert_eq!(stage.leave(player, game).await, Err(Code::NotInQueue));
    }
    // The two who are left are a party.
    stage.ask(&queue(leader, game)).await.unwrap();
    assert_eq!(stage.leave(other, game).await, Err(Code::NotInQueue));
    let caller = by(leader);
    let leave = LeaveParty { caller, party };
    assert_eq!(stage.ask_twice(&leave).await, Ok(party));
    assert_eq!(stage.leave(one, game).await, Err(Code::NotInQueue));
    let refused = stage.ask(&queue(leader, game)).await;
    assert_eq!(refused, Err(Code::PartyNotFound));
    // Whoever came first of the others leads it.
    assert_eq!(stage.ask(&queue(one, game)).await, Ok(game));
    matcher.stop().await;
}

#[tokio::test]
async fn whoever_comes_into_a_party_that_waits_takes_it_out_of_the_queue() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&fun()).await;
    let [leader, one, late]: [UserId; 3] = stage.players(0).await;
    let party = stage.party(&[leader, one]).await;
    stage.ask(&queue(leader, game)).await.unwrap();
    stage.befriend(leader, late).await;
    stage.ask(&invite(leader, late)).await.unwrap();
    // An invitation alone changes nothing.
    assert_eq!(stage.waiting(game).await, 2);
    let join = JoinParty {
        caller: by(late),
        party,
    };
    assert_eq!(stage.ask_twice(&join).await, Ok(party));
    assert_eq!(stage.waiting(game).await, 0);
    assert_eq!(stage.ask(&queue(leader, game)).await, Ok(game));
    assert_eq!(stage.waiting(game).await, 3);
    matcher.stop().await;
}

#[tokio::test]
async fn a_party_waits_in_no_queue_where_something_is_at_stake() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let [leader, one, other]: [UserId; 3] = stage.players(50 * USDT).await;
    stage.party(&[leader, one, other]).await;
    let banded = Template {
        cup_band: Some(100),
        ..fun()
    };
    // It costs money, it is played for cups, it is for players of a kind.
    for template in [duel(), free(), banded] {
        let game = stage.game(&template).await;
        let refused = stage.ask_twice(&queue(leader, game)).await;
        assert_eq!(refused, Err(Code::PartiesNotAllowed));
    }
    let pairs = Template {
        min_players: 2,
        max_players: 2,
        ..fun()
    };
    let game = stage.game(&pairs).await;
    let refused = stage.ask(&queue(leader, game)).await;
    assert_eq!(refused, Err(Code::PartyTooLarge));
    let refused = stage.ask(&queue(one, game)).await;
    assert_eq!(refused, Err(Code::NotTheLeader));
    for player in [leader, one, other] {
        assert_eq!(stage.leave(player, game).await, Err(Code::NotInQueue));
    }
    stage.all_have(&[leader, one, other], 50 * USDT, 0).await;
    matcher.stop().await;
}

#[tokio::test]
async fn nobody_pays_for_a_room_because_of_somebody_else() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&room_of(5)).await;
    let [creator, leader, one, other]: [UserId; 4] = stage.players(50 * USDT).await;
    let party = stage.party(&[leader, one, other]).await;
    let battle = stage.room(creator, game).await.unwrap();
    let elsewhere = stage.room(creator, stage.game(&room_of(5)).await).await;
    let all = [leader, one, other];

    let refused = stage.ask_twice(&come_in(leader, battle)).await;
    assert_eq!(refused, Err(Code::PartyNotReady));
    // One of them has, and the other only to another room, or not any more.
    let agreed = stage.ask_twice(&agree(one, Some(battle))).await;
    assert_eq!(agreed, Ok(party));
    stage.agree(&[other], elsewhere.unwrap()).await;
    let refused = stage.ask(&come_in(leader, battle)).await;
    assert_eq!(refused, Err(Code::PartyNotReady));
    stage.agree(&[other], battle).await;
    stage.ask(&agree(other, None)).await.unwrap();
    let refused = stage.ask(&come_in(leader, battle)).await;
    assert_eq!(refused, Err(Code::PartyNotReady));
    stage.all_have(&all, 50 * USDT, 0).await;

    stage.agree(&[other], battle).await;
    assert_eq!(stage.ask(&come_in(leader, battle)).await, Ok(battle));
    stage.all_have(&all, 50 * USDT, 10 * USDT).await;
    // Whoever goes is not fetched back.
    let caller = by(other);
    let leave = LeaveRoom { caller, battle };
    stage.ask(&leave).await.unwrap();
    let refused = stage.ask(&come_in(leader, battle)).await;
    assert_eq!(refused, Err(Code::PartyNotReady));
    stage.all_have(&[other], 50 * USDT, 0).await;
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_party_that_waits_until_it_is_too_late_comes_nowhere() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (room, fun) = (stage.game(&room_of(5)).await, stage.game(&fun()).await);
    let [creator, leader, one]: [UserId; 3] = stage.players(50 * USDT).await;
    stage.party(&[leader, one]).await;
    let battle = stage.room(creator, room).await.unwrap();
    stage.agree(&[one], battle).await;
    let past = stage.now().ms() - 1;
    let late = QueueParty {
        expires_at_ms: past,
        ..queue(leader, fun)
    };
    assert_eq!(stage.ask_twice(&late).await, Err(Code::JoinExpired));
    let late = AgreeToRoom {
        expires_at_ms: past,
        ..agree(leader, Some(battle))
    };
    assert_eq!(stage.ask_twice(&late).await, Err(Code::JoinExpired));
    let late = JoinRoomAsParty {
        expires_at_ms: past,
        ..come_in(leader, battle)
    };
    assert_eq!(stage.ask_twice(&late).await, Err(Code::JoinExpired));

    let place = stage.db.begin().await.unwrap();
    ticket::lock_place(&place, one, room).await.unwrap();
    let let_go = async {
        eventually(LIMIT, async || stage.waits_for_a_lock().await).await;
        stage.advance(JOIN_TTL_MS.unsigned_abs() + 1);
        place.rollback().await.unwrap();
    };
    let join = JoinRoomAsParty {
        expires_at_ms: stage.now().ms() + JOIN_TTL_MS,
        ..come_in(leader, battle)
    };
    let (joined, ()) = tokio::join!(stage.ask(&join), let_go);
    assert_eq!(joined, Err(Code::JoinExpired));
    stage.all_have(&[leader, one], 50 * USDT, 0).await;
    assert_eq!(stage.ask(&come_in(leader, battle)).await, Ok(battle));
    matcher.stop().await;
}

#[tokio::test]
async fn only_who_may_come_into_a_room_agrees_to_it() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&room_of(5)).await;
    let [creator, leader, one]: [UserId; 3] = stage.players(50 * USDT).await;
    let alone = stage.ask(&agree(one, None)).await;
    assert_eq!(alone, Err(Code::PartyNotFound));
    stage.party(&[leader, one]).await;
    let nowhere = stage.ask_twice(&agree(one, Some(mint()))).await;
    assert_eq!(nowhere, Err(Code::MatchNotFound));
    let private = CreateRoom {
        caller: by(creator),
        battle: mint(),
        ticket: mint(),
        game,
        private: true,
        official: false,
        expires_at_ms: i64::MAX,
    };
    let battle = stage.ask(&private).await.unwrap();
    let refused = stage.ask(&agree(one, Some(battle))).await;
    assert_eq!(refused, Err(Code::InvalidInviteCode));
    matcher.stop().await;
}

#[tokio::test]
async fn all_of_a_party_come_into_a_room_or_none_does() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&room_of(5)).await;
    let [creator, leader, one]: [UserId; 3] = stage.players(50 * USDT).await;
    let poor = stage.player(9 * USDT).await;
    stage.party(&[leader, one, poor]).await;
    let battle = stage.room(creator, game).await.unwrap();

    stage.agree(&[one, poor], battle).await;
    // Whom it is because of, and why, is not the leader's to know.
    let secret = Refused::new(Code::PartyNotReady);
    let refused = stage.refusal(&come_in(leader, battle)).await;
    assert_eq!(refused, secret);
    stage.all_have(&[leader, one], 50 * USDT, 0).await;
    stage.give(Account::user(poor, Unit::Usdt), 41 * USDT).await;

    // One of them waits elsewhere.
    stage.join(one, game).await.unwrap();
    let refused = stage.refusal(&come_in(leader, battle)).await;
    assert_eq!(refused, secret);
    stage.all_have(&[leader, poor], 50 * USDT, 0).await;
    stage.leave(one, game).await.unwrap();
    // What it is about oneself is.
    stage.join(leader, game).await.unwrap();
    let refused = stage.refusal(&come_in(leader, battle)).await;
    assert_eq!(refused, Refused::new(Code::AlreadyWaiting));
    stage.leave(leader, game).await.unwrap();

    // One of them is there already: the others come.
    let caller = by(poor);
    let alone = JoinRoom {
        caller,
        battle,
        ticket: mint(),
        invite_code: None,
        expires_at_ms: i64::MAX,
    };
    stage.ask(&alone).await.unwrap();
    for _again in 0..2 {
        let came = stage.ask_twice(&come_in(leader, battle)).await;
        assert_eq!(came, Ok(battle));
    }
    let all = [creator, leader, one, poor];
    stage.all_have(&all, 50 * USDT, 10 * USDT).await;
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_leader_hears_of_ones_own_poverty_and_of_nobody_elses() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&room_of(5)).await;
    let creator = stage.player(50 * USDT).await;
    let [leader, poor, kicked]: [UserId; 3] = stage.players(9 * USDT).await;
    stage.party(&[leader, poor, kicked]).await;
    let battle = stage.room(creator, game).await.unwrap();
    stage.agree(&[poor, kicked], battle).await;
    let refused = stage.refusal(&come_in(leader, battle)).await;
    assert_eq!(refused, Refused::new(Code::InsufficientBalance));
    stage.give(Account::user(leader, Unit::Usdt), USDT).await;
    let refused = stage.refusal(&come_in(leader, battle)).await;
    assert_eq!(refused, Refused::new(Code::PartyNotReady));

    // That the room's creator sent somebody away is nobody else's affair either.
    stage.give(Account::user(poor, Unit::Usdt), USDT).await;
    stage.give(Account::user(kicked, Unit::Usdt), USDT).await;
    let caller = by(kicked);
    let alone = JoinRoom {
        caller,
        battle,
        ticket: mint(),
        invite_code: None,
        expires_at_ms: i64::MAX,
    };
    stage.ask(&alone).await.unwrap();
    let kick = KickFromRoom {
        caller: by(creator),
        battle,
        player: kicked,
    };
    stage.ask(&kick).await.unwrap();
    let refused = stage.refusal(&come_in(leader, battle)).await;
    assert_eq!(refused, Refused::new(Code::PartyNotReady));
    stage.all_have(&[leader, poor, kicked], 10 * USDT, 0).await;
    matcher.stop().await;
}

#[tokio::test]
async fn of_two_parties_that_race_for_the_last_places_one_comes_in() {
    const ROOMS: usize = 8;
    let stage = Stage::new().await;
    let matchers = [stage.matcher().await, stage.matcher().await];
    let race = async || {
        let game = stage.game(&room_of(4)).await;
        let players: [UserId; 6] = stage.players(10 * USDT).await;
        let battle = stage.room(players[0], game).await.unwrap();
        let (one, other) = (&players[1..3], &players[3..6]);
        stage.party(one).await;
        stage.party(other).await;
        stage.agree(&players[1..], battle).await;
        let (first, second) = (come_in(one[0], battle), come_in(other[0], battle));
        let raced = tokio::join!(stage.ask(&first), stage.ask(&second));
        let (came, stayed) = match raced {
            (Ok(_), Err(code)) => (one, (other, code)),
            (Err(code), Ok(_)) => (other, (one, code)),
            both => panic!("{both:?}"),
        };
        let (stayed, code) = stayed;
        // Three of four make it full, and it opens.
        let is_full = came.len() == 3;
        let expected = [Code::PartyTooLarge, Code::AlreadyOpen];
        assert!(expected.contains(&code) && (is_full || code == Code::PartyTooLarge));
        stage.all_have(stayed, 10 * USDT, 0).await;
        if is_full {
            let opened = async || battle::find_terms(&stage.db, battle).await.unwrap();
            assert_eq!(eventually(LIMIT, opened).await.seats.len(), 4);
            stage.all_have(came, 0, 0).await;
        } else {
            stage.all_have(came, 10 * USDT, 10 * USDT).await;
        }
    };
    join_all((0..ROOMS).map(|_| race())).await;
    stage.check().await;
    for matcher in matchers {
        matcher.stop().await;
    }
}

#[tokio::test]
async fn a_party_comes_whole_whatever_happens_at_the_same_time() {
    const ROOMS: usize = 8;
    let stage = Stage::new().await;
    let matchers = [stage.matcher().await, stage.matcher().await];
    let race = async || {
        let (game, fun) = (stage.game(&room_of(4)).await, stage.game(&fun()).await);
        let [creator, stranger, leader, stays, leaves]: [UserId; 5] =
            stage.players(10 * USDT).await;
        let battle = stage.room(creator, game).await.unwrap();
        let party = stage.party(&[leader, stays, leaves]).await;
        stage.agree(&[stays, leaves], battle).await;
        let alone = JoinRoom {
            caller: by(stranger),
            battle,
            ticket: mint(),
            invite_code: None,
            expires_at_ms: i64::MAX,
        };
        let leave = LeaveParty {
            caller: by(leaves),
            party,
        };
        let (together, queue) = (come_in(leader, battle), queue(leader, fun));
        let (together, alone, left, queued) = tokio::join!(
            stage.ask(&together),
            stage.ask(&alone),
            stage.ask(&leave),
            stage.ask(&queue)
        );
        assert_eq!((left, queued), (Ok(party), Ok(fun)));
        let is_in = async |player| stage.wealth(player, Unit::Usdt).await != (10 * USDT, 0);
        assert_eq!(is_in(stranger).await, alone.is_ok());
        let members = [is_in(leader).await, is_in(stays).await];
        assert_eq!(members, [together.is_ok(); 2]);
        // Whoever left before the others came stays behind, and keeps the place otherwise.
        let all = is_in(leaves).await;
        assert!(!all || together.is_ok());
        let players = 1 + usize::from(alone.is_ok()) + if all { 3 } else { 2 };
        assert!(together.is_err() || players <= 4);
        // Who waits is a party as it was at some moment, and whoever left is not in it.
        assert!([0, 2].contains(&stage.waiting(fun).await));
        assert_eq!(stage.leave(leaves, fun).await, Err(Code::NotInQueue));
    };
    join_all((0..ROOMS).map(|_| race())).await;
    stage.check().await;
    for matcher in matchers {
        matcher.stop().await;
    }
}

/// Everything that a party's coming into a room writes.
const WRITTEN: &[&str] = &[
    "INSERT ON ledger_transfers",
    "INSERT ON ledger_entries",
    "UPDATE ON ledger_accounts",
    "INSERT ON tickets",
    "INSERT ON outbox",
    "INSERT ON command_outcomes",
];

#[tokio::test]
async fn a_party_that_is_cut_off_at_any_statement_comes_in_once_and_whole() {
    let stage = Stage::new().await;
    stage.script(CUT).await;
    let matcher = stage.matcher().await;
    let players: [UserId; 4] = stage.players(500 * USDT).await;
    stage.party(&players[1..]).await;
    let mut held = 0;
    for written in WRITTEN {
        let table = written.rsplit(' ').next().unwrap();
        for when in ["BEFORE", "AFTER"] {
            let game = stage.game(&room_of(5)).await;
            let battle = stage.room(players[0], game).await.unwrap();
            stage.agree(&players[2..], battle).await;
            held += 10 * USDT;
            stage
                .script(&format!(
                    "CREATE TRIGGER cut {when} {written} FOR EACH STATEMENT EXECUTE FUNCTION cut()"
                ))
                .await;
            let command = come_in(players[1], battle);
            stage
                .bus
                .publish(&command, &command.message_id())
                .await
                .unwrap();
            let cut = format!("{when} {written}");
            eventually(LIMIT, async || {
                let mut waiting = 0;
                for player in &players[1..] {
                    let wealth = stage.wealth(*player, Unit::Usdt).await;
                    assert_eq!(wealth.0, 500 * USDT);
                    waiting += usize::from(wealth.1 == held);
                }
                // In between they are all in or all out: one transaction holds all fees.
                waiting == players.len() - 1
            })
            .await;
            assert!(stage.was_cut().await, "{cut}");
            stage
                .script(&format!(
                    "DROP TRIGGER cut ON {table}; SELECT setval('cuts', 1, false)"
                ))
                .await;
        }
    }
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_leader_sends_members_away_and_takes_invitations_back() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&fun()).await;
    let [leader, one, other]: [UserId; 3] = stage.players(0).await;
    let party = stage.party(&[leader, one]).await;
    stage.befriend(leader, other).await;
    stage.ask(&invite(leader, other)).await.unwrap();
    stage.ask(&queue(leader, game)).await.unwrap();
    let remove = |by_whom, player| RemoveFromParty {
        caller: by(by_whom),
        player,
    };
    let refused = stage.ask_twice(&remove(one, leader)).await;
    assert_eq!(refused, Err(Code::NotTheLeader));
    assert_eq!(stage.ask_twice(&remove(leader, other)).await, Ok(party));
    let join = JoinParty {
        caller: by(other),
        party,
    };
    assert_eq!(stage.ask(&join).await, Err(Code::PartyNotFound));
    // That changed nothing for those who wait.
    assert_eq!(stage.waiting(game).await, 2);
    assert_eq!(stage.ask_twice(&remove(leader, one)).await, Ok(party));
    assert_eq!(stage.waiting(game).await, 0);
    let alone = stage.ask(&queue(one, game)).await;
    assert_eq!(alone, Err(Code::PartyNotFound));
    matcher.stop().await;
}

#[tokio::test]
async fn whoever_is_alone_in_a_party_leaves_it_by_joining_another() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let [one, other, third]: [UserId; 3] = stage.players(0).await;
    stage.befriend(one, other).await;
    stage.befriend(one, third).await;
    let own = stage.ask(&invite(one, other)).await.unwrap();
    let others = stage.ask(&invite(other, one)).await.unwrap();
    assert_ne!(own, others);
    // Both come to each other at once: one of them is where the other was, and neither is alone.
    let join = |player, party| JoinParty {
        caller: by(player),
        party,
    };
    let (first, second) = (join(one, others), join(other, own));
    let raced = tokio::join!(stage.ask(&first), stage.ask(&second));
    let together = match raced {
        (Ok(party), Err(Code::PartyNotFound | Code::AlreadyInParty))
        | (Err(Code::PartyNotFound | Code::AlreadyInParty), Ok(party)) => party,
        both => panic!("{both:?}"),
    };
    assert_eq!(stage.number("SELECT count(*) FROM parties").await, 1);
    // Who is not alone stays.
    let theirs = stage.ask(&invite(third, one)).await.unwrap();
    let refused = stage.ask_twice(&join(one, theirs)).await;
    assert_eq!(refused, Err(Code::AlreadyInParty));
    assert_ne!(together, theirs);
    matcher.stop().await;
}

#[tokio::test]
async fn a_party_in_which_nothing_happens_ends() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let [leader, one, other]: [UserId; 3] = stage.players(0).await;
    let party = stage.party(&[leader, one]).await;
    stage.befriend(leader, other).await;
    let almost = PARTY_TTL_MS.unsigned_abs() - 1;
    stage.advance(almost);
    stage.ask(&invite(leader, other)).await.unwrap();
    stage.advance(almost);
    stage.rounds_pass().await;
    assert_eq!(stage.ask(&invite(leader, other)).await, Ok(party));
    // To say it again was nothing new.
    stage.advance(1);
    let is_gone = async || stage.number("SELECT count(*) FROM parties").await == 0;
    eventually(LIMIT, is_gone).await;
    let changed = stage.bus.last::<PartyChanged>(&Key::from(party)).await;
    assert!(changed.unwrap().is_some());
    matcher.stop().await;
}

#[tokio::test]
async fn whatever_happens_in_a_party_is_told_and_keeps_it() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (room, fun) = (stage.game(&room_of(5)).await, stage.game(&fun()).await);
    let [creator, leader, one, other]: [UserId; 4] = stage.players(50 * USDT).await;
    let party = stage.party(&[leader, one]).await;
    stage.befriend(leader, other).await;
    let subject = contracts::Topic::PartyChanged.subject(&Key::from(party));
    let count = format!("SELECT count(*) FROM outbox WHERE subject = '{subject}'");
    // Once for each invitation, and once for whoever came.
    let mut told = 2;
    assert_eq!(stage.number(&count).await, told);
    let pass = async || {
        stage.advance(PARTY_TTL_MS.unsigned_abs() - 1);
        stage.rounds_pass().await;
    };
    let mut tells = async |changes: i64| {
        told += changes;
        assert_eq!(stage.number(&count).await, told);
        pass().await;
    };
    assert_eq!(stage.ask(&invite(leader, other)).await, Ok(party));
    tells(1).await;
    let join = JoinParty {
        caller: by(other),
        party,
    };
    assert_eq!(stage.ask(&join).await, Ok(party));
    tells(1).await;
    let battle = stage.room(creator, room).await.unwrap();
    stage.agree(&[one, other], battle).await;
    assert_eq!(stage.ask(&agree(one, Some(battle))).await, Ok(party));
    tells(2).await;
    let battle = stage.room(creator, room).await.unwrap();
    stage
        .script(&format!("UPDATE party_members SET ready_for = '{battle}'"))
        .await;
    assert_eq!(stage.ask(&come_in(leader, battle)).await, Ok(battle));
    tells(1).await;
    assert_eq!(stage.ask(&queue(leader, fun)).await, Ok(fun));
    tells(0).await;
    let remove = RemoveFromParty {
        caller: by(leader),
        player: other,
    };
    assert_eq!(stage.ask(&remove).await, Ok(party));
    tells(1).await;
    let leave = LeaveParty {
        caller: by(leader),
        party,
    };
    assert_eq!(stage.ask(&leave).await, Ok(party));
    tells(1).await;
    // Whoever is left leads it, and it is still there.
    assert_eq!(stage.ask(&queue(one, fun)).await, Ok(fun));
    matcher.stop().await;
}

#[tokio::test]
async fn a_party_that_ends_waits_nowhere() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&fun()).await;
    let [leader, one]: [UserId; 2] = stage.players(0).await;
    let party = stage.party(&[leader, one]).await;
    let leave = |player| LeaveParty {
        caller: by(player),
        party,
    };
    assert_eq!(stage.ask(&leave(one)).await, Ok(party));
    assert_eq!(stage.ask(&queue(leader, game)).await, Ok(game));
    assert_eq!(stage.waiting(game).await, 1);
    assert_eq!(stage.ask_twice(&leave(leader)).await, Ok(party));
    assert_eq!(stage.waiting(game).await, 0);
    assert_eq!(stage.number("SELECT count(*) FROM parties").await, 0);
    matcher.stop().await;
}

#[tokio::test]
async fn a_closed_account_waits_nowhere_and_is_in_no_party() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let games = [
        stage.game(&duel()).await,
        stage.game(&room_of(5)).await,
        stage.game(&room_of(5)).await,
        stage.game(&fun()).await,
    ];
    let [closed, friend, other]: [UserId; 3] = stage.players(50 * USDT).await;
    let party = stage.party(&[closed, friend]).await;
    stage.befriend(closed, other).await;
    let invites = stage.ask(&invite(other, closed)).await.unwrap();
    stage.ask(&queue(closed, games[3])).await.unwrap();
    // In a queue, in a room of somebody else's, in one of his own with a guest.
    stage.join(closed, games[0]).await.unwrap();
    let foreign = stage.room(other, games[1]).await.unwrap();
    let own = stage.room(closed, games[2]).await.unwrap();
    for (player, battle) in [(closed, foreign), (friend, own)] {
        let caller = by(player);
        let join = JoinRoom {
            caller,
            battle,
            ticket: mint(),
            invite_code: None,
            expires_at_ms: i64::MAX,
        };
        stage.ask(&join).await.unwrap();
    }
    stage.all_have(&[closed], 50 * USDT, 30 * USDT).await;

    stage
        .script(&format!(
            "INSERT INTO season_cups (season, user_id, cups)
             VALUES (0, '{closed}', 9), (1, '{closed}', 9), (1, '{friend}', 9)"
        ))
        .await;

    let caller = by(closed);
    let forgotten = stage.ask_twice(&ForgetPlayer { caller }).await;
    assert_eq!(forgotten, Ok(closed));
    let ranked = "SELECT count(*) FROM season_cups";
    assert_eq!(stage.number(ranked).await, 1, "the friend's");
    stage.all_have(&[closed, friend], 50 * USDT, 0).await;
    let status = async |battle| {
        let room = room::find(&stage.db, battle).await.unwrap();
        room.unwrap().status
    };
    assert_eq!(status(own).await, BattleStatus::Canceled);
    assert_eq!(status(foreign).await, BattleStatus::Waiting);
    assert_eq!(stage.waiting(games[3]).await, 0);
    let members = format!("SELECT count(*) FROM party_members WHERE player_id = '{closed}'");
    assert_eq!(stage.number(&members).await, 0);
    assert_ne!(party, invites);
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_party_in_a_queue_expires_as_a_whole() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&fun()).await;
    let [leader, one]: [UserId; 2] = stage.players(0).await;
    stage.party(&[leader, one]).await;
    stage.ask(&queue(leader, game)).await.unwrap();
    stage.advance(fun().queue_ttl_ms.unsigned_abs());
    eventually(LIMIT, async || stage.waiting(game).await == 0).await;
    // Nobody saw one of them wait alone: it was one transaction.
    let expired = format!(
        "SELECT count(*) * 10 + count(DISTINCT xmin::text) FROM tickets
         WHERE game_id = '{game}' AND status = 'EXPIRED'"
    );
    assert_eq!(stage.number(&expired).await, 21);
    // And may wait again.
    assert_eq!(stage.ask(&queue(leader, game)).await, Ok(game));
    assert_eq!(stage.waiting(game).await, 2);
    matcher.stop().await;
}

impl Stage {
    /// How often a player was told of an invitation.
    async fn invitations(&self, player: UserId) -> i64 {
        let subject = contracts::Topic::InApp.pattern();
        self.number(&format!(
            "SELECT count(*) FROM outbox WHERE subject = '{subject}'
                 AND payload::jsonb ->> 'user' = '{player}'"
        ))
        .await
    }

    /// How many wait in the queue of a game.
    async fn waiting(&self, game: GameId) -> i64 {
        self.number(&format!(
            "SELECT count(*) FROM tickets WHERE game_id = '{game}' AND status = 'QUEUED'"
        ))
        .await
    }

    /// Whether a session was ended by [`CUT`].
    async fn was_cut(&self) -> bool {
        self.number("SELECT last_value FROM cuts").await > 1
    }
}
