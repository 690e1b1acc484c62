//! What the engines did becomes true, and then those who wait hear of it.

use std::collections::BTreeMap;

use domain::battle::BattleStatus;
use domain::id::BattleId;
use store::arena::Lease;
use tokio::time::Instant;

use super::{APART, Arena};
use crate::beside::Told;
use crate::commit::{Settled, commit};
use crate::error::Error;
use crate::pending::Reply;
use crate::shard::Shard;

/// What follows from a batch once it is true.
pub(super) struct Consequences {
    /// Who wrote it: by now the shard may be here under another lease.
    lease: Lease,
    replies: Vec<Reply>,
    ended: Vec<BattleId>,
}

impl Arena {
    /// Sends what waits for nothing of its shard that is not true yet.
    pub(super) fn send_free_replies(&mut self) {
        let Self { shards, commit, .. } = self;
        let written = |number| {
            !commit
                .as_ref()
                .is_some_and(|on_its_way| on_its_way.contains_key(number))
        };
        for (_, shard) in shards.iter_mut().filter(|(number, _)| written(*number)) {
            for reply in shard.take_free_replies() {
                let (to, answer) = reply.answer(None);
                self.app.bus.answer(Some(&to), &answer);
            }
        }
    }

    /// Whether there is something to write that still gathers more.
    pub(super) fn gathers(&self) -> bool {
        self.commit.is_none() && self.shards.values().any(Shard::is_due)
    }

    /// Sets a group commit going, unless one is on its way, it still gathers, or there is nothing to
    /// write.
    pub(super) fn begin_commit(&mut self) {
        if self.commit.is_some() || Instant::now() < self.commit_at {
            return;
        }
        let (mut batches, mut consequences) = (Vec::new(), BTreeMap::new());
        for (number, shard) in &mut self.shards {
            if shard.is_due() {
                self.in_flight += shard.uncommitted();
                let (batch, replies) = shard.take_batch();
                let opened = batch.opened.iter();
                let opened = opened.map(|battle| (battle.terms.battle, battle.status));
                let changed = batch.battles.iter();
                let changed = changed.map(|battle| (battle.battle, battle.status));
                let ended = opened
                    .chain(changed)
                    .filter(|(_, status)| *status != BattleStatus::Open)
                    .map(|(battle, _)| battle)
                    .collect();
                let lease = shard.lease;
                let follows = Consequences {
                    lease,
                    replies,
                    ended,
                };
                consequences.insert(*number, follows);
                batches.push(batch);
            }
        }
        if !batches.is_empty() {
            self.commit = Some(consequences);
            self.commit_at = Instant::now() + APART;
            let db = self.app.db.clone();
            let work = async move { Told::Settled(commit(db, batches).await) };
            self.app.beside.run("group commit", work);
        }
    }

    /// Lets follow what follows from a group commit.
    pub(super) fn settled(&mut self, settled: Settled) {
        let mut consequences = self.commit.take().unwrap_or_default();
        self.in_flight = 0;
        for (number, at_ms) in &settled.committed {
            let Some(follows) = consequences.remove(number) else {
                continue;
            };
            let Consequences {
                lease,
                replies,
                ended,
            } = follows;
            let shard = self.shards.get_mut(number);
            if let Some(shard) = shard.filter(|shard| shard.lease == lease) {
                shard.committed();
            }
            for reply in replies {
                let (to, answer) = reply.answer(*at_ms);
                self.app.bus.answer(Some(&to), &answer);
            }
            for battle in ended {
                self.seal(battle);
            }
        }
        let lost = settled.lost.iter();
        let lost: Vec<_> = lost
            .filter_map(|number| consequences.get(number).map(|follows| follows.lease))
            .collect();
        self.drop_shards(&lost);
        for (number, cause) in settled.refused {
            if let Some(follows) = consequences.get(&number) {
                self.leave_out(follows.lease, &Error::Store(cause));
            }
        }
        self.give_up_what_is_written();
    }

    /// Writes everything that is left and waits until it is true.
    pub(super) async fn write_all(&mut self) {
        loop {
            self.send_free_replies();
            self.commit_at = Instant::now();
            self.begin_commit();
            if self.commit.is_none() && !self.keeping.under_way {
                return;
            }
            match self.told.recv().await {
                Some(Told::Settled(settled)) => self.settled(settled),
                Some(Told::Kept(Some(kept))) => self.kept_while_leaving(kept),
                Some(Told::Kept(None)) => self.keeping = super::Single::default(),
                Some(Told::GivenUp) => self.leaving = None,
                Some(
                    Told::TakenOver(_)
                    | Told::Polled(_)
                    | Told::LookedUp(_)
                    | Told::Backlog { .. }
                    | Told::Sealed(_),
                ) => {}
                None => return,
            }
        }
    }
}
