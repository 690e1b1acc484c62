//! The events that an order and a position may meet.

use domain::market::NoteReason;
use domain::order::{BodyHash, CommandBody, Entered, LevelChange, OrderKind};
use domain::price::Price;

use super::scene::{
    ASKED, BETWEEN, BEYOND, END, LIMIT, OWNER, RIVAL, STAMP, STOP, Scene, TAKE, amendment, one_of,
};
use crate::table::stage::{NOTHING, id};

/// What an event is called, and what it does.
pub(super) type Event = (&'static str, fn(&mut Scene) -> String);

/// Times are those of the newest command of the position, unless an event says otherwise.
pub(super) const EVENTS: &[Event] = &[
    ("tick a moment early, at the limit", |scene| {
        scene.tick(scene.stamp - 1, LIMIT)
    }),
    ("tick in time, at the limit", |scene| {
        scene.tick(scene.in_time(), LIMIT)
    }),
    ("tick in time, short of the limit", |scene| {
        scene.tick(scene.in_time(), BETWEEN)
    }),
    ("tick at the liquidation price", |scene| {
        scene.told(|stage, time, price| stage.tick(0, time, price))
    }),
    ("tick at the stop", |scene| {
        scene.tick(scene.in_time(), STOP)
    }),
    ("tick at the take", |scene| {
        scene.tick(scene.in_time(), TAKE)
    }),
    ("tick at the lowest price", |scene| {
        scene.told(|stage, time, _| stage.tick(0, time, Price::MIN))
    }),
    ("watermark in time, then a tick before it", |scene| {
        scene.told(|stage, time, price| {
            let mut effects = stage.watermark(0, time);
            effects.facts.extend(stage.tick(0, time, price).facts);
            effects
        })
    }),
    ("copy of a tick", |scene| {
        scene.told(|stage, time, price| stage.copy(time, price))
    }),
    ("tick of an older epoch", |scene| {
        scene.told(|stage, time, price| stage.older_tick(time, price))
    }),
    ("tick of another asset", |scene| {
        scene.told(|stage, time, price| stage.tick(1, time.min(END), price))
    }),
    ("watermark a moment early", |scene| {
        scene.watermark(scene.stamp - 1)
    }),
    ("watermark in time", |scene| scene.watermark(scene.stamp)),
    ("watermark just before the deadline", |scene| {
        scene.watermark(STAMP + 9_999)
    }),
    ("watermark at the deadline", |scene| {
        scene.watermark(STAMP + 10_000)
    }),
    ("watermark older than the last", |scene| {
        scene.watermark(-501)
    }),
    ("watermark of an older epoch", |scene| {
        scene.told(|stage, _, _| stage.older_watermark(BEYOND))
    }),
    ("gap", |scene| scene.told(|stage, _, _| stage.gap())),
    ("note of a late or rejected trade", |scene| {
        let late = scene.told(|stage, time, price| stage.note(NoteReason::Late, time, price));
        let rejected =
            scene.told(|stage, time, price| stage.note(NoteReason::Rejected, time, price));
        one_of([late, rejected])
    }),
    ("offset", |scene| scene.told(|stage, _, _| stage.offset())),
    ("close", |scene| scene.close(ASKED)),
    ("cancel", |scene| scene.cancel(ASKED)),
    ("amendment", |scene| scene.amend(ASKED)),
    ("amendment, stop on the wrong side", |scene| {
        let wrong = LevelChange::Set(scene.at(TAKE));
        scene.ask(ASKED, amendment(wrong, LevelChange::Keep))
    }),
    ("amendment, take on the wrong side", |scene| {
        let wrong = LevelChange::Set(scene.at(STOP));
        scene.ask(ASKED, amendment(LevelChange::Keep, wrong))
    }),
    ("the newest command again", |scene| {
        let again = scene.newest.clone().unwrap();
        scene.send(&again)
    }),
    ("another command under its request id", |scene| {
        let mut other = scene.newest.clone().unwrap();
        other.body_hash = BodyHash([1; 32]);
        scene.send(&other)
    }),
    ("another order under the position's id", |scene| {
        let order = scene.order(OrderKind::Market);
        scene.ask(ASKED, CommandBody::New(order))
    }),
    ("close, cancel or amendment by a rival", |scene| {
        scene.each(RIVAL, ASKED)
    }),
    ("close, cancel or amendment stamped at the end", |scene| {
        scene.each(OWNER, END)
    }),
    ("close, cancel or amendment, one too many", |scene| {
        for _ in 0..10 {
            let mut order = scene.order(OrderKind::Market);
            order.position = id(9);
            order.symbol = Entered::Malformed;
            scene.ask(ASKED, CommandBody::New(order));
        }
        scene.each(OWNER, ASKED)
    }),
    ("tick beyond the end", |scene| {
        scene.told(|stage, _, price| stage.tick(0, BEYOND, price))
    }),
    ("watermark beyond the end", |scene| scene.watermark(BEYOND)),
    ("watermark of another asset beyond the end", |scene| {
        scene.told(|stage, _, _| stage.watermark(1, BEYOND))
    }),
    ("finalise", |scene| {
        scene.told(|stage, _, _| stage.finalise())
    }),
    ("cancel of the match", |scene| {
        scene.told(|stage, _, _| stage.cancel_match().1)
    }),
    ("the match forgotten", |scene| {
        scene.stage.forget();
        NOTHING.to_owned()
    }),
];
