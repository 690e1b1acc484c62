//! Settings: a service's documented defaults, then a file, then the environment, read once into
//! types. Whatever is missing, wrong or unknown is refused by name; nothing is guessed.
//!
//! The environment speaks for `nats.url` of the service arena as `BATTLESBIT_ARENA__NATS__URL`, or
//! as `BATTLESBIT_ARENA__NATS__URL_FILE`, which names a file that holds the value (so no setting's
//! own name may end in `_file`). A value from there is text: where the type asks for text it stays
//! as it is, where the type asks for anything else it is read as a TOML literal.

mod environment;
mod fault;
mod node;
mod secret;
mod tree;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use self::fault::Fault;
use self::tree::Tree;
use crate::Service;

pub use self::secret::Secret;

/// How much the process forgives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Weak secrets and play money are allowed.
    Development,
    /// Neither is.
    Production,
}

/// The settings that every service has. Its own `Settings` type does not repeat them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    pub mode: Mode,
    pub log: Log,
    pub http: Http,
    pub shutdown: Shutdown,
}

/// The sections of [`Common`], which leave the tree before the service's own type reads it.
const COMMON: [&str; 4] = ["mode", "log", "http", "shutdown"];

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: LogLevel,
}

/// A level such as `info`, or directives such as `info,arena=debug`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct LogLevel(String);

impl LogLevel {
    pub(crate) fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl TryFrom<String> for LogLevel {
    type Error = String;

    fn try_from(directives: String) -> Result<Self, String> {
        // A lone word that is no level would silently be taken for a crate's name.
        let mut parts = directives.split(',');
        let is_directive = |part: &str| part.contains('=') || part.parse::<LevelFilter>().is_ok();
        let known = !directives.is_empty()
            && parts.all(is_directive)
            && EnvFilter::try_new(&directives).is_ok();
        if known {
            Ok(Self(directives))
        } else {
            Err(format!(
                "expected a level such as info, or info,arena=debug, found {directives:?}"
            ))
        }
    }
}

/// `[http]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where `/healthz`, `/readyz`, `/metrics` and whatever the service mounts are served.
    pub listen: SocketAddr,
    /// The most connections that are open at a time.
    pub connections: u32,
}

/// `[shutdown]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// How long tasks may take to finish after a signal, in milliseconds, before they are dropped.
    pub grace_ms: u64,
}

impl Shutdown {
    /// [`Shutdown::grace_ms`] as a duration.
    pub fn grace(&self) -> Duration {
        Duration::from_millis(self.grace_ms)
    }
}

/// Why settings were refused: one line that names the setting and what was expected.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Reads the settings of `service` from its defaults, then `file`, then `environment`.
///
/// # Errors
/// The first setting that is missing, wrong or unknown, or a secret that is too weak for
/// [`Mode::Production`].
pub fn load<S: DeserializeOwned>(
    service: &Service,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(Common, S), Refused> {
    let mut tree = Tree::default();
    tree.merge(parse("the built-in defaults", service.defaults)?);
    if let Some(path) = file {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| Refused(format!("cannot read {}: {cause}", path.display())))?;
        tree.merge(parse(&path.display().to_string(), &text)?);
    }
    environment::overlay(&mut tree, service, environment)?;

    let common = tree.split_off(&COMMON);
    let refused = |fault: Fault| Refused(fault.line(service));
    let common: Common = node::read(common, Mode::Development).map_err(refused)?;
    let own = node::read(tree, common.mode).map_err(refused)?;
    Ok((common, own))
}

fn parse(origin: &str, text: &str) -> Result<Tree, Refused> {
    match text.parse::<toml::Table>() {
        Ok(table) => Ok(Tree::from(toml::Value::Table(table))),
        Err(cause) => {
            let line = cause
                .span()
                .map_or(1, |at| text[..at.start].matches('\n').count() + 1);
            let message = cause.message().replace('\n', ", ");
            Err(Refused(format!(
                "line {line} of {origin} is not TOML: {message}"
            )))
        }
    }
}

#[cfg(test)]
mod tests;
