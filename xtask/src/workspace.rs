//! What the checks look at: the workspace's packages, and every file of the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use toml::{Table, Value};

/// The repository as it lies on disk.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<Package>,
    /// What the crates may inherit.
    pub(crate) shared: Shared,
    /// Text files that git tracks or would track, relative to the root.
    pub(crate) files: Vec<File>,
}

/// The dependencies that the root's manifest declares for every crate: the name of the crate
/// behind each key.
pub(crate) type Shared = BTreeMap<String, String>;

/// A crate and the crates that it uses, by their own names whatever its manifest calls them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Relative to the root, such as `libs/domain`.
    pub(crate) folder: String,
    /// Of the code and of the build script, on whatever target.
    pub(crate) dependencies: BTreeSet<String>,
    pub(crate) dev_dependencies: BTreeSet<String>,
    /// Whether the library is compiled with its tests.
    pub(crate) tests_library: bool,
    /// Whether any program is.
    pub(crate) tests_programs: bool,
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
        let manifest = files.iter().find(|file| file.path == "Cargo.toml");
        let shared = shared(&manifest.context("the root has no Cargo.toml")?.text)?;
        let packages = files
            .iter()
            .filter(|file| file.path.ends_with("/Cargo.toml") && !is_of_a_peer(&file.path))
            .map(|file| Package::parse(&file.path, &file.text, &shared))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self {
            root,
            packages,
            shared,
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

/// Whether a file belongs to what a benchmark measures ours beside: it is built as its own
/// makers would.
fn is_of_a_peer(path: &str) -> bool {
    path.split('/').any(|folder| folder == "peers")
}

impl Package {
    fn parse(path: &str, manifest: &str, shared: &Shared) -> anyhow::Result<Self> {
        let manifest: Table = manifest
            .parse()
            .with_context(|| format!("{path} is no manifest"))?;
        let name = manifest
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(Value::as_str)
            .with_context(|| format!("{path} names no package"))?;
        let mut package = Self {
            name: name.to_owned(),
            folder: path.trim_end_matches("/Cargo.toml").to_owned(),
            tests_library: manifest.get("lib").is_none_or(is_tested),
            tests_programs: tests_programs(&manifest),
            ..Self::default()
        };
        for scope in scopes(&manifest) {
            for section in ["dependencies", "build-dependencies"] {
                package.dependencies.extend(used(scope, section, shared));
            }
            let for_tests = used(scope, "dev-dependencies", shared);
            package.dev_dependencies.extend(for_tests);
        }
        Ok(package)
    }
}

/// Whether the programs are compiled with their tests.
fn tests_programs(manifest: &Table) -> bool {
    let programs = manifest.get("bin").and_then(Value::as_array);
    programs.is_none_or(|programs| programs.iter().any(is_tested))
}

/// Whether a target is compiled with its tests: unless it says otherwise.
fn is_tested(target: &Value) -> bool {
    target.get("test").and_then(Value::as_bool).unwrap_or(true)
}

fn shared(manifest: &str) -> anyhow::Result<Shared> {
    let manifest: Table = manifest
        .parse()
        .context("the root's Cargo.toml is no manifest")?;
    let workspace = manifest
        .get("workspace")
        .and_then(Value::as_table)
        .context("the root's Cargo.toml has no [workspace]")?;
    let named = entries(workspace, "dependencies");
    Ok(named
        .map(|(key, entry)| (key.clone(), renamed(entry).unwrap_or(key).to_owned()))
        .collect())
}

/// The manifest itself and each of its `[target.*]`: both may have tables of dependencies.
fn scopes(manifest: &Table) -> impl Iterator<Item = &Table> {
    let targets = entries(manifest, "target").filter_map(|(_, target)| target.as_table());
    iter::once(manifest).chain(targets)
}

/// The crates that a table of dependencies uses.
fn used(scope: &Table, section: &str, shared: &Shared) -> impl Iterator<Item = String> {
    entries(scope, section).map(|(key, entry)| {
        let inherited = || shared.get(key).map(String::as_str);
        renamed(entry).or_else(inherited).unwrap_or(key).to_owned()
    })
}

fn entries<'a>(scope: &'a Table, section: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let table = scope.get(section).and_then(Value::as_table);
    table.into_iter().flatten()
}

/// The crate behind a dependency that goes by another name here.
fn renamed(entry: &Value) -> Option<&str> {
    entry.get("package")?.as_str()
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

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = r#"
        [workspace.dependencies]
        store = { path = "libs/store" }
        queue = { package = "async-nats", version = "1" }
    "#;

    fn package(dependencies: &str) -> Package {
        let manifest = format!("[package]\nname = \"arena\"\n{dependencies}");
        let shared = shared(ROOT).unwrap();
        Package::parse("services/arena/Cargo.toml", &manifest, &shared).unwrap()
    }

    fn dependencies(text: &str) -> Vec<String> {
        package(text).dependencies.into_iter().collect()
    }

    #[test]
    fn what_ours_is_measured_beside_is_no_package_of_ours() {
        assert!(is_of_a_peer(
            "journeys/benches/gateway/peers/rust/Cargo.toml"
        ));
        assert!(!is_of_a_peer("journeys/Cargo.toml"));
    }

    #[test]
    fn every_way_to_name_a_dependency_is_read() {
        assert_eq!(dependencies("[dependencies]\nredis = \"1\""), ["redis"]);
        assert_eq!(
            dependencies("[dependencies]\nredis = { version = \"1\" }"),
            ["redis"]
        );
        assert_eq!(
            dependencies("[dependencies.store]\nworkspace = true"),
            ["store"]
        );
    }

    #[test]
    fn a_dependency_of_one_target_counts() {
        let text = "[target.'cfg(unix)'.dependencies]\nredis = \"1\"\n\
                    [target.x86_64-unknown-linux-gnu.build-dependencies]\nsqlx = \"1\"";
        assert_eq!(dependencies(text), ["redis", "sqlx"]);
    }

    #[test]
    fn a_dependency_of_the_build_script_counts() {
        assert_eq!(
            dependencies("[build-dependencies]\nstore.workspace = true"),
            ["store"]
        );
    }

    #[test]
    fn a_dependency_by_another_name_counts_as_what_it_is() {
        let here = "[dependencies]\nkept = { package = \"redis\", version = \"1\" }";
        assert_eq!(dependencies(here), ["redis"]);
        let inherited = "[dependencies]\nqueue.workspace = true";
        assert_eq!(dependencies(inherited), ["async-nats"]);
    }

    #[test]
    fn what_is_not_tested_is_read() {
        let tested = |text| {
            let package = package(text);
            (package.tests_library, package.tests_programs)
        };
        assert_eq!(tested(""), (true, true));
        assert_eq!(tested("[lib]\ntest = false"), (false, true));
        let program = "[[bin]]\nname = \"arena\"\npath = \"src/main.rs\"\ntest = false";
        assert_eq!(tested(program), (true, false));
    }

    #[test]
    fn what_only_tests_use_stays_apart() {
        let package = package(
            "[dev-dependencies]\nstore.workspace = true\n\
             [target.'cfg(unix)'.dev-dependencies]\nqueue.workspace = true",
        );
        assert!(package.dependencies.is_empty());
        let for_tests: Vec<_> = package.dev_dependencies.into_iter().collect();
        assert_eq!(for_tests, ["async-nats", "store"]);
    }
}
