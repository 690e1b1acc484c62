//! Rows into values through serde, column by column in the order of the fields: no names, and no
//! text in between.

use sea_orm::QueryResult;
use sea_orm::sqlx::postgres::{PgRow, PgValueFormat};
use sea_orm::sqlx::{Row, TypeInfo, ValueRef};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Error;

/// The version of the binary form of `jsonb`, its first byte.
const JSONB: u8 = 1;

/// Reads a row from its first column on; what stands behind the last field is left alone.
pub(crate) fn read<T: DeserializeOwned>(row: &QueryResult) -> Result<T, Error> {
    let row = row.try_as_pg_row();
    let row = row.ok_or_else(|| Error::custom("expected a row of Postgres"))?;
    T::deserialize(Columns { row, next: 0 })
}

struct Columns<'de> {
    row: &'de PgRow,
    next: usize,
}

impl<'de> Deserializer<'de> for Columns<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

impl<'de> SeqAccess<'de> for Columns<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if self.next >= self.row.len() {
            return Ok(None);
        }
        let value = self.row.try_get_raw(self.next).map_err(Error::custom)?;
        self.next = self.next.saturating_add(1);
        if value.format() != PgValueFormat::Binary {
            return Err(Error::custom("expected the binary form"));
        }
        let bytes = if value.is_null() {
            None
        } else {
            Some(value.as_bytes().map_err(Error::custom)?)
        };
        let kind = Kind::of(value.type_info().name())?;
        seed.deserialize(Column { kind, bytes }).map(Some)
    }
}

/// The types that our tables use.
#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Int,
    Text,
    Uuid,
    Json,
}

impl Kind {
    fn of(name: &str) -> Result<Self, Error> {
        match name {
            "INT8" | "INT4" | "INT2" => Ok(Self::Int),
            "TEXT" => Ok(Self::Text),
            "UUID" => Ok(Self::Uuid),
            "BOOL" => Ok(Self::Bool),
            "JSONB" => Ok(Self::Json),
            _ => Err(Error::custom(format_args!("expected no {name}"))),
        }
    }
}

struct Column<'de> {
    kind: Kind,
    /// None where it is null.
    bytes: Option<&'de [u8]>,
}

impl<'de> Column<'de> {
    fn some(&self) -> Result<&'de [u8], Error> {
        self.bytes
            .ok_or_else(|| Error::custom("expected a value, found null"))
    }

    fn text(&self) -> Result<&'de str, Error> {
        std::str::from_utf8(self.some()?).map_err(Error::custom)
    }

    fn int(&self) -> Result<i64, Error> {
        let bytes = self.some()?;
        let int = if let Ok(bytes) = bytes.try_into() {
            i64::from_be_bytes(bytes)
        } else if let Ok(bytes) = bytes.try_into() {
            i32::from_be_bytes(bytes).into()
        } else if let Ok(bytes) = bytes.try_into() {
            i16::from_be_bytes(bytes).into()
        } else {
            return Err(Error::custom("expected 2, 4 or 8 bytes"));
        };
        Ok(int)
    }

    fn json(&self) -> Result<serde_json::Deserializer<serde_json::de::SliceRead<'de>>, Error> {
        match self.some()? {
            [JSONB, text @ ..] => Ok(serde_json::Deserializer::from_slice(text)),
            _ => Err(Error::custom("expected jsonb")),
        }
    }
}

impl<'de> Deserializer<'de> for Column<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind {
            _ if self.bytes.is_none() => visitor.visit_unit(),
            Kind::Bool => visitor.visit_bool(self.some()? != [0]),
            Kind::Int => visitor.visit_i64(self.int()?),
            Kind::Text => visitor.visit_borrowed_str(self.text()?),
            Kind::Uuid => visitor.visit_borrowed_bytes(self.some()?),
            Kind::Json => self.json()?.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.bytes {
            None => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.kind {
            Kind::Json => self.json()?.deserialize_enum(name, variants, visitor),
            Kind::Bool | Kind::Int | Kind::Text | Kind::Uuid => {
                visitor.visit_enum(BorrowedStrDeserializer::new(self.text()?))
            }
        }
    }

    /// An id is 16 bytes, not its text.
    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
