//! The states of an order and of a position, and how each is reached.

use super::scene::{ENTRY, NOTED, NOTED_NEXT, STAMP, Scene};

/// What a state is called, and how a position comes to it.
pub(super) type State = (&'static str, fn(&mut Scene));

pub(super) const PENDING: &[State] = &[
    ("market", Scene::market),
    ("market, armed", |scene| {
        scene.market();
        scene.arm();
    }),
    ("market, amendment noted", |scene| {
        scene.market();
        scene.amend(NOTED);
    }),
    ("limit", Scene::limit),
    ("limit, armed", |scene| {
        scene.limit();
        scene.arm();
    }),
    ("limit, cancel noted", |scene| {
        scene.limit();
        scene.cancel(NOTED);
    }),
    ("limit, amendment noted", |scene| {
        scene.limit();
        scene.amend(NOTED);
    }),
    ("limit, amendment and then cancel noted", |scene| {
        scene.limit();
        scene.amend(NOTED);
        scene.cancel(NOTED_NEXT);
    }),
    ("limit, cancel and then amendment noted", |scene| {
        scene.limit();
        scene.cancel(NOTED);
        scene.amend(NOTED_NEXT);
    }),
];

pub(super) const FILLED_OR_ENDED: &[State] = &[
    ("OPEN", Scene::fill),
    ("OPEN, close noted", |scene| {
        scene.fill();
        scene.close(NOTED);
    }),
    ("OPEN, close armed", |scene| {
        scene.fill();
        scene.close(NOTED);
        scene.arm();
    }),
    ("OPEN, amendment noted", |scene| {
        scene.fill();
        scene.amend(NOTED);
    }),
    ("OPEN, close and amendment noted", |scene| {
        scene.fill();
        scene.close(NOTED);
        scene.amend(NOTED_NEXT);
    }),
    ("CLOSED", |scene| {
        scene.fill();
        scene.close(NOTED);
        scene.tick(NOTED, ENTRY);
    }),
    ("LIQUIDATED", |scene| {
        scene.fill();
        scene.stage.tick(0, NOTED, scene.liquidation());
    }),
    ("CANCELED", |scene| {
        scene.limit();
        scene.cancel(NOTED);
        scene.arm();
    }),
    ("REJECTED", |scene| {
        scene.market();
        scene.stage.watermark(0, STAMP + 10_000);
    }),
];

/// The match has a second asset, which has not passed the end.
pub(super) const ITS_ASSET_FINAL: &[State] = &[
    ("market", |scene| {
        scene.market();
        scene.pass_the_end();
    }),
    ("market, amendment noted", |scene| {
        scene.market();
        scene.pass_the_end();
        scene.amend(NOTED);
    }),
    ("limit", |scene| {
        scene.limit();
        scene.pass_the_end();
    }),
    ("limit, cancel noted", |scene| {
        scene.limit();
        scene.pass_the_end();
        scene.cancel(NOTED);
    }),
    ("OPEN", |scene| {
        scene.fill();
        scene.pass_the_end();
    }),
    ("OPEN, close noted", |scene| {
        scene.fill();
        scene.pass_the_end();
        scene.close(NOTED);
    }),
    ("OPEN, amendment noted", |scene| {
        scene.fill();
        scene.pass_the_end();
        scene.amend(NOTED);
    }),
];
