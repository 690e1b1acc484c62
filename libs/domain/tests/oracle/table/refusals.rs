//! What each command is refused for, and in which order, as the documentation of `domain::engine`
//! says it: a command has a fault and all those below it, so only the order decides what it hears.

use std::collections::BTreeSet;

use domain::chips::Chips;
use domain::id::{PositionId, RequestId};
use domain::leverage::Leverage;
use domain::order::{
    Answer, BodyHash, Command, CommandBody, Entered, LevelChange, NewOrder, OrderKind, Origin,
    Outcome, Side, Verb,
};
use domain::price::Price;

use super::Table;
use super::seen::Seen;
use super::stage::{NOTHING, Stage, id, name, order, said, whole};
use crate::script::terms::{battle, plain_terms, symbol};

/// What the market stands at, and where no tick comes.
const MARKET: i64 = 100;
const FAR: i64 = 50;
/// When the command counts, and when the match ends, in milliseconds after its start.
const STAMP: i64 = 12_000;
const END: i64 = 60_000;
/// Who sends it, who else plays, and who does not.
const PLAYER: usize = 0;
const RIVAL: usize = 1;
const STRANGER: usize = 9;
/// The player's and the rival's positions.
const OPEN: u128 = 0;
const CLOSING: u128 = 1;
const LIMIT: u128 = 2;
const LEAVING: u128 = 3;
const CANCELED: u128 = 4;
const RIVALS_CLOSING: u128 = 10;
const RIVALS_LEAVING: u128 = 11;
const RIVALS_CANCELED: u128 = 12;
const NEXT: u128 = 20;

const VERBS: [(Verb, &str); 4] = [
    (Verb::New, "order"),
    (Verb::Close, "close"),
    (Verb::Cancel, "cancel"),
    (Verb::Amend, "amendment"),
];

/// What may be wrong with a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    OtherMatch,
    NoSeat,
    RequestTaken,
    PositionTaken,
    Ended,
    OutsideAndTooMany,
    TooMany,
    Outside,
    Asset,
    Stale,
    Leverage,
    Card,
    Margin,
    LimitPrice,
    NotFound,
    NotPending,
    NotOpen,
    HasEnded,
    Closing,
    StopLoss,
    TakeProfit,
    Positions,
    Balance,
}

/// All faults, first to last.
const FAULTS: &[(Fault, &str)] = &[
    (Fault::OtherMatch, "there is no such match"),
    (Fault::NoSeat, "no seat in it"),
    (Fault::RequestTaken, "its request id was used for another"),
    (Fault::PositionTaken, "its position's id is taken"),
    (Fault::Ended, "the match has ended"),
    (
        Fault::OutsideAndTooMany,
        "stamped outside the match, and one too many",
    ),
    (Fault::TooMany, "one too many"),
    (Fault::Outside, "stamped outside the match"),
    (Fault::Asset, "not an asset of the match"),
    (
        Fault::Stale,
        "no tick, or stamped over 10 s past the watermark",
    ),
    (
        Fault::Leverage,
        "leverage above the template's, or too coarse a step",
    ),
    (Fault::Card, "leverage above 10 without a card"),
    (
        Fault::Margin,
        "margin too small or malformed, or size too large",
    ),
    (Fault::LimitPrice, "limit price malformed"),
    (Fault::NotFound, "no such position of the player's"),
    (Fault::NotPending, "not a pending limit order"),
    (Fault::NotOpen, "not an open position"),
    (Fault::HasEnded, "the position has ended"),
    (Fault::Closing, "a close or cancel of it is noted"),
    (Fault::StopLoss, "stop loss out of bounds or malformed"),
    (Fault::TakeProfit, "take profit out of bounds or malformed"),
    (Fault::Positions, "as many positions as there may be"),
    (Fault::Balance, "not enough chips"),
];

impl Fault {
    /// Whether a command of this kind can have it.
    const fn afflicts(self, verb: Verb) -> bool {
        match self {
            Self::OtherMatch
            | Self::NoSeat
            | Self::RequestTaken
            | Self::Ended
            | Self::OutsideAndTooMany
            | Self::TooMany
            | Self::Outside => true,
            Self::PositionTaken
            | Self::Asset
            | Self::Stale
            | Self::Leverage
            | Self::Card
            | Self::Margin
            | Self::LimitPrice
            | Self::Positions
            | Self::Balance => matches!(verb, Verb::New),
            Self::NotFound => !matches!(verb, Verb::New),
            Self::NotPending => matches!(verb, Verb::Cancel),
            Self::NotOpen => matches!(verb, Verb::Close),
            Self::HasEnded => matches!(verb, Verb::Amend),
            Self::Closing => matches!(verb, Verb::Close | Verb::Cancel),
            Self::StopLoss | Self::TakeProfit => matches!(verb, Verb::New | Verb::Amend),
        }
    }
}

/// A command with all of these faults.
struct Attempt<'a> {
    verb: Verb,
    faults: &'a [(Fault, &'a str)],
    /// Whether a field that is wrong is no value at all, or one that is out of bounds; and whether
    /// a stale market has no tick, or an old watermark.
    malformed: bool,
}

impl Attempt<'_> {
    fn has(&self, fault: Fault) -> bool {
        let mut faults = self.faults.iter();
        fault.afflicts(self.verb) && faults.any(|(one, _)| *one == fault)
    }

    fn is_too_many(&self) -> bool {
        self.has(Fault::TooMany) || self.has(Fault::OutsideAndTooMany)
    }

    /// One too many is refused as such inside the match alone.
    fn is_outside(&self) -> bool {
        let alone = self.has(Fault::Outside) && !self.has(Fault::TooMany);
        alone || self.has(Fault::OutsideAndTooMany)
    }

    fn stamp(&self) -> i64 {
        if self.is_outside() { END } else { STAMP }
    }

    /// What the command hears; it is the same if the engine was made anew before.
    fn answer(&self, seen: &mut Seen) -> Answer {
        let [straight, restored] = [false, true].map(|restored| {
            let (mut stage, taken) = self.stage();
            let command = self.command(&mut stage, taken);
            if restored {
                stage.restore();
            }
            let (answer, effects) = stage.send(&command);
            // Nothing changed by it, and nothing is left of it where it says so.
            said(answer, &effects);
            seen.add(&stage.seen);
            answer
        });
        assert_eq!(straight, restored);
        straight
    }

    /// A match in which the player has positions of every kind, and so has a rival; with it the
    /// request id of the player's first order.
    fn stage(&self) -> (Stage, RequestId) {
        let mut stage = Stage::new(whole(MARKET));
        let mut terms = plain_terms(2, &[0, 1]);
        terms.template.max_leverage = 50.try_into().unwrap();
        terms.template.max_positions = if self.has(Fault::Positions) { 4 } else { 10 };
        terms.seats[PLAYER].card_uses = u32::from(!self.has(Fault::Card));
        stage.open(&terms);
        let first = enter(&mut stage, PLAYER, OPEN, OrderKind::Market);
        enter(&mut stage, PLAYER, CLOSING, OrderKind::Market);
        enter(&mut stage, RIVAL, RIVALS_CLOSING, OrderKind::Market);
        stage.tick(0, 200, whole(MARKET));
        let far = OrderKind::Limit(Entered::Value(whole(FAR)));
        for (player, canceled) in [(PLAYER, CANCELED), (RIVAL, RIVALS_CANCELED)] {
            enter(&mut stage, player, canceled, far);
            let position = id(canceled);
            accept(&mut stage, player, 300, CommandBody::Cancel { position });
        }
        stage.watermark(0, 1_500);
        enter(&mut stage, PLAYER, LIMIT, far);
        enter(&mut stage, PLAYER, LEAVING, far);
        enter(&mut stage, RIVAL, RIVALS_LEAVING, far);
        // The second asset is as fresh, but has no tick.
        stage.watermark(1, 5_000);
        if !self.has(Fault::Stale) || self.malformed {
            stage.watermark(0, 5_000);
        }
        for (player, leaving, closing) in [
            (PLAYER, LEAVING, CLOSING),
            (RIVAL, RIVALS_LEAVING, RIVALS_CLOSING),
        ] {
            let position = id(leaving);
            accept(&mut stage, player, 9_000, CommandBody::Cancel { position });
            let position = id(closing);
            accept(&mut stage, player, 9_000, CommandBody::Close { position });
        }
        if self.is_too_many() {
            for _ in 0..10 {
                let position = id(NEXT);
                let close = stage.command(PLAYER, self.stamp(), CommandBody::Close { position });
                stage.send(&close);
            }
        }
        if self.has(Fault::Ended) {
            stage.finalise();
        }
        (stage, first)
    }

    fn command(&self, stage: &mut Stage, taken: RequestId) -> Command {
        let body = match self.verb {
            Verb::New => CommandBody::New(self.order()),
            Verb::Close => CommandBody::Close {
                position: self.position(RIVALS_LEAVING, LEAVING, CLOSING, OPEN),
            },
            Verb::Cancel => CommandBody::Cancel {
                position: self.position(RIVALS_CLOSING, CLOSING, LEAVING, LIMIT),
            },
            Verb::Amend => CommandBody::Amend {
                position: self.position(RIVALS_CANCELED, CANCELED, OPEN, OPEN),
                stop_loss: self.change(Fault::StopLoss),
                take_profit: self.change(Fault::TakeProfit),
            },
        };
        let seated = !self.has(Fault::NoSeat);
        let by = if seated { PLAYER } else { STRANGER };
        let mut command = stage.command(by, self.stamp(), body);
        if self.has(Fault::OtherMatch) {
            command.battle = battle(9);
        }
        if self.has(Fault::RequestTaken) {
            command.request = taken;
            command.body_hash = BodyHash([1; 32]);
        }
        command
    }

    /// The position that a command speaks of.
    fn position(&self, rivals: u128, elsewhere: u128, closing: u128, right: u128) -> PositionId {
        let stands = [Fault::NotPending, Fault::NotOpen, Fault::HasEnded];
        id(if self.has(Fault::NotFound) {
            rivals
        } else if stands.into_iter().any(|fault| self.has(fault)) {
            elsewhere
        } else if self.has(Fault::Closing) {
            closing
        } else {
            right
        })
    }

    fn order(&self) -> NewOrder {
        let taken = self.has(Fault::PositionTaken);
        let number = if taken { CANCELED } else { NEXT };
        let limit = self.field(Fault::LimitPrice, Entered::Absent, whole(95));
        // Nothing is wrong with the field if only the card is missing.
        let times = if self.has(Fault::Card) { 11 } else { 2 };
        let margin = if self.has(Fault::Balance) {
            Chips::from_units(6_000_000_001)
        } else {
            Chips::from_units(1_000_000_000)
        };
        let tickless = usize::from(self.has(Fault::Stale) && self.malformed);
        let unlisted = Entered::Value("DOGEUSDT".parse().unwrap());
        let tiny = Entered::Value(Chips::from_units(999_999));
        NewOrder {
            symbol: self.field(Fault::Asset, unlisted, symbol(tickless)),
            margin: self.field(Fault::Margin, tiny, margin),
            leverage: self.field(Fault::Leverage, leverage(51), times.try_into().unwrap()),
            stop_loss: self.field(Fault::StopLoss, Entered::Value(whole(MARKET)), whole(90)),
            take_profit: self.field(Fault::TakeProfit, Entered::Value(whole(FAR)), whole(110)),
            ..order(id(number), Side::Buy, OrderKind::Limit(limit))
        }
    }

    /// A field of an order: `right`, unless it is at fault.
    fn field<T>(&self, fault: Fault, wrong: Entered<T>, right: T) -> Entered<T> {
        match (self.has(fault), self.malformed) {
            (false, _) => Entered::Value(right),
            (true, false) => wrong,
            (true, true) => Entered::Malformed,
        }
    }

    /// A level of an amendment of a BUY: a stop above the market, a take below it.
    fn change(&self, fault: Fault) -> LevelChange {
        let wrong = if fault == Fault::StopLoss { 110 } else { 90 };
        match (self.has(fault), self.malformed) {
            (false, _) => LevelChange::Keep,
            (true, false) => LevelChange::Set(whole(wrong)),
            (true, true) => LevelChange::Malformed,
        }
    }
}

fn leverage(times: u8) -> Entered<Leverage> {
    Entered::Value(times.try_into().unwrap())
}

/// Sends an order that is taken; answers its request id.
fn enter(
    stage: &mut Stage,
    player: usize,
    number: u128,
    kind: OrderKind<Entered<Price>>,
) -> RequestId {
    let order = order(id(number), Side::Buy, kind);
    accept(stage, player, 100, CommandBody::New(order))
}

/// Sends a command that is taken; answers its request id.
fn accept(stage: &mut Stage, player: usize, stamp: i64, body: CommandBody) -> RequestId {
    let command = stage.command(player, stamp, body);
    let (answer, _) = stage.send(&command);
    assert!(
        matches!(answer.outcome, Outcome::Accepted { .. }),
        "{command:?}: {answer:?}"
    );
    command.request
}

/// What a command with the faults from this number on hears; the same whether its fields are
/// malformed or out of bounds.
fn hears(verb: Verb, from: usize, seen: &mut Seen) -> Answer {
    let [bounds, malformed] = [false, true].map(|malformed| {
        let attempt = Attempt {
            verb,
            faults: &FAULTS[from..],
            malformed,
        };
        attempt.answer(seen)
    });
    assert_eq!(bounds, malformed);
    bounds
}

/// All refusals that some command hears, as the coverage of the scripts names them.
pub(crate) fn documented() -> BTreeSet<String> {
    let faults = FAULTS.iter().zip(0..);
    let pairs = faults.flat_map(|((fault, _), from)| {
        let verbs = VERBS.into_iter().map(|(verb, _)| verb);
        let verbs = verbs.filter(|verb| fault.afflicts(*verb));
        verbs.map(move |verb| (verb, from))
    });
    let heard = pairs.map(
        |(verb, from)| match hears(verb, from, &mut Seen::default()).outcome {
            Outcome::Refused(refusal) => format!("{}: {}", name(&verb), refusal.code()),
            Outcome::Accepted { .. } => panic!("taken with a fault"),
        },
    );
    heard.collect()
}

/// The table of the module.
pub(super) fn table() -> Table {
    let names = VERBS.iter().map(|(_, name)| *name);
    let titles = ["fault", "refusal"].into_iter().chain(names);
    let mut table = Table::new(&Vec::from_iter(titles));
    for (from, (fault, what)) in FAULTS.iter().enumerate() {
        let (mut codes, mut cells) = (BTreeSet::new(), Vec::new());
        for (verb, _) in VERBS {
            if !fault.afflicts(verb) {
                cells.push(NOTHING.to_owned());
                continue;
            }
            let answer = hears(verb, from, &mut table.seen);
            let Outcome::Refused(refusal) = answer.outcome else {
                panic!("{what}: {answer:?}");
            };
            codes.insert(refusal.code());
            cells.push(match answer.origin {
                Origin::Decided => "kept".to_owned(),
                Origin::Passing => "no trace".to_owned(),
                Origin::Kept => panic!("{what}: {answer:?}"),
            });
        }
        let mut line = vec![(*what).to_owned(), Vec::from_iter(codes).join(" or ")];
        line.extend(cells);
        table.line(&line);
    }
    for (verb, _) in VERBS {
        let answer = hears(verb, FAULTS.len(), &mut table.seen);
        assert!(
            matches!(answer.outcome, Outcome::Accepted { .. }),
            "{answer:?}"
        );
    }
    table
}
