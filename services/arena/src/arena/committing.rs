//! What the engines did becomes true, and then those who wait hear of it.

use domain::battle::BattleStatus;
use futures::FutureExt;

use super::{Arena, Consequences};
use crate::commit::{Settled, commit};
use crate::error::Error;

impl Arena {
    /// Sends what waits for nothing that is not true yet.
    pub(super) async fn send_free_replies(&mut self) {
        if self.commit.is_some() {
            return;
        }
        for shard in self.shards.values_mut() {
            for (to, answer) in shard.take_free_replies() {
                self.app.bus.answer(Some(&to), &answer).await;
            }
        }
    }

    /// Sets a group commit going, unless one is on its way or there is nothing to write.
    pub(super) fn begin_commit(&mut self) {
        if self.commit.is_some() {
            return;
        }
        let mut batches = Vec::new();
        for (number, shard) in &mut self.shards {
            if shard.is_due() {
                let (batch, replies) = shard.take_batch();
                let ended = batch.battles.iter();
                let ended = ended
                    .filter(|battle| battle.status != BattleStatus::Open)
                    .map(|battle| battle.terms.battle)
                    .collect();
                self.consequences
                    .insert(*number, Consequences { replies, ended });
                batches.push(batch);
            }
        }
        if !batches.is_empty() {
            self.commit = Some(commit(self.app.db.clone(), batches).boxed());
        }
    }

    pub(super) async fn settled(&mut self, settled: Settled) -> Result<(), Error> {
        self.commit = None;
        for number in &settled.committed {
            if let Some(shard) = self.shards.get_mut(number) {
                shard.committed();
            }
            let Consequences { replies, ended } =
                self.consequences.remove(number).unwrap_or_default();
            for (to, answer) in replies {
                self.app.bus.answer(Some(&to), &answer).await;
            }
            for battle in ended {
                self.seal(battle);
            }
        }
        self.drop_shards(&settled.lost).await;
        if self.leases_due {
            self.look_after_leases().await
        } else {
            Ok(())
        }
    }

    /// Waits for the commit that is on its way, if one is.
    pub(super) async fn finish_commit(&mut self) -> Result<(), Error> {
        // No lease is taken any more.
        self.leases_due = false;
        match self.commit.take() {
            Some(commit) => self.settled(commit.await?).await,
            None => Ok(()),
        }
    }
}
