//! A chain of a test's own: the stand-in for a node, and what a test does to it.

use std::path::Path;

use reqwest::Client;
use serde_json::{Value, json};

use crate::port::free_port;
use crate::process::{Binary, Process};

/// A running stand-in. It ends with the value, and its chain with it.
pub struct Validator {
    process: Process,
    client: Client,
}

impl Validator {
    /// A chain whose slots take 20 milliseconds, whose blocks are final four slots later, and which
    /// forgets a blockhash after 60 blocks.
    pub async fn start() -> Self {
        Self::forgetting_after(60).await
    }

    /// The same, but it forgets a blockhash after so many blocks.
    pub async fn forgetting_after(blocks: u32) -> Self {
        let validity = blocks.to_string();
        Self::with(&[
            "--slot-ms",
            "20",
            "--finality",
            "4",
            "--validity",
            &validity,
        ])
        .await
    }

    /// A chain that makes slots on request alone; otherwise as [`Validator::start`].
    pub async fn manual() -> Self {
        Self::with(&["--slot-ms", "0", "--finality", "4", "--validity", "60"]).await
    }

    /// A chain like that of [`Validator::manual`] which goes on from what this file keeps, or begins
    /// there.
    pub async fn kept_in(file: &Path) -> Self {
        let file = file.to_str().expect("a path in text");
        Self::with(&[
            "--slot-ms",
            "0",
            "--finality",
            "4",
            "--validity",
            "60",
            "--keep",
            file,
        ])
        .await
    }

    async fn with(arguments: &[&str]) -> Self {
        let port = free_port();
        let listening = Binary::tool("validator", port)
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"));
        let binary = arguments.iter().fold(listening, |it, &one| it.arg(one));
        Self {
            process: binary.start_ready().await,
            client: Client::new(),
        }
    }

    /// Asks the process to end, and waits until it has.
    pub async fn end(&mut self) {
        let ended = self.process.terminate().await;
        assert!(ended.success(), "the stand-in ends with {ended}");
    }

    /// Where its JSON-RPC is.
    pub fn url(&self) -> &str {
        self.process.url()
    }

    /// The mint of the token that stands for USDT.
    pub async fn mint(&self) -> String {
        let answer = self.client.get(format!("{}/control/mint", self.url()));
        let answer = answer.send().await.expect("the stand-in answers");
        let answer: Value = answer.json().await.expect("an answer in JSON");
        text(&answer, "mint")
    }

    /// Sends money from nowhere to a wallet, `SOL` or `USDT`, in a transaction as anybody's. Answers
    /// its signature.
    pub async fn fund(&self, address: &str, coin: &str, amount: u64) -> String {
        let fund = json!({"address": address, "coin": coin, "amount": amount});
        let answer = self.control("fund", fund).await;
        text(&answer, "signature")
    }

    /// Lets something go wrong so often, or by so many slots; 0 ends it.
    pub async fn fault(&self, kind: &str, count: u64) {
        self.control("fault", json!({"kind": kind, "count": count}))
            .await;
    }

    /// The same for the questions of one method alone.
    pub async fn fault_of(&self, method: &str, kind: &str, count: u64) {
        let fault = json!({"kind": kind, "count": count, "method": method});
        self.control("fault", fault).await;
    }

    /// How often something is to go wrong that has not yet, and by how many slots something does; 0 once
    /// all is over.
    pub async fn faults_left(&self) -> u64 {
        let answer = self.client.get(format!("{}/control/faults", self.url()));
        let answer = answer.send().await.expect("the stand-in answers");
        let answer: Value = answer.json().await.expect("an answer in JSON");
        let left = answer["left"].as_array().expect("a list");
        let counts = left.iter().map(|fault| fault["count"].as_u64());
        counts.sum::<Option<u64>>().expect("counts")
    }

    /// How often a method was asked for so far.
    pub async fn asked(&self, method: &str) -> u64 {
        let answer = self.client.get(format!("{}/control/asked", self.url()));
        let answer = answer.send().await.expect("the stand-in answers");
        let answer: Value = answer.json().await.expect("an answer in JSON");
        answer[method].as_u64().unwrap_or(0)
    }

    /// Takes back every block that is not finalized. Answers how many transactions that were.
    pub async fn roll_back(&self) -> u64 {
        let answer = self.control("rollback", json!({})).await;
        answer["dropped"].as_u64().expect("a count")
    }

    /// Makes slots at once.
    pub async fn make_slots(&self, count: u32) {
        self.control("slots", json!({"count": count})).await;
    }

    async fn control(&self, what: &str, asked: Value) -> Value {
        let asking = self.client.post(format!("{}/control/{what}", self.url()));
        let answer = asking.json(&asked).send().await;
        let answer = answer.expect("the stand-in answers");
        let (status, text) = (answer.status(), answer.text().await);
        let text = text.expect("an answer in text");
        assert!(status.is_success(), "{what} {asked}: {text}");
        serde_json::from_str(&text).expect("an answer in JSON")
    }
}

fn text(answer: &Value, field: &str) -> String {
    let text = answer[field].as_str();
    text.expect("a field that is text").to_owned()
}
