//! The feed by example.

use domain::price::Price;

use super::*;

const BAND_BPS: u32 = 500;
const FRESHNESS: Duration = Duration::from_secs(3);

struct Scene {
    feed: Feed,
    now: Instant,
    out: Vec<Entry>,
}

/// A trade at `price` whole units, made in second `id`.
fn trade(id: u64, price: i64) -> Tick {
    at(id, price, i64::try_from(id).unwrap() * 1000)
}

fn at(id: u64, price: i64, time_ms: i64) -> Tick {
    let price = Price::from_units(price * 100_000_000).unwrap();
    Tick {
        trade: id,
        price,
        time: Timestamp::from_ms(time_ms),
    }
}

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

impl Scene {
    fn new() -> Self {
        Self::resumed(Resume::default())
    }

    fn resumed(resume: Resume) -> Self {
        let feed = Feed::new(BAND_BPS, FRESHNESS, resume);
        Self {
            feed,
            now: Instant::now(),
            out: Vec::new(),
        }
    }

    fn receive(&mut self, tick: Tick) -> Vec<Entry> {
        self.feed.receive(tick, self.now, &mut self.out);
        std::mem::take(&mut self.out)
    }

    fn fill(&mut self, tick: Tick) -> Vec<Entry> {
        self.feed.fill(tick, self.now, &mut self.out);
        std::mem::take(&mut self.out)
    }

    fn wait(&mut self, wait: Duration) -> Vec<Entry> {
        self.now += wait;
        self.feed.poll(self.now, &mut self.out);
        std::mem::take(&mut self.out)
    }

    fn promise(&mut self, exchange_now_ms: i64) -> Vec<Entry> {
        self.feed
            .promise(self.now, ms(exchange_now_ms), &mut self.out);
        std::mem::take(&mut self.out)
    }
}

#[test]
fn trades_in_order_are_ticks_and_duplicates_are_dropped() {
    let mut scene = Scene::new();
    assert_eq!(scene.receive(trade(7, 100)), [Entry::Tick(trade(7, 100))]);
    assert_eq!(scene.receive(trade(8, 101)), [Entry::Tick(trade(8, 101))]);
    assert_eq!(scene.receive(trade(8, 101)), []);
    assert_eq!(scene.receive(trade(7, 100)), []);
    assert_eq!(scene.feed.take_duplicates(), 2);
}

#[test]
fn a_gap_that_is_filled_in_time_leaves_no_trace() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    assert_eq!(scene.receive(trade(4, 103)), []);
    assert_eq!(scene.feed.gap(), Some((2, 3)));
    assert_eq!(scene.fill(trade(2, 101)), [Entry::Tick(trade(2, 101))]);
    assert_eq!(scene.feed.gap(), Some((3, 3)));
    let rest = [Entry::Tick(trade(3, 102)), Entry::Tick(trade(4, 103))];
    assert_eq!(scene.fill(trade(3, 102)), rest);
    assert_eq!(scene.feed.gap(), None);
}

#[test]
fn a_gap_is_given_up_after_two_seconds_and_what_fills_it_later_is_dropped() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    scene.receive(trade(4, 100));
    assert_eq!(scene.wait(PATIENCE - Duration::from_millis(1)), []);
    let given_up = [Entry::Gap { first: 2, last: 3 }, Entry::Tick(trade(4, 100))];
    assert_eq!(scene.wait(Duration::from_millis(1)), given_up);
    assert_eq!(scene.fill(trade(3, 100)), []);
}

#[test]
fn a_half_filled_gap_keeps_its_deadline() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    scene.receive(trade(5, 100));
    scene.wait(Duration::from_millis(1900));
    assert_eq!(scene.fill(trade(3, 100)), []);
    let given_up = [
        Entry::Gap { first: 2, last: 2 },
        Entry::Tick(trade(3, 100)),
        Entry::Gap { first: 4, last: 4 },
        Entry::Tick(trade(5, 100)),
    ];
    assert_eq!(scene.wait(Duration::from_millis(100)), given_up);
}

#[test]
fn a_jump_is_held_until_the_next_trade_confirms_it() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    assert_eq!(scene.receive(trade(2, 110)), []);
    let both = [Entry::Tick(trade(2, 110)), Entry::Tick(trade(3, 109))];
    assert_eq!(scene.receive(trade(3, 109)), both);
}

#[test]
fn a_lonely_spike_is_rejected_and_noted() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    scene.receive(trade(2, 110));
    let back = [
        Entry::Note(NoteKind::Rejected, trade(2, 110)),
        Entry::Tick(trade(3, 101)),
    ];
    assert_eq!(scene.receive(trade(3, 101)), back);
}

#[test]
fn a_spike_the_other_way_rejects_the_first_and_is_held_itself() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    scene.receive(trade(2, 110));
    assert_eq!(
        scene.receive(trade(3, 90)),
        [Entry::Note(NoteKind::Rejected, trade(2, 110))]
    );
    assert_eq!(scene.wait(PATIENCE), [Entry::Tick(trade(3, 90))]);
}

#[test]
fn an_unopposed_jump_counts_after_two_seconds() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    scene.receive(trade(2, 110));
    assert_eq!(scene.wait(PATIENCE - Duration::from_millis(1)), []);
    assert_eq!(
        scene.wait(Duration::from_millis(1)),
        [Entry::Tick(trade(2, 110))]
    );
}

#[test]
fn a_trade_at_the_edge_of_the_band_is_not_held() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    assert_eq!(scene.receive(trade(2, 105)), [Entry::Tick(trade(2, 105))]);
    assert_eq!(scene.receive(at(3, 99, 3000)), []);
}

#[test]
fn time_never_goes_back_and_a_closed_moment_stays_closed() {
    let mut scene = Scene::new();
    scene.receive(at(1, 100, 10_000));
    let late = at(2, 100, 9_999);
    assert_eq!(scene.receive(late), [Entry::Note(NoteKind::Late, late)]);
    assert_eq!(scene.promise(12_500), [Entry::Watermark(ms(12_000))]);
    let late = at(3, 100, 12_000);
    assert_eq!(scene.receive(late), [Entry::Note(NoteKind::Late, late)]);
    assert_eq!(
        scene.receive(at(4, 100, 12_001)),
        [Entry::Tick(at(4, 100, 12_001))]
    );
}

#[test]
fn a_late_trade_decides_nothing() {
    let mut scene = Scene::new();
    scene.receive(at(1, 100, 10_000));
    scene.receive(at(2, 110, 11_000));
    let late = at(3, 100, 9_000);
    assert_eq!(scene.receive(late), [Entry::Note(NoteKind::Late, late)]);
    assert_eq!(scene.wait(PATIENCE), [Entry::Tick(at(2, 110, 11_000))]);
}

#[test]
fn watermarks_stay_below_what_is_held_and_stop_at_a_gap() {
    let mut scene = Scene::new();
    scene.receive(at(1, 100, 10_000));
    scene.receive(at(2, 110, 11_000));
    assert_eq!(scene.promise(20_000), [Entry::Watermark(ms(10_999))]);
    assert_eq!(scene.promise(20_250), []);
    scene.receive(at(4, 110, 12_000));
    assert_eq!(scene.feed.gap(), Some((3, 3)));
    assert_eq!(scene.promise(20_500), []);
    scene.wait(PATIENCE);
    assert_eq!(scene.promise(20_750), [Entry::Watermark(ms(20_250))]);
}

#[test]
fn nothing_is_promised_before_the_stream_has_proven_itself() {
    let mut scene = Scene::new();
    assert!(scene.feed.needs_probe(scene.now));
    assert_eq!(scene.promise(5_000), []);
    let probed = scene.feed.probed(None, scene.now, &mut scene.out);
    assert_eq!(probed, Probed::UpToDate);
    assert!(!scene.feed.needs_probe(scene.now));
    assert_eq!(scene.promise(5_000), [Entry::Watermark(ms(4_500))]);
    scene.feed.lost();
    assert_eq!(scene.promise(6_000), []);
}

#[test]
fn a_silent_stream_is_asked_about_and_found_out() {
    let mut scene = Scene::new();
    scene.receive(trade(1, 100));
    scene.wait(FRESHNESS);
    assert!(scene.feed.needs_probe(scene.now));
    let probed = scene
        .feed
        .probed(Some(trade(3, 100)), scene.now, &mut scene.out);
    assert_eq!(probed, Probed::Behind);
    assert_eq!(scene.feed.gap(), Some((2, 2)));
}

#[test]
fn a_silent_stream_that_nobody_can_ask_about_stops_the_watermarks() {
    let mut scene = Scene::new();
    scene.receive(at(1, 100, 1_000));
    scene.wait(FRESHNESS * 2);
    assert_eq!(scene.promise(10_000), []);
}

#[test]
fn a_feed_goes_on_where_the_stream_ends() {
    let mut scene = Scene::resumed(Resume {
        last_id: Some(6),
        tick: Some(trade(5, 100)),
        watermark: Some(ms(5_500)),
    });
    assert_eq!(scene.receive(trade(6, 100)), []);
    scene.receive(trade(8, 100));
    assert_eq!(scene.feed.gap(), Some((7, 7)));
    let late = at(7, 100, 5_500);
    let entries = [
        Entry::Note(NoteKind::Late, late),
        Entry::Tick(trade(8, 100)),
    ];
    assert_eq!(scene.fill(late), entries);
}

#[test]
fn too_many_waiting_trades_close_the_gap_at_once() {
    let mut scene = Scene::new();
    scene.receive(at(1, 100, 1));
    for id in 0..MAX_WAITING as u64 {
        assert_eq!(scene.receive(at(id + 3, 100, 1)), []);
    }
    let entries = scene.receive(at(MAX_WAITING as u64 + 3, 100, 1));
    assert_eq!(entries[0], Entry::Gap { first: 2, last: 2 });
    assert_eq!(entries.len(), MAX_WAITING + 2);
}
