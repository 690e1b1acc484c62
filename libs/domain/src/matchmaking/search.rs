//! Looks for company for one after the other of those who wait, and takes whoever found it out.

mod line;
#[cfg(test)]
mod properties;

use std::ops::{Range, RangeInclusive};

use super::{Rules, Ticket};
use crate::id::TicketId;
use crate::timestamp::Timestamp;
use line::Line;

/// How many of the first who wait are looked through for company before everybody is sorted by
/// cups. In a queue that moves, company is near; who finds none anywhere costs a logarithm.
const LOOKED_THROUGH: usize = 512;

/// Groups that open a match at one moment, in the order in which they do.
pub(super) struct Search<'q> {
    rules: Rules,
    now: Timestamp,
    fewest: usize,
    most: usize,
    units: Vec<Unit<'q>>,
    /// Whether there are parties among them.
    has_parties: bool,
    /// The tickets of the units before this one have waited long enough to play with the fewest.
    filled: usize,
    /// The units that wait.
    line: Line,
    /// The next to be the anchor.
    anchor: usize,
    /// As many are looked through at first.
    looks_through: usize,
    /// Only there once somebody needed it.
    by_cups: Option<ByCups>,
    /// The group of the last anchor.
    group: Group,
}

/// Players who play together or not at all: a party, or somebody alone. There is at least one.
type Unit<'q> = &'q [Ticket];

/// Units that may play together, by their places in the queue.
#[derive(Default)]
struct Group {
    places: Vec<usize>,
    players: usize,
    /// How many of the players have waited long enough to play with the fewest.
    filled: usize,
}

impl<'q> Search<'q> {
    /// A search among tickets in the order of the queue.
    pub(super) fn new(rules: Rules, waiting: &'q [Ticket], now: Timestamp) -> Self {
        let mut units: Vec<Unit<'q>> = Vec::with_capacity(waiting.len());
        units.extend(waiting.chunk_by(Ticket::plays_with));
        let is_filled = |unit: &Unit<'_>| unit.iter().all(|ticket| rules.filled(ticket) <= now);
        Self {
            has_parties: units.len() < waiting.len(),
            filled: units.partition_point(is_filled),
            line: Line::new(units.iter().map(|unit| cups(unit))),
            units,
            fewest: size(rules.min_players),
            most: size(rules.max_players),
            rules,
            now,
            anchor: 0,
            looks_through: LOOKED_THROUGH,
            by_cups: None,
            group: Group::default(),
        }
    }

    /// Gathers the group of an anchor, who has left the line; answers whether it opens a match.
    fn gathers_around(&mut self, anchor: usize) -> bool {
        let unit = self.unit(anchor);
        let Some(first) = unit.first().filter(|_| unit.len() <= self.most) else {
            return false;
        };
        self.group.clear();
        self.group.add(anchor, unit.len(), anchor < self.filled);
        let Some(band) = self.rules.band(first, self.now) else {
            return self.group.is_due(self.fewest, self.most);
        };
        self.look_through(&band, 0..self.looks_through);
        let is_settled =
            self.group.players >= self.most || self.line.ends_within(self.looks_through);
        if !is_settled && self.are_enough_near(anchor, &band) {
            self.look_through(&band, self.looks_through..usize::MAX);
        }
        self.group.is_due(self.fewest, self.most)
    }

    /// Fills the group with those inside the band who stand at these places of the line.
    fn look_through(&mut self, band: &RangeInclusive<i64>, places: Range<usize>) {
        let (units, group, most, filled) = (&self.units, &mut self.group, self.most, self.filled);
        if group.players >= most {
            return;
        }
        self.line.look_along(places, band, |place| {
            let unit = units.get(place).copied().unwrap_or_default();
            if band.contains(&cups(unit)) {
                group.add_if_it_fits(place, unit.len(), place < filled, most);
            }
            group.players >= most
        });
    }

    /// Whether there are as many inside the band of an anchor as a match takes.
    fn are_enough_near(&mut self, anchor: usize, band: &RangeInclusive<i64>) -> bool {
        let (units, line, filled) = (&self.units, &self.line, self.filled);
        let by_cups = self.by_cups.get_or_insert_with(|| {
            let waits = |place| place == anchor || line.waits(place);
            ByCups::new(units, |place, unit| {
                let players = if waits(place) { unit.len() } else { 0 };
                Node::of(players, place < filled)
            })
        });
        let near = by_cups.sum(by_cups.ranks(band));
        near.players >= self.most || near.filled >= self.fewest
    }

    fn unit(&self, place: usize) -> Unit<'q> {
        self.units.get(place).copied().unwrap_or_default()
    }

    /// Takes the group out; answers its tickets, oldest first.
    fn open(&mut self) -> Vec<TicketId> {
        self.group.places.sort_unstable();
        let mut tickets = Vec::with_capacity(self.group.players);
        for place in self.group.places.iter().copied() {
            tickets.extend(self.unit(place).iter().map(|ticket| ticket.id));
            self.line.leave(place);
            if let Some(by_cups) = &mut self.by_cups {
                by_cups.remove(place);
            }
        }
        self.line.move_up();
        tickets
    }
}

impl Iterator for Search<'_> {
    type Item = Vec<TicketId>;

    /// Among players who are alone one pass is enough: no group falls due because tickets of others
    /// have gone. Where there are parties it may, for one that did not fit in fits once a smaller one
    /// is gone: then everybody is tried again.
    fn next(&mut self) -> Option<Vec<TicketId>> {
        while self.anchor < self.units.len() {
            let place = self.anchor;
            self.anchor = place.saturating_add(1);
            let Some(waits) = self.line.leave(place) else {
                continue;
            };
            if self.gathers_around(place) {
                let tickets = self.open();
                if self.has_parties {
                    self.anchor = self.line.head();
                }
                return Some(tickets);
            }
            self.line.come_back(place, waits);
        }
        None
    }
}

impl Group {
    fn clear(&mut self) {
        self.places.clear();
        (self.players, self.filled) = (0, 0);
    }

    fn add(&mut self, place: usize, players: usize, is_filled: bool) {
        self.places.push(place);
        self.players = self.players.saturating_add(players);
        if is_filled {
            self.filled = self.filled.saturating_add(players);
        }
    }

    /// Whether it opens: it is full, or the last of the fewest has waited.
    fn is_due(&self, fewest: usize, most: usize) -> bool {
        self.players >= most || self.filled >= fewest
    }

    /// Adds a unit unless there would be more than `most` players.
    fn add_if_it_fits(&mut self, place: usize, players: usize, is_filled: bool, most: usize) {
        if self.players.saturating_add(players) <= most {
            self.add(place, players, is_filled);
        }
    }
}

/// The units that wait, in the order of their cups, below a tree of sums.
struct ByCups {
    /// In order.
    cups: Vec<i64>,
    /// Where the unit of each place in the queue stands in that order.
    ranks: Vec<usize>,
    /// Each the sum of the two at twice its number and behind; the units begin at `cups.len()`.
    nodes: Vec<Node>,
}

/// What is known of units that stand side by side.
#[derive(Clone, Copy)]
struct Node {
    players: usize,
    filled: usize,
}

impl Node {
    const NOBODY: Self = Self {
        players: 0,
        filled: 0,
    };

    fn of(players: usize, are_filled: bool) -> Self {
        let filled = if are_filled { players } else { 0 };
        Self { players, filled }
    }

    fn and(self, other: Self) -> Self {
        Self {
            players: self.players.saturating_add(other.players),
            filled: self.filled.saturating_add(other.filled),
        }
    }
}

impl ByCups {
    fn new(units: &[Unit<'_>], node: impl Fn(usize, Unit<'_>) -> Node) -> Self {
        let mut order: Vec<(i64, usize)> = units
            .iter()
            .enumerate()
            .map(|(place, unit)| (cups(unit), place))
            .collect();
        order.sort_unstable();
        let mut found = Self {
            cups: order.iter().map(|(cups, _)| *cups).collect(),
            ranks: vec![0; units.len()],
            nodes: vec![Node::NOBODY; units.len().saturating_mul(2)],
        };
        for (rank, (_, place)) in order.into_iter().enumerate() {
            let of_rank = found.nodes.get_mut(units.len().saturating_add(rank));
            if let (Some(unit), Some(of_rank)) = (units.get(place), of_rank) {
                *of_rank = node(place, unit);
            }
            if let Some(of_place) = found.ranks.get_mut(place) {
                *of_place = rank;
            }
        }
        for number in (1..units.len()).rev() {
            found.add_up(number);
        }
        found
    }

    /// Where the units with these cups stand.
    fn ranks(&self, cups: &RangeInclusive<i64>) -> Range<usize> {
        let from = self.cups.partition_point(|it| it < cups.start());
        let to = self.cups.partition_point(|it| it <= cups.end());
        from..to
    }

    fn sum(&self, ranks: Range<usize>) -> Node {
        let (mut from, mut to) = (
            self.cups.len().saturating_add(ranks.start),
            self.cups.len().saturating_add(ranks.end),
        );
        let mut sum = Node::NOBODY;
        while from < to {
            if from % 2 == 1 {
                sum = sum.and(self.node(from));
                from = from.saturating_add(1);
            }
            if to % 2 == 1 {
                to = to.saturating_sub(1);
                sum = sum.and(self.node(to));
            }
            (from, to) = (from / 2, to / 2);
        }
        sum
    }

    /// Leaves out the unit at a place in the queue.
    fn remove(&mut self, place: usize) {
        let Some(rank) = self.ranks.get(place) else {
            return;
        };
        let mut number = self.cups.len().saturating_add(*rank);
        if let Some(found) = self.nodes.get_mut(number) {
            *found = Node::NOBODY;
        }
        while number > 1 {
            number /= 2;
            self.add_up(number);
        }
    }

    fn add_up(&mut self, number: usize) {
        let left = number.saturating_mul(2);
        let sum = self.node(left).and(self.node(left.saturating_add(1)));
        if let Some(node) = self.nodes.get_mut(number) {
            *node = sum;
        }
    }

    fn node(&self, number: usize) -> Node {
        self.nodes.get(number).copied().unwrap_or(Node::NOBODY)
    }
}

/// Whether a unit lies inside a band is told by its first ticket.
fn cups(unit: &[Ticket]) -> i64 {
    unit.first().map_or(0, |ticket| ticket.cups)
}

fn size(players: u32) -> usize {
    usize::try_from(players).unwrap_or(usize::MAX)
}
