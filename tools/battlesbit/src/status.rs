//! `battlesbit status`: whether the database is up to date, and what waits.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use store::dead_letter::{self, Waiting};
use store::outbox::{self, Backlog};

use crate::places::Postgres;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    postgres: Postgres,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Status {
    version: &'static str,
    pending_migrations: Vec<String>,
    unpublished: Vec<Backlog>,
    dead_letters: Vec<Waiting>,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let db = arguments.postgres.connect().await?;
    let pending = migrations::pending(db.connection())
        .await
        .context("cannot list migrations")?;
    // Without the tables there is nothing to count.
    let migrated = pending.is_empty();
    let status = Status {
        version: env!("CARGO_PKG_VERSION"),
        pending_migrations: pending,
        unpublished: if migrated {
            outbox::backlog(&db).await?
        } else {
            Vec::new()
        },
        dead_letters: if migrated {
            dead_letter::count_waiting(&db).await?
        } else {
            Vec::new()
        },
    };
    if arguments.json {
        println!("{}", serde_json::to_string(&status)?);
    } else {
        show(&status);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(status: &Status) {
    match status.pending_migrations.as_slice() {
        [] => println!("the database is up to date"),
        pending => println!("the database lacks {}", pending.join(", ")),
    }
    for waiting in &status.unpublished {
        let Backlog {
            service,
            messages,
            oldest_s,
        } = waiting;
        println!("{service}: {messages} messages to publish, the oldest for {oldest_s} s");
    }
    for Waiting { service, messages } in &status.dead_letters {
        println!("{service}: {messages} dead letters");
    }
}
