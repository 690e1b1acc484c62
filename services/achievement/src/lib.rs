//! What it earned you: counts what happens to players and grants achievements, each once.
//!
//! It hears of battles and trades, but what it keeps and grants knows metrics only.

pub mod definitions;
pub mod grant;
pub mod handlers;
pub mod metric;
pub mod temporal;
pub mod workflow;

use crate::temporal::{Temporal, TemporalSettings};
use bus::{Bus, Consumer, NatsSettings, Worker};
use contracts::{Service, Stream, Topic};
use grant::Poster;
use handlers::{
    battle_settled, create_definition, delete_definition, player_event, position, update_definition,
};
use runtime::{Context, Secret};
use serde::Deserialize;
use store::Db;
use workflow::GrantActivities;

/// This service.
pub const SERVICE: runtime::Service = runtime::Service {
    name: "achievement",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// How many events are split and counted at once. Order does not matter: sums do not care.
const EVENTS_AT_ONCE: usize = 8;

/// What the service is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where Postgres is.
    pub postgres: store::Settings<Secret>,
    /// Where NATS is.
    pub nats: NatsSettings,
    /// Where Temporal is.
    pub temporal: TemporalSettings,
}

/// What handlers work with.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The bus.
    pub bus: Bus,
    /// The workflows.
    pub temporal: Temporal,
}

/// Starts the service; it runs until the context's shutdown.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let db = Db::connect(&settings.postgres, Service::Achievement).await?;
    let bus = Bus::connect(&settings.nats, SERVICE.name).await?;
    bus.check_streams(&[
        Stream::Arena,
        Stream::Battles,
        Stream::Achievements,
        Stream::Commands,
    ])
    .await?;
    let temporal = Temporal::connect(&settings.temporal).await?;
    definitions::insert_first(&db).await?;
    let app = App { db, bus, temporal };
    let worker = Worker {
        context: &context,
        bus: &app.bus,
        db: &app.db,
    };
    worker.watch();
    let temporal = app.temporal.clone();
    context.health.watch("temporal", move || {
        let temporal = temporal.clone();
        async move { temporal.ping().await }
    });

    let activities = GrantActivities::new(Poster::new(app.db.clone()));
    let (temporal, shutdown) = (app.temporal.clone(), context.shutdown());
    context.spawn("worker", async move {
        temporal.work(activities, shutdown).await
    });
    worker.relay();

    let events = |name, topics| consumer(name, topics).at_once(EVENTS_AT_ONCE);
    let settled = events(battle_settled::CONSUMER, &[Topic::BattleSettled]);
    let positions = events(position::CONSUMER, &[Topic::ArenaPosition]);
    // Granting starts a workflow, and Temporal may be away for a while.
    let players = consumer(player_event::CONSUMER, &[Topic::PlayerEvent]).patient(EVENTS_AT_ONCE);
    worker.hear(&app, settled, battle_settled::handle);
    worker.hear(&app, positions, position::handle);
    worker.hear(&app, players, player_event::handle);
    let create = consumer("create_definition", &[Topic::CreateAchievementDefinition]);
    let update = consumer("update_definition", &[Topic::UpdateAchievementDefinition]);
    let delete = consumer("delete_definition", &[Topic::DeleteAchievementDefinition]);
    worker.hear(&app, create, create_definition::handle);
    worker.hear(&app, update, update_definition::handle);
    worker.hear(&app, delete, delete_definition::handle);
    Ok(())
}

const fn consumer(name: &'static str, topics: &'static [Topic]) -> Consumer {
    Consumer::new(Service::Achievement, name, topics)
}
