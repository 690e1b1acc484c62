//! Writes the files that are made from code and committed beside it.

use std::fs;

use anyhow::Context;
use contracts::Code;

use crate::workspace::Workspace;

/// Writes every generated file.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let files = [("graphql/errors.md", error_codes())];
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
