//! Values that are kept as JSON columns.

use sea_orm::{DbErr, JsonValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// The column that keeps `value`.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<JsonValue> {
    serde_json::to_value(value).map_err(|cause| Error::Refused(DbErr::Json(cause.to_string())))
}

/// What a column of the row `id` of `table` keeps.
pub(crate) fn read<T: DeserializeOwned>(
    table: &'static str,
    id: impl ToString,
    column: JsonValue,
) -> Result<T> {
    serde_json::from_value(column)
        .ok()
        .ok_or_else(|| Error::corrupt(table, id))
}
