//! The schema: types, queries, mutations and subscriptions, and the rules of who may see what.

mod access;
mod audience;
mod boundary;
mod chosen;
mod document;
mod loaders;
mod measured;
mod mutation;
mod nulls;
mod object;
mod omitted;
mod page;
mod payload;
mod plan;
mod query;
mod scalar;
mod scan;
mod scope;
mod sound;
mod subscription;

use std::sync::Arc;

use async_graphql::{ObjectType, Request, Schema, SchemaBuilder, SubscriptionType};
use runtime::Mode;

use self::boundary::Boundary;
use self::measured::MeasuredSchema;
use self::mutation::Mutation;
use self::query::Query;
use self::sound::Once;
use self::subscription::Subscription;
use crate::gateway::Gateway;
use crate::identity::Visitor;

pub(crate) use self::access::Unstated;
pub(crate) use self::audience::{Audience, audience};
pub(crate) use self::chosen::{chosen, operation};
pub(crate) use self::document::{check_given, read as read_document};
pub(crate) use self::nulls::put as put_nulls;
pub(crate) use self::plan::{Api, Call, Hot, Measured, Plan};
pub(crate) use self::scalar::DateTime;
pub(crate) use self::sound::{Question, Sound};

/// The schema with everything that its resolvers need.
pub(crate) type ApiSchema = Schema<Query, Mutation, Subscription>;

/// Builds the schema over `gateway`. Refuses a field without a stated rule. In production nobody is
/// told what the schema is, nor what they may have meant.
pub(crate) fn schema(gateway: Arc<Gateway>) -> Result<ApiSchema, Unstated> {
    access::check(&sdl())?;
    Ok(finish(builder(), gateway))
}

/// A list and an order over memory, under the same rules.
pub(crate) fn measured(gateway: Arc<Gateway>) -> MeasuredSchema {
    finish(measured::builder(&gateway), gateway)
}

fn finish<Q, M, S>(builder: SchemaBuilder<Q, M, S>, gateway: Arc<Gateway>) -> Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let limits = &gateway.limits;
    let builder = match gateway.mode {
        Mode::Development => builder,
        Mode::Production => builder.disable_introspection().disable_suggestions(),
    };
    builder
        .limit_depth(limits.depth)
        .limit_complexity(limits.complexity)
        .extension(Once)
        .extension(Boundary)
        .data(gateway)
        .finish()
}

/// The schema in its own language.
pub(crate) fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .use_space_ident()
        .include_specified_by();
    builder().finish().sdl_with_options(options)
}

/// `request` as it is executed: without what it leaves out, with who sends it and what its resolvers
/// load together.
pub(crate) fn prepared(request: Request, gateway: &Arc<Gateway>, visitor: Arc<Visitor>) -> Request {
    let request = omitted::taken_out(request);
    request.data(loaders::of(gateway, &visitor)).data(visitor)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .register_output_type::<object::Node>()
    .register_output_type::<object::Player>()
}
