//! Writing a record while a battle's log and the market are read.

use super::{Header, Line, RULES, RecordHash, Running, belongs, canonical};
use crate::battle::{BattleTerms, LogBody, LogEntry};
use crate::game::Template;
use crate::market::{Epoch, MarketEntry};
use crate::ranking::BattleResult;

/// Writes a record, line by line, behind what is already in the buffer that each call is given.
#[derive(Debug)]
pub struct Writer {
    template: Template,
    epoch: Epoch,
    running: Running,
    lines: u64,
}

impl Writer {
    /// Begins the record of a battle.
    pub fn open(terms: &BattleTerms, out: &mut Vec<u8>) -> Self {
        let mut writer = Self {
            template: terms.template.clone(),
            epoch: Epoch::default(),
            running: Running::default(),
            lines: 0,
        };
        let header = Header {
            rules: RULES.to_owned(),
            terms: terms.clone(),
        };
        writer.line(&Line::Header(Box::new(header)), out);
        writer
    }

    /// Adds a market entry; the writer leaves out those that cannot matter to the battle. Feed
    /// every entry behind the place of the battle's opening, in the order of the stream, up to
    /// the one that ended the battle.
    pub fn market(&mut self, sequence: u64, entry: &MarketEntry, out: &mut Vec<u8>) {
        if belongs(&self.template, self.epoch, entry) {
            self.line(
                &Line::Market {
                    sequence,
                    entry: entry.clone(),
                },
                out,
            );
        }
        self.epoch = self.epoch.max(entry.epoch);
    }

    /// Adds an entry of the battle's log, behind the market entry that its place names.
    pub fn log(&mut self, entry: &LogEntry, out: &mut Vec<u8>) {
        if let LogBody::Opened { market } = &entry.body {
            self.epoch = market.epoch;
        }
        self.line(&Line::Log(entry.clone()), out);
    }

    /// Adds the result, none for a canceled battle, and the seal. Returns the record's hash.
    pub fn seal(mut self, result: Option<&BattleResult>, out: &mut Vec<u8>) -> RecordHash {
        self.line(&Line::Result(result.cloned()), out);
        let lines = self.lines.saturating_add(1);
        self.line(&Line::Seal { lines }, out);
        RecordHash(self.running.digest())
    }

    fn line(&mut self, line: &Line, out: &mut Vec<u8>) {
        let mut text = canonical(line);
        text.push(' ');
        self.running.add(text.as_bytes());
        let mut check = self.running.check(line);
        check.push('\n');
        self.running.add(check.as_bytes());
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(check.as_bytes());
        self.lines = self.lines.saturating_add(1);
    }
}
