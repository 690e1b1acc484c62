//! The rules of matching alone: who of five thousand that wait plays with whom.

use std::hint::black_box;
use std::time::Instant;

use domain::id::TicketId;
use domain::matchmaking::{Event, Queue, Rules, Ticket};
use domain::timestamp::Timestamp;
use measure::Figure;
use uuid::Uuid;

use crate::BENCH;
use crate::peer::Peer;

/// As many as the matcher looks at together where there is a cup band.
const WAITING: u32 = 5_000;
/// How far apart players may be.
const BAND: i64 = 100;
const ROUNDS: usize = 200;
const GOAL: f64 = 10.0;

/// Two who are near.
const RULES: Rules = Rules {
    min_players: 2,
    max_players: 2,
    fill_wait_ms: 0,
    queue_ttl_ms: 60_000,
    cup_band: Some(BAND),
};

pub(crate) async fn measure() {
    // Everybody waits since a moment ago; nobody meets anybody among the second.
    let now = Timestamp::from_ms(1);
    let near = tickets(|number| i64::from(number * 7_919 % 10_007));
    let far = tickets(|number| i64::from(number * 7_919 % 5_003) * (BAND + 1));
    let (near, far) = (looks(&near, now), looks(&far, now));
    assert_eq!(far.matches, 0, "somebody met who was too far away");
    assert!(
        near.matches * 20 > WAITING as usize * 9,
        "hardly anybody met"
    );
    for Looks {
        us,
        whole_us,
        matches,
    } in [&near, &far]
    {
        eprintln!(
            "matching: {matches} matches of {WAITING} players take {us:.0} µs, and {whole_us:.0} µs \
             with the moment of the next look"
        );
    }
    let Some(peer) = Peer::find("matching_vs_colyseus") else {
        return;
    };
    let arguments = [WAITING.to_string(), BAND.to_string(), ROUNDS.to_string()];
    let measured = peer.run("match", &arguments).await;
    let theirs_us = measured["us"].as_f64().unwrap();
    eprintln!(
        "matching: colyseus opens {} of them in {theirs_us:.0} µs",
        measured["matches"]
    );
    let rate = |matches: f64, us: f64| matches * 2.0 / us * 1e6;
    let (value, baseline) = (
        rate(near.matches as f64, near.us),
        rate(measured["matches"].as_f64().unwrap(), theirs_us),
    );
    Figure {
        name: "matching_vs_colyseus",
        value,
        unit: "players/s",
        baseline,
        ratio: value / baseline,
        goal: GOAL,
        met: value / baseline >= GOAL,
    }
    .print(BENCH);
}

/// What half of all looks at the same tickets take at most, in microseconds.
struct Looks {
    /// Who plays with whom.
    us: f64,
    /// That, and when to look again.
    whole_us: f64,
    matches: usize,
}

fn looks(tickets: &[Ticket], now: Timestamp) -> Looks {
    let (mut took, mut whole, mut matches) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let tickets = tickets.to_vec();
        let began = Instant::now();
        let queue = Queue::new(RULES, black_box(tickets));
        let events = black_box(queue.decide(now));
        took.push(began.elapsed().as_secs_f64() * 1e6);
        black_box(queue.evolve(&events).next_look(now));
        whole.push(began.elapsed().as_secs_f64() * 1e6);
        matches = complete(&events);
    }
    let half = |mut us: Vec<f64>| {
        us.sort_by(f64::total_cmp);
        us[ROUNDS / 2]
    };
    Looks {
        us: half(took),
        whole_us: half(whole),
        matches,
    }
}

/// How many matches open; nobody is in two of them.
fn complete(events: &[Event]) -> usize {
    let mut seated: Vec<TicketId> = Vec::new();
    for event in events {
        match event {
            Event::Opened { tickets } => seated.extend(tickets),
            Event::Expired { .. } => panic!("nobody waits that long"),
        }
    }
    let players = seated.len();
    seated.sort_unstable();
    seated.dedup();
    assert_eq!(seated.len(), players, "in two matches");
    assert_eq!(players, events.len() * 2, "a match of another size");
    events.len()
}

fn tickets(cups: impl Fn(u32) -> i64) -> Vec<Ticket> {
    let ticket = |number: u32| Ticket {
        id: Uuid::from_u128(number.into()).into(),
        player: Uuid::from_u128(number.into()).into(),
        cups: cups(number),
        joined: Timestamp::from_ms(0),
        party: None,
    };
    (0..WAITING).map(ticket).collect()
}
