//! What is too much, too deep or not GraphQL, and with which code it is turned away.

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;

use crate::client::json_of;
use crate::stage::Stage;

#[tokio::test]
async fn faults_of_a_document_have_apollos_codes() {
    let stage = Stage::new().await;
    let client = stage.client();
    let nested = "ofType { ".repeat(30) + "name" + &" }".repeat(30);
    let nested = format!("{{ __schema {{ types {{ {nested} }} }} }}");
    let broad = format!(
        "{{ {} }}",
        (0..200)
            .map(|n| format!("a{n}: assets(first: 100) {{ totalCount }} "))
            .collect::<String>()
    );
    let tokens = format!("{{ __typename {} }}", "asset ".repeat(5_000));
    // Each of these would keep a thread, or end the process, if it was walked.
    let brackets = format!("{{ assets(after: {} }}", "[".repeat(3_000));
    let bomb: String = (0..40)
        .map(|n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} }} ", n + 1))
        .collect();
    let bomb = format!("{{ ...F0 }} {bomb} fragment F40 on Query {{ __typename }}");
    let aliases: String = (0..101).map(|n| format!("a{n}: id ")).collect();
    let aliases = format!("{{ asset(id: \"bitcoin\") {{ {aliases} }} }}");
    let roots = format!("{{ {} }}", "__typename ".repeat(101));
    let mutations = "revokeAllSessions { revoked } ".repeat(11);
    let mutations = format!("mutation {{ {mutations} }}");
    // Few fields, but a look-up or two for each of them.
    let counts: String = (0..100)
        .map(|n| format!("a{n}: positions(first: 1) {{ totalCount }} "))
        .collect();
    let ids = "\"00000000-0000-4000-8000-000000000000\" ".repeat(100);
    let counts = format!("{{ nodes(ids: [{ids}]) {{ ... on GameMatch {{ {counts} }} }} }}");
    let name = "n".repeat(129);
    let name = format!("{{ assets {{ edges {{ node {{ {name}: id }} }} }} }}");
    let directives = "@include(if: true) ".repeat(51);
    let directives = format!("{{ asset(id: \"bitcoin\") {{ id {directives} }} }}");
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ asset }", "GRAPHQL_VALIDATION_FAILED"),
        (nested.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (broad.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (tokens.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (brackets.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (bomb.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (aliases.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (name.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (roots.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (directives.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (mutations.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        (counts.as_str(), "GRAPHQL_VALIDATION_FAILED"),
        ("{ assets(first: 101) { totalCount } }", "BAD_USER_INPUT"),
        ("{ assets(after: \"x\") { totalCount } }", "BAD_USER_INPUT"),
    ] {
        let told = client.ask(query, json!({})).await;
        assert_eq!(told.code(), code, "{query}: {}", told.0);
        assert!(told.0["errors"][0]["extensions"]["traceId"].is_string());
    }
}

#[tokio::test]
async fn a_list_costs_as_much_as_the_rows_that_are_asked_for() {
    let stage = Stage::new().await;
    let client = stage.client();
    for (rows, code) in [(10, "UNAUTHENTICATED"), (100, "GRAPHQL_VALIDATION_FAILED")] {
        let query = format!(
            "{{ gameMatches(first: {rows}) {{ edges {{ node {{
                participants(last: {rows}) {{ edges {{ node {{ id }} }} }} }} }} }} }}"
        );
        let told = client.ask(&query, json!({})).await;
        assert_eq!(told.code(), code, "{rows} rows: {}", told.0);
    }
}

#[tokio::test]
async fn what_the_explorer_asks_of_the_schema_is_within_the_limits() {
    let stage = Stage::new().await;
    let nested = "kind name ofType { ".repeat(9) + "kind name" + &" }".repeat(9);
    let query = format!(
        "{{ __schema {{ types {{ kind name description fields {{ name description
            args {{ name description type {{ {nested} }} }} type {{ {nested} }} }} }} }} }}"
    );
    stage.client().ask(&query, json!({})).await.data();
}

#[tokio::test]
async fn a_request_over_the_limit_of_bytes_is_turned_away() {
    let stage = Stage::new().await;
    let body = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(70_000) } });
    let response = stage.client().post(body.to_string()).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 413);
}

#[tokio::test]
async fn a_body_that_is_no_request_is_named() {
    let stage = Stage::new().await;
    let client = stage.client();
    let response = client.post("{".to_owned()).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 400);
    let told = json_of(response).await;
    assert_eq!(told["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    let text = client
        .post("x".to_owned())
        .header("content-type", "text/plain")
        .send()
        .await;
    // Two content types are as bad as the wrong one.
    assert!(text.unwrap().status().is_client_error());
}

#[tokio::test]
async fn get_answers_queries_and_nothing_that_changes_something() {
    let stage = Stage::new().await;
    let client = stage.client();
    let response = client
        .get("/graphql?query=%7B__typename%7D")
        .send()
        .await
        .unwrap();
    assert_eq!(json_of(response).await["data"]["__typename"], "Query");
    let path = "/graphql/query?query=mutation%7BrevokeAllSessions%7Brevoked%7D%7D";
    assert_eq!(
        client.get(path).send().await.unwrap().status().as_u16(),
        405
    );
    assert_eq!(
        client
            .get("/graphql")
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        400
    );
}

#[tokio::test]
async fn the_status_says_whether_anything_was_executed_to_whoever_wants_to_know() {
    let stage = Stage::new().await;
    let client = stage.client();
    let ask = async |query: &str| {
        let body = json!({ "query": query }).to_string();
        let accept = "application/graphql-response+json";
        let response = client
            .post(body)
            .header("accept", accept)
            .send()
            .await
            .unwrap();
        assert!(
            response.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with(accept)
        );
        let status = response.status().as_u16();
        (status, json_of(response).await.get("data").is_some())
    };
    assert_eq!(ask("{ __typename }").await, (200, true));
    assert_eq!(ask("{ nothing }").await, (400, false));
    assert_eq!(ask("{ profile { id } }").await, (200, true));
}

#[tokio::test]
async fn only_the_chosen_operation_of_a_document_costs_and_needs_anything() {
    let stage = Stage::new().await;
    let client = stage.client();
    let heavy: String = (0..90)
        .map(|n| format!("a{n}: assets(first: 100) {{ totalCount }} "))
        .collect();
    let query = format!(
        "query Light {{ __typename ...F }} query Heavy($id: ID!) {{ asset(id: $id) {{ id }} {heavy} }}
        fragment F on Query {{ asset(id: \"bitcoin\") {{ id }} }}"
    );
    let ask = async |name: &str| {
        let body = json!({ "query": query, "operationName": name });
        json_of(client.post(body.to_string()).send().await.unwrap()).await
    };
    let told = ask("Light").await;
    assert_eq!(told["data"]["asset"]["id"], "bitcoin", "{told}");
    assert_eq!(
        ask("Heavy").await["errors"][0]["extensions"]["code"],
        "BAD_USER_INPUT"
    );
    assert!(ask("None").await["data"].is_null());
}

#[tokio::test]
async fn what_takes_too_long_is_no_fault_of_the_client() {
    let stage = Stage::with(&[("limits.time_ms", "300")]).await;
    let client = stage.client();
    let lock = stage.db.connection().begin().await.unwrap();
    let sql = "LOCK TABLE games, sessions IN ACCESS EXCLUSIVE MODE";
    lock.execute_unprepared(sql).await.unwrap();
    let refresh = "mutation { refreshToken(refreshToken: \"x\") { accessToken } }";
    for (query, code) in [
        ("{ games { edges { node { id } } } }", "SERVICE_UNAVAILABLE"),
        (refresh, "OUTCOME_UNKNOWN"),
    ] {
        let request = client.post(json!({ "query": query }).to_string());
        let request = request.header("accept", "application/graphql-response+json");
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 503, "{query}");
        let told = json_of(response).await;
        assert_eq!(told["errors"][0]["extensions"]["code"], code, "{told}");
    }
    lock.rollback().await.unwrap();
}

#[tokio::test]
async fn a_callers_trace_comes_back() {
    let stage = Stage::new().await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let body = json!({ "query": "{ nothing }" }).to_string();
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let response = stage
        .client()
        .post(body)
        .header("traceparent", parent)
        .send()
        .await
        .unwrap();
    assert_eq!(
        json_of(response).await["errors"][0]["extensions"]["traceId"],
        trace
    );
}

#[tokio::test]
async fn a_page_of_another_origin_may_ask() {
    let stage = Stage::new().await;
    let request = stage
        .client()
        .options("/graphql")
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let response = request.send().await.unwrap();
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(headers.get("access-control-allow-credentials").is_none());
}
