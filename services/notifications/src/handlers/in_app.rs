//! A notice goes into its user's inbox, and at once to whoever of the user's apps listens.

use bus::{Delivery, Failure};
use contracts::notifications::InApp;

use crate::App;

/// The consumer's name in the inbox.
pub const CONSUMER: &str = "in_app";

/// Keeps the message, then shouts it. The shout may be missed; the inbox tells what was.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let message: InApp = delivery.decode()?;
    let tx = app.db.begin().await?;
    if !tx.first_time(CONSUMER, &delivery.id).await? {
        return Ok(());
    }
    if store::user::find(&tx, message.user).await?.is_none() {
        tracing::info!(user = %message.user, "the user of a notice is gone");
        return Ok(tx.commit().await?);
    }
    store::notification::insert(&tx, &message).await?;
    tx.commit().await?;
    if let Err(error) = app.bus.shout(&message) {
        tracing::warn!(%error, "a notice was kept but could not be shouted");
    }
    Ok(())
}
