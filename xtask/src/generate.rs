//! Writes the files that are made from code and committed beside it.

use std::fs;

use anyhow::Context;
use contracts::{Code, Service};

use crate::workspace::Workspace;

/// Writes every generated file.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let files = [
        ("graphql/errors.md", error_codes()),
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

/// The page of error codes.
fn error_codes() -> String {
    let mut page = String::from(
        "# Error codes\n\nWritten by `./just generate`.\n\n| code | meaning |\n|---|---|\n",
    );
    for code in Code::ALL {
        page.push_str(&format!("| `{}` | {} |\n", code.text(), code.meaning()));
    }
    page
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
