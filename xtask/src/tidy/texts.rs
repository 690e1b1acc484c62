//! The text of the files: what a reader must never meet, and what he always finds.

use super::Finding;
use crate::workspace::File;

/// Written by tools or by others: ours to keep, not to style.
const FOREIGN: &[&str] = &["Cargo.lock", "package-lock.json", ".min.js", ".min.css"];

/// Marks of unfinished work. In pieces, so that this file passes its own check.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
];

/// Names of one machine or of one package registry: the repository must serve everywhere.
const ELSEWHERE: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("crates", ".io"),
    concat!("py", "pi.org"),
    concat!("pythonhosted", ".org"),
    concat!("registry.npmjs", ".org"),
];

/// Test switches that hide a failure.
const HIDDEN_TESTS: &[&str] = &[concat!("#[ig", "nore")];

/// What bakes the place of one clone into a program; clones share what they build. Tests run in
/// their crate's folder.
const ONE_CLONE: &str = concat!("CARGO_MANIFEST", "_DIR");

/// Every text that is not as it should be.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| !is_foreign(&file.path))
        .flat_map(check_file)
        .collect()
}

fn is_foreign(path: &str) -> bool {
    FOREIGN.iter().any(|end| path.ends_with(end))
}

fn check_file(file: &File) -> Vec<Finding> {
    let is_rust = file.path.ends_with(".rs");
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let mut find = |what: String| {
            findings.push(Finding {
                place: format!("{}:{}", file.path, number + 1),
                what,
            });
        };
        for word in UNFINISHED.iter().filter(|word| has_word(line, word)) {
            find(format!(
                "{word}: finish it, or say in prose what is left out and why"
            ));
        }
        for name in ELSEWHERE.iter().filter(|name| line.contains(*name)) {
            find(format!(
                "{name} belongs to one machine or one registry, not to the repository"
            ));
        }
        if is_rust && line.contains(ONE_CLONE) {
            find(format!(
                "{ONE_CLONE} is the place of one clone, and clones share builds: use a relative path"
            ));
        }
        for switch in HIDDEN_TESTS
            .iter()
            .filter(|switch| is_rust && line.contains(*switch))
        {
            find(format!(
                "{switch} hides a test that fails: mend it or remove it"
            ));
        }
    }
    if is_rust && !begins_with_sentence(&file.text) {
        findings.push(Finding {
            place: file.path.clone(),
            what: "begin with a module sentence (//!): what it owns, what it never does".to_owned(),
        });
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        ![before, after]
            .into_iter()
            .flatten()
            .any(|neighbour| neighbour.is_alphanumeric() || neighbour == '_')
    })
}

fn begins_with_sentence(text: &str) -> bool {
    text.lines()
        .find(|line| !line.is_empty() && !line.starts_with("#!"))
        .is_some_and(|line| line.starts_with("//!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        check(&[file])
            .into_iter()
            .map(|finding| finding.place)
            .collect()
    }

    #[test]
    fn unfinished_work_is_found_with_its_line() {
        let text = format!("//! A thing.\n\n// {} later\n", concat!("TO", "DO"));
        assert_eq!(
            findings("libs/domain/src/a.rs", &text),
            ["libs/domain/src/a.rs:3"]
        );
    }

    #[test]
    fn a_word_inside_a_word_is_no_mark() {
        assert_eq!(
            findings("README.md", concat!("the MASTO", "DONT rests")),
            [""; 0]
        );
    }

    #[test]
    fn the_path_of_a_machine_is_found_in_any_text() {
        assert_eq!(
            findings("README.md", &format!("see {}x", concat!("/ro", "ot/"))).len(),
            1
        );
    }

    #[test]
    fn what_others_wrote_is_left_alone() {
        assert_eq!(findings("Cargo.lock", concat!("crates", ".io")), [""; 0]);
    }

    #[test]
    fn a_module_without_its_sentence_is_found() {
        assert_eq!(findings("libs/domain/src/a.rs", "use std::fmt;\n").len(), 1);
        assert_eq!(findings("libs/domain/src/a.rs", "//! A thing.\n").len(), 0);
    }
}
