//! Writes the files that are made from code and committed beside it.

use std::fs;

use anyhow::Context;
use contracts::Service;
use contracts::ownership::{TABLES, Writer};

use crate::workspace::Workspace;

/// Writes every generated file.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let files = [
        ("graphql/schema.graphql", web::schema_sdl()),
        ("graphql/errors.md", web::errors_page()),
        ("docs/ownership.md", ownership()),
        ("docs/settings.md", settings(workspace)?),
    ];
    for (path, text) in files {
        let path = workspace.root.join(path);
        let folder = path.parent().context("a generated file lies in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// The page of who writes which table, and who reads it.
fn ownership() -> String {
    let mut page = String::from(
        "# Who writes what\n\nWritten by `./just generate` from `contracts::ownership`, of which the \
         rights of the services' roles in Postgres are made too.\n\n\
         | table | written by | read by others |\n|---|---|---|\n",
    );
    for table in TABLES {
        let writer = match table.writer {
            Writer::One(service) => service.to_string(),
            Writer::OwnRows => "each service, its own rows".to_owned(),
            Writer::Append(services) => format!("{}: append only", names(services)),
            Writer::Database => "the database, by trigger".to_owned(),
        };
        page.push_str(&format!(
            "| `{}` | {writer} | {} |\n",
            table.name,
            names(table.readers)
        ));
    }
    page
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
