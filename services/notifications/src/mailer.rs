//! Mail over SMTP. Never logs an address, a subject or a body.

use std::time::Duration;

use anyhow::Context as _;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use runtime::Secret;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

/// Where mail goes out, and from whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// The mail server, as lettre reads it. Secret, for it may hold a password.
    pub url: Secret,
    /// The sender's name and address.
    pub from: String,
    /// How long one mail may take, in milliseconds.
    pub timeout_ms: u64,
}

/// Why a mail did not go out.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It will never go out: the address or the mail itself is refused.
    #[error("the mail cannot be delivered")]
    Undeliverable(#[source] anyhow::Error),
    /// It may go out later.
    #[error("the mail server did not take the mail")]
    Unavailable(#[source] lettre::transport::smtp::Error),
}

/// A mail before it is addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Names the mail, so that servers and mailboxes know a repeat: the id of its message.
    pub id: String,
}

/// A pool of connections to the mail server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Reads the settings; connects with the first mail.
    pub fn new(settings: &SmtpSettings) -> anyhow::Result<Self> {
        let from = settings.from.parse().context(
            "smtp.from (BATTLESBIT_NOTIFICATIONS__SMTP__FROM): expected a name and an address such \
             as Game <no-reply@game.example>",
        )?;
        let transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose_secret())
                .context(
                    "smtp.url (BATTLESBIT_NOTIFICATIONS__SMTP__URL): expected smtp://host:port or \
                     smtps://host:port",
                )?
                .timeout(Some(Duration::from_millis(settings.timeout_ms)))
                .build();
        Ok(Self { transport, from })
    }

    /// Sends `letter` to `address`. A repeat carries the same Message-ID.
    pub async fn send(&self, address: &str, letter: &Letter) -> Result<(), MailError> {
        let message = self
            .message(address, letter)
            .map_err(MailError::Undeliverable)?;
        match self.transport.send(message).await {
            Ok(_accepted) => Ok(()),
            Err(refused) if refused.is_permanent() => Err(MailError::Undeliverable(refused.into())),
            Err(failed) => Err(MailError::Unavailable(failed)),
        }
    }

    /// Whether the mail server answers.
    pub async fn ping(&self) -> anyhow::Result<()> {
        let answers = self.transport.test_connection().await?;
        anyhow::ensure!(answers, "the mail server does not answer");
        Ok(())
    }

    fn message(&self, address: &str, letter: &Letter) -> anyhow::Result<Message> {
        let message_id = format!("<{}@{}>", letter.id, self.from.email.domain());
        Ok(Message::builder()
            .from(self.from.clone())
            .to(address.parse()?)
            .subject(letter.subject.clone())
            .message_id(Some(message_id))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())?)
    }
}
