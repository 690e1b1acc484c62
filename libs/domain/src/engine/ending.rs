//! How a battle ends: asset by asset as the market passes its end, all at once when it is
//! finalised, or not at all when it is called off.
//!
//! Positions close when the last asset is final, in order of acceptance. Until then an asset that
//! is final already fires nothing, but its pending orders still go stale and can be taken back.

use super::book::{Asset, Triggers};
use super::effects::Fact;
use super::live::{Course, Stage};
use super::turn::Turn;
use crate::battle::{BattleStatus, LogBody};
use crate::market::Tick;
use crate::position::EndCause;
use crate::ranking::{BattleResult, Finish};
use crate::timestamp::Timestamp;

impl Turn<'_> {
    /// Fixes an asset at its last tick inside the match; the market has passed the end.
    pub(super) fn end_asset(&mut self, listing: usize) {
        if self.battle.status != BattleStatus::Open {
            return;
        }
        self.fix(listing);
        self.touch_battle();
        if self
            .battle
            .listings
            .iter()
            .all(|listing| listing.course != Course::Running)
        {
            self.finish();
        }
    }

    /// Ends the battle with the ticks that came so far.
    pub(super) fn finalise(&mut self) {
        self.log(LogBody::Finalise);
        for listing in 0..self.battle.listings.len() {
            self.fix(listing);
        }
        self.finish();
    }

    /// Calls the battle off.
    pub(super) fn cancel(&mut self) {
        self.log(LogBody::Canceled);
        self.battle.status = BattleStatus::Canceled;
        self.battle.ended_at = Some(self.sequence);
        for number in self.battle.position_numbers() {
            let Some(time) = self.newest_moment(number) else {
                continue;
            };
            self.void(number, EndCause::MatchCanceled, time);
            self.annul(number, time);
        }
        let seats = self.battle.terms.seats.iter();
        for (player, seat) in self.battle.players.iter_mut().zip(seats) {
            player.cards_left = seat.card_uses;
        }
        self.touch_players();
        self.effects.facts.push(Fact::BattleCanceled {
            battle: self.battle.terms.battle,
        });
    }

    /// The newest moment on the exchange's clock that a position knows of: whatever of its asset's
    /// last tick and watermark, its own fill and its effective time is latest. A cancel has no
    /// moment of its own, and the record holds these.
    fn newest_moment(&self, number: u32) -> Option<Timestamp> {
        let position = self.battle.position(number)?;
        let listing = self.battle.listings.get(position.listing.index())?;
        let asset = self.assets.get(listing.asset)?;
        let ticks = asset.tick().into_iter();
        let ticks = ticks.chain(position.fill.map(|fill| fill.tick));
        ticks
            .map(|tick| tick.time)
            .chain(asset.watermark())
            .chain([position.effective_time])
            .max()
    }

    fn fix(&mut self, index: usize) {
        let Some(listing) = self.battle.listings.get(index) else {
            return;
        };
        if listing.course != Course::Running {
            return;
        }
        let last = self.assets.get(listing.asset).and_then(Asset::tick);
        for number in self.battle.position_numbers() {
            if self
                .battle
                .position(number)
                .is_some_and(|position| position.listing.index() == index)
            {
                self.replace(number, self.standing(number), Triggers::default());
            }
        }
        let window = self.battle.terms.start_time..=self.battle.terms.end_time;
        if let Some(listing) = self.battle.listings.get_mut(index) {
            listing.course = Course::Final(last.filter(|tick| window.contains(&tick.time)));
        }
    }

    fn finish(&mut self) {
        for number in self.battle.position_numbers() {
            let Some(position) = self.battle.position(number) else {
                continue;
            };
            let end_time = self.battle.terms.end_time;
            match position.stage() {
                Stage::Pending => self.void(number, EndCause::MatchEnd, end_time),
                Stage::Open(fill) => {
                    // A fill lies inside the match, so its asset has a last tick there.
                    let last = self
                        .final_tick(position.listing.index())
                        .unwrap_or(fill.tick);
                    self.exit(number, EndCause::MatchEnd, last);
                }
                Stage::Ended => {}
            }
        }
        let players = self.battle.players.iter();
        let finishes: Vec<Finish> = players
            .map(|player| Finish {
                equity: player.cash,
                fills: player.fills,
                cards_left: player.cards_left,
            })
            .collect();
        let result = BattleResult::of(&self.battle.terms, &finishes);
        self.battle.status = BattleStatus::Final;
        self.battle.ended_at = Some(self.sequence);
        self.battle.result = Some(result.clone());
        self.touch_battle();
        self.effects.facts.push(Fact::BattleFinal { result });
    }

    fn final_tick(&self, listing: usize) -> Option<Tick> {
        match self.battle.listings.get(listing)?.course {
            Course::Running => None,
            Course::Final(tick) => tick,
        }
    }
}
