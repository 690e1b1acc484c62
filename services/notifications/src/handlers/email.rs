//! A notice goes out by mail. At least once: a crash between the mail server's answer and our
//! commit repeats it, under the same Message-ID.

use bus::{Delivery, Failure};
use contracts::notifications::Email;
use store::entity::delivery::Channel;

use crate::App;
use crate::mailer::{Letter, MailError};

/// Mails the notice to the user's address, if the user still exists and has one.
///
/// No transaction is open while the mail server takes its time.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let message: Email = delivery.decode()?;
    if store::notification::was_delivered(&app.db, &delivery.id, Channel::Email).await? {
        return Ok(());
    }
    let Some(user) = store::user::find(&app.db, message.user).await? else {
        tracing::info!(user = %message.user, "the user of a mail is gone");
        return Ok(());
    };
    let Some(address) = &user.email else {
        tracing::info!(user = %message.user, "the user of a mail has no address");
        return Ok(());
    };
    let kind = message.notice.kind();
    if store::notification::list_muted(&app.db, message.user)
        .await?
        .contains(&kind)
    {
        tracing::info!(user = %message.user, kind = kind.text(), "a mail is not wanted");
        return Ok(());
    }
    let letter = Letter {
        subject: message.notice.headline(),
        text: message.notice.text(),
        id: delivery.id.clone(),
    };
    match app.mailer.send(address, &letter).await {
        Ok(()) => {}
        Err(error @ (MailError::Unwritable(_) | MailError::Undeliverable(_))) => {
            return Err(Failure::poison(error));
        }
        Err(error @ MailError::Unavailable(_)) => return Err(Failure::retry(error)),
    }
    let tx = app.db.begin().await?;
    let kind = kind.text();
    store::notification::insert_delivery(&tx, &delivery.id, Channel::Email, message.user, kind)
        .await?;
    tx.commit().await?;
    Ok(())
}
