//! Puts the parts together and sets them going.

use bus::{Bus, Worker};
use contracts::{Service, Stream};
use runtime::Context;
use store::Db;
use tokio::sync::mpsc::channel;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::arena::Arena;
use crate::beside::Beside;
use crate::readiness::Readiness;
use crate::seal;
use crate::settings::Settings;

/// This service.
pub const SERVICE: runtime::Service = runtime::Service {
    name: "arena",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// The streams that it reads, or publishes to through its outbox.
const STREAMS: &[Stream] = &[
    Stream::Market,
    Stream::Positions,
    Stream::Arena,
    Stream::Battles,
];

/// Runs the arena until the context shuts down.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let db = Db::connect(&settings.postgres, Service::Arena).await?;
    let bus = Bus::connect(&settings.nats, SERVICE.name).await?;
    bus.check_streams(STREAMS).await?;
    let readiness = Readiness::watch(&context.health);
    let (beside, told) = Beside::new(context.clone());
    let app = App {
        db,
        bus,
        clock: context.clock.clone(),
        beside,
    };
    let (bus, db) = (&app.bus, &app.db);
    Worker {
        context: &context,
        bus,
        db,
    }
    .watch();

    let (sealer, work) = channel(seal::WAITING);
    let sealing = seal::run(app.clone(), work, context.shutdown());
    context.spawn("sealer", async move {
        sealing.await;
        Ok(())
    });
    // The relay goes last: the arena's last commits announce, too.
    let told_everything = CancellationToken::new();
    let relay = app
        .bus
        .clone()
        .relay(app.db.clone(), told_everything.clone());
    context.spawn("outbox relay", async move { Ok(relay.await?) });
    let every = settings.leaderboard.every_ms.duration();
    let arena = Arena::new(app, settings.shards, every, sealer, told, readiness);
    let shutdown = context.shutdown();
    context.spawn("shards", async move {
        let ended = Box::pin(arena.run(&shutdown)).await;
        told_everything.cancel();
        Ok(ended?)
    });
    Ok(())
}
