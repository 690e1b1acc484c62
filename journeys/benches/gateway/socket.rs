//! The least client of `graphql-transport-ws` that can keep up with a server: it takes whole reads
//! apart in place, and copies nothing.

use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A read of the usual size. More is made room for.
const READ: usize = 16 << 10;
/// Under which mask everything is sent: none that changes it.
const MASK: [u8; 4] = [0; 4];

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;

const HANDSHAKE: &str = "GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    sec-websocket-protocol: graphql-transport-ws\r\n\r\n";

pub(crate) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What is in the buffer and was not taken apart.
    filled: Range<usize>,
    closed: bool,
}

impl Socket {
    /// A connection that is acknowledged.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(HANDSHAKE.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(
            head.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        let mut socket = Self {
            stream,
            buffer: vec![0; 256],
            filled: 0..0,
            closed: false,
        };
        socket.say(r#"{"type":"connection_init"}"#).await;
        let acknowledged = socket
            .next(|text| text == br#"{"type":"connection_ack"}"#)
            .await;
        assert!(acknowledged);
        socket
    }

    /// Subscribes to the prices of so many assets, with their numbers as ids.
    pub(crate) async fn subscribe(&mut self, assets: usize) {
        for number in 0..assets {
            let asset = crate::stage::asset(number);
            self.say(&format!(
                r#"{{"id":"{number:02}","type":"subscribe","payload":{{"query":"subscription Price($id: ID!) {{ assetUpdated(id: $id) {{ id priceUSD price time }} }}","variables":{{"id":"{asset}"}}}}}}"#
            ))
            .await;
        }
    }

    async fn say(&mut self, text: &str) {
        let mut frame = vec![TEXT];
        match u8::try_from(text.len()) {
            Ok(length @ ..126) => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await.unwrap();
    }

    /// Answers with what is made of the next text.
    pub(crate) async fn next<T>(&mut self, read: impl FnOnce(&[u8]) -> T) -> T {
        loop {
            if let Some(text) = self.frame() {
                let text = &self.buffer[text];
                if text != br#"{"type":"ping"}"# {
                    return read(text);
                }
                self.say(r#"{"type":"pong"}"#).await;
            } else {
                assert!(!self.closed, "the server has closed a connection");
                self.fill().await;
            }
        }
    }

    /// Waits for more, then takes every text of it that is there whole. Answers whether more can come.
    pub(crate) async fn take(&mut self, mut each: impl FnMut(&[u8])) -> bool {
        self.buffer.resize(self.buffer.len().max(READ), 0);
        self.fill().await;
        while let Some(text) = self.frame() {
            let text = &self.buffer[text];
            if text == br#"{"type":"ping"}"# {
                self.say(r#"{"type":"pong"}"#).await;
            } else {
                each(text);
            }
        }
        !self.closed
    }

    async fn fill(&mut self) {
        // What is left of a frame goes to the front.
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        if self.filled.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.filled.end..]).await;
        let read = read.unwrap_or_default();
        self.closed |= read == 0;
        self.filled.end += read;
    }

    /// Where the text of the next frame lies, if it is there whole.
    fn frame(&mut self) -> Option<Range<usize>> {
        let filled = &self.buffer[self.filled.clone()];
        let (head, length) = match *filled {
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
            [_, 127, ..] => panic!("a frame of more than 64 KiB"),
            [_, length, ..] => (2, usize::from(length)),
            _ => return None,
        };
        if filled.len() < head + length {
            return None;
        }
        let kind = filled[0];
        let text = self.filled.start + head..self.filled.start + head + length;
        self.filled.start = text.end;
        if kind == CLOSE {
            self.closed = true;
            return None;
        }
        assert!(kind == TEXT, "a frame of kind {kind:#x}");
        Some(text)
    }
}
