//! Reading a record back: every line is encoded anew and every decision taken anew, and the first
//! thing that is not as it should be is named.

use std::io::{self, BufRead, Read};

use serde::Deserialize;

use super::steps::PositionStep;
use super::tally::{Tally, Trades};
use super::{Line, MAX_LINE_LEN, RULES, RecordHash, Running, belongs, canonical};
use crate::battle::{BattleStatus, BattleTerms, LogBody, LogEntry, LoggedCommand, TermsRefusal};
use crate::engine::{Effects, Engine, Fact};
use crate::market::{Epoch, MarketEntry};
use crate::order::{Command, Origin};
use crate::ranking::BattleResult;

/// The most of a line that a finding shows, in characters.
const MAX_SHOWN: usize = 200;
/// How much of what two texts share is shown in front of their difference, in characters.
const CONTEXT: usize = 60;

/// What a verified record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The battle's terms.
    pub terms: BattleTerms,
    /// Its result, reproduced; none if it was canceled.
    pub result: Option<BattleResult>,
    /// How many lines the record has.
    pub lines: u64,
    /// How many of them are market entries.
    pub market_entries: u64,
    /// How many of them are commands.
    pub commands: u64,
    /// What those lines and their replay came to.
    pub tally: Tally,
    /// Every fill and every end of a position, in the order of the record.
    pub steps: Vec<PositionStep>,
    /// The hash of the whole record.
    pub hash: RecordHash,
}

/// The first thing about a record that is not as it should be.
#[derive(Debug, thiserror::Error)]
#[error("line {line}")]
pub struct Difference {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    #[source]
    pub finding: Finding,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// It cannot be read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// It does not end in time.
    #[error("expected at most {MAX_LINE_LEN} bytes")]
    TooLong,
    /// The record stops in front of it or within it.
    #[error("the record ends here, before its seal")]
    Truncated,
    /// Something stands behind the seal.
    #[error("expected nothing behind the seal")]
    Trailing,
    /// It is not contents, a space and a check, or the contents are not a line of a record.
    #[error("expected a line of a record: {0}")]
    Malformed(String),
    /// The bytes up to here are not those that the check was made of.
    #[error("expected the check {expected}, found {found}")]
    Check {
        /// The hash of the bytes that are there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The same contents are encoded in another way.
    #[error("expected the canonical encoding {expected}")]
    NotCanonical {
        /// The canonical encoding.
        expected: String,
    },
    /// The record was made under rules that are not ours.
    #[error("unknown rules version {rules:?}, only {RULES:?} can be replayed")]
    UnknownRules {
        /// Their name.
        rules: String,
    },
    /// No battle can be played by these terms.
    #[error("expected terms of a battle")]
    Terms(#[source] TermsRefusal),
    /// A line of this kind cannot stand here.
    #[error("expected {expected}")]
    OutOfPlace {
        /// What can.
        expected: &'static str,
    },
    /// The rules decide otherwise.
    #[error("the rules give {expected}, found {found}")]
    Replay {
        /// What they decide.
        expected: String,
        /// What the record says.
        found: String,
    },
}

/// Replays a record and compares everything in it with what the rules say.
pub fn verify(record: impl BufRead) -> Result<Report, Difference> {
    let mut lines = Lines {
        record,
        running: Running::default(),
        number: 0,
    };
    replay(&mut lines).map_err(|finding| Difference {
        line: lines.number,
        finding,
    })
}

fn replay(lines: &mut Lines<impl BufRead>) -> Result<Report, Finding> {
    let Line::Header(header) = lines.next()? else {
        return Err(Finding::OutOfPlace {
            expected: "a header",
        });
    };
    let mut replay = match lines.next()? {
        Line::Log(entry) => Replay::open(header.terms, &entry)?,
        Line::Header(_) | Line::Market { .. } | Line::Result(_) | Line::Seal { .. } => {
            return Err(Finding::OutOfPlace {
                expected: "the opening of the battle",
            });
        }
    };
    let result = loop {
        match lines.next()? {
            Line::Market { sequence, entry } => replay.market(sequence, &entry)?,
            Line::Log(entry) => replay.log(&entry)?,
            Line::Result(result) => break replay.result(result)?,
            Line::Header(_) | Line::Seal { .. } => {
                return Err(Finding::OutOfPlace {
                    expected: "an entry or the result",
                });
            }
        }
    };
    let expected = lines.number.saturating_add(1);
    match lines.next()? {
        Line::Seal { lines } if lines == expected => {}
        Line::Seal { .. } => {
            return Err(Finding::OutOfPlace {
                expected: "a seal with the number of its line",
            });
        }
        Line::Header(_) | Line::Market { .. } | Line::Log(_) | Line::Result(_) => {
            return Err(Finding::OutOfPlace {
                expected: "the seal",
            });
        }
    }
    lines.end()?;
    Ok(Report {
        terms: replay.terms,
        result,
        lines: lines.number,
        market_entries: replay.market_entries,
        commands: replay.commands,
        tally: Tally {
            missing_trades: replay.trades.missing(),
            removed_trades: replay.trades.removed(),
            ..replay.tally
        },
        steps: replay.steps,
        hash: RecordHash(lines.running.digest()),
    })
}

/// The lines of a record, each checked against the bytes in front of it.
struct Lines<R> {
    record: R,
    running: Running,
    /// The number of the last line that was begun.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Line, Finding> {
        self.number = self.number.saturating_add(1);
        let bytes = self.read()?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|error| Finding::Malformed(error.to_string()))?;
        let ended = text.strip_suffix('\n').ok_or(Finding::Truncated)?;
        let malformed = || Finding::Malformed("expected contents, a space and a check".to_owned());
        let (contents, found) = ended.rsplit_once(' ').ok_or_else(malformed)?;
        self.running.add(contents.as_bytes());
        self.running.add(b" ");
        let parsed = parse(contents, self.number == 1);
        // A spoiled byte is named as such, whatever else it spoils.
        let expected = match &parsed {
            Ok(line) => self.running.check(line),
            Err(_) => hex::encode(self.running.digest())
                .chars()
                .take(found.len())
                .collect(),
        };
        if found.is_empty() || expected != found {
            return Err(Finding::Check {
                expected,
                found: shown(found),
            });
        }
        self.running.add(found.as_bytes());
        self.running.add(b"\n");
        let line = parsed?;
        let expected = canonical(&line);
        if expected != contents {
            return Err(Finding::NotCanonical {
                expected: shown(&expected),
            });
        }
        Ok(line)
    }

    fn end(&mut self) -> Result<(), Finding> {
        if self.read()?.is_empty() {
            return Ok(());
        }
        self.number = self.number.saturating_add(1);
        Err(Finding::Trailing)
    }

    fn read(&mut self) -> Result<Vec<u8>, Finding> {
        let limit = u64::try_from(MAX_LINE_LEN).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let read = self
            .record
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut bytes);
        read.map_err(Finding::Unreadable)?;
        if bytes.len() == MAX_LINE_LEN && bytes.last() != Some(&b'\n') {
            return Err(Finding::TooLong);
        }
        Ok(bytes)
    }
}

/// The rules by which a header says that its record was made. Whatever else it says is theirs.
#[derive(Deserialize)]
struct AnyHeader {
    header: AnyRules,
}

#[derive(Deserialize)]
struct AnyRules {
    rules: String,
}

fn parse(contents: &str, first: bool) -> Result<Line, Finding> {
    if first && let Ok(any) = serde_json::from_str::<AnyHeader>(contents) {
        let rules = any.header.rules;
        if rules != RULES {
            return Err(Finding::UnknownRules { rules });
        }
    }
    serde_json::from_str(contents).map_err(|error| Finding::Malformed(error.to_string()))
}

/// The battle, replayed.
struct Replay {
    terms: BattleTerms,
    engine: Engine,
    effects: Effects,
    epoch: Epoch,
    /// The last market entry that a line spoke of.
    sequence: u64,
    market_entries: u64,
    commands: u64,
    tally: Tally,
    steps: Vec<PositionStep>,
    trades: Trades,
}

impl Replay {
    fn open(terms: BattleTerms, entry: &LogEntry) -> Result<Self, Finding> {
        let LogBody::Opened { market } = &entry.body else {
            return Err(Finding::OutOfPlace {
                expected: "the opening of the battle",
            });
        };
        // Without battles there is nothing that could contradict the market.
        let engine = Engine::restore(market.clone(), Vec::new()).unwrap_or_default();
        let mut replay = Self {
            epoch: market.epoch,
            sequence: market.sequence,
            trades: Trades::behind(market),
            engine,
            effects: Effects::default(),
            terms,
            market_entries: 0,
            commands: 0,
            tally: Tally::default(),
            steps: Vec::new(),
        };
        let terms = replay.terms.clone();
        replay
            .engine
            .open(terms, &mut replay.effects)
            .map_err(Finding::Terms)?;
        replay.compare(entry)?;
        Ok(replay)
    }

    fn market(&mut self, sequence: u64, entry: &MarketEntry) -> Result<(), Finding> {
        self.expect_running()?;
        if sequence <= self.sequence {
            return Err(Finding::OutOfPlace {
                expected: "a market entry behind the last place",
            });
        }
        if !belongs(&self.terms.template, self.epoch, entry) {
            return Err(Finding::OutOfPlace {
                expected: "a market entry of this battle",
            });
        }
        self.sequence = sequence;
        self.tally.market(entry);
        self.trades.tell(self.epoch, entry);
        self.epoch = self.epoch.max(entry.epoch);
        self.market_entries = self.market_entries.saturating_add(1);
        self.engine.market(sequence, entry, &mut self.effects);
        self.take_effects();
        Ok(())
    }

    fn log(&mut self, entry: &LogEntry) -> Result<(), Finding> {
        self.expect_running()?;
        if entry.place.sequence < self.sequence {
            return Err(Finding::OutOfPlace {
                expected: "a log entry at or behind the last place",
            });
        }
        self.sequence = entry.place.sequence;
        self.engine.skip_to(self.sequence);
        match &entry.body {
            LogBody::Opened { .. } => {
                return Err(Finding::OutOfPlace {
                    expected: "one opening",
                });
            }
            LogBody::Command(logged) => self.command(logged)?,
            LogBody::Finalise => {
                self.engine.finalise(self.terms.battle, &mut self.effects);
            }
            LogBody::Canceled => {
                let canceled = self
                    .engine
                    .cancel_battle(self.terms.battle, &mut self.effects);
                let expected = "a cancel of a running battle";
                canceled.map_err(|_refusal| Finding::OutOfPlace { expected })?;
            }
        }
        self.compare(entry)
    }

    fn command(&mut self, logged: &LoggedCommand) -> Result<(), Finding> {
        let number = usize::try_from(logged.participant).ok();
        let seat = number.and_then(|number| self.terms.seats.get(number));
        let seat = seat.ok_or(Finding::OutOfPlace {
            expected: "a command of a participant",
        })?;
        let command = Command {
            battle: self.terms.battle,
            player: seat.player,
            request: logged.request,
            body_hash: logged.body_hash,
            stored_at_ns: logged.stored_at_ns,
            body: logged.body.clone(),
        };
        self.commands = self.commands.saturating_add(1);
        let answer = self.engine.command(&command, &mut self.effects);
        if answer.origin == Origin::Decided {
            self.tally.command(&answer.outcome);
            return Ok(());
        }
        let expected = format!(
            "no log entry, but {:?} ({:?})",
            answer.outcome, answer.origin
        );
        Err(Finding::Replay {
            expected,
            found: format!("{:?}", logged.outcome),
        })
    }

    /// Takes note of what the engine has done.
    fn take_effects(&mut self) -> Effects {
        let effects = std::mem::take(&mut self.effects);
        self.tally.effects(&effects);
        for fact in &effects.facts {
            if let Fact::Position {
                battle,
                position,
                change,
                ..
            } = fact
                && let Some(position) = self.engine.position(*battle, *position)
            {
                self.steps.extend(PositionStep::of(&position, change));
            }
        }
        effects
    }

    /// Compares a log entry with the one that the engine has just written.
    fn compare(&mut self, entry: &LogEntry) -> Result<(), Finding> {
        let effects = self.take_effects();
        let expected = effects.log.into_iter().next().map(|(_, entry)| entry);
        if expected.as_ref() == Some(entry) {
            return Ok(());
        }
        let expected = expected.map(|entry| canonical(&Line::Log(entry)));
        let expected = expected.unwrap_or_else(|| "no log entry".to_owned());
        Err(replayed(&expected, &canonical(&Line::Log(entry.clone()))))
    }

    fn result(&self, found: Option<BattleResult>) -> Result<Option<BattleResult>, Finding> {
        let state = self.engine.battle(self.terms.battle);
        let ended = state.filter(|state| state.status != BattleStatus::Open);
        let expected = ended.ok_or(Finding::Replay {
            expected: "a battle that still runs".to_owned(),
            found: "its result".to_owned(),
        })?;
        if expected.result == found {
            return Ok(found);
        }
        let text = |result| canonical(&Line::Result(result));
        Err(replayed(&text(expected.result), &text(found)))
    }

    fn expect_running(&self) -> Result<(), Finding> {
        let state = self.engine.battle(self.terms.battle);
        if state.is_some_and(|state| state.status == BattleStatus::Open) {
            return Ok(());
        }
        Err(Finding::OutOfPlace {
            expected: "nothing but the result behind the end",
        })
    }
}

/// Shows two texts from shortly in front of where they part.
fn replayed(expected: &str, found: &str) -> Finding {
    let pairs = expected.chars().zip(found.chars());
    let same = pairs.take_while(|(one, other)| one == other).count();
    let part = |text: &str| {
        let from = same.saturating_sub(CONTEXT);
        let part: String = text.chars().skip(from).take(MAX_SHOWN).collect();
        if from == 0 {
            part
        } else {
            format!("…{part}")
        }
    };
    Finding::Replay {
        expected: part(expected),
        found: part(found),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}
