//! Sets of rows on their way into Postgres: an array a column, which it reads several times as fast
//! as JSON.

use sea_orm::{DbErr, Statement, Value};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::statement::statement;
use crate::{Error, Result};

/// Stands for null in an array of numbers, for SeaORM binds none with nulls in it. So it is no value.
const NULL: i64 = i64::MIN;

/// Rows of a table, and what is written of them, column by column.
pub(crate) struct Arrays<'a, R> {
    table: &'static str,
    rows: &'a [R],
    /// What names a row that does not fit.
    id: fn(&R) -> String,
    columns: Vec<Column>,
    /// How many of the columns come before those that change.
    fixed: usize,
    /// The rows are written one by one, in their order.
    in_order: bool,
    /// Where it is noted that a row changes now.
    stamp: Option<&'static str>,
    /// How many values of the statement come before these.
    behind: usize,
    /// What has to be true for anything to be written.
    provided: Option<&'static str>,
}

/// What is written of one column.
struct Column {
    name: &'static str,
    /// The type of the array's elements.
    element: &'static str,
    /// What is made of an element, `$`.
    value: String,
    bound: Value,
}

/// One column of rows, where a statement has an array for each of its own.
pub(crate) fn column<R, T>(rows: &[R], of: fn(&R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

impl<'a, R> Arrays<'a, R> {
    pub(crate) fn of(table: &'static str, rows: &'a [R], id: fn(&R) -> String) -> Self {
        Self {
            table,
            rows,
            id,
            columns: Vec::new(),
            fixed: 0,
            in_order: false,
            stamp: None,
            behind: 0,
            provided: None,
        }
    }

    /// Inserts the rows in their order, so that the database numbers them so.
    pub(crate) fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// The columns from here on change while a row lives; those before do not.
    pub(crate) fn changing(mut self) -> Self {
        self.fixed = self.columns.len();
        self
    }

    /// Notes in this column, of rows that are there, that they change now.
    pub(crate) fn stamped(mut self, name: &'static str) -> Self {
        self.stamp = Some(name);
        self
    }

    pub(crate) fn ids(self, name: &'static str, of: impl Fn(&R) -> Uuid) -> Self {
        self.column(name, "uuid", "$", of)
    }

    pub(crate) fn flags(self, name: &'static str, of: impl Fn(&R) -> bool) -> Self {
        self.column(name, "boolean", "$", of)
    }

    /// The empty text is null.
    pub(crate) fn texts(self, name: &'static str, of: impl Fn(&R) -> String) -> Self {
        self.column(name, "text", "nullif($, '')", of)
    }

    pub(crate) fn jsons<V: Serialize>(
        self,
        name: &'static str,
        of: impl Fn(&R) -> V,
    ) -> Result<Self> {
        self.maybe_jsons(name, |row| Some(of(row)))
    }

    /// As [`Arrays::jsons`], where none is null.
    pub(crate) fn maybe_jsons<V: Serialize>(
        self,
        name: &'static str,
        of: impl Fn(&R) -> Option<V>,
    ) -> Result<Self> {
        let text = |row: &R| of(row).map_or(Ok(String::new()), |value| text(&value));
        let texts: Vec<String> = self.rows.iter().map(text).collect::<Result<_>>()?;
        Ok(self.bound(name, "text", "nullif($, '')::jsonb", texts))
    }

    /// Refuses a number that a `bigint` does not hold, and the one that stands for null.
    pub(crate) fn numbers<N: Into<i128>>(
        self,
        name: &'static str,
        of: impl Fn(&R) -> Option<N>,
    ) -> Result<Self> {
        let number = |row: &R| {
            let Some(number) = of(row) else {
                return Ok(NULL);
            };
            let number = number.into();
            let held = i64::try_from(number).ok().filter(|held| *held != NULL);
            held.ok_or_else(|| Error::OutOfRange {
                table: self.table,
                id: (self.id)(row),
                column: name,
                number,
            })
        };
        let numbers: Vec<i64> = self.rows.iter().map(number).collect::<Result<_>>()?;
        let value = format!("nullif($, '{NULL}')");
        Ok(self.bound(name, "bigint", &value, numbers))
    }

    fn column<T>(
        self,
        name: &'static str,
        element: &'static str,
        value: &str,
        of: impl Fn(&R) -> T,
    ) -> Self
    where
        Vec<T>: Into<Value>,
    {
        let values: Vec<T> = self.rows.iter().map(of).collect();
        self.bound(name, element, value, values)
    }

    fn bound<T>(
        mut self,
        name: &'static str,
        element: &'static str,
        value: &str,
        values: Vec<T>,
    ) -> Self
    where
        Vec<T>: Into<Value>,
    {
        self.columns.push(Column {
            name,
            element,
            value: value.replace('$', &format!("row.{name}")),
            bound: values.into(),
        });
        self
    }

    /// The statement that inserts the rows.
    pub(crate) fn insert(self) -> Statement {
        let sql = self.inserting();
        self.bind(&sql)
    }

    /// The statement that changes rows that are there; the columns before those that change name
    /// them.
    pub(crate) fn update(self) -> Statement {
        let table = self.table;
        let stamp = self.stamp.map(|name| format!("{name} = now()"));
        let changes = self.changes().iter();
        let changes: Vec<String> = changes
            .map(|column| format!("{} = {}", column.name, column.value))
            .chain(stamp)
            .collect();
        let keys = self.columns.iter().take(self.fixed);
        let keys: Vec<String> = keys
            .map(|column| format!("{table}.{} = {}", column.name, column.value))
            .chain(self.provided.map(str::to_owned))
            .collect();
        let (source, keys) = (self.source(), keys.join(" AND "));
        let changes = changes.join(", ");
        self.bind(&format!(
            "UPDATE {table} SET {changes} FROM {source} WHERE {keys}"
        ))
    }

    fn inserting(&self) -> String {
        let (table, source) = (self.table, self.source());
        let names = joined(&self.columns, |column| column.name.to_owned());
        let values = joined(&self.columns, |column| column.value.clone());
        let order = if self.in_order {
            " ORDER BY row.place"
        } else {
            ""
        };
        let provided = self.provided.map(|what| format!(" WHERE {what}"));
        let provided = provided.unwrap_or_default();
        format!("INSERT INTO {table} ({names}) SELECT {values} FROM {source}{provided}{order}")
    }

    fn changes(&self) -> &[Column] {
        self.columns.get(self.fixed..).unwrap_or_default()
    }

    fn source(&self) -> String {
        let mut number = self.behind;
        let arrays = joined(&self.columns, |column| {
            number += 1;
            format!("${number}::{}[]", column.element)
        });
        let names = joined(&self.columns, |column| column.name.to_owned());
        format!("unnest({arrays}) WITH ORDINALITY AS row ({names}, place)")
    }

    fn bind(self, sql: &str) -> Statement {
        statement(sql, self.columns.into_iter().map(|column| column.bound))
    }
}

/// Several sets in one statement, of tables that know nothing of each other: a trip to Postgres for
/// each would take longer than the writing.
#[derive(Default)]
pub(crate) struct Together {
    parts: Vec<String>,
    values: Vec<Value>,
    provided: Option<&'static str>,
}

impl Together {
    /// Puts a statement in front, whose parts have names too, and writes nothing unless `provided`
    /// is true, which may speak of them.
    pub(crate) fn behind(fence: Statement, provided: &'static str) -> Self {
        let values = fence.values.map(|values| values.0).unwrap_or_default();
        Self {
            parts: vec![fence.sql],
            values,
            provided: Some(provided),
        }
    }

    /// Adds what `write` makes of the rows, under a name of its own.
    pub(crate) fn with<'a, R>(
        mut self,
        name: &str,
        mut rows: Arrays<'a, R>,
        write: impl FnOnce(Arrays<'a, R>) -> Statement,
    ) -> Self {
        rows.behind = self.values.len();
        rows.provided = self.provided;
        let Statement { sql, values, .. } = write(rows);
        self.parts.push(format!("{name} AS ({sql})"));
        self.values
            .extend(values.into_iter().flat_map(|values| values.0));
        self
    }

    /// The statement that writes all of it and answers `answer`.
    pub(crate) fn write(self, answer: &str) -> Statement {
        let parts = self.parts.join(", ");
        statement(&format!("WITH {parts} {answer}"), self.values)
    }
}

fn joined(columns: &[Column], text: impl FnMut(&Column) -> String) -> String {
    let texts: Vec<String> = columns.iter().map(text).collect();
    texts.join(", ")
}

/// A value as JSON.
pub(crate) fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|cause| Error::Refused(DbErr::Json(cause.to_string())))
}

/// The text of a value that is a word.
pub(crate) fn word<T: Serialize>(word: T) -> String {
    json!(word).as_str().unwrap_or_default().to_owned()
}
