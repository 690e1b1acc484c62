//! Connections that are kept from one single statement to the next.
//!
//! Whenever a connection comes back to the pool it is asked whether it is there, by us and by the
//! pool itself: a statement would cost three round trips instead of one. So a few of them stay here,
//! in the order of their last use, and go back to the pool once they have been idle for a while or
//! a statement has failed.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Postgres};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, QueryStream,
    RuntimeErr, Statement, StreamTrait, Values,
};
use sea_query_sqlx::SqlxValues;

/// For how long a connection that answered is taken to be one.
pub(crate) const TRUSTED: Duration = Duration::from_millis(500);

/// The share of the pool's connections that are kept: transactions need the others.
const KEPT_OF: u32 = 4;

/// A pool and the connections that are kept beside it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Kept {
    pool: DatabaseConnection,
    idle: Arc<Mutex<Vec<Idle>>>,
    most: usize,
}

#[derive(Debug)]
struct Idle {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

impl Kept {
    /// Keeps none yet of a pool of so many connections.
    pub(crate) fn beside(pool: DatabaseConnection, max_connections: u32) -> Self {
        let most = usize::try_from(max_connections / KEPT_OF).unwrap_or(usize::MAX);
        Self {
            pool,
            idle: Arc::default(),
            most,
        }
    }

    pub(crate) const fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Gives all of them back, and closes the pool.
    pub(crate) async fn close(self) {
        let pool = self.pool.get_postgres_connection_pool().clone();
        // From here on nothing is kept.
        let closing = pool.close();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        closing.await;
    }

    async fn take(&self) -> Result<PoolConnection<Postgres>, DbErr> {
        match self.trusted() {
            Some(connection) => Ok(connection),
            None => {
                let acquired = self.pool.get_postgres_connection_pool().acquire().await;
                acquired.map_err(|cause| DbErr::Conn(of(cause)))
            }
        }
    }

    /// The connection that answered last, if that was a moment ago. If not, all go back.
    fn trusted(&self) -> Option<PoolConnection<Postgres>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle.pop()?;
        if kept.since.elapsed() < TRUSTED {
            return Some(kept.connection);
        }
        idle.clear();
        None
    }

    fn keep(&self, connection: PoolConnection<Postgres>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = self.pool.get_postgres_connection_pool().is_closed();
        if idle.len() < self.most && !closed {
            let since = Instant::now();
            idle.push(Idle { connection, since });
        }
    }

    /// Keeps the connection if its statement went well; the pool finds out about any other.
    fn answered<T>(
        &self,
        connection: PoolConnection<Postgres>,
        answer: Result<T, sqlx::Error>,
    ) -> Result<T, DbErr> {
        let answer = answer.map_err(|cause| DbErr::Query(of(cause)))?;
        self.keep(connection);
        Ok(answer)
    }
}

#[async_trait]
impl ConnectionTrait for Kept {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let mut connection = self.take().await?;
        let done = query(&stmt).execute(&mut *connection).await;
        self.answered(connection, done.map(ExecResult::from))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.pool.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut connection = self.take().await?;
        let row = query(&stmt).fetch_optional(&mut *connection).await;
        self.answered(connection, row.map(|row| row.map(QueryResult::from)))
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut connection = self.take().await?;
        let rows = query(&stmt).fetch_all(&mut *connection).await;
        let rows = rows.map(|rows| rows.into_iter().map(QueryResult::from).collect());
        self.answered(connection, rows)
    }
}

impl StreamTrait for Kept {
    type Stream<'a> = QueryStream;

    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    fn stream_raw<'a>(
        &'a self,
        stmt: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<QueryStream, DbErr>> + 'a + Send>> {
        self.pool.stream_raw(stmt)
    }
}

fn query(stmt: &Statement) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = stmt.values.clone().unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(stmt.sql.as_str()), SqlxValues(values))
}

fn of(cause: sqlx::Error) -> RuntimeErr {
    RuntimeErr::SqlxError(Arc::new(cause))
}
