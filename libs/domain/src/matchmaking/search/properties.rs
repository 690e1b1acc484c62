//! The search against the rules read word by word.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::matchmaking::{BAND_STEP_MS, Event, Queue};

/// The rules of a queue, read word by word: everybody is compared with everybody.
struct Naive<'q> {
    rules: Rules,
    waiting: Vec<Vec<&'q Ticket>>,
}

impl<'q> Naive<'q> {
    fn new(rules: Rules, tickets: &'q [Ticket]) -> Self {
        let mut waiting: Vec<Vec<&Ticket>> = Vec::new();
        for ticket in tickets {
            match waiting.last_mut() {
                Some(unit) if unit[0].unit() == ticket.unit() => unit.push(ticket),
                _ => waiting.push(vec![ticket]),
            }
        }
        Self { rules, waiting }
    }

    /// From when on `other` lies inside the band of `anchor`.
    fn meets_from(&self, anchor: &Ticket, other: &Ticket) -> Option<Timestamp> {
        let Some(width) = self.rules.cup_band else {
            return Some(anchor.joined);
        };
        let apart = (anchor.cups - other.cups).abs();
        let steps = (apart - 1).max(0) / width;
        Some(anchor.joined.plus_ms(steps * BAND_STEP_MS))
    }

    /// The first anchor that has a match opens it, again and again until none has.
    fn decide(mut self, now: Timestamp) -> Vec<Vec<TicketId>> {
        let mut opened = Vec::new();
        while let Some(group) =
            (0..self.waiting.len()).find_map(|anchor| self.group_around(anchor, now))
        {
            self.waiting.retain(|unit| !group.contains(&unit[0].id));
            opened.push(group);
        }
        opened
    }

    /// Who opens a match with the unit at this place.
    fn group_around(&self, anchor: usize, now: Timestamp) -> Option<Vec<TicketId>> {
        let most = size(self.rules.max_players);
        let mut group = vec![anchor];
        let players = |group: &[usize]| -> usize {
            group.iter().map(|place| self.waiting[*place].len()).sum()
        };
        if players(&group) > most {
            return None;
        }
        for (place, other) in self.waiting.iter().enumerate() {
            let from = self.meets_from(self.waiting[anchor][0], other[0]);
            let is_near = from.is_some_and(|moment| moment <= now);
            let fits = players(&group) + other.len() <= most;
            if place != anchor && is_near && fits {
                group.push(place);
            }
        }
        group.sort_unstable();
        let tickets = group.iter().flat_map(|place| &self.waiting[*place]);
        let tickets: Vec<&Ticket> = tickets.copied().collect();
        let last_of_the_fewest = tickets.get(size(self.rules.min_players) - 1);
        let has_waited = last_of_the_fewest.is_some_and(|one| self.rules.filled(one) <= now);
        let is_due = has_waited || tickets.len() >= most;
        is_due.then(|| tickets.iter().map(|ticket| ticket.id).collect())
    }
}

prop_compose! {
    fn rules()(
        min_players in 2_u32..=4,
        more in 0_u32..=4,
        fill_wait_ms in 0_i64..=20_000,
        cup_band in option::of(1_i64..=200),
    ) -> Rules {
        let max_players = min_players + more;
        Rules { min_players, max_players, fill_wait_ms, queue_ttl_ms: 1_000_000, cup_band }
    }
}

/// Players alone and parties, with the cups and the moment of each.
fn tickets() -> impl Strategy<Value = Vec<Ticket>> {
    tickets_with(0_i64..=1_000, 0..30)
}

/// As many players alone and parties, with such cups.
fn tickets_with(
    cups: impl Strategy<Value = i64>,
    units: Range<usize>,
) -> impl Strategy<Value = Vec<Ticket>> {
    let sizes = prop_oneof![3 => Just(1_usize), 1 => 2_usize..=5];
    let unit = (sizes, cups, 0_i64..=30_000);
    vec(unit, units).prop_map(|units| {
        let mut tickets = Vec::new();
        for (number, (players, cups, joined_ms)) in (0_u128..).zip(units) {
            for player in (number * 10 + 1..).take(players) {
                let party = Uuid::from_u128(1_000_000 + number);
                tickets.push(Ticket {
                    id: Uuid::from_u128(player).into(),
                    player: Uuid::from_u128(player).into(),
                    cups,
                    joined: Timestamp::from_ms(joined_ms),
                    party: (players > 1).then(|| party.into()),
                });
            }
        }
        tickets
    })
}

/// Cups around zero and around the ends of 32 bits, and more than fit in them.
fn any_cups() -> impl Strategy<Value = i64> {
    let (least, most) = (i64::from(i32::MIN), i64::from(i32::MAX));
    let around = prop_oneof![
        2 => Just(0),
        2 => Just(least),
        2 => Just(most),
        1 => Just(2 * least),
        1 => Just(2 * most),
    ];
    (around, -300_i64..=300).prop_map(|(around, apart)| around + apart)
}

proptest! {
    #[test]
    fn whoever_meets_is_who_would_if_everybody_were_compared(
        rules in rules(),
        tickets in tickets(),
        looks_through in 0_usize..10,
        now in 0_i64..=60_000,
    ) {
        let (queue, now) = (Queue::new(rules, tickets), Timestamp::from_ms(now));
        let found = Search { looks_through, ..Search::new(rules, &queue.waiting, now) };
        let expected = Naive::new(rules, &queue.waiting).decide(now);
        prop_assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn whoever_meets_in_a_crowd_is_who_would_if_everybody_were_compared(
        rules in rules(),
        tickets in tickets_with(any_cups(), 0..100),
        looks_through in 0_usize..40,
        now in 0_i64..=60_000,
    ) {
        let (queue, now) = (Queue::new(rules, tickets), Timestamp::from_ms(now));
        let found = Search { looks_through, ..Search::new(rules, &queue.waiting, now) };
        let expected = Naive::new(rules, &queue.waiting).decide(now);
        prop_assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_next_look_is_when_everybody_compared_would_meet(
        rules in rules(),
        tickets in tickets(),
        now in 0_i64..=60_000,
    ) {
        let (queue, now) = (Queue::new(rules, tickets), Timestamp::from_ms(now));
        let naive = Naive::new(rules, &queue.waiting);
        let everybody = || queue.waiting.iter();
        let meetings = everybody().flat_map(|anchor| {
            everybody().filter_map(|other| naive.meets_from(anchor, other))
        });
        let others = everybody().flat_map(|one| [queue.expiry(one), rules.filled(one)]);
        let next = meetings.chain(others).filter(|moment| *moment > now).min();
        prop_assert_eq!(queue.next_look(now), next);
    }

    #[test]
    fn a_party_goes_as_a_whole_and_nothing_new_is_decided_when_asked_twice(
        rules in rules(),
        tickets in tickets(),
        now in 0_i64..=60_000,
    ) {
        let rules = Rules { cup_band: None, ..rules };
        let (queue, now) = (Queue::new(rules, tickets), Timestamp::from_ms(now));
        let events = queue.decide(now);
        for event in &events {
            if let Event::Opened { tickets } = event {
                let goes = |ticket: &&Ticket| tickets.contains(&ticket.id);
                let parties = queue.waiting.iter().filter(goes).filter_map(|it| it.party);
                for party in parties {
                    let of_party = |ticket: &&Ticket| ticket.party == Some(party);
                    let mut members = queue.waiting.iter().filter(of_party);
                    prop_assert!(members.all(|member| tickets.contains(&member.id)));
                }
            }
        }
        prop_assert_eq!(queue.evolve(&events).decide(now), []);
    }
}
