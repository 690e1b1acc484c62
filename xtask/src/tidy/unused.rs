//! A dependency of the workspace that no crate uses: it would be kept up to date for nobody.

use std::collections::BTreeSet;

use super::Finding;
use crate::workspace::{Package, Shared};

/// Every entry of `[workspace.dependencies]` that no crate inherits.
pub(super) fn check(shared: &Shared, packages: &[Package]) -> Vec<Finding> {
    let used: BTreeSet<&String> = packages
        .iter()
        .flat_map(|package| package.dependencies.iter().chain(&package.dev_dependencies))
        .collect();
    shared
        .iter()
        .filter(|(_, name)| !used.contains(name))
        .map(|(key, _)| Finding {
            place: "Cargo.toml".to_owned(),
            what: format!("no crate uses {key} of [workspace.dependencies]: remove it"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_that_nobody_uses_is_found() {
        let shared = ["redis", "sha2", "hex"].map(|name| (name.to_owned(), name.to_owned()));
        let package = Package {
            dependencies: BTreeSet::from(["redis".to_owned()]),
            dev_dependencies: BTreeSet::from(["hex".to_owned()]),
            ..Package::default()
        };
        let findings = check(&Shared::from(shared), &[package]);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].what.contains("sha2"), "{findings:?}");
    }
}
