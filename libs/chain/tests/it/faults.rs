//! A node and a chain at their worst.

use std::fmt::Debug;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use chain::{Coin, Node, NodeError, Status};
use testkit::eventually;

use crate::{FINAL, FORGOTTEN, SOL, Stage, TIMEOUT, node, stranger};

/// How long a node is left alone that answers with this; none if it is not.
fn wait(answer: Result<impl Debug, NodeError>) -> Option<Duration> {
    if let NodeError::Busy { wait } = answer.unwrap_err() {
        Some(wait)
    } else {
        None
    }
}

#[tokio::test]
async fn a_busy_node_is_left_alone_as_long_as_it_asks() {
    let stage = Stage::new().await;
    stage.validator.fault("busy", 1).await;
    let asked = wait(stage.node.height().await);
    assert_eq!(asked, Some(Duration::from_secs(1)));
    // It would answer now, and is not asked, whatever the question.
    assert!(wait(stage.node.genesis().await) < asked);
    let other = node(&stage.validator, TIMEOUT);
    other.genesis().await.unwrap();
    eventually(TIMEOUT, async || stage.node.genesis().await.is_ok()).await;
}

#[tokio::test]
async fn a_provider_may_say_in_other_words_that_it_is_busy() {
    let body = |code: i64| {
        format!(r#"{{"jsonrpc": "2.0", "id": 1, "error": {{"code": {code}, "message": "slow"}}}}"#)
    };
    let (soon, later) = (Duration::from_secs(1), Duration::from_secs(60));
    for (head, body, expected) in [
        ("429 Too Many Requests", String::new(), Some(soon)),
        (
            "429 Too Many Requests\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT",
            String::new(),
            Some(soon),
        ),
        (
            "503 Service Unavailable\r\nRetry-After: 86400",
            String::new(),
            Some(later),
        ),
        ("503 Service Unavailable", String::new(), None),
        ("200 OK", body(-32_429), Some(soon)),
        ("200 OK", body(429), Some(soon)),
        ("200 OK", body(-32_005), None),
    ] {
        let node = provider(head, &body);
        assert_eq!(wait(node.genesis().await), expected, "{head} {body}");
    }
}

/// A way to a provider that answers one question, in this way.
fn provider(head: &str, body: &str) -> Node {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}");
    thread::spawn(move || {
        let (mut asked, _) = listener.accept().unwrap();
        let mut question = [0; 4_096];
        let _length = asked.read(&mut question).unwrap();
        asked.write_all(answer.as_bytes()).unwrap();
    });
    Node::new(url.parse().unwrap(), TIMEOUT).unwrap()
}

#[tokio::test]
async fn what_a_silent_node_was_sent_may_have_happened() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", 2 * SOL).await;
    let signed = stage.sign(Coin::Sol, 0, stranger(), SOL).await;
    stage
        .validator
        .fault_of("sendTransaction", "silence", 1)
        .await;
    let impatient = node(&stage.validator, Duration::from_millis(200));
    let silence = impatient.send(&signed.bytes).await.unwrap_err();
    assert!(matches!(silence, NodeError::Unreachable(_)), "{silence}");
    let told = format!("{silence:?}");
    assert!(!told.contains(stage.validator.url()), "{told}");
    stage.validator.make_slots(FINAL).await;
    assert_eq!(stage.status(&signed).await, Some(Status::Finalized));
}

#[tokio::test]
async fn what_was_dropped_is_sent_again_and_moves_once() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", 2 * SOL).await;
    let signed = stage.sign(Coin::Sol, 0, stranger(), SOL).await;
    stage.validator.fault("drop", 1).await;
    stage.node.send(&signed.bytes).await.unwrap();
    stage.validator.make_slots(FINAL).await;
    assert_eq!(stage.status(&signed).await, None);
    stage.node.send(&signed.bytes).await.unwrap();
    stage.validator.make_slots(FINAL).await;
    assert_eq!(stage.status(&signed).await, Some(Status::Finalized));
    assert_eq!(stage.lamports(stranger()).await, SOL);
}

#[tokio::test]
async fn a_block_that_is_not_final_can_be_taken_back_and_its_transfer_sent_again() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", 2 * SOL).await;
    let signed = stage.sign(Coin::Sol, 0, stranger(), SOL).await;
    stage.node.send(&signed.bytes).await.unwrap();
    assert_eq!(stage.status(&signed).await, Some(Status::Pending));
    assert_eq!(stage.validator.roll_back().await, 1);
    assert_eq!(stage.status(&signed).await, None);
    stage.node.send(&signed.bytes).await.unwrap();
    stage.validator.make_slots(FINAL).await;
    assert_eq!(stage.validator.roll_back().await, 0, "it is final");
    assert_eq!(stage.lamports(stranger()).await, SOL);
}

#[tokio::test]
async fn a_node_that_lags_tells_how_far_it_has_come() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", SOL).await;
    let signed = stage.sign(Coin::Sol, 0, stranger(), 1_000_000).await;
    stage.node.send(&signed.bytes).await.unwrap();
    stage.validator.make_slots(FINAL).await;
    let before = stage.node.height().await.unwrap();
    stage.validator.fault("lag", 10).await;
    assert_eq!(stage.status(&signed).await, None);
    assert!(stage.node.height().await.unwrap().slot < before.slot);
    stage.validator.fault("lag", 0).await;
    assert_eq!(stage.status(&signed).await, Some(Status::Finalized));
}

#[tokio::test]
async fn a_stale_blockhash_and_a_late_block_end_in_nothing() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", SOL).await;
    stage.validator.fault("stale_blockhash", 1).await;
    let signed = stage.sign(Coin::Sol, 0, stranger(), 1_000_000).await;
    assert!(stage.node.send(&signed.bytes).await.is_err());
    let late = stage.sign(Coin::Sol, 0, stranger(), 1_000_000).await;
    stage.validator.fault("delay", u64::from(FORGOTTEN)).await;
    stage.node.send(&late.bytes).await.unwrap();
    stage.validator.make_slots(FORGOTTEN + FINAL).await;
    assert_eq!(stage.status(&signed).await, None);
    assert_eq!(stage.status(&late).await, None);
    assert_eq!(stage.lamports(stranger()).await, 0);
}

#[tokio::test]
async fn a_page_may_name_a_transaction_twice() {
    let stage = Stage::new().await;
    stage.fund(2, "SOL", SOL).await;
    stage.validator.fault("duplicate", 1).await;
    let page = stage.node.signatures(stage.address(2), None, 10).await;
    let page = page.unwrap();
    assert_eq!(page.len(), 2);
    assert_eq!(page[0], page[1]);
}

#[tokio::test]
async fn a_fault_that_never_happens_is_refused_or_left() {
    let stage = Stage::new().await;
    let url = format!("{}/control/fault", stage.validator.url());
    let asked = async |method: &str| {
        let fault = serde_json::json!({"kind": "busy", "count": 2, "method": method});
        let answer = reqwest::Client::new().post(&url).json(&fault).send().await;
        answer.unwrap().status().as_u16()
    };
    assert_eq!(asked("getGenesisHesh").await, 400);
    assert_eq!(stage.validator.faults_left().await, 0);
    assert_eq!(asked("getGenesisHash").await, 200);
    assert_eq!(stage.validator.faults_left().await, 2);
    assert!(wait(stage.node.genesis().await).is_some());
    assert_eq!(stage.validator.faults_left().await, 1);
    stage.validator.fault_of("getGenesisHash", "busy", 0).await;
    assert_eq!(stage.validator.faults_left().await, 0);
}
