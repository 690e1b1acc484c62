//! The smallest service: it depends on a file, and misbehaves as its settings say.

use std::future::pending;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use axum::Router;
use axum::routing::get;
use runtime::{Context, Service};
use serde::Deserialize;

const SERVICE: Service = Service {
    name: "probe",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("probe.toml"),
};

/// How often the probe looks for a file.
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    probe: Probe,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    behaviour: Behaviour,
    /// The probe is ready while this file says `well`; where it says `silent` its check hangs.
    dependency: PathBuf,
    /// Once asked to stop, the probe finishes when this file exists.
    release: PathBuf,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Behaviour {
    Well,
    Fails,
    Panics,
    FailsToStart,
    NeverStarts,
    Lingers,
}

async fn serve(Settings { probe }: Settings, context: Context) -> anyhow::Result<()> {
    runtime::failpoint!("probe.start");
    context.mount(Router::new().route("/hello", get(async || "hello")));
    context
        .health
        .watch("dependency", move || ask(probe.dependency.clone()));
    let shutdown = context.shutdown();
    match probe.behaviour {
        Behaviour::Well => context.spawn("worker", async move {
            shutdown.cancelled().await;
            appears(&probe.release).await;
            Ok(())
        }),
        Behaviour::Fails => context.spawn("worker", async { bail!("out\nof ink") }),
        Behaviour::Panics => context.spawn("worker", async { panic!("out of paper") }),
        Behaviour::NeverStarts => pending().await,
        Behaviour::Lingers => context.spawn("worker", pending()),
        Behaviour::FailsToStart => {
            let cause: anyhow::Result<()> = Err(anyhow::anyhow!("nobody there"));
            cause.context("cannot reach the printer")?;
        }
    }
    Ok(())
}

async fn ask(dependency: PathBuf) -> anyhow::Result<()> {
    let state = tokio::fs::read_to_string(dependency).await?;
    if state == "silent" {
        pending::<()>().await;
    }
    ensure!(state == "well", "the dependency is {state}");
    Ok(())
}

async fn appears(path: &Path) {
    while !path.exists() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(SERVICE, serve).await
}
