//! How often somebody may ask, on every transport.

use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use testkit::{Server, Space, eventually};

use crate::client::{Client, json_of};
use crate::socket::Socket;
use crate::stage::{LIMIT, Stage};
use crate::subscriptions::listening;

const TYPENAME: &str = "{ __typename }";

/// A rate that is spent for good within a test.
const SLOW: [(&str, &str); 4] = [
    ("limits.user_rate", "1"),
    ("limits.user_burst", "5"),
    ("limits.ip_rate", "1"),
    ("limits.ip_burst", "5"),
];

fn ask(client: &Client) -> RequestBuilder {
    client.post(json!({ "query": TYPENAME }).to_string())
}

/// Asks until it is refused, and answers with the refusal.
async fn refused(request: impl Fn() -> RequestBuilder) -> Response {
    eventually(LIMIT, async || {
        let told = request().send().await.unwrap();
        (told.status() == StatusCode::TOO_MANY_REQUESTS).then_some(told)
    })
    .await
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_come_again() {
    let stage = Stage::with(&SLOW).await;
    let client = stage.client();
    let told = refused(|| ask(&client)).await;
    let header = told.headers()["retry-after"].to_str().unwrap().to_owned();
    let told = json_of(told).await;
    assert_eq!(told.get("data"), None);
    let extensions = &told["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "RATE_LIMITED", "{told}");
    assert_eq!(extensions["retryAfterSeconds"].to_string(), header);
    assert_eq!(header, "1");
    // Whatever type of answer is wanted, and for a socket as for a request.
    let got = refused(|| client.get("/graphql?query=%7B__typename%7D")).await;
    assert!(got.headers().contains_key("retry-after"));
    let events = refused(|| ask(&client).header("accept", "text/event-stream")).await;
    assert!(events.headers().contains_key("retry-after"));
    eventually(LIMIT, async || {
        Socket::try_connect(&client, Some("graphql-transport-ws"))
            .await
            .is_none()
    })
    .await;
}

#[tokio::test]
async fn downloads_are_counted_too() {
    let stage = Stage::with(&SLOW).await;
    let client = stage.client();
    let told = refused(|| client.get("/records/none")).await;
    assert!(told.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn users_are_counted_apart_from_each_other_and_from_their_address() {
    let stage = Stage::with(&[("limits.user_rate", "1"), ("limits.user_burst", "5")]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    refused(|| ask(&ann)).await;
    for other in [&bob, &stage.client()] {
        assert_eq!(ask(other).send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn what_is_asked_on_a_socket_is_counted_too() {
    let stage = Stage::with(&[("limits.user_rate", "1"), ("limits.user_burst", "5")]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let mut socket = Socket::open(&ann).await;
    let told = eventually(LIMIT, async || {
        socket.subscribe("1", TYPENAME, json!({})).await;
        let told = socket.hear().await;
        if told["type"] == "error" {
            return Some(told);
        }
        assert_eq!(socket.hear().await["type"], "complete");
        None
    })
    .await;
    let extensions = &told["payload"][0]["extensions"];
    assert_eq!(extensions["code"], "RATE_LIMITED", "{told}");
    assert!(extensions["retryAfterSeconds"].is_number(), "{told}");
}

#[tokio::test]
async fn addresses_are_those_that_a_trusted_proxy_says() {
    let trusting = [
        &SLOW[..],
        &[("limits.trusted_proxies", "[\"127.0.0.0/8\"]")],
    ]
    .concat();
    for (own, apart) in [(trusting.as_slice(), true), (&SLOW[..], false)] {
        let stage = Stage::with(own).await;
        let client = stage.client();
        let from = |address: &'static str| ask(&client).header("x-forwarded-for", address);
        refused(|| from("192.0.2.1")).await;
        let status = from("192.0.2.2").send().await.unwrap().status();
        assert_eq!(status == StatusCode::OK, apart, "{status}");
    }
}

#[tokio::test]
async fn without_redis_everybody_may_ask_and_nobody_waits_long() {
    let mut redis = Server::redis().await;
    let nats = Space::new().nats_url().to_owned();
    let stage = Stage::on(Space::on(nats, redis.url().to_string()), &SLOW).await;
    let client = stage.client();
    redis.kill().await;
    let begun = Instant::now();
    for _ in 0..20 {
        let told = ask(&client).send().await.unwrap();
        assert_eq!(
            json_of(told).await["data"]["__typename"],
            Value::from("Query")
        );
    }
    // One wait of a fifth of a second for every second.
    assert!(begun.elapsed() < LIMIT / 10, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn one_address_has_so_many_sockets_and_streams_open() {
    let own = [
        ("limits.streams_per_ip", "2"),
        ("limits.trusted_proxies", "[\"127.0.0.0/8\"]"),
    ];
    let stage = Stage::with(&own).await;
    let client = stage.client();
    let connect = async || Socket::try_connect(&client, Some("graphql-transport-ws")).await;
    let stream = async |from: &str| {
        let query = json!({ "query": "subscription { currentTime }" });
        let asking = client.post(query.to_string());
        let asking = asking.header("accept", "text/event-stream");
        asking.header("x-forwarded-for", from).send().await.unwrap()
    };
    let here = "127.0.0.1";
    let first = connect().await;
    assert!(first.is_some());
    let second = stream(here).await;
    assert_eq!(second.status(), StatusCode::OK);
    assert!(connect().await.is_none());
    let refused = stream(here).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(stream("192.0.2.1").await.status(), StatusCode::OK);
    // Whoever goes makes room, a stream as well as a socket.
    drop(second);
    let third = eventually(LIMIT, async || connect().await).await;
    drop(first);
    eventually(LIMIT, async || connect().await).await;
    drop(third);
}

#[tokio::test]
async fn one_address_has_so_many_operations_run_on_its_sockets() {
    let stage = Stage::with(&[("limits.operations_per_ip", "2")]).await;
    let client = stage.client();
    let (mut one, mut other) = (listening(&client).await, listening(&client).await);
    for socket in [&mut one, &mut other] {
        socket.subscribe("2", TYPENAME, json!({})).await;
        let told = loop {
            let told = socket.hear().await;
            if told["id"] == "2" {
                break told;
            }
        };
        let code = &told["payload"][0]["extensions"]["code"];
        assert_eq!(
            (&told["type"], code),
            (&json!("error"), &json!("RATE_LIMITED"))
        );
    }
    one.say(json!({ "id": "1", "type": "complete" })).await;
    eventually(LIMIT, async || {
        other.subscribe("3", TYPENAME, json!({})).await;
        loop {
            let told = other.hear().await;
            if told["id"] == "3" {
                return told["type"] == "next";
            }
        }
    })
    .await;
}

/// A long answer: the names and descriptions of the whole schema, so many times over.
fn long() -> String {
    let types = "types { name description fields { name description args { name description } } }";
    let times = (0..4).map(|number| format!("it{number}: __schema {{ {types} }}"));
    format!("{{ {} }}", times.collect::<Vec<_>>().join(" "))
}

/// A socket with as many answers under way as one connection runs, and more bytes than both systems
/// keep for it.
async fn asks_for_much(client: &Client) -> Socket {
    let mut socket = Socket::open(client).await;
    for number in 0..64 {
        let id = number.to_string();
        socket.subscribe(&id, &long(), json!({})).await;
    }
    socket
}

#[tokio::test]
async fn whoever_does_not_read_is_cut_off_and_makes_room() {
    let stage = Stage::with(&[("limits.streams_per_ip", "1")]).await;
    let client = stage.client();
    let deaf = asks_for_much(&client).await;
    let connect = async || Socket::try_connect(&client, Some("graphql-transport-ws")).await;
    assert!(connect().await.is_none());
    eventually(LIMIT, connect).await;
    drop(deaf);
}

#[tokio::test]
async fn whoever_reads_too_slowly_hears_that() {
    let stage = Stage::new().await;
    let mut slow = asks_for_much(&stage.client()).await;
    let told = slow.close_reading_every(Duration::from_millis(500)).await;
    assert_eq!(told, (1008, "Too slow".to_owned()));
}
