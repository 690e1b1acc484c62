//! What an arena stands on: a database, a corner of NATS, and a market that the benchmark moves.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::Bus;
use contracts::Service;
use contracts::market::{Offset, Tick};
use contracts::shard::Shard;
use domain::price::Price;
use domain::timestamp::Timestamp;
use mail::MailSink;
use runtime::Clock;
use sea_orm::ConnectionTrait;
use sea_orm::sqlx::{self, PgPool, Row};
use store::Db;
use testkit::{Binary, Database, Process, Space, free_port};
use tokio::time::{Instant, sleep};

use crate::programs::Place;
use crate::world::{self, ENTRY, Levels, SYMBOLS};

/// How long anything may take before the run is given up.
pub(crate) const LIMIT: Duration = Duration::from_secs(240);
/// How often it is looked whether something has happened.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Enough for whatever a run announces.
const STREAM_BYTES: u64 = 1 << 30;
/// How many shards have everything up to a place of MARKET in Postgres.
const WRITTEN: &str = "SELECT count(*) FROM arena_shards
    WHERE (market_state ->> 'sequence')::bigint >= $1";
/// Fills up a file of the write-ahead log.
const NEXT_LOG_FILE: &str =
    "SELECT pg_logical_emit_message(false, 'bench', ''); SELECT pg_switch_wal()";
/// So many of them last longer than any part of a run.
const LOG_FILES: u32 = 32;

/// A database and corners of the servers of one's own, with the programs to run there.
pub(crate) struct Floor {
    pub(crate) db: Db,
    pub(crate) binaries: BTreeMap<Service, Binary>,
    /// A second arena.
    pub(crate) other_arena: Binary,
    /// Where the exchange is expected.
    pub(crate) exchange: u16,
    pub(crate) sink: MailSink,
    bus: Bus,
    // Dropped last: streams and database outlive what uses them.
    _space: Space,
    database: Database,
}

impl Floor {
    pub(crate) async fn new() -> Self {
        let (database, space, exchange) = (Database::new().await, Space::new(), free_port());
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let sink = MailSink::start(anywhere, anywhere).await.unwrap();
        let place = Place {
            database: &database,
            space: &space,
            exchange: &format!("127.0.0.1:{exchange}"),
            sink: &sink,
            temporal: &testkit::temporal_url(),
            stream_bytes: STREAM_BYTES,
        };
        let bus = place.declare_streams().await;
        let binaries = place.binaries();
        let other_arena = place.binary(Service::Arena);
        let db = Db::connect_as_operator(database.url().as_str())
            .await
            .unwrap();
        Self {
            db,
            binaries,
            other_arena,
            exchange,
            sink,
            bus,
            _space: space,
            database,
        }
    }

    /// One where battles with so many players each hold so many open positions in all, at this time.
    pub(crate) async fn filled(
        players: usize,
        positions: usize,
        levels: &Levels,
    ) -> (Self, Timestamp) {
        let floor = Self::new().await;
        let now = Timestamp::from_ms(Clock::system().now_ms());
        floor.be_market().await;
        floor.tick(1, ENTRY, now).await;
        let battles = world::battles(now, || world::new_players(players));
        floor
            .execute(&world::fill(&battles, positions, levels))
            .await;
        (floor, now)
    }

    /// Starts a service; waits for nothing.
    pub(crate) fn start(&self, service: Service) -> Process {
        self.binaries[&service].start()
    }

    /// Takes the place of market, which does not run.
    async fn be_market(&self) {
        let offset = Offset {
            epoch: 1,
            offset_ns: 0,
        };
        self.bus.publish(&offset, "offset").await.unwrap();
    }

    /// A trade of every symbol; answers the sequence of the last.
    pub(crate) async fn tick(&self, trade_id: u64, price: i64, time: Timestamp) -> u64 {
        let mut sequence = 0;
        for symbol in SYMBOLS {
            let tick = Tick {
                epoch: 1,
                symbol: symbol.parse().unwrap(),
                trade_id,
                price: Price::from_units(price).unwrap(),
                time,
            };
            let id = format!("{symbol}/{trade_id}");
            sequence = self.bus.publish(&tick, &id).await.unwrap().sequence;
        }
        sequence
    }

    /// Waits until every shard has everything up to a place of MARKET in Postgres; answers how long
    /// that took.
    pub(crate) async fn written(&self, sequence: u64, since: Instant) -> Duration {
        let sequence = i64::try_from(sequence).unwrap();
        reached(since, async || {
            let written: i64 = sqlx::query_scalar(WRITTEN)
                .bind(sequence)
                .fetch_one(self.pool())
                .await
                .unwrap();
            written == i64::from(Shard::COUNT)
        })
        .await
    }

    /// Runs statements as the database's superuser, in one transaction.
    pub(crate) async fn execute(&self, sql: &str) {
        self.db.connection().execute_unprepared(sql).await.unwrap();
    }

    /// One number of the database.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query(sql)
            .fetch_one(self.pool())
            .await
            .unwrap()
            .get(0)
    }

    /// The superuser's way to the database.
    pub(crate) fn url(&self) -> url::Url {
        self.database.url()
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.db.connection().get_postgres_connection_pool()
    }

    /// Lets Postgres put everything in order that a large fill has left behind, and have files of the
    /// log to use again, as a server has that ran for an hour. A new one makes each anew: 16 MB of
    /// zeros are written and synced while a commit waits, every four seconds under our load.
    pub(crate) async fn settle(&self) {
        self.execute("VACUUM ANALYZE").await;
        for _ in 0..LOG_FILES {
            self.execute(NEXT_LOG_FILE).await;
        }
        self.execute("CHECKPOINT").await;
    }
}

/// Waits until an arena has every shard; answers how long that took.
pub(crate) async fn ready(floor: &Floor, arena: &Process, since: Instant) -> Duration {
    reached(since, async || {
        matches!(arena.readyz().await, Some((200, _)))
    })
    .await;
    let took = since.elapsed();
    let owned = "SELECT count(*) FROM arena_shards WHERE owner IS NOT NULL";
    assert_eq!(floor.number(owned).await, 64, "{}", arena.stderr());
    took
}

/// Waits until `condition` holds; answers how long that took.
pub(crate) async fn reached(since: Instant, mut condition: impl AsyncFnMut() -> bool) -> Duration {
    while !condition().await {
        assert!(since.elapsed() < LIMIT, "not reached within {LIMIT:?}");
        sleep(LOOK_EVERY).await;
    }
    since.elapsed()
}
