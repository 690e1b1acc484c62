//! A slice of a list, from either end, before or behind a row.

use std::marker::PhantomData;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use crate::statement::statement;
use crate::{Error, Read, Result};

/// Where a row stands in its list: by a number, then by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What the list is ordered by, such as microseconds since 1970.
    pub number: i64,
    /// The row; it decides between equal numbers.
    pub id: Uuid,
}

/// From which end of the interval rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    /// The first rows behind `after`.
    End,
    /// The last rows before `before`.
    Beginning,
}

/// The part of a list that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Behind this row.
    pub after: Option<Cursor>,
    /// Before this row.
    pub before: Option<Cursor>,
    /// How many rows at the most.
    pub limit: u32,
    /// Which ones, where there are more.
    pub toward: Toward,
    /// Whether the list begins with the lowest cursor; it begins with the highest otherwise.
    pub ascending: bool,
}

/// The rows of a slice, in the list's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<T> {
    /// The rows and where they stand.
    pub rows: Vec<(Cursor, T)>,
    /// Whether the list goes on behind them.
    pub has_next: bool,
    /// Whether the list has rows before them.
    pub has_previous: bool,
}

/// How many rows of a list stand before one of them, from the highest cursor down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub(super) struct Ahead {
    /// Those with a higher number.
    pub(super) higher: i64,
    /// With those of an equal number that their ids put before it.
    pub(super) rows: i64,
}

/// A row with its place.
struct Placed<T>(Cursor, T);

impl<T: FromQueryResult> FromQueryResult for Placed<T> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> std::result::Result<Self, DbErr> {
        let cursor = Cursor {
            number: row.try_get(prefix, "cursor_number")?,
            id: row.try_get(prefix, "cursor_id")?,
        };
        Ok(Self(cursor, T::from_query_result(row, prefix)?))
    }
}

/// A row of a list.
pub trait Row: FromQueryResult + Send {}

impl<T: FromQueryResult + Send> Row for T {}

/// A list that nothing has been read of yet.
#[derive(Clone, Debug)]
pub struct List<T> {
    sql: String,
    values: Vec<Value>,
    rows: PhantomData<fn() -> T>,
}

impl<T: Row> List<T> {
    /// The list of what `sql` finds; it names `cursor_number` and `cursor_id` too.
    pub(super) fn new(sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            sql: sql.into(),
            values: values.into_iter().collect(),
            rows: PhantomData,
        }
    }

    /// The rows of `slice`.
    pub async fn part(&self, from: &impl Read, slice: &Slice) -> Result<Part<T>> {
        let downward = slice.ascending == (slice.toward == Toward::Beginning);
        let (below, above) = if slice.ascending {
            ("<", ">")
        } else {
            (">", "<")
        };
        let mut values = self.values.clone();
        let mut bound = |cursor: Option<Cursor>, comparison: &str| match cursor {
            None => String::new(),
            Some(Cursor { number, id }) => {
                values.extend([number.into(), id.into()]);
                let last = values.len();
                let (number, id) = (last.saturating_sub(1), last);
                format!(" AND (cursor_number, cursor_id) {comparison} (${number}, ${id})")
            }
        };
        let bounds = bound(slice.after, above) + &bound(slice.before, below);
        let direction = if downward { "DESC" } else { "ASC" };
        let fetch = i64::from(slice.limit).saturating_add(1);
        let sql = format!(
            "SELECT * FROM ({}) AS list WHERE true{bounds}
             ORDER BY cursor_number {direction}, cursor_id {direction} LIMIT {fetch}",
            self.sql
        );
        let found = Placed::<T>::find_by_statement(statement(&sql, values))
            .all(from.conn())
            .await?;
        Ok(slice.part_of(found))
    }

    /// The one row whose `column` is this id, and where it stands.
    pub(super) async fn find(
        &self,
        from: &impl Read,
        column: &str,
        id: Uuid,
    ) -> Result<Option<(Cursor, T)>> {
        let mut values = self.values.clone();
        values.push(id.into());
        let sql = format!(
            "SELECT * FROM ({}) AS list WHERE {column} = ${}",
            self.sql,
            values.len()
        );
        let found = Placed::<T>::find_by_statement(statement(&sql, values))
            .one(from.conn())
            .await?;
        Ok(found.map(|Placed(at, row)| (at, row)))
    }

    /// What stands before a row, from the highest cursor down; none where it is more than `most`.
    pub(super) async fn ahead(
        &self,
        from: &impl Read,
        at: Cursor,
        most: u32,
    ) -> Result<Option<Ahead>> {
        let mut values = self.values.clone();
        values.extend([at.number.into(), at.id.into()]);
        let id = values.len();
        let number = id.saturating_sub(1);
        let sql = format!(
            "SELECT count(*) AS rows, count(*) FILTER (WHERE cursor_number > ${number}) AS higher
             FROM (SELECT cursor_number FROM ({}) AS list
                 WHERE (cursor_number, cursor_id) > (${number}, ${id}) LIMIT {}) AS ahead",
            self.sql,
            most.saturating_add(1)
        );
        let found = Ahead::find_by_statement(statement(&sql, values))
            .one(from.conn())
            .await?;
        Ok(found.filter(|ahead| ahead.rows <= i64::from(most)))
    }

    /// How many rows the whole list has.
    pub async fn count(&self, from: &impl Read) -> Result<i64> {
        let sql = format!("SELECT count(*) AS count FROM ({}) AS list", self.sql);
        let row = from
            .conn()
            .query_one_raw(statement(&sql, self.values.clone()))
            .await?;
        let row = row.ok_or_else(|| Error::corrupt("a count", ""))?;
        Ok(row.try_get("", "count")?)
    }
}

impl Slice {
    /// A list that is known to be short, from its beginning.
    pub const WHOLE: Self = Self {
        after: None,
        before: None,
        limit: 100,
        toward: Toward::End,
        ascending: true,
    };

    /// Cuts off the row that was read to see whether there are more.
    fn part_of<T>(&self, mut found: Vec<Placed<T>>) -> Part<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let mut rows: Vec<_> = found
            .into_iter()
            .map(|Placed(cursor, row)| (cursor, row))
            .collect();
        match self.toward {
            Toward::End => Part {
                rows,
                has_next: more,
                has_previous: self.after.is_some(),
            },
            Toward::Beginning => {
                rows.reverse();
                Part {
                    rows,
                    has_next: self.before.is_some(),
                    has_previous: more,
                }
            }
        }
    }
}
