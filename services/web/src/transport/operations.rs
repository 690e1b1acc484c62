//! Operations that somebody has asked for before: read and checked once, and then known.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, Response, ServerError, Variables};
use moka::sync::Cache;
use runtime::Mode;
use sha2::{Digest, Sha256};

use crate::graphql::{self, Hot, Plan, Question, Sound};
use crate::settings::Limits;

/// How much is known at once, in bytes. What is asked for most is kept.
const MOST_BYTES: u64 = 64 << 20;

/// How many bytes knowing an operation takes for each of its document's: every field of a line becomes
/// a few hundred.
const BYTES_PER_BYTE: usize = 32;

/// An operation of a document that was found to be within the limits.
pub(super) struct Operation {
    key: [u8; 32],
    sound: Sound,
    document: ExecutableDocument,
    name: Option<String>,
    /// What it does; `None` where there is none to choose, which its execution will say.
    pub(super) kind: Option<OperationType>,
    /// How it is executed, if it is one of the hot ones.
    pub(super) plan: Option<Plan>,
    /// About how many bytes knowing it takes.
    weight: u32,
}

impl Operation {
    /// Finds fault with variables among which one is missing.
    pub(super) fn check_given(&self, variables: &Variables) -> Result<(), ServerError> {
        graphql::check_given(&self.document, self.name.as_deref(), variables)
    }

    /// Who hears the same of it.
    pub(super) fn audience(&self, variables: &Variables) -> Option<graphql::Audience> {
        graphql::audience(&self.document, self.name.as_deref(), variables)
    }

    /// What the executor made of it, with nulls where something failed.
    pub(super) fn completed(&self, mut response: Response) -> Response {
        if !response.errors.is_empty() {
            graphql::put_nulls(&mut response, &self.document, self.name.as_deref());
        }
        response
    }

    /// What the executor takes.
    pub(super) fn request(&self, variables: Variables) -> Request {
        let question = Question::of(&self.key, &variables, &self.sound);
        let mut request = Request::new("").variables(variables);
        if let Some(question) = question {
            request = request.data(question);
        }
        request.set_parsed_query(self.document.clone());
        request.operation_name.clone_from(&self.name);
        request
    }
}

/// The operations that are known. Cheap to clone.
#[derive(Clone)]
pub(super) struct Operations {
    hot: Arc<dyn Hot>,
    limits: Arc<Limits>,
    mode: Mode,
    known: Cache<[u8; 32], Arc<Operation>>,
    sound: Sound,
}

impl Operations {
    pub(super) fn new(hot: Arc<dyn Hot>, limits: &Limits, mode: Mode) -> Self {
        Self {
            hot,
            limits: Arc::new(limits.clone()),
            mode,
            known: Cache::builder()
                .max_capacity(MOST_BYTES)
                .weigher(|_, operation: &Arc<Operation>| operation.weight)
                .build(),
            sound: Sound::default(),
        }
    }

    /// The operation of this name in a document.
    pub(super) fn find(
        &self,
        text: &str,
        name: Option<&str>,
    ) -> Result<Arc<Operation>, ServerError> {
        let key = key(text, name);
        if let Some(known) = self.known.get(&key) {
            return Ok(known);
        }
        let operation = Arc::new(self.read(key, text, name)?);
        self.known.insert(key, Arc::clone(&operation));
        Ok(operation)
    }

    fn read(
        &self,
        key: [u8; 32],
        text: &str,
        name: Option<&str>,
    ) -> Result<Operation, ServerError> {
        let document = graphql::read_document(text, &self.limits, self.mode)?;
        let document = graphql::chosen(document, name)?;
        Ok(Operation {
            key,
            sound: self.sound.clone(),
            kind: graphql::operation(&document, name).map(|operation| operation.ty),
            plan: Plan::of(&document, name, &*self.hot),
            name: name.map(str::to_owned),
            document,
            weight: u32::try_from(text.len().saturating_mul(BYTES_PER_BYTE)).unwrap_or(u32::MAX),
        })
    }
}

fn key(text: &str, name: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    // No name holds a zero byte that a document could begin with.
    hash.update(name.unwrap_or_default());
    hash.update([0]);
    hash.update(text);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::Api;

    const TWO: &str = "query A { assets { totalCount } } mutation B { claimItems(kind: X) { x } }";

    fn operations() -> Operations {
        let limits = Limits {
            tokens: 100,
            complexity: 100,
            root_fields: 1,
            root_mutations: 1,
            ..Limits::default()
        };
        Operations::new(Arc::new(Api), &limits, Mode::Development)
    }

    #[test]
    fn the_operations_of_a_document_are_told_apart() {
        let operations = operations();
        let find = |name| operations.find(TWO, name).unwrap();
        for (name, kind, has_plan) in [
            (Some("A"), Some(OperationType::Query), true),
            (Some("B"), Some(OperationType::Mutation), false),
            (Some("C"), None, false),
        ] {
            let found = find(name);
            assert_eq!(
                (found.kind, found.plan.is_some()),
                (kind, has_plan),
                "{name:?}"
            );
            assert!(Arc::ptr_eq(&found, &find(name)), "{name:?} is read once");
        }
    }

    #[test]
    fn what_is_known_has_an_end() {
        let operations = operations();
        for number in 0..50 {
            let text = format!("{{ a{number} }}#{}", "x".repeat(60_000));
            operations.find(&text, None).unwrap();
        }
        operations.known.run_pending_tasks();
        assert!(operations.known.weighted_size() <= MOST_BYTES);
        assert!(operations.known.entry_count() > 0);
    }
}
