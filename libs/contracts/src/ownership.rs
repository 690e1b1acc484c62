//! Who may write which table, and who may read it: the grants are generated from this one list.

use crate::Service::{self, Achievement, Arena, Matcher, Notifications, Treasury, Web};

/// Who writes a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// One service alone.
    One(Service),
    /// Every service, its own rows alone: row-level security compares the `service` column.
    OwnRows,
    /// These services append; nobody changes or removes. Balances move by trigger.
    Append(&'static [Service]),
    /// The database itself, by trigger.
    Database,
}

/// One table or view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Who writes it.
    pub writer: Writer,
    /// Who else reads it.
    pub readers: &'static [Service],
    /// The columns that an appender may name; empty where it may name all.
    pub columns: &'static [&'static str],
}

const fn table(name: &'static str, writer: Writer, readers: &'static [Service]) -> Table {
    Table {
        name,
        writer,
        readers,
        columns: &[],
    }
}

const LEDGER_WRITERS: &[Service] = &[Matcher, Achievement, Treasury];
const LEDGER_READERS: &[Service] = &[Web, Matcher, Achievement, Treasury];

/// Every table of the fleet.
pub const TABLES: &[Table] = &[
    table("users", Writer::One(Web), &[Notifications]),
    table("sessions", Writer::One(Web), &[]),
    table("refresh_tokens", Writer::One(Web), &[]),
    table("staff_roles", Writer::One(Web), &[]),
    table("bans", Writer::One(Web), &[]),
    table("friendships", Writer::One(Web), &[Matcher]),
    table("games", Writer::One(Matcher), &[Web]),
    table("game_versions", Writer::One(Matcher), &[Web, Treasury]),
    table("tickets", Writer::One(Matcher), &[Web, Treasury]),
    table("parties", Writer::One(Matcher), &[Web]),
    table("party_members", Writer::One(Matcher), &[Web]),
    table("battles", Writer::One(Matcher), &[Web, Arena, Treasury]),
    table("seats", Writer::One(Matcher), &[Web, Arena, Treasury]),
    table("seat_items", Writer::One(Matcher), &[Web, Arena, Treasury]),
    Table {
        name: "battle_revisions",
        writer: Writer::Append(&[Matcher]),
        readers: &[],
        columns: &[
            "battle_id",
            "number",
            "winner_id",
            "player_id",
            "operator_id",
            "reason",
        ],
    },
    Table {
        name: "seat_revisions",
        writer: Writer::Append(&[Matcher]),
        readers: &[],
        columns: &[
            "battle_id",
            "number",
            "player_id",
            "rank",
            "prize",
            "receivable",
            "cups_change",
            "experience_gained",
        ],
    },
    table("season_cups", Writer::One(Matcher), &[Web]),
    table("arena_shards", Writer::One(Arena), &[Web]),
    table("arena_battles", Writer::One(Arena), &[Web, Matcher]),
    table("arena_participants", Writer::One(Arena), &[Web, Matcher]),
    table("positions", Writer::One(Arena), &[Web, Matcher]),
    table("position_outcomes", Writer::One(Arena), &[Web]),
    table("battle_log", Writer::One(Arena), &[]),
    table("battle_results", Writer::One(Arena), &[Web, Matcher]),
    Table {
        name: "audit_records",
        writer: Writer::Append(&[Arena]),
        readers: &[Web],
        columns: &["battle_id", "sha256", "size"],
    },
    Table {
        name: "audit_record_parts",
        writer: Writer::Append(&[Arena]),
        readers: &[Web],
        columns: &["battle_id", "part", "bytes"],
    },
    table("achievement_definitions", Writer::One(Achievement), &[Web]),
    table("achievement_metrics", Writer::One(Achievement), &[Web]),
    table("achievement_grants", Writer::One(Achievement), &[Web]),
    table("notifications", Writer::One(Notifications), &[Web]),
    table("deliveries", Writer::One(Notifications), &[]),
    table("muted_mails", Writer::One(Notifications), &[Web]),
    table("chain_accounts", Writer::One(Treasury), &[Web]),
    Table {
        name: "deposits",
        writer: Writer::Append(&[Treasury]),
        readers: &[Web],
        columns: &[
            "id",
            "account",
            "user_id",
            "currency",
            "amount",
            "credited",
            "signature",
            "slot",
        ],
    },
    table("withdrawals", Writer::One(Treasury), &[Web]),
    table("chain_transactions", Writer::One(Treasury), &[]),
    table("outbox", Writer::OwnRows, &[]),
    table("inbox", Writer::OwnRows, &[]),
    table("dead_letters", Writer::OwnRows, &[]),
    table("command_outcomes", Writer::OwnRows, &[Web]),
    table("leases", Writer::OwnRows, &[]),
    Table {
        name: "ledger_accounts",
        writer: Writer::Append(LEDGER_WRITERS),
        readers: LEDGER_READERS,
        columns: &["id", "owner_id", "kind", "unit", "expires_at_ms"],
    },
    Table {
        name: "ledger_transfers",
        writer: Writer::Append(LEDGER_WRITERS),
        readers: LEDGER_READERS,
        columns: &[
            "id",
            "debit_id",
            "credit_id",
            "unit",
            "amount",
            "phase",
            "pending_id",
            "expires_at_ms",
            "kind",
            "reference_id",
            "key",
            "body_hash",
        ],
    },
    table("ledger_expiring_holds", Writer::Database, LEDGER_WRITERS),
    table("ledger_entries", Writer::Database, LEDGER_READERS),
    table("ledger_stripes", Writer::Database, LEDGER_READERS),
    table("ledger_sides", Writer::Database, LEDGER_READERS),
    table("ledger_balances", Writer::Database, LEDGER_READERS),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_table_is_listed_once() {
        let names: BTreeSet<_> = TABLES.iter().map(|table| table.name).collect();
        assert_eq!(names.len(), TABLES.len());
    }

    #[test]
    fn a_writer_is_not_listed_as_another_reader() {
        for table in TABLES {
            if let Writer::One(writer) = table.writer {
                assert!(!table.readers.contains(&writer), "{}", table.name);
            }
        }
    }
}
