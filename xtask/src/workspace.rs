//! What the checks look at: the workspace's packages, and every file of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// The repository as it lies on disk.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<Package>,
    /// Text files that git tracks or would track, relative to the root.
    pub(crate) files: Vec<File>,
}

/// A crate and the crates that it names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Relative to the root, such as `libs/domain`.
    pub(crate) folder: String,
    pub(crate) dependencies: BTreeSet<String>,
    pub(crate) dev_dependencies: BTreeSet<String>,
}

/// A text file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Relative to the root.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Workspace {
    /// Reads the repository around this crate.
    ///
    /// # Errors
    /// When git or a manifest cannot be read.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let root = std::env::current_dir()?;
        ensure!(
            root.join("Cargo.lock").exists(),
            "run it in the root of the repository"
        );
        let files = list_files(&root)?;
        let packages = files
            .iter()
            .filter(|file| file.path.ends_with("/Cargo.toml"))
            .map(|file| Package::parse(&file.path, &file.text))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self {
            root,
            packages,
            files,
        })
    }

    /// The text of a file of the repository.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    }
}

impl Package {
    fn parse(path: &str, manifest: &str) -> anyhow::Result<Self> {
        let table: toml::Table = manifest
            .parse()
            .with_context(|| format!("{path} is no manifest"))?;
        let names = |section: &str| {
            table
                .get(section)
                .and_then(toml::Value::as_table)
                .map(|entries| entries.keys().cloned().collect())
                .unwrap_or_default()
        };
        let name = table
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(toml::Value::as_str)
            .with_context(|| format!("{path} names no package"))?;
        Ok(Self {
            name: name.to_owned(),
            folder: path.trim_end_matches("/Cargo.toml").to_owned(),
            dependencies: names("dependencies"),
            dev_dependencies: names("dev-dependencies"),
        })
    }
}

fn list_files(root: &Path) -> anyhow::Result<Vec<File>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .context("git cannot be run")?;
    ensure!(output.status.success(), "git ls-files failed");
    let paths = String::from_utf8(output.stdout).context("a path is not UTF-8")?;
    let mut files: Vec<File> = paths
        .split_terminator('\0')
        .filter_map(|path| {
            // A file that is deleted but not yet committed, or that is no text, has nothing to check.
            let text = fs::read_to_string(root.join(path)).ok()?;
            Some(File {
                path: path.to_owned(),
                text,
            })
        })
        .collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}
