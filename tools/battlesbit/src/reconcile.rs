//! `battlesbit reconcile`: compares what lies on the chain with the ledger. It needs no seed.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use domain::money::{Currency, Money};
use reconciliation::{Books, CURRENCIES, Chain, Report};
use serde_json::{Value, json};
use tokio::time::sleep;
use url::Url;

use crate::places::Postgres;

/// How long a node may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often a currency is compared again because some account never stood still.
const TRIES: u32 = 20;
/// The wait between two of these.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    postgres: Postgres,
    /// A node's JSON-RPC, as treasury's `chain.url`. It may hold a key and is never shown.
    #[arg(long, env = "BATTLESBIT_CHAIN_URL", hide_env_values = true)]
    node: Url,
    /// The mint whose tokens are USDT, as treasury's `chain.usdt_mint`.
    #[arg(
        long,
        env = "BATTLESBIT_CHAIN_USDT_MINT",
        default_value = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
    )]
    usdt_mint: String,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// What came of one currency.
struct Line {
    report: Report,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let db = arguments.postgres.connect().await?;
    let chain = Chain::open(arguments.node.clone(), &arguments.usdt_mint, TIMEOUT)?;
    let books = chain.books(&db);
    let mut lines = Vec::new();
    for currency in CURRENCIES {
        let line = Line::of(&books, currency).await;
        lines.push(line.with_context(|| format!("{currency} could not be compared"))?);
    }
    let holds = lines.iter().all(Line::holds);
    if arguments.json {
        let currencies: Vec<_> = lines.iter().map(Line::json).collect();
        println!(
            "{}",
            json!({ "reconciled": holds, "currencies": currencies })
        );
    } else {
        for line in &lines {
            println!("{}", line.sentence());
        }
    }
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Line {
    async fn of(books: &Books<'_>, currency: Currency) -> anyhow::Result<Self> {
        for _ in 0..TRIES {
            if let Some(report) = books.compare(currency).await? {
                return Ok(Self { report });
            }
            sleep(PAUSE).await;
        }
        bail!("some account moved each of {TRIES} times")
    }

    /// Whether all that differs is on its way.
    fn holds(&self) -> bool {
        self.report.unexplained() == 0
    }

    fn shown(&self, minor: i64) -> String {
        let currency = self.report.currency;
        Money { minor, currency }.to_string()
    }

    fn sentence(&self) -> String {
        let report = &self.report;
        format!(
            "{}: {} on the chain ({} in the hot wallet, {} at {} deposit addresses), {} booked, \
             difference {}, in flight {}",
            report.currency,
            self.shown(report.on_chain()),
            self.shown(report.hot),
            self.shown(report.deposited),
            report.addresses,
            self.shown(report.booked),
            self.shown(report.difference()),
            self.shown(report.in_flight),
        )
    }

    fn json(&self) -> Value {
        let report = &self.report;
        json!({
            "currency": report.currency.code(),
            "onChain": self.shown(report.on_chain()),
            "hotWallet": self.shown(report.hot),
            "depositAddresses": self.shown(report.deposited),
            "addresses": report.addresses,
            "booked": self.shown(report.booked),
            "difference": self.shown(report.difference()),
            "inFlight": self.shown(report.in_flight),
        })
    }
}
