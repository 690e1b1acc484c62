//! From the command line to the exit code.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::telemetry::Telemetry;
use crate::{Clock, Context, Supervisor, open_files, settings};

/// What a binary is.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Lower case; names the binary, its settings' variables and its logs.
    pub name: &'static str,
    /// `env!("CARGO_PKG_VERSION")`
    pub version: &'static str,
    /// `include_str!("../config.default.toml")`: every setting, documented, with its default.
    pub defaults: &'static str,
}

/// Runs a service until a signal or the first failure, and says on one line of standard error
/// what went wrong.
///
/// `serve` prepares the service, spawns its tasks on the [`Context`] and returns.
pub async fn run<S, F, R>(service: Service, serve: F) -> ExitCode
where
    S: DeserializeOwned,
    F: FnOnce(S, Context) -> R,
    R: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    match try_run(service, serve).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            let line = format!("{}: {cause:#}", service.name).replace('\n', " ");
            say(std::io::stderr(), &line);
            ExitCode::FAILURE
        }
    }
}

/// Chooses the one TLS implementation of the process. Binaries that do not [`run`] call it first.
pub fn install_tls_provider() {
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("a TLS provider was installed before");
    }
}

async fn try_run<S, F, R>(service: Service, serve: F) -> anyhow::Result<()>
where
    S: DeserializeOwned,
    F: FnOnce(S, Context) -> R,
    R: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let arguments = Arguments::parse(std::env::args_os().skip(1))?;
    let file = match arguments {
        Arguments::Version => {
            say(
                std::io::stdout(),
                &format!("{} {}", service.name, service.version),
            );
            return Ok(());
        }
        Arguments::Run { file } => file,
    };
    install_tls_provider();
    let telemetry = Telemetry::start();
    let (common, settings) = settings::load::<S>(&service, file.as_deref(), std::env::vars_os())?;
    telemetry.set_level(&common.log.level);

    let mut signals = Signals::listen()?;
    let grace = common.shutdown.grace();
    let supervisor = Supervisor::new(service, common.mode, Clock::system(), grace);
    open_files::allow_for(common.http.connections);
    let address = supervisor.listen(&common.http).await?;
    tracing::info!(service = service.name, version = service.version, %address, "starting");
    supervisor.start(serve(settings, supervisor.context()));

    tokio::select! {
        () = signals.next() => tracing::info!("asked to stop"),
        () = supervisor.failed() => {}
    }
    tokio::select! {
        stopped = supervisor.stop() => stopped,
        () = signals.next() => bail!("stopped at once by a second signal"),
    }
}

/// Standard output or error may be closed; there is nobody left to tell.
fn say(mut to: impl Write, line: &str) {
    writeln!(to, "{line}").ok();
}

#[derive(Debug, PartialEq)]
enum Arguments {
    Version,
    Run { file: Option<PathBuf> },
}

impl Arguments {
    fn parse(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut file = None;
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--version") => return Ok(Self::Version),
                Some("--config") => {
                    let path = arguments
                        .next()
                        .context("--config: expected the path of a file")?;
                    file = Some(PathBuf::from(path));
                }
                _ => bail!("unknown argument {argument:?}: expected --version or --config FILE"),
            }
        }
        Ok(Self::Run { file })
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        Ok(Self {
            terminate,
            interrupt,
        })
    }

    /// Waits for the next SIGTERM or SIGINT.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> anyhow::Result<Arguments> {
        Arguments::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn two_arguments_are_known() {
        assert_eq!(parse(&["--version"]).unwrap(), Arguments::Version);
        assert_eq!(parse(&[]).unwrap(), Arguments::Run { file: None });
        let file = Some(PathBuf::from("a.toml"));
        assert_eq!(
            parse(&["--config", "a.toml"]).unwrap(),
            Arguments::Run { file }
        );
    }

    #[test]
    fn any_other_argument_is_refused_by_name() {
        let refused = parse(&["--verbose"]).unwrap_err().to_string();
        assert_eq!(
            refused,
            r#"unknown argument "--verbose": expected --version or --config FILE"#
        );
        let refused = parse(&["--config"]).unwrap_err().to_string();
        assert_eq!(refused, "--config: expected the path of a file");
    }
}
