//! Walking a list page by page, from either end, and narrowing it down.

use domain::id::{BattleId, PositionId};
use runtime::ids::mint;
use serde_json::{Value, json};

use crate::client::Client;
use crate::rows::Position;
use crate::stage::Stage;

const COUNT: usize = 25;

/// A page of the list: its titles, and where it goes on.
async fn page(client: &Client, arguments: &str) -> (Vec<String>, Value) {
    let query = format!(
        "{{ games({arguments}) {{ totalCount edges {{ node {{ title }} }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let told = client.ask(&query, json!({})).await.data()["games"].clone();
    assert_eq!(told["totalCount"], COUNT);
    let edges = told["edges"].as_array().unwrap();
    let titles = edges
        .iter()
        .map(|edge| edge["node"]["title"].as_str().unwrap().to_owned());
    (titles.collect(), told["pageInfo"].clone())
}

async fn scene() -> (Stage, Vec<String>) {
    let stage = Stage::new().await;
    let titles: Vec<String> = (0..COUNT)
        .map(|number| format!("game {number:02}"))
        .collect();
    for title in &titles {
        stage.game(title).await;
    }
    (stage, titles.into_iter().rev().collect())
}

#[tokio::test]
async fn pages_forwards_make_up_the_list_newest_first() {
    let (stage, expected) = scene().await;
    let client = stage.client();
    let (mut titles, mut info) = page(&client, "first: 10").await;
    assert_eq!(info["hasPreviousPage"], false);
    while info["hasNextPage"] == true {
        let (more, next) = page(&client, &format!("first: 10, after: {}", info["endCursor"])).await;
        titles.extend(more);
        info = next;
    }
    assert_eq!(titles, expected);
    assert_eq!(info["hasPreviousPage"], true);
}

#[tokio::test]
async fn pages_backwards_make_up_the_same_list() {
    let (stage, expected) = scene().await;
    let client = stage.client();
    let (mut titles, mut info) = page(&client, "last: 10").await;
    assert_eq!(info["hasNextPage"], false);
    while info["hasPreviousPage"] == true {
        let before = &info["startCursor"];
        let (mut more, next) = page(&client, &format!("last: 10, before: {before}")).await;
        more.append(&mut titles);
        (titles, info) = (more, next);
    }
    assert_eq!(titles, expected);
}

#[tokio::test]
async fn a_list_can_be_turned_round_and_has_20_rows_unless_told() {
    let (stage, mut expected) = scene().await;
    expected.reverse();
    let (titles, info) = page(&stage.client(), "orderBy: CREATED_AT_ASC").await;
    assert_eq!(titles, expected[..20]);
    assert_eq!(info["hasNextPage"], true);
}

#[tokio::test]
async fn a_row_that_comes_meanwhile_moves_no_page() {
    let (stage, expected) = scene().await;
    let client = stage.client();
    let (_, info) = page(&client, "first: 10").await;
    stage.game("newer").await;
    let query = format!(
        "{{ games(first: 10, after: {}) {{ edges {{ node {{ title }} }} }} }}",
        info["endCursor"]
    );
    let told = client.ask(&query, json!({})).await.data();
    assert_eq!(
        told["games"]["edges"][0]["node"]["title"],
        expected[10].as_str()
    );
}

#[tokio::test]
async fn assets_are_a_list_like_any_other() {
    let stage = Stage::new().await;
    let query = "{ assets(first: 1) { totalCount edges { cursor node { id rank priceUSD } }
        pageInfo { hasNextPage endCursor } } }";
    let told = stage.client().ask(query, json!({})).await.data()["assets"].clone();
    assert_eq!(
        told["edges"][0]["node"],
        json!({ "id": "bitcoin", "rank": 1, "priceUSD": 0.0 })
    );
    assert_eq!(
        (&told["totalCount"], &told["pageInfo"]["hasNextPage"]),
        (&json!(4), &json!(true))
    );
    let query = format!(
        "{{ assets(last: 5, after: {}) {{ edges {{ node {{ id }} }}
            pageInfo {{ hasPreviousPage hasNextPage }} }} }}",
        told["pageInfo"]["endCursor"]
    );
    let told = stage.client().ask(&query, json!({})).await.data()["assets"].clone();
    assert_eq!(told["edges"].as_array().unwrap().len(), 3);
    assert_eq!(
        told["pageInfo"],
        json!({ "hasPreviousPage": true, "hasNextPage": false })
    );
}

#[tokio::test]
async fn the_positions_of_a_match_can_be_turned_round() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&id], "OPEN").await;
    let mut positions = Vec::new();
    for number in 1..=3 {
        let position = mint::<PositionId>();
        stage
            .position(&Position {
                id: position,
                battle,
                player: &id,
                number,
                margin: 1_000_000_000,
            })
            .await;
        positions.push(json!({ "node": { "id": position } }));
    }
    let query = "query($id: ID!, $order: Order) { gameMatch(id: $id) {
        positions(orderBy: $order) { edges { node { id } } }
        participants { edges { node { positions(orderBy: $order) { edges { node { id } } } } } } } }";
    for order in [
        json!(null),
        json!("CREATED_AT_DESC"),
        json!("CREATED_AT_ASC"),
    ] {
        let mut expected = positions.clone();
        if order != "CREATED_AT_ASC" {
            expected.reverse();
        }
        let variables = json!({ "id": battle, "order": order });
        let told = ann.ask(query, variables).await.data()["gameMatch"].clone();
        let seat = &told["participants"]["edges"][0]["node"];
        for list in [&told, seat] {
            assert_eq!(list["positions"]["edges"], json!(expected), "{order}");
        }
    }
}

impl Stage {
    /// A position of `player`'s on this market.
    async fn position_on(
        &self,
        symbol: &str,
        battle: BattleId,
        player: &str,
        number: i64,
    ) -> PositionId {
        let id: PositionId = mint();
        let row = Position {
            id,
            battle,
            player,
            number,
            margin: 1_000_000_000,
        };
        self.position(&row).await;
        self.script(&format!(
            "UPDATE positions SET symbol = '{symbol}' WHERE id = '{id}'"
        ))
        .await;
        id
    }
}

const POSITIONS: &str = "query($filter: GameMatchPositionFilter, $first: Int) {
    gameMatchPositions(filterBy: $filter, first: $first, orderBy: CREATED_AT_ASC) {
        totalCount edges { node { id } } } }";

/// All positions of this filter, oldest first.
async fn filtered(client: &Client, filter: Value) -> Vec<PositionId> {
    let told = client.ask(POSITIONS, json!({ "filter": filter })).await;
    let told = told.data()["gameMatchPositions"].clone();
    let edges = told["edges"].as_array().unwrap();
    assert_eq!(told["totalCount"], edges.len(), "{filter}");
    edges
        .iter()
        .map(|edge| edge["node"]["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// The participants of a match, by seat.
async fn participants(client: &Client, battle: BattleId) -> [Value; 2] {
    let query = "query($id: ID!) { gameMatch(id: $id) {
        participants { edges { node { id } } } } }";
    let told = client.ask(query, json!({ "id": battle })).await.data();
    let edges = &told["gameMatch"]["participants"]["edges"];
    [0_usize, 1].map(|seat| edges[seat]["node"]["id"].clone())
}

#[tokio::test]
async fn positions_can_be_those_of_one_participant_alone() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let game = stage.game("Duel").await;
    let closed = stage.battle(&game, &[&ann_id, &bob_id], "CLOSED").await;
    let open = stage.battle(&game, &[&ann_id, &bob_id], "OPEN").await;
    let mut placed = Vec::new();
    for (number, (battle, player)) in (1..).zip([
        (closed, &ann_id),
        (closed, &bob_id),
        (closed, &ann_id),
        (open, &ann_id),
        (open, &bob_id),
    ]) {
        let position = stage.position_on("BTCUSDT", battle, player, number);
        placed.push(position.await);
    }
    let [ann_then, bob_then] = participants(&ann, closed).await;
    let [ann_now, bob_now] = participants(&ann, open).await;
    let everything = filtered(&ann, json!({})).await;
    assert_eq!(everything, placed[..4]);
    for (client, participant, expected) in [
        (&ann, &ann_then, vec![placed[0], placed[2]]),
        (&ann, &bob_then, vec![placed[1]]),
        (&ann, &ann_now, vec![placed[3]]),
        // While a match runs, a rival's are nobody's business.
        (&ann, &bob_now, vec![]),
        (&bob, &ann_then, vec![placed[0], placed[2]]),
        (&bob, &bob_now, vec![placed[4]]),
    ] {
        let filter = json!({ "participantID": participant });
        assert_eq!(filtered(client, filter.clone()).await, expected, "{filter}");
    }
    let elsewhere = json!({ "participantID": ann_then, "matchID": open });
    assert_eq!(filtered(&ann, elsewhere).await, []);
    let nobody = json!({ "participantID": ann_id });
    assert_eq!(filtered(&ann, nobody).await, []);
    let filter = json!({ "participantID": "x" });
    let told = ann.ask(POSITIONS, json!({ "filter": filter })).await;
    assert_eq!(told.code(), "BAD_USER_INPUT");
}

#[tokio::test]
async fn positions_can_be_those_of_one_asset_by_any_of_its_names() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&ann_id, &bob_id], "CLOSED").await;
    let mut placed = Vec::new();
    for (number, (symbol, player)) in (1..).zip([
        ("BTCUSDT", &ann_id),
        ("ETHUSDT", &ann_id),
        ("BTCUSDT", &bob_id),
        ("ETHUSDT", &bob_id),
        ("ETHUSDT", &ann_id),
    ]) {
        let position = stage.position_on(symbol, battle, player, number);
        placed.push(position.await);
    }
    let bitcoin = [placed[0], placed[2]];
    let ethereum = [placed[1], placed[3], placed[4]];
    for (names, expected) in [
        (["bitcoin", "btc", "BTCUSDT"], bitcoin.as_slice()),
        (["Ethereum", "ETH", "ethusdt"], ethereum.as_slice()),
        (["solana", "SOL", "SOLUSDT"], &[]),
    ] {
        for name in names {
            let found = filtered(&ann, json!({ "asset": name })).await;
            assert_eq!(found, expected, "{name}");
        }
    }
    let [_, of_bob] = participants(&ann, battle).await;
    let both = json!({ "asset": "ETH", "participantID": of_bob });
    assert_eq!(filtered(&ann, both).await, [placed[3]]);
    // A page counts those of the filter, not its own.
    let variables = json!({ "filter": { "asset": "ETH" }, "first": 1 });
    let told = ann.ask(POSITIONS, variables).await.data();
    let first = json!({ "totalCount": 3, "edges": [{ "node": { "id": placed[1] } }] });
    assert_eq!(told["gameMatchPositions"], first);
    let filter = json!({ "asset": "tulips" });
    let told = ann.ask(POSITIONS, json!({ "filter": filter })).await;
    assert_eq!(told.code(), "BAD_USER_INPUT");
    let path = &told.0["errors"][0]["extensions"]["path"];
    assert_eq!(*path, json!(["asset"]));
}
