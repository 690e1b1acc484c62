//! A gateway in a corner of its own: its database, streams and keys, and a clock that can be moved.

use std::net::SocketAddr;
use std::time::Duration;

use bus::{Bus, NatsSettings};
use contracts::commands::{Answer, Ask};
use contracts::notifications::OtpEmail;
use contracts::{Key, Topic};
use runtime::{Mode, MovableClock, Supervisor};
use store::Db;
use testkit::{Database, ROLE_PASSWORD, Space, eventually};
use tokio::task::JoinSet;
use web::Settings;

use crate::client::Client;
use crate::way::Way;

/// How long anything may take that has to happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// The key that a gateway here signs with unless its test says otherwise.
pub(crate) const SIGNING_KEY: &str =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// How long a task of a stopping gateway may take.
const GRACE: Duration = Duration::from_secs(5);

/// Of one gateway at a time.
const CONNECTIONS: u32 = 1_000;
/// The most bytes that a test's stream may reserve.
const MAX_STREAM_BYTES: u64 = 16 << 20;

pub(crate) struct Stage {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) clock: MovableClock,
    pub(crate) address: SocketAddr,
    supervisor: Supervisor,
    peers: JoinSet<()>,
    corner: (Database, Space),
}

impl Stage {
    /// A gateway that is ready, in development mode.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with some settings of its own, as name and value.
    pub(crate) async fn with(own: &[(&str, &str)]) -> Self {
        Self::on(Space::new(), own).await
    }

    /// The same on servers of its own.
    pub(crate) async fn on(space: Space, own: &[(&str, &str)]) -> Self {
        Self::open(space, Mode::Development, own).await
    }

    /// The same in another mode.
    pub(crate) async fn in_mode(mode: Mode, own: &[(&str, &str)]) -> Self {
        Self::open(Space::new(), mode, own).await
    }

    /// The same, and the way on which its statements go to Postgres.
    pub(crate) async fn overheard(own: &[(&str, &str)]) -> (Self, Way) {
        let database = Database::new().await;
        let mut url = database.url();
        let way = Way::to(url.port().unwrap()).await;
        url.set_port(Some(way.port)).unwrap();
        let own = [own, &[("postgres.url", url.as_str())]].concat();
        let stage = Self::beside(database, Space::new(), Mode::Development, &own).await;
        (stage, way)
    }

    async fn open(space: Space, mode: Mode, own: &[(&str, &str)]) -> Self {
        Self::beside(Database::new().await, space, mode, own).await
    }

    async fn beside(database: Database, space: Space, mode: Mode, own: &[(&str, &str)]) -> Self {
        let nats = NatsSettings {
            max_stream_bytes: Some(MAX_STREAM_BYTES),
            ..NatsSettings::new(
                space.nats_url(),
                space.prefix().to_owned().try_into().unwrap(),
            )
        };
        let bus = Bus::connect(&nats, "test").await.unwrap();
        bus.declare_streams().await.unwrap();
        let db = Db::connect_as_operator(database.url().as_str())
            .await
            .unwrap();
        let clock = MovableClock::at_present();
        let settings = settings(&database, &space, own);
        let Replica {
            address,
            supervisor,
        } = serve(settings, mode, &clock).await;
        Self {
            db,
            bus,
            clock,
            address,
            supervisor,
            peers: JoinSet::new(),
            corner: (database, space),
        }
    }

    /// One more gateway beside it, with some settings of its own.
    pub(crate) async fn replica(&self, own: &[(&str, &str)]) -> Replica {
        let (database, space) = &self.corner;
        let settings = settings(database, space, own);
        serve(settings, Mode::Development, &self.clock).await
    }

    /// Its corner of NATS.
    pub(crate) const fn space(&self) -> &Space {
        &self.corner.1
    }

    /// Asks the gateway to stop, and waits until it has.
    pub(crate) async fn stop(&self) {
        self.supervisor.stop().await.unwrap();
    }

    /// Somebody who has not signed in.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Somebody who has just signed in with this address.
    pub(crate) async fn signed_in(&self, email: &str) -> Client {
        let mut client = self.client();
        let code = self.request_code(&client, email).await;
        client.login(email, &code).await;
        client
    }

    /// Somebody with this role of staff.
    pub(crate) async fn staff(&self, role: &str) -> Client {
        let client = self.signed_in(&format!("{role}@example.com")).await;
        let id = client.id().await;
        self.script(&format!(
            "INSERT INTO staff_roles (user_id, role) VALUES ('{id}', '{role}')"
        ))
        .await;
        client
    }

    /// Asks for a code and reads the mail.
    pub(crate) async fn request_code(&self, client: &Client, email: &str) -> String {
        client.request_code(email).await.data();
        self.mailed_code(email).await
    }

    /// The newest code on its way to this address.
    pub(crate) async fn mailed_code(&self, email: &str) -> String {
        eventually(LIMIT, async || {
            let last = self.bus.last::<OtpEmail>(&Key::none()).await.unwrap()?;
            (last.message.to == email.to_lowercase()).then_some(last.message.code)
        })
        .await
    }

    /// Plays the owner of a question: answers every one that is stored from now on.
    pub(crate) async fn answer<A>(
        &mut self,
        answer: impl Fn(A) -> Answer<A::Value> + Send + 'static,
    ) where
        A: Ask + 'static,
        A::Value: Sync,
    {
        let bus = self.bus.clone();
        let topic = [A::TOPIC];
        let tail = bus.bounds(A::TOPIC.stream()).await.unwrap().tail();
        let mut questions = bus.ordered(A::TOPIC.stream(), &topic, tail).await.unwrap();
        self.peers.spawn(async move {
            while let Ok(entry) = questions.next().await {
                let question = entry.decode::<A>().unwrap();
                bus.answer(entry.answer_to.as_deref(), &answer(question));
            }
        });
    }

    /// Every question of this kind that was stored, from the first.
    pub(crate) async fn questions<A: Ask>(&self, count: usize) -> Vec<A> {
        let head = self.bus.bounds(A::TOPIC.stream()).await.unwrap().head();
        let topic: [Topic; 1] = [A::TOPIC];
        let mut reader = self
            .bus
            .ordered(A::TOPIC.stream(), &topic, head)
            .await
            .unwrap();
        let mut questions = Vec::new();
        while questions.len() < count {
            let entry = tokio::time::timeout(LIMIT, reader.next())
                .await
                .unwrap()
                .unwrap();
            questions.push(entry.decode().unwrap());
        }
        questions
    }
}

/// A gateway that is ready.
async fn serve(settings: Settings, mode: Mode, clock: &MovableClock) -> Replica {
    let supervisor = Supervisor::new(web::SERVICE, mode, clock.clock(), GRACE);
    let http = runtime::settings::Http {
        listen: "127.0.0.1:0".parse().unwrap(),
        connections: CONNECTIONS,
    };
    let address = supervisor.listen(&http).await.unwrap();
    supervisor.start(web::serve(settings, supervisor.context()));
    eventually(LIMIT, async || supervisor.context().health.report().ready).await;
    Replica {
        address,
        supervisor,
    }
}

/// Another gateway on the database, streams and keys of a stage, and by its clock.
pub(crate) struct Replica {
    pub(crate) address: SocketAddr,
    supervisor: Supervisor,
}

impl Replica {
    /// Somebody who has not signed in.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(&self) {
        self.supervisor.stop().await.unwrap();
    }
}

/// The settings of a gateway here.
pub(crate) fn settings(database: &Database, space: &Space, own: &[(&str, &str)]) -> Settings {
    let own = own.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let variables = environment(database, space)
        .into_iter()
        .chain(own)
        .map(|(name, value)| {
            let name = name.to_uppercase().replace('.', "__");
            (format!("BATTLESBIT_WEB__{name}").into(), value.into())
        });
    runtime::settings::load(&web::SERVICE, None, variables)
        .unwrap()
        .1
}

fn environment(database: &Database, space: &Space) -> Vec<(&'static str, String)> {
    vec![
        ("postgres.url", database.url().to_string()),
        ("postgres.password", ROLE_PASSWORD.to_owned()),
        ("nats.url", space.nats_url().to_owned()),
        ("nats.prefix", space.prefix().to_owned()),
        ("nats.max_stream_bytes", MAX_STREAM_BYTES.to_string()),
        ("redis.url", space.redis_url().to_owned()),
        ("redis.prefix", space.redis_prefix()),
        ("identity.signing_key", SIGNING_KEY.to_owned()),
        (
            "identity.code_key",
            "the key of one-time codes in tests".to_owned(),
        ),
    ]
}
