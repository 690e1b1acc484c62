//! Prepared plans: hot operations without the executor. A plan knows which fields of one root field are
//! asked for and writes them as they are read, straight into the answer.
//!
//! It says what the executor would say, to the byte, or leaves the request to it: where an argument is
//! not what it should be, where more rows are asked for than the executor has let through, and where
//! the executor has not yet found the document to be sound.

mod arguments;
mod hot;
mod json;
mod shape;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::dataloader::DataLoader;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection};
use async_graphql::{PathSegment, Pos, ServerError, Variables};
use futures::future::BoxFuture;

use super::access;
use super::chosen::operation;
use super::loaders::{self, Loaders};
use super::scope::Scope;
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;
use crate::identity::Visitor;

pub(crate) use self::hot::{Api, Hot, Measured};
pub(crate) use self::json::Leaf;
pub(crate) use self::shape::{Chosen, Planned, Write, leaves};

/// Somebody's request.
pub(crate) struct Call {
    gateway: Arc<Gateway>,
    visitor: Arc<Visitor>,
    loaders: OnceLock<DataLoader<Loaders>>,
}

impl Call {
    pub(crate) fn new(gateway: Arc<Gateway>, visitor: Visitor) -> Self {
        Self {
            gateway,
            visitor: Arc::new(visitor),
            loaders: OnceLock::new(),
        }
    }

    /// Whoever asks, for the executor.
    pub(crate) fn into_visitor(self) -> Arc<Visitor> {
        self.visitor
    }
}

impl Scope for Call {
    fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    fn loaders(&self) -> &DataLoader<Loaders> {
        self.loaders
            .get_or_init(|| loaders::of(&self.gateway, &self.visitor))
    }
}

/// How a root field is executed. `None` is for the executor to say.
pub(crate) trait Execute: Send + Sync {
    /// How many rows these variables ask for.
    fn rows(&self, variables: &Variables) -> Option<u32>;

    /// Appends the field's value to what is answered, where fewer rows are asked for than `below`.
    fn execute<'c>(
        &'c self,
        call: &'c Call,
        variables: &Variables,
        below: u32,
    ) -> Option<Executing<'c>>;
}

/// The value of a field, being found out: what is answered so far goes in, and comes out with it.
pub(crate) type Executing<'c> =
    Box<dyn FnOnce(Vec<u8>) -> BoxFuture<'c, ApiResult<Vec<u8>>> + Send + 'c>;

/// How an operation is executed.
pub(crate) struct Plan {
    root_type: &'static str,
    field: String,
    key: String,
    pos: Pos,
    execute: Box<dyn Execute>,
    /// One more than the most rows that the executor has let through; 0 while it has let through none.
    proven: AtomicU32,
}

impl Plan {
    /// The plan of a document's operation, if it is one of the hot ones.
    pub(crate) fn of(
        document: &ExecutableDocument,
        name: Option<&str>,
        hot: &dyn Hot,
    ) -> Option<Self> {
        let operation = operation(document, name)?;
        let root_type = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => return None,
        };
        let mut variables = operation.variable_definitions.iter();
        let has_default = variables.any(|it| it.node.default_value.is_some());
        if has_default || !operation.directives.is_empty() {
            return None;
        }
        let [selection] = operation.selection_set.node.items.as_slice() else {
            return None;
        };
        let Selection::Field(field) = &selection.node else {
            return None;
        };
        let execute = hot.find(root_type, &Chosen::of(document, &field.node)?)?;
        Some(Self {
            root_type,
            field: field.node.name.node.to_string(),
            key: field.node.response_key().node.to_string(),
            pos: selection.pos,
            execute,
            proven: AtomicU32::new(0),
        })
    }

    /// Remembers that the executor has found these variables, and with them the document, to be sound.
    pub(crate) fn prove(&self, variables: &Variables) {
        if let Some(rows) = self.execute.rows(variables) {
            self.proven
                .fetch_max(rows.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Executes the operation; `None` is for the executor to do.
    pub(crate) async fn run(
        &self,
        call: &Call,
        variables: &Variables,
    ) -> Option<Result<String, ServerError>> {
        let proven = self.proven.load(Ordering::Relaxed);
        let executing = self.execute.execute(call, variables, proven)?;
        let allowed = access::allow(self.root_type, &self.field, &call.visitor).await;
        let executed = match allowed {
            Ok(()) => executing(self.begun()).await,
            Err(refusal) => Err(refusal),
        };
        let finished = executed.and_then(|mut answer| {
            answer.extend_from_slice(b"}}");
            String::from_utf8(answer).map_err(ApiError::internal)
        });
        Some(finished.map_err(|error| self.at_fault(error)))
    }

    /// What comes before the value of the field.
    fn begun(&self) -> Vec<u8> {
        let mut answer = br#"{"data":{"#.to_vec();
        json::write(&self.key, &mut answer);
        answer.push(b':');
        answer
    }

    /// An error as the executor tells it: the fields are never null, so that all of the data is.
    fn at_fault(&self, error: ApiError) -> ServerError {
        let error = async_graphql::Error::from(error).into_server_error(self.pos);
        ServerError {
            path: vec![PathSegment::Field(self.key.clone())],
            ..error
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
    use serde_json::json;

    use super::*;

    /// What has to be looked up for each object, together with that of others.
    const LOOKED_UP: [&str; 4] = ["match", "participant", "gameMatchParticipantID", "node"];

    fn plan(text: &str) -> Option<Plan> {
        Plan::of(&parse_query(text).unwrap(), None, &Api)
    }

    /// The fields of a type.
    fn fields(name: &str) -> Vec<String> {
        let document = parse_schema(crate::graphql::sdl()).unwrap();
        let found = document.definitions.into_iter().find_map(|definition| {
            let TypeSystemDefinition::Type(found) = definition else {
                return None;
            };
            let is_meant = found.node.name.node == name;
            let TypeKind::Object(object) = found.node.kind else {
                return None;
            };
            is_meant.then_some(object.fields)
        });
        let found = found.unwrap().into_iter();
        found
            .map(|field| field.node.name.node.to_string())
            .collect()
    }

    #[test]
    fn every_field_that_is_not_looked_up_has_its_place_in_a_plan() {
        for (of, text) in [
            ("Asset", "{ assets { edges { node { FIELD } } } }"),
            ("PageInfo", "{ assets { pageInfo { FIELD } } }"),
            (
                "GameMatchPosition",
                "{ gameMatchPositions { edges { node { FIELD } } } }",
            ),
        ] {
            for field in fields(of) {
                let found = plan(&text.replace("FIELD", &field)).is_some();
                assert_eq!(found, !LOOKED_UP.contains(&field.as_str()), "{of}.{field}");
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_executor() {
        for text in [
            "{ profile { id } }",
            "{ a: assets { totalCount } b: assets { totalCount } }",
            "{ assets { edges { node { id id } } } }",
            "{ assets { edges { node { id @skip(if: true) } } } }",
            "{ assets @include(if: true) { totalCount } }",
            "{ ... { assets { totalCount } } }",
            "{ assets { edges { node { ... on Node { id } } } } }",
            "{ assets { ...F } } fragment F on AssetConnection { ...F }",
            "{ assets { edges { node { nothing } } } }",
            "{ assets { edges { node { id { x } } } } }",
            "{ assets { pageInfo } }",
            "query($n: Int = 3) { assets(first: $n) { totalCount } }",
            "subscription { assetsUpdated { id } }",
        ] {
            assert!(plan(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_plan_takes_what_the_executor_has_let_through_and_no_more_rows() {
        let plan = plan("query($n: Int) { assets(first: $n) { totalCount } }").unwrap();
        let takes = |rows: serde_json::Value| {
            let variables = Variables::from_json(json!({ "n": rows }));
            let rows = plan.execute.rows(&variables);
            rows.is_some_and(|rows| rows < plan.proven.load(Ordering::Relaxed))
        };
        assert!(!takes(json!(1)));
        plan.prove(&Variables::from_json(json!({ "n": "x" })));
        assert!(!takes(json!(0)));
        plan.prove(&Variables::from_json(json!({ "n": 2 })));
        for (rows, expected) in [
            (json!(0), true),
            (json!(2), true),
            (json!(3), false),
            // The rows of a page whose size is not given.
            (json!(null), false),
            (json!("x"), false),
        ] {
            assert_eq!(takes(rows.clone()), expected, "{rows}");
        }
    }
}
