//! A trading floor of one's own: streams, a database, a market that the test moves, players.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::{Asked, Bus, NatsSettings, Prefix};
use contracts::commands::{Answer, Ask, Caller};
use contracts::market::{Offset, Tick, Watermark};
use contracts::positions::{NewPosition, PositionRequest, Taken, position_id};
use contracts::shard::Shard;
use contracts::{Message, Service};
use domain::battle::{BattleTerms, Seat};
use domain::chips::Chips;
use domain::game::{AllowedAsset, Prize, Template};
use domain::id::{BattleId, PositionId, RequestId, UserId};
use domain::leverage::{Bps, Leverage};
use domain::money::Currency;
use domain::order::{Entered, NewOrder, OrderKind, Side};
use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use runtime::Clock;
use sea_orm::ConnectionTrait;
use store::{Db, record};
use testkit::{Database, ROLE_PASSWORD, Space};
use tokio::time::timeout;

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// A stream that says nothing for so long has nothing more.
const SILENCE: Duration = Duration::from_millis(500);
/// Small, for NATS sets the bytes of every stream aside.
pub(crate) const STREAM_BYTES: u64 = 16 * 1024 * 1024;

/// Everything that an arena stands on.
pub(crate) struct Floor {
    pub(crate) database: Database,
    /// As the superuser, to look at everything.
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) nats: NatsSettings,
    trades: AtomicU64,
    /// Its corner of NATS goes with it.
    _space: Space,
}

impl Floor {
    pub(crate) async fn new() -> Self {
        let space = Space::new();
        let url = space.nats_url().to_owned();
        Self::on(space, &url, Database::new().await).await
    }

    /// On servers that the test may break.
    pub(crate) async fn on(space: Space, nats: &str, database: Database) -> Self {
        let prefix = Prefix::try_from(space.prefix().to_owned()).unwrap();
        let nats = NatsSettings {
            max_stream_bytes: Some(STREAM_BYTES),
            ..NatsSettings::new(nats, prefix)
        };
        let bus = Bus::connect(&nats, "test").await.unwrap();
        bus.declare_streams().await.unwrap();
        let db = Db::connect_as_operator(database.url().as_str())
            .await
            .unwrap();
        let floor = Self {
            database,
            db,
            bus,
            nats,
            trades: AtomicU64::new(0),
            _space: space,
        };
        floor
            .bus
            .publish(
                &Offset {
                    epoch: 1,
                    offset_ns: 0,
                },
                "offset",
            )
            .await
            .unwrap();
        floor
    }

    /// Opens a battle of two players that runs from a second ago until `seconds` from now. Nobody
    /// is told.
    pub(crate) async fn open_battle(&self, seconds: i64) -> BattleTerms {
        let terms = terms(seconds, template());
        self.open(&terms).await;
        terms
    }

    /// The same, in any shard but this.
    pub(crate) async fn open_battle_outside(&self, shard: Shard) -> BattleTerms {
        let mut terms = terms(600, template());
        while Shard::of(terms.battle) == shard {
            terms.battle = runtime::ids::mint();
        }
        self.open(&terms).await;
        terms
    }

    /// The matcher opens a battle.
    pub(crate) async fn open(&self, terms: &BattleTerms) {
        let template = serde_json::to_string(&terms.template).unwrap();
        let (battle, game) = (terms.battle, terms.game);
        let users = terms.seats.iter().map(|Seat { player, .. }| {
            format!(
                "INSERT INTO users (id, email, nick_name)
                 VALUES ('{player}', '{player}', '{player}');"
            )
        });
        let seats = terms
            .seats
            .iter()
            .zip(1..)
            .map(|(Seat { player, .. }, number)| {
                format!(
                "INSERT INTO seats (battle_id, number, participant_id, player_id, cups, experience)
                 VALUES ('{battle}', {number}, gen_random_uuid(), '{player}', 0, 0);"
            )
            });
        // One text is one transaction: nobody sees a battle without its seats.
        let sql = format!(
            "{users}
             INSERT INTO games (id, is_active, current_version) VALUES ('{game}', true, 1);
             INSERT INTO game_versions (game_id, version, template) VALUES ('{game}', 1, '{template}');
             INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked,
                 shard, start_time_ms, end_time_ms, clock_offset_ns)
             VALUES ('{battle}', '{game}', 1, '{template}', 'QUEUE', 'OPEN', true, {shard},
                 {start}, {end}, 0);
             {seats}",
            users = users.collect::<String>(),
            seats = seats.collect::<String>(),
            shard = Shard::of(battle),
            start = terms.start_time.ms(),
            end = terms.end_time.ms(),
        );
        self.db.connection().execute_unprepared(&sql).await.unwrap();
    }

    /// The matcher calls a battle off.
    pub(crate) async fn cancel(&self, battle: BattleId) {
        let sql = format!("UPDATE battles SET status = 'CANCELED' WHERE id = '{battle}'");
        self.db.connection().execute_unprepared(&sql).await.unwrap();
    }

    /// A trade of BTCUSDT at a whole price; answers its sequence.
    pub(crate) async fn tick(&self, price: i64, time: Timestamp) -> u64 {
        self.tick_at(whole(price), time).await
    }

    /// A trade of BTCUSDT; answers its sequence.
    pub(crate) async fn tick_at(&self, price: Price, time: Timestamp) -> u64 {
        let trade_id = self.trades.fetch_add(1, Ordering::SeqCst) + 1;
        let tick = Tick {
            epoch: 1,
            symbol: btc(),
            trade_id,
            price,
            time,
        };
        self.bus
            .publish(&tick, &format!("t{trade_id}"))
            .await
            .unwrap()
            .sequence
    }

    /// No trade at or before `time` follows.
    pub(crate) async fn watermark(&self, time: Timestamp) -> u64 {
        let mark = Watermark {
            epoch: 1,
            symbol: btc(),
            time,
        };
        self.bus
            .publish(&mark, &format!("w{}", time.ms()))
            .await
            .unwrap()
            .sequence
    }

    /// Asks the arena, which may still be starting, on a fresh market.
    pub(crate) async fn ask<A: PositionRequest>(&self, question: &A) -> Answer<PositionId> {
        match self.taken(question).await {
            Answer::Done { value } => Answer::Done {
                value: value.position,
            },
            Answer::Refused { refusal } => Answer::Refused { refusal },
        }
    }

    /// The same, with the row that came of it.
    pub(crate) async fn taken<A: PositionRequest>(&self, question: &A) -> Answer<Taken> {
        self.watermark(now()).await;
        match self.bus.ask(question, LIMIT).await.unwrap() {
            Asked::Answer(answer) => answer,
            Asked::NoAnswer { .. } => panic!("nobody answered"),
            Asked::NotStored => panic!("no stream took it"),
        }
    }

    /// Asks without waiting for the answer, on a fresh market.
    pub(crate) async fn send<A: Ask>(&self, question: &A) {
        self.watermark(now()).await;
        self.bus
            .publish(question, &question.message_id())
            .await
            .unwrap();
    }

    /// All messages of a topic, once there are `count` and none waits to be published.
    pub(crate) async fn heard<M: Message>(&self, count: usize) -> Vec<M> {
        testkit::eventually(LIMIT, async || {
            if !self.has_told_everything().await {
                return None;
            }
            let heard = self.stored::<M>().await;
            let heard: Vec<M> = heard.into_iter().map(|(_, message)| message).collect();
            (heard.len() >= count).then_some(heard)
        })
        .await
    }

    /// Whether everything that was announced is in its stream.
    pub(crate) async fn has_told_everything(&self) -> bool {
        let waiting = "SELECT count(*) FROM outbox WHERE published_at IS NULL";
        self.number(waiting).await == 0
    }

    /// All messages of a topic, to the tail of its stream, with their sequences.
    pub(crate) async fn stored<M: Message>(&self) -> Vec<(u64, M)> {
        let stream = M::TOPIC.stream();
        let bounds = self.bus.bounds(stream).await.unwrap();
        let head = bounds.head();
        let mut reader = self.bus.ordered(stream, &[M::TOPIC], head).await.unwrap();
        let mut stored = Vec::new();
        while reader.place().sequence < bounds.last {
            let Ok(entry) = timeout(SILENCE, reader.next()).await else {
                break;
            };
            let entry = entry.unwrap();
            stored.push((entry.sequence, entry.decode().unwrap()));
            if entry.pending == 0 {
                break;
            }
        }
        stored
    }

    /// Ends these battles and waits until they are sealed.
    pub(crate) async fn end(&self, battles: &[BattleTerms]) {
        let last = battles.iter().map(|terms| terms.end_time).max().unwrap();
        self.watermark(last.plus_ms(1)).await;
        for terms in battles {
            self.sealed(terms.battle).await;
        }
    }

    /// One number of the database.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let row = self
            .db
            .connection()
            .query_one_raw(statement)
            .await
            .unwrap()
            .expect("a row");
        row.try_get_by_index::<i64>(0).unwrap()
    }

    /// Waits until a battle is sealed; answers its record.
    pub(crate) async fn sealed(&self, battle: BattleId) -> Vec<u8> {
        testkit::eventually(LIMIT, async || {
            record::find(&self.db, battle).await.unwrap()
        })
        .await;
        self.parts(battle).await.concat()
    }

    /// The parts of a record that is sealed.
    pub(crate) async fn parts(&self, battle: BattleId) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        for part in 0.. {
            match record::find_part(&self.db, battle, part).await.unwrap() {
                Some(bytes) => parts.push(bytes),
                None => break,
            }
        }
        parts
    }
}

/// The database as a service sees it.
pub(crate) async fn connect(database: &Database, service: Service) -> Db {
    let settings = store::Settings {
        url: database.url().to_string(),
        password: ROLE_PASSWORD.to_owned(),
        max_connections: 5,
    };
    Db::connect(&settings, service).await.unwrap()
}

/// The terms of a battle that began a second ago, all its seats taken.
pub(crate) fn terms(seconds: i64, template: Template) -> BattleTerms {
    let start_time = now().plus_ms(-1_000);
    let seat = || Seat {
        player: runtime::ids::mint(),
        card_uses: 0,
    };
    BattleTerms {
        battle: runtime::ids::mint(),
        game: runtime::ids::mint(),
        version: 1,
        ranked: true,
        start_time,
        end_time: now().plus_ms(seconds * 1_000),
        seats: (0..template.max_players).map(|_| seat()).collect(),
        template,
    }
}

/// The game of the worked example.
pub(crate) fn template() -> Template {
    let bps = |rate: u16| Bps::try_from(rate).unwrap();
    Template {
        title: "Sprint".to_owned(),
        description: String::new(),
        cover: String::new(),
        currency: Currency::Usdt,
        is_active: true,
        duration_ms: 60_000,
        countdown_ms: 3_000,
        min_players: 2,
        max_players: 2,
        max_positions: 10,
        start_balance: Chips::from_units(10_000_000_000),
        entry_fee_minor: 10_000_000,
        assets: vec![AllowedAsset {
            symbol: btc(),
            price_step: Price::from_units(1).unwrap(),
        }],
        max_leverage: Leverage::MAX,
        fee_bps: bps(0),
        maintenance_bps: bps(0),
        fill_delay_ms: 250,
        card_uses: 10,
        prize: Prize::Fixed {
            amount_minor: 18_000_000,
            house_funded: false,
        },
        cup: 10,
        win_exp: 100,
        lose_exp: 20,
        items: Vec::new(),
        cup_band: None,
        fill_wait_ms: 5_000,
        queue_ttl_ms: 60_000,
    }
}

pub(crate) fn btc() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

/// A price of so many whole quote units.
pub(crate) fn whole(price: i64) -> Price {
    Price::from_units(price * 100_000_000).unwrap()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_ms(Clock::system().now_ms())
}

/// A moment by which every command that was answered by now counts.
pub(crate) fn soon() -> Timestamp {
    now().plus_ms(1_000)
}

pub(crate) fn caller(user: UserId) -> Caller {
    Caller {
        user,
        request: runtime::ids::mint(),
    }
}

/// A market order of 10 chips at 2×.
pub(crate) fn order(terms: &BattleTerms, seat: usize, side: Side) -> NewPosition {
    let caller = caller(terms.seats[seat].player);
    let order = NewOrder {
        position: id_of(terms, caller.user, caller.request),
        symbol: Entered::Value(btc()),
        side,
        kind: OrderKind::Market,
        margin: Entered::Value(Chips::from_units(1_000_000_000)),
        leverage: Entered::Value(Leverage::try_from(2).unwrap()),
        stop_loss: Entered::Absent,
        take_profit: Entered::Absent,
    };
    NewPosition {
        caller,
        battle: terms.battle,
        order,
    }
}

fn id_of(terms: &BattleTerms, user: UserId, request: RequestId) -> PositionId {
    position_id(terms.battle, user, request)
}
