//! Which fields of an object are asked for, and how each of them is written.

use std::collections::HashSet;

use async_graphql::OutputType;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};

use super::json::{self, Leaf};
use crate::gateway::Gateway;
use crate::graphql::scan::MAX_NESTING;

/// Appends a field of an object to an answer.
pub(crate) type Write<T> = Box<dyn Fn(&T, &Gateway, &mut Vec<u8>) + Send + Sync>;

/// An object that can be written without the executor.
pub(crate) trait Planned: OutputType + Sized + 'static {
    /// How a field that is asked for is written; `None` leaves the operation to the executor.
    fn field(chosen: &Chosen<'_>) -> Option<Write<Self>>;
}

/// A field that a document asks for.
pub(crate) struct Chosen<'d> {
    document: &'d ExecutableDocument,
    pub(super) field: &'d Field,
}

impl<'d> Chosen<'d> {
    /// Unless a directive decides whether it is asked for.
    pub(super) fn of(document: &'d ExecutableDocument, field: &'d Field) -> Option<Self> {
        field
            .directives
            .is_empty()
            .then_some(Self { document, field })
    }

    pub(crate) fn name(&self) -> &'d str {
        self.field.name.node.as_str()
    }

    /// A field without fields or arguments of its own.
    pub(crate) fn leaf<T>(
        &self,
        write: impl Fn(&T, &Gateway, &mut Vec<u8>) + Send + Sync + 'static,
    ) -> Option<Write<T>> {
        let is_leaf =
            self.field.arguments.is_empty() && self.field.selection_set.node.items.is_empty();
        is_leaf.then(|| -> Write<T> { Box::new(write) })
    }

    /// A field that is an object.
    pub(crate) fn object<T, N: Planned>(
        &self,
        read: impl Fn(&T) -> &N + Send + Sync + 'static,
    ) -> Option<Write<T>> {
        let shape = self.shape::<N>()?;
        Some(Box::new(move |object, gateway, answer| {
            shape.write(read(object), gateway, answer);
        }))
    }

    /// A field that is a list of objects.
    pub(crate) fn objects<T, N: Planned>(
        &self,
        read: impl Fn(&T) -> &[N] + Send + Sync + 'static,
    ) -> Option<Write<T>> {
        let shape = self.shape::<N>()?;
        Some(Box::new(move |object, gateway, answer| {
            answer.push(b'[');
            for (number, item) in read(object).iter().enumerate() {
                if number > 0 {
                    answer.push(b',');
                }
                shape.write(item, gateway, answer);
            }
            answer.push(b']');
        }))
    }

    /// Which fields of the object that this field is are asked for.
    pub(super) fn shape<N: Planned>(&self) -> Option<Shape<N>> {
        let mut shape = Shape(Vec::new());
        let mut keys = HashSet::new();
        let set = &self.field.selection_set.node;
        self.add(set, 0, &mut shape, &mut keys)?;
        // An object without fields is no sound document.
        (!shape.0.is_empty()).then_some(shape)
    }

    fn add<N: Planned>(
        &self,
        set: &'d SelectionSet,
        level: usize,
        shape: &mut Shape<N>,
        keys: &mut HashSet<&'d str>,
    ) -> Option<()> {
        // A fragment that spreads itself is for the executor to find fault with.
        if level > MAX_NESTING {
            return None;
        }
        for selection in &set.items {
            if !selection.node.directives().is_empty() {
                return None;
            }
            let (condition, below) = match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.as_str();
                    // One that is asked for twice is for the executor to merge.
                    if !keys.insert(key) {
                        return None;
                    }
                    shape.push(&field.node, self.written(&field.node)?);
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    (
                        condition.map(|it| &it.node.on.node),
                        &fragment.node.selection_set,
                    )
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = &self.document.fragments.get(name)?.node;
                    if !fragment.directives.is_empty() {
                        return None;
                    }
                    let condition = &fragment.type_condition.node.on.node;
                    (Some(condition), &fragment.selection_set)
                }
            };
            // An interface's fields are for the executor.
            if condition.is_some_and(|name| name.as_str() != N::type_name()) {
                return None;
            }
            self.add(&below.node, level + 1, shape, keys)?;
        }
        Some(())
    }

    fn written<N: Planned>(&self, field: &'d Field) -> Option<Write<N>> {
        let chosen = Chosen::of(self.document, field)?;
        if chosen.name() == "__typename" {
            return chosen.leaf(|_, _, answer| N::type_name().write(answer));
        }
        N::field(&chosen)
    }
}

/// The leaves of an object by name, each with its value.
macro_rules! leaves {
    ($chosen:ident: |$object:ident, $gateway:pat_param| $($name:literal => $value:expr,)*) => {
{
        #[allow(unused_variables, reason = "not every leaf looks at everything")]
        let write = match $chosen.name() {
            $($name => $chosen.leaf(|$object: &Self, $gateway, answer| {
                crate::graphql::plan::Leaf::write(&$value, answer);
            }),)*
            _ => None,
        };
        write
    }    };
}
pub(crate) use leaves;

/// The fields of an object that are asked for.
pub(super) struct Shape<T>(Vec<Asked<T>>);

/// A field that is asked for.
struct Asked<T> {
    name: String,
    /// What comes before its value in an answer.
    before: Vec<u8>,
    write: Write<T>,
}

impl<T> Shape<T> {
    fn push(&mut self, field: &Field, write: Write<T>) {
        let mut before = vec![if self.0.is_empty() { b'{' } else { b',' }];
        json::write(field.response_key().node.as_str(), &mut before);
        before.push(b':');
        self.0.push(Asked {
            name: field.name.node.to_string(),
            before,
            write,
        });
    }

    /// Whether the field of this name is asked for.
    pub(super) fn asks(&self, name: &str) -> bool {
        self.0.iter().any(|asked| asked.name == name)
    }

    pub(super) fn write(&self, object: &T, gateway: &Gateway, answer: &mut Vec<u8>) {
        for asked in &self.0 {
            answer.extend_from_slice(&asked.before);
            (asked.write)(object, gateway, answer);
        }
        answer.push(b'}');
    }
}
