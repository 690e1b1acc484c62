//! The tables in the documentation of `domain`, cell by cell: each is made anew by playing every
//! cell to both engines, and has to stand in the documentation as it was made.

mod battles;
mod entries;
mod positions;
mod refusals;
mod seen;
mod stage;

use crate::table::seen::{EVERYTHING, Seen};

pub(crate) use crate::table::refusals::documented;

/// A table as a module's documentation shows it, and what its making met.
struct Table {
    text: String,
    seen: Seen,
}

impl Table {
    /// Begins with a line of titles.
    fn new(titles: &[&str]) -> Self {
        let text = format!(
            "//! | {} |\n//! {}|\n",
            titles.join(" | "),
            "|---".repeat(titles.len())
        );
        let seen = Seen::default();
        Self { text, seen }
    }

    fn line(&mut self, cells: &[String]) {
        self.text
            .push_str(&format!("//! | {} |\n", cells.join(" | ")));
    }

    /// Panics unless this table, and no other with the same titles, is in the documentation.
    fn assert_in(&self, docs: &str) {
        let Self { text, .. } = self;
        assert!(docs.contains(text.as_str()), "expected\n{text}");
        let titles = text.lines().next().unwrap();
        assert_eq!(docs.matches(titles).count(), 1, "{titles}");
        let behind = docs.split(text.as_str()).nth(1).unwrap();
        assert!(!behind.starts_with("//! |"), "more lines than\n{text}");
    }
}

#[test]
fn every_event_does_to_an_order_and_a_position_what_the_documentation_says() {
    const DOCS: &str = include_str!("../../../src/position.rs");
    for table in positions::tables() {
        table.assert_in(DOCS);
    }
}

#[test]
fn every_event_does_to_a_match_what_the_documentation_says() {
    const DOCS: &str = include_str!("../../../src/battle.rs");
    battles::table().assert_in(DOCS);
}

#[test]
fn an_entry_does_what_the_documentation_says_in_the_order_that_it_says() {
    const DOCS: &str = include_str!("../../../src/engine/mod.rs");
    entries::table().assert_in(DOCS);
}

#[test]
fn a_command_is_refused_for_what_the_documentation_says_in_the_order_that_it_says() {
    const DOCS: &str = include_str!("../../../src/engine/mod.rs");
    refusals::table().assert_in(DOCS);
}

#[test]
fn no_state_event_refusal_or_end_is_missing_from_the_tables() {
    let mut all = positions::tables();
    all.extend([battles::table(), entries::table(), refusals::table()]);
    let mut seen = Seen::default();
    for table in &all {
        seen.add(&table.seen);
    }
    assert_eq!(seen.missing(EVERYTHING), Vec::<String>::new());
}
