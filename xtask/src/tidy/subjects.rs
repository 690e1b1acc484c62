//! Subjects are spelled in `contracts` alone: elsewhere a literal would escape a rename and the ownership table.

use anyhow::Context;
use contracts::Topic;
use syn::LitStr;
use syn::parse::ParseStream;
use syn::visit::Visit;

use super::{Finding, tokens};
use crate::workspace::File;

/// The one place that spells them.
const HOME: &str = "libs/contracts/";

/// How subjects that no topic lists begin: live updates and whole families.
const FAMILIES: &[&str] = &[
    "live.prices",
    "live.candles",
    "live.battles",
    "in-app.",
    "commands.",
];

/// Every string literal outside `contracts` that begins as a subject does.
///
/// # Errors
/// When a source file cannot be parsed.
pub(super) fn check(files: &[File]) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in files {
        if !file.path.ends_with(".rs")
            || file.path.starts_with(HOME)
            || file.path.starts_with("xtask/")
        {
            continue;
        }
        let parsed = syn::parse_file(&file.text)
            .with_context(|| format!("{} cannot be parsed", file.path))?;
        let mut literals = Literals::default();
        literals.visit_file(&parsed);
        let subjects = literals
            .found
            .into_iter()
            .filter(|literal| is_subject(literal));
        findings.extend(subjects.map(|literal| Finding {
            place: file.path.clone(),
            what: format!("{literal:?} is a subject: name its topic of contracts instead"),
        }));
    }
    Ok(findings)
}

fn is_subject(literal: &str) -> bool {
    let begins = |stem: &str| {
        literal
            .strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || stem.ends_with('.'))
    };
    FAMILIES.iter().any(|family| begins(family))
        || Topic::ALL
            .iter()
            .any(|topic| begins(topic.pattern().trim_end_matches(".*")))
}

#[derive(Default)]
struct Literals {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        self.found.push(literal.value());
    }

    /// A macro's arguments are tokens, not expressions: a literal among them counts too.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        // The reader takes any tokens, so it cannot fail.
        if let Ok(literals) = call.parse_body_with(literals_among) {
            self.found.extend(literals);
        }
    }

    /// Prose may speak of subjects.
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

/// The string literals among tokens, at any depth of brackets.
fn literals_among(tokens: ParseStream<'_>) -> syn::Result<Vec<String>> {
    let mut found = Vec::new();
    tokens::walk(tokens, &mut |tokens: ParseStream<'_>| {
        let is_literal = tokens.peek(LitStr);
        if is_literal {
            found.push(tokens.parse::<LitStr>()?.value());
        }
        Ok(is_literal)
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        check(&[file]).expect("the source parses").len()
    }

    #[test]
    fn a_subject_outside_contracts_is_found() {
        assert_eq!(
            findings(
                "services/web/src/lib.rs",
                r#"const S: &str = "matchmaking.add";"#
            ),
            1
        );
        assert_eq!(
            findings(
                "services/web/src/lib.rs",
                r#"const S: &str = "market.ticks.BTCUSDT";"#
            ),
            1
        );
    }

    #[test]
    fn a_subject_inside_a_macro_is_found_at_any_depth() {
        let nested = r#"fn f() { assert!(vec![g("commands.web.x")].is_empty()); println!("live.prices.{}", 1); }"#;
        assert_eq!(findings("tools/bots/src/main.rs", nested), 2);
    }

    #[test]
    fn the_home_and_prose_may_name_subjects() {
        assert_eq!(
            findings(
                "libs/contracts/src/topic.rs",
                r#"const S: &str = "matchmaking.add";"#
            ),
            0
        );
        assert_eq!(
            findings(
                "libs/bus/src/lib.rs",
                "/// Goes to matchmaking.add.\nfn f() {}"
            ),
            0
        );
    }

    #[test]
    fn a_word_that_only_looks_alike_passes() {
        assert_eq!(
            findings("libs/bus/src/lib.rs", r#"const S: &str = "market.toml";"#),
            0
        );
        assert_eq!(
            findings(
                "libs/bus/src/lib.rs",
                r#"const S: &str = "matchmaking.address";"#
            ),
            0
        );
    }
}
