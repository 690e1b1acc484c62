//! Puts the parts together and sets them going.

use std::future::Future;
use std::sync::Arc;

use bus::{Bus, Consumer, Delivery, Failure};
use contracts::{Service, Stream};
use runtime::{Context, ids};
use store::Db;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::app::App;
use crate::exchange_clock::ExchangeClock;
use crate::handlers::{
    battle_sealed, cancel_battle, create_game, delete_game, join, leave, update_game,
};
use crate::leader;
use crate::settings::Settings;

/// This service.
pub const SERVICE: runtime::Service = runtime::Service {
    name: "matcher",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// The streams that it reads, or publishes to through its outbox.
const STREAMS: &[Stream] = &[
    Stream::Market,
    Stream::Arena,
    Stream::Matchmaking,
    Stream::Battles,
    Stream::Commands,
    Stream::Notifications,
];

/// Runs the matcher until the context shuts down.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let db = Db::connect(&settings.postgres, Service::Matcher).await?;
    let bus = Bus::connect(&settings.nats, SERVICE.name).await?;
    bus.check_streams(STREAMS).await?;
    watch(&context, &db, &bus);
    let app = Arc::new(App {
        exchange: ExchangeClock::new(context.clock.clone(), bus.clone()),
        wall: context.clock.clone(),
        rewards: settings.rewards,
        joined: Notify::new(),
        db,
        bus,
    });

    hear(&context, &app, create_game::CONSUMER, create_game::handle);
    hear(&context, &app, update_game::CONSUMER, update_game::handle);
    hear(&context, &app, delete_game::CONSUMER, delete_game::handle);
    hear(
        &context,
        &app,
        cancel_battle::CONSUMER,
        cancel_battle::handle,
    );
    hear(&context, &app, join::CONSUMER, join::handle);
    hear(&context, &app, leave::CONSUMER, leave::handle);
    hear(
        &context,
        &app,
        battle_sealed::CONSUMER,
        battle_sealed::handle,
    );
    let relay = app.bus.clone().relay(app.db.clone(), context.shutdown());
    context.spawn("outbox relay", async move { Ok(relay.await?) });
    let owner: Uuid = ids::mint();
    let leading = leader::run(app, settings.leader, owner.to_string(), context.shutdown());
    context.spawn("leader", leading);
    Ok(())
}

fn watch(context: &Context, db: &Db, bus: &Bus) {
    let (db, bus) = (db.clone(), bus.clone());
    context.health.watch("postgres", move || {
        let db = db.clone();
        async move { Ok(db.ping().await?) }
    });
    context.health.watch("nats", move || {
        let bus = bus.clone();
        async move { Ok(bus.ping().await?) }
    });
}

/// Hands every delivery of `consumer` to `handle`.
fn hear<H, F>(context: &Context, app: &Arc<App>, consumer: Consumer, handle: H)
where
    H: Fn(Arc<App>, Delivery) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let (name, app) = (consumer.name, Arc::clone(app));
    let (bus, db) = (app.bus.clone(), app.db.clone());
    let handler = move |delivery| handle(Arc::clone(&app), delivery);
    let consuming = bus.consume(db, consumer, handler, context.shutdown());
    context.spawn(name, async move { Ok(consuming.await?) });
}
