//! `battlesbit ledger`: recomputes the ledger, or the money of one battle.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use domain::game::Template;
use domain::id::BattleId;
use domain::ledger::Unit;
use domain::money::Money;
use serde_json::json;
use store::battle::{self, Battle};
use store::entity::battle::BattleStatus;
use store::ledger::{self, Flow};
use store::{Db, seat};

use crate::places::Postgres;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Recomputes every balance and names each difference; fails if there is one.
    Check(CheckArguments),
    /// Shows where a battle's money came from and where it went; fails if some is missing.
    Battle(BattleArguments),
}

#[derive(Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    postgres: Postgres,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct BattleArguments {
    #[command(flatten)]
    postgres: Postgres,
    /// The battle's id.
    battle: BattleId,
}

pub(crate) async fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(arguments) => check(arguments).await,
        Command::Battle(arguments) => show_battle(arguments).await,
    }
}

async fn check(arguments: &CheckArguments) -> anyhow::Result<ExitCode> {
    let db = arguments.postgres.connect().await?;
    let differences = ledger::check(&db).await.context("cannot read the ledger")?;
    if arguments.json {
        let report = json!({ "balanced": differences.is_empty(), "differences": differences });
        println!("{report}");
    } else if differences.is_empty() {
        println!("the ledger balances");
    } else {
        for difference in &differences {
            println!("{difference}");
        }
    }
    Ok(verdict(differences.is_empty()))
}

async fn show_battle(arguments: &BattleArguments) -> anyhow::Result<ExitCode> {
    let db = arguments.postgres.connect().await?;
    let money = BattleMoney::load(&db, arguments.battle).await?;
    println!("{}", money.sentence());
    let complaints = money.complaints();
    for complaint in &complaints {
        println!("{complaint}");
    }
    Ok(verdict(complaints.is_empty()))
}

fn verdict(holds: bool) -> ExitCode {
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Where a battle's money came from and where it went, by the ledger; what it should be, by the
/// battle.
struct BattleMoney {
    status: BattleStatus,
    template: Template,
    players: u32,
    prizes: i64,
    flows: Vec<Flow>,
}

impl BattleMoney {
    async fn load(db: &Db, id: BattleId) -> anyhow::Result<Self> {
        let Battle { status, terms } = battle::find(db, id)
            .await?
            .context("there is no such battle")?;
        Ok(Self {
            status,
            players: terms.seats.len().try_into().context("too many seats")?,
            template: terms.template,
            prizes: seat::sum_prizes(db, id).await?,
            flows: ledger::flows(db, id.uuid()).await?,
        })
    }

    fn unit(&self) -> Unit {
        self.template.currency.into()
    }

    fn flow(&self, kind: &str) -> (i64, i64) {
        let unit = self.unit();
        let flow = self
            .flows
            .iter()
            .find(|flow| flow.kind == kind && flow.unit == unit.code());
        flow.map_or((0, 0), |flow| (flow.paid_in, flow.paid_out))
    }

    fn shown(&self, minor: i64) -> String {
        format!(
            "{} {}",
            Money {
                minor,
                currency: self.template.currency
            },
            self.template.currency
        )
    }

    fn sentence(&self) -> String {
        let (fees, to_players) = self.flow("user");
        let (from_house, to_house) = self.flow("house");
        format!(
            "fees {} + from the house {} = to players {} + to the house {}",
            self.shown(fees),
            self.shown(from_house),
            self.shown(to_players),
            self.shown(to_house),
        )
    }

    fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let (fees, to_players) = self.flow("user");
        let due = self.template.entry_fees_minor(self.players);
        if fees != due {
            let (due, fees) = (self.shown(due), self.shown(fees));
            complaints.push(format!("expected fees of {due}, found {fees}"));
        }
        let paid = match self.status {
            BattleStatus::Closed => self.prizes,
            BattleStatus::Canceled => fees,
            BattleStatus::Waiting | BattleStatus::Open | BattleStatus::Settling => {
                complaints.push("the battle is not over".to_owned());
                return complaints;
            }
        };
        if to_players != paid {
            let (paid, to_players) = (self.shown(paid), self.shown(to_players));
            complaints.push(format!("expected {paid} to players, found {to_players}"));
        }
        for unit in Unit::ALL {
            let left = ledger::left_in(&self.flows, unit);
            if left != 0 {
                complaints.push(format!("expected an empty escrow, found {left} of {unit}"));
            }
        }
        complaints
    }
}
