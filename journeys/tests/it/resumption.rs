//! A client loses its network, and misses nothing of what happened meanwhile.

use bots::client::{Client, Subscription};
use serde_json::{Value, json};
use testkit::{Way, eventually};
use tokio::time::timeout;

use crate::duel::{Duel, filled, order, terms};
use crate::fleet::{Fleet, LIMIT};

const EVENTS: &str = "subscription Events($id: ID!, $after: Cursor) {
    gameMatchPositionEvents(matchID: $id, after: $after) { __typename
        ... on Resumed { cursor } ... on Gap { cursor } ... on Lagged { cursor }
        ... on GameMatchPositionChanged { id cursor change position { id } } } }";
const CLOSE: &str = "mutation Close($id: ID!) {
    closeGameMatchPosition(id: $id) { position { id } userErrors { code } } }";

/// Somebody's app, on a way of its own to the gateway.
struct Phone {
    api: Client,
    battle: String,
    events: Subscription,
    /// The newest cursor.
    cursor: Value,
    /// What it was told, as position, change and the event's id.
    told: Vec<(String, String, String)>,
}

impl Phone {
    async fn listen(api: Client, battle: &str, after: Value) -> Self {
        let events = subscribe(&api, battle, &after).await;
        let mut phone = Self {
            api,
            battle: battle.to_owned(),
            events,
            cursor: after,
            told: Vec::new(),
        };
        phone.begin().await;
        phone
    }

    /// Subscribes anew, behind what it was told last.
    async fn listen_again(&mut self) {
        self.events = subscribe(&self.api, &self.battle, &self.cursor).await;
        self.begin().await;
    }

    async fn begin(&mut self) {
        let said = self.next().await.unwrap();
        assert_eq!(said["__typename"], "Resumed", "{said}");
    }

    /// What is said next; nothing once the connection is lost.
    async fn next(&mut self) -> Option<Value> {
        let told = timeout(LIMIT, self.events.next()).await.unwrap();
        let mut data = told.ok().flatten()?;
        let said = data["gameMatchPositionEvents"].take();
        self.cursor = said["cursor"].clone();
        Some(said)
    }

    /// Hears until `position` was told to have changed so.
    async fn hear_until(&mut self, position: &str, change: &str) {
        loop {
            let said = self.next().await.unwrap();
            let text = |it: &Value| it.as_str().unwrap().to_owned();
            let told = (
                text(&said["position"]["id"]),
                text(&said["change"]),
                text(&said["id"]),
            );
            let is_last = told.0 == position && told.1 == change;
            self.told.push(told);
            if is_last {
                return;
            }
        }
    }
}

async fn subscribe(api: &Client, battle: &str, after: &Value) -> Subscription {
    let variables = json!({ "id": battle, "after": after });
    api.subscribe(EVENTS, variables).await.unwrap()
}

#[tokio::test]
async fn whoever_loses_the_network_hears_every_order_event_once_all_the_same() {
    let fleet = Fleet::start().await;
    let Duel { a, b: _, battle } = Duel::open(&fleet, 60).await;
    let way = Way::to(fleet.origin().strip_prefix("http://").unwrap()).await;
    let phones = format!("http://{}/graphql", way.address());
    let api = a.api.at(phones.parse().unwrap());
    let mut phone = Phone::listen(api, &battle, Value::Null).await;
    let begun = phone.cursor.clone();
    let first = order(&a, &battle, terms("BUY", 2)).await;
    filled(&fleet, &a, &first, "95").await;
    phone.hear_until(&first, "FILLED").await;

    way.cut();
    assert_eq!(phone.next().await, None);
    let second = order(&a, &battle, terms("SELL", 3)).await;
    filled(&fleet, &a, &second, "95").await;
    a.api.run(CLOSE, json!({ "id": first })).await.unwrap();
    eventually(LIMIT, async || {
        fleet.trade("BTCUSDT", "95").await;
        a.position(&first).await["status"] == "CLOSED"
    })
    .await;
    way.mend();

    phone.listen_again().await;
    let third = order(&a, &battle, terms("BUY", 1)).await;
    filled(&fleet, &a, &third, "95").await;
    phone.hear_until(&third, "FILLED").await;
    let told: Vec<_> = phone
        .told
        .iter()
        .map(|(position, change, _)| (position.as_str(), change.as_str()))
        .collect();
    let expected = [
        (first.as_str(), "ACCEPTED"),
        (&first, "FILLED"),
        (&second, "ACCEPTED"),
        (&second, "FILLED"),
        (&first, "CLOSED"),
        (&third, "ACCEPTED"),
        (&third, "FILLED"),
    ];
    assert_eq!(told, expected);
    // Whoever was never away hears the same.
    let mut witness = Phone::listen(a.api.clone(), &battle, begun).await;
    witness.hear_until(&third, "FILLED").await;
    assert_eq!(witness.told, phone.told);
}
