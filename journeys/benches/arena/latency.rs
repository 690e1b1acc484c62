//! Orders through the gateway and triggers by the exchange's trades, both at moments that were
//! fixed beforehand: how long each takes until it is committed.

use std::collections::BTreeMap;
use std::time::Duration;

use bots::account;
use bots::client::Client;
use bots::mailbox::Mailbox;
use contracts::Service;
use contracts::shard::Shard;
use domain::id::UserId;
use domain::timestamp::Timestamp;
use futures::{StreamExt, stream};
use measure::{Figure, Histogram};
use runtime::Clock;
use sea_orm::sqlx::{self, PgPool};
use serde_json::{Value, json};
use testkit::{Binary, Process, free_port};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::BENCH;
use crate::floor::{Floor, reached, ready};
use crate::world::{self, ENTRY, Levels, SYMBOLS};

const POSITIONS: usize = 10_000;
/// Two a battle, so that nobody comes near the ten orders a second that a battle allows.
const PLAYERS: usize = 128;
const ORDERS_PER_S: u32 = 500;
const TICKS_PER_S: u32 = 200;
/// What happens in the first seconds counts as complete or not, and not in the latencies.
const WARM_UP: Duration = Duration::from_secs(10);
const MEASURED: Duration = Duration::from_secs(60);
/// Every so many ticks of a symbol one goes where none has been, and takes a position's profit.
const FIRES_EVERY: i64 = 4;
/// How far apart the levels of a symbol lie, in units of price, and how far other ticks go.
const STEP: i64 = 10_000_000;
const WANDER: i64 = 1_000_000;
/// How often it is looked how far each shard's commits have come.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Between two attempts to get the market going.
const PAUSE: Duration = Duration::from_millis(250);
/// How many players sign up at the same time.
const SIGN_UPS: usize = 8;
const ORDER_GOAL_MS: f64 = 20.0;
const TRIGGER_GOAL_MS: f64 = 25.0;
/// Where the disk is slower than that, so many times its fdatasync.
const GOAL_SYNCS: f64 = 3.0;

const ORDER: &str = "mutation Order($input: CreateGameMatchPositionInput!) {
    createGameMatchPosition(createGameInput: $input) { id status }
}";
const SHOWN: [&str; SYMBOLS.len()] = ["BTC", "ETH", "SOL", "BNB"];

/// The levels of a symbol lie a step apart, in the order of number and shard.
const STAIRS: Levels = Levels {
    side: "'BUY'",
    stop_loss: "NULL::bigint",
    take_profit: "entry + 10000000 * (1 + number / 4 * 64 + shard)",
};

/// An answer that takes so long is late.
const LATE: Duration = Duration::from_millis(30);
/// Late answers so far apart are not of one stall.
const APART: Duration = Duration::from_millis(250);

pub(crate) async fn measure(syncs: &Histogram<u64>) {
    let floor = Floor::new().await;
    let fleet = Fleet::start(&floor).await;
    let over = CancellationToken::new();
    let mut watching = JoinSet::new();
    watching.spawn(watch(floor.pool().clone(), over.clone()));
    let began = Instant::now();
    let (orders, trades) = tokio::join!(fleet.order(began), fleet.trade(began));
    complete(&floor, &orders, &trades).await;
    over.cancel();
    let commits = watching.join_next().await.unwrap().unwrap();
    let measured_from = began + WARM_UP;
    let mut order_us = measure::histogram();
    let mut late = Vec::new();
    for order in orders.iter().filter(|order| order.at >= measured_from) {
        order_us.record(us(order.took)).unwrap();
        if order.took > LATE {
            late.push((order.at - began, order.took));
        }
    }
    tell_stalls(late);
    let trigger_us = triggers(&floor, &trades, &commits, measured_from).await;
    let sync_ms = measure::at(syncs, 0.99) / 1e6;
    for (name, latencies, goal) in [
        ("order_p99_ms", order_us, ORDER_GOAL_MS),
        ("trigger_p99_ms", trigger_us, TRIGGER_GOAL_MS),
    ] {
        measure::tell(name, "µs", &latencies);
        let value = measure::at(&latencies, 0.99) / 1e3;
        let goal = goal.max(GOAL_SYNCS * sync_ms);
        Figure {
            name,
            value,
            unit: "ms",
            baseline: sync_ms,
            ratio: value / sync_ms,
            goal,
            met: value <= goal,
        }
        .print(BENCH);
    }
}

/// Tells when answers were late: what stands still for a moment shows as many late ones together.
fn tell_stalls(mut late: Vec<(Duration, Duration)>) {
    late.sort_unstable();
    for stall in late.chunk_by(|(one, _), (next, _)| *next - *one < APART) {
        let (begins, worst) = (stall[0].0, stall.iter().map(|(_, took)| took).max());
        eprintln!(
            "late at {:.2} s: {} orders, the latest by {} ms",
            begins.as_secs_f64(),
            stall.len(),
            worst.unwrap().as_millis(),
        );
    }
}

/// What orders and trades go through, and who orders.
struct Fleet {
    exchange: String,
    http: reqwest::Client,
    players: Vec<Player>,
    _processes: Vec<Process>,
}

/// A signed-in player, and the battle that he sits in.
struct Player {
    api: Client,
    user: UserId,
    battle: String,
}

/// An order that was answered.
struct Order {
    id: Uuid,
    /// When it was to be sent.
    at: Instant,
    /// From then to the answer.
    took: Duration,
}

/// Each trade of the exchange, by symbol and id.
type Trades = BTreeMap<(String, i64), Trade>;

/// A trade that was made.
struct Trade {
    /// When it was to be.
    at: Instant,
    price: i64,
}

/// When each shard was seen to have everything up to a place of MARKET in Postgres.
type Commits = Vec<(Instant, Vec<i64>)>;

impl Fleet {
    /// Starts what orders and trades go through, lets players sign up and fills their battles.
    async fn start(floor: &Floor) -> Self {
        let control = format!("127.0.0.1:{}", free_port());
        let listen = format!("127.0.0.1:{}", floor.exchange);
        let exchange = [
            "run",
            "--listen",
            &listen,
            "--control",
            &control,
            "--manual",
        ];
        let exchange = exchange
            .into_iter()
            .fold(Binary::tool("exchange", floor.exchange), Binary::arg);
        let web = floor.binaries[&Service::Web]
            .clone()
            .setting("limits.logins_per_ip", "1000");
        let mut processes = vec![
            exchange.start_ready().await,
            web.start(),
            floor.start(Service::Notifications),
            floor.start(Service::Market),
        ];
        for process in &mut processes {
            process.ready().await;
        }
        let api = Client::new(format!("{}/graphql", web.url()).parse().unwrap()).unwrap();
        let mail = format!("http://{}/", floor.sink.http());
        let players = sign_up(&api, &Mailbox::new(mail.parse().unwrap())).await;
        let mut fleet = Self {
            exchange: format!("http://{control}/control/trade"),
            http: reqwest::Client::new(),
            players,
            _processes: processes,
        };
        fleet.fill(floor).await;
        let arena = floor.start(Service::Arena);
        ready(floor, &arena, Instant::now()).await;
        fleet._processes.push(arena);
        fleet.quicken(floor).await;
        fleet
    }

    /// Gives every two players a battle, and opens the positions.
    async fn fill(&mut self, floor: &Floor) {
        let now = Timestamp::from_ms(Clock::system().now_ms());
        let users: Vec<UserId> = self.players.iter().map(|player| player.user).collect();
        let mut pairs = users.chunks(2);
        let battles = world::battles(now, || pairs.next().unwrap().to_vec());
        for (players, terms) in self.players.chunks_mut(2).zip(&battles) {
            for player in players {
                player.battle = terms.battle.to_string();
            }
        }
        floor
            .execute(&world::fill(&battles, POSITIONS, &STAIRS))
            .await;
        floor.settle().await;
    }

    /// Trades until every shard has committed a price of every symbol.
    async fn quicken(&self, floor: &Floor) {
        let priced =
            "SELECT count(*) FROM arena_shards, jsonb_array_elements(market_state -> 'assets')
            AS asset WHERE asset ->> 'tick' IS NOT NULL";
        let all = i64::from(Shard::COUNT) * i64::try_from(SYMBOLS.len()).unwrap();
        while floor.number(priced).await < all {
            for symbol in SYMBOLS {
                make(&self.http, &self.exchange, symbol, ENTRY).await;
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends every order at its time, whatever became of those before it.
    async fn order(&self, began: Instant) -> Vec<Order> {
        let mut sending = JoinSet::new();
        for (number, at) in (0..).zip(moments(began, ORDERS_PER_S)) {
            let player = &self.players[number % PLAYERS];
            let (api, input) = (player.api.clone(), player.terms(number));
            sleep_until(at).await;
            sending.spawn(async move {
                let answer = api.run(ORDER, json!({ "input": input })).await;
                let answer = answer.unwrap_or_else(|cause| panic!("an order is lost: {cause:#}"));
                let took = at.elapsed();
                let id = answer.pointer("/createGameMatchPosition/id");
                let id = id.and_then(Value::as_str).unwrap().parse().unwrap();
                Order { id, at, took }
            });
        }
        sending.join_all().await
    }

    /// Lets the exchange trade at every moment that was fixed for it.
    async fn trade(&self, began: Instant) -> Trades {
        let mut making = JoinSet::new();
        for (number, at) in (0..).zip(moments(began, TICKS_PER_S)) {
            let symbol = SYMBOLS[number % SYMBOLS.len()];
            let price = price(number / SYMBOLS.len());
            let (http, exchange) = (self.http.clone(), self.exchange.clone());
            sleep_until(at).await;
            making.spawn(async move {
                let id = make(&http, &exchange, symbol, price).await;
                ((symbol.to_owned(), id), Trade { at, price })
            });
        }
        making.join_all().await.into_iter().collect()
    }
}

impl Player {
    fn terms(&self, number: usize) -> Value {
        let side = if number.is_multiple_of(2) {
            "BUY"
        } else {
            "SELL"
        };
        json!({
            "matchID": self.battle, "baseToken": SHOWN[number / PLAYERS % SHOWN.len()],
            "side": side, "type": "MARKET", "margin": "1", "leverage": 5,
        })
    }
}

async fn sign_up(api: &Client, mailbox: &Mailbox) -> Vec<Player> {
    let one = async |number| {
        let email = format!("player{number}@players.example");
        let api = account::sign_in(api, mailbox, &email).await.unwrap();
        let profile = account::profile(&api).await.unwrap();
        Player {
            api,
            user: profile.id.parse::<Uuid>().unwrap().into(),
            battle: String::new(),
        }
    };
    stream::iter(0..PLAYERS)
        .map(one)
        .buffered(SIGN_UPS)
        .collect()
        .await
}

/// The moments of a run at which something happens so often a second.
fn moments(began: Instant, per_s: u32) -> impl Iterator<Item = Instant> {
    let every = Duration::from_secs(1) / per_s;
    let last = began + WARM_UP + MEASURED;
    (0..)
        .map(move |number| began + every * number)
        .take_while(move |at| *at < last)
}

/// The price of a symbol's trade with this number.
fn price(turn: usize) -> i64 {
    let turn = i64::try_from(turn).unwrap();
    let (stair, place) = (turn / FIRES_EVERY, turn % FIRES_EVERY);
    if place == FIRES_EVERY - 1 {
        ENTRY + STEP * (stair + 1)
    } else {
        ENTRY + STEP * stair - WANDER * place
    }
}

/// Lets the exchange make a trade; answers its id.
async fn make(http: &reqwest::Client, exchange: &str, symbol: &str, units: i64) -> i64 {
    let price = format!("{}.{:08}", units / 100_000_000, units % 100_000_000);
    let order = json!({ "symbol": symbol, "price": price });
    let answer = http.post(exchange).json(&order).send().await.unwrap();
    let made: Value = answer.error_for_status().unwrap().json().await.unwrap();
    made["id"].as_i64().unwrap()
}

/// Looks again and again how far each shard's commits have come, until it is over.
async fn watch(pool: PgPool, over: CancellationToken) -> Commits {
    let look = "SELECT array_agg(coalesce((market_state ->> 'sequence')::bigint, 0) ORDER BY shard)
        FROM arena_shards";
    let mut commits = Commits::new();
    while !over.is_cancelled() {
        let seen: Vec<i64> = sqlx::query_scalar(look).fetch_one(&pool).await.unwrap();
        if commits.last().is_none_or(|(_, last)| *last != seen) {
            commits.push((Instant::now(), seen));
        }
        sleep(LOOK_EVERY).await;
    }
    commits
}

/// Nothing is lost: every order is a position, and every level that was reached has fired, at the
/// trade that reached it.
async fn complete(floor: &Floor, orders: &[Order], trades: &Trades) {
    let turns = moments(Instant::now(), TICKS_PER_S).count() / SYMBOLS.len();
    let last = price(turns - 1);
    let waiting = "SELECT count(*) FROM positions WHERE take_profit <= $1 AND status = 'OPEN'";
    reached(Instant::now(), async || {
        let waiting: i64 = sqlx::query_scalar(waiting)
            .bind(last)
            .fetch_one(floor.pool())
            .await
            .unwrap();
        waiting == 0
    })
    .await;
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
    let kept =
        "SELECT count(*) FROM positions WHERE id = ANY ($1) AND status IN ('PENDING', 'OPEN')";
    let kept: i64 = sqlx::query_scalar(kept)
        .bind(&ids)
        .fetch_one(floor.pool())
        .await
        .unwrap();
    assert_eq!(usize::try_from(kept).unwrap(), ids.len(), "orders are lost");
    let crossed = SYMBOLS.len() * (turns / usize::try_from(FIRES_EVERY).unwrap());
    fired(floor, trades, crossed).await;
}

/// So many levels have fired, each at the first trade of its symbol that reached it.
async fn fired(floor: &Floor, trades: &Trades, crossed: usize) {
    let fired = "SELECT symbol, take_profit, exit_trade, exit_price FROM positions
        WHERE end_cause = 'take_profit'";
    let fired: Vec<(String, i64, i64, i64)> =
        sqlx::query_as(fired).fetch_all(floor.pool()).await.unwrap();
    assert_eq!(fired.len(), crossed, "levels that the stairs cross");
    for (symbol, level, trade, price) in fired {
        let (from, to) = ((symbol.clone(), i64::MIN), (symbol, i64::MAX));
        let mut of_symbol = trades.range(from..=to);
        let first = of_symbol.find(|(_, trade)| trade.price >= level);
        let first = first.map(|((_, id), made)| (*id, made.price));
        assert_eq!(first, Some((trade, price)), "the level {level}");
    }
}

/// How long after its trade each trigger was seen to be committed, in microseconds.
async fn triggers(
    floor: &Floor,
    trades: &Trades,
    commits: &Commits,
    measured_from: Instant,
) -> Histogram<u64> {
    let fired = "SELECT battle_id, symbol, exit_trade, end_sequence FROM positions
        WHERE end_cause = 'take_profit'";
    let fired: Vec<(Uuid, String, i64, i64)> =
        sqlx::query_as(fired).fetch_all(floor.pool()).await.unwrap();
    let mut latencies = measure::histogram();
    for (battle, symbol, trade, sequence) in fired {
        let at = trades[&(symbol, trade)].at;
        let shard = usize::from(Shard::of(battle.into()).get());
        let before = commits.partition_point(|(_, seen)| seen[shard] < sequence);
        let (seen_at, _) = commits[before];
        if at >= measured_from {
            latencies.record(us(seen_at - at)).unwrap();
        }
    }
    latencies
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap()
}
