//! Looks for company for one after the other of those who wait, and takes whoever found it out.

#[cfg(test)]
mod properties;

use std::ops::{Range, RangeInclusive};

use super::{Rules, Ticket};
use crate::id::TicketId;
use crate::timestamp::Timestamp;

/// How many of the first who wait are looked through for company before everybody is sorted by
/// cups. In a queue that moves, company is near; who finds none there costs a logarithm.
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
    /// The next to be the anchor.
    anchor: usize,
    /// Nobody before this one waits.
    head: usize,
    /// As many are looked through.
    looks_through: usize,
    /// Only there once somebody needed it.
    by_cups: Option<ByCups>,
}

/// Players who play together or not at all: a party, or somebody alone.
struct Unit<'q> {
    /// At least one.
    tickets: &'q [Ticket],
    cups: i64,
    /// Whether its tickets have waited long enough to play with the fewest.
    filled: bool,
    waits: bool,
}

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
        let units = waiting.chunk_by(|one, other| one.unit() == other.unit());
        let unit = |tickets: &'q [Ticket]| Unit {
            tickets,
            cups: tickets.first().map_or(0, |ticket| ticket.cups),
            filled: tickets.iter().all(|ticket| rules.filled(ticket) <= now),
            waits: true,
        };
        let units: Vec<Unit<'q>> = units.map(unit).collect();
        Self {
            has_parties: units.iter().any(|unit| unit.tickets.len() > 1),
            units,
            fewest: size(rules.min_players),
            most: size(rules.max_players),
            rules,
            now,
            anchor: 0,
            head: 0,
            looks_through: LOOKED_THROUGH,
            by_cups: None,
        }
    }

    /// Who opens a match with the unit at `place`; nobody unless it waits.
    fn group_around(&mut self, place: usize) -> Option<Group> {
        let anchor = self.units.get(place).filter(|unit| unit.waits)?;
        if anchor.tickets.len() > self.most {
            return None;
        }
        let Some(band) = self.rules.band(anchor.tickets.first()?, self.now) else {
            let group = self.alone(place);
            return group.is_due(self.fewest, self.most).then_some(group);
        };
        match self.look_through(place, &band) {
            Some(group) => group.is_due(self.fewest, self.most).then_some(group),
            None => self.look_up(place, &band),
        }
    }

    /// The group of an anchor, due or not; none if it takes more to tell than the first who wait.
    fn look_through(&self, anchor: usize, band: &RangeInclusive<i64>) -> Option<Group> {
        let mut group = self.alone(anchor);
        let first = self.units.iter().enumerate().skip(self.head);
        for (place, unit) in first.take(self.looks_through) {
            if group.players >= self.most {
                break;
            }
            if place != anchor && unit.waits && band.contains(&unit.cups) {
                group.add_if_it_fits(place, unit, self.most);
            }
        }
        let is_everybody = self.head.saturating_add(self.looks_through) >= self.units.len();
        (group.players >= self.most || is_everybody).then_some(group)
    }

    /// The group of an anchor if it is due, found among everybody.
    fn look_up(&mut self, anchor: usize, band: &RangeInclusive<i64>) -> Option<Group> {
        let mut group = self.alone(anchor);
        let units = &self.units;
        let by_cups = self.by_cups.get_or_insert_with(|| ByCups::new(units));
        let near = by_cups.ranks(band);
        // The anchor lies inside its own band.
        let all = by_cups.sum(near.clone());
        if all.players < self.most && all.filled < self.fewest {
            return None;
        }
        by_cups.set(anchor, Node::NOBODY);
        let mut passed = Vec::new();
        while group.players < self.most {
            let place = by_cups.sum(near.clone()).first;
            let Some(unit) = units.get(place) else { break };
            by_cups.set(place, Node::NOBODY);
            if !group.add_if_it_fits(place, unit, self.most) {
                passed.push(place);
            }
        }
        let is_due = group.is_due(self.fewest, self.most);
        if !is_due {
            passed.extend(&group.places);
        }
        for place in passed {
            if let Some(unit) = units.get(place) {
                by_cups.set(place, Node::of(place, unit));
            }
        }
        is_due.then_some(group)
    }

    fn alone(&self, place: usize) -> Group {
        let mut group = Group::default();
        if let Some(unit) = self.units.get(place) {
            group.add(place, unit);
        }
        group
    }

    /// Takes a group out; answers its tickets, oldest first.
    fn take(&mut self, mut group: Group) -> Vec<TicketId> {
        group.places.sort_unstable();
        let mut tickets = Vec::with_capacity(group.players);
        for place in group.places {
            let Some(unit) = self.units.get_mut(place) else {
                continue;
            };
            unit.waits = false;
            tickets.extend(unit.tickets.iter().map(|ticket| ticket.id));
            if let Some(by_cups) = &mut self.by_cups {
                by_cups.set(place, Node::NOBODY);
            }
        }
        let gone = self.units.iter().skip(self.head);
        let gone = gone.take_while(|unit| !unit.waits).count();
        self.head = self.head.saturating_add(gone);
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
            if let Some(group) = self.group_around(place) {
                let tickets = self.take(group);
                if self.has_parties {
                    self.anchor = self.head;
                }
                return Some(tickets);
            }
        }
        None
    }
}

impl Group {
    fn add(&mut self, place: usize, unit: &Unit<'_>) {
        let players = unit.tickets.len();
        self.places.push(place);
        self.players = self.players.saturating_add(players);
        if unit.filled {
            self.filled = self.filled.saturating_add(players);
        }
    }

    /// Whether it opens: it is full, or the last of the fewest has waited.
    fn is_due(&self, fewest: usize, most: usize) -> bool {
        self.players >= most || self.filled >= fewest
    }

    /// Adds a unit unless there would be more than `most` players; answers whether it did.
    fn add_if_it_fits(&mut self, place: usize, unit: &Unit<'_>, most: usize) -> bool {
        let fits = self.players.saturating_add(unit.tickets.len()) <= most;
        if fits {
            self.add(place, unit);
        }
        fits
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
    /// The place in the queue of the one that came first.
    first: usize,
}

impl Node {
    const NOBODY: Self = Self {
        players: 0,
        filled: 0,
        first: usize::MAX,
    };

    fn of(place: usize, unit: &Unit<'_>) -> Self {
        let players = unit.tickets.len();
        Self {
            players,
            filled: if unit.filled { players } else { 0 },
            first: place,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            players: self.players.saturating_add(other.players),
            filled: self.filled.saturating_add(other.filled),
            first: self.first.min(other.first),
        }
    }
}

impl ByCups {
    fn new(units: &[Unit<'_>]) -> Self {
        let mut order: Vec<(i64, usize)> = units
            .iter()
            .enumerate()
            .map(|(place, unit)| (unit.cups, place))
            .collect();
        order.sort_unstable();
        let mut found = Self {
            cups: order.iter().map(|(cups, _)| *cups).collect(),
            ranks: vec![0; units.len()],
            nodes: vec![Node::NOBODY; units.len().saturating_mul(2)],
        };
        for (rank, (_, place)) in order.into_iter().enumerate() {
            let node = found.nodes.get_mut(units.len().saturating_add(rank));
            if let (Some(unit), Some(node)) = (units.get(place).filter(|it| it.waits), node) {
                *node = Node::of(place, unit);
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

    /// Changes what is known of the unit at a place in the queue.
    fn set(&mut self, place: usize, node: Node) {
        let Some(rank) = self.ranks.get(place) else {
            return;
        };
        let mut number = self.cups.len().saturating_add(*rank);
        if let Some(found) = self.nodes.get_mut(number) {
            *found = node;
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

fn size(players: u32) -> usize {
    usize::try_from(players).unwrap_or(usize::MAX)
}
