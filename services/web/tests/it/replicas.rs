//! Two gateways on one database: what ends at one of them ends at the other.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use testkit::eventually;

use crate::client::Client;
use crate::events::Events;
use crate::socket::Socket;
use crate::stage::{LIMIT, Replica, Stage};
use crate::subscriptions::listening;

/// How soon a session that was ended is at an end everywhere.
const PROMISED: Duration = Duration::from_secs(1);

/// How many connections say a token again and again.
const INSISTENT: usize = 20;

const PROFILE: &str = "{ profile { id } }";
const TIME: &str = "subscription { currentTime }";
/// An order is taken from whoever was signed in a moment ago.
const ORDER: &str = "mutation { cancelGameMatchPosition(id: \"x\") }";

/// The same device at another gateway.
pub(crate) fn at(replica: &Replica, client: &Client) -> Client {
    let mut there = replica.client();
    there.access.clone_from(&client.access);
    there.refresh.clone_from(&client.refresh);
    there
}

async fn is_told(client: &Client, query: &str, code: &str) -> bool {
    client.ask(query, json!({})).await.find_code() == Some(code)
}

/// Listens and trades at the other gateway while `end` ends the session here, and sees everything
/// come to its end in time.
pub(crate) async fn ends_everywhere(stage: &Stage, client: &Client, end: impl AsyncFnOnce()) {
    let replica = stage.replica(&[]).await;
    let there = at(&replica, client);
    let (mut here, mut socket) = (listening(client).await, listening(&there).await);
    let body = json!({ "query": TIME }).to_string();
    let mut events = Events::of(there.post(body)).await;
    events.next().await;
    assert!(is_told(&there, ORDER, "POSITION_NOT_FOUND").await);
    end().await;
    let ended = Instant::now();
    assert!(is_told(&there, PROFILE, "UNAUTHENTICATED").await);
    let orders = eventually(LIMIT, async || {
        is_told(&there, ORDER, "UNAUTHENTICATED").await
    });
    let cut_off = async { while events.hear().await.is_some() {} };
    let (one, other, (), ()) =
        tokio::join!(here.close_code(), socket.close_code(), orders, cut_off);
    assert_eq!([one, other], [4403, 4403]);
    let took = ended.elapsed();
    assert!(took < PROMISED, "it took {took:?}");
    replica.stop().await;
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_ends_everything_of_its_device_within_a_second() {
    let stage = Stage::new().await;
    let mut ann = stage.signed_in("ann@example.com").await;
    let stolen = ann.refresh.clone().unwrap();
    let told = ann.try_refresh(&stolen).await.data();
    ann.keep(&told["refreshToken"]);
    let ending = ends_everywhere(&stage, &ann, async || {
        let told = stage.client().try_refresh(&stolen).await;
        assert_eq!(told.code(), "INVALID_REFRESH_TOKEN");
    });
    Box::pin(ending).await;
    let newest = ann.refresh.clone().unwrap();
    let told = ann.try_refresh(&newest).await;
    assert_eq!(told.code(), "INVALID_REFRESH_TOKEN");
}

#[tokio::test]
async fn of_those_who_refresh_at_two_gateways_at_once_one_is_served() {
    let stage = Stage::new().await;
    let replica = stage.replica(&[]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let token = ann.refresh.clone().unwrap();
    let there = at(&replica, &ann);
    let (here, there) = tokio::join!(ann.try_refresh(&token), there.try_refresh(&token));
    let served = [here, there].map(|told| told.find_code().is_none());
    assert_eq!(served.iter().filter(|it| **it).count(), 1, "{served:?}");
    assert!(is_told(&ann, PROFILE, "UNAUTHENTICATED").await);
    replica.stop().await;
}

#[tokio::test]
async fn a_device_that_is_signed_out_from_another_one_is_out_within_a_second() {
    let stage = Stage::new().await;
    let lost = stage.signed_in("ann@example.com").await;
    let kept = stage.signed_in("ann@example.com").await;
    let list = "{ sessions { edges { node { id current } } } }";
    let told = lost.ask(list, json!({})).await.data();
    let edges = told["sessions"]["edges"].as_array().unwrap();
    let own = edges.iter().find(|edge| edge["node"]["current"] == true);
    let id = own.unwrap()["node"]["id"].clone();
    let ending = ends_everywhere(&stage, &lost, async || {
        let revoke = "mutation($id: ID!) { revokeSession(id: $id) { revoked } }";
        let told = kept.ask(revoke, json!({ "id": id })).await.data();
        assert_eq!(told["revokeSession"]["revoked"], 1);
    });
    Box::pin(ending).await;
    kept.id().await;
}

#[tokio::test]
async fn whoever_says_a_revoked_token_again_and_again_is_out_within_a_second_all_the_same() {
    let stage = Stage::new().await;
    let lost = stage.signed_in("ann@example.com").await;
    let kept = stage.signed_in("ann@example.com").await;
    let mut sockets = Vec::new();
    for _ in 0..INSISTENT {
        sockets.push(Socket::open(&lost).await);
    }
    let authorization = format!("Bearer {}", lost.access.as_deref().unwrap());
    let payload = json!({ "authorization": authorization });
    let renewal = json!({ "type": "ping", "payload": payload });
    let insisting = sockets
        .iter_mut()
        .map(|socket| socket.close_saying(&renewal));
    let revoking = async {
        let revoke = "mutation { revokeAllSessions { revoked } }";
        let told = kept.ask(revoke, json!({})).await.data();
        assert_eq!(told["revokeAllSessions"]["revoked"], 2);
        Instant::now()
    };
    let (closed, ended) = tokio::join!(join_all(insisting), revoking);
    let took = ended.elapsed();
    assert!(closed.iter().all(|(code, _)| *code == 4403), "{closed:?}");
    assert!(took < PROMISED, "it took {took:?}");
}
