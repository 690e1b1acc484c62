//! Writes the files that are made from code and committed beside it.

use std::fs;

use anyhow::{Context, ensure};
use contracts::ownership::{TABLES, Writer};
use contracts::{Service, Topic};

use crate::samples;
use crate::workspace::Workspace;

/// The page that shows who writes which table.
const ARCHITECTURE: &str = "ARCHITECTURE.md";
/// The table stands between these two lines.
const OWNERSHIP_BEGINS: &str = "<!-- ownership: written by ./just generate -->\n";
const OWNERSHIP_ENDS: &str = "<!-- end of ownership -->\n";

/// Writes every generated file.
///
/// # Errors
/// When a file cannot be written, or a page has no place for its table.
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let page = |path: &str, text: String| (path.to_owned(), text);
    let mut files = vec![
        page("graphql/schema.graphql", web::schema_sdl()),
        page("graphql/errors.md", web::errors_page()),
        page(ARCHITECTURE, architecture(workspace)?),
        page("docs/settings.md", settings(workspace)?),
    ];
    for &topic in Topic::ALL {
        files.push(golden(topic)?);
    }
    for (path, text) in files {
        let path = workspace.root.join(path);
        let folder = path.parent().context("a generated file lies in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// The golden file of a topic, and what it says.
fn golden(topic: Topic) -> anyhow::Result<(String, String)> {
    let sample = samples::sample(topic);
    ensure!(
        sample.json == sample.decoded_and_encoded,
        "{topic:?} does not survive the wire"
    );
    let path = format!("libs/contracts/tests/golden/{}", samples::file_name(topic));
    Ok((path, sample.golden()))
}

/// The page with its table written anew.
fn architecture(workspace: &Workspace) -> anyhow::Result<String> {
    let page = workspace.text(ARCHITECTURE);
    let page = page.with_context(|| format!("{ARCHITECTURE} is missing"))?;
    with_ownership(page, &ownership()).with_context(|| {
        format!("{ARCHITECTURE} lacks {OWNERSHIP_BEGINS:?} and {OWNERSHIP_ENDS:?} behind it")
    })
}

/// The page with `table` in place of what stood between the two lines; none where they are not.
fn with_ownership(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(OWNERSHIP_BEGINS)?;
    let (_, after) = rest.split_once(OWNERSHIP_ENDS)?;
    let lines = [
        before,
        OWNERSHIP_BEGINS,
        "\n",
        table,
        "\n",
        OWNERSHIP_ENDS,
        after,
    ];
    Some(lines.concat())
}

/// The table of who writes which table, and who reads it.
fn ownership() -> String {
    let mut lines = String::from("| table | written by | read by others |\n|---|---|---|\n");
    for table in TABLES {
        let writer = match table.writer {
            Writer::One(service) => service.to_string(),
            Writer::OwnRows => "each service, its own rows".to_owned(),
            Writer::Append(services) => format!("{}: append only", names(services)),
            Writer::Database => "the database, by trigger".to_owned(),
        };
        let readers = names(table.readers);
        lines.push_str(&format!("| `{}` | {writer} | {readers} |\n", table.name));
    }
    lines
}

fn names(services: &[Service]) -> String {
    services
        .iter()
        .map(|service| service.name())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The page of settings: each service's documented defaults, as they are.
fn settings(workspace: &Workspace) -> anyhow::Result<String> {
    let mut page = String::from(
        "# Settings\n\nWritten by `./just generate` from each service's `config.default.toml`.\n",
    );
    for service in Service::ALL {
        let path = format!("services/{service}/config.default.toml");
        let text = workspace
            .text(&path)
            .with_context(|| format!("{path} is missing"))?;
        page.push_str(&format!(
            "\n## {service}\n\n```toml\n{}\n```\n",
            text.trim_end()
        ));
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_lines_is_replaced() {
        let page = |table: &str| {
            format!("# Page\n\n{OWNERSHIP_BEGINS}\n{table}\n{OWNERSHIP_ENDS}\nMore.\n")
        };
        let once = with_ownership(&page("| old |\n| older |\n"), "| new |\n").unwrap();
        assert_eq!(once, page("| new |\n"));
        assert_eq!(with_ownership(&once, "| new |\n").unwrap(), once);
    }

    #[test]
    fn a_page_without_a_place_for_the_table_is_refused() {
        assert_eq!(with_ownership("# Page\n", ""), None);
        assert_eq!(
            with_ownership(&format!("{OWNERSHIP_ENDS}{OWNERSHIP_BEGINS}"), ""),
            None
        );
    }

    #[test]
    fn every_table_has_its_line() {
        let written = ownership();
        for table in TABLES {
            let line = format!("| `{}` | ", table.name);
            assert_eq!(written.matches(&line).count(), 1, "{}", table.name);
        }
        assert!(written.contains("| `games` | matcher | web |\n"));
    }
}
