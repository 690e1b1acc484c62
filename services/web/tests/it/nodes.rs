//! What looking things up by their ids finds, and what it costs.

use runtime::ids::mint;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use testkit::eventually;
use uuid::Uuid;

use crate::stage::{LIMIT, Stage};

/// Documents of 2,000 ids may cost so many statements, with those of sign-in and of whatever else
/// runs meanwhile.
const STATEMENTS: i64 = 150;

/// How many transactions this database has seen; each statement of a gateway that reads is one.
async fn transactions(stage: &Stage) -> i64 {
    // A connection tells what it did when it ends, at the latest.
    let gateway = "FROM pg_stat_activity
        WHERE usename = 'battlesbit_web' AND datname = current_database()";
    let pids = count(
        stage,
        &format!("SELECT array_agg(pid)::text AS count {gateway}"),
    )
    .await;
    stage
        .script(&format!("SELECT pg_terminate_backend(pid) {gateway}"))
        .await;
    let left = format!(
        "SELECT count(*)::text AS count {gateway} AND pid = ANY ('{}')",
        pids.as_deref().unwrap_or("{}")
    );
    eventually(LIMIT, async || {
        (count(stage, &left).await.as_deref() == Some("0")).then_some(())
    })
    .await;
    let seen = "SELECT xact_commit::text AS count FROM pg_stat_database
        WHERE datname = current_database()";
    count(stage, seen).await.unwrap().parse().unwrap()
}

async fn count(stage: &Stage, sql: &str) -> Option<String> {
    let query = Statement::from_string(DbBackend::Postgres, sql.to_owned());
    let row = stage.db.connection().query_one_raw(query).await.unwrap();
    row.unwrap().try_get("", "count").unwrap()
}

async fn cost_of(query: &str) -> i64 {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let before = transactions(&stage).await;
    let ids: Vec<Uuid> = (0..100).map(|_| mint()).collect();
    eventually(LIMIT, async || {
        // The connections have just been cut.
        let told = ann.ask("{ profile { id } }", json!({})).await;
        told.find_code().is_none().then_some(())
    })
    .await;
    let told = ann
        .ask(query, json!({ "ids": ids, "id": ids[0] }))
        .await
        .data();
    assert!(told.as_object().unwrap().values().all(is_nothing), "{told}");
    transactions(&stage).await - before
}

fn is_nothing(told: &Value) -> bool {
    let are_nothing = |nodes: &Vec<Value>| nodes.iter().all(Value::is_null);
    told.is_null() || told.as_array().is_some_and(are_nothing)
}

#[tokio::test]
async fn many_ids_cost_as_many_statements_as_there_are_tables() {
    let fields: String = (0..20)
        .map(|n| format!("a{n}: nodes(ids: $ids) {{ id }} "))
        .collect();
    let cost = cost_of(&format!("query($ids: [ID!]!) {{ {fields} }}")).await;
    assert!(cost < STATEMENTS, "{cost} statements");
}

#[tokio::test]
async fn a_node_by_itself_is_looked_up_together_with_its_neighbours() {
    let fields: String = (0..100)
        .map(|n| format!("a{n}: node(id: $id) {{ id }} "))
        .collect();
    let cost = cost_of(&format!("query($id: ID!) {{ {fields} }}")).await;
    assert!(cost < STATEMENTS, "{cost} statements");
}

#[tokio::test]
async fn an_id_alone_leads_to_what_has_it_whatever_that_is() {
    const SHOWN: &str = "__typename id ... on Asset { symbol } ... on Game { title }
        ... on GameMatch { status gameID } ... on AchievementDefinition { title threshold }";
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let id = ann.id().await;
    let (duel, brawl) = (stage.game("Duel").await.id, stage.game("Brawl").await);
    let battle = stage.battle(&brawl, &[&id], "SETTLING").await;
    let brawl = brawl.id;
    let definitions = [(); 2].map(|()| mint::<Uuid>());
    for (definition, threshold) in definitions.iter().zip([3, 5]) {
        stage
            .script(&format!(
                "INSERT INTO achievement_definitions
                    (id, title, description, metric, threshold, experience, is_active)
                 VALUES ('{definition}', 'Winner', 'Win', 'battles_won', {threshold}, 10, true)"
            ))
            .await;
    }
    let things = [
        json!({ "__typename": "Asset", "id": "ethereum", "symbol": "ETH" }),
        json!({ "__typename": "Game", "id": duel, "title": "Duel" }),
        json!({ "__typename": "Game", "id": brawl, "title": "Brawl" }),
        json!({ "__typename": "GameMatch", "id": battle, "status": "SETTLING", "gameID": brawl }),
        json!({ "__typename": "AchievementDefinition", "id": definitions[0],
            "title": "Winner", "threshold": 3 }),
        json!({ "__typename": "AchievementDefinition", "id": definitions[1],
            "title": "Winner", "threshold": 5 }),
    ];
    let one = format!("query($id: ID!) {{ node(id: $id) {{ {SHOWN} }} }}");
    for thing in &things {
        let told = ann.ask(&one, json!({ "id": thing["id"] })).await.data();
        assert_eq!(told["node"], *thing);
    }
    let ids: Vec<&Value> = things.iter().map(|thing| &thing["id"]).collect();
    let all = format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ {SHOWN} }} }}");
    let told = ann.ask(&all, json!({ "ids": ids })).await.data();
    assert_eq!(told["nodes"], json!(things));
    // A match is its players' to see, and the others are everybody's.
    for client in [&bob, &stage.client()] {
        let mut seen = things.clone();
        seen[3] = Value::Null;
        let told = client.ask(&all, json!({ "ids": ids })).await.data();
        assert_eq!(told["nodes"], json!(seen));
    }
}
