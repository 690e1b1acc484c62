//! The gateway: GraphQL over HTTP, server-sent events and WebSocket, identity, and nothing that
//! decides a game. It writes users, sessions and friendships; everything else it asks of its owner.

mod catalogue;
mod commands;
mod documents;
mod error;
mod feed;
mod gateway;
mod graphql;
mod hub;
mod identity;
mod reference;
mod remembered;
mod settings;
mod throttle;
mod trace;
mod transport;

use std::sync::Arc;

use axum::Router;
use bus::Worker;
use runtime::{Context, Service};

use crate::gateway::Gateway;

pub use reference::{errors_page, schema_sdl};
pub use settings::Settings;

/// What this binary is.
pub const SERVICE: Service = Service {
    name: "web",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// Connects, then serves the API until the context shuts down.
///
/// # Errors
/// Whatever keeps the gateway from starting, in one line.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let (_, routes) = begin(&settings, &context).await?;
    context.mount(routes);
    Ok(())
}

/// As [`serve`], and below `/measured` a list and an order whose rows are in memory, through the
/// same transport and executor: for benchmarks, which compare servers and not their databases.
///
/// # Errors
/// As [`serve`].
#[doc(hidden)]
pub async fn serve_measured(settings: Settings, context: Context) -> anyhow::Result<()> {
    let (gateway, routes) = begin(&settings, &context).await?;
    let schema = Arc::new(graphql::measured(Arc::clone(&gateway)));
    let origins = transport::Origins::parse(&settings.cors)?;
    let hot = Arc::new(graphql::Measured::new(&gateway));
    let limits = settings.limits;
    let measured = transport::routes(schema, hot, gateway, limits, origins, context.clone());
    context.mount(routes.nest("/measured", measured));
    Ok(())
}

/// Connects and starts what runs by itself; answers with what is to be mounted.
async fn begin(settings: &Settings, context: &Context) -> anyhow::Result<(Arc<Gateway>, Router)> {
    let origins = transport::Origins::parse(&settings.cors)?;
    let gateway = Gateway::connect(settings, context).await?;
    let (db, clock) = (gateway.db.clone(), context.clock.clone());
    let forgetting = identity::forget(db, clock, context.shutdown());
    context.spawn("forgetting", forgetting);
    let seeing_off = identity::see_off(gateway.clone(), context.shutdown());
    context.spawn("seeing_off", seeing_off);
    Worker {
        context,
        bus: &gateway.bus,
        db: &gateway.db,
    }
    .relay();
    let schema = Arc::new(graphql::schema(gateway.clone())?);
    let limits = settings.limits.clone();
    let hot = Arc::new(graphql::Api);
    let routes = transport::routes(
        schema,
        hot,
        gateway.clone(),
        limits,
        origins,
        context.clone(),
    );
    Ok((gateway, routes))
}
