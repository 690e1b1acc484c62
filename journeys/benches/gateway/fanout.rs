//! How many prices a second reach a thousand subscribers in time.

use std::cell::RefCell;
use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, stream};
use measure::{Figure, Histogram};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::BENCH;
use crate::feed::{FIRST, Feed};
use crate::servers::Server;
use crate::socket::Socket;
use crate::stage::{ASSETS, Stage};

const SUBSCRIBERS: usize = 1_000;
/// How many of them connect at the same time.
const AT_ONCE: usize = 50;
/// How late the slowest in a hundred deliveries may be.
const IN_TIME: Duration = Duration::from_millis(100);
/// Prices that do not count, and those that do.
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);
/// How long the last ones may take before they are given up.
const REST: Duration = Duration::from_secs(3);

/// How many assets everybody hears of, and how often a second each has a new price. None comes twice
/// within two beats of the gateway, which would tell the latest alone.
const STEPS: [(usize, u64); 16] = [
    (1, 5),
    (1, 10),
    (1, 20),
    (2, 20),
    (3, 20),
    (4, 20),
    (6, 20),
    (8, 20),
    (11, 20),
    (16, 20),
    (23, 20),
    (32, 20),
    (40, 20),
    (48, 20),
    (56, 20),
    (ASSETS, 20),
];

const GOAL_STOCK: f64 = 10.0;
const GOAL_PLAIN: f64 = 3.0;

pub(crate) async fn measure(stage: &Stage) {
    let ours = most(stage, "gateway").await.unwrap_or_default();
    for (kind, name, goal) in [
        ("stock", "fanout_vs_stock", GOAL_STOCK),
        ("plain", "fanout_vs_plain", GOAL_PLAIN),
    ] {
        let Some(theirs) = most(stage, kind).await else {
            continue;
        };
        let ratio = ours / theirs;
        Figure {
            name,
            value: ours,
            unit: "deliveries/s",
            baseline: theirs,
            ratio,
            goal,
            met: ratio >= goal,
        }
        .print(BENCH);
    }
}

/// The highest rate that a server keeps up with; nothing where it is not installed.
async fn most(stage: &Stage, kind: &str) -> Option<f64> {
    // The first step that it does not keep up with.
    let (mut kept, mut lost) = (0, STEPS.len());
    let mut best = 0.0;
    while kept < lost {
        let middle = (kept + lost) / 2;
        let (assets, per_s) = STEPS[middle];
        let server = match kind {
            "gateway" => Server::gateway(stage, stage.redis()).await,
            kind => Server::peer(kind).await?,
        };
        let rate = rate(assets, per_s);
        let outcome = attempt(stage, &server, assets, per_s).await;
        let keeps_up = outcome.tell(kind, rate);
        if keeps_up {
            best = rate;
            kept = middle + 1;
        } else {
            lost = middle;
        }
    }
    assert!(best > 0.0, "{kind} keeps up with nothing");
    Some(best)
}

fn rate(assets: usize, per_s: u64) -> f64 {
    SUBSCRIBERS as f64 * assets as f64 * per_s as f64
}

/// What came of one step.
struct Outcome {
    latencies: Histogram<u64>,
    missing: u64,
}

impl Outcome {
    /// Tells it, and whether the server kept up.
    fn tell(&self, kind: &str, rate: f64) -> bool {
        let name = format!("fanout {kind} {rate:.0}/s, {} missing", self.missing);
        measure::tell(&name, "us", &self.latencies);
        let in_time_us = IN_TIME.as_micros() as f64;
        self.missing == 0 && measure::at(&self.latencies, 0.99) <= in_time_us
    }
}

/// When each price is to be told, and what was heard of them.
struct Tally {
    began: Instant,
    assets: u32,
    period: Duration,
    latencies: Histogram<u64>,
    heard: u64,
}

impl Tally {
    /// The moment of a price: those of one asset come evenly, and of two one between the other.
    fn due(&self, asset: u32, number: u64) -> Instant {
        let round = self.period * u32::try_from(number).unwrap();
        self.began + round + self.period * asset / self.assets
    }

    fn hear(&mut self, asset: u32, number: u64, now: Instant) {
        self.heard += 1;
        let due = self.due(asset, number);
        if due >= self.began + WARM_UP {
            let late = now.saturating_duration_since(due);
            let late = u64::try_from(late.as_micros()).unwrap();
            self.latencies.record(late).unwrap();
        }
    }
}

async fn attempt(stage: &Stage, server: &Server, assets: usize, per_s: u64) -> Outcome {
    let mut sockets: Vec<Socket> = stream::iter(0..SUBSCRIBERS)
        .map(async |_| {
            let mut socket = Socket::open(server.address).await;
            socket.subscribe(assets).await;
            socket
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut feed = Feed::of(server, &stage.bus).await;
    hear_once(&mut feed, &mut sockets, assets).await;
    let numbers = (WARM_UP + MEASURED).as_secs() * per_s;
    let tally = RefCell::new(Tally {
        began: Instant::now() + Duration::from_millis(100),
        assets: u32::try_from(assets).unwrap(),
        period: Duration::from_secs(1) / u32::try_from(per_s).unwrap(),
        latencies: measure::histogram(),
        heard: 0,
    });
    let end = tally.borrow().due(0, numbers) + REST;
    let telling = async {
        for number in 0..numbers {
            for asset in 0..assets {
                let due = tally.borrow().due(u32::try_from(asset).unwrap(), number);
                sleep_until(due).await;
                // The first was told before.
                feed.tell(asset, number + 1).await;
            }
        }
    };
    let hearing = join_all(
        sockets
            .iter_mut()
            .map(|socket| timeout_at(end, hear(socket, &tally, assets, numbers))),
    );
    futures::join!(telling, hearing);
    let tally = tally.into_inner();
    let expected = numbers * u64::try_from(assets * SUBSCRIBERS).unwrap();
    Outcome {
        latencies: tally.latencies,
        missing: expected - tally.heard,
    }
}

/// Waits until everybody hears of every asset.
async fn hear_once(feed: &mut Feed<'_>, sockets: &mut [Socket], assets: usize) {
    let everybody = async {
        join_all(sockets.iter_mut().map(async |socket| {
            let mut heard = vec![false; assets];
            while heard.contains(&false) {
                let (asset, number) = socket.next(read).await;
                assert_eq!(number, 0, "a price that was not told yet");
                heard[asset] = true;
            }
        }))
        .await
    };
    // A subscription that stood too late hears it the next time; repeats are the same price.
    let telling = async {
        loop {
            for asset in 0..assets {
                feed.tell(asset, 0).await;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        _ = everybody => {}
        () = telling => {}
    }
}

/// Hears the prices of all assets in their order, until the last or until the server closes.
async fn hear(socket: &mut Socket, tally: &RefCell<Tally>, assets: usize, numbers: u64) {
    let mut heard = vec![0; assets];
    let mut rest = numbers * u64::try_from(assets).unwrap();
    let mut open = true;
    while open && rest > 0 {
        open = socket
            .take(|text| {
                let (asset, number) = read(text);
                // What was repeated while others had not subscribed yet.
                if number == 0 {
                    return;
                }
                let now = Instant::now();
                assert!(number > heard[asset], "a price came twice");
                // One that was passed over is missing in the end.
                rest -= number - heard[asset];
                heard[asset] = number;
                let asset = u32::try_from(asset).unwrap();
                tally.borrow_mut().hear(asset, number - 1, now);
            })
            .await;
    }
}

/// The asset and the number of a price. Everybody writes the same, so that nothing is searched for.
fn read(text: &[u8]) -> (usize, u64) {
    const BEFORE: &[u8] = br#"{"type":"next","id":""#;
    const BETWEEN: &[u8] = br#"","payload":{"data":{"assetUpdated":{"id":"a00","priceUSD":"#;
    let read = || {
        let (id, text) = text.strip_prefix(BEFORE)?.split_at_checked(2)?;
        let price = text.get(BETWEEN.len()..BETWEEN.len() + 6)?;
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0, |number, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| number * 10 + u64::from(digit - b'0'))
            })
        };
        let asset = usize::try_from(number(id)?).ok()?;
        Some((asset, number(price)?.checked_sub(FIRST)?))
    };
    read().unwrap_or_else(|| panic!("not a price: {}", String::from_utf8_lossy(text)))
}
