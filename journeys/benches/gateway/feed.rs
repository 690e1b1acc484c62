//! Prices, each with its own number: told to the gateway by NATS, to others on a connection.

use bus::Bus;
use contracts::live::LivePrice;
use domain::price::Price;
use domain::timestamp::Timestamp;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::servers::Server;
use crate::stage::pair;

/// The first price, so that all have as many digits.
pub(crate) const FIRST: u64 = 100_000;
const UNITS: i64 = 100_000_000;
/// When all of them were made.
const TIME: &str = "2026-11-29T12:00:00.123Z";
const TIME_MS: i64 = 1_795_953_600_123;

pub(crate) enum Feed<'a> {
    Nats(&'a Bus),
    Connection(TcpStream),
}

impl<'a> Feed<'a> {
    pub(crate) async fn of(server: &Server, bus: &'a Bus) -> Self {
        match server.updates {
            None => Self::Nats(bus),
            Some(address) => {
                let stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                Self::Connection(stream)
            }
        }
    }

    /// Tells the price of this number of an asset.
    pub(crate) async fn tell(&mut self, asset: usize, number: u64) {
        let price = FIRST + number;
        match self {
            Self::Nats(bus) => {
                let units = i64::try_from(price).unwrap() * UNITS;
                let live = LivePrice {
                    symbol: pair(asset).parse().unwrap(),
                    price: Price::from_units(units).unwrap(),
                    time: Timestamp::from_ms(TIME_MS),
                };
                bus.shout(&live).unwrap();
            }
            Self::Connection(stream) => {
                let line = format!("{asset} {price} {TIME}\n");
                stream.write_all(line.as_bytes()).await.unwrap();
            }
        }
    }
}
