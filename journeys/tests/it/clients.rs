//! Somebody else's clients play a battle together: curl, npm's graphql-ws and PyPI's gql. The typed client plays one to
//! its end. A browser shows GraphiQL.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use futures::future::{join, join3};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::duel::create_game_for;
use crate::fleet::{Fleet, LIMIT, built};

/// Where the suite has installed what the clients need.
const INSTALLED: &str = "BATTLESBIT_TEST_CLIENTS_DIR";

/// Where the suite has compiled the typed client.
pub(crate) const COMPILED: &str = "BATTLESBIT_TEST_TYPED_CLIENT_DIR";

fn installed() -> PathBuf {
    folder(INSTALLED)
}

pub(crate) fn folder(variable: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(variable).expect("run `./just test`"))
}

async fn play(mut command: Command, fleet: &Fleet, game: &str, name: &str) -> Value {
    let email = format!("{name}@clients.example");
    command.args([&fleet.graphql(), &fleet.mail(), &email, game]);
    printed(command, name).await
}

/// What the program printed, which has to succeed.
async fn printed(mut command: Command, name: &str) -> Value {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{name}: {error}: {said}"))
}

/// Whether this machine has curl, which nobody has to have; says so if not.
pub(crate) async fn has_curl() -> bool {
    let found = Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .await
        .is_ok();
    if !found {
        println!("curl is not installed: it does not play");
    }
    found
}

#[tokio::test]
async fn curl_graphql_ws_and_gql_sign_in_join_order_and_subscribe() {
    let installed = installed();
    let scripts = Path::new("clients").canonicalize().unwrap();
    let has_curl = has_curl().await;
    let players = if has_curl { 3 } else { 2 };
    let fleet = Fleet::start().await;
    let game = create_game_for(&fleet.staff().await, 30, players).await;

    let mut node = Command::new("node");
    // Modules are looked for beside the script.
    node.arg(installed.join("play.mjs"));
    let mut python = Command::new("python3");
    python
        .arg(scripts.join("play.py"))
        .env("PYTHONPATH", installed.join("python"));
    let curl = async {
        let mut curl = Command::new("sh");
        curl.arg(scripts.join("play.sh"));
        if has_curl {
            Some(play(curl, &fleet, &game, "curl").await)
        } else {
            None
        }
    };
    let playing = join3(
        play(node, &fleet, &game, "node"),
        play(python, &fleet, &game, "python"),
        curl,
    );
    let (node, python, curl) = fleet.exchange().while_trading("95", playing).await;

    assert!(node["battle"].is_string(), "{node}");
    for client in [Some(node.clone()), Some(python), curl].iter().flatten() {
        assert_eq!(client["battle"], node["battle"], "{client}");
        // What its subscription told it.
        assert_eq!(client["players"], players, "{client}");
        assert!(client["order"].is_string(), "{client}");
    }
}

/// Plays as the typed client's example does, and answers what it printed.
async fn play_the_example(fleet: &Fleet, game: &str, name: &str) -> Value {
    let email = format!("{name}@clients.example");
    let mut node = Command::new("node")
        .arg(folder(COMPILED).join("dist/examples/play.js"))
        .args([&fleet.graphql(), &email, game])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let code = fleet.mailbox().code(&email, None).await.unwrap();
    let mut typed = node.stdin.take().unwrap();
    typed
        .write_all(format!("{code}\n").as_bytes())
        .await
        .unwrap();
    let output = timeout(LIMIT, node.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{name}: {error}: {said}"))
}

#[tokio::test]
async fn the_typed_client_plays_a_battle_to_its_end() {
    let fleet = Fleet::start().await;
    let game = create_game_for(&fleet.staff().await, 12, 2).await;
    let playing = join(
        play_the_example(&fleet, &game, "ann"),
        play_the_example(&fleet, &game, "bob"),
    );
    let (ann, bob) = fleet.exchange().while_trading("95", playing).await;
    assert_eq!(ann["battle"], bob["battle"], "{ann} {bob}");
    for told in [ann, bob] {
        assert!(
            told["battle"].is_string() && told["order"].is_string(),
            "{told}"
        );
        assert_eq!(told["players"], 2, "{told}");
        assert_eq!(told["endCause"], "MATCH_END", "{told}");
        // Both bet the same, so both are first and share the prize.
        assert_eq!(
            (&told["rank"], &told["equity"]),
            (&json!(1), &json!("100")),
            "{told}"
        );
        assert_eq!(told["prize"], "9", "{told}");
    }
}

/// The blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```").skip(1).step_by(2);
    blocks.map(|block| block.trim_start().to_owned()).collect()
}

/// What a command of a page says first, at this fleet.
async fn first_line(command: &str, fleet: &Fleet) -> String {
    let addresses = ["http://127.0.0.1:8888/graphql", "localhost:8888/graphql"];
    assert!(addresses.iter().any(|it| command.contains(it)), "{command}");
    let graphql = fleet.graphql();
    let there = |command: String, address: &&str| command.replace(address, &graphql);
    let command = addresses.iter().fold(command.to_owned(), there);
    let mut shell = Command::new("sh")
        .args(["-c", &format!("exec {command}")])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(shell.stdout.take().unwrap()).lines();
    let line = timeout(LIMIT, said.next_line()).await.unwrap();
    line.unwrap().unwrap()
}

#[tokio::test]
async fn whoever_types_what_the_pages_show_is_answered() {
    let has_curl = has_curl().await;
    let fleet = Fleet::start().await;
    let readme = blocks("../README.md");
    if has_curl {
        let shown = readme
            .iter()
            .chain(&blocks("../graphql/README.md"))
            .cloned()
            .collect::<Vec<_>>();
        let shown = shown
            .iter()
            .filter(|block| block.starts_with("curl") && block.contains("8888/graphql"));
        let mut said = Vec::new();
        for command in shown {
            said.push(first_line(command, &fleet).await);
        }
        let [first, again, event] = said.as_slice() else {
            panic!("expected three commands: {said:#?}")
        };
        for answer in [first, again] {
            let answer: Value = serde_json::from_str(answer).unwrap();
            let assets = answer["data"]["assets"]["edges"].as_array().unwrap();
            assert_eq!(assets[0]["node"]["symbol"], "BTC", "{answer}");
        }
        assert_eq!(event, "event: next");
    }
    // Signing in.
    let mutations = readme
        .iter()
        .find_map(|block| block.strip_prefix("graphql\n"));
    let [ask, sign_in] = mutations.unwrap().lines().collect::<Vec<_>>()[..] else {
        panic!("expected two mutations: {readme:#?}")
    };
    let api = fleet.api();
    api.run(ask, json!({})).await.unwrap();
    let code = fleet.mailbox().code("ada@example.org", None).await.unwrap();
    assert!(sign_in.contains("123456"), "{sign_in}");
    let told = api.run(&sign_in.replace("123456", &code), json!({})).await;
    let told = told.unwrap();
    assert!(told["loginWithEmail"]["accessToken"].is_string(), "{told}");
}

#[tokio::test]
async fn graphiql_works_in_a_browser_that_reaches_nothing_else() {
    let fleet = Fleet::start().await;
    fleet.trade("BTCUSDT", "95").await;
    let mut node = Command::new("node");
    node.arg(installed().join("explore.mjs"))
        .arg(fleet.graphql());

    let seen = printed(node, "explore.mjs").await;
    let edges = seen["query"]["data"]["assets"]["edges"].as_array().unwrap();
    assert_eq!(edges[0]["node"]["symbol"], "BTC", "{seen}");
    assert!(
        seen["subscription"]["data"]["currentTime"].is_string(),
        "{seen}"
    );
    assert_eq!(seen["foreign"], json!([]), "{seen}");
    assert_eq!(seen["complaints"], json!([]), "{seen}");
}

/// What the page for clients tells an operator to type, for this fleet; the code comes by stdin.
fn commands_of_the_page(fleet: &Fleet) -> String {
    let page = std::fs::read_to_string("../graphql/README.md").unwrap();
    let (_, section) = page.split_once("## The first game").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let commands: String = section.split("```").skip(1).step_by(2).collect();
    let postgres =
        "postgres://postgres:$(cat .dev/secrets/postgres_superuser)@127.0.0.1:8880/battlesbit";
    [
        (postgres, fleet.postgres().as_str()),
        (
            ".dev/bin/battlesbit",
            &built("battlesbit").to_string_lossy(),
        ),
        ("http://127.0.0.1:8888/graphql", &fleet.graphql()),
        ("./just mail", "cat"),
    ]
    .into_iter()
    .fold(commands, |commands, (there, here)| {
        assert!(commands.contains(there), "{there}: {commands}");
        commands.replace(there, here)
    })
}

#[tokio::test]
async fn a_game_that_is_made_as_the_page_for_clients_says_can_be_joined() {
    if !has_curl().await {
        return;
    }
    let fleet = Fleet::start().await;
    let mut shell = Command::new("sh")
        .args(["-ec", &commands_of_the_page(&fleet)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let code = fleet.mailbox().code("staff@example.org", None).await;
    let mut typed = shell.stdin.take().unwrap();
    typed.write_all(code.unwrap().as_bytes()).await.unwrap();
    drop(typed);
    let output = timeout(LIMIT, shell.wait_with_output()).await.unwrap();

    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    let (_, made) = said
        .split_once(r#"{"createGame":{"id":""#)
        .unwrap_or_else(|| panic!("{said}"));
    let (game, _) = made.split_once('"').unwrap();
    fleet.player("a").await.join(game).await;
}
