//! Results of closed battles that are corrected: a cheat's is void, and the others' follow.

use contracts::commands::{Ask, Caller, VoidPlayer};
use contracts::{Code, Key, Topic};
use domain::battle::BattleTerms;
use domain::game::Template;
use domain::id::{BattleId, UserId};
use domain::ledger::{Account, Unit};
use domain::ranking::Finish;
use runtime::ids::mint;
use store::entity::battle::BattleStatus;
use testkit::eventually;

use crate::crashes::{CUT, DEATH, armed};
use crate::stage::{LIMIT, Matcher, Stage};
use crate::templates::{USDT, crowd, duel};

const REASON: &str = "Two accounts of one person.";

/// A matcher, and a closed battle in which the players came in in the order of their seats.
struct Scene<const N: usize> {
    stage: Stage,
    /// None while others take its place.
    matcher: Option<Matcher>,
    operator: UserId,
    terms: BattleTerms,
    players: [UserId; N],
}

impl<const N: usize> Scene<N> {
    /// Everybody has 50 USDT and 50 cups at first.
    async fn closed(template: Template) -> Self {
        let stage = Stage::new().await;
        let matcher = stage.matcher().await;
        let players: [UserId; N] = stage.players(50 * USDT).await;
        let game = stage.game(&template).await;
        for player in players {
            stage.give(Account::user(player, Unit::Cups), 50).await;
            stage.join(player, game).await.unwrap();
        }
        stage.advance(5_000);
        let terms = stage.battle(game).await;
        stage.advance(63_000);
        let finish = |place: i64| Finish {
            equity: domain::chips::Chips::from_units(1_000 - place),
            fills: 1,
            cards_left: 0,
        };
        let finishes: Vec<Finish> = (0..).take(N).map(finish).collect();
        stage.seal(&terms, &finishes).await;
        let is_closed = async || stage.status(terms.battle).await == BattleStatus::Closed;
        eventually(LIMIT, is_closed).await;
        Self {
            operator: stage.player(0).await,
            stage,
            matcher: Some(matcher),
            terms,
            players,
        }
    }

    async fn stop_matcher(&mut self) {
        if let Some(matcher) = self.matcher.take() {
            matcher.stop().await;
        }
    }

    fn void(&self, player: UserId) -> VoidPlayer {
        VoidPlayer {
            caller: Caller {
                user: self.operator,
                request: mint(),
            },
            battle: self.terms.battle,
            player,
            reason: REASON.to_owned(),
        }
    }

    async fn wealth(&self, unit: Unit) -> Vec<i64> {
        let mut wealth = Vec::new();
        for player in self.players {
            wealth.push(self.stage.wealth(player, unit).await.0);
        }
        wealth
    }

    async fn cards(&self) -> Vec<i64> {
        let mut cards = Vec::new();
        for player in self.players {
            cards.push(self.stage.cards(player).await);
        }
        cards
    }

    async fn house(&self) -> i64 {
        self.stage.account(Account::house(Unit::Usdt)).await.0
    }

    async fn owed(&self, player: UserId) -> i64 {
        let owed = Account::receivable(player, Unit::Usdt);
        self.stage.account(owed).await.0
    }

    /// The first of two is void, however often it is asked for.
    async fn is_corrected_once(&self, void: &VoidPlayer) {
        assert_eq!(self.stage.ask(void).await, Ok(self.terms.battle));
        assert_eq!(self.wealth(Unit::Usdt).await, [40 * USDT, 58 * USDT]);
        assert_eq!(self.cards().await, [0, 3]);
        assert_eq!(self.stage.revisions(self.terms.battle).await.len(), 4);
    }

    /// The escrow is empty again and everything adds up.
    async fn end(mut self) {
        let escrow = Account::escrow(self.terms.battle.uuid(), Unit::Usdt);
        assert_eq!(self.stage.account(escrow).await, (0, 0));
        assert_eq!(
            self.stage.status(self.terms.battle).await,
            BattleStatus::Closed
        );
        self.stage.check().await;
        self.stop_matcher().await;
    }
}

#[tokio::test]
async fn whoever_came_behind_a_cheat_moves_up_and_is_paid() {
    let scene = Scene::<3>::closed(crowd()).await;
    let [cheat, second, _] = scene.players;
    // 30 USDT less 5 %: 19.95 and 8.55.
    assert_eq!(
        scene.wealth(Unit::Usdt).await,
        [59_950_000, 48_550_000, 40_000_000]
    );
    assert_eq!(scene.wealth(Unit::Cups).await, [80, 20, 20]);
    assert_eq!(scene.cards().await, [3, 0, 0]);
    let ranked = async |player| scene.stage.ranked_cups(player, &scene.terms).await;
    assert_eq!(ranked(cheat).await, (Some(80), Some(30)));
    let told = scene.stage.announced(scene.terms.battle).await.len();

    let void = scene.void(cheat);
    assert_eq!(scene.stage.ask_twice(&void).await, Ok(scene.terms.battle));
    assert_eq!(
        scene.wealth(Unit::Usdt).await,
        [40_000_000, 59_950_000, 48_550_000]
    );
    assert_eq!(scene.wealth(Unit::Cups).await, [20, 80, 20]);
    assert_eq!(ranked(cheat).await, (Some(20), Some(-30)));
    assert_eq!(ranked(second).await, (Some(80), Some(30)));
    assert_eq!(scene.wealth(Unit::Xp).await, [0, 100, 20]);
    assert_eq!(scene.cards().await, [0, 3, 0]);
    assert_eq!(scene.house().await, 1_500_000);
    let revisions = scene.stage.revisions(scene.terms.battle).await;
    let expected = [
        "1 1 1 19950000 0 30 100",
        "1 2 2 8550000 0 -30 20",
        "1 3 3 0 0 -30 20",
        "2 1 3 0 0 -30 0",
        "2 2 1 19950000 0 30 100",
        "2 3 2 8550000 0 -30 20",
    ];
    assert_eq!(revisions, expected);
    let seats = scene.stage.seats(scene.terms.battle).await;
    let prizes: Vec<_> = seats.iter().map(|seat| (seat.rank, seat.prize)).collect();
    let expected = [(3, 0), (1, 19_950_000), (2, 8_550_000)];
    assert_eq!(
        prizes,
        expected.map(|(rank, prize)| (Some(rank), Some(prize)))
    );
    let [in_app, email] = [Topic::InApp, Topic::Email].map(|topic| topic.subject(&Key::none()));
    let heard = scene.stage.announced(scene.terms.battle).await;
    let everybody = [&in_app, &email].repeat(3);
    assert!(heard[told..].iter().eq(everybody));

    let again = scene.void(cheat);
    assert_eq!(scene.stage.ask(&again).await, Err(Code::AlreadyVoid));

    // The next one, who had won by it, is found out too.
    scene.stage.ask(&scene.void(second)).await.unwrap();
    assert_eq!(
        scene.wealth(Unit::Usdt).await,
        [40_000_000, 40_000_000, 59_950_000]
    );
    assert_eq!(scene.wealth(Unit::Cups).await, [20, 20, 80]);
    assert_eq!(scene.wealth(Unit::Xp).await, [0, 0, 100]);
    assert_eq!(scene.cards().await, [0, 0, 3]);
    assert_eq!(scene.house().await, 1_500_000 + 8_550_000);
    assert_eq!(
        scene.stage.revisions(scene.terms.battle).await[6..],
        [
            "3 1 2 0 0 -30 0",
            "3 2 2 0 0 -30 0",
            "3 3 1 19950000 0 30 100"
        ]
    );
    scene.end().await;
}

#[tokio::test]
async fn a_template_older_than_a_rule_is_no_reason_to_let_a_cheat_go() {
    let scene = Scene::<3>::closed(crowd()).await;
    let [cheat, ..] = scene.players;
    assert_eq!(scene.cards().await, [3, 0, 0]);
    // As a template could say it before each kind had to be named once.
    let battle = scene.terms.battle;
    scene
        .stage
        .script(&format!(
            "UPDATE battles SET template = jsonb_set(template::jsonb, '{{items}}',
                 '[{{\"kind\": \"LEVERAGE_CARD\", \"uses\": 1}},
                   {{\"kind\": \"LEVERAGE_CARD\", \"uses\": 2}}]')
             WHERE id = '{battle}'"
        ))
        .await;
    let void = scene.void(cheat);
    assert_eq!(scene.stage.ask_twice(&void).await, Ok(battle));
    assert_eq!(scene.cards().await, [0, 3, 0]);
    scene.end().await;
}

#[tokio::test]
async fn what_a_cheat_has_spent_he_owes_and_the_others_are_paid_all_the_same() {
    let scene = Scene::<2>::closed(duel()).await;
    let [cheat, other] = scene.players;
    let (wallet, cups) = (
        Account::user(cheat, Unit::Usdt),
        Account::user(cheat, Unit::Cups),
    );
    let outside = Account::outside(Unit::Usdt);
    scene.stage.transfer(wallet, outside, 55 * USDT).await;
    let lost = Account::outside(Unit::Cups);
    scene.stage.transfer(cups, lost, 75).await;
    scene.stage.ask(&scene.void(cheat)).await.unwrap();
    assert_eq!(scene.wealth(Unit::Usdt).await, [0, 58 * USDT]);
    assert_eq!(scene.owed(cheat).await, -15 * USDT);
    assert_eq!(scene.wealth(Unit::Cups).await, [0, 80]);
    assert_eq!(
        scene.stage.revisions(scene.terms.battle).await[2..],
        ["2 1 2 0 15000000 25 0", "2 2 1 18000000 0 30 100"]
    );
    assert_eq!(scene.house().await, 2 * USDT);

    // Nobody is left in the running: the house keeps the fees, and nobody owes more for it.
    scene.stage.ask(&scene.void(other)).await.unwrap();
    assert_eq!(scene.wealth(Unit::Usdt).await, [0, 40 * USDT]);
    assert_eq!(scene.house().await, 20 * USDT);
    assert_eq!(scene.owed(cheat).await, -15 * USDT);
    scene.end().await;
}

#[tokio::test]
async fn a_result_that_is_not_there_is_not_corrected() {
    let mut scene = Scene::<2>::closed(duel()).await;
    let [a, _] = scene.players;
    let transfers = scene.stage.transfers().await;
    let stranger = scene.void(mint());
    assert_eq!(scene.stage.ask(&stranger).await, Err(Code::NotAParticipant));
    let nowhere = VoidPlayer {
        battle: mint::<BattleId>(),
        ..scene.void(a)
    };
    assert_eq!(scene.stage.ask(&nowhere).await, Err(Code::MatchNotFound));
    for player in scene.players {
        scene.stage.join(player, scene.terms.game).await.unwrap();
    }
    let open = async || scene.stage.open_battle(scene.terms.game).await;
    let open = VoidPlayer {
        battle: eventually(LIMIT, open).await,
        ..scene.void(a)
    };
    assert_eq!(scene.stage.ask(&open).await, Err(Code::MatchNotClosed));
    let moved = scene.stage.transfers().await;
    assert_ne!(moved, transfers, "the fees of the second match");
    assert!(scene.stage.revisions(scene.terms.battle).await.is_empty());
    scene.stop_matcher().await;
}

/// Everything that a correction writes. Between two of these nothing is there that was not before.
const WRITTEN: &[&str] = &[
    "INSERT ON ledger_accounts",
    "INSERT ON ledger_transfers",
    "INSERT ON ledger_entries",
    "UPDATE ON ledger_accounts",
    "INSERT ON ledger_stripes",
    "INSERT ON season_cups",
    "INSERT ON battle_revisions",
    "INSERT ON seat_revisions",
    "UPDATE ON seats",
    "UPDATE ON battles",
    "INSERT ON outbox",
    "INSERT ON command_outcomes",
];

/// Lets one correction be cut off by a trigger, and the next one finish.
async fn cut_off(trigger: &str) {
    let scene = Scene::<2>::closed(duel()).await;
    let [cheat, other] = scene.players;
    scene.stage.script(CUT).await;
    scene.stage.script(trigger).await;
    let void = scene.void(cheat);
    // The first attempt ends with its session; the bus delivers the command again.
    scene
        .stage
        .bus
        .publish(&void, &void.message_id())
        .await
        .unwrap();
    let paid = async || scene.stage.wealth(other, Unit::Usdt).await.0 == 58 * USDT;
    eventually(LIMIT, paid).await;
    let cut = "DO $$ BEGIN ASSERT (SELECT last_value FROM cuts) > 1; END $$";
    scene.stage.script(cut).await;
    scene.is_corrected_once(&void).await;
    scene.end().await;
}

#[tokio::test]
async fn a_correction_that_is_cut_off_at_any_statement_happens_once() {
    for written in WRITTEN {
        for when in ["BEFORE", "AFTER"] {
            let trigger = format!(
                "CREATE TRIGGER cut {when} {written} FOR EACH STATEMENT EXECUTE FUNCTION cut()"
            );
            cut_off(&trigger).await;
        }
    }
    // In the middle of the COMMIT.
    let trigger = "CREATE CONSTRAINT TRIGGER cut AFTER UPDATE ON battles
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()";
    cut_off(trigger).await;
}

#[tokio::test]
async fn dying_behind_the_postings_of_a_correction_corrects_once() {
    let mut scene = Scene::<2>::closed(duel()).await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("hit");
    let void = scene.void(scene.players[0]);
    scene.stop_matcher().await;
    let point = "revision.posted";
    let mut doomed = armed(&scene.stage, point, &marker).start_ready().await;
    let message = void.message_id();
    scene.stage.bus.publish(&void, &message).await.unwrap();
    assert!(!doomed.wait(DEATH).await.success());
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), point);
    assert_eq!(scene.wealth(Unit::Usdt).await, [58 * USDT, 40 * USDT]);

    scene.matcher = Some(scene.stage.matcher().await);
    scene.is_corrected_once(&void).await;
    scene.end().await;
}
