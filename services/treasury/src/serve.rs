//! Puts the parts together and sets them going.

use std::future::Future;

use bus::{Bus, Consumer, Delivery, Failure};
use contracts::{Service, Stream};
use runtime::Context;
use store::Db;

use crate::app::App;
use crate::auditor;
use crate::handlers::{claim_items, claim_play_money, create_wallet};
use crate::settings::Settings;

/// This service.
pub const SERVICE: runtime::Service = runtime::Service {
    name: "treasury",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// The streams that it reads, or publishes to through its outbox.
const STREAMS: &[Stream] = &[Stream::Commands, Stream::Treasury];

/// Runs the treasury until the context shuts down.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let db = Db::connect(&settings.postgres, Service::Treasury).await?;
    let bus = Bus::connect(&settings.nats, SERVICE.name).await?;
    bus.check_streams(STREAMS).await?;
    watch(&context, &db, &bus);
    let app = App {
        clock: context.clock.clone(),
        mode: context.mode,
        play_money: settings.play_money,
        items: settings.items,
        db,
        bus,
    };

    hear(
        &context,
        &app,
        create_wallet::CONSUMER,
        create_wallet::handle,
    );
    hear(
        &context,
        &app,
        claim_play_money::CONSUMER,
        claim_play_money::handle,
    );
    hear(&context, &app, claim_items::CONSUMER, claim_items::handle);
    let relay = app.bus.relay(app.db.clone(), context.shutdown());
    context.spawn("outbox relay", async move { Ok(relay.await?) });
    let auditing = auditor::run(app.db, settings.audit.interval(), context.shutdown());
    context.spawn("auditor", auditing);
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
fn hear<H, F>(context: &Context, app: &App, consumer: Consumer, handle: H)
where
    H: Fn(App, Delivery) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let (name, app) = (consumer.name, app.clone());
    let (bus, db) = (app.bus.clone(), app.db.clone());
    let handler = move |delivery| handle(app.clone(), delivery);
    let consuming = bus.consume(db, consumer, handler, context.shutdown());
    context.spawn(name, async move { Ok(consuming.await?) });
}
