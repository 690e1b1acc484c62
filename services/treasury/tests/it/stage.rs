//! A treasury in a corner of its own: its database, its streams, and a clock that can be moved.

use std::time::Duration;

use bus::{Asked, Bus, NatsSettings};
use contracts::Code;
use contracts::commands::{Answer, Ask, Caller};
use domain::id::UserId;
use domain::ledger::{Account, Unit};
use domain::timestamp::Timestamp;
use runtime::ids::mint;
use runtime::{Mode, MovableClock, Supervisor};
use sea_orm::ConnectionTrait;
use store::{Db, ledger};
use testkit::{Binary, Database, ROLE_PASSWORD, Space, eventually};
use treasury::Settings;

/// How long anything may take that has to happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// How long a task of a stopping treasury may take.
const GRACE: Duration = Duration::from_secs(5);
/// The most bytes that a test's stream may reserve.
const MAX_STREAM_BYTES: u64 = 16 << 20;

pub(crate) struct Stage {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) clock: MovableClock,
    space: Space,
    database: Database,
}

/// A treasury that runs in this process.
pub(crate) struct Treasury {
    supervisor: Supervisor,
}

impl Stage {
    /// Servers without a treasury.
    pub(crate) async fn new() -> Self {
        let (database, space) = (Database::new().await, Space::new());
        let bus = bus_of(&space).await;
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

    /// A name that nobody else has.
    pub(crate) fn prefix(&self) -> &str {
        self.space.prefix()
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("postgres.url", self.database.url().to_string()),
            ("postgres.password", ROLE_PASSWORD.to_owned()),
            ("nats.url", self.space.nats_url().to_owned()),
            ("nats.prefix", self.space.prefix().to_owned()),
            ("nats.max_stream_bytes", MAX_STREAM_BYTES.to_string()),
        ]
    }

    /// Starts a treasury and waits until it is ready.
    pub(crate) async fn treasury(&self) -> Treasury {
        self.treasury_with(Mode::Development, &[]).await
    }

    /// As [`Stage::treasury`], in a mode and with some settings of its own.
    pub(crate) async fn treasury_with(&self, mode: Mode, own: &[(&'static str, &str)]) -> Treasury {
        let own = own.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let variables = self
            .environment()
            .into_iter()
            .chain(own)
            .map(|(name, value)| {
                let name = name.to_uppercase().replace('.', "__");
                (format!("BATTLESBIT_TREASURY__{name}").into(), value.into())
            });
        let settings: Settings = runtime::settings::load(&treasury::SERVICE, None, variables)
            .unwrap()
            .1;
        let supervisor = Supervisor::new(treasury::SERVICE, mode, self.clock.clock(), GRACE);
        supervisor.start(treasury::serve(settings, supervisor.context()));
        let treasury = Treasury { supervisor };
        eventually(LIMIT, async || treasury.is_ready()).await;
        treasury
    }

    /// The built program, to be started as a process of its own.
    pub(crate) fn binary(&self) -> Binary {
        let with = |binary: Binary, (name, value): (&str, String)| binary.setting(name, value);
        self.environment()
            .into_iter()
            .fold(Binary::service("treasury"), with)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.clock().now_ms())
    }

    /// Somebody without a wallet.
    pub(crate) async fn user(&self) -> UserId {
        let user: UserId = mint();
        self.script(&format!(
            "INSERT INTO users (id, email, nick_name) VALUES ('{user}', '{user}@test', '{user}')"
        ))
        .await;
        user
    }

    pub(crate) async fn script(&self, sql: &str) {
        self.db.connection().execute_unprepared(sql).await.unwrap();
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

    pub(crate) async fn ask<A: Ask>(&self, command: &A) -> Result<A::Value, Code> {
        ask_on(&self.bus, command).await
    }

    pub(crate) async fn balance(&self, account: Account) -> i64 {
        let found = ledger::balance(&self.db, account.id()).await.unwrap();
        found.map_or(0, |found| found.balance)
    }

    /// The codes of the units that a user has accounts of.
    pub(crate) async fn units(&self, user: UserId) -> Vec<String> {
        let accounts = ledger::list_accounts(&self.db, user).await.unwrap();
        accounts.into_iter().map(|account| account.unit).collect()
    }

    /// The ledger adds up, and the house has kept nothing of `unit`.
    pub(crate) async fn check(&self, unit: Unit) {
        let differences = ledger::check(&self.db).await.unwrap();
        assert!(differences.is_empty(), "{differences:#?}");
        assert_eq!(self.balance(Account::house(unit)).await, 0);
    }
}

impl Treasury {
    pub(crate) fn is_ready(&self) -> bool {
        self.supervisor.context().health.report().ready
    }

    pub(crate) async fn stop(self) {
        self.supervisor.stop().await.unwrap();
    }
}

/// A bus with streams of its own.
pub(crate) async fn bus_of(space: &Space) -> Bus {
    let prefix = space.prefix().to_owned().try_into().unwrap();
    let settings = NatsSettings {
        max_stream_bytes: Some(MAX_STREAM_BYTES),
        ..NatsSettings::new(space.nats_url(), prefix)
    };
    let bus = Bus::connect(&settings, "test").await.unwrap();
    bus.declare_streams().await.unwrap();
    bus
}

/// Asks, and hears the answer.
pub(crate) async fn ask_on<A: Ask>(bus: &Bus, command: &A) -> Result<A::Value, Code> {
    match bus.ask(command, LIMIT).await.unwrap() {
        Asked::Answer(Answer::Done { value }) => Ok(value),
        Asked::Answer(Answer::Refused { refusal }) => Err(refusal.code),
        Asked::NoAnswer { .. } => panic!("no answer to {}", A::TOPIC.pattern()),
        Asked::NotStored => panic!("no stream took {}", A::TOPIC.pattern()),
    }
}

/// An operation of a user.
pub(crate) fn caller(user: UserId) -> Caller {
    Caller {
        user,
        request: mint(),
    }
}
