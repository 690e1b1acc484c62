//! What the compiler cannot check about the repository; each finding says where, what, and why it matters.

mod arrows;
mod failpoints;
mod features;
mod harness;
mod metrics;
mod recipes;
mod subjects;
mod texts;
mod tokens;
mod unused;

use std::fmt;

use crate::workspace::Workspace;

/// Something that is not as the house style wants it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A path relative to the root, with a line where that is known.
    pub(crate) place: String,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Every finding, check by check.
///
/// # Errors
/// When a source file or a manifest cannot be parsed, or cargo cannot be run.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Vec<Finding>> {
    let mut findings = arrows::check(&workspace.packages);
    findings.extend(unused::check(&workspace.shared, &workspace.packages));
    findings.extend(harness::check(&workspace.packages, &workspace.files));
    findings.extend(failpoints::check(&workspace.files)?);
    findings.extend(subjects::check(&workspace.files)?);
    findings.extend(metrics::check(&workspace.files)?);
    findings.extend(texts::check(&workspace.files));
    findings.extend(recipes::check(workspace));
    findings.extend(features::check(&workspace.root)?);
    Ok(findings)
}
