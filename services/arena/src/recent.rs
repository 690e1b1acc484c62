//! The entries of MARKET that the loop applied last: a shard that has read the backlog by itself
//! gets the few that it missed from here, so that nobody has to wait for it.

use std::collections::VecDeque;

use domain::market::MarketEntry;

/// So many entries are kept. A shard that lies further behind reads on by itself.
const KEPT: usize = 4_096;

/// The last entries, in order.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// All behind this sequence are here.
    from: u64,
    entries: VecDeque<(u64, MarketEntry)>,
}

impl Recent {
    /// Nothing yet, behind `sequence`.
    pub(crate) fn behind(sequence: u64) -> Self {
        Self {
            from: sequence,
            entries: VecDeque::new(),
        }
    }

    /// Adds the next entry.
    pub(crate) fn push(&mut self, sequence: u64, entry: MarketEntry) {
        if self.entries.len() == KEPT
            && let Some((dropped, _)) = self.entries.pop_front()
        {
            self.from = dropped;
        }
        self.entries.push_back((sequence, entry));
    }

    /// All entries behind `sequence`; none if some of them are not here any more.
    pub(crate) fn since(&self, sequence: u64) -> Option<impl Iterator<Item = &(u64, MarketEntry)>> {
        let first = self
            .entries
            .partition_point(|(number, _)| *number <= sequence);
        (sequence >= self.from).then(|| self.entries.range(first..))
    }
}

#[cfg(test)]
mod tests {
    use domain::market::{Epoch, MarketEvent};

    use super::*;

    fn entry() -> MarketEntry {
        MarketEntry {
            epoch: Epoch(1),
            event: MarketEvent::Offset { ahead_ns: 0 },
        }
    }

    fn since(recent: &Recent, sequence: u64) -> Option<Vec<u64>> {
        let entries = recent.since(sequence)?;
        Some(entries.map(|(number, _)| *number).collect())
    }

    #[test]
    fn what_lies_behind_a_place_is_all_there_or_it_is_said_that_it_is_not() {
        let mut recent = Recent::behind(10);
        assert_eq!(since(&recent, 9), None);
        assert_eq!(since(&recent, 10), Some(vec![]));
        assert_eq!(since(&recent, 12), Some(vec![]), "further on than the loop");
        for sequence in [11, 13, 17] {
            recent.push(sequence, entry());
        }
        assert_eq!(since(&recent, 10), Some(vec![11, 13, 17]));
        assert_eq!(since(&recent, 13), Some(vec![17]));
        assert_eq!(since(&recent, 14), Some(vec![17]));
    }

    #[test]
    fn an_entry_that_was_dropped_is_never_passed_over() {
        let mut recent = Recent::behind(0);
        for sequence in (1..).take(KEPT + 2) {
            recent.push(sequence, entry());
        }
        assert_eq!(since(&recent, 1), None);
        assert_eq!(since(&recent, 2).map(|entries| entries.len()), Some(KEPT));
    }
}
