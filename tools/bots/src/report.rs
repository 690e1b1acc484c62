//! What a battle came to, for the program that started the bots.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::bank::Withdrawal;

/// The whole report. Money is text, exact.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The battle's id.
    pub(crate) battle: String,
    /// Its last status.
    pub(crate) status: String,
    /// Everybody, by rank.
    pub(crate) players: Vec<Player>,
    /// How many orders were accepted.
    pub(crate) positions: u32,
    /// How many of them were filled.
    pub(crate) fills: u32,
    /// How many were liquidated.
    pub(crate) liquidations: u32,
    /// How many ended at their stop.
    pub(crate) stops: u32,
    /// How many achievements the bots have earned.
    pub(crate) achievements: usize,
    /// How many mails the bots were sent.
    pub(crate) emails: usize,
    /// How many inbox messages the bots have not read.
    pub(crate) notifications: i64,
    /// What a winner has withdrawn, where there is a chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawal: Option<Withdrawal>,
}

/// One bot.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Player {
    pub(crate) name: String,
    pub(crate) rank: i64,
    pub(crate) winner: bool,
    pub(crate) equity: String,
    pub(crate) prize: String,
    pub(crate) cups: i64,
    pub(crate) level: i64,
    pub(crate) experience: i64,
    pub(crate) wallet_before: String,
    pub(crate) wallet_after: String,
    pub(crate) achievements: Vec<String>,
}

impl Report {
    /// Writes the report to `path` as JSON.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let json = serde_json::to_vec_pretty(self)?;
        std::fs::write(path, json)
            .with_context(|| format!("cannot write the report to {}", path.display()))
    }
}
