//! `battlesbit dead-letters`: what nobody could handle, and what a person does about it.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use store::dead_letter;
use store::entity::dead_letter::{Model, Resolution};

use crate::places::{Nats, Postgres};

/// The most that `list` shows; those that are older come first.
const LISTED: u32 = 100;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Says how many wait, by service.
    Count(CountArguments),
    /// Shows those that wait, oldest first.
    List(ListArguments),
    /// Publishes one again; whoever has handled it lets it pass.
    Replay(ReplayArguments),
    /// Gives one up; it stays in the table.
    Drop(DropArguments),
}

#[derive(Args)]
pub(crate) struct CountArguments {
    #[command(flatten)]
    postgres: Postgres,
}

#[derive(Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    postgres: Postgres,
    /// Begins behind the one with this number.
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// Prints one JSON object per line.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct ReplayArguments {
    #[command(flatten)]
    postgres: Postgres,
    #[command(flatten)]
    nats: Nats,
    /// Its number.
    id: i64,
}

#[derive(Args)]
pub(crate) struct DropArguments {
    #[command(flatten)]
    postgres: Postgres,
    /// Its number.
    id: i64,
}

pub(crate) async fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Count(arguments) => count(arguments).await?,
        Command::List(arguments) => list(arguments).await?,
        Command::Replay(arguments) => replay(arguments).await?,
        Command::Drop(arguments) => give_up(arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn count(arguments: &CountArguments) -> anyhow::Result<()> {
    let db = arguments.postgres.connect().await?;
    let waiting = dead_letter::count_waiting(&db).await?;
    if waiting.is_empty() {
        println!("no dead letters");
    }
    for service in waiting {
        println!("{}: {} dead letters", service.service, service.messages);
    }
    Ok(())
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let db = arguments.postgres.connect().await?;
    for letter in dead_letter::list_waiting(&db, arguments.after, LISTED).await? {
        if arguments.json {
            println!("{}", as_json(&letter));
        } else {
            println!("{}", as_line(&letter));
        }
    }
    Ok(())
}

/// Without the body: it may say what is nobody's business.
fn as_json(letter: &Model) -> serde_json::Value {
    json!({
        "id": letter.id,
        "service": letter.service,
        "consumer": letter.consumer,
        "subject": letter.subject,
        "stream": letter.stream,
        "sequence": letter.stream_sequence,
        "message_id": letter.message_id,
        "deliveries": letter.deliveries,
        "cause": letter.cause,
        "parked_at": letter.parked_at.to_string(),
    })
}

fn as_line(letter: &Model) -> String {
    format!(
        "{}  {}/{}  {}  after {} deliveries: {}",
        letter.id, letter.service, letter.consumer, letter.subject, letter.deliveries, letter.cause
    )
}

async fn replay(arguments: &ReplayArguments) -> anyhow::Result<()> {
    let db = arguments.postgres.connect().await?;
    let bus = arguments.nats.connect().await?;
    let tx = db.begin().await?;
    let letter = lock(&tx, arguments.id).await?;
    let stored = bus.replay(&letter).await?;
    if stored.duplicate {
        bail!(
            "its stream saw it less than two minutes ago and takes no other yet: try again later"
        );
    }
    dead_letter::resolve(&tx, letter.id, Resolution::Replayed).await?;
    tx.commit().await?;
    println!("published {} on {} again", letter.id, letter.subject);
    Ok(())
}

async fn give_up(arguments: &DropArguments) -> anyhow::Result<()> {
    let db = arguments.postgres.connect().await?;
    let tx = db.begin().await?;
    let letter = lock(&tx, arguments.id).await?;
    dead_letter::resolve(&tx, letter.id, Resolution::Dropped).await?;
    tx.commit().await?;
    println!("dropped {}", letter.id);
    Ok(())
}

async fn lock(tx: &store::Tx, id: i64) -> anyhow::Result<Model> {
    let letter = dead_letter::lock_waiting(tx, id).await?;
    letter.with_context(|| format!("no dead letter {id} waits"))
}
