//! A one-time code goes out by mail, or not at all: it is worthless when it is late.

use bus::{Delivery, Failure};
use contracts::notifications::OtpEmail;

use crate::App;
use crate::mailer::{Letter, MailError};

/// Mails the code unless it has expired. Leaves no trace of code or address.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let message: OtpEmail = delivery.decode()?;
    if app.clock.now_ms() >= message.expires_at_ms {
        tracing::info!("a code expired before it was mailed");
        return Ok(());
    }
    let letter = Letter {
        subject: "Your sign-in code".to_owned(),
        text: format!(
            "Your sign-in code is {}.\n\nIt is good for two minutes. If you did not ask for it, \
             ignore this mail.\n",
            message.code
        ),
        id: delivery.id.clone(),
    };
    match app.mailer.send(&message.to, &letter).await {
        Ok(()) => Ok(()),
        Err(error @ (MailError::Unwritable(_) | MailError::Undeliverable(_))) => {
            Err(Failure::poison(error))
        }
        Err(error @ MailError::Unavailable(_)) => Err(Failure::retry(error)),
    }
}
