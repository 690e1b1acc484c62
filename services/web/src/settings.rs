//! What can be set; `config.default.toml` says what each key means.

use std::time::Duration;

use runtime::Secret;
use serde::Deserialize;

use crate::catalogue::Listed;

/// The settings of the gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where Postgres is.
    pub postgres: store::Settings<Secret>,
    /// Where NATS is.
    pub nats: bus::NatsSettings,
    /// Where Redis is.
    pub redis: Redis,
    /// How people sign in.
    pub identity: Identity,
    /// How much a client may ask for.
    pub limits: Limits,
    /// Which documents are executed.
    pub documents: Documents,
    /// Whose pages may call.
    pub cors: Cors,
    /// What is traded.
    pub assets: Vec<Listed>,
}

/// `[redis]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// The server, such as `redis://127.0.0.1:6379`; may hold a password.
    pub url: Secret,
    /// What every key begins with.
    pub prefix: String,
}

/// `[identity]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Signs access tokens: 64 hexadecimal digits.
    pub signing_key: Secret,
    /// Will sign them, and is known already.
    pub next_signing_key: Option<Secret>,
    /// Signed them, and is still known.
    pub former_signing_key: Option<Secret>,
    /// Hashes one-time codes, and seals cursors.
    pub code_key: Secret,
    /// `iss` of access tokens.
    pub issuer: String,
    /// `aud` of access tokens.
    pub audience: String,
    /// How long an access token is good.
    pub access_token_s: u32,
    /// How long a refresh token is good.
    pub refresh_token_s: u32,
    /// How long a one-time code is good.
    pub code_s: u32,
    /// Where one signs in, as wallets show it.
    pub domain: String,
    /// How long a message for a wallet to sign is good.
    pub challenge_s: u32,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(Default))]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest request.
    pub body_bytes: usize,
    /// The deepest nesting.
    pub depth: usize,
    /// The most fields.
    pub complexity: usize,
    /// The most fields of a subscription, which asks for them again and again.
    pub subscription_fields: usize,
    /// The most tokens of a document.
    pub tokens: usize,
    /// The most aliases.
    pub aliases: usize,
    /// The most fields of an operation's own level.
    pub root_fields: usize,
    /// The most of them that change something: each is work for more than this gateway, and a request
    /// counts once.
    pub root_mutations: usize,
    /// The most directives.
    pub directives: usize,
    /// The longest execution.
    pub time_ms: u64,
    /// How often whoever is told events is told a newer cursor.
    pub renew_cursors_ms: u64,
    /// How many requests of one user a second are let pass in the long run.
    pub user_rate: u32,
    /// How many of them at once.
    pub user_burst: u32,
    /// How many requests from one address without a user a second.
    pub ip_rate: u32,
    /// How many of them at once.
    pub ip_burst: u32,
    /// The most sockets and streams of events that are open from one IP address.
    pub streams_per_ip: u32,
    /// The most operations that run on the sockets from one IP address.
    pub operations_per_ip: u32,
    /// Whose word counts for where a request comes from.
    pub trusted_proxies: Vec<String>,
    /// The most codes to one mail address in a window.
    pub codes_per_address: u32,
    /// The most codes for one IP address in a window.
    pub codes_per_ip: u32,
    /// The most sign-ins tried from one IP address in a window.
    pub logins_per_ip: u32,
    /// The most guesses at the password of one mail address in a window.
    pub passwords_per_address: u32,
    /// The most guests from one IP address in a window.
    pub guests_per_ip: u32,
    /// The most messages for wallets to one IP address in a window.
    pub challenges_per_ip: u32,
    /// The window.
    pub window_s: u32,
    /// The most commands to the arena of one user in a window of its own.
    pub orders_per_user: u32,
    /// The most requests to other owners of one user in the same window.
    pub requests_per_user: u32,
    /// That window.
    pub user_window_s: u32,
}

impl Limits {
    /// The longest execution.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_millis(self.time_ms)
    }

    /// How often whoever is told events is told a newer cursor.
    pub(crate) fn renew_cursors(&self) -> Duration {
        Duration::from_millis(self.renew_cursors_ms)
    }

    /// The window of the limits that count.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs(self.window_s.into())
    }

    /// The window in which the requests of one user are counted.
    pub(crate) fn user_window(&self) -> Duration {
        Duration::from_secs(self.user_window_s.into())
    }
}

/// `[documents]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// Files of documents that clients may name.
    pub lists: Vec<String>,
    /// Whether nothing else is executed.
    pub only_listed: bool,
}

/// `[cors]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// The origins that are allowed, or `*`.
    pub origins: Vec<String>,
}
