//! Hot operations run on plans: each says what the executor says, to the byte. A document that nobody has
//! sent before is the executor's; one that it has found to be sound is executed by its plan.

use cache::{Cache, Day, LastPrice};
use contracts::commands::Answer;
use contracts::positions::{FirstRow, NewPosition, Taken};
use domain::id::BattleId;
use domain::timestamp::Timestamp;
use runtime::ids::mint;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::rows::Position;
use crate::stage::Stage;

/// The leaves of a type, in the schema's order.
async fn leaves(client: &Client, name: &str) -> String {
    let query = "query($name: String!) { __type(name: $name) { fields {
        name args { name } type { kind ofType { kind } } } } }";
    let told = client.ask(query, json!({ "name": name })).await.data();
    let fields = told["__type"]["fields"].as_array().unwrap();
    let is_leaf = |field: &&Value| {
        let kinds = [&field["type"]["kind"], &field["type"]["ofType"]["kind"]];
        let is_leaf = kinds
            .iter()
            .any(|kind| *kind == "SCALAR" || *kind == "ENUM");
        is_leaf && field["args"] == json!([])
    };
    let names = fields.iter().filter(is_leaf);
    let names: Vec<_> = names.map(|field| field["name"].as_str().unwrap()).collect();
    assert!(names.len() > 3, "{name}: {names:?}");
    names.join(" ")
}

/// A document that is asked with all kinds of variables, by all kinds of visitors.
struct Hot {
    text: String,
    sound: Value,
    visitors: Vec<Client>,
    asked: u32,
}

impl Hot {
    /// The executor finds it to be sound with these variables, asked by the first of the visitors.
    async fn new(text: &str, sound: Value, visitors: &[&Client]) -> Self {
        let visitors: Vec<Client> = visitors.iter().map(|it| (*it).clone()).collect();
        visitors[0].ask(text, sound.clone()).await.data();
        Self {
            text: text.to_owned(),
            sound,
            visitors,
            asked: 0,
        }
    }

    /// What its plan says of `variables`, put over those that are sound, is what the executor says.
    async fn says_the_same(&mut self, variables: Value) {
        let mut given = self.sound.clone();
        for (name, value) in variables.as_object().unwrap() {
            given[name] = value.clone();
        }
        for (number, visitor) in self.visitors.iter().enumerate() {
            self.asked += 1;
            // Behind everything, so that nothing stands elsewhere.
            let unknown = format!("{}\n# {}", self.text, self.asked);
            let by_executor = answer(visitor, &unknown, &given).await;
            let by_plan = answer(visitor, &self.text, &given).await;
            assert_eq!(by_plan, by_executor, "{number}: {}: {given}", self.text);
        }
    }
}

/// Status and body, without what no two answers share.
async fn answer(visitor: &Client, text: &str, variables: &Value) -> (u16, String) {
    let body = json!({ "query": text, "variables": variables });
    let response = visitor.post(body.to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let mut parts = text.split(r#""traceId":""#);
    let first = parts.next().unwrap().to_owned();
    let rest = parts.map(|part| part.split_once('"').unwrap().1);
    (status, rest.fold(first, |text, part| text + part))
}

fn with(name: &str, values: &[Value]) -> Vec<Value> {
    let one = |value: &Value| {
        let mut variables = json!({});
        variables[name] = value.clone();
        variables
    };
    values.iter().map(one).collect()
}

/// What a client may say of a page, and what it may not.
fn pages() -> Vec<Value> {
    let rows = [
        json!(0),
        json!(1),
        json!(2),
        json!(20),
        json!(100),
        json!(101),
        json!(-1),
        json!(null),
        json!("2"),
        json!(1.5),
        json!(4_294_967_296_i64),
        json!([1]),
        json!(true),
    ];
    let cursors = [
        json!(""),
        json!("x"),
        json!(null),
        json!(7),
        json!("AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA"),
    ];
    let mut pages = vec![
        json!({}),
        json!({ "first": 1, "last": 1 }),
        json!({ "other": 1 }),
    ];
    pages.extend(["first", "last"].iter().flat_map(|name| with(name, &rows)));
    pages.extend(
        ["after", "before"]
            .iter()
            .flat_map(|name| with(name, &cursors)),
    );
    pages
}

const PAGE: &str = "$first: Int, $last: Int, $after: String, $before: String";
const GIVEN: &str = "first: $first, last: $last, after: $after, before: $before";

async fn priced(stage: &Stage) {
    let space = stage.space();
    let cache = Cache::connect(&space.redis_url().into(), &space.redis_prefix())
        .await
        .unwrap();
    let price = LastPrice {
        symbol: "BTCUSDT".parse().unwrap(),
        price: "61837.63".parse().unwrap(),
        time: Timestamp::from_ms(1_723_075_200_250),
        day: Some(Day {
            volume_quote: "1234567.89".to_owned(),
            change_percent: "-1.25".to_owned(),
            vwap: "0.1".to_owned(),
        }),
    };
    cache.put_prices(&[price]).await.unwrap();
}

#[tokio::test]
async fn the_assets_are_listed_as_the_executor_lists_them() {
    let stage = Stage::new().await;
    priced(&stage).await;
    let anybody = stage.client();
    let mut stranger = stage.client();
    stranger.access = Some("no token".to_owned());
    let ann = stage.signed_in("ann@example.com").await;
    let asset = leaves(&anybody, "Asset").await;
    let info = leaves(&anybody, "PageInfo").await;
    let whole = format!(
        "query Assets({PAGE}) {{ list: assets({GIVEN}) {{
            totalCount __typename pageInfo {{ {info} }}
            edges {{ cursor ...E node {{ {asset} ... on Asset {{ again: id __typename }} }} }} }} }}
         fragment E on AssetEdge {{ at: cursor }}"
    );
    let few = format!("query({PAGE}) {{ assets({GIVEN}) {{ edges {{ node {{ priceUSD }} }} }} }}");
    let literal = "{ assets(first: 3) { edges { node { id } } } }";
    for text in [whole.as_str(), &few] {
        let sound = json!({ "first": 50 });
        let mut hot = Hot::new(text, sound, &[&anybody, &ann, &stranger]).await;
        for variables in pages() {
            hot.says_the_same(variables).await;
        }
    }
    let mut hot = Hot::new(literal, json!({}), &[&anybody]).await;
    hot.says_the_same(json!({ "first": 7 })).await;
}

/// There is no plan for games: what is known is that the request is sound.
#[tokio::test]
async fn what_was_found_to_be_sound_is_answered_as_what_is_validated() {
    let stage = Stage::new().await;
    let anybody = stage.client();
    let mut stranger = stage.client();
    stranger.access = Some("no token".to_owned());
    let ann = stage.signed_in("ann@example.com").await;
    let text = format!(
        "query Games({PAGE}) {{ games({GIVEN}) {{ totalCount edges {{ cursor node {{ id title }} }} }} }}"
    );
    let mut known = Hot::new(&text, json!({ "first": 50 }), &[&anybody, &ann, &stranger]).await;
    for variables in pages() {
        known.says_the_same(variables).await;
    }
}

#[tokio::test]
async fn positions_are_listed_as_the_executor_lists_them() {
    let stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&ann_id, &bob_id], "OPEN").await;
    for (number, player) in [(1, &ann_id), (2, &ann_id), (3, &bob_id)] {
        let row = Position {
            id: mint(),
            battle,
            player,
            number,
            margin: 1_234_567_891,
        };
        stage.position(&row).await;
    }
    stage
        .script(
            "UPDATE positions SET status = 'REJECTED', end_cause = 'feed_stale', end_time_ms = 5,
                stop_loss = 7 WHERE number = 2",
        )
        .await;
    let staff = stage.staff("support").await;
    let visitors = [&ann, &bob, &staff, &stage.client()];
    let position = leaves(&ann, "GameMatchPosition").await;
    // What has to be looked up is the executor's.
    let position = position.replace("gameMatchParticipantID", "");
    let whole = format!(
        "query({PAGE}, $filter: GameMatchPositionFilter, $order: Order) {{
            gameMatchPositions({GIVEN}, filterBy: $filter, orderBy: $order) {{
                edges {{ cursor node {{ {position} }} }} totalCount }} }}"
    );
    let parts = format!(
        "query({PAGE}, $match: ID, $status: GameMatchPositionStatus, $order: Order) {{
            gameMatchPositions({GIVEN}, orderBy: $order,
                filterBy: {{ matchID: $match, status: $status }}) {{
                pageInfo {{ hasNextPage endCursor }} edges {{ node {{ id status }} }} }} }}"
    );
    let count = format!(
        "query({PAGE}, $order: Order) {{ gameMatchPositions({GIVEN}, orderBy: $order) {{
            totalCount }} }}"
    );
    let orders = with(
        "order",
        &[json!("CREATED_AT_ASC"), json!("UP"), json!(null), json!(1)],
    );
    let filters = with(
        "filter",
        &[
            json!({}),
            json!(null),
            json!([]),
            json!("x"),
            json!({ "matchID": battle }),
            json!({ "matchID": null }),
            json!({ "matchID": "x" }),
            json!({ "matchID": 5 }),
            json!({ "matchID": battle, "other": 1 }),
            json!({ "status": "REJECTED" }),
            json!({ "status": "GONE" }),
            json!({ "asset": "bitcoin" }),
            json!({ "asset": "nothing" }),
        ],
    );
    let matches = with(
        "match",
        &[json!(battle), json!(null), json!("x"), json!(5), json!({})],
    );
    let statuses = with(
        "status",
        &[json!("PENDING"), json!("GONE"), json!(null), json!(1)],
    );
    for (text, own) in [
        (&whole, [orders.clone(), filters].concat()),
        (&parts, [orders.clone(), matches, statuses].concat()),
        (&count, orders),
    ] {
        let mut hot = Hot::new(text, json!({ "first": 50 }), &visitors).await;
        for variables in [pages(), own].concat() {
            hot.says_the_same(variables).await;
        }
    }
}

/// A position that was filled and closed.
fn closed(question: &NewPosition) -> FirstRow {
    let tick = json!({ "price": 6_183_763_000_000_i64, "trade": 7, "time": 1_723_075_200_250_i64 });
    let state = json!({
        "id": question.order.position, "battle": question.battle,
        "player": question.caller.user, "number": 1, "symbol": "BTCUSDT", "side": "SELL",
        "kind": { "limit": 6_000_000_000_000_i64 }, "margin": 1_000_000_000, "leverage": 2,
        "size": 2_000_000_000, "open_fee": 0, "card_spent": false, "stop_loss": 1,
        "take_profit": 2, "status": "OPEN", "effective_time": 0, "stale_at": null,
        "fill": { "tick": tick, "sequence": 3, "liquidation": 9_000_000_000_000_i64 }, "end": null, "noted": [],
    });
    FirstRow {
        state: serde_json::from_value(state).unwrap(),
        at_ms: 1_800_000_000_123,
    }
}

fn input(battle: BattleId) -> Value {
    json!({ "matchID": battle, "baseToken": "BTC", "side": "SELL", "type": "LIMIT",
        "margin": "10", "leverage": 2, "limitPrice": "60000", "stopLoss": null })
}

#[tokio::test]
async fn orders_are_answered_as_the_executor_answers_them() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let ann_id = ann.id().await;
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&ann_id], "OPEN").await;
    stage
        .answer(|question: NewPosition| Answer::Done {
            value: Taken {
                position: question.order.position,
                first: Some(Box::new(closed(&question))),
            },
        })
        .await;
    let position = leaves(&ann, "GameMatchPosition").await;
    let position = position.replace("gameMatchParticipantID", "");
    let text = format!(
        "mutation($input: CreateGameMatchPositionInput!, $request: UUID) {{
            createGameMatchPosition(createGameInput: $input, requestId: $request) {{
                {position} }} }}"
    );
    let visitors = [&ann, &bob, &stage.client()];
    let sound = json!({ "input": input(battle), "request": Uuid::from_u128(1) });
    let mut hot = Hot::new(&text, sound, &visitors).await;
    let changed = |name: &str, value: Value| {
        let mut input = input(battle);
        input[name] = value;
        json!({ "input": input })
    };
    for variables in [
        json!({}),
        json!({ "input": null }),
        json!({ "input": [] }),
        json!({ "input": {} }),
        json!({ "request": "x" }),
        json!({ "request": 5 }),
        changed("other", json!(1)),
        changed("matchID", json!("x")),
        changed("matchID", json!(null)),
        changed("matchID", json!(Uuid::from_u128(9))),
        changed("side", json!("UP")),
        changed("type", json!(1)),
        changed("margin", json!(10.5)),
        changed("margin", json!("ten")),
        changed("margin", json!([])),
        changed("leverage", json!("2")),
        changed("leverage", json!(2.5)),
        changed("leverage", json!(300)),
        changed("baseToken", json!(7)),
        changed("limitPrice", json!("1e3")),
        changed("stopLoss", json!("x")),
    ] {
        hot.says_the_same(variables).await;
    }
}
