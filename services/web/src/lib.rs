//! The gateway: GraphQL over HTTP, server-sent events and WebSocket, identity, and nothing that
//! decides a game. It writes users and sessions; everything else it asks of its owner.

mod catalogue;
mod commands;
mod error;
mod gateway;
mod graphql;
mod hub;
mod identity;
mod reference;
mod settings;
mod trace;
mod transport;

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
    let cors = transport::cors_layer(&settings.cors)?;
    let gateway = Gateway::connect(&settings, &context).await?;
    let (db, clock) = (gateway.db.clone(), context.clock.clone());
    let forgetting = identity::forget(db, clock, context.shutdown());
    context.spawn("forgetting", forgetting);
    let seeing_off = identity::see_off(gateway.clone(), context.shutdown());
    context.spawn("seeing_off", seeing_off);
    let schema = graphql::schema(gateway.clone())?;
    let limits = settings.limits;
    context.mount(transport::routes(
        schema,
        gateway,
        limits,
        cors,
        context.clone(),
    ));
    Ok(())
}
