//! The connection to Postgres, and what can be read through it.

use std::sync::Arc;
use std::time::Duration;

use contracts::Service;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector, StreamTrait,
    TransactionTrait,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::kept::{Kept, TRUSTED};
use crate::outbox::Written;
use crate::settings::Settings;
use crate::{Result, Tx};

/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long Postgres may take to say that it is there.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// The database, as one service sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    kept: Kept,
    outbox_written: Arc<Written>,
}

impl Db {
    /// Connects as the role of `service`. Fails if Postgres does not let it in.
    pub async fn connect<P>(settings: &Settings<P>, service: Service) -> Result<Self>
    where
        P: Clone + Into<SecretString>,
    {
        let password: SecretString = settings.password.clone().into();
        let options = parse(&settings.url)?
            .username(&service.role())
            .password(password.expose_secret())
            .application_name(service.name());
        Self::open(options, settings.max_connections).await
    }

    /// Connects as whoever the URL names: the operator's program, never a service.
    pub async fn connect_as_operator(url: &str) -> Result<Self> {
        Self::open(parse(url)?.application_name("battlesbit"), 2).await
    }

    async fn open(options: PgConnectOptions, max_connections: u32) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, pooled| {
                // It answered when it was given back.
                let fresh = pooled.idle_for < TRUSTED;
                Box::pin(async move { Ok(fresh || answers(connection).await?) })
            })
            .after_release(|connection, _| Box::pin(answers(connection)))
            .connect_with(options)
            .await
            .map_err(|cause| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(cause))))?;
        let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        Ok(Self {
            kept: Kept::beside(connection, max_connections),
            outbox_written: Arc::default(),
        })
    }

    /// Opens a transaction. It is rolled back unless it is committed.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx::new(self.connection().begin().await?, self.clone()))
    }

    /// Whether Postgres answers, within two seconds.
    pub async fn ping(&self) -> Result<()> {
        let asking = self.connection().execute_unprepared("SELECT 1");
        let asked = timeout(ANSWER_TIMEOUT, asking).await;
        let silent = |_elapsed| DbErr::Conn(RuntimeErr::Internal("no answer in time".to_owned()));
        asked.map_err(silent)??;
        Ok(())
    }

    /// What the commits of this process have written to the outbox.
    pub fn outbox_written(&self) -> Arc<Written> {
        Arc::clone(&self.outbox_written)
    }

    /// The bare connection, for migrations and tests.
    pub fn connection(&self) -> &DatabaseConnection {
        self.kept.pool()
    }

    /// Closes every connection.
    pub async fn close(self) {
        self.kept.close().await;
    }
}

/// Whether a connection that was given back is one on both sides. The pool itself would wait for
/// the answer as long as the system does, a quarter of an hour, and one connection the fewer; a
/// broken one is thrown away without a farewell, which nobody would hear.
async fn answers(connection: &mut PgConnection) -> std::result::Result<bool, sqlx::Error> {
    match timeout(ANSWER_TIMEOUT, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(elapsed) => Err(sqlx::Error::Io(elapsed.into())),
    }
}

fn parse(url: &str) -> Result<PgConnectOptions> {
    url.parse()
        .map_err(|cause| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(cause))).into())
}

/// What one can read from: the database, or a transaction with its own changes in sight.
pub trait Read: sealed::Connected {}

impl Read for Db {}
impl Read for Tx {}

pub(crate) mod sealed {
    use super::{ConnectionTrait, Db, Kept, StreamTrait};

    /// Where statements run. Only this crate sees it.
    pub trait Connected: Sync {
        /// What runs them.
        type Connection: ConnectionTrait + StreamTrait;

        /// It.
        fn conn(&self) -> &Self::Connection;
    }

    impl Connected for Db {
        type Connection = Kept;

        fn conn(&self) -> &Kept {
            &self.kept
        }
    }
}
