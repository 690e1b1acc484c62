//! One running service with a corner of its own, and what a test does to it.

use std::time::Duration;

use bus::{Bus, NatsSettings};
use contracts::Service;
use domain::id::UserId;
use mail::MailSink;
use notifications::Settings;
use runtime::{Mode, MovableClock, Supervisor};
use secrecy::SecretString;
use store::Db;
use store::user::NewUser;
use testkit::{Database, Space, eventually};

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Enough for a test; the server reserves it.
const MAX_STREAM_BYTES: u64 = 16 << 20;

pub(crate) struct App {
    pub(crate) bus: Bus,
    /// The database, as the gateway sees it.
    pub(crate) web: Db,
    /// The database, as the service sees it.
    pub(crate) db: Db,
    pub(crate) sink: MailSink,
    pub(crate) clock: MovableClock,
    supervisor: Supervisor,
    // Dropped last: streams and database outlive what uses them.
    pub(crate) space: Space,
    _database: Database,
}

impl App {
    pub(crate) async fn start() -> Self {
        let database = Database::new().await;
        let space = Space::new();
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let sink = MailSink::start(anywhere, anywhere).await.unwrap();
        let prefix = space.prefix().to_owned().try_into().unwrap();
        let nats = NatsSettings {
            max_stream_bytes: Some(MAX_STREAM_BYTES),
            ..NatsSettings::new(space.nats_url(), prefix)
        };
        let bus = Bus::connect(&nats, "test").await.unwrap();
        bus.declare_streams().await.unwrap();
        let clock = MovableClock::at_present();
        let supervisor = Supervisor::new(
            notifications::SERVICE,
            Mode::Development,
            clock.clock(),
            Duration::from_secs(5),
        );
        let settings = [
            ("MODE", "development".to_owned()),
            (
                "POSTGRES__URL",
                database.url_for(Service::Notifications).to_string(),
            ),
            ("POSTGRES__PASSWORD", testkit::ROLE_PASSWORD.to_owned()),
            ("NATS__URL", space.nats_url().to_owned()),
            ("NATS__PREFIX", space.prefix().to_owned()),
            ("NATS__MAX_STREAM_BYTES", MAX_STREAM_BYTES.to_string()),
            ("SMTP__URL", format!("smtp://{}", sink.smtp())),
            ("SMTP__TIMEOUT_MS", "2000".to_owned()),
        ];
        let settings = settings.map(|(key, value)| {
            (
                format!("BATTLESBIT_NOTIFICATIONS__{key}").into(),
                value.into(),
            )
        });
        let (_, settings) =
            runtime::settings::load::<Settings>(&notifications::SERVICE, None, settings).unwrap();
        notifications::serve(settings, supervisor.context())
            .await
            .unwrap();
        let web = connect(&database, Service::Web).await;
        let db = connect(&database, Service::Notifications).await;
        Self {
            bus,
            web,
            db,
            sink,
            clock,
            supervisor,
            _database: database,
            space,
        }
    }

    /// A user with this mail address.
    pub(crate) async fn user(&self, email: &str) -> UserId {
        let id = runtime::ids::mint();
        let nick_name = format!("nick-{id}");
        let now = self.clock.clock().now();
        let tx = self.web.begin().await.unwrap();
        let new = NewUser {
            id,
            email: Some(email),
            solana_address: None,
            nick_name: &nick_name,
            now,
        };
        assert!(store::user::insert(&tx, &new).await.unwrap());
        tx.commit().await.unwrap();
        id
    }

    /// Waits until `wanted` mails have come to `address`.
    pub(crate) async fn mails(&self, address: &str, wanted: usize) -> Vec<mail::Message> {
        eventually(LIMIT, async || {
            let mails = self.sink.mailbox().list(Some(address), 0);
            (mails.len() >= wanted).then_some(mails)
        })
        .await
    }

    pub(crate) async fn stop(self) {
        self.supervisor.stop().await.unwrap();
    }
}

async fn connect(database: &Database, service: Service) -> Db {
    let settings = store::Settings::<SecretString> {
        url: database.url_for(service).to_string(),
        password: testkit::ROLE_PASSWORD.to_owned().into(),
        max_connections: 2,
    };
    Db::connect(&settings, service).await.unwrap()
}
