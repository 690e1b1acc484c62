//! Mail over SMTP. Never logs an address, a subject or a body.

use std::time::Duration;

use anyhow::Context as _;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::response::Code;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The mail itself cannot be written.
    #[error("the mail cannot be written")]
    Unwritable(#[source] Flaw),
    /// It will never go out: the mail server refuses it.
    #[error("the mail cannot be delivered")]
    Undeliverable(#[source] Trouble),
    /// It may go out later.
    #[error("the mail server did not take the mail")]
    Unavailable(#[source] Trouble),
}

/// What is wrong with a mail. What it says is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The user's address is none.
    #[error("expected a mail address")]
    Address,
    /// Its parts make no message.
    #[error("expected parts that make a message")]
    Message,
}

/// What a mail server made of a mail: the kind and the code alone. Its words quote addresses, and
/// must reach neither a log nor a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It says no.
    #[error("the mail server answered {0}")]
    Answered(Code),
    /// It kept silent.
    #[error("the mail server did not answer in time")]
    Silent,
    /// The connection is not trusted.
    #[error("no trusted connection to the mail server")]
    Untrusted,
    /// It speaks something else than SMTP.
    #[error("the mail server's answer is not readable")]
    Unreadable,
    /// It cannot be reached, or was lost.
    #[error("no connection to the mail server")]
    Unreachable,
}

impl From<lettre::transport::smtp::Error> for Trouble {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        if let Some(code) = error.status() {
            Self::Answered(code)
        } else if error.is_timeout() {
            Self::Silent
        } else if error.is_tls() {
            Self::Untrusted
        } else if error.is_response() || error.is_client() {
            Self::Unreadable
        } else {
            Self::Unreachable
        }
    }
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
            .map_err(MailError::Unwritable)?;
        match self.transport.send(message).await {
            Ok(_accepted) => Ok(()),
            Err(refused) if refused.is_permanent() => Err(MailError::Undeliverable(refused.into())),
            Err(failed) => Err(MailError::Unavailable(failed.into())),
        }
    }

    /// Whether the mail server answers.
    pub async fn ping(&self) -> anyhow::Result<()> {
        let answers = self.transport.test_connection().await;
        let answers = answers.map_err(Trouble::from)?;
        anyhow::ensure!(answers, "the mail server does not answer");
        Ok(())
    }

    fn message(&self, address: &str, letter: &Letter) -> Result<Message, Flaw> {
        let message_id = format!("<{}@{}>", letter.id, self.from.email.domain());
        let to: Mailbox = address.parse().ok().ok_or(Flaw::Address)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject.clone())
            .message_id(Some(message_id))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone());
        message.ok().ok_or(Flaw::Message)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const ADDRESS: &str = "ada@example.org";

    /// Speaks SMTP to one client, and turns every recipient away by name.
    async fn turn_away(client: TcpStream, code: u16) {
        let (read, mut write) = client.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 ready\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = if line.starts_with("RCPT") {
                format!("{code} 5.1.1 <{ADDRESS}>: no such user here\r\n")
            } else {
                "250 fine\r\n".to_owned()
            };
            write.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    async fn refusal_of(code: u16) -> MailError {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).unwrap();
        let mailer = Mailer {
            transport: transport.build(),
            from: "Game <game@example.org>".parse().unwrap(),
        };
        let letter = Letter {
            subject: "Hello".to_owned(),
            text: "Hello".to_owned(),
            id: "1".to_owned(),
        };
        let serving = async { turn_away(listener.accept().await.unwrap().0, code).await };
        tokio::select! {
            sent = mailer.send(ADDRESS, &letter) => sent.unwrap_err(),
            () = serving => panic!("the client left without a word"),
        }
    }

    #[tokio::test]
    async fn a_refusal_tells_its_code_and_no_address() {
        for code in [451, 550] {
            let refusal = refusal_of(code).await;
            let cause = refusal.source().map(ToString::to_string);
            let shown = format!("{refusal} {cause:?} {refusal:?}");
            assert!(shown.contains(&code.to_string()), "{shown}");
            assert!(!shown.contains("ada"), "{shown}");
            assert_eq!(matches!(refusal, MailError::Undeliverable(_)), code == 550);
        }
    }
}
