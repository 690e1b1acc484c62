//! A user does not want some notices by mail.

use bus::{Delivery, Failure};
use contracts::Service;
use contracts::commands::MuteMails;

use crate::App;

/// Mails the caller all kinds of notices but these from now on. One-time codes are asked for and come
/// all the same.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: MuteMails = delivery.decode()?;
    bus::carry_out(
        &app.bus,
        &app.db,
        Service::Notifications,
        &delivery,
        &command,
        async |tx| {
            store::notification::mute(tx, command.caller.user, &command.kinds).await?;
            Ok::<_, Failure>(Ok(true))
        },
    )
    .await
}
