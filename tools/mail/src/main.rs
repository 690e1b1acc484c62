//! Runs the stand-in for a mail server.

use std::net::SocketAddr;

use anyhow::Context;
use clap::Parser;
use mail::MailSink;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A stand-in for a mail server: takes everything, delivers nothing, shows what it caught.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to speak SMTP.
    #[arg(long, default_value = "127.0.0.1:8889")]
    smtp: SocketAddr,
    /// Where to show what was caught: /messages, /messages/ID, /faults, /readyz.
    #[arg(long, default_value = "127.0.0.1:8890")]
    http: SocketAddr,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let sink = MailSink::start(arguments.smtp, arguments.http).await?;
    tracing::info!(smtp = %sink.smtp(), http = %sink.http(), "catching mail");
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for SIGINT")?,
    }
    Ok(())
}
