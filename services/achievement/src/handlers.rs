//! What the service hears, one file a message.

pub mod battle_settled;
pub mod create_definition;
pub mod delete_definition;
pub mod player_event;
pub mod position;
pub mod update_definition;

use contracts::achievements::PlayerEvent;
use store::Tx;
use uuid::Uuid;

/// Announces what happened to players, each under an id of its own that a repeat never reaches:
/// the inbox row rides in the same transaction.
async fn announce(tx: &Tx, events: &[PlayerEvent]) -> store::Result<()> {
    for event in events {
        tx.announce(event.user, 0, runtime::ids::mint::<Uuid>(), event)
            .await?;
    }
    Ok(())
}
