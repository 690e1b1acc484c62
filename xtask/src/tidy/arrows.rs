//! The arrows between crates: `domain ← contracts ← entity ← store ← bus ← services`, and one home for each outside system.

use super::Finding;
use crate::workspace::Package;

/// What each library may use. A library that is missing here may use nothing of ours.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("contracts", &["domain"]),
    ("entity", &["domain", "contracts"]),
    ("runtime", &["domain"]),
    ("cache", &["domain"]),
    ("chain", &["domain"]),
    ("store", &["domain", "contracts", "entity"]),
    (
        "bus",
        &["domain", "contracts", "entity", "store", "runtime"],
    ),
    ("reconciliation", &["domain", "store", "chain"]),
    (
        "migrations",
        &["domain", "contracts", "entity", "store", "bus"],
    ),
];

/// Tools that stand outside: a player and other people's computers know nothing of our inside.
const OUTSIDERS: &[(&str, &[&str])] = &[
    ("bots", &["domain"]),
    ("exchange", &["domain", "runtime"]),
    ("mail", &["domain", "runtime"]),
    ("validator", &[]),
];

/// Libraries with which one can spend what players own, and who may use them: whoever signs, and what
/// only looks and gives no key away.
const GUARDED: &[(&str, &[&str])] = &[("chain", &["treasury", "reconciliation"])];

/// Where each outside system may be used, by the start of the crate's name.
const HOMES: &[(&str, &[&str])] = &[
    ("sea-orm", &["entity", "store", "migrations"]),
    ("sqlx", &["store", "migrations"]),
    ("async-nats", &["bus"]),
    ("redis", &["cache"]),
    ("solana-", &["chain", "validator"]),
    ("spl-", &["chain", "validator"]),
    ("litesvm", &["validator"]),
    ("toml", &["runtime", "xtask"]),
    ("lettre", &["notifications"]),
    ("temporalio-", &["temporal", "achievement", "treasury"]),
    ("async-graphql", &["web"]),
    ("jsonwebtoken", &["web", "notifications"]),
];

/// The crate that only tests use; it may use anything.
const TEST_SUPPORT: &str = "testkit";

/// The crate that only benchmarks use.
const BENCH_SUPPORT: &str = "measure";

/// The crate that writes generated files; it asks the gateway for its schema.
const GENERATOR: &str = "xtask";

/// Every arrow that points the wrong way.
pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let ours: Vec<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    packages
        .iter()
        .filter(|package| package.name != TEST_SUPPORT)
        .flat_map(|package| {
            let reasons = package
                .dependencies
                .iter()
                .filter_map(|used| refuse(package, used, &ours))
                .chain(
                    package
                        .dev_dependencies
                        .iter()
                        .filter_map(|used| refuse_in_tests(package, used)),
                );
            reasons.map(|what| Finding {
                place: format!("{}/Cargo.toml", package.folder),
                what,
            })
        })
        .collect()
}

fn refuse(package: &Package, used: &str, ours: &[&str]) -> Option<String> {
    if !ours.contains(&used) {
        return refuse_outside(package, used);
    }
    if [TEST_SUPPORT, BENCH_SUPPORT].contains(&used) {
        return Some(format!(
            "{used} is for tests: name it under [dev-dependencies]"
        ));
    }
    if is_service(used) && package.name != GENERATOR {
        return Some(format!(
            "{used} is a service: services meet only through messages"
        ));
    }
    if let Some((_, users)) = GUARDED.iter().find(|(guarded, _)| *guarded == used)
        && !users.contains(&package.name.as_str())
    {
        let users = users.join(" and ");
        return Some(format!("{used} is for {users} alone: nobody else signs"));
    }
    let allowed = allowed(package)?;
    (!allowed.contains(&used)).then(|| {
        let said = if allowed.is_empty() {
            "nothing of ours".to_owned()
        } else {
            allowed.join(", ")
        };
        format!("{} must not use {used}: it may use {said}", package.name)
    })
}

/// What the package may use of ours; `None` where any library will do.
fn allowed(package: &Package) -> Option<&'static [&'static str]> {
    let listed = |table: &'static [(&str, &[&str])]| {
        table
            .iter()
            .find(|(name, _)| *name == package.name)
            .map(|(_, allowed)| *allowed)
    };
    let is_library = package.folder.starts_with("libs/");
    listed(LIBRARIES)
        .or_else(|| listed(OUTSIDERS))
        .or(if is_library { Some(&[]) } else { None })
}

fn refuse_outside(package: &Package, used: &str) -> Option<String> {
    let (_, homes) = HOMES.iter().find(|(system, _)| used.starts_with(system))?;
    (!homes.contains(&package.name.as_str()))
        .then(|| format!("{used} has its home in {}: go through it", homes.join(", ")))
}

/// Tests may use any outside system, but a service's tests know no other service either.
fn refuse_in_tests(package: &Package, used: &str) -> Option<String> {
    let is_own_service = package.folder.starts_with("services/");
    (is_own_service && is_service(used))
        .then(|| format!("{used} is a service: tests of several belong into journeys"))
}

fn is_service(name: &str) -> bool {
    contracts::Service::ALL
        .iter()
        .any(|service| service.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(folder: &str, dependencies: &[&str]) -> Package {
        Package {
            name: folder.rsplit('/').next().unwrap_or_default().to_owned(),
            folder: folder.to_owned(),
            dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
            ..Package::default()
        }
    }

    fn findings(folder: &str, dependencies: &[&str]) -> usize {
        let mut packages = vec![package(folder, dependencies)];
        packages.extend(
            [
                "libs/domain",
                "libs/store",
                "libs/bus",
                "libs/testkit",
                "libs/measure",
                "libs/chain",
                "services/arena",
            ]
            .iter()
            .filter(|other| **other != folder)
            .map(|other| package(other, &[])),
        );
        check(&packages).len()
    }

    #[test]
    fn an_arrow_to_the_left_passes() {
        assert_eq!(findings("libs/bus", &["domain", "store"]), 0);
        assert_eq!(findings("services/web", &["domain", "store", "bus"]), 0);
    }

    #[test]
    fn an_arrow_to_the_right_is_found() {
        assert_eq!(findings("libs/store", &["bus"]), 1);
        assert_eq!(findings("libs/domain", &["store"]), 1);
    }

    #[test]
    fn a_library_without_a_place_may_use_nothing() {
        assert_eq!(findings("libs/novel", &["domain"]), 1);
    }

    #[test]
    fn a_service_that_uses_a_service_is_found() {
        assert_eq!(findings("services/web", &["arena"]), 1);
    }

    #[test]
    fn test_support_in_a_program_is_found() {
        assert_eq!(findings("services/web", &["testkit"]), 1);
        assert_eq!(findings("services/web", &["measure"]), 1);
    }

    #[test]
    fn keys_in_any_service_but_treasury_are_found() {
        assert_eq!(findings("services/treasury", &["chain"]), 0);
        assert_eq!(findings("libs/reconciliation", &["chain"]), 0);
        assert_eq!(findings("services/web", &["chain"]), 1);
        assert_eq!(findings("tools/battlesbit", &["chain"]), 1);
    }

    #[test]
    fn an_outside_system_away_from_home_is_found() {
        assert_eq!(findings("services/arena", &["sea-orm"]), 1);
        assert_eq!(findings("libs/store", &["sea-orm"]), 0);
        assert_eq!(findings("services/arena", &["solana-keypair"]), 1);
    }
}
