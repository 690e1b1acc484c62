//! Reading in order from a checkpoint.

use bus::{Bus, BusError};
use contracts::market::{Tick, Watermark};
use contracts::stream::StreamPlace;
use contracts::{Key, Stream, Topic};
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use tokio::time::timeout;

use crate::corner::{Corner, LIMIT, settings, tick};

async fn publish(bus: &Bus, trades: std::ops::RangeInclusive<u64>) {
    for trade in trades {
        bus.publish(&tick(trade), &trade.to_string()).await.unwrap();
    }
}

async fn next_trades(reader: &mut bus::OrderedReader, count: usize) -> Vec<u64> {
    let mut trades = Vec::new();
    while trades.len() < count {
        let entry = timeout(LIMIT, reader.next())
            .await
            .expect("an entry in time")
            .unwrap();
        trades.push(entry.decode::<Tick>().unwrap().trade_id);
    }
    trades
}

#[tokio::test]
async fn reading_begins_right_behind_the_checkpoint_and_leaves_other_topics_out() {
    let corner = Corner::new().await;
    publish(&corner.bus, 1..=3).await;
    let watermark = Watermark {
        epoch: 1,
        symbol: tick(1).symbol,
        time: Timestamp::from_ms(5),
    };
    corner.bus.publish(&watermark, "w").await.unwrap();
    publish(&corner.bus, 4..=5).await;

    let head = corner.bus.bounds(Stream::Market).await.unwrap().head();
    let place = StreamPlace {
        sequence: head.sequence + 2,
        ..head
    };
    let mut reader = corner
        .bus
        .ordered(Stream::Market, &[Topic::Tick], place)
        .await
        .unwrap();
    assert_eq!(next_trades(&mut reader, 3).await, [3, 4, 5]);
    assert_eq!(reader.place().sequence, 6);
}

#[tokio::test]
async fn a_reader_of_one_key_leaves_the_others_out_and_passes_them_when_it_is_quiet() {
    let corner = Corner::new().await;
    let bus = &corner.bus;
    let other = |trade| Tick {
        symbol: "OTHER".parse().unwrap(),
        ..tick(trade)
    };
    let head = bus.bounds(Stream::Market).await.unwrap().head();
    let key = (&tick(1).symbol).into();
    let read = bus.ordered_of(Stream::Market, &[Topic::Tick], &key, head);
    let mut reader = read.await.unwrap();
    for trade in [1, 3, 5] {
        publish(bus, trade..=trade).await;
        bus.publish(&other(trade + 1), "other").await.unwrap();
    }

    assert_eq!(next_trades(&mut reader, 1).await, [1]);
    let place = reader.skip_silence().await.unwrap();
    assert_eq!(place.sequence, 1, "two more wait");
    assert_eq!(next_trades(&mut reader, 2).await, [3, 5]);
    bus.publish(&other(7), "another").await.unwrap();
    let tail = bus.bounds(Stream::Market).await.unwrap().tail();
    assert_eq!(reader.skip_silence().await.unwrap(), tail);
    assert_eq!(reader.place(), tail);
    publish(bus, 9..=9).await;
    assert_eq!(next_trades(&mut reader, 1).await, [9]);
}

#[tokio::test]
async fn what_was_removed_is_not_waited_for() {
    let corner = Corner::new().await;
    let bus = &corner.bus;
    publish(bus, 1..=4).await;
    let raw = corner.raw().await;
    let stream = raw.get_stream(corner.stream("MARKET")).await.unwrap();
    for removed in [2, 4] {
        stream.delete_message(removed).await.unwrap();
    }
    let head = bus.bounds(Stream::Market).await.unwrap().head();
    let handed_out = async |last| {
        let reader = bus.ordered(Stream::Market, &[Topic::Tick], head);
        let mut reader = reader.await.unwrap();
        let mut sequences = Vec::new();
        while let Some(entry) = reader.next_up_to(last).await.unwrap() {
            sequences.push(entry.sequence);
        }
        sequences
    };
    let upto = async |last| {
        let handed_out = timeout(LIMIT, handed_out(last)).await;
        handed_out.expect("an end in time")
    };
    assert_eq!(upto(4).await, [1, 3]);
    assert_eq!(upto(2).await, [1], "what lies behind is not handed out");
}

#[tokio::test]
async fn a_checkpoint_outside_the_stream_is_refused() {
    let corner = Corner::new().await;
    publish(&corner.bus, 1..=4).await;
    let name = corner.stream("MARKET");
    corner
        .raw()
        .await
        .get_stream(&name)
        .await
        .unwrap()
        .purge()
        .sequence(3)
        .await
        .unwrap();
    let bounds = corner.bus.bounds(Stream::Market).await.unwrap();
    assert_eq!((bounds.first, bounds.last), (3, 4));

    for (sequence, readable) in [(1, false), (2, true), (4, true), (5, false)] {
        let place = StreamPlace {
            sequence,
            ..bounds.tail()
        };
        let reader = corner
            .bus
            .ordered(Stream::Market, &[Topic::Tick], place)
            .await;
        assert_eq!(reader.is_ok(), readable, "from behind {sequence}");
        if let Err(error) = reader {
            let line = error.to_string();
            assert!(
                line.contains(&format!("{sequence} lies outside stream {name}")),
                "{line}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_that_was_created_anew_is_refused() {
    let corner = Corner::new().await;
    let place = corner.bus.bounds(Stream::Market).await.unwrap().tail();
    corner
        .raw()
        .await
        .delete_stream(corner.stream("MARKET"))
        .await
        .unwrap();
    corner.bus.declare_streams().await.unwrap();
    let refused = corner
        .bus
        .ordered(Stream::Market, &[Topic::Tick], place)
        .await;
    assert!(matches!(refused, Err(BusError::OtherIncarnation { .. })));
}

#[tokio::test]
async fn a_reader_outlives_a_killed_server_without_a_gap_or_a_repeat() {
    let mut server = testkit::Server::nats().await;
    let bus = Bus::connect(&settings(server.url().as_str(), ""), "test")
        .await
        .unwrap();
    bus.declare_streams().await.unwrap();
    let head = bus.bounds(Stream::Market).await.unwrap().head();
    let mut reader = bus
        .ordered(Stream::Market, &[Topic::Tick], head)
        .await
        .unwrap();

    publish(&bus, 1..=20).await;
    assert_eq!(
        next_trades(&mut reader, 10).await,
        (1..=10).collect::<Vec<_>>()
    );
    server.kill().await;
    server.start().await;
    testkit::eventually(LIMIT, async || bus.ping().await.is_ok()).await;
    publish(&bus, 21..=30).await;
    assert_eq!(
        next_trades(&mut reader, 20).await,
        (11..=30).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_backlog_ends_with_what_was_stored_when_it_was_asked_for() {
    let corner = Corner::new().await;
    let bus = &corner.bus;
    let key = Key::from(&tick(1).symbol);
    publish(bus, 1..=4).await;
    let bounds = bus.bounds(Stream::Market).await.unwrap();
    let behind = |sequence| StreamPlace {
        sequence,
        ..bounds.head()
    };
    let all = async |after, up_to, keys: &[Key]| {
        let backlog = bus.backlog(Topic::Tick, keys, behind(after), up_to).await;
        let mut trades = Vec::new();
        let Some(mut backlog) = backlog.unwrap() else {
            return trades;
        };
        // Not of this time any more.
        publish(bus, 5..=6).await;
        while let Some(entry) = timeout(LIMIT, backlog.next()).await.unwrap().unwrap() {
            trades.push(entry.decode::<Tick>().unwrap().trade_id);
        }
        trades
    };
    let keys = std::slice::from_ref(&key);
    assert_eq!(all(4, 4, keys).await, [0; 0]);
    assert_eq!(all(1, 4, keys).await, [2, 3, 4]);
    assert_eq!(all(2, 3, keys).await, [3]);
    let other = Key::from(&"ETHUSDT".parse::<Symbol>().unwrap());
    assert_eq!(all(0, 4, &[other]).await, [0; 0]);
    assert_eq!(all(0, 4, &[]).await, [0; 0]);
}

#[tokio::test]
async fn what_is_dropped_before_it_is_read_is_told_at_the_end_of_a_backlog() {
    let corner = Corner::new().await;
    let bus = &corner.bus;
    let key = Key::from(&tick(1).symbol);
    publish(bus, 1..=4).await;
    let bounds = bus.bounds(Stream::Market).await.unwrap();
    let raw = corner.raw().await;
    let stream = raw.get_stream(corner.stream("MARKET")).await.unwrap();
    let backlog = async || {
        let keys = std::slice::from_ref(&key);
        bus.backlog(Topic::Tick, keys, bounds.head(), 4).await
    };
    let mut began = backlog().await.unwrap().unwrap();
    stream.purge().sequence(3).await.unwrap();
    let lost = loop {
        match timeout(LIMIT, began.next()).await.unwrap() {
            Ok(entry) => assert!(entry.is_some(), "the end, and nothing said of what is gone"),
            Err(error) => break error,
        }
    };
    assert!(lost.tells_of_a_gap(), "{lost}");
    // Nothing is left of it.
    stream.purge().await.unwrap();
    let lost = backlog().await.unwrap_err();
    assert!(lost.tells_of_a_gap(), "{lost}");
}
