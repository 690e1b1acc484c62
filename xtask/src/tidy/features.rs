//! Tests build every crate with the same features as the programs: otherwise all that stands above
//! such a crate is compiled twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::Finding;

/// The feature sets that a build has of each package.
type Selections = BTreeMap<String, BTreeSet<String>>;

/// Every package that dev-dependencies give other features than the programs do.
///
/// # Errors
/// When cargo cannot tell the dependencies.
pub(super) fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let programs = parse(&tree(root, "normal,build")?);
    let tests = parse(&tree(root, "normal,build,dev")?);
    Ok(differences(&programs, &tests))
}

fn tree(root: &Path, edges: &str) -> anyhow::Result<String> {
    let output = Command::new("cargo")
        .args(["tree", "--workspace", "--locked", "--prefix=none"])
        .args(["--format={p}|{f}", "--edges", edges])
        .current_dir(root)
        .output()
        .context("cargo cannot be run")?;
    ensure!(output.status.success(), "cargo tree failed");
    String::from_utf8(output.stdout).context("cargo tree did not print UTF-8")
}

fn parse(tree: &str) -> Selections {
    let mut selections = Selections::new();
    for (package, features) in tree.lines().filter_map(|line| line.split_once('|')) {
        // What was printed before is marked so.
        let features = features.trim_end_matches(" (*)");
        selections
            .entry(package.to_owned())
            .or_default()
            .insert(features.to_owned());
    }
    selections
}

fn differences(programs: &Selections, tests: &Selections) -> Vec<Finding> {
    let differing = programs.iter().filter(|(package, features)| {
        let in_tests = tests.get(*package);
        in_tests.is_some_and(|in_tests| !in_tests.is_subset(features))
    });
    differing
        .map(|(package, _)| Finding {
            place: "Cargo.toml".to_owned(),
            what: format!(
                "a dev-dependency changes the features of {package}: tests build it and all above it once more"
            ),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAMS: &str = "web v1|\nserde v1|default,std\nserde v1|default,std (*)\n";

    #[test]
    fn what_only_tests_use_changes_nothing() {
        let tests = parse("web v1|\nserde v1|default,std\nproptest v1|std\n");
        assert_eq!(differences(&parse(PROGRAMS), &tests), []);
    }

    #[test]
    fn a_feature_more_in_tests_is_found() {
        let tests = parse("web v1|\nserde v1|default,derive,std\n");
        assert_eq!(differences(&parse(PROGRAMS), &tests).len(), 1);
    }
}
