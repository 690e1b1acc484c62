//! What one call has to tidy up at its end: which rows changed, and triggers that mean nothing any
//! more. Noted as cheaply as can be, because a burst has many of them.

use std::collections::BTreeSet;

use super::book::{Key, Siblings, Slot};
use super::effects::Touched;
use super::live::Battle;
use crate::battle::PositionKey;

/// What the call has touched so far. A row may come many times.
#[derive(Debug, Default)]
pub(super) struct Touch {
    pub battles: Vec<Slot>,
    pub players: Vec<Key>,
    pub positions: Vec<Key>,
    /// Triggers that are still to leave the asset that fires.
    pub siblings: Siblings,
}

impl Touch {
    /// Tells of everything that was touched, and forgets it.
    pub(super) fn tell<'a>(
        &mut self,
        touched: &mut Touched,
        find: impl Fn(Slot) -> Option<&'a Battle>,
    ) {
        for list in [&mut self.players, &mut self.positions] {
            list.sort_unstable();
            list.dedup();
        }
        self.battles.dedup();
        let battles = self.battles.drain(..);
        touched
            .battles
            .extend(battles.filter_map(|slot| Some(find(slot)?.terms.battle)));
        let players = self.players.drain(..).filter_map(|key| {
            let battle = find(key.battle)?;
            Some((battle.terms.battle, battle.player(key.number)?.id))
        });
        merge(&mut touched.participants, players);
        let positions = self.positions.drain(..).filter_map(|key| {
            let battle = find(key.battle)?;
            Some(PositionKey {
                battle: battle.terms.battle,
                position: battle.position(key.number)?.id,
            })
        });
        merge(&mut touched.positions, positions);
    }
}

/// Puts rows into a set: at once if it is empty, which is much cheaper than one by one.
fn merge<T: Ord>(set: &mut BTreeSet<T>, rows: impl Iterator<Item = T>) {
    if set.is_empty() {
        *set = rows.collect();
    } else {
        set.extend(rows);
    }
}
