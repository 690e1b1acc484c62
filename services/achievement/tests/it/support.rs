//! One running service with a corner of its own, and what a test does to it.

use std::time::Duration;

use achievement::Settings;
use achievement::temporal::{Temporal, TemporalSettings};
use achievement::workflow::GrantAchievement;
use bus::{Bus, NatsSettings};
use contracts::Service;
use contracts::arena::PositionEvent;
use contracts::battles::{BattleSettled, Standing};
use domain::chips::Chips;
use domain::engine::PositionChange;
use domain::id::UserId;
use domain::ledger::{Account, Unit};
use domain::leverage::Leverage;
use domain::market::Tick;
use domain::money::{Currency, Money};
use domain::order::{OrderKind, Side};
use domain::position::{End, EndCause, Exit, Fill, PositionState, PositionStatus};
use domain::timestamp::Timestamp;
use futures::StreamExt as _;
use runtime::{Clock, Mode, Supervisor};
use secrecy::SecretString;
use store::Db;
use store::user::NewUser;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, WorkflowFetchHistoryOptions,
    WorkflowGetResultOptions,
};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use testkit::{Database, Space};

/// How long anything may take. A worker that comes back waits for the old one's task first.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Enough for a test; the server reserves it.
const MAX_STREAM_BYTES: u64 = 16 << 20;

pub(crate) struct App {
    pub(crate) bus: Bus,
    /// The database, as the gateway sees it.
    pub(crate) web: Db,
    /// The workflows, as the service sees them.
    pub(crate) temporal: Temporal,
    supervisor: Supervisor,
    // Dropped last: streams and database outlive what uses them.
    pub(crate) space: Space,
    pub(crate) database: Database,
}

impl App {
    pub(crate) async fn start() -> Self {
        let (database, space) = (Database::new().await, Space::new());
        let prefix = space.prefix().to_owned().try_into().unwrap();
        let nats = NatsSettings {
            max_stream_bytes: Some(MAX_STREAM_BYTES),
            ..NatsSettings::new(space.nats_url(), prefix)
        };
        let bus = Bus::connect(&nats, "test").await.unwrap();
        bus.declare_streams().await.unwrap();
        let temporal = TemporalSettings {
            url: testkit::temporal_url(),
            namespace: "default".to_owned(),
            queue: space.prefix().to_owned(),
        };
        let temporal = Temporal::connect(&temporal).await.unwrap();
        let supervisor = serve(&database, &space).await;
        let web = connect(&database, Service::Web).await;
        Self {
            bus,
            web,
            temporal,
            supervisor,
            space,
            database,
        }
    }

    /// A user.
    pub(crate) async fn user(&self) -> UserId {
        let id = runtime::ids::mint();
        let (email, nick_name) = (format!("{id}@example.org"), format!("nick-{id}"));
        let now = Clock::system().now();
        let tx = self.web.begin().await.unwrap();
        let new = NewUser {
            id,
            email: Some(&email),
            solana_address: None,
            nick_name: &nick_name,
            now,
        };
        assert!(store::user::insert(&tx, &new).await.unwrap());
        tx.commit().await.unwrap();
        id
    }

    /// The experience that a user has.
    pub(crate) async fn experience(&self, user: UserId) -> i64 {
        let account = Account::user(user, Unit::Xp).id();
        let balance = store::ledger::balance(&self.web, account).await.unwrap();
        balance.map_or(0, |balance| balance.balance)
    }

    /// The types of the events in the history of a workflow that has closed, as Temporal tells it.
    pub(crate) async fn closed_history(&self, workflow_id: &str) -> Vec<EventType> {
        let options = ConnectionOptions::new(testkit::temporal_url()).build();
        let connection = Connection::connect(options).await.unwrap();
        let client = Client::new(connection, ClientOptions::new("default").build()).unwrap();
        let handle = client.get_workflow_handle::<GrantAchievement>(workflow_id);
        handle
            .get_result(WorkflowGetResultOptions::default())
            .await
            .unwrap();
        let events = handle.fetch_history(WorkflowFetchHistoryOptions::default());
        events
            .map(|event| event.unwrap().event_type())
            .collect()
            .await
    }

    /// Stops the service and starts it anew on the same database and streams.
    pub(crate) async fn restart(mut self) -> Self {
        self.supervisor.stop().await.unwrap();
        self.supervisor = serve(&self.database, &self.space).await;
        self
    }

    pub(crate) async fn stop(self) {
        self.supervisor.stop().await.unwrap();
    }
}

async fn serve(database: &Database, space: &Space) -> Supervisor {
    let settings = [
        ("MODE", "development".to_owned()),
        (
            "POSTGRES__URL",
            database.url_for(Service::Achievement).to_string(),
        ),
        ("POSTGRES__PASSWORD", testkit::ROLE_PASSWORD.to_owned()),
        ("NATS__URL", space.nats_url().to_owned()),
        ("NATS__PREFIX", space.prefix().to_owned()),
        ("NATS__MAX_STREAM_BYTES", MAX_STREAM_BYTES.to_string()),
        ("TEMPORAL__URL", testkit::temporal_url().to_string()),
        ("TEMPORAL__QUEUE", space.prefix().to_owned()),
    ];
    let settings = settings.map(|(key, value)| {
        (
            format!("BATTLESBIT_ACHIEVEMENT__{key}").into(),
            value.into(),
        )
    });
    let (_, settings) =
        runtime::settings::load::<Settings>(&achievement::SERVICE, None, settings).unwrap();
    let supervisor = Supervisor::new(
        achievement::SERVICE,
        Mode::Development,
        Clock::system(),
        Duration::from_secs(10),
    );
    achievement::serve(settings, supervisor.context())
        .await
        .unwrap();
    supervisor
}

async fn connect(database: &Database, service: Service) -> Db {
    let settings = store::Settings::<SecretString> {
        url: database.url_for(service).to_string(),
        password: testkit::ROLE_PASSWORD.to_owned().into(),
        max_connections: 2,
    };
    Db::connect(&settings, service).await.unwrap()
}

/// A settled battle that the first player won.
pub(crate) fn settled(players: &[UserId]) -> BattleSettled {
    let standing = |(place, &player): (usize, &UserId)| Standing {
        player,
        rank: u32::try_from(place).unwrap() + 1,
        winner: place == 0,
        prize: Money {
            minor: 0,
            currency: Currency::Usdt,
        },
        cups: 0,
        experience: 0,
        fills: 1,
    };
    BattleSettled {
        battle: runtime::ids::mint(),
        game: runtime::ids::mint(),
        title: "Sprint".to_owned(),
        ranked: true,
        standings: players.iter().enumerate().map(standing).collect(),
        record_sha256: "ab".repeat(32),
    }
}

/// A position of `player` that its owner closed without gain or loss.
pub(crate) fn closed(player: UserId) -> PositionEvent {
    let tick = Tick {
        trade: 1,
        price: "60000".parse().unwrap(),
        time: Timestamp::from_ms(1_723_161_255_342),
    };
    let (cause, margin) = (EndCause::Close, Chips::from_units(1_000_000_000));
    let exit = Exit {
        tick,
        profit: Chips::ZERO,
        fee: Chips::ZERO,
        payout: margin,
    };
    let battle = runtime::ids::mint();
    let position = PositionState {
        id: runtime::ids::mint(),
        battle,
        player,
        number: 0,
        symbol: "BTCUSDT".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Market,
        margin,
        leverage: Leverage::try_from(10).unwrap(),
        size: Chips::from_units(10_000_000_000),
        open_fee: Chips::ZERO,
        card_spent: false,
        stop_loss: None,
        take_profit: None,
        status: PositionStatus::Closed,
        effective_time: tick.time,
        stale_at: None,
        fill: Some(Fill {
            tick,
            sequence: 1,
            liquidation: None,
        }),
        end: Some(End {
            cause,
            time: tick.time,
            sequence: 2,
            exit: Some(exit),
        }),
        noted: Vec::new(),
    };
    PositionEvent {
        battle,
        player,
        change: PositionChange::Closed { cause, exit },
        position,
    }
}
