//! What a matcher stands on: a database, corners of the other servers, players with money and games.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::{Asked, Bus};
use contracts::Service;
use contracts::commands::{Answer, Ask, Caller, CreateGame};
use contracts::matchmaking::Add;
use domain::game::{AllowedAsset, Prize, Template};
use domain::id::{GameId, UserId};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::leverage::Bps;
use mail::MailSink;
use runtime::ids::mint;
use sea_orm::ConnectionTrait;
use sea_orm::sqlx::{self, PgPool};
use store::{Db, ledger};
use testkit::{Binary, Database, Process, Space};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::programs::Place;

/// How long anything may take before the run is given up.
pub(crate) const LIMIT: Duration = Duration::from_secs(240);
/// What a place costs, in millionths of a USDT.
pub(crate) const FEE: i64 = 1_000;
/// How long a battle lasts that is not to end while anything is measured.
pub(crate) const LONG_MS: i64 = 60 * 60 * 1_000;

/// How often it is looked whether something has happened.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Enough for whatever a run announces.
const STREAM_BYTES: u64 = 1 << 30;
/// What everybody has to begin with, in millionths of a USDT.
const FORTUNE: i64 = 1_000_000_000;
/// How many players are given money in one transaction.
const AT_ONCE: usize = 5_000;
/// No test's exchange listens there.
const NO_EXCHANGE: &str = "127.0.0.1:1";
/// Who has more than one seat of a ticket, and where one is missing.
const TORN: &str = "SELECT count(*) FROM (
        SELECT 1 FROM seats GROUP BY ticket_id HAVING count(*) > 1
        UNION ALL
        SELECT 1 FROM tickets t LEFT JOIN seats s ON s.ticket_id = t.id
        WHERE (t.status = 'SEATED') <> (s.ticket_id IS NOT NULL)
        UNION ALL
        SELECT 1 FROM battles b WHERE b.status <> 'WAITING' AND (SELECT count(*) FROM seats s
            WHERE s.battle_id = b.id) <> (b.template ->> 'max_players')::bigint
    ) torn";

/// A database and corners of the servers of one's own, with a matcher that runs there.
pub(crate) struct Floor {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) binaries: BTreeMap<Service, Binary>,
    pub(crate) sink: MailSink,
    _matcher: Process,
    // Dropped last: streams and database outlive what uses them.
    _space: Space,
    _database: Database,
}

impl Floor {
    pub(crate) async fn new() -> Self {
        let (database, space) = (Database::new().await, Space::new());
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let sink = MailSink::start(anywhere, anywhere).await.unwrap();
        let place = Place {
            database: &database,
            space: &space,
            exchange: NO_EXCHANGE,
            sink: &sink,
            temporal: &testkit::temporal_url(),
            stream_bytes: STREAM_BYTES,
        };
        let bus = place.declare_streams().await;
        let binaries = place.binaries();
        let db = Db::connect_as_operator(database.url().as_str())
            .await
            .unwrap();
        Self {
            _matcher: binaries[&Service::Matcher].start_ready().await,
            db,
            bus,
            binaries,
            sink,
            _space: space,
            _database: database,
        }
    }

    /// A game of these terms.
    pub(crate) async fn game(&self, template: Template) -> GameId {
        let command = CreateGame {
            caller: Caller {
                user: mint(),
                request: mint(),
            },
            game: mint(),
            template,
        };
        self.ask(&command).await
    }

    /// So many new players with money.
    pub(crate) async fn players(&self, count: usize) -> Vec<UserId> {
        let players: Vec<UserId> = (0..count).map(|_| mint()).collect();
        let ids: Vec<Uuid> = players.iter().map(|player| player.uuid()).collect();
        let insert = "INSERT INTO users (id, email, nick_name)
            SELECT id, id || '@players.example', id::text FROM unnest($1) AS fresh (id)";
        sqlx::query(insert)
            .bind(ids)
            .execute(self.pool())
            .await
            .unwrap();
        self.fund(&players).await;
        players
    }

    /// Gives players money.
    pub(crate) async fn fund(&self, players: &[UserId]) {
        let wallet = |player| Account::user(player, Unit::Usdt);
        self.give(players, wallet, FORTUNE).await;
    }

    /// Gives players as much of something, as from the world outside.
    pub(crate) async fn give(
        &self,
        players: &[UserId],
        account: impl Fn(UserId) -> Account,
        amount: i64,
    ) {
        let gift = |player: &UserId| {
            let credit = account(*player);
            Transfer {
                key: TransferKey::new(format!("bench/{}", credit.id())),
                kind: "bench",
                reference: player.uuid(),
                movement: Movement::Move {
                    debit: Account::outside(credit.unit),
                    credit,
                    amount,
                },
            }
        };
        for players in players.chunks(AT_ONCE) {
            let gifts: Vec<Transfer> = players.iter().map(gift).collect();
            let tx = self.db.begin().await.unwrap();
            ledger::post(&tx, &gifts).await.unwrap().unwrap();
            tx.commit().await.unwrap();
        }
    }

    /// Asks, and hears that it was done.
    pub(crate) async fn ask<A: Ask>(&self, question: &A) -> A::Value {
        match self.bus.ask(question, LIMIT).await.unwrap() {
            Asked::Answer(Answer::Done { value }) => value,
            Asked::Answer(Answer::Refused { refusal }) => panic!("refused: {}", refusal.message),
            Asked::NoAnswer { .. } | Asked::NotStored => panic!("no answer: something is lost"),
        }
    }

    /// Everybody is in one match, every match is full, and the ledger adds up.
    pub(crate) async fn complete(&self) {
        assert_eq!(
            self.number(TORN).await,
            0,
            "players are in two matches, or in none"
        );
        let differences = ledger::audit(&self.db).await.unwrap();
        assert_eq!(differences, [], "the ledger does not add up");
    }

    /// Lets Postgres put everything in order that a large fill has left behind.
    pub(crate) async fn settle(&self) {
        for order in ["VACUUM ANALYZE", "CHECKPOINT"] {
            self.db
                .connection()
                .execute_unprepared(order)
                .await
                .unwrap();
        }
    }

    /// One number of the database.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.pool())
            .await
            .unwrap()
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.db.connection().get_postgres_connection_pool()
    }
}

/// A match of so many who pay; a tenth goes to the house.
pub(crate) fn match_of(players: u32, duration_ms: i64) -> Template {
    let bps = |rate: u16| rate.try_into().unwrap();
    let asset = AllowedAsset {
        symbol: "BTCUSDT".parse().unwrap(),
        price_step: "0.01".parse().unwrap(),
    };
    Template {
        entry_fee_minor: FEE,
        min_players: players,
        max_players: players,
        countdown_ms: 0,
        duration_ms,
        prize: Prize::Pool {
            rake_bps: bps(1_000),
            shares_bps: vec![Bps::WHOLE],
        },
        cup: 20,
        win_exp: 100,
        lose_exp: 20,
        ..Template::usual("Benchmark".to_owned(), vec![asset])
    }
}

/// A join that is never too late: what is late is to be measured.
pub(crate) fn join(player: UserId, game: GameId) -> Add {
    Add {
        ticket: mint(),
        game,
        player,
        request: mint(),
        expires_at_ms: i64::MAX,
    }
}

/// Waits until `condition` holds; answers how long that took.
pub(crate) async fn reached(since: Instant, mut condition: impl AsyncFnMut() -> bool) -> Duration {
    while !condition().await {
        assert!(since.elapsed() < LIMIT, "not reached within {LIMIT:?}");
        sleep(LOOK_EVERY).await;
    }
    since.elapsed()
}
