//! Something happened to a position: its end counts.

use bus::{Delivery, Failure};
use contracts::arena::PositionEvent;

use crate::{App, handlers, metric};

/// The consumer's name in the inbox.
pub const CONSUMER: &str = "position";

/// Passes on what happened to the player, if it counts.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let event: PositionEvent = delivery.decode()?;
    let Some(counted) = metric::of_position(&event) else {
        return Ok(());
    };
    let tx = app.db.begin().await?;
    if tx.first_time(CONSUMER, &delivery.id).await? {
        handlers::announce(&tx, &[counted]).await?;
        tx.commit().await?;
    }
    Ok(())
}
