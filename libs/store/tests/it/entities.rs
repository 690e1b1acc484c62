//! The entities say what the tables say.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, ColumnType, EntityTrait, FromQueryResult, IdenStatic, Iterable, Statement,
};
use store::entity;

use crate::stage::Stage;

#[derive(FromQueryResult)]
struct Column {
    table_name: String,
    column_name: String,
    udt_name: String,
    nullable: bool,
}

/// Columns by table: name to type, with a question mark behind it where null is allowed.
type Tables = BTreeMap<String, BTreeMap<String, String>>;

fn shown(udt_name: &str, nullable: bool) -> String {
    format!("{udt_name}{}", if nullable { "?" } else { "" })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "our tables use a few of all types"
)]
fn udt_name(column_type: &ColumnType) -> &'static str {
    match column_type {
        ColumnType::Uuid => "uuid",
        ColumnType::BigInteger => "int8",
        ColumnType::Integer => "int4",
        ColumnType::SmallInteger => "int2",
        ColumnType::Boolean => "bool",
        ColumnType::Text | ColumnType::String(_) => "text",
        ColumnType::TimestampWithTimeZone => "timestamptz",
        ColumnType::JsonBinary => "jsonb",
        ColumnType::VarBinary(_) | ColumnType::Blob => "bytea",
        other => panic!("no table of ours has a {other:?}"),
    }
}

fn of<E: EntityTrait>(entity: E) -> (String, BTreeMap<String, String>) {
    let columns = E::Column::iter().map(|column| {
        let definition = column.def();
        let shown = shown(udt_name(definition.get_column_type()), definition.is_null());
        (column.as_str().to_owned(), shown)
    });
    (entity.table_name().to_owned(), columns.collect())
}

macro_rules! entities {
    ($($name:ident)*) => { [$(of(entity::$name::Entity)),*].into() };
}

fn entities() -> Tables {
    entities! {
        achievement_definition achievement_grant achievement_metric arena_battle arena_participant
        arena_shard audit_record audit_record_part ban battle battle_log battle_result battle_revision
        chain_account chain_transaction command_outcome dead_letter delivery deposit
        friendship game game_version inbox lease ledger_account ledger_entry
        ledger_expiring_hold ledger_stripe ledger_transfer muted_mail notification outbox party
        party_member position position_outcome refresh_token season_cup seat seat_item
        seat_revision session staff_role ticket user withdrawal
    }
}

#[tokio::test]
async fn every_table_has_its_entity_column_by_column() {
    let stage = Stage::new().await;
    let db = stage.superuser().await;
    let columns = Column::find_by_statement(Statement::from_string(
        sea_orm::DbBackend::Postgres,
        "SELECT c.table_name, c.column_name, c.udt_name, c.is_nullable = 'YES' AS nullable
         FROM information_schema.columns c JOIN information_schema.tables t
             ON t.table_name = c.table_name AND t.table_schema = c.table_schema
         WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
             AND c.table_name <> 'seaql_migrations'",
    ));
    let mut tables = Tables::new();
    for column in columns.all(db.connection()).await.unwrap() {
        let shown = shown(&column.udt_name, column.nullable);
        tables
            .entry(column.table_name)
            .or_default()
            .insert(column.column_name, shown);
    }
    assert_eq!(entities(), tables);
}
