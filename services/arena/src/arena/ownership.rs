//! Which shards are in memory: taken, caught up, given to others, dropped, left out, handed over.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::shard::Shard as ShardNumber;
use metrics::{counter, gauge, histogram};
use runtime::causes;
use store::arena::{Lease, ShardRow};
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::{Arena, Single};
use crate::beside::Told;
use crate::error::Error;
use crate::feed::Feed;
use crate::lease::Kept;
use crate::takeover::{TakenOver, catch_up, take_over};

pub(super) const LEFT_OUT: &str = "arena_shards_left_out_total";

/// A shard that cannot go on is tried again after this long: a person may have mended it.
const LEFT_OUT_FOR: Duration = Duration::from_secs(30);
/// So many groups of shards are taken over at once: each reads MARKET by itself.
const TAKEOVERS: usize = 4;

impl Arena {
    /// Renews what is ours and takes what nobody has, up to our share, beside the loop.
    pub(super) fn look_after_leases(&mut self) {
        if self.inputs.is_none() || !self.keeping.begin() {
            return;
        }
        let owned = self.shards.values().map(|shard| shard.lease);
        let leases = owned.chain(self.taking.values().copied()).collect();
        let limit = if self.takeovers < TAKEOVERS {
            usize::from(ShardNumber::COUNT)
        } else {
            0
        };
        self.left_out.retain(|_, until| *until > Instant::now());
        let except = self.left_out.keys().copied().collect();
        let owner = self.owner.clone();
        let keeping = owner.keep(self.app.db.clone(), leases, limit, except);
        let keeping = async { Told::Kept(keeping.await) };
        self.app.beside.run("leases", keeping);
    }

    pub(super) fn kept(&mut self, kept: Kept) {
        let again = self.keeping.end();
        self.share = kept.share;
        self.drop_shards(&kept.lost);
        // One may have been left out and taken again by the same look.
        let is_out = |row: &ShardRow| self.left_out.contains_key(&row.lease.shard);
        let (out, taken): (Vec<_>, Vec<_>) = kept.taken.into_iter().partition(is_out);
        self.release(out.iter().map(|row| row.lease).collect());
        if taken.is_empty() {
            if self.taking.is_empty() {
                self.readiness.reached();
            }
        } else {
            info!(shards = taken.len(), share = kept.share, "shards taken");
            counter!("arena_shards_taken_total").increment(taken.len() as u64);
            let leases = taken.iter().map(|row| (row.lease.shard, row.lease));
            self.taking.extend(leases);
            self.takeovers += 1;
            self.tell_what_is_read();
            let taking = take_over(self.app.clone(), taken);
            let taking = async { Told::TakenOver(taking.await) };
            self.app.beside.run_until_shutdown("take-over", taking);
        }
        self.show_shards();
        self.give_up_surplus();
        if again {
            self.look_after_leases();
        }
    }

    /// Gives back what was taken by a look that was under way when the shutdown began.
    pub(super) fn kept_while_leaving(&mut self, kept: Kept) {
        self.keeping = Single::default();
        self.drop_shards(&kept.lost);
        let taken = kept.taken.iter().map(|row| (row.lease.shard, row.lease));
        self.taking.extend(taken);
    }

    /// Shards have read the backlog up to MARKET's tail. The loop may be a little further: it lets
    /// them have what they missed, or sends them back to read on if that is too much.
    pub(super) fn taken_over(&mut self, taken: TakenOver) -> Result<(), Error> {
        self.takeovers = self.takeovers.saturating_sub(1);
        let (mut behind, mut joined) = (Vec::new(), 0_u64);
        for mut shard in taken.ready {
            let number = shard.lease.shard;
            if self.taking.get(&number) != Some(&shard.lease) {
                continue;
            }
            let Some(missed) = self.recent.since(shard.market_place().sequence) else {
                behind.push(shard);
                continue;
            };
            for (sequence, entry) in missed {
                shard.market(*sequence, entry)?;
            }
            let feed = Feed::open(
                &self.app,
                shard.lease,
                shard.positions(),
                self.feeds.clone(),
            );
            shard.listen(feed);
            self.taking.remove(&number);
            self.shards.insert(number, shard);
            joined += 1;
        }
        for (lease, error) in taken.failed {
            if self.taking.get(&lease.shard) != Some(&lease) {
                continue;
            }
            if error.may_pass() {
                warn!(shard = %lease.shard, cause = causes(&error), "a shard was not loaded");
                self.taking.remove(&lease.shard);
                self.release(vec![lease]);
            } else {
                self.leave_out(lease, &error);
            }
        }
        if joined > 0 {
            let took = taken.began.elapsed();
            info!(
                shards = joined,
                ms = took.as_millis(),
                "shards take commands"
            );
            histogram!("arena_catch_up_seconds").record(took);
        }
        if !behind.is_empty() {
            self.takeovers += 1;
            let reading = catch_up(self.app.clone(), behind, taken.began);
            let reading = async { Told::TakenOver(reading.await) };
            self.app.beside.run_until_shutdown("catch-up", reading);
        }
        if self.taking.is_empty() {
            self.readiness.reached();
        }
        self.tell_what_is_read();
        self.show_shards();
        self.give_up_surplus();
        if joined > 0 {
            self.look_for_battles();
            // Others may have given up more meanwhile.
            self.look_after_leases();
        }
        Ok(())
    }

    /// Begins to give up one shard, if we have more than our share: it takes nothing any more, and
    /// what it did is written.
    fn give_up_surplus(&mut self) {
        let owned = self.shards.len() + self.taking.len();
        if self.leaving.is_some() || self.share == 0 || owned <= self.share {
            return;
        }
        // Whoever trades least notices least.
        let open = self.shards.values_mut().filter(|shard| shard.is_open());
        if let Some(shard) = open.min_by_key(|shard| shard.running().len()) {
            shard.close();
            self.leaving = Some(shard.lease);
        }
    }

    /// Gives up the shard that is to leave, once everything that it did is true.
    pub(super) fn give_up_what_is_written(&mut self) {
        let Some(lease) = self.leaving else { return };
        match self.shards.get(&lease.shard) {
            Some(shard) if shard.is_open() || shard.is_due() => {}
            Some(_) => {
                self.shards.remove(&lease.shard);
                counter!("arena_shards_given_up_total").increment(1);
                let (owner, db) = (self.owner.clone(), self.app.db.clone());
                self.app.beside.run("release", async move {
                    owner.release(&db, &[lease]).await;
                    Told::GivenUp
                });
            }
            None => self.given_up(),
        }
    }

    pub(super) fn given_up(&mut self) {
        self.leaving = None;
        self.show_shards();
        self.give_up_surplus();
    }

    /// Drops what these shards have in memory: it did not happen. Whoever owns them reads on from
    /// the rows; where that is still us, we take them anew.
    pub(super) fn drop_shards(&mut self, lost: &[Lease]) {
        let lost: Vec<Lease> = lost
            .iter()
            .copied()
            .filter(|lease| self.forget(*lease))
            .collect();
        for lease in &lost {
            warn!(shard = %lease.shard, epoch = lease.epoch, "a shard is lost");
        }
        counter!("arena_shards_lost_total").increment(lost.len() as u64);
        self.release(lost);
        self.show_shards();
    }

    /// Leaves a shard alone that cannot go on, for a while, and says so to a person.
    pub(super) fn leave_out(&mut self, lease: Lease, cause: &Error) {
        if self.forget(lease) {
            error!(
                shard = %lease.shard,
                cause = causes(cause),
                remedy = cause.remedy(),
                "a shard is left out"
            );
            counter!(LEFT_OUT).increment(1);
            self.left_out
                .insert(lease.shard, Instant::now() + LEFT_OUT_FOR);
            self.release(vec![lease]);
            self.show_shards();
        }
    }

    /// Takes a shard out of memory; false if it is not there under this lease.
    fn forget(&mut self, lease: Lease) -> bool {
        let Lease { shard: number, .. } = lease;
        let taking = self.taking.get(&number) == Some(&lease);
        let owned = self
            .shards
            .get(&number)
            .is_some_and(|shard| shard.lease == lease);
        if taking {
            self.taking.remove(&number);
        }
        if owned {
            self.shards.remove(&number);
            self.looking.remove(&number);
            if let Some(commit) = &mut self.commit {
                commit.remove(&number);
            }
        }
        if self.leaving == Some(lease) {
            self.leaving = None;
        }
        taking || owned
    }

    fn release(&self, leases: Vec<Lease>) {
        if !leases.is_empty() {
            let (owner, db) = (self.owner.clone(), self.app.db.clone());
            let release = async move { owner.release(&db, &leases).await };
            self.app.beside.spawn("release", release);
        }
    }

    /// Writes what is left, with every checkpoint, and gives the shards up. The others hear of it
    /// first: they look for what is free before it is.
    pub(super) async fn hand_over(mut self) {
        self.inputs = None;
        self.owner.leave(&self.app.db).await;
        for shard in self.shards.values_mut() {
            shard.close();
        }
        self.write_all().await;
        let owned = self.shards.values().map(|shard| shard.lease);
        let leases: Vec<Lease> = owned.chain(self.taking.values().copied()).collect();
        self.owner.release(&self.app.db, &leases).await;
        // A look at the leases may have said meanwhile that we live.
        self.owner.leave(&self.app.db).await;
        info!(shards = leases.len(), "shards given up");
    }

    fn tell_what_is_read(&self) {
        if !self.taking.is_empty() && !self.readiness.is_reached() {
            let shards: BTreeSet<_> = self.taking.keys().map(ToString::to_string).collect();
            let shards: Vec<_> = shards.into_iter().collect();
            self.readiness
                .waits_for(format!("shards to read the market: {}", shards.join(", ")));
        }
    }

    fn show_shards(&self) {
        #[expect(clippy::cast_precision_loss, reason = "there are 64 shards")]
        let gauges = [
            ("arena_shards", self.shards.len() as f64),
            ("arena_shards_taking", self.taking.len() as f64),
            ("arena_shards_share", self.share as f64),
        ];
        for (name, value) in gauges {
            gauge!(name).set(value);
        }
    }
}
