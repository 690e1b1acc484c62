//! The protocol, line by line.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;

/// A client that says exactly what it is told to.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(sink: &MailSink) -> Self {
        let mut client = Self(BufReader::new(
            TcpStream::connect(sink.smtp()).await.unwrap(),
        ));
        assert!(client.reply().await.starts_with("220 "));
        client
    }

    async fn greeted(sink: &MailSink) -> Self {
        let mut client = Self::connect(sink).await;
        assert!(client.say("HELO client").await.starts_with("250 "));
        client
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The last line of the next reply; empty when the connection was closed.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            timeout(LIMIT, self.0.read_line(&mut line))
                .await
                .unwrap()
                .unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// Says each line and expects the code of each reply.
    async fn dialogue(&mut self, lines: &[(&str, &str)]) {
        for (line, code) in lines {
            let reply = self.say(line).await;
            assert!(
                reply.starts_with(code),
                "{line:?} was answered {reply:?}, expected {code}"
            );
        }
    }
}

#[tokio::test]
async fn commands_out_of_order_are_refused() {
    let sink = sink().await;
    let mut client = Client::connect(&sink).await;
    client
        .dialogue(&[
            ("MAIL FROM:<a@b>", "503"),
            ("EHLO client", "250"),
            ("RCPT TO:<c@d>", "503"),
            ("DATA", "503"),
            ("MAIL FROM: <a@b> BODY=8BITMIME SIZE=10", "250"),
            ("MAIL FROM:<a@b>", "503"),
            ("DATA", "503"),
            ("RCPT TO:<c@d>", "250"),
            ("RSET", "250"),
            ("DATA", "503"),
            ("noop", "250"),
            ("VRFY a", "252"),
            ("STARTTLS", "502"),
            ("FLY", "500"),
            ("QUIT", "221"),
        ])
        .await;
    assert_eq!(client.reply().await, "");
}

#[tokio::test]
async fn a_malformed_command_is_refused_and_the_session_goes_on() {
    let sink = sink().await;
    let mut client = Client::greeted(&sink).await;
    client
        .dialogue(&[
            ("MAIL", "501"),
            ("MAIL FROM:a@b", "501"),
            ("MAIL FROM:<a@b> COLOUR=red", "555"),
            ("MAIL FROM:<>", "250"),
            ("RCPT TO:<>", "501"),
            ("RCPT TO:<é@d", "501"),
            ("DATA now", "501"),
            (&"x".repeat(10_000), "500"),
            ("RCPT TO:<c@d>", "250"),
        ])
        .await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_before_or_after_it_came() {
    let sink = sink().await;
    let mut client = Client::greeted(&sink).await;
    client
        .dialogue(&[
            ("MAIL FROM:<a@b> SIZE=999999999", "552"),
            ("MAIL FROM:<a@b>", "250"),
            ("RCPT TO:<c@d>", "250"),
            ("DATA", "354"),
        ])
        .await;
    let line = [b"x".repeat(998), b"\r\n".to_vec()].concat();
    for _ in 0..5_000 {
        client.write(&line).await;
    }
    assert!(client.say(".").await.starts_with("552"));
    client.dialogue(&[("MAIL FROM:<a@b>", "250")]).await;
    assert_eq!(sink.mailbox().list(None, 0).len(), 0);
}

#[tokio::test]
async fn a_client_that_makes_mistakes_only_is_sent_away() {
    let sink = sink().await;
    let mut client = Client::greeted(&sink).await;
    client.dialogue(&[("FLY", "500"); 20]).await;
    client.dialogue(&[("FLY", "421")]).await;
    assert_eq!(client.reply().await, "");
}

#[tokio::test]
async fn pipelined_commands_and_stuffed_dots_are_understood() {
    let sink = sink().await;
    let mut client = Client::greeted(&sink).await;
    client
        .write(
            b"MAIL FROM:<a@b>\r\nRCPT TO:<C@d>\r\nRCPT TO:<e@f>\r\nDATA\r\nSubject: s\r\n\r\n\
              ..\r\n...\r\na.\r\n.\r\nQUIT\r\n",
        )
        .await;
    for code in ["250", "250", "250", "354", "250", "221"] {
        assert!(client.reply().await.starts_with(code));
    }
    let [kept] = &sink.mailbox().list(None, 0)[..] else {
        panic!("one message was sent")
    };
    assert_eq!(kept.raw, b"Subject: s\r\n\r\n.\r\n..\r\na.\r\n");
    assert_eq!(kept.to, ["c@d", "e@f"]);
}

#[tokio::test]
async fn a_client_that_breaks_off_leaves_no_message() {
    let sink = sink().await;
    let mut client = Client::greeted(&sink).await;
    client
        .dialogue(&[
            ("MAIL FROM:<a@b>", "250"),
            ("RCPT TO:<c@d>", "250"),
            ("DATA", "354"),
        ])
        .await;
    client.write(b"Subject: half\r\n").await;
    drop(client);
    send(&sink, "ada", "whole", "text").await;
    let kept = sink.mailbox().list(None, 0);
    assert_eq!(
        kept.iter()
            .map(|message| message.subject.as_str())
            .collect::<Vec<_>>(),
        ["whole"]
    );
}
