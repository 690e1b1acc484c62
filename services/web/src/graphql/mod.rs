//! The schema: types, queries, mutations and subscriptions, and the rules of who may see what.

mod access;
mod boundary;
mod loaders;
mod mutation;
mod object;
mod omitted;
mod page;
mod payload;
mod query;
mod scalar;
mod scope;
mod subscription;

use std::sync::Arc;

use async_graphql::{Request, Schema, SchemaBuilder};

use self::boundary::Boundary;
use self::mutation::Mutation;
use self::query::Query;
use self::subscription::Subscription;
use crate::gateway::Gateway;
use crate::identity::Visitor;

pub(crate) use self::access::Unstated;

/// The schema with everything that its resolvers need.
pub(crate) type ApiSchema = Schema<Query, Mutation, Subscription>;

/// Builds the schema over `gateway`. Refuses a field without a stated rule.
pub(crate) fn schema(gateway: Arc<Gateway>) -> Result<ApiSchema, Unstated> {
    access::check(&sdl())?;
    let limits = &gateway.limits;
    Ok(builder()
        .limit_depth(limits.depth)
        .limit_complexity(limits.complexity)
        .extension(Boundary)
        .data(gateway)
        .finish())
}

/// The schema in its own language.
pub(crate) fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .use_space_ident()
        .prefer_single_line_descriptions();
    builder().finish().sdl_with_options(options)
}

/// `request` as it is executed: without what it leaves out, with who sends it and what its resolvers
/// load together.
pub(crate) fn prepared(request: Request, gateway: &Arc<Gateway>, visitor: Visitor) -> Request {
    let visitor = Arc::new(visitor);
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
