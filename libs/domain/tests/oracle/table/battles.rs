//! What each event does to a match in each state, as the documentation of `domain::battle` says it.

use domain::battle::{BattleStatus, BattleTerms};
use domain::engine::Effects;
use domain::market::NoteReason;
use domain::order::{BodyHash, Command, CommandBody, Entered, LevelChange, OrderKind, Side};

use super::Table;
use super::stage::{NOTHING, Stage, id, order, said, whole};
use crate::script::terms::{battle, plain_terms};

/// When the match ends, and the first moment beyond, in milliseconds after its start.
const END: i64 = 60_000;
const BEYOND: i64 = END + 1;
/// What the markets stand at.
const MARKET: i64 = 100;
/// Who plays, and who does not.
const PLAYER: usize = 0;
const STRANGER: usize = 9;
/// An open position, a limit order, and an order that is still to come.
const FILLED: u128 = 0;
const LIMIT: u128 = 1;
const NEXT: u128 = 2;

/// What a state is called, and how a match comes to it.
type State = (&'static str, fn(&mut Scene));

const STATES: &[State] = &[
    ("not here", |scene| scene.ask_first()),
    ("before its start", |scene| {
        scene.stage.open(&terms());
        scene.now = -100;
        scene.ask_first();
    }),
    ("OPEN", Scene::trade),
    ("OPEN, an asset final", |scene| {
        scene.trade();
        scene.stage.tick(0, BEYOND, whole(MARKET));
    }),
    ("FINAL", |scene| {
        scene.trade();
        scene.stage.finalise();
    }),
    ("CANCELED", |scene| {
        scene.trade();
        assert_eq!(scene.stage.cancel_match().0, Ok(()));
    }),
];

/// What an event is called, and what it does.
type Event = (&'static str, fn(&mut Scene) -> String);

/// Commands are stamped within the match, and before its start as long as that has not come.
const EVENTS: &[Event] = &[
    ("opened", |scene| {
        scene.becomes(|stage| stage.open(&terms()))
    }),
    ("opened on terms that break a rule", |scene| {
        let mut effects = Effects::default();
        let mut terms = terms();
        terms.end_time = terms.start_time;
        let opened = scene.stage.duel.engine.open(terms, &mut effects);
        assert!(effects.is_empty(), "{effects:?}");
        opened.map_or_else(|_| "refused".to_owned(), |()| NOTHING.to_owned())
    }),
    ("tick inside the match", |scene| {
        scene.becomes(|stage| stage.tick(0, 5_000, whole(MARKET)))
    }),
    ("watermark inside the match", |scene| {
        scene.becomes(|stage| stage.watermark(0, 5_000))
    }),
    ("tick beyond the end, of one asset", |scene| {
        scene.becomes(|stage| stage.tick(0, BEYOND, whole(MARKET)))
    }),
    ("watermark beyond the end, of one asset", |scene| {
        scene.becomes(|stage| stage.watermark(0, BEYOND))
    }),
    ("tick beyond the end, of every asset", |scene| {
        scene.becomes(|stage| {
            stage.tick(0, BEYOND, whole(MARKET));
            stage.tick(1, BEYOND, whole(MARKET))
        })
    }),
    ("watermark beyond the end, of every asset", |scene| {
        scene.becomes(|stage| {
            stage.watermark(0, BEYOND);
            stage.watermark(1, BEYOND)
        })
    }),
    ("watermark beyond the end, of an older epoch", |scene| {
        scene.becomes(|stage| stage.older_watermark(BEYOND))
    }),
    ("gap", |scene| scene.becomes(Stage::gap)),
    ("note of a trade beyond the end", |scene| {
        scene.becomes(|stage| stage.note(NoteReason::Late, BEYOND, whole(MARKET)))
    }),
    ("offset", |scene| scene.becomes(Stage::offset)),
    ("finalise", |scene| scene.becomes(Stage::finalise)),
    ("cancel of the match", |scene| {
        let mut canceled = Ok(());
        let becomes = scene.becomes(|stage| {
            let (answer, effects) = stage.cancel_match();
            canceled = answer;
            effects
        });
        match canceled {
            Ok(()) => becomes,
            Err(refusal) => format!("refused: {refusal}"),
        }
    }),
    ("forgotten", |scene| {
        scene.becomes(|stage| {
            stage.forget();
            Effects::default()
        })
    }),
    ("order", |scene| scene.ask(next())),
    ("close", |scene| {
        scene.ask(CommandBody::Close {
            position: id(FILLED),
        })
    }),
    ("cancel of an order", |scene| {
        scene.ask(CommandBody::Cancel {
            position: id(LIMIT),
        })
    }),
    ("amendment", |scene| {
        scene.ask(CommandBody::Amend {
            position: id(FILLED),
            stop_loss: LevelChange::Remove,
            take_profit: LevelChange::Keep,
        })
    }),
    ("order stamped at the end", |scene| {
        scene.now = END;
        scene.ask(next())
    }),
    ("order, one too many", |scene| {
        scene.ask_ten();
        scene.ask(next())
    }),
    ("order stamped at the end, one too many", |scene| {
        scene.now = END;
        scene.ask_ten();
        scene.ask(next())
    }),
    ("its first command again", |scene| {
        let first = scene.first.clone().unwrap();
        scene.send(&first)
    }),
    ("another command under its request id", |scene| {
        let mut other = scene.first.clone().unwrap();
        other.body_hash = BodyHash([1; 32]);
        scene.send(&other)
    }),
    ("command of somebody who does not play", |scene| {
        let command = scene.stage.command(STRANGER, scene.now, next());
        scene.send(&command)
    }),
];

fn terms() -> BattleTerms {
    plain_terms(2, &[0, 1])
}

fn next() -> CommandBody {
    CommandBody::New(order(id(NEXT), Side::Buy, OrderKind::Market))
}

/// A match, or the place where it would be.
struct Scene {
    stage: Stage,
    /// What commands are stamped with.
    now: i64,
    /// The first command that was sent to it.
    first: Option<Command>,
}

impl Scene {
    fn new() -> Self {
        Self {
            stage: Stage::new(whole(MARKET)),
            now: 1_000,
            first: None,
        }
    }

    fn ask_first(&mut self) {
        let order = order(id(FILLED), Side::Buy, OrderKind::Market);
        let command = self
            .stage
            .command(PLAYER, self.now, CommandBody::New(order));
        self.send(&command);
        self.first = Some(command);
    }

    /// Opens the match, a position in it, and a limit order that no tick reaches.
    fn trade(&mut self) {
        self.stage.open(&terms());
        self.ask_first();
        self.stage.tick(0, self.now, whole(MARKET));
        let far = OrderKind::Limit(Entered::Value(whole(MARKET / 2)));
        self.ask(CommandBody::New(order(id(LIMIT), Side::Buy, far)));
        self.now = 5_000;
    }

    fn ask(&mut self, body: CommandBody) -> String {
        let command = self.stage.command(PLAYER, self.now, body);
        self.send(&command)
    }

    /// As many commands as a second takes.
    fn ask_ten(&mut self) {
        for _ in 0..10 {
            self.ask(CommandBody::Close { position: id(9) });
        }
    }

    fn send(&mut self, command: &Command) -> String {
        let (answer, effects) = self.stage.send(command);
        said(answer, &effects)
    }

    fn stands(&mut self) -> &'static str {
        let Some(row) = self.stage.duel.engine.battle(battle(0)) else {
            return "not here";
        };
        self.stage.seen.saw(&row.status);
        match row.status {
            BattleStatus::Open if row.finals.is_empty() => "OPEN",
            BattleStatus::Open => "OPEN, an asset final",
            BattleStatus::Final => "FINAL",
            BattleStatus::Canceled => "CANCELED",
        }
    }

    /// What becomes of the match.
    fn becomes(&mut self, event: impl FnOnce(&mut Stage) -> Effects) -> String {
        let before = self.stands();
        let effects = event(&mut self.stage);
        let after = self.stands();
        if after == before {
            assert!(effects.is_empty(), "{effects:?}");
            return NOTHING.to_owned();
        }
        after.to_owned()
    }
}

/// The table of the module. Every cell is the same if the engine was made anew before.
pub(super) fn table() -> Table {
    let names = STATES.iter().map(|(name, _)| *name);
    let mut table = Table::new(&Vec::from_iter(["match"].into_iter().chain(names)));
    for (event, happens) in EVENTS {
        let mut line = vec![(*event).to_owned()];
        for (state, reach) in STATES {
            let mut play = |restored: bool| {
                let mut scene = Scene::new();
                reach(&mut scene);
                let stands = scene.stands();
                assert!(*state == stands || *state == "before its start" && stands == "OPEN");
                if restored {
                    scene.stage.restore();
                }
                let happened = happens(&mut scene);
                table.seen.add(&scene.stage.seen);
                happened
            };
            let straight = play(false);
            assert_eq!(play(true), straight, "{event} of {state}");
            line.push(straight);
        }
        table.line(&line);
    }
    table
}
