//! Every step of the page for app developers, taken.

use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bots::account;
use bots::client::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Way, eventually};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::clients::{COMPILED, folder, has_curl};
use crate::duel::create_game_for;
use crate::fleet::{Fleet, LIMIT};

const ADDRESS: &str = "http://127.0.0.1:8888/graphql";
/// How long the network is gone.
const AWAY: Duration = Duration::from_secs(30);
const POSITIONS: &str = "{ gameMatchPositions { edges { node { status } } } }";

/// The page's blocks in this language, below this heading.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let page = std::fs::read_to_string("../docs/app-developers.md").unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```").skip(1).step_by(2);
    let blocks: Vec<String> = blocks
        .filter_map(|block| block.strip_prefix(&format!("{language}\n")))
        .map(str::to_owned)
        .collect();
    assert!(!blocks.is_empty(), "{heading}: no {language}");
    blocks
}

#[tokio::test]
async fn what_the_page_lets_one_try_in_the_explorer_answers() {
    let fleet = Fleet::start().await;
    fleet.trade("BTCUSDT", "95").await;
    let documents = blocks("2. Explore", "graphql");
    let [prices, clock, chart, chart_live] = documents.as_slice() else {
        panic!("expected four documents in {documents:#?}")
    };
    let told = fleet.api().run(prices, json!({})).await.unwrap();
    let edges = told["assets"]["edges"].as_array().unwrap();
    assert_eq!(edges[0]["node"]["symbol"], "BTC", "{told}");
    let mut told = fleet.api().subscribe(clock, json!({})).await.unwrap();
    let told = timeout(LIMIT, told.next()).await.unwrap().unwrap();
    assert!(told.unwrap()["currentTime"].is_string());
    // Its past comes from the exchange, its last candle from our ticks.
    let told = eventually(LIMIT, async || {
        let told = fleet.api().run(chart, json!({})).await.unwrap();
        let candles = told["candles"].as_array().unwrap();
        let (last, first) = (candles.last()?, candles.first()?);
        let is_whole = first["volume"].is_string() && last["isClosed"] == false;
        (is_whole && candles.len() == 500).then_some(told)
    })
    .await;
    assert_eq!(told["candles"][499]["close"], "95", "{told}");
    let mut told = fleet.api().subscribe(chart_live, json!({})).await.unwrap();
    let moving = async {
        loop {
            for price in ["95.01", "95"] {
                fleet.trade("BTCUSDT", price).await;
            }
        }
    };
    let heard = async {
        loop {
            let told = told.next().await.unwrap().unwrap();
            // One that began meanwhile may not have moved yet.
            if told["candleUpdated"]["high"] == "95.01" {
                return;
            }
        }
    };
    tokio::select! {
        heard = timeout(LIMIT, heard) => heard.unwrap(),
        () = moving => unreachable!("it moves for ever"),
    }
}

#[tokio::test]
async fn whoever_types_what_the_page_says_is_signed_in() {
    if !has_curl().await {
        return;
    }
    let fleet = Fleet::start().await;
    let commands = blocks("3. Sign in", "sh").concat();
    let commands = [
        (ADDRESS, fleet.graphql()),
        ("./just mail", "cat".to_owned()),
    ]
    .into_iter()
    .fold(commands, |commands, (there, here)| {
        assert!(commands.contains(there), "{there}: {commands}");
        commands.replace(there, &here)
    });
    let mut shell = Command::new("sh")
        .args(["-ec", &commands])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let code = fleet.mailbox().code("ada@example.org", None).await.unwrap();
    let mut typed = shell.stdin.take().unwrap();
    typed.write_all(code.as_bytes()).await.unwrap();
    drop(typed);
    let output = timeout(LIMIT, shell.wait_with_output()).await.unwrap();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(said.contains(r#""profile":{"nickName":"#), "{said}");
}

#[test]
fn the_client_has_the_commands_that_the_page_names() {
    let package = std::fs::read_to_string("../graphql/client/package.json").unwrap();
    let package: Value = serde_json::from_str(&package).unwrap();
    let commands = blocks("4. Play", "sh").concat();
    let scripts = commands
        .lines()
        .filter_map(|line| line.strip_prefix("npm run "))
        .map(|rest| rest.split(' ').next().unwrap());
    let scripts: Vec<_> = scripts.collect();
    assert_eq!(scripts, ["build", "play"]);
    for script in scripts {
        assert!(package["scripts"][script].is_string(), "{script}");
    }
}

/// The page's program, as it runs.
struct Program {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Program {
    /// Starts it in a folder that is the typed client's.
    fn start(arguments: &[&str]) -> Self {
        let client = folder(COMPILED);
        let folder = TempDir::new().unwrap();
        for name in ["package.json", "dist", "node_modules"] {
            symlink(client.join(name), folder.path().join(name)).unwrap();
        }
        let program = folder.path().join("resume.mjs");
        std::fs::write(&program, blocks("5. Lose the network", "js").concat()).unwrap();
        let mut process = Command::new("node")
            .arg("resume.mjs")
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            process,
            said,
            _folder: folder,
        }
    }

    async fn types(&mut self, text: &str) {
        let typed = self.process.stdin.as_mut().unwrap();
        typed.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line of what it says, without the position's id; none once it has ended.
    async fn says(&mut self) -> Option<String> {
        let line = timeout(LIMIT, self.said.next_line())
            .await
            .unwrap()
            .unwrap()?;
        let (said, _id) = line.trim_end().rsplit_once(' ')?;
        Some(said.to_owned())
    }
}

/// Whether the player's only position has closed.
async fn is_closed(player: &Client) -> bool {
    let told = player.run(POSITIONS, json!({})).await.unwrap();
    told["gameMatchPositions"]["edges"][0]["node"]["status"] == "CLOSED"
}

/// What the page says without its client, by somebody who is in one match.
async fn begins_as_the_page_says(player: &Client) {
    let said: Value =
        serde_json::from_str(&blocks("5. Lose the network", "json").concat()).unwrap();
    assert_eq!(
        (&said["type"], &said["id"]),
        (&json!("subscribe"), &json!("1"))
    );
    let tickets = "{ queueTickets { edges { node { matchID } } } }";
    let told = player.run(tickets, json!({})).await.unwrap();
    let mut variables = said["payload"]["variables"].clone();
    variables["id"] = told["queueTickets"]["edges"][0]["node"]["matchID"].clone();
    let query = said["payload"]["query"].as_str().unwrap();
    for told in ["Resumed", "Resumed"] {
        let mut events = player.subscribe(query, variables.clone()).await.unwrap();
        let first = timeout(LIMIT, events.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let first = &first["gameMatchPositionEvents"];
        assert_eq!(first["__typename"], told, "{first}");
        variables["after"] = first["cursor"].clone();
    }
}

#[tokio::test]
async fn the_pages_program_loses_its_network_and_tells_everything_once() {
    let fleet = Fleet::start().await;
    let game = create_game_for(&fleet.staff().await, 120, 2).await;
    let way = Way::to(fleet.origin().strip_prefix("http://").unwrap()).await;
    let (phones, email) = (
        format!("http://{}/graphql", way.address()),
        "bob@example.org",
    );
    // Bob's other device, by which the test looks.
    let other = account::sign_in(&fleet.api(), &fleet.mailbox(), email)
        .await
        .unwrap();
    let newest = fleet
        .mailbox()
        .list(email)
        .await
        .unwrap()
        .last()
        .map(|mail| mail.id);
    let rival = fleet.player("b").await;
    rival.join(&game).await;
    let mut program = Program::start(&[&phones, email, &game]);
    let code = fleet.mailbox().code(email, newest).await.unwrap();
    program.types(&format!("{code}\n")).await;

    // As a stack trades by itself: the page's order has to suit that.
    let exchange = fleet.exchange();
    for change in ["ACCEPTED", "FILLED"] {
        let said = exchange.while_trading("61837.63", program.says()).await;
        let expected = format!("GameMatchPositionChanged {change}");
        assert_eq!(said.as_deref(), Some(expected.as_str()));
    }
    begins_as_the_page_says(&other).await;
    way.swallow();
    let away = Instant::now();
    // The stop loss of the page's order lies above.
    eventually(LIMIT, async || {
        fleet.trade("BTCUSDT", "61000").await;
        is_closed(&other).await && away.elapsed() >= AWAY
    })
    .await;
    way.mend();
    let said = program.says().await;
    assert_eq!(said.as_deref(), Some("GameMatchPositionChanged CLOSED"));
    assert_eq!(program.says().await, None);
    let ended = timeout(LIMIT, program.process.wait()).await.unwrap();
    assert!(ended.unwrap().success());
}
