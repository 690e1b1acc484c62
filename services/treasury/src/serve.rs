//! Puts the parts together and sets them going.

use bus::{Bus, Worker};
use contracts::{Service, Stream};
use runtime::Context;
use store::Db;
use temporal::{Temporal, TemporalSettings};

use crate::addresses;
use crate::app::App;
use crate::auditor::Auditor;
use crate::custody::Custody;
use crate::foreman::Foreman;
use crate::gatherer::Gatherer;
use crate::handlers::{claim_items, claim_play_money, create_wallet, review_withdrawal, withdraw};
use crate::payouts::Payouts;
use crate::reconciler::Reconciler;
use crate::scanner::Scanner;
use crate::settings::{Chain, Settings};
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
    settings.check()?;
    let opened = settings.chain.opened()?;
    let opened = opened.map(|opened| Custody::open(&settings.chain, &opened));
    let custody = opened.transpose()?;
    let db = Db::connect(&settings.postgres, Service::Treasury).await?;
    let bus = Bus::connect(&settings.nats, SERVICE.name).await?;
    bus.check_streams(STREAMS).await?;
    let app = App {
        clock: context.clock.clone(),
        mode: context.mode,
        play_money: settings.play_money,
        items: settings.items,
        withdrawals: settings.withdrawals,
        custody,
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
    worker.hear(&app, withdraw::CONSUMER, withdraw::handle);
    worker.hear(&app, review_withdrawal::CONSUMER, review_withdrawal::handle);
    if let Some(custody) = &app.custody {
        open_chain(&context, &app, custody, settings.chain, &settings.temporal).await?;
    }
    worker.relay();
    let interval = settings.holds.expire_interval();
    let sweeping = sweeper::run(
        app.db.clone(),
        app.clock.clone(),
        interval,
        context.shutdown(),
    );
    context.spawn("sweeper", sweeping);
    let auditor = Auditor {
        db: app.db,
        clock: app.clock,
        settings: settings.audit,
    };
    context.spawn("auditor", auditor.run(context.shutdown()));
    Ok(())
}

/// Sets going what moves money between the ledger and the chain.
async fn open_chain(
    context: &Context,
    app: &App,
    custody: &Custody,
    chain: Chain,
    temporal: &TemporalSettings,
) -> anyhow::Result<()> {
    let (db, custody) = (app.db.clone(), custody.clone());
    addresses::note_hot(&db, &custody).await?;
    let temporal = Temporal::connect(temporal).await?;
    let pinged = temporal.clone();
    context.health.watch("temporal", move || {
        let temporal = pinged.clone();
        async move { temporal.ping().await }
    });
    let foreman = Foreman {
        payouts: Payouts::new(db.clone(), custody.clone(), app.withdrawals),
        db: db.clone(),
        temporal,
    };
    context.spawn("worker", foreman.clone().work(context.shutdown()));
    context.spawn("foreman", foreman.run(context.shutdown()));
    let assigning = addresses::run(db.clone(), custody.clone(), context.shutdown());
    context.spawn("addresses", assigning);
    let scanner = Scanner {
        db: db.clone(),
        custody: custody.clone(),
        clock: app.clock.clone(),
        settings: chain.clone(),
    };
    context.spawn("scanner", scanner.run(context.shutdown()));
    let gatherer = Gatherer {
        db: db.clone(),
        custody: custody.clone(),
        settings: chain.clone(),
    };
    context.spawn("gatherer", gatherer.run(context.shutdown()));
    let reconciler = Reconciler {
        db,
        custody,
        clock: app.clock.clone(),
        settings: chain,
    };
    context.spawn("reconciler", reconciler.run(context.shutdown()));
    Ok(())
}
