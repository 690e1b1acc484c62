//! Executing a request, whichever way it came.

use async_graphql::parser::types::OperationType;
use async_graphql::{Pos, Request, Response, ServerError};
use contracts::Code;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::time::timeout;

use super::Front;
use super::request::operation_type;
use super::response::Answer;
use crate::error::ApiError;
use crate::graphql;
use crate::identity::Visitor;
use crate::trace::TraceId;

impl Front {
    /// Executes a query or mutation within the limit of time.
    pub(super) async fn execute(
        &self,
        mut request: Request,
        visitor: Visitor,
        trace: TraceId,
    ) -> Answer {
        let kind = operation_type(&mut request);
        let request = graphql::prepared(request, &self.gateway, visitor);
        let response = timeout(self.limits.time(), self.schema.execute(request)).await;
        let response = response.unwrap_or_else(|_elapsed| {
            // What a mutation has begun may still come about.
            let code = match kind {
                Some(OperationType::Mutation) => Code::OutcomeUnknown,
                Some(OperationType::Query | OperationType::Subscription) | None => {
                    Code::ServiceUnavailable
                }
            };
            Response::from_errors(vec![error(code)])
        });
        Answer::executed(response, trace)
    }

    /// Executes any operation: a subscription answers until it ends, anything else once.
    pub(super) fn answers(
        self,
        mut request: Request,
        visitor: Visitor,
        trace: TraceId,
    ) -> BoxStream<'static, Answer> {
        if operation_type(&mut request) == Some(OperationType::Subscription) {
            let request = graphql::prepared(request, &self.gateway, visitor);
            let responses = self.schema.execute_stream(request);
            return responses
                .map(move |response| Answer::executed(response, trace))
                .boxed();
        }
        stream::once(async move { self.execute(request, visitor, trace).await }).boxed()
    }
}

fn error(code: Code) -> ServerError {
    async_graphql::Error::from(ApiError::of(code)).into_server_error(Pos::default())
}
