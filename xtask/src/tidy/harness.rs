//! Libraries and programs without tests say `test = false`: otherwise each is compiled once more to
//! run none. One that says it must have none, for nobody would run them.

use super::Finding;
use crate::workspace::{File, Package};

/// What stands before a test.
const MARKS: [&str; 3] = ["#[test]", "#[tokio::test", "proptest! {"];

/// Every library and every program whose manifest and code disagree about tests.
pub(super) fn check(packages: &[Package], files: &[File]) -> Vec<Finding> {
    packages
        .iter()
        .flat_map(|package| targets(package, files))
        .filter_map(Target::finding)
        .collect()
}

/// Code that is compiled as one.
struct Target<'a> {
    package: &'a Package,
    section: &'static str,
    has_tests: bool,
    is_tested: bool,
}

impl Target<'_> {
    fn finding(self) -> Option<Finding> {
        let (section, place) = (self.section, format!("{}/Cargo.toml", self.package.folder));
        let what = match (self.has_tests, self.is_tested) {
            (true, false) => format!("{section} says test = false, so nobody runs its tests"),
            (false, true) => format!("{section} has no tests: say test = false"),
            (true, true) | (false, false) => return None,
        };
        Some(Finding { place, what })
    }
}

fn targets<'a>(package: &'a Package, files: &[File]) -> Vec<Target<'a>> {
    let source = format!("{}/src/", package.folder);
    let main = format!("{source}main.rs");
    let in_source: Vec<_> = files
        .iter()
        .filter(|file| file.path.starts_with(&source))
        .collect();
    let has_tests = |of: &dyn Fn(&File) -> bool| {
        let mut files = in_source.iter().filter(|file| of(file));
        files.any(|file| MARKS.iter().any(|mark| has_line(&file.text, mark)))
    };
    let has = |path: &str| in_source.iter().any(|file| file.path == path);
    // Beside a library a program is its main file; without one it is everything.
    let is_library = has(&format!("{source}lib.rs"));
    let of_program = |file: &File| !is_library || file.path == main;
    let mut targets = Vec::new();
    if is_library {
        targets.push(Target {
            package,
            section: "[lib]",
            has_tests: has_tests(&|file| file.path != main),
            is_tested: package.tests_library,
        });
    }
    if has(&main) {
        targets.push(Target {
            package,
            section: "[[bin]]",
            has_tests: has_tests(&of_program),
            is_tested: package.tests_programs,
        });
    }
    targets
}

fn has_line(text: &str, mark: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn it_holds() {}\n}\n";

    fn findings(package: &Package, files: &[(&str, &str)]) -> usize {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| File {
                path: format!("libs/some/src/{path}"),
                text: (*text).to_owned(),
            })
            .collect();
        check(std::slice::from_ref(package), &files).len()
    }

    fn package(tests_library: bool, tests_programs: bool) -> Package {
        Package {
            folder: "libs/some".to_owned(),
            tests_library,
            tests_programs,
            ..Package::default()
        }
    }

    #[test]
    fn a_library_without_tests_says_so() {
        let files = [("lib.rs", "mod part;"), ("part.rs", "")];
        assert_eq!(findings(&package(true, false), &files), 1);
        assert_eq!(findings(&package(false, false), &files), 0);
    }

    #[test]
    fn tests_that_nobody_runs_are_found() {
        let files = [("lib.rs", "mod part;"), ("part.rs", TEST)];
        assert_eq!(findings(&package(false, false), &files), 1);
        assert_eq!(findings(&package(true, false), &files), 0);
    }

    #[test]
    fn a_program_beside_a_library_is_its_main_file() {
        let files = [("lib.rs", TEST), ("main.rs", "fn main() {}")];
        assert_eq!(findings(&package(true, true), &files), 1);
        assert_eq!(findings(&package(true, false), &files), 0);
    }

    #[test]
    fn a_program_alone_is_all_its_files() {
        let files = [("main.rs", "mod part;"), ("part.rs", TEST)];
        assert_eq!(findings(&package(true, false), &files), 1);
        assert_eq!(findings(&package(true, true), &files), 0);
    }
}
