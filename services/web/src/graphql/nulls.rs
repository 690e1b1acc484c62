//! What failed, as the specification has it: null, and where that may not be, whatever holds it. The
//! executor leaves such a field out and tells the others, and an object of which nothing is left it
//! makes null.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationType, Selection, SelectionSet, Type, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::{Name, PathSegment, Response, Value};

use super::chosen::operation;

/// The types of the fields of each type.
static TYPES: LazyLock<HashMap<Name, HashMap<Name, Type>>> = LazyLock::new(read_types);

/// Puts nulls where something failed in what an operation of a document came to.
pub(crate) fn put(
    response: &mut Response,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
) {
    let failed = response
        .errors
        .iter()
        .filter(|error| !error.path.is_empty());
    let paths: Vec<&[PathSegment]> = failed.map(|error| error.path.as_slice()).collect();
    let Some(operation) = operation(document, operation_name) else {
        return;
    };
    let root = match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    let walk = Walk { document };
    let chosen = [(root, &operation.selection_set.node)];
    for path in &paths {
        fill_in(&mut response.data, path);
    }
    for path in paths {
        walk.fails(&mut response.data, None, &chosen, path);
    }
}

/// Makes what failed a null that is there, in objects that are there.
fn fill_in(value: &mut Value, path: &[PathSegment]) {
    match path.split_first() {
        Some((PathSegment::Field(key), rest)) => {
            if *value == Value::Null {
                *value = Value::Object(Default::default());
            }
            if let Value::Object(fields) = value {
                let field = fields.entry(Name::new(key)).or_insert(Value::Null);
                fill_in(field, rest);
            }
        }
        Some((PathSegment::Index(index), rest)) => {
            if let Value::List(items) = value
                && let Some(item) = items.get_mut(*index)
            {
                fill_in(item, rest);
            }
        }
        None => {}
    }
}

/// Selections on values of these types.
type Chosen<'d> = [(&'d str, &'d SelectionSet)];

struct Walk<'d> {
    document: &'d ExecutableDocument,
}

impl<'d> Walk<'d> {
    /// Whether what failed at a path leaves no value of a type; where it may be none, it is none.
    fn fails(
        &self,
        value: &mut Value,
        ty: Option<&'d Type>,
        chosen: &Chosen<'d>,
        path: &[PathSegment],
    ) -> bool {
        let fails = match (path.split_first(), &mut *value) {
            (None, _) | (Some((PathSegment::Index(_), _)), Value::Null) => true,
            (Some((PathSegment::Field(key), rest)), Value::Object(fields)) => {
                let found = self.find(chosen, key);
                let types = found.iter().map(|(on, field)| type_of(on, field));
                let types: Vec<Option<&Type>> = types.collect();
                let below: Vec<_> = found
                    .iter()
                    .zip(&types)
                    .filter_map(|((_, field), ty)| Some((named((*ty)?), &field.selection_set.node)))
                    .collect();
                // They are all as null, or the document is not valid.
                let ty = types.first().copied().flatten();
                fields
                    .get_mut(key.as_str())
                    .is_some_and(|field| self.fails(field, ty, &below, rest))
            }
            (Some((PathSegment::Index(index), rest)), Value::List(items)) => {
                let ty = ty.and_then(|ty| match &ty.base {
                    BaseType::List(item) => Some(&**item),
                    BaseType::Named(_) => None,
                });
                items
                    .get_mut(*index)
                    .is_some_and(|item| self.fails(item, ty, chosen, rest))
            }
            // Something else that failed has made it null.
            (Some(_), _) => false,
        };
        if fails {
            *value = Value::Null;
        }
        fails && ty.is_some_and(|ty| !ty.nullable)
    }

    /// The fields that answer under a key, each with the type that it is chosen on.
    fn find(&self, chosen: &Chosen<'d>, key: &str) -> Vec<(&'d str, &'d Field)> {
        let mut found = Vec::new();
        let mut left = chosen.to_vec();
        while let Some((on, set)) = left.pop() {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => {
                        if field.node.response_key().node == key {
                            found.push((on, &field.node));
                        }
                    }
                    Selection::InlineFragment(fragment) => {
                        let condition = fragment.node.type_condition.as_ref();
                        let on = condition.map_or(on, |it| it.node.on.node.as_str());
                        left.push((on, &fragment.node.selection_set.node));
                    }
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        left.extend(self.document.fragments.get(name).map(|fragment| {
                            let on = fragment.node.type_condition.node.on.node.as_str();
                            (on, &fragment.node.selection_set.node)
                        }));
                    }
                }
            }
        }
        found
    }
}

fn type_of(on: &str, field: &Field) -> Option<&'static Type> {
    TYPES.get(on)?.get(&field.name.node)
}

/// The type that lists and marks stand around.
fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}

fn read_types() -> HashMap<Name, HashMap<Name, Type>> {
    // It is our own: it can be read.
    let definitions = parse_schema(super::sdl()).map(|schema| schema.definitions);
    let definitions = definitions.unwrap_or_default().into_iter();
    let types = definitions.filter_map(|definition| {
        let TypeSystemDefinition::Type(ty) = definition else {
            return None;
        };
        let fields = match ty.node.kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::Scalar
            | TypeKind::Union(_)
            | TypeKind::Enum(_)
            | TypeKind::InputObject(_) => return None,
        };
        let fields = fields
            .into_iter()
            .map(|field| (field.node.name.node, field.node.ty.node));
        Some((ty.node.name.node, fields.collect()))
    });
    types.collect()
}

#[cfg(test)]
mod tests {
    use async_graphql::ServerError;
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;

    /// What is told of `data` where the fields at these paths failed.
    fn told(document: &str, data: Json, paths: &[Json]) -> Json {
        let errors = paths.iter().map(|path| {
            let mut error = ServerError::new("no", None);
            let segments = path.as_array().unwrap().iter();
            error.path = segments
                .map(|segment| match segment.as_u64() {
                    Some(index) => PathSegment::Index(usize::try_from(index).unwrap()),
                    None => PathSegment::Field(segment.as_str().unwrap().to_owned()),
                })
                .collect();
            error
        });
        let mut response = Response::from_errors(errors.collect());
        response.data = Value::from_json(data).unwrap();
        put(&mut response, &parse_query(document).unwrap(), None);
        response.data.into_json().unwrap()
    }

    #[test]
    fn a_field_that_may_be_null_is_null() {
        let document = "{ it: wallet(id: 1) { id } assets { totalCount } }";
        let data = json!({ "assets": { "totalCount": 1 } });
        let expected = json!({ "it": null, "assets": { "totalCount": 1 } });
        assert_eq!(told(document, data, &[json!(["it"])]), expected);
        let alone = told(
            "{ wallet(id: 1) { id } }",
            json!(null),
            &[json!(["wallet"])],
        );
        assert_eq!(alone, json!({ "wallet": null }));
    }

    #[test]
    fn where_a_field_may_not_be_null_what_holds_it_is() {
        let document =
            "mutation { a: loginAsGuest { accessToken } b: loginAsGuest { accessToken } }";
        let data = json!({ "b": { "accessToken": "x" } });
        assert_eq!(told(document, data, &[json!(["a"])]), json!(null));

        let document = "query { gameMatch(id: 1) { ...Rest } asset(id: 1) { id } }
            fragment Rest on GameMatch { winner { ... on PublicUser { id cups } } id }";
        let data = json!({ "gameMatch": { "winner": { "id": "1" }, "id": "1" }, "asset": null });
        let cups = [json!(["gameMatch", "winner", "cups"])];
        let expected = json!({ "gameMatch": { "winner": null, "id": "1" }, "asset": null });
        assert_eq!(told(document, data.clone(), &cups), expected);
        let id = [json!(["gameMatch", "id"])];
        let expected = json!({ "gameMatch": null, "asset": null });
        assert_eq!(told(document, data.clone(), &id), expected);
        let both = [id, cups].concat();
        assert_eq!(told(document, data, &both), expected);
    }

    #[test]
    fn what_fails_in_a_list_takes_along_what_may_be_null() {
        let document = "{ nodes(ids: [1, 2]) { id ... on Wallet { balance address } } }";
        let data = || json!({ "nodes": [{ "id": "1", "address": "x" }, { "id": "2" }] });
        let balance = told(document, data(), &[json!(["nodes", 0, "balance"])]);
        assert_eq!(balance, json!({ "nodes": [null, { "id": "2" }] }));
        let address = told(document, data(), &[json!(["nodes", 1, "address"])]);
        let expected =
            json!({ "nodes": [{ "id": "1", "address": "x" }, { "id": "2", "address": null }] });
        assert_eq!(address, expected);

        let document = "{ games { edges { node { id title } } } asset(id: 1) { id } }";
        let data = json!({ "games": { "edges": [{ "node": null }] }, "asset": { "id": "1" } });
        let whole = told(
            document,
            data,
            &[json!(["games", "edges", 0, "node", "title"])],
        );
        assert_eq!(whole, json!(null));
    }

    #[test]
    fn an_object_of_which_nothing_is_left_is_there() {
        let document = "{ asset(id: 1) { price } }";
        let data = json!({ "asset": null });
        let price = told(document, data, &[json!(["asset", "price"])]);
        assert_eq!(price, json!({ "asset": { "price": null } }));
    }
}
