//! A matcher in a corner of its own: its database, its streams, and a clock that can be moved.

use std::time::Duration;

use crate::templates::free;
use bus::{Asked, Bus, NatsSettings};
use contracts::Code;
use contracts::commands::{Answer, Ask, Caller, CreateGame};
use contracts::matchmaking::{Add, Leave};
use domain::battle::BattleTerms;
use domain::game::Template;
use domain::id::{GameId, TicketId, UserId};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::timestamp::Timestamp;
use matcher::Settings;
use runtime::ids::mint;
use runtime::{Mode, MovableClock, Supervisor};
use store::{Db, ledger};
use testkit::{Binary, Database, ROLE_PASSWORD, Space, eventually};
use uuid::Uuid;

/// How long anything may take that has to happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// How long a task of a stopping matcher may take.
const GRACE: Duration = Duration::from_secs(5);
/// The most bytes that a test's stream may reserve.
const MAX_STREAM_BYTES: u64 = 16 << 20;
/// How long a join lasts.
pub(crate) const JOIN_TTL_MS: i64 = 2_000;

pub(crate) struct Stage {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) clock: MovableClock,
    pub(crate) space: Space,
    database: Database,
}

/// A matcher that runs in this process.
pub(crate) struct Matcher {
    supervisor: Supervisor,
}

impl Stage {
    /// Servers without a matcher.
    pub(crate) async fn new() -> Self {
        Self::on(Database::new().await, Space::new()).await
    }

    /// The same on servers of the test's own.
    pub(crate) async fn on(database: Database, space: Space) -> Self {
        let prefix = space.prefix().to_owned().try_into().unwrap();
        let settings = NatsSettings {
            max_stream_bytes: Some(MAX_STREAM_BYTES),
            ..NatsSettings::new(space.nats_url(), prefix)
        };
        let bus = Bus::connect(&settings, "test").await.unwrap();
        bus.declare_streams().await.unwrap();
        let db = Db::connect_as_operator(database.url().as_str())
            .await
            .unwrap();
        Self {
            db,
            bus,
            clock: MovableClock::at_present(),
            space,
            database,
        }
    }

    /// The settings of a matcher here, as name and value.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("postgres.url", self.database.url().to_string()),
            ("postgres.password", ROLE_PASSWORD.to_owned()),
            ("nats.url", self.space.nats_url().to_owned()),
            ("nats.prefix", self.space.prefix().to_owned()),
            ("nats.max_stream_bytes", MAX_STREAM_BYTES.to_string()),
            ("leader.lease_ms", "1000".to_owned()),
            ("leader.poll_ms", "50".to_owned()),
            ("leader.settle_poll_ms", "200".to_owned()),
        ]
    }

    /// Starts a matcher and waits until it is ready.
    pub(crate) async fn matcher(&self) -> Matcher {
        self.matcher_with(&[]).await
    }

    /// As [`Stage::matcher`], with some settings of its own.
    pub(crate) async fn matcher_with(&self, own: &[(&'static str, &str)]) -> Matcher {
        let own = own.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let variables = self
            .environment()
            .into_iter()
            .chain(own)
            .map(|(name, value)| {
                let name = name.to_uppercase().replace('.', "__");
                (format!("BATTLESBIT_MATCHER__{name}").into(), value.into())
            });
        let settings: Settings = runtime::settings::load(&matcher::SERVICE, None, variables)
            .unwrap()
            .1;
        let (mode, clock) = (Mode::Development, self.clock.clock());
        let supervisor = Supervisor::new(matcher::SERVICE, mode, clock, GRACE);
        supervisor.start(matcher::serve(settings, supervisor.context()));
        let matcher = Matcher { supervisor };
        eventually(LIMIT, async || matcher.is_ready()).await;
        matcher
    }

    /// The built program, to be started as a process of its own. Its clock is the machine's.
    pub(crate) fn binary(&self) -> Binary {
        let with = |binary: Binary, (name, value): (&str, String)| binary.setting(name, value);
        self.environment()
            .into_iter()
            .fold(Binary::service("matcher"), with)
    }

    pub(crate) fn advance(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
    }

    /// The present, where market has measured no offset.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.clock().now_ms())
    }

    /// A player with a wallet of so many millionths of a USDT.
    pub(crate) async fn player(&self, minor: i64) -> UserId {
        let player: UserId = mint();
        self.script(&format!(
            "INSERT INTO users (id, email, nick_name) VALUES ('{player}', '{player}@test', '{player}')"
        ))
        .await;
        self.give(Account::user(player, Unit::Usdt), minor).await;
        player
    }

    pub(crate) async fn players<const N: usize>(&self, minor: i64) -> [UserId; N] {
        let mut players = [UserId::new(Uuid::nil()); N];
        for player in &mut players {
            *player = self.player(minor).await;
        }
        players
    }

    /// Gives something away, as from the world outside.
    pub(crate) async fn give(&self, account: Account, amount: i64) {
        if amount > 0 {
            self.transfer(Account::outside(account.unit), account, amount)
                .await;
        }
    }

    /// Moves something, for no reason that anybody knows.
    pub(crate) async fn transfer(&self, debit: Account, credit: Account, amount: i64) {
        let reference: Uuid = mint();
        let gift = Transfer {
            key: TransferKey::new(format!("test/{reference}")),
            kind: "test",
            reference,
            movement: Movement::Move {
                debit,
                credit,
                amount,
            },
        };
        let tx = self.db.begin().await.unwrap();
        ledger::post(&tx, &[gift]).await.unwrap().unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn game(&self, template: &Template) -> GameId {
        let command = CreateGame {
            caller: Caller {
                user: mint(),
                request: mint(),
            },
            game: mint(),
            template: template.clone(),
        };
        self.ask(&command).await.unwrap()
    }

    /// Asks, and hears the answer.
    pub(crate) async fn ask<A: Ask>(&self, command: &A) -> Result<A::Value, Code> {
        match self.bus.ask(command, LIMIT).await.unwrap() {
            Asked::Answer(Answer::Done { value }) => Ok(value),
            Asked::Answer(Answer::Refused { refusal }) => Err(refusal.code),
            Asked::NoAnswer { .. } => panic!("no answer to {}", A::TOPIC.pattern()),
            Asked::NotStored => panic!("no stream took {}", A::TOPIC.pattern()),
        }
    }

    /// Asks twice, the second time past the stream's deduplication, and hears the same answer.
    pub(crate) async fn ask_twice<A>(&self, command: &A) -> Result<A::Value, Code>
    where
        A: Ask,
        A::Value: PartialEq + std::fmt::Debug,
    {
        let first = self.ask(command).await;
        assert_eq!(self.ask(command).await, first);
        first
    }

    pub(crate) fn add(&self, player: UserId, game: GameId) -> Add {
        Add {
            ticket: mint(),
            game,
            player,
            request: mint(),
            expires_at_ms: self.now().ms() + JOIN_TTL_MS,
        }
    }

    pub(crate) async fn join(&self, player: UserId, game: GameId) -> Result<TicketId, Code> {
        self.ask(&self.add(player, game))
            .await
            .map(|queued| queued.ticket)
    }

    /// Joins without waiting for the answer of a matcher that may be dead by then.
    pub(crate) async fn join_on(&self, player: UserId, game: GameId) {
        let add = Add {
            expires_at_ms: i64::MAX,
            ..self.add(player, game)
        };
        self.bus.publish(&add, &add.message_id()).await.unwrap();
    }

    pub(crate) async fn leave(&self, player: UserId, game: GameId) -> Result<GameId, Code> {
        self.ask(&Leave {
            game,
            player,
            request: mint(),
        })
        .await
    }

    /// The only battle of a game, as soon as there is one.
    pub(crate) async fn battle(&self, game: GameId) -> BattleTerms {
        eventually(LIMIT, async || self.find_battle(game).await).await
    }

    /// Waits until the leader has looked at every queue from now on, so that what has not
    /// happened was not due. The third pair that meets proves that the second one's round, which
    /// began after the first, is over.
    pub(crate) async fn rounds_pass(&self) {
        let game = self.game(&free()).await;
        for _ in 0..3 {
            let [one, other] = self.players(0).await;
            self.join(one, game).await.unwrap();
            let ticket = self.join(other, game).await.unwrap();
            eventually(LIMIT, async || self.ticket_status(ticket).await == "SEATED").await;
        }
    }

    /// The ledger adds up, and everything that is held is held for something.
    pub(crate) async fn check(&self) {
        let differences = ledger::check(&self.db).await.unwrap();
        assert!(differences.is_empty(), "{differences:#?}");
    }
}

impl Matcher {
    pub(crate) fn is_ready(&self) -> bool {
        self.supervisor.context().health.report().ready
    }

    /// What keeps it from being ready.
    pub(crate) fn failing(&self) -> Vec<&'static str> {
        let report = self.supervisor.context().health.report();
        report.failing.iter().map(|failing| failing.name).collect()
    }

    pub(crate) async fn stop(self) {
        self.supervisor.stop().await.unwrap();
    }
}
