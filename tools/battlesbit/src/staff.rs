//! `battlesbit staff`: hires people. Players never come by a role.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use contracts::staff::StaffRole;
use runtime::{Clock, ids};
use store::user::NewUser;

use crate::places::Postgres;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Gives an account a role, and makes the account if there is none. It signs in by a code to
    /// its mail address, as everybody does.
    Create(CreateArguments),
}

#[derive(Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    postgres: Postgres,
    /// The mail address.
    #[arg(long)]
    email: String,
    /// `admin`, `game_master` or `support`.
    #[arg(long, value_parser = role)]
    role: StaffRole,
}

fn role(name: &str) -> Result<StaffRole, String> {
    StaffRole::find(name).ok_or_else(|| {
        let known: Vec<_> = StaffRole::ALL.iter().map(|role| role.name()).collect();
        format!("expected {}", known.join(", "))
    })
}

pub(crate) async fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Create(arguments) => create(arguments).await,
    }
}

async fn create(arguments: &CreateArguments) -> anyhow::Result<ExitCode> {
    let email = arguments.email.trim().to_lowercase();
    if !is_address(&email) {
        bail!("expected a mail address such as ada@example.org");
    }
    let db = arguments.postgres.connect().await?;
    let id = ids::mint();
    let nick_name = format!("staff-{id}");
    let new = NewUser {
        id,
        email: Some(&email),
        solana_address: None,
        nick_name: &nick_name,
        now: Clock::system().now(),
    };
    let tx = db.begin().await?;
    let user = store::staff::hire(&tx, &new, arguments.role)
        .await
        .context("cannot hire")?;
    tx.commit().await?;
    println!("{user} is {}", arguments.role);
    Ok(ExitCode::SUCCESS)
}

fn is_address(email: &str) -> bool {
    email.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)
    })
}
