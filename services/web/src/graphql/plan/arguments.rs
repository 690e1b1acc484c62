//! The arguments of a field, as the executor reads them, or not at all.

use std::collections::HashSet;
use std::sync::OnceLock;

use async_graphql::parser::types::Field;
use async_graphql::{InputType, Name, Variables};
use async_graphql_value::{ConstValue, Value};

/// The arguments as they stand in the document.
pub(super) struct Arguments(Vec<(Name, Value)>);

impl Arguments {
    pub(super) fn of(field: &Field) -> Self {
        let arguments = field.arguments.iter();
        Self(
            arguments
                .map(|(name, value)| (name.node.clone(), value.node.clone()))
                .collect(),
        )
    }

    /// The arguments that are given with these variables.
    pub(super) fn given(&self, variables: &Variables) -> Given {
        let arguments = self.0.iter();
        let given = arguments
            .filter_map(|(name, value)| Some((name.clone(), filled_in(value, variables)?)));
        Given(given.collect())
    }
}

/// A value with its variables filled in. What is given a variable that was left out is not given.
fn filled_in(value: &Value, variables: &Variables) -> Option<ConstValue> {
    match value {
        Value::Variable(name) => variables.get(name).cloned(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let filled = fields
                .filter_map(|(name, value)| Some((name.clone(), filled_in(value, variables)?)));
            Some(ConstValue::Object(filled.collect()))
        }
        Value::List(_)
        | Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_) => value.clone().into_const(),
    }
}

/// Arguments that were given. `None` is for the executor to find fault with.
pub(super) struct Given(Vec<(Name, ConstValue)>);

impl Given {
    fn remove(&mut self, name: &str) -> Option<ConstValue> {
        let index = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.swap_remove(index).1)
    }

    /// An argument that is a single value.
    pub(super) fn take<T: InputType>(&mut self, name: &str) -> Option<T> {
        T::parse(self.remove(name)).ok()
    }

    /// An argument that is an object, and may not be there.
    pub(super) fn take_object<T: InputType>(
        &mut self,
        name: &str,
        fields: &Fields,
    ) -> Option<Option<T>> {
        match self.remove(name) {
            None | Some(ConstValue::Null) => Some(None),
            Some(given) => fields.read(given).map(Some),
        }
    }
}

/// The fields that an input object has: one with others is for the executor to find fault with.
#[derive(Default)]
pub(super) struct Fields(OnceLock<HashSet<Name>>);

impl Fields {
    fn read<T: InputType>(&self, given: ConstValue) -> Option<T> {
        let known = match self.0.get() {
            Some(known) => known,
            None => {
                let object = T::parse(Some(given.clone())).ok()?;
                self.0.get_or_init(|| names(object.to_value()))
            }
        };
        let ConstValue::Object(fields) = &given else {
            return None;
        };
        let sound = fields.keys().all(|name| known.contains(name));
        sound.then(|| T::parse(Some(given)).ok()).flatten()
    }
}

fn names(object: ConstValue) -> HashSet<Name> {
    match object {
        ConstValue::Object(fields) => fields.into_keys().collect(),
        ConstValue::Null
        | ConstValue::Number(_)
        | ConstValue::String(_)
        | ConstValue::Boolean(_)
        | ConstValue::Binary(_)
        | ConstValue::Enum(_)
        | ConstValue::List(_) => HashSet::new(),
    }
}
