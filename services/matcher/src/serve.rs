//! Puts the parts together and sets them going.

use std::sync::Arc;

use bus::{Bus, ExchangeClock, Worker};
use contracts::{Service, Stream, Topic};
use runtime::{Context, ids};
use store::Db;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::app::App;
use crate::handlers::{
    agree_to_room, battle_sealed, cancel_battle, create_game, create_room, delete_game,
    forget_player, invite_to_party, join, join_party, join_room, join_room_as_party,
    kick_from_room, leave, leave_party, leave_room, queue_party, remove_from_party, start_room,
    update_game, void_player,
};
use crate::joins::{self, Joins};
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
    let app = Arc::new(App {
        exchange: ExchangeClock::follow(&bus, &context).await?,
        wall: context.clock.clone(),
        rewards: settings.rewards,
        joins: Joins::default(),
        joined: Notify::new(),
        db,
        bus,
    });
    let worker = Worker {
        context: &context,
        bus: &app.bus,
        db: &app.db,
    };
    worker.watch();

    worker.hear(&app, create_game::CONSUMER, create_game::handle);
    worker.hear(&app, update_game::CONSUMER, update_game::handle);
    worker.hear(&app, delete_game::CONSUMER, delete_game::handle);
    worker.hear(&app, cancel_battle::CONSUMER, cancel_battle::handle);
    worker.hear(&app, void_player::CONSUMER, void_player::handle);
    worker.hear(&app, join::CONSUMER, join::handle);
    worker.hear(&app, leave::CONSUMER, leave::handle);
    worker.hear(&app, create_room::CONSUMER, create_room::handle);
    worker.hear(&app, join_room::CONSUMER, join_room::handle);
    worker.hear(&app, leave_room::CONSUMER, leave_room::handle);
    worker.hear(&app, kick_from_room::CONSUMER, kick_from_room::handle);
    worker.hear(&app, start_room::CONSUMER, start_room::handle);
    worker.hear(&app, invite_to_party::CONSUMER, invite_to_party::handle);
    worker.hear(&app, join_party::CONSUMER, join_party::handle);
    worker.hear(&app, remove_from_party::CONSUMER, remove_from_party::handle);
    worker.hear(&app, leave_party::CONSUMER, leave_party::handle);
    worker.hear(&app, agree_to_room::CONSUMER, agree_to_room::handle);
    worker.hear(&app, queue_party::CONSUMER, queue_party::handle);
    worker.hear(
        &app,
        join_room_as_party::CONSUMER,
        join_room_as_party::handle,
    );
    worker.hear(&app, forget_player::CONSUMER, forget_player::handle);
    worker.hear(&app, battle_sealed::CONSUMER, battle_sealed::handle);
    worker.relay();
    for _ in 0..joins::LANES {
        let joining = joins::run(Arc::clone(&app), context.shutdown());
        context.spawn("joins", joining);
    }
    let owner: Uuid = ids::mint();
    let leading = leader::run(
        Arc::clone(&app),
        settings.leader,
        owner.to_string(),
        context.shutdown(),
    );
    context.spawn("leader", leading);
    let places = app.bus.listen(Topic::PlaceChanged.pattern()).await?;
    let hearing = leader::hear_of_places(Arc::clone(&app), places, context.shutdown());
    context.spawn("places", hearing);
    Ok(())
}
