//! What every request passes before it is executed, whichever way it came: the limits of its sender,
//! the documents that are known, and the limits of a document.

use std::sync::Arc;

use async_graphql::{Response, Variables};
use axum::http::StatusCode;
use contracts::Code;
use contracts::commands::Refused;

use super::Front;
use super::operations::Operation;
use super::request::Parameters;
use super::response::Answer;
use super::standing::Counted;
use crate::error::ApiError;
use crate::identity::Visitor;
use crate::trace::TraceId;

/// A request that may be executed.
pub(super) struct Admitted {
    pub(super) operation: Arc<Operation>,
    pub(super) variables: Variables,
    /// The document as its sender wrote it.
    pub(super) document: Arc<str>,
}

impl Front {
    /// The request that the parameters make, or the answer to whoever may not have it executed.
    pub(super) async fn admit(
        &self,
        parameters: Result<Parameters, Refused>,
        visitor: &Visitor,
        trace: TraceId,
    ) -> Result<Admitted, Answer> {
        self.let_pass(visitor, trace).await?;
        let asked = parameters.and_then(Parameters::asked);
        let asked = asked.map_err(|refusal| Answer::malformed(refusal, trace))?;
        let documents = &self.gateway.documents;
        let text = documents.find(&asked.document).map_err(|error| {
            let status = status_of(&error);
            Answer::refused(error, status, trace)
        })?;
        let at_fault = |fault| Answer::executed(Response::from_errors(vec![fault]), trace);
        let name = asked.operation_name.as_deref();
        let operation = self.operations.find(&text, name).map_err(at_fault)?;
        documents.remember(&asked.document, &text);
        operation.check_given(&asked.variables).map_err(at_fault)?;
        Ok(Admitted {
            operation,
            variables: asked.variables,
            document: text,
        })
    }

    /// Counts one more request of the visitor, unless it is one too many.
    pub(super) async fn let_pass(&self, visitor: &Visitor, trace: TraceId) -> Result<(), Answer> {
        let passed = self.gateway.throttle.pass(visitor).await;
        passed.map_err(|error| Answer::refused(error, StatusCode::TOO_MANY_REQUESTS, trace))
    }

    /// Counts one more socket or stream of events of the visitor, unless it is one too many.
    pub(super) fn stands(&self, visitor: &Visitor, trace: TraceId) -> Result<Counted, Answer> {
        let counted = self.standing.count(visitor.origin.customer());
        counted.map_err(|error| Answer::refused(error, StatusCode::TOO_MANY_REQUESTS, trace))
    }
}

/// A request that contradicts itself is none; any other may be right, but has no document here.
fn status_of(error: &ApiError) -> StatusCode {
    if error.code() == Code::BadUserInput {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}
