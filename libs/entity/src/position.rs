//! `positions`: a position and the order for it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Which way a position bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Side {
    /// Up.
    #[sea_orm(string_value = "BUY")]
    Buy,
    /// Down.
    #[sea_orm(string_value = "SELL")]
    Sell,
}

/// How an order fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum OrderKind {
    /// At the first tick.
    #[sea_orm(string_value = "MARKET")]
    Market,
    /// At its price or better.
    #[sea_orm(string_value = "LIMIT")]
    Limit,
}

/// Where a position stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum PositionStatus {
    /// The order waits.
    #[sea_orm(string_value = "PENDING")]
    Pending,
    /// It is filled.
    #[sea_orm(string_value = "OPEN")]
    Open,
    /// It ended.
    #[sea_orm(string_value = "CLOSED")]
    Closed,
    /// It ended at its liquidation price.
    #[sea_orm(string_value = "LIQUIDATED")]
    Liquidated,
    /// It ended without a result.
    #[sea_orm(string_value = "CANCELED")]
    Canceled,
    /// It could not be filled.
    #[sea_orm(string_value = "REJECTED")]
    Rejected,
}

/// A position and the order for it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "positions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub battle_id: Uuid,
    pub player_id: Uuid,
    pub number: i64,
    #[sea_orm(column_type = "Text")]
    pub symbol: String,
    pub side: Side,
    pub kind: OrderKind,
    pub limit_price: Option<i64>,
    pub margin: i64,
    pub leverage: i16,
    pub size: i64,
    pub open_fee: i64,
    pub card_spent: bool,
    pub stop_loss: Option<i64>,
    pub take_profit: Option<i64>,
    pub status: PositionStatus,
    pub effective_time_ms: i64,
    pub stale_at_ms: Option<i64>,
    pub fill_trade: Option<i64>,
    pub fill_price: Option<i64>,
    pub fill_time_ms: Option<i64>,
    pub fill_sequence: Option<i64>,
    pub liquidation_price: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub end_cause: Option<String>,
    pub end_time_ms: Option<i64>,
    pub end_sequence: Option<i64>,
    pub exit_trade: Option<i64>,
    pub exit_price: Option<i64>,
    pub exit_trade_time_ms: Option<i64>,
    pub profit: Option<i64>,
    pub close_fee: Option<i64>,
    pub payout: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub noted: Json,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
