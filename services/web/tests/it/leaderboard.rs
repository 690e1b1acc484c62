//! Who has how many cups: by season, among friends, around oneself.

use serde_json::{Value, json};

use crate::client::Client;
use crate::stage::Stage;

const BOARD: &str = "query($scope: LeaderboardScope, $season: ID, $first: Int, $last: Int,
        $after: String, $before: String) {
    leaderboard(scope: $scope, season: $season, first: $first, last: $last, after: $after,
        before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor rank cups node { nickName } } } }";

/// The numbers of the seasons 2026-10 and 2026-11.
const OCTOBER: u32 = 2026 * 12 + 9;
const NOVEMBER: u32 = 2026 * 12 + 10;

/// The player of this number, whose name is the number.
fn player(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A board as its ranks, names and cups.
type Lines = Vec<(Option<i64>, String, i64)>;

fn line(rank: i64, name: &str, cups: i64) -> (Option<i64>, String, i64) {
    (Some(rank), name.to_owned(), cups)
}

fn lines(board: &Value) -> Lines {
    let edges = board["edges"].as_array().unwrap().iter();
    let line = |edge: &Value| {
        let name = edge["node"]["nickName"].as_str().unwrap().to_owned();
        (edge["rank"].as_i64(), name, edge["cups"].as_i64().unwrap())
    };
    edges.map(line).collect()
}

async fn board(client: &Client, variables: Value) -> Value {
    client.ask(BOARD, variables).await.data()["leaderboard"].clone()
}

/// Somebody called ann.
async fn ann(stage: &Stage) -> (Client, String) {
    let client = stage.signed_in("ann@example.com").await;
    let id = client.id().await;
    let named = format!("UPDATE users SET nick_name = 'ann' WHERE id = '{id}'");
    stage.script(&named).await;
    (client, id)
}

impl Stage {
    /// Players with these numbers, who hold these cups and gained them in November.
    async fn ranked(&self, cups: &[(u32, i64)]) {
        for (number, cups) in cups {
            let id = player(*number);
            self.script(&format!(
                "INSERT INTO users (id, email, nick_name) VALUES ('{id}', '{number}@x', '{number}')"
            ))
            .await;
            self.cups(&id, 0, *cups).await;
            self.cups(&id, NOVEMBER, *cups).await;
        }
    }

    async fn cups(&self, user: &str, season: u32, cups: i64) {
        self.script(&format!(
            "INSERT INTO season_cups (season, user_id, cups) VALUES ({season}, '{user}', {cups})"
        ))
        .await;
    }
}

#[tokio::test]
async fn equal_cups_share_a_rank_on_whichever_page_they_stand() {
    let stage = Stage::new().await;
    let (client, _) = ann(&stage).await;
    stage
        .ranked(&[(1, 10), (2, 30), (3, 20), (4, 20), (5, 20), (6, 0)])
        .await;
    let expected = [
        line(1, "2", 30),
        line(2, "5", 20),
        line(2, "4", 20),
        line(2, "3", 20),
        line(5, "1", 10),
        line(6, "6", 0),
    ];
    let whole = board(&client, json!({})).await;
    assert_eq!(lines(&whole), expected);
    assert_eq!(whole["totalCount"], 6);
    for size in 1..=6 {
        let mut forwards = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = board(&client, json!({ "first": size, "after": after })).await;
            forwards.extend(lines(&page));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(forwards, expected, "{size} forwards");
        let mut backwards = Vec::new();
        let mut before = Value::Null;
        loop {
            let page = board(&client, json!({ "last": size, "before": before })).await;
            backwards.splice(0..0, lines(&page));
            before = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(backwards, expected, "{size} backwards");
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_season_compares_what_was_gained_in_it() {
    let stage = Stage::new().await;
    let (client, _) = ann(&stage).await;
    stage.ranked(&[(1, 40), (2, 30)]).await;
    stage.cups(&player(1), OCTOBER, -10).await;
    stage.cups(&player(2), OCTOBER, 60).await;
    let october = board(&client, json!({ "season": "2026-10" })).await;
    assert_eq!(lines(&october), [line(1, "2", 60), line(2, "1", -10)]);
    let november = board(&client, json!({ "season": "2026-11" })).await;
    assert_eq!(lines(&november), [line(1, "1", 40), line(2, "2", 30)]);
    let never = board(&client, json!({ "season": "2026-12" })).await;
    assert_eq!((lines(&never), &never["totalCount"]), (vec![], &json!(0)));

    let query = "{ seasons { totalCount edges { node { id startTime endTime } } }
        october: node(id: \"2026-10\") { id __typename } never: node(id: \"2026-12\") { id }
        both: nodes(ids: [\"2026-11\", \"x\", \"2026-10\"]) { id } }";
    let told = client.ask(query, json!({})).await.data();
    assert_eq!(
        told,
        json!({
            "seasons": { "totalCount": 2, "edges": [
                { "node": { "id": "2026-11", "startTime": "2026-11-01T00:00:00.000Z",
                    "endTime": "2026-12-01T00:00:00.000Z" } },
                { "node": { "id": "2026-10", "startTime": "2026-10-01T00:00:00.000Z",
                    "endTime": "2026-11-01T00:00:00.000Z" } },
            ] },
            "october": { "id": "2026-10", "__typename": "Season" },
            "never": null,
            "both": [{ "id": "2026-11" }, null, { "id": "2026-10" }],
        })
    );
    for season in ["november", "2026-13", ""] {
        let told = client.ask(BOARD, json!({ "season": season })).await;
        assert_eq!(told.code(), "BAD_USER_INPUT", "{season}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn among_friends_are_oneself_and_them_alone() {
    let stage = Stage::new().await;
    let (client, id) = ann(&stage).await;
    stage.ranked(&[(1, 50), (2, 40), (3, 30), (4, 20)]).await;
    stage.cups(&id, 0, 35).await;
    for (other, status, blocks) in [
        (2, "FRIENDS", false),
        (4, "FRIENDS", false),
        (1, "STRANGERS", true),
    ] {
        let other = player(other);
        stage
            .script(&format!(
                "INSERT INTO friendships
                    (id, one_id, other_id, status, one_blocks, one_blocked_at, created_at, updated_at)
                 SELECT gen_random_uuid(), least('{id}', '{other}')::uuid,
                    greatest('{id}', '{other}')::uuid, '{status}', {blocks},
                    CASE WHEN {blocks} THEN now() END, now(), now()"
            ))
            .await;
    }
    let friends = board(&client, json!({ "scope": "FRIENDS" })).await;
    let expected = [line(1, "2", 40), line(2, "ann", 35), line(3, "4", 20)];
    assert_eq!(lines(&friends), expected);
    assert_eq!(friends["totalCount"], 3);
    let season = json!({ "scope": "FRIENDS", "season": "2026-11" });
    let expected = [line(1, "2", 40), line(2, "4", 20)];
    assert_eq!(lines(&board(&client, season).await), expected);
    stage.stop().await;
}

#[tokio::test]
async fn around_oneself_there_are_neighbours_and_cursors_that_lead_on() {
    let stage = Stage::new().await;
    let (client, id) = ann(&stage).await;
    let crowd: Vec<_> = (1..=9)
        .map(|number| (number, i64::from(number) * 10))
        .collect();
    stage.ranked(&crowd).await;
    let around = |first| json!({ "scope": "AROUND_ME", "first": first });
    let top = board(&client, around(3)).await;
    assert_eq!(
        lines(&top),
        [line(1, "9", 90), line(2, "8", 80), line(3, "7", 70)]
    );

    stage.cups(&id, 0, 55).await;
    let middle = board(&client, around(4)).await;
    let expected = [
        line(3, "7", 70),
        line(4, "6", 60),
        line(5, "ann", 55),
        line(6, "5", 50),
    ];
    assert_eq!(lines(&middle), expected);
    let info = &middle["pageInfo"];
    assert_eq!(
        (&info["hasPreviousPage"], &info["hasNextPage"]),
        (&json!(true), &json!(true))
    );
    let on = json!({ "scope": "AROUND_ME", "first": 1, "after": info["endCursor"] });
    assert_eq!(lines(&board(&client, on).await), [line(7, "4", 40)]);
    let back = json!({ "scope": "AROUND_ME", "last": 1, "before": info["startCursor"] });
    assert_eq!(lines(&board(&client, back).await), [line(2, "8", 80)]);
    assert_eq!(
        lines(&board(&client, around(1)).await),
        [line(5, "ann", 55)]
    );
    assert_eq!(lines(&board(&client, around(0)).await), []);

    stage
        .script(&format!(
            "UPDATE season_cups SET cups = 1000 WHERE user_id = '{id}'"
        ))
        .await;
    let first = board(&client, around(3)).await;
    let expected = [line(1, "ann", 1000), line(2, "9", 90), line(3, "8", 80)];
    assert_eq!(lines(&first), expected);
    assert_eq!(first["pageInfo"]["hasPreviousPage"], false);
    stage.stop().await;
}

#[tokio::test]
async fn who_stands_behind_the_first_hundred_thousand_has_no_rank() {
    let stage = Stage::new().await;
    let (client, id) = ann(&stage).await;
    stage
        .script(&format!(
            "INSERT INTO season_cups (season, user_id, cups)
             SELECT 0, gen_random_uuid(), number FROM generate_series(1, 99999) number;
             INSERT INTO season_cups (season, user_id, cups) VALUES (0, '{id}', 0)"
        ))
        .await;
    let own = json!({ "scope": "AROUND_ME", "first": 1 });
    let ranked = board(&client, own.clone()).await;
    assert_eq!(lines(&ranked), [line(100_000, "ann", 0)]);
    stage.cups(&player(1), 0, 7).await;
    let lower = board(&client, own).await;
    assert_eq!(lines(&lower), [(None, "ann".to_owned(), 0)]);
    stage.stop().await;
}
