//! A stand-in for a node of Solana: its JSON-RPC over HTTP in front of a real virtual machine, with
//! blocks, forks and finality of its own, and with faults on request. Keeps what is final where it is
//! told to, else nothing.

mod chain;
mod control;
mod faults;
mod journal;
mod rpc;
mod thread;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::routing::{get, post};
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::chain::Terms;
use crate::thread::ChainThread;

/// A stand-in for a node of Solana.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Address of JSON-RPC, of /readyz and of the control interface.
    #[arg(long, default_value = "127.0.0.1:8899")]
    listen: SocketAddr,
    /// Milliseconds of a slot; 0 makes slots on request alone.
    #[arg(long, default_value_t = 400)]
    slot_ms: u64,
    /// Slots until a block is finalized.
    #[arg(long, default_value_t = 32)]
    finality: u64,
    /// Blocks that take a transaction behind the block that it refers to.
    #[arg(long, default_value_t = 150)]
    validity: u64,
    /// The file that keeps what is final, and from which the chain goes on; with the same validity.
    #[arg(long)]
    keep: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let terms = Terms {
        finality: cli.finality,
        validity: cli.validity,
    };
    let chain = ChainThread::start(terms, Duration::from_millis(cli.slot_ms), cli.keep)?;
    let routes = Router::new()
        .route("/", post(rpc::answer))
        .route("/readyz", get(control::ready))
        .route("/control/mint", get(control::mint))
        .route("/control/wallet", post(control::new_wallet))
        .route("/control/wallet/{address}", get(control::wallet))
        .route("/control/fund", post(control::fund))
        .route("/control/fault", post(control::fault))
        .route("/control/faults", get(control::faults))
        .route("/control/asked", get(control::asked))
        .route("/control/rollback", post(control::rollback))
        .route("/control/slots", post(control::slots))
        .with_state(chain.clone());
    let listener = TcpListener::bind(cli.listen)
        .await
        .with_context(|| format!("cannot listen on {}", cli.listen))?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        served = axum::serve(listener, routes) => served?,
        // Whoever waits for an answer that never comes does not hold this up.
        _ = terminated.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    chain.with(|chain| chain.close()).await?
}
