//! Who meets whom: which tickets of one queue open a match together, which have waited too long,
//! and when it is worth looking again.
//!
//! A queue holds the tickets of one version of one game. It knows players by their cups alone, and
//! by whom they want to play with.
//!
//! The oldest ticket is the anchor: it meets the first others, in ticket order, inside its band,
//! and as many of them as fill the match. Where the rules of the game are silent, these hold:
//!
//! - A group always contains its anchor, and nobody in it lies outside the anchor's band.
//! - Nobody holds up the queue behind him. Where the oldest has too few near him, or may still
//!   wait for more, the next oldest is the anchor, and so on. A younger anchor takes an older
//!   ticket along that lies inside its band, before any younger one.
//! - Who is passed over loses nothing: his band goes on growing, and he is the first to be tried
//!   again at every look.
//! - A party stands where its first ticket stands. It is an anchor, or comes along, with all of its
//!   tickets or with none; where it does not fit in any more, those behind it do.

mod search;

use std::ops::RangeInclusive;

use uuid::Uuid;

use crate::game::Template;
use crate::id::{PartyId, TicketId, UserId};
use crate::timestamp::Timestamp;
use search::Search;

/// How long a ticket waits for each further width of its cup band, in milliseconds.
pub const BAND_STEP_MS: i64 = 5_000;

/// What a queue goes by: the part of the game's template that is about meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The fewest players of a match.
    pub min_players: u32,
    /// The most players of a match; never below the fewest.
    pub max_players: u32,
    /// How long the last of the fewest waits for more players, in milliseconds.
    pub fill_wait_ms: i64,
    /// How long a ticket lives, in milliseconds.
    pub queue_ttl_ms: i64,
    /// How many cups apart players may be at first; anybody meets anybody where there is none.
    pub cup_band: Option<i64>,
}

impl From<&Template> for Rules {
    fn from(template: &Template) -> Self {
        Self {
            min_players: template.min_players,
            max_players: template.max_players,
            fill_wait_ms: template.fill_wait_ms,
            queue_ttl_ms: template.queue_ttl_ms,
            cup_band: template.cup_band,
        }
    }
}

/// A player's place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The place.
    pub id: TicketId,
    /// Who waits.
    pub player: UserId,
    /// The cups that the player had on joining.
    pub cups: i64,
    /// Since when; the same for everybody of a party.
    pub joined: Timestamp,
    /// With whom the player wants to play, if with somebody.
    pub party: Option<PartyId>,
}

impl Ticket {
    /// What the ticket is inseparable from.
    fn unit(&self) -> Uuid {
        self.party.map_or(self.id.uuid(), PartyId::uuid)
    }

    /// Whether neither of the two plays without the other.
    fn plays_with(&self, other: &Self) -> bool {
        self.party.is_some() && self.party == other.party
    }
}

/// What becomes of tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// These tickets, somebody's alone or a party's, have outlived their time.
    Expired {
        /// The tickets.
        tickets: Vec<TicketId>,
    },
    /// These tickets open a match together.
    Opened {
        /// The tickets, in the order in which they joined.
        tickets: Vec<TicketId>,
    },
}

/// The tickets that wait for a match, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    rules: Rules,
    waiting: Vec<Ticket>,
}

impl Queue {
    /// The queue of these tickets, in whatever order they come.
    pub fn new(rules: Rules, mut waiting: Vec<Ticket>) -> Self {
        waiting.sort_by_key(|ticket| (ticket.joined, ticket.unit(), ticket.id));
        Self { rules, waiting }
    }

    /// Everything that is due at `now`, in the order in which it happens. Expired tickets go first:
    /// who has waited too long may have left the screen, and is not pulled into a match.
    pub fn decide(&self, now: Timestamp) -> Vec<Event> {
        let expired = |ticket: &Ticket| self.expiry(ticket) <= now;
        let (expired, waiting) = self.waiting.split_at(self.waiting.partition_point(expired));
        let expired = expired
            .chunk_by(Ticket::plays_with)
            .map(|unit| Event::Expired {
                tickets: unit.iter().map(|ticket| ticket.id).collect(),
            });
        let mut events = Vec::with_capacity(self.waiting.len() / 2);
        events.extend(expired);
        for tickets in Search::new(self.rules, waiting, now) {
            events.push(Event::Opened { tickets });
        }
        events
    }

    /// The queue without the tickets that `events` took out of it.
    #[must_use]
    pub fn evolve(mut self, events: &[Event]) -> Self {
        let mut gone: Vec<TicketId> = events
            .iter()
            .flat_map(|event| match event {
                Event::Expired { tickets } | Event::Opened { tickets } => tickets,
            })
            .copied()
            .collect();
        gone.sort_unstable();
        self.waiting
            .retain(|ticket| gone.binary_search(&ticket.id).is_err());
        self
    }

    /// The first moment behind `now` at which something may be due, provided that nobody joins or
    /// leaves and that all which is due at `now` has been done.
    pub fn next_look(&self, now: Timestamp) -> Option<Timestamp> {
        let mut cups: Vec<i64> = self.waiting.iter().map(|ticket| ticket.cups).collect();
        cups.sort_unstable();
        let moments = self.waiting.iter().flat_map(|ticket| {
            let meeting = self.rules.next_meeting(ticket, &cups, now);
            [
                Some(self.expiry(ticket)),
                Some(self.rules.filled(ticket)),
                meeting,
            ]
        });
        moments.flatten().filter(|moment| *moment > now).min()
    }

    fn expiry(&self, ticket: &Ticket) -> Timestamp {
        ticket.joined.plus_ms(self.rules.queue_ttl_ms)
    }
}

impl Rules {
    /// The cups of those whom `anchor` meets at `now`: its band starts at the rules' width and
    /// grows by it for every step that the anchor waits. None if it meets nobody yet.
    fn band(&self, anchor: &Ticket, now: Timestamp) -> Option<RangeInclusive<i64>> {
        let waited_ms = now.ms().checked_sub(anchor.joined.ms())?;
        let Some(width) = self.cup_band else {
            return (waited_ms >= 0).then_some(i64::MIN..=i64::MAX);
        };
        let widths = waited_ms.div_euclid(BAND_STEP_MS).saturating_add(1);
        let reach = width.saturating_mul(widths);
        let cups = anchor.cups;
        (reach > 0).then(|| cups.saturating_sub(reach)..=cups.saturating_add(reach))
    }

    /// When `anchor` meets somebody whom it does not meet at `now`, the `cups` of everybody given in
    /// order.
    fn next_meeting(&self, anchor: &Ticket, cups: &[i64], now: Timestamp) -> Option<Timestamp> {
        if anchor.joined > now {
            return Some(anchor.joined);
        }
        let (width, band) = (self.cup_band?, self.band(anchor, now)?);
        let below = cups.partition_point(|cups| cups < band.start());
        let above = cups.partition_point(|cups| cups <= band.end());
        let below = below.checked_sub(1).and_then(|place| cups.get(place));
        let next = below.into_iter().chain(cups.get(above));
        let apart = next.map(|cups| anchor.cups.abs_diff(*cups)).min()?;
        let steps = apart.saturating_sub(1).checked_div(width.unsigned_abs())?;
        let wait_ms = i64::try_from(steps).ok()?.checked_mul(BAND_STEP_MS)?;
        Some(anchor.joined.plus_ms(wait_ms))
    }

    /// When `ticket` has waited long enough to play with the fewest.
    fn filled(&self, ticket: &Ticket) -> Timestamp {
        ticket.joined.plus_ms(self.fill_wait_ms)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn rules(cup_band: Option<i64>) -> Rules {
        Rules {
            min_players: 2,
            max_players: 3,
            fill_wait_ms: 10_000,
            queue_ttl_ms: 60_000,
            cup_band,
        }
    }

    fn ticket(number: u128, cups: i64, joined_ms: i64) -> Ticket {
        Ticket {
            id: Uuid::from_u128(number).into(),
            player: Uuid::from_u128(number).into(),
            cups,
            joined: Timestamp::from_ms(joined_ms),
            party: None,
        }
    }

    fn opened(numbers: &[u128]) -> Event {
        let tickets = numbers
            .iter()
            .map(|number| Uuid::from_u128(*number).into())
            .collect();
        Event::Opened { tickets }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_match_opens_as_soon_as_it_is_full() {
        let queue = Queue::new(rules(None), (1..=4).map(|n| ticket(n, 0, 0)).collect());
        assert_eq!(queue.decide(at(0)), [opened(&[1, 2, 3])]);
    }

    #[test]
    fn the_fewest_wait_for_more_as_long_as_the_last_of_them_has_patience() {
        let queue = Queue::new(rules(None), vec![ticket(2, 0, 4_000), ticket(1, 0, 0)]);
        assert_eq!(queue.decide(at(13_999)), []);
        assert_eq!(queue.next_look(at(13_999)), Some(at(14_000)));
        assert_eq!(queue.decide(at(14_000)), [opened(&[1, 2])]);
    }

    #[test]
    fn a_ticket_alone_expires() {
        let queue = Queue::new(rules(None), vec![ticket(1, 0, 0)]);
        assert_eq!(queue.decide(at(59_999)), []);
        let expired = Event::Expired {
            tickets: vec![Uuid::from_u128(1).into()],
        };
        assert_eq!(queue.decide(at(60_000)), [expired]);
    }

    #[test]
    fn a_party_expires_as_a_whole() {
        let tickets = [party(2, 2..4, 0), vec![ticket(9, 0, 0)], party(4, 4..6, 1)].concat();
        let rules = Rules {
            min_players: 6,
            max_players: 6,
            ..rules(None)
        };
        let expired = |numbers: &[u128]| Event::Expired {
            tickets: numbers
                .iter()
                .map(|it| Uuid::from_u128(*it).into())
                .collect(),
        };
        let queue = Queue::new(rules, tickets);
        assert_eq!(queue.decide(at(60_000)), [expired(&[2, 3]), expired(&[9])]);
    }

    #[test]
    fn the_band_of_the_oldest_widens_until_the_other_lies_inside() {
        let queue = Queue::new(
            rules(Some(100)),
            vec![ticket(1, 0, 0), ticket(2, 400, 1_000)],
        );
        assert_eq!(queue.decide(at(14_999)), []);
        assert_eq!(queue.next_look(at(14_999)), Some(at(15_000)));
        assert_eq!(queue.decide(at(15_000)), [opened(&[1, 2])]);
    }

    #[test]
    fn somebody_far_from_everybody_holds_nobody_up() {
        let far = ticket(1, 1_000_000, 0);
        let queue = Queue::new(
            rules(Some(100)),
            vec![far, ticket(2, 0, 0), ticket(3, 50, 0)],
        );
        assert_eq!(queue.decide(at(10_000)), [opened(&[2, 3])]);
    }

    #[test]
    fn a_full_group_contains_its_anchor_and_nobody_outside_the_anchors_band() {
        let rules = Rules {
            max_players: 4,
            ..rules(Some(100))
        };
        let cups = [0, 0, 200, 200, 100];
        let tickets = cups.into_iter().zip(1..);
        let queue = Queue::new(rules, tickets.map(|(cups, n)| ticket(n, cups, 0)).collect());
        // Only the youngest has all others inside its band.
        assert_eq!(queue.decide(at(0)), [opened(&[1, 2, 3, 5])]);
    }

    /// Tickets of a party that joined together.
    fn party(number: u128, tickets: std::ops::Range<u128>, joined_ms: i64) -> Vec<Ticket> {
        let of_party = |ticket| Ticket {
            party: Some(Uuid::from_u128(number).into()),
            ..ticket
        };
        tickets
            .map(|number| of_party(ticket(number, 0, joined_ms)))
            .collect()
    }

    #[test]
    fn a_party_plays_together_or_waits_together() {
        let lonely = vec![ticket(1, 0, 0), ticket(9, 0, 2)];
        let pair = party(2, 2..4, 1);
        let queue = Queue::new(rules(None), [lonely, pair].concat());
        assert_eq!(queue.decide(at(2)), [opened(&[1, 2, 3])]);

        let pairs = [party(2, 2..4, 0), party(4, 4..6, 1)].concat();
        let queue = Queue::new(rules(None), pairs.clone());
        assert_eq!(queue.decide(at(9_999)), []);
        // Two are enough, and three would tear the other two apart.
        let both = [opened(&[2, 3]), opened(&[4, 5])];
        assert_eq!(queue.decide(at(10_001)), both);
        let queue = Queue::new(rules(None), [pairs, vec![ticket(9, 0, 2)]].concat());
        assert_eq!(queue.decide(at(2)), [opened(&[2, 3, 9])]);
    }

    #[test]
    fn parties_that_a_smaller_one_kept_apart_meet_once_it_has_gone() {
        let rules = Rules {
            max_players: 7,
            ..rules(None)
        };
        let sizes = [2, 3, 4, 5].into_iter().zip(1..);
        let parties = sizes.map(|(size, number)| {
            let first = number * 10;
            party(number, first..first + size, 0)
        });
        let queue = Queue::new(rules, parties.flatten().collect());
        // The two fit in with everybody, and so nobody is seven before the five take them.
        let expected = [
            opened(&[10, 11, 40, 41, 42, 43, 44]),
            opened(&[20, 21, 22, 30, 31, 32, 33]),
        ];
        assert_eq!(queue.decide(at(0)), expected);
    }

    #[test]
    fn a_party_that_no_match_holds_meets_nobody() {
        let tickets = [party(1, 1..5, 0), vec![ticket(9, 0, 0)]].concat();
        let queue = Queue::new(rules(None), tickets);
        assert_eq!(queue.decide(at(59_999)), []);
    }

    #[test]
    fn the_oldest_anchor_comes_first_and_a_younger_one_takes_it_along() {
        let tickets = vec![
            ticket(1, 0, 0),
            ticket(2, 300, 0),
            ticket(3, 200, 0),
            ticket(4, 100, 0),
        ];
        let queue = Queue::new(rules(Some(100)), tickets);
        // The oldest has one near him, the second oldest too; the third has two.
        assert_eq!(queue.decide(at(0)), [opened(&[2, 3, 4])]);
        assert_eq!(queue.decide(at(5_000)), [opened(&[1, 3, 4])]);
    }
}

#[cfg(test)]
mod properties {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// The cup band of a crowd.
    const WIDTH: i64 = 100;

    fn queue(rules: Rules, tickets: Vec<(i64, i64)>) -> Queue {
        let waiting = tickets
            .into_iter()
            .zip(1_u128..)
            .map(|((cups, joined_ms), number)| Ticket {
                id: Uuid::from_u128(number).into(),
                player: Uuid::from_u128(number).into(),
                cups,
                joined: Timestamp::from_ms(joined_ms),
                party: None,
            });
        Queue::new(rules, waiting.collect())
    }

    prop_compose! {
        fn any_queue()(
            min in 2_u32..=4,
            more in 0_u32..=4,
            fill_wait_ms in 0_i64..=20_000,
            queue_ttl_ms in 1_i64..=60_000,
            cup_band in option::of(1_i64..=200),
            tickets in vec((0_i64..=1_000, 0_i64..=30_000), 0..12),
        ) -> Queue {
            let rules = Rules {
                min_players: min,
                max_players: min + more,
                fill_wait_ms,
                queue_ttl_ms,
                cup_band,
            };
            queue(rules, tickets)
        }
    }

    prop_compose! {
        /// All came at once and can wait; most stand two widths apart, the youngest in between.
        fn crowd()(
            more in 2_u32..=3,
            widths in vec(prop_oneof![2 => Just(0_i64), 2 => Just(2), 1 => Just(1)], 3..8),
        ) -> Queue {
            let rules = Rules {
                min_players: 2,
                max_players: 2 + more,
                fill_wait_ms: 100_000,
                queue_ttl_ms: 200_000,
                cup_band: Some(WIDTH),
            };
            let widths = widths.into_iter().chain([1]);
            queue(rules, widths.map(|widths| (widths * WIDTH, 0)).collect())
        }
    }

    fn queues() -> impl Strategy<Value = Queue> {
        prop_oneof![any_queue(), crowd()]
    }

    fn after(queue: &Queue, now: Timestamp) -> Queue {
        queue.clone().evolve(&queue.decide(now))
    }

    proptest! {
        #[test]
        fn nothing_new_is_decided_when_asked_twice(queue in queues(), now in 0_i64..=100_000) {
            let now = Timestamp::from_ms(now);
            prop_assert_eq!(after(&queue, now).decide(now), []);
        }

        #[test]
        fn a_ticket_goes_at_most_one_way(queue in queues(), now in 0_i64..=100_000) {
            let mut gone = BTreeSet::new();
            for event in queue.decide(Timestamp::from_ms(now)) {
                let tickets = match event {
                    Event::Expired { tickets } => tickets,
                    Event::Opened { tickets } => {
                        let fits = queue.rules.min_players as usize..=queue.rules.max_players as usize;
                        prop_assert!(fits.contains(&tickets.len()));
                        tickets
                    }
                };
                for ticket in tickets {
                    prop_assert!(gone.insert(ticket), "{ticket} went twice");
                }
            }
        }

        #[test]
        fn nothing_is_due_before_the_next_look(
            queue in queues(),
            now in 0_i64..=60_000,
            later in 1_i64..=60_000,
        ) {
            let now = Timestamp::from_ms(now);
            let queue = after(&queue, now);
            let soon = now.plus_ms(later);
            let due = !queue.decide(soon).is_empty();
            prop_assert!(!due || queue.next_look(now).is_some_and(|look| look <= soon));
        }

        #[test]
        fn a_group_is_its_anchor_and_the_first_others_inside_its_band(
            queue in prop_oneof![1 => any_queue(), 3 => crowd()],
            now in prop_oneof![3 => Just(0_i64), 1 => 0_i64..=100_000],
        ) {
            let most = queue.rules.max_players as usize;
            let mut left = queue.clone();
            for event in queue.decide(Timestamp::from_ms(now)) {
                if let Event::Opened { tickets } = &event {
                    let is_group_of = |anchor: &Ticket| {
                        let near = |other: &&Ticket| {
                            let apart = (anchor.cups - other.cups).abs();
                            let waited = now - anchor.joined.ms();
                            let steps = waited.div_euclid(BAND_STEP_MS);
                            let band = queue.rules.cup_band.map(|width| width * (1 + steps));
                            waited >= 0 && band.is_none_or(|band| apart <= band)
                        };
                        let others = left.waiting.iter().filter(|one| one.id != anchor.id);
                        let mut group: Vec<&Ticket> = others.filter(near).take(most - 1).collect();
                        group.push(anchor);
                        group.sort_by_key(|one| (one.joined, one.id));
                        group.iter().map(|one| one.id).eq(tickets.iter().copied())
                    };
                    prop_assert!(left.waiting.iter().any(is_group_of), "nobody is the anchor");
                }
                left = left.evolve(&[event]);
            }
        }
    }
}
