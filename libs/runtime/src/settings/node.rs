//! Reads a [`Tree`] into types, and says by name what does not fit.

use std::collections::btree_map;

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::fault::{Fault, Problem};
use super::tree::Tree;
use super::{Mode, secret};

/// Reads `tree` as a `T`.
pub(super) fn read<T: DeserializeOwned>(mut tree: Tree, mode: Mode) -> Result<T, Fault> {
    let mut outcome = T::deserialize(Node {
        tree: tree.clone(),
        mode,
    });
    // Put an explicit nothing where a setting is missing and read again: whoever finds it says what
    // it expected. A section finds its first missing setting instead, so this goes one level down.
    while let Err(Fault {
        path,
        problem: Problem::Missing { expected: None },
    }) = &outcome
    {
        tree.put(path, Tree::Absent);
        outcome = T::deserialize(Node {
            tree: tree.clone(),
            mode,
        });
    }
    outcome
}

/// A part of the settings that is being read.
struct Node {
    tree: Tree,
    mode: Mode,
}

impl Node {
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let expected = (&visitor as &dyn Expected).to_string();
        let mode = self.mode;
        match self.tree {
            Tree::Table(table) => visitor.visit_map(Entries {
                rest: table.into_iter(),
                next: None,
                mode,
            }),
            Tree::List(list) => visitor.visit_seq(Elements {
                rest: list.into_iter().enumerate(),
                mode,
            }),
            Tree::Literal(literal) => {
                visit_literal(literal, visitor).map_err(|fault| fault.expecting(expected))
            }
            Tree::Text { text, hidden } => visitor
                .visit_string(text)
                .map_err(|fault: Fault| fault.expecting(expected).hidden_if(hidden)),
            Tree::Absent => Err(missing(expected)),
        }
    }

    /// Reads text from the environment as the TOML literal that the type asks for.
    fn visit_as_literal<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let (literal, hidden) = match &self.tree {
            Tree::Text { text, hidden } => (text.parse::<toml::Value>().ok(), *hidden),
            Tree::Table(_) | Tree::List(_) | Tree::Literal(_) | Tree::Absent => (None, false),
        };
        let tree = literal.map_or(self.tree, Tree::from);
        Self { tree, ..self }
            .visit(visitor)
            .map_err(|fault| fault.hidden_if(hidden))
    }

    fn refuse_weak_secret(&self) -> Result<(), Fault> {
        let text = match &self.tree {
            Tree::Text { text, .. } | Tree::Literal(toml::Value::String(text)) => text,
            Tree::Absent => return Err(missing("a secret".to_owned())),
            Tree::Table(_) | Tree::List(_) | Tree::Literal(_) => return Ok(()),
        };
        if text.is_empty() {
            return Err(Fault::found("an empty one", "a secret".to_owned()));
        }
        match self.mode {
            Mode::Production if secret::is_weak(text) => {
                Err(Fault::found("a weak one", secret::expectation()))
            }
            Mode::Production | Mode::Development => Ok(()),
        }
    }
}

fn missing(expected: String) -> Fault {
    Fault::here(Problem::Missing {
        expected: Some(expected),
    })
}

fn visit_literal<'de, V: Visitor<'de>>(
    literal: toml::Value,
    visitor: V,
) -> Result<V::Value, Fault> {
    match literal {
        toml::Value::String(text) => visitor.visit_string(text),
        toml::Value::Integer(number) => visitor.visit_i64(number),
        toml::Value::Float(number) => visitor.visit_f64(number),
        toml::Value::Boolean(flag) => visitor.visit_bool(flag),
        toml::Value::Datetime(moment) => visitor.visit_string(moment.to_string()),
        toml::Value::Array(_) | toml::Value::Table(_) => Err(Fault::invalid_type(
            Unexpected::Other("an array or a table"),
            &visitor,
        )),
    }
}

macro_rules! read_as_literal {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.visit_as_literal(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    read_as_literal! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32
        deserialize_f64 deserialize_seq deserialize_map
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == secret::MARKER {
            self.refuse_weak_secret()?;
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.tree {
            Tree::Table(_) => self.visit(visitor),
            Tree::Absent => Self {
                tree: Tree::default(),
                ..self
            }
            .visit(visitor),
            Tree::List(_) | Tree::Literal(_) | Tree::Text { .. } => {
                Err(Fault::found("a value", "a section".to_owned()))
            }
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.visit_as_literal(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.tree {
            Tree::Text { text, .. } | Tree::Literal(toml::Value::String(text)) => {
                let name: StringDeserializer<Fault> = text.into_deserializer();
                visitor.visit_enum(name)
            }
            Tree::Absent => Err(missing(variants.join(" or "))),
            Tree::Table(_) | Tree::List(_) | Tree::Literal(_) => self.visit(visitor),
        }
    }

    /// A key that no field takes: refused even where a type forgot `deny_unknown_fields`.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Fault> {
        Err(Fault::here(Problem::Unknown {
            expected: "nothing by that name".to_owned(),
        }))
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple_struct identifier
    }
}

/// The entries of a table that is being read.
struct Entries {
    rest: btree_map::IntoIter<String, Tree>,
    next: Option<(String, Tree)>,
    mode: Mode,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.next = self.rest.next();
        let Some((key, _)) = &self.next else {
            return Ok(None);
        };
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (key, tree) = self
            .next
            .take()
            .expect("serde asks for a key before its value");
        seed.deserialize(Node {
            tree,
            mode: self.mode,
        })
        .map_err(|fault| fault.within(&key))
    }
}

/// The elements of a list that is being read.
struct Elements {
    rest: std::iter::Enumerate<std::vec::IntoIter<Tree>>,
    mode: Mode,
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some((index, tree)) = self.rest.next() else {
            return Ok(None);
        };
        let element = seed.deserialize(Node {
            tree,
            mode: self.mode,
        });
        element
            .map(Some)
            .map_err(|fault| fault.within(&index.to_string()))
    }
}
