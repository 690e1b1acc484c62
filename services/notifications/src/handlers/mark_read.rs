//! A user has read messages of the inbox.

use bus::{Delivery, Failure};
use contracts::Service;
use contracts::commands::MarkNotificationsRead;

use crate::App;

/// Marks the messages that are the caller's own; others are passed over in silence.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: MarkNotificationsRead = delivery.decode()?;
    bus::carry_out(
        &app.bus,
        &app.db,
        Service::Notifications,
        &delivery,
        &command,
        async |tx| {
            let user = command.caller.user;
            let marked = store::notification::mark_read(tx, user, &command.notifications).await?;
            Ok::<_, Failure>(Ok(i64::try_from(marked).unwrap_or(i64::MAX)))
        },
    )
    .await
}
