//! Puts the parts together and sets them going.

use bus::{Bus, Worker};
use contracts::{Service, Stream};
use runtime::Context;
use store::Db;

use crate::app::App;
use crate::auditor;
use crate::handlers::{claim_items, claim_play_money, create_wallet};
use crate::settings::Settings;
use crate::sweeper;

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
    let app = App {
        clock: context.clock.clone(),
        mode: context.mode,
        play_money: settings.play_money,
        items: settings.items,
        db,
        bus,
    };
    let worker = Worker {
        context: &context,
        bus: &app.bus,
        db: &app.db,
    };
    worker.watch();

    worker.hear(&app, create_wallet::CONSUMER, create_wallet::handle);
    worker.hear(&app, claim_play_money::CONSUMER, claim_play_money::handle);
    worker.hear(&app, claim_items::CONSUMER, claim_items::handle);
    worker.relay();
    let interval = settings.holds.expire_interval();
    let sweeping = sweeper::run(
        app.db.clone(),
        app.clock.clone(),
        interval,
        context.shutdown(),
    );
    context.spawn("sweeper", sweeping);
    let interval = settings.audit.interval();
    let auditing = auditor::run(app.db, app.clock, interval, context.shutdown());
    context.spawn("auditor", auditing);
    Ok(())
}
