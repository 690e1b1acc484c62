//! Variables that a client left out. An argument or a field of an input object that is given such
//! a variable was not given at all, says the specification; the executor takes it for null, which
//! in an amendment means to remove a level. So what was left out is taken out of the document.

use std::collections::HashSet;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Request};
use async_graphql_value::Value;

/// `request`, without the uses of variables that it leaves out.
///
/// A variable that another operation of the same document must have stays null.
pub(super) fn taken_out(mut request: Request) -> Request {
    let given: HashSet<Name> = request.variables.keys().cloned().collect();
    // A document that cannot be read says so when it is executed.
    let Ok(document) = request.parsed_query() else {
        return request;
    };
    let omitted = omitted(document, &given);
    if omitted.is_empty() {
        return request;
    }
    let mut rest = Rest {
        omitted,
        taken: HashSet::new(),
    };
    let mut document = document.clone();
    rest.document(&mut document);
    request.set_parsed_query(document);
    request
}

/// The variables without a value that may have none in any operation.
fn omitted(document: &ExecutableDocument, given: &HashSet<Name>) -> HashSet<Name> {
    let definitions = || {
        let operations = document.operations.iter();
        operations.flat_map(|(_, operation)| &operation.node.variable_definitions)
    };
    let needed: HashSet<&Name> = definitions()
        .filter(|it| !it.node.var_type.node.nullable || it.node.default_value.is_some())
        .map(|it| &it.node.name.node)
        .collect();
    definitions()
        .map(|it| &it.node.name.node)
        .filter(|name| !given.contains(*name) && !needed.contains(name))
        .cloned()
        .collect()
}

/// Takes uses out, and remembers of which variables.
struct Rest {
    omitted: HashSet<Name>,
    taken: HashSet<Name>,
}

impl Rest {
    fn document(&mut self, document: &mut ExecutableDocument) {
        for fragment in document.fragments.values_mut() {
            self.selections(&mut fragment.node.selection_set.node);
        }
        let operations: Vec<&mut Positioned<OperationDefinition>> = match &mut document.operations {
            DocumentOperations::Single(operation) => vec![operation],
            DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
        };
        let mut kept = Vec::new();
        for operation in operations {
            self.selections(&mut operation.node.selection_set.node);
            kept.push(&mut operation.node.variable_definitions);
        }
        // A definition without a use would be a fault of the document.
        for definitions in kept {
            definitions.retain(|it| !self.taken.contains(&it.node.name.node));
        }
    }

    fn selections(&mut self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            for directive in selection.node.directives_mut() {
                self.arguments(&mut directive.node.arguments);
            }
            match &mut selection.node {
                Selection::Field(field) => {
                    self.arguments(&mut field.node.arguments);
                    self.selections(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&mut fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn arguments(&mut self, arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>) {
        arguments.retain_mut(|(_, value)| self.is_given(&mut value.node));
    }

    /// Whether a value is there at all; what is left out inside of it is taken out.
    fn is_given(&mut self, value: &mut Value) -> bool {
        match value {
            Value::Variable(name) if self.omitted.contains(name) => {
                self.taken.insert(name.clone());
                return false;
            }
            Value::List(items) => {
                for item in items {
                    if !self.is_given(item) {
                        *item = Value::Null;
                    }
                }
            }
            Value::Object(fields) => fields.retain(|_, field| self.is_given(field)),
            Value::Variable(_)
            | Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::Enum(_) => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, InputObject, MaybeUndefined, Object};
    use async_graphql::{Schema, Variables};
    use serde_json::{Value as Json, json};

    use super::*;

    struct Query;

    #[derive(InputObject)]
    struct Levels {
        stop: MaybeUndefined<i32>,
    }

    #[Object]
    impl Query {
        async fn levels(&self, stop: MaybeUndefined<i32>, of: Option<Levels>) -> [String; 2] {
            let inner = of.map(|levels| levels.stop).unwrap_or_default();
            [stop, inner].map(|level| format!("{level:?}"))
        }

        async fn all(&self, of: Vec<Option<i32>>) -> String {
            format!("{of:?}")
        }

        #[graphql(name = "self")]
        async fn itself(&self) -> Query {
            Query
        }
    }

    /// What the query answers; the faults of a document are its answer too.
    async fn ask(query: &str, variables: Json) -> Json {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let request = Request::new(query)
            .variables(Variables::from_json(variables))
            .operation_name("Q");
        let response = schema.execute(taken_out(request)).await;
        match response.errors.first() {
            Some(error) => json!(error.message),
            None => response.data.into_json().unwrap(),
        }
    }

    #[tokio::test]
    async fn what_is_left_out_was_not_given_and_null_was() {
        let query = "query Q($a: Int, $b: Int) { levels(stop: $a, of: { stop: $b }) }";
        for (variables, a, b) in [
            (json!({}), "Undefined", "Undefined"),
            (json!({ "a": null }), "Null", "Undefined"),
            (json!({ "b": null }), "Undefined", "Null"),
            (json!({ "a": 1, "b": 2 }), "Value(1)", "Value(2)"),
        ] {
            assert_eq!(ask(query, variables).await, json!({ "levels": [a, b] }));
        }
    }

    #[tokio::test]
    async fn it_is_found_wherever_it_is_used() {
        let query = "query Q($a: Int) { self { ... { ...F } } all(of: [1, $a]) }
            fragment F on Query { levels(stop: $a) }";
        let told = ask(query, json!({})).await;
        assert_eq!(told["self"]["levels"][0], "Undefined");
        assert_eq!(told["all"], "[Some(1), None]");
    }

    #[tokio::test]
    async fn a_default_counts() {
        let query = "query Q($a: Int = 7) { levels(stop: $a) }";
        assert_eq!(ask(query, json!({})).await["levels"][0], "Value(7)");
        assert_eq!(ask(query, json!({ "a": null })).await["levels"][0], "Null");
    }

    #[tokio::test]
    async fn the_faults_of_a_document_are_still_faults() {
        let unused = ask("query Q($a: Int) { levels }", json!({})).await;
        assert!(unused.as_str().unwrap().contains("not used"), "{unused}");
        let required = ask("query Q($a: Int!) { levels(stop: $a) }", json!({})).await;
        assert!(required.is_string(), "{required}");
        let unknown = ask("query Q { levels(stop: $a) }", json!({})).await;
        assert!(
            unknown.as_str().unwrap().contains("not defined"),
            "{unknown}"
        );
    }

    #[tokio::test]
    async fn other_operations_of_the_document_may_need_it() {
        let query = "query Q($a: Int) { levels(stop: $a) }
            query R($a: Int!) { levels(stop: $a) }
            query S($a: Int) { levels(stop: $a) }";
        assert_eq!(ask(query, json!({})).await["levels"][0], "Null");
        let query = "query Q($a: Int) { levels(stop: $a) } query S($a: Int) { levels(stop: $a) }";
        assert_eq!(ask(query, json!({})).await["levels"][0], "Undefined");
    }
}
