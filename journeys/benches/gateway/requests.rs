//! How many requests a second are answered over HTTP, with rows in memory on both sides.

use std::time::Duration;

use futures::future::join_all;
use measure::{Figure, Histogram};
use serde_json::{Value, json};
use testkit::Server as OwnServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::BENCH;
use crate::servers::Server;
use crate::stage::Stage;

/// Each with one request at a time.
const CONNECTIONS: usize = 32;
/// Answers that do not count, and those that do.
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(5);
/// Both take turns; of their ratios the middle one counts.
const ROUNDS: usize = 3;
/// How many requests differ.
const BODIES: usize = 64;
const ROWS: usize = 50;
const GOAL: f64 = 1.5;

const ORDER: &str = "mutation Order($input: CreateGameMatchPositionInput!) {
    createGameMatchPosition(createGameInput: $input) {
        id createdAt updatedAt gameMatchID baseToken quoteToken side type status margin leverage
        limitPrice stopLoss targetPoint
    }
}";

const LIST: &str = "query Assets($first: Int) {
    assets(first: $first) {
        edges {
            cursor
            node {
                id symbol name iconUrl rank priceUSD supply maxSupply marketCapUSD volumeUSD24Hr
                changePercent24Hr vwap24Hr
            }
        }
        pageInfo { hasNextPage endCursor }
        totalCount
    }
}";

pub(crate) async fn measure(stage: &Stage) {
    let ours = Target::gateway(Server::gateway(stage, stage.redis()).await).await;
    // Without a Redis to ask, nobody's requests are counted.
    let mut redis = OwnServer::redis().await;
    let uncounted = Server::gateway(stage, redis.url().as_str()).await;
    let uncounted = Target::gateway(uncounted).await;
    redis.kill().await;
    let theirs = Server::mercurius().await.map(Target::mercurius);
    for (name, bodies, is_complete) in [
        ("order_rps", orders(), is_order as IsComplete),
        ("list_rps", lists(), is_list as IsComplete),
    ] {
        if let Some(theirs) = &theirs {
            same(&ours, theirs, &bodies[0]).await;
        }
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let own = ours.load(name, "gateway", &bodies, is_complete).await;
            uncounted
                .load(name, "gateway, not counted in Redis", &bodies, is_complete)
                .await;
            if let Some(theirs) = &theirs {
                let other = theirs.load(name, "mercurius", &bodies, is_complete).await;
                rounds.push((own / other, own, other));
            }
        }
        rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        let Some((ratio, value, baseline)) = rounds.get(ROUNDS / 2).copied() else {
            continue;
        };
        Figure {
            name,
            value,
            unit: "requests/s",
            baseline,
            ratio,
            goal: GOAL,
            met: ratio >= GOAL,
        }
        .print(BENCH);
    }
}

/// Whether an answer holds everything that the request of this number asks for.
type IsComplete = fn(&[u8], usize) -> bool;

fn orders() -> Vec<Value> {
    let order = |number: usize| {
        json!({
            "query": ORDER,
            "variables": { "input": {
                "matchID": "01a226f5-fcd6-7205-9b9d-351cd921f39d",
                "baseToken": "A07USDT",
                "side": "BUY",
                "type": "LIMIT",
                "margin": margin(number),
                "leverage": 5,
                "limitPrice": "64000.5",
                "stopLoss": "60000",
                "targetPoint": "70000.25",
            } },
        })
    };
    (0..BODIES).map(order).collect()
}

fn margin(number: usize) -> String {
    format!("{}.25", 100 + number)
}

fn is_order(answer: &[u8], number: usize) -> bool {
    let margin = format!(r#""margin":"{}""#, margin(number));
    answer.starts_with(br#"{"data":{"createGameMatchPosition":{"id":""#)
        && contains(answer, margin.as_bytes())
}

fn lists() -> Vec<Value> {
    vec![json!({ "query": LIST, "variables": { "first": ROWS } }); BODIES]
}

fn is_list(answer: &[u8], _number: usize) -> bool {
    answer.starts_with(br#"{"data":{"assets":{"edges":[{"cursor":""#)
        && contains(answer, br#""id":"a49""#)
        && answer.ends_with(br#""totalCount":64}}}"#)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|found| found == part)
}

/// Where requests go, and by whom.
struct Target {
    server: Server,
    path: &'static str,
    token: Option<String>,
}

impl Target {
    async fn gateway(server: Server) -> Self {
        let url = format!("http://{}/graphql", server.address);
        let query = "mutation { loginAsGuest { accessToken } }";
        let asking = reqwest::Client::new()
            .post(url)
            .json(&json!({ "query": query }));
        let told: Value = asking.send().await.unwrap().json().await.unwrap();
        let token = told["data"]["loginAsGuest"]["accessToken"].as_str();
        let token = token.unwrap_or_else(|| panic!("{told}")).to_owned();
        Self {
            server,
            path: "/measured/graphql",
            token: Some(token),
        }
    }

    fn mercurius(server: Server) -> Self {
        Self {
            server,
            path: "/graphql",
            token: None,
        }
    }

    fn request(&self, body: &Value) -> Vec<u8> {
        let body = body.to_string();
        let token = self.token.as_ref();
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\n\
             content-type: application/json\r\n{}content-length: {}\r\n\r\n{body}",
            self.path,
            self.server.address,
            token.unwrap_or_default(),
            body.len(),
        )
        .into_bytes()
    }

    async fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Connection {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Answers a second. Each is looked at; one that is not complete ends the run.
    async fn load(
        &self,
        name: &str,
        whose: &str,
        bodies: &[Value],
        is_complete: IsComplete,
    ) -> f64 {
        let requests: Vec<_> = bodies.iter().map(|body| self.request(body)).collect();
        let began = Instant::now() + WARM_UP;
        let end = began + MEASURED;
        let each = join_all((0..CONNECTIONS).map(async |first| {
            let mut connection = self.connect().await;
            let mut latencies = measure::histogram();
            for number in (0..requests.len()).cycle().skip(first) {
                let sent = Instant::now();
                let answer = connection.ask(&requests[number]).await;
                let told = || String::from_utf8_lossy(answer).into_owned();
                assert!(is_complete(answer, number), "{whose}: {}", told());
                let now = Instant::now();
                if now >= end {
                    break;
                }
                if now >= began {
                    let took = (now - sent).as_micros();
                    latencies.record(u64::try_from(took).unwrap()).unwrap();
                }
            }
            latencies
        }))
        .await;
        let mut latencies: Histogram<u64> = measure::histogram();
        for of_one in each {
            latencies.add(of_one).unwrap();
        }
        let per_s = latencies.len() as f64 / MEASURED.as_secs_f64();
        measure::tell(&format!("{name} {whose} {per_s:.0}/s"), "us", &latencies);
        per_s
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Sends a request; answers with the body of its answer, which has to be a good one.
    async fn ask(&mut self, request: &[u8]) -> &[u8] {
        const BODY: &[u8] = b"\r\n\r\n";
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server has closed a connection");
            let mut parts = self.buffer.windows(BODY.len());
            let Some(head) = parts.position(|part| part == BODY) else {
                continue;
            };
            let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
            let mut lines = text.lines().filter_map(|line| line.split_once(": "));
            let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.expect(text).1.parse().unwrap();
            let body = head + BODY.len();
            if self.buffer.len() == body + length {
                return &self.buffer[body..];
            }
        }
    }
}

/// Both say the same, but for ids and times of their own.
async fn same(ours: &Target, theirs: &Target, body: &Value) {
    let mut answers = Vec::new();
    for target in [ours, theirs] {
        let mut connection = target.connect().await;
        let answer = connection.ask(&target.request(body)).await;
        let mut answer: Value = serde_json::from_slice(answer).unwrap();
        blank(&mut answer);
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1], "both have to say the same");
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match name.as_str() {
                    "createdAt" | "updatedAt" => *field = Value::Null,
                    "id" if field.as_str().is_some_and(|id| id.len() > 3) => *field = Value::Null,
                    _ => blank(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        // JavaScript knows no difference between 0 and 0.0.
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
