//! The commands that the pages name are recipes of the justfile, and every recipe has its line in the list.

use std::collections::BTreeSet;

use super::Finding;
use crate::workspace::{File, Workspace};

const JUSTFILE: &str = "justfile";
const CALL: &str = "./just ";

/// Every command on a page that does not exist, and every recipe without a sentence.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let Some(justfile) = workspace.text(JUSTFILE) else {
        return vec![Finding {
            place: JUSTFILE.to_owned(),
            what: "it is missing".to_owned(),
        }];
    };
    let (recipes, mut findings) = read_recipes(justfile);
    let pages = workspace
        .files
        .iter()
        .filter(|file| file.path.ends_with(".md") || file.path.ends_with(".py"));
    findings.extend(pages.flat_map(|page| unknown_commands(page, &recipes)));
    findings
}

/// The public recipes, and a finding for each that has no comment above it.
fn read_recipes(justfile: &str) -> (BTreeSet<String>, Vec<Finding>) {
    let mut recipes = BTreeSet::new();
    let mut findings = Vec::new();
    let mut above = "";
    for line in justfile.lines() {
        if let Some(name) = recipe_name(line) {
            recipes.insert(name.to_owned());
            if !above.starts_with('#') && above != "[private]" {
                findings.push(Finding {
                    place: JUSTFILE.to_owned(),
                    what: format!("{name} has no comment above it: `just` lists recipes by it"),
                });
            }
        }
        above = line;
    }
    (recipes, findings)
}

/// The name of the recipe that a line begins, if it does.
fn recipe_name(line: &str) -> Option<&str> {
    let (head, _) = line.split_once(':')?;
    let begins = line.starts_with(|first: char| first.is_ascii_lowercase());
    let is_assignment = line.contains(":=");
    (begins && !is_assignment)
        .then(|| head.split_whitespace().next())
        .flatten()
}

fn unknown_commands(page: &File, recipes: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in page.text.lines().enumerate() {
        for (start, _) in line.match_indices(CALL) {
            let rest = &line[start + CALL.len()..];
            let name: String = rest
                .chars()
                .take_while(|letter| letter.is_ascii_lowercase() || *letter == '-')
                .collect();
            if !name.is_empty() && !recipes.contains(&name) {
                findings.push(Finding {
                    place: format!("{}:{}", page.path, number + 1),
                    what: format!("./just {name} is no recipe of the justfile"),
                });
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPES: &str =
        "set no-exit-message\nx := 'y'\n\n# Start it\nup *options:\n    @run\n\nquiet:\n    @run\n";

    #[test]
    fn a_recipe_without_a_sentence_is_found() {
        let (recipes, findings) = read_recipes(RECIPES);
        assert_eq!(recipes.into_iter().collect::<Vec<_>>(), ["quiet", "up"]);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn a_page_that_names_no_recipe_is_found() {
        let (recipes, _) = read_recipes(RECIPES);
        let page = File {
            path: "README.md".to_owned(),
            text: "`./just up`, then\n`./just down --purge`".to_owned(),
        };
        let findings = unknown_commands(&page, &recipes);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place, "README.md:2");
    }
}
