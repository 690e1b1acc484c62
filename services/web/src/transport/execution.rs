//! Executing a request, whichever way it came.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{ObjectType, Request, Response, Schema, SubscriptionType};
use axum::http::StatusCode;
use contracts::Code;
use futures::future::{self, BoxFuture};
use futures::stream::{self, BoxStream};
use futures::{FutureExt, Stream, StreamExt};
use tokio::time::timeout;

use super::Front;
use super::admission::Admitted;
use super::mailbox::Address;
use super::operations::Operation;
use super::response::{Answer, Said};
use super::sharing::Key;
use crate::error::ApiError;
use crate::graphql::{self, Audience, Call};
use crate::identity::Visitor;
use crate::trace::TraceId;

/// A schema, whichever it is.
pub(crate) trait Executes: Send + Sync {
    /// Executes a query or mutation.
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;

    /// Executes a subscription.
    fn subscribe(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<Q, M, S> Executes for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        self.execute(request).boxed()
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request).boxed()
    }
}

/// A resolver broke: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("a resolver panicked")]
struct Panicked;

impl Front {
    /// Executes a query or mutation within the limit of time.
    pub(super) async fn execute(
        &self,
        admitted: Admitted,
        visitor: Visitor,
        trace: TraceId,
    ) -> Answer {
        let kind = admitted.operation.kind;
        let executing = self.run(admitted, visitor, trace);
        let executing = AssertUnwindSafe(executing).catch_unwind();
        match timeout(self.limits.time(), executing).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => broken(trace),
            Err(_elapsed) => {
                // What a mutation has begun may still come about.
                let code = match kind {
                    Some(OperationType::Mutation) => Code::OutcomeUnknown,
                    Some(OperationType::Query | OperationType::Subscription) | None => {
                        Code::ServiceUnavailable
                    }
                };
                let error = ApiError::of(code);
                Answer::refused(error, StatusCode::SERVICE_UNAVAILABLE, trace)
            }
        }
    }

    /// Executes a query or mutation, by its plan where there is one that can.
    async fn run(&self, admitted: Admitted, visitor: Visitor, trace: TraceId) -> Answer {
        let Admitted {
            operation,
            variables,
            ..
        } = admitted;
        let Some(plan) = &operation.plan else {
            let request = graphql::prepared(
                operation.request(variables),
                &self.gateway,
                Arc::new(visitor),
            );
            let response = self.schema.execute(request).await;
            return Answer::executed(operation.completed(response), trace);
        };
        let call = Call::new(Arc::clone(&self.gateway), visitor);
        if let Some(planned) = plan.run(&call, &variables).await {
            return match planned {
                Ok(text) => Answer::written(text),
                Err(error) => Answer::executed(Response::from_errors(vec![error]), trace),
            };
        }
        let request = operation.request(variables.clone());
        let request = graphql::prepared(request, &self.gateway, call.into_visitor());
        let response = self.schema.execute(request).await;
        let answer = Answer::executed(operation.completed(response), trace);
        if !answer.is_of_a_document() {
            plan.prove(&variables);
        }
        answer
    }

    /// Executes any operation: a subscription says something until it ends, anything else once. What
    /// it shares with others comes to the address, for as long as the stream is kept, which is then
    /// silent.
    pub(super) async fn said(
        self,
        admitted: Admitted,
        visitor: Visitor,
        trace: TraceId,
        address: Address,
    ) -> BoxStream<'static, Said> {
        if admitted.operation.kind != Some(OperationType::Subscription) {
            let answer = async move { self.execute(admitted, visitor, trace).await.into() };
            return stream::once(answer).boxed();
        }
        let Admitted {
            operation,
            variables,
            document,
        } = admitted;
        let audience = operation.audience(&variables);
        let request = operation.request(variables);
        let Some(audience) = self.heard_with(audience, &visitor).await else {
            return self.subscribe(operation, request, visitor, trace).boxed();
        };
        let key = Key::new(document, &request, audience);
        let begin = || self.subscribe(operation, request, visitor, trace).boxed();
        let place = self.shares.join(key, address, begin);
        let silence = async move {
            let _kept = place;
            future::pending().await
        };
        stream::once(silence).boxed()
    }

    /// Those whom the visitor hears the same with, if he may hear it.
    async fn heard_with(&self, audience: Option<Audience>, visitor: &Visitor) -> Option<Audience> {
        match audience? {
            Audience::Everybody => audience,
            Audience::Players(battle) => {
                // Whoever may not hear it is told so by the resolver.
                let user = visitor.signed_in().await.ok()?.user;
                let plays = self.gateway.plays(battle, user).await.ok()?;
                audience.filter(|_| plays)
            }
        }
    }

    /// Executes a subscription for one visitor. A resolver that panics ends it, and nothing else.
    fn subscribe(
        &self,
        operation: Arc<Operation>,
        request: Request,
        visitor: Visitor,
        trace: TraceId,
    ) -> impl Stream<Item = Said> + Send + use<> {
        let request = graphql::prepared(request, &self.gateway, Arc::new(visitor));
        let responses = AssertUnwindSafe(self.schema.subscribe(request)).catch_unwind();
        responses.map(move |response| {
            let answer = match response {
                Ok(response) => Answer::executed(operation.completed(response), trace),
                Err(_panic) => broken(trace),
            };
            Said::from(answer)
        })
    }
}

fn broken(trace: TraceId) -> Answer {
    let error = ApiError::internal(Panicked);
    Answer::refused(error, StatusCode::INTERNAL_SERVER_ERROR, trace)
}
