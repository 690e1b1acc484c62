//! The feed by law: whatever the exchange does, these hold.

use std::collections::BTreeSet;

use domain::price::Price;
use proptest::prelude::*;

use super::*;

/// One thing that happens to a feed.
#[derive(Clone, Debug)]
enum Step {
    /// The stream brings the trade at this place of the tape.
    Receive(usize),
    /// REST brings it.
    Fill(usize),
    Wait {
        ms: u16,
    },
    Lost,
    Probed(usize),
}

const TAPE: usize = 24;

/// Trades with consecutive ids; times mostly rise, prices mostly stay near.
fn tape() -> impl Strategy<Value = Vec<Tick>> {
    let trade = (
        -300_i64..1_500,
        prop_oneof![5 => 95_i64..105, 1 => 50_i64..200],
    );
    prop::collection::vec(trade, TAPE).prop_map(|trades| {
        let mut time_ms = 1_000_000;
        (1..)
            .zip(trades)
            .map(|(id, (later_ms, price))| {
                time_ms += later_ms;
                let price = Price::from_units(price * 100_000_000).unwrap();
                Tick {
                    trade: id,
                    price,
                    time: Timestamp::from_ms(time_ms),
                }
            })
            .collect()
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..TAPE).prop_map(Step::Receive),
        3 => (0..TAPE).prop_map(Step::Fill),
        4 => (1_u16..1_500).prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::Lost),
        1 => (0..TAPE).prop_map(Step::Probed),
    ];
    prop::collection::vec(step, 1..120)
}

/// Everything that a feed says while the steps happen, and at the end of all patience. Checks on
/// the way that no watermark passes what is held or missing.
fn run(tape: &[Tick], steps: &[Step]) -> Vec<Entry> {
    let mut feed = Feed::new(500, Duration::from_secs(3), Resume::default());
    let (mut now, mut exchange_ms, mut out) = (Instant::now(), 1_000_000, Vec::new());
    for step in steps {
        match step {
            Step::Receive(place) => feed.receive(tape[*place], now, &mut out),
            Step::Fill(place) => feed.fill(tape[*place], now, &mut out),
            Step::Wait { ms } => {
                now += Duration::from_millis(u64::from(*ms));
                exchange_ms += i64::from(*ms);
                feed.poll(now, &mut out);
                let said = out.len();
                let (held, gap) = (feed.held, feed.gap());
                feed.promise(now, Timestamp::from_ms(exchange_ms), &mut out);
                for entry in &out[said..] {
                    let Entry::Watermark(closed) = entry else {
                        panic!("only watermarks")
                    };
                    assert!(gap.is_none());
                    assert!(held.is_none_or(|held| *closed < held.tick.time));
                    assert!(closed.ms() <= exchange_ms - WATERMARK_LAG_MS);
                }
            }
            Step::Lost => feed.lost(),
            Step::Probed(place) => {
                feed.probed(Some(tape[*place]), now, &mut out);
            }
        }
    }
    for _patience in 0..2 {
        now += PATIENCE;
        feed.poll(now, &mut out);
    }
    assert!(
        feed.held.is_none() && feed.waiting.is_empty(),
        "nothing waits for ever"
    );
    out
}

proptest! {
    #[test]
    fn every_id_is_spoken_of_exactly_once_and_none_is_left_out(tape in tape(), steps in steps()) {
        let mut seen = BTreeSet::new();
        for entry in run(&tape, &steps) {
            let ids = match entry {
                Entry::Tick(tick) | Entry::Note(_, tick) => tick.trade..=tick.trade,
                Entry::Gap { first, last } => first..=last,
                Entry::Watermark(_) => continue,
            };
            for id in ids {
                prop_assert!(seen.insert(id), "{id} twice");
            }
        }
        if let (Some(first), Some(last)) = (seen.first(), seen.last()) {
            prop_assert_eq!(u64::try_from(seen.len()).unwrap(), last - first + 1);
        }
    }

    #[test]
    fn ids_rise_and_time_never_goes_back(tape in tape(), steps in steps()) {
        let mut last: Option<Tick> = None;
        for entry in run(&tape, &steps) {
            if let Entry::Tick(tick) = entry {
                prop_assert!(last.is_none_or(|last| last.trade < tick.trade && last.time <= tick.time));
                last = Some(tick);
            }
        }
    }

    #[test]
    fn no_tick_follows_into_a_closed_moment(tape in tape(), steps in steps()) {
        let mut closed: Option<Timestamp> = None;
        for entry in run(&tape, &steps) {
            match entry {
                Entry::Tick(tick) => prop_assert!(closed.is_none_or(|closed| closed < tick.time)),
                Entry::Watermark(next) => {
                    prop_assert!(closed.is_none_or(|closed| closed < next));
                    closed = Some(next);
                }
                Entry::Gap { .. } | Entry::Note(..) => {}
            }
        }
    }

    #[test]
    fn the_order_of_arrival_decides_nothing_while_patience_lasts(
        tape in tape(),
        order in Just((0..TAPE).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        // The first trade says where the feed begins; the others come in any order.
        let first_then = |order: Vec<usize>| {
            let rest = order.into_iter().filter(|place| *place > 0).map(Step::Receive);
            [Step::Receive(0)].into_iter().chain(rest).collect::<Vec<_>>()
        };
        let shuffled = run(&tape, &first_then(order));
        prop_assert_eq!(shuffled, run(&tape, &first_then((0..TAPE).collect())));
    }
}
