//! Joins through the gateway, each durable and with its fee held, against those of a matchmaker that
//! keeps them in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use bots::account;
use bots::client::Client;
use bots::mailbox::Mailbox;
use contracts::Service;
use domain::id::{GameId, UserId};
use futures::future::join_all;
use futures::{StreamExt, stream};
use measure::Figure;
use sea_orm::sqlx;
use serde_json::{Value, json};
use testkit::Process;
use tokio::time::Instant;
use uuid::Uuid;

use crate::BENCH;
use crate::floor::{Floor, LONG_MS, match_of, reached};
use crate::peer::{Peer, Server};

/// Of both, each with one join at a time.
const CONNECTIONS: usize = 32;
/// They take turns, so that whoever joins again is in a match by then.
const PLAYERS: usize = 256;
/// How many players sign up at the same time.
const SIGN_UPS: usize = 8;
const MEASURED: Duration = Duration::from_secs(10);
const GOAL: f64 = 1.0;

const JOIN: &str = "mutation Join($id: ID!) { joinGame(id: $id) }";

pub(crate) async fn measure() {
    let ours_per_s = ours().await;
    eprintln!("joins: {ours_per_s:.0}/s");
    let Some(peer) = Peer::find("joins_vs_colyseus") else {
        return;
    };
    let theirs_per_s = theirs(&peer).await;
    let reserved_per_s = reservations(&peer).await;
    eprintln!(
        "joins: colyseus {theirs_per_s:.0}/s, {reserved_per_s:.0}/s without entering the room"
    );
    // Its client opens a connection for each join and never leaves: whatever is faster counts.
    let baseline = theirs_per_s.max(reserved_per_s);
    let ratio = ours_per_s / baseline;
    Figure {
        name: "joins_vs_colyseus",
        value: ours_per_s,
        unit: "joins/s",
        baseline,
        ratio,
        goal: GOAL,
        met: ratio >= GOAL,
    }
    .print(BENCH);
}

/// All players come from one address.
const PLENTY: &str = "1000000";

/// Joins a second through the gateway; those that only heard of a place they had do not count.
async fn ours() -> f64 {
    let floor = Floor::new().await;
    let game = floor.game(match_of(2, LONG_MS)).await;
    let (web, players) = sign_up(&floor).await;
    floor.settle().await;
    let shares = players.chunks(PLAYERS / CONNECTIONS);
    let id = game.to_string();
    let began = Instant::now();
    join_all(shares.map(async |share| {
        for player in share.iter().cycle() {
            if began.elapsed() >= MEASURED {
                break;
            }
            let joined = player.run(JOIN, json!({ "id": id })).await.unwrap();
            assert_eq!(joined["joinGame"], true);
        }
    }))
    .await;
    let elapsed = began.elapsed();
    let joins = floor.number("SELECT count(*) FROM tickets").await;
    reached(Instant::now(), async || waiting(&floor, game).await < 2).await;
    drop(web);
    seat_last(&floor, game).await;
    floor.complete().await;
    joins as f64 / elapsed.as_secs_f64()
}

async fn waiting(floor: &Floor, game: GameId) -> i64 {
    let count = "SELECT count(*) FROM tickets WHERE game_id = $1 AND status = 'QUEUED'";
    sqlx::query_scalar(count)
        .bind(game.uuid())
        .fetch_one(floor.pool())
        .await
        .unwrap()
}

/// Finds somebody for the last of an odd number.
async fn seat_last(floor: &Floor, game: GameId) {
    if waiting(floor, game).await == 1 {
        let last = floor.players(1).await[0];
        floor.ask(&crate::floor::join(last, game)).await;
        reached(Instant::now(), async || waiting(floor, game).await == 0).await;
    }
}

/// A gateway, and players who have signed up there.
async fn sign_up(floor: &Floor) -> (Process, Vec<Client>) {
    let limits = [
        "limits.codes_per_ip",
        "limits.logins_per_ip",
        "limits.user_rate",
        "limits.user_burst",
        "limits.ip_rate",
        "limits.ip_burst",
        "limits.requests_per_user",
    ];
    let web = limits
        .into_iter()
        .fold(floor.binaries[&Service::Web].clone(), |web, limit| {
            web.setting(limit, PLENTY)
        });
    let web = web.start_ready().await;
    let mut post = floor.binaries[&Service::Notifications].start_ready().await;
    let api = format!("{}/graphql", web.url()).parse().unwrap();
    let api = Client::new(api).unwrap();
    let mailbox = Mailbox::new(format!("http://{}/", floor.sink.http()).parse().unwrap());
    let one = async |number| {
        let email = format!("player{number}@players.example");
        let api = account::sign_in(&api, &mailbox, &email).await.unwrap();
        let id: Uuid = account::profile(&api).await.unwrap().id.parse().unwrap();
        (api, UserId::new(id))
    };
    let signed_up: Vec<(Client, UserId)> = stream::iter(0..PLAYERS)
        .map(one)
        .buffered(SIGN_UPS)
        .collect()
        .await;
    let (players, ids): (Vec<_>, Vec<_>) = signed_up.into_iter().unzip();
    floor.fund(&ids).await;
    // What it tells of matches is no part of a join.
    assert!(post.terminate().await.success());
    (web, players)
}

/// Joins a second by its own client.
async fn theirs(peer: &Peer) -> f64 {
    let server = peer.serve().await;
    let arguments = [
        server.url.clone(),
        CONNECTIONS.to_string(),
        MEASURED.as_millis().to_string(),
    ];
    let measured = peer.run("join", &arguments).await;
    measured["joins"].as_f64().unwrap() / measured["seconds"].as_f64().unwrap()
}

/// What its client asks for first, asked by ours: a seat a second, which nobody takes.
async fn reservations(peer: &Peer) -> f64 {
    let server = peer.serve().await;
    let http = reqwest::Client::new();
    let began = Instant::now();
    let reserved = join_all((0..CONNECTIONS).map(async |_| {
        let mut rooms = Vec::new();
        while began.elapsed() < MEASURED {
            rooms.push(reserve(&http, &server).await);
        }
        rooms
    }))
    .await
    .concat();
    let elapsed = began.elapsed();
    let mut rooms: BTreeMap<&str, u32> = BTreeMap::new();
    for room in &reserved {
        *rooms.entry(room).or_default() += 1;
    }
    assert!(
        rooms.values().all(|players| *players <= 2),
        "a room of three"
    );
    reserved.len() as f64 / elapsed.as_secs_f64()
}

/// Reserves a seat; answers in which room.
async fn reserve(http: &reqwest::Client, server: &Server) -> String {
    let url = format!("{}/matchmake/joinOrCreate/duel", server.url);
    let answer = http.post(url).json(&json!({})).send().await.unwrap();
    let seat: Value = answer.error_for_status().unwrap().json().await.unwrap();
    seat["roomId"].as_str().unwrap().to_owned()
}
