//! Runs the stand-in for the exchange, or prints a recording made by its synthetic market.

use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use exchange::{Config, Exchange, Listing, Shape, Source, Synthetic};
use tokio::signal::unix::{SignalKind, signal};

/// When a printed recording begins: a fixed moment, so that the same seed prints the same bytes.
const RECORDING_START_MS: i64 = 1_700_000_000_000;

/// A stand-in for the exchange.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve streams, REST and the control interface until told to stop.
    Run(Run),
    /// Print a recording made by the synthetic market.
    Record {
        #[command(flatten)]
        shape: ShapeArgs,
        /// Length of the recording.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
}

#[derive(Args)]
struct Run {
    /// Address of the streams and of REST.
    #[arg(long, default_value = "127.0.0.1:8887")]
    listen: SocketAddr,
    /// Address of the control interface.
    #[arg(long, default_value = "127.0.0.1:8897")]
    control: SocketAddr,
    /// Replay recorded frames, plain or gzip, over and over.
    #[arg(long, conflicts_with = "manual")]
    frames: Option<PathBuf>,
    /// Make no trades but those of the control interface.
    #[arg(long)]
    manual: bool,
    #[command(flatten)]
    shape: ShapeArgs,
    /// Divide the waits between trades by this.
    #[arg(long, default_value = "1")]
    speed: NonZeroU32,
    /// Seconds between two pings of the server.
    #[arg(long, default_value = "20")]
    ping_every: NonZeroU32,
    /// Seconds after which a client that answers no ping is dropped.
    #[arg(long, default_value = "60")]
    pong_within: NonZeroU32,
    /// Seconds after which a connection is closed.
    #[arg(long, default_value = "86400")]
    connection_age: NonZeroU32,
    /// Milliseconds that the exchange's clock is ahead of this machine's.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    clock_skew_ms: i64,
    /// First trade id of every symbol; by default above those of all earlier runs.
    #[arg(long)]
    first_trade_id: Option<i64>,
}

#[derive(Args)]
struct ShapeArgs {
    /// Seed of the synthetic market.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds until the synthetic market's first lasting jump; 0 for none.
    #[arg(long, default_value_t = 30)]
    jump_at: u32,
    /// Seconds between further lasting jumps; 0 for none.
    #[arg(long, default_value_t = 30)]
    jump_every: u32,
    /// Size of a lasting jump in basis points.
    #[arg(long, default_value_t = 250)]
    jump_bps: u32,
}

impl ShapeArgs {
    fn shape(&self) -> Shape {
        Shape {
            seed: self.seed,
            jump_at_s: self.jump_at,
            jump_every_s: self.jump_every,
            jump_bps: self.jump_bps,
        }
    }
}

impl Run {
    fn config(self) -> Config {
        let seconds = |count: NonZeroU32| Duration::from_secs(u64::from(count.get()));
        let source = match self.frames {
            Some(path) => Source::Recording(path),
            None if self.manual => Source::Manual,
            None => Source::Synthetic(self.shape.shape()),
        };
        Config {
            listen: self.listen,
            control: self.control,
            source,
            speed: self.speed,
            ping_every: seconds(self.ping_every),
            pong_within: seconds(self.pong_within),
            connection_age: seconds(self.connection_age),
            clock_skew_ms: self.clock_skew_ms,
            first_trade_id: self.first_trade_id,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .with_writer(io::stderr)
        .init();
    let ended = match Cli::parse().command {
        Command::Run(run) => serve(run.config()).await,
        Command::Record { shape, seconds } => record(shape.shape(), seconds),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            // One line; standard error may be closed, and then there is nobody left to tell.
            writeln!(io::stderr(), "exchange: {cause:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let exchange = Exchange::start(config)
        .await
        .context("the exchange cannot start")?;
    tracing::info!(
        streams = exchange.stream_url(),
        rest = exchange.rest_url(),
        control = exchange.control_url(),
        "the exchange serves"
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    exchange.stop().await;
    Ok(())
}

fn record(shape: Shape, seconds: u32) -> anyhow::Result<()> {
    let listings = Listing::defaults();
    let end_us = u64::from(seconds) * 1_000_000;
    let steps = Synthetic::new(shape, &listings).take_while(|step| step.at_us < end_us);
    let mut out = BufWriter::new(io::stdout().lock());
    exchange::write_frames(&mut out, &listings, steps, RECORDING_START_MS)?;
    out.flush()?;
    Ok(())
}
