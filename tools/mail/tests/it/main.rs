//! The sink as its clients see it: lettre and a plain socket on one side, HTTP on the other.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod delivery;
mod faults;
mod program;
mod protocol;

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use mail::MailSink;
use serde_json::Value;

/// A test waits so long for what takes milliseconds.
const LIMIT: Duration = Duration::from_secs(60);

type Transport = AsyncSmtpTransport<Tokio1Executor>;

async fn sink() -> MailSink {
    let anywhere = "127.0.0.1:0".parse().unwrap();
    MailSink::start(anywhere, anywhere).await.unwrap()
}

fn transport(sink: &MailSink) -> Transport {
    Transport::builder_dangerous("127.0.0.1")
        .port(sink.smtp().port())
        .timeout(Some(LIMIT))
        .build()
}

/// A message from the game to `player` of example.org.
fn message(player: &str, subject: &str, body: &str) -> Message {
    let address = |name: &str| format!("{name}@example.org").parse::<Mailbox>().unwrap();
    let builder = Message::builder().from(address("game")).to(address(player));
    builder.subject(subject).body(body.to_owned()).unwrap()
}

async fn send(sink: &MailSink, player: &str, subject: &str, body: &str) {
    transport(sink)
        .send(message(player, subject, body))
        .await
        .unwrap();
}

async fn get(sink: &MailSink, path: &str) -> Value {
    let answer = reqwest::get(format!("http://{}{path}", sink.http()))
        .await
        .unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}
