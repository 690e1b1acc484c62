//! One SMTP connection (RFC 5321), from the greeting to QUIT.

use std::sync::Arc;
use std::time::Duration;
use std::{future, io};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::faults::Fate;
use crate::mailbox::Mailbox;

/// The name by which the sink greets.
const HOST: &str = "mail.battlesbit.local";

/// A larger message is refused (SIZE, RFC 1870).
const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// A longer command line is refused. RFC 5321 asks for 512 at least.
const MAX_COMMAND_BYTES: u64 = 2048;

/// More recipients of one message are refused. RFC 5321 asks for 100 at least.
const MAX_RECIPIENTS: usize = 100;

/// A client that makes more mistakes is sent away.
const MAX_MISTAKES: u32 = 20;

/// A client that is silent for longer is sent away. RFC 5321 asks for 5 minutes at least.
const SILENCE_LIMIT: Duration = Duration::from_secs(5 * 60);

/// One connection.
pub(crate) struct Session {
    stream: BufReader<TcpStream>,
    mailbox: Arc<Mailbox>,
    greeted: bool,
    envelope: Option<Envelope>,
    mistakes: u32,
}

/// From MAIL to the end of DATA.
struct Envelope {
    from: String,
    to: Vec<String>,
}

/// What the session does behind a reply.
#[derive(PartialEq)]
enum Next {
    Command,
    Close,
}

impl Session {
    pub(crate) fn new(stream: TcpStream, mailbox: Arc<Mailbox>) -> Self {
        let stream = BufReader::new(stream);
        Self {
            stream,
            mailbox,
            greeted: false,
            envelope: None,
            mistakes: 0,
        }
    }

    /// Serves until the client leaves or has to.
    pub(crate) async fn serve(mut self) -> io::Result<()> {
        self.reply(&format!(
            "220 {HOST} ESMTP keeps everything, delivers nothing"
        ))
        .await?;
        loop {
            let Ok(line) = timeout(SILENCE_LIMIT, self.read_command()).await else {
                return self.reply("421 silent for too long").await;
            };
            let next = match line? {
                Line::Text(line) => self.command(&line).await?,
                Line::TooLong => self.mistake("500 line too long").await?,
                Line::End => Next::Close,
            };
            if next == Next::Close {
                return Ok(());
            }
        }
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let argument = argument.trim();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.greet(&extended_greeting()).await,
            "HELO" => self.greet(&format!("250 {HOST}")).await,
            "MAIL" => self.mail(argument).await,
            "RCPT" => self.recipient(argument).await,
            "DATA" => self.data(argument).await,
            "RSET" => {
                self.envelope = None;
                self.accept("250 forgotten").await
            }
            "NOOP" => self.accept("250 nothing done").await,
            "VRFY" => self.accept("252 send, and see").await,
            "QUIT" => {
                self.reply("221 goodbye").await?;
                Ok(Next::Close)
            }
            "EXPN" | "HELP" | "STARTTLS" | "AUTH" => self.mistake("502 not implemented").await,
            _ => self.mistake("500 no such command").await,
        }
    }

    async fn greet(&mut self, reply: &str) -> io::Result<Next> {
        self.greeted = true;
        self.envelope = None;
        self.accept(reply).await
    }

    async fn mail(&mut self, argument: &str) -> io::Result<Next> {
        let Some((from, parameters)) = path(argument, "FROM:") else {
            return self.mistake("501 expected MAIL FROM:<address>").await;
        };
        if !self.greeted {
            return self.mistake("503 expected EHLO or HELO before").await;
        }
        if self.envelope.is_some() {
            return self
                .mistake("503 another message is begun: RSET or finish it")
                .await;
        }
        for parameter in parameters.split_whitespace() {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (key.to_ascii_uppercase().as_str(), value.parse::<usize>()) {
                ("SIZE", Ok(size)) if size > MAX_MESSAGE_BYTES => {
                    return self.mistake("552 message too large").await;
                }
                ("SIZE", Ok(_)) | ("BODY" | "SMTPUTF8", _) => {}
                _ => return self.mistake("555 unknown parameter").await,
            }
        }
        self.envelope = Some(Envelope {
            from: from.to_owned(),
            to: Vec::new(),
        });
        self.accept("250 sender taken").await
    }

    async fn recipient(&mut self, argument: &str) -> io::Result<Next> {
        let address = match path(argument, "TO:") {
            Some((address, "")) if !address.is_empty() => address.to_owned(),
            _ => return self.mistake("501 expected RCPT TO:<address>").await,
        };
        match &mut self.envelope {
            None => self.mistake("503 expected MAIL before").await,
            Some(envelope) if envelope.to.len() == MAX_RECIPIENTS => {
                self.mistake("452 too many recipients").await
            }
            Some(envelope) => {
                envelope.to.push(address);
                self.accept("250 recipient taken").await
            }
        }
    }

    async fn data(&mut self, argument: &str) -> io::Result<Next> {
        if !argument.is_empty() {
            return self.mistake("501 expected DATA alone").await;
        }
        let Some(envelope) = self.envelope.take_if(|envelope| !envelope.to.is_empty()) else {
            return self.mistake("503 expected RCPT before").await;
        };
        self.reply("354 end with a line that holds only a dot")
            .await?;
        let Ok(message) = timeout(SILENCE_LIMIT, self.read_message()).await else {
            self.reply("421 silent for too long").await?;
            return Ok(Next::Close);
        };
        let Some(message) = message? else {
            return self.mistake("552 message too large").await;
        };
        match self.mailbox.next_fate() {
            Fate::Kept => {
                let id = self.mailbox.keep(envelope.from, &envelope.to, message);
                self.accept(&format!("250 kept as {id}")).await
            }
            Fate::Refused => self.accept("554 refused on request").await,
            Fate::FailsForTheMoment => self.accept("451 fails for the moment, on request").await,
            Fate::Hangs => future::pending().await,
        }
    }

    async fn accept(&mut self, reply: &str) -> io::Result<Next> {
        self.reply(reply).await?;
        Ok(Next::Command)
    }

    /// Refuses a command; too many end the session.
    async fn mistake(&mut self, reply: &str) -> io::Result<Next> {
        self.mistakes += 1;
        if self.mistakes > MAX_MISTAKES {
            self.reply("421 too many mistakes").await?;
            return Ok(Next::Close);
        }
        self.accept(reply).await
    }

    async fn reply(&mut self, reply: &str) -> io::Result<()> {
        self.stream
            .write_all(format!("{reply}\r\n").as_bytes())
            .await
    }

    async fn read_command(&mut self) -> io::Result<Line> {
        let line = self.read_line(MAX_COMMAND_BYTES).await?;
        if line.is_empty() {
            return Ok(Line::End);
        }
        if !line.ends_with(b"\n") {
            self.skip_line().await?;
            return Ok(Line::TooLong);
        }
        Ok(Line::Text(
            String::from_utf8_lossy(&line).trim_end().to_owned(),
        ))
    }

    /// The lines up to the lone dot, without the dots that were stuffed; `None` if too large.
    async fn read_message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut message = Vec::new();
        let mut fits = true;
        let mut at_line_start = true;
        loop {
            let line = self.read_line(MAX_COMMAND_BYTES).await?;
            if line.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if at_line_start && line == b".\r\n" {
                return Ok(fits.then_some(message));
            }
            let content = match line.strip_prefix(b".") {
                Some(unstuffed) if at_line_start => unstuffed,
                _ => &line,
            };
            fits = fits && message.len() + content.len() <= MAX_MESSAGE_BYTES;
            if fits {
                message.extend_from_slice(content);
            }
            at_line_start = line.ends_with(b"\n");
        }
    }

    /// A line with its end, or the first `limit` bytes of one that is longer; empty at the end.
    async fn read_line(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.stream)
            .take(limit)
            .read_until(b'\n', &mut line)
            .await?;
        Ok(line)
    }

    async fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let line = self.read_line(MAX_COMMAND_BYTES).await?;
            if line.is_empty() || line.ends_with(b"\n") {
                return Ok(());
            }
        }
    }
}

enum Line {
    Text(String),
    TooLong,
    End,
}

/// The reply to EHLO: what the sink understands beyond plain SMTP.
fn extended_greeting() -> String {
    let extensions = "250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING";
    format!("250-{HOST}\r\n{extensions}\r\n250 SIZE {MAX_MESSAGE_BYTES}")
}

/// `FROM:<a@b> SIZE=5` → (`a@b`, `SIZE=5`).
fn path<'a>(argument: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let (head, rest) = argument.split_at_checked(keyword.len())?;
    let rest = rest.trim_start().strip_prefix('<')?;
    let (address, parameters) = rest.split_once('>')?;
    head.eq_ignore_ascii_case(keyword)
        .then_some((address, parameters.trim()))
}
