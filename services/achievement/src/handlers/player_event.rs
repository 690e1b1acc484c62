//! Something happened to a player: a metric rises, and may reach what an achievement asks for.

use bus::{Delivery, Failure};
use contracts::achievements::PlayerEvent;

use crate::App;
use crate::workflow::Grant;

/// The consumer's name in the inbox.
pub const CONSUMER: &str = "player_event";

/// Counts the event once, then starts the workflow of every achievement that is due.
///
/// Starting comes after the commit and on every delivery: a crash in between is made good by the
/// redelivery, and a workflow is started once whoever asks.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let event: PlayerEvent = delivery.decode()?;
    let tx = app.db.begin().await?;
    if tx.first_time(CONSUMER, &delivery.id).await? {
        store::achievement::raise(&tx, event.user, &event.metric, event.by).await?;
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    for definition in store::achievement::list_due(&app.db, event.user, &event.metric).await? {
        let grant = Grant {
            definition,
            user: event.user,
        };
        app.temporal
            .start_grant(grant)
            .await
            .map_err(Failure::retry)?;
    }
    Ok(())
}
