//! Fail points let a test make a process die: no release may have them, and nobody else may arm them.

use anyhow::Context;
use toml::{Table, Value};

use super::Finding;
use crate::workspace::File;

/// The variable that arms one. In pieces, so that this file passes its own check.
const VARIABLE: &str = concat!("BATTLESBIT_FAIL", "POINT");
/// What compiles them in, as a profile spells it.
const SWITCH: &str = "debug-assertions";
/// The profiles that have the switch on by themselves: nothing that is shipped is built with them.
const DEVELOPMENT: &[&str] = &["dev", "test"];
/// Where the variable may be named: where it is read, and where a service's environment is made up.
const ALLOWED: &[&str] = &["libs/runtime/src/failpoint.rs", "dev/fleet.py"];

/// Every place that could bring fail points into a release, or arm one outside a test.
///
/// # Errors
/// When a file of cargo's cannot be read.
pub(super) fn check(files: &[File]) -> anyhow::Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = files.iter().filter_map(armed).collect();
    for file in files.iter().filter(|file| has_profiles(&file.path)) {
        let manifest: Table = file
            .text
            .parse()
            .with_context(|| format!("{} is no TOML", file.path))?;
        findings.extend(profiles_with_fail_points(&manifest).map(|profile| Finding {
            place: file.path.clone(),
            what: format!(
                "[profile.{profile}] may not switch {SWITCH}: they bring the fail points"
            ),
        }));
    }
    Ok(findings)
}

fn armed(file: &File) -> Option<Finding> {
    let is_test = file.path.starts_with("journeys/") || file.path.contains("/tests/");
    let may = is_test || ALLOWED.contains(&file.path.as_str());
    let line = file.text.lines().position(|line| line.contains(VARIABLE))?;
    (!may).then(|| Finding {
        place: format!("{}:{}", file.path, line + 1),
        what: format!("{VARIABLE} is for tests alone"),
    })
}

fn has_profiles(path: &str) -> bool {
    path == "Cargo.toml" || path.starts_with(".cargo/config")
}

fn profiles_with_fail_points(manifest: &Table) -> impl Iterator<Item = &String> {
    let profiles = manifest.get("profile").and_then(Value::as_table);
    profiles
        .into_iter()
        .flatten()
        .filter(|(name, profile)| name.as_str() != "dev" && brings_them(profile))
        .map(|(name, _)| name)
}

/// Whether a profile or a package's part of it sets the switch, or inherits it.
fn brings_them(profile: &Value) -> bool {
    let Some(keys) = profile.as_table() else {
        return false;
    };
    let inherits = keys.get("inherits").and_then(Value::as_str);
    inherits.is_some_and(|parent| DEVELOPMENT.contains(&parent))
        || keys.contains_key(SWITCH)
        || keys.values().any(brings_them)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let findings = check(&[file]).unwrap();
        findings.into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn a_release_with_debug_assertions_is_found() {
        for profile in ["release", "bench", "shipped"] {
            let text = format!("[profile.{profile}]\nopt-level = 3\ndebug-assertions = true\n");
            assert_eq!(findings("Cargo.toml", &text), ["Cargo.toml"], "{profile}");
            assert_eq!(findings(".cargo/config.toml", &text).len(), 1, "{profile}");
        }
        let of_one_package = "[profile.release.package.runtime]\ndebug-assertions = true";
        assert_eq!(findings("Cargo.toml", of_one_package).len(), 1);
        let heir = "[profile.shipped]\ninherits = \"dev\"";
        assert_eq!(findings("Cargo.toml", heir).len(), 1);
    }

    #[test]
    fn development_and_other_keys_pass() {
        let text = "[profile.dev]\ndebug-assertions = true\n[profile.release]\nstrip = \"symbols\"";
        assert_eq!(findings("Cargo.toml", text), [""; 0]);
    }

    #[test]
    fn only_tests_arm_a_fail_point() {
        let text = format!("import os\nos.environ[\"{VARIABLE}\"] = \"a.b\"\n");
        assert_eq!(findings("dev/stack.py", &text), ["dev/stack.py:2"]);
        assert_eq!(findings("k8s/arena.yaml", &text), ["k8s/arena.yaml:2"]);
        for path in [
            "dev/fleet.py",
            "dev/tests/test_fleet.py",
            "journeys/src/fleet.rs",
            "services/arena/tests/it/crash.rs",
            "libs/runtime/src/failpoint.rs",
        ] {
            assert_eq!(findings(path, &text), [""; 0]);
        }
    }
}
