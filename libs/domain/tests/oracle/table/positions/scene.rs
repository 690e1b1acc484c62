//! One position in a match of its own.

use std::collections::BTreeSet;

use domain::engine::Effects;
use domain::order::{
    Command, CommandBody, Entered, LevelChange, NewOrder, OrderKind, Outcome, Side,
};
use domain::price::Price;

use crate::script::terms::plain_terms;
use crate::table::stage::{NOTHING, Stage, id, order, said, told, whole};

/// When the order counts, in milliseconds after the start.
pub(super) const STAMP: i64 = 1_000;
/// When a command that is noted on the position counts, and the one behind it.
pub(super) const NOTED: i64 = 2_000;
pub(super) const NOTED_NEXT: i64 = 2_500;
/// When the commands of the events count.
pub(super) const ASKED: i64 = 5_000;
/// When the match ends, and the first moment beyond.
pub(super) const END: i64 = 60_000;
pub(super) const BEYOND: i64 = END + 1;
/// What the market stands at. The prices below are those of a BUY; a SELL's lie as far on the
/// other side of it.
pub(super) const MARKET: i64 = 100;
pub(super) const LIMIT: i64 = 95;
/// What every position is filled at.
pub(super) const ENTRY: i64 = 95;
pub(super) const STOP: i64 = 90;
pub(super) const TAKE: i64 = 110;
/// Neither a limit nor a level.
pub(super) const BETWEEN: i64 = 97;
/// Whose position it is, and who else plays.
pub(super) const OWNER: usize = 0;
pub(super) const RIVAL: usize = 1;

/// What is the same whichever way it came about.
pub(super) fn one_of<const N: usize>(cells: [String; N]) -> String {
    let different: BTreeSet<String> = cells.into_iter().collect();
    Vec::from_iter(different).join(" or ")
}

fn close() -> CommandBody {
    CommandBody::Close { position: id(0) }
}

fn cancel() -> CommandBody {
    CommandBody::Cancel { position: id(0) }
}

pub(super) fn amendment(stop_loss: LevelChange, take_profit: LevelChange) -> CommandBody {
    CommandBody::Amend {
        position: id(0),
        stop_loss,
        take_profit,
    }
}

/// One position in a match of its own.
pub(super) struct Scene {
    pub(super) stage: Stage,
    side: Side,
    /// The newest command of the position, and when it counts.
    pub(super) newest: Option<Command>,
    pub(super) stamp: i64,
}

impl Scene {
    pub(super) fn new(side: Side, assets: &[usize]) -> Self {
        let mut stage = Stage::new(whole(MARKET));
        stage.open(&plain_terms(2, assets));
        Self {
            stage,
            side,
            newest: None,
            stamp: STAMP,
        }
    }

    /// A price of a BUY, or as far on the other side of the market.
    pub(super) fn at(&self, price: i64) -> Price {
        whole(match self.side {
            Side::Buy => price,
            Side::Sell => 2 * MARKET - price,
        })
    }

    /// Where a loss is the whole margin: half of the entry away, at a leverage of 2.
    pub(super) fn liquidation(&self) -> Price {
        let entry = self.at(ENTRY).units();
        let away = match self.side {
            Side::Buy => -entry / 2,
            Side::Sell => entry / 2,
        };
        Price::from_units(entry + away).unwrap()
    }

    /// The first moment at which the newest command counts and a tick may have.
    pub(super) fn in_time(&self) -> i64 {
        let Stage {
            newest_tick,
            newest_watermark,
            ..
        } = self.stage;
        self.stamp.max(newest_watermark + 1).max(newest_tick)
    }

    pub(super) fn order(&self, kind: OrderKind<Entered<Price>>) -> NewOrder {
        NewOrder {
            stop_loss: Entered::Value(self.at(STOP)),
            take_profit: Entered::Value(self.at(TAKE)),
            ..order(id(0), self.side, kind)
        }
    }

    pub(super) fn market(&mut self) {
        let order = self.order(OrderKind::Market);
        self.ask(STAMP, CommandBody::New(order));
    }

    pub(super) fn limit(&mut self) {
        let limit = OrderKind::Limit(Entered::Value(self.at(LIMIT)));
        let order = self.order(limit);
        self.ask(STAMP, CommandBody::New(order));
    }

    pub(super) fn fill(&mut self) {
        self.limit();
        self.tick(STAMP, ENTRY);
    }

    /// The market passes the newest command's time.
    pub(super) fn arm(&mut self) {
        self.watermark(self.stamp);
    }

    /// The position's asset becomes final.
    pub(super) fn pass_the_end(&mut self) {
        self.tick(BEYOND, BETWEEN);
    }

    pub(super) fn tick(&mut self, ms: i64, price: i64) -> String {
        let price = self.at(price);
        self.told(|stage, _, _| stage.tick(0, ms, price))
    }

    pub(super) fn watermark(&mut self, ms: i64) -> String {
        self.told(|stage, _, _| stage.watermark(0, ms))
    }

    pub(super) fn close(&mut self, stamp: i64) -> String {
        self.ask(stamp, close())
    }

    pub(super) fn cancel(&mut self, stamp: i64) -> String {
        self.ask(stamp, cancel())
    }

    pub(super) fn amend(&mut self, stamp: i64) -> String {
        let take = LevelChange::Set(self.at(TAKE));
        self.ask(stamp, amendment(LevelChange::Keep, take))
    }

    pub(super) fn ask(&mut self, stamp: i64, body: CommandBody) -> String {
        let command = self.stage.command(OWNER, stamp, body);
        self.stamp = stamp;
        let said = self.send(&command);
        self.newest = Some(command);
        said
    }

    /// What is said to each command on the position.
    pub(super) fn each(&mut self, by: usize, stamp: i64) -> String {
        let take = LevelChange::Set(self.at(TAKE));
        let bodies = [close(), cancel(), amendment(LevelChange::Keep, take)];
        one_of(bodies.map(|body| {
            let command = self.stage.command(by, stamp, body);
            self.send(&command)
        }))
    }

    /// What is said, or what happens if it is taken.
    pub(super) fn send(&mut self, command: &Command) -> String {
        let (answer, effects) = self.stage.send(command);
        let said = said(answer, &effects);
        match (answer.outcome, told(&effects, id(0))) {
            (Outcome::Refused(_), _) => said,
            (Outcome::Accepted { .. }, told) if told == NOTHING => said,
            (Outcome::Accepted { .. }, told) => told,
        }
    }

    /// What happens at an event, which may like to be in time and at the liquidation price.
    pub(super) fn told(&mut self, event: impl FnOnce(&mut Stage, i64, Price) -> Effects) -> String {
        let (time, price) = (self.in_time(), self.liquidation());
        told(&event(&mut self.stage, time, price), id(0))
    }
}
