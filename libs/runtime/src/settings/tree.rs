//! The layers of settings, merged but not yet typed.

use std::collections::BTreeMap;

/// Settings before they have types.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Table(BTreeMap<String, Tree>),
    List(Vec<Tree>),
    /// A literal of a TOML layer; neither a table nor an array.
    Literal(toml::Value),
    /// Text from the environment; `hidden` if it came from a file and may be a secret.
    Text {
        text: String,
        hidden: bool,
    },
    /// Stands where a setting is missing, to learn what was expected there.
    Absent,
}

impl Default for Tree {
    fn default() -> Self {
        Self::Table(BTreeMap::new())
    }
}

impl From<toml::Value> for Tree {
    fn from(value: toml::Value) -> Self {
        match value {
            toml::Value::Table(table) => Self::Table(
                table
                    .into_iter()
                    .map(|(key, value)| (key, value.into()))
                    .collect(),
            ),
            toml::Value::Array(values) => Self::List(values.into_iter().map(Self::from).collect()),
            literal @ (toml::Value::String(_)
            | toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)) => Self::Literal(literal),
        }
    }
}

impl Tree {
    /// Lays `upper` over this tree. Tables merge; anything else replaces.
    pub(super) fn merge(&mut self, upper: Self) {
        match (self, upper) {
            (Self::Table(below), Self::Table(above)) => {
                for (key, value) in above {
                    below.entry(key).or_default().merge(value);
                }
            }
            (below, above) => *below = above,
        }
    }

    /// Puts `value` at `path`, making tables on the way.
    pub(super) fn put(&mut self, path: &[String], value: Self) {
        let nested = path.iter().rev().fold(value, |inner, key| {
            Self::Table(BTreeMap::from([(key.clone(), inner)]))
        });
        self.merge(nested);
    }

    /// Moves the named top-level entries into a tree of their own.
    pub(super) fn split_off(&mut self, keys: &[&str]) -> Self {
        let Self::Table(table) = self else {
            return Self::default();
        };
        Self::Table(
            keys.iter()
                .filter_map(|key| table.remove_entry(*key))
                .collect(),
        )
    }
}
