//! A service that is told something wrong says so in one line, and does not start.

use contracts::Service;
use testkit::{Binary, free_port};

use crate::fleet::LIMIT;

/// Every setting without a default, of every service, with a value that would do.
fn complete(service: Service) -> Vec<(&'static str, &'static str)> {
    let password = ("postgres.password", "a password that is long enough");
    match service {
        Service::Market => vec![],
        Service::Web => vec![
            ("postgres.url", "postgres://127.0.0.1:1/battlesbit"),
            password,
            ("nats.url", "nats://127.0.0.1:1"),
            ("redis.url", "redis://127.0.0.1:1"),
            (
                "identity.signing_key",
                "6a2c1f0e9d8b7a69584736251403f2e1d0cfbeadbcab9a8978675645342312f0",
            ),
            ("identity.code_key", "a key for tests that is long enough"),
        ],
        Service::Arena
        | Service::Matcher
        | Service::Achievement
        | Service::Notifications
        | Service::Treasury => vec![password],
    }
}

fn binary(service: Service, settings: &[(&str, &str)]) -> Binary {
    let binary = Binary::tool(service.name(), free_port()).setting("mode", "development");
    settings
        .iter()
        .fold(binary, |binary, (key, value)| binary.setting(key, *value))
}

/// What the service says before it ends, which has to be one line and a failure.
async fn last_word(binary: &Binary) -> String {
    let mut process = binary.start();
    let status = process.wait(LIMIT).await;
    let stderr = process.stderr();
    let lines: Vec<_> = stderr
        .lines()
        .filter(|line| !line.starts_with('{'))
        .collect();
    assert!(!status.success(), "it started: {stderr}");
    assert_eq!(lines.len(), 1, "expected one line: {stderr}");
    lines[0].to_owned()
}

fn variable(service: Service, key: &str) -> String {
    let name = service.name().to_uppercase();
    format!(
        "BATTLESBIT_{name}__{}",
        key.to_uppercase().replace('.', "__")
    )
}

#[tokio::test]
async fn a_setting_that_nobody_knows_is_named() {
    for service in Service::ALL {
        let settings = [complete(service), vec![("nats.colour", "red")]].concat();
        let said = last_word(&binary(service, &settings)).await;
        assert!(
            said.contains(&variable(service, "nats.colour")),
            "{service}: {said}"
        );
        assert!(said.contains("expected"), "{service}: {said}");
    }
}

#[tokio::test]
async fn a_setting_of_the_wrong_kind_is_named_with_what_was_expected() {
    for service in Service::ALL {
        let settings = [complete(service), vec![("nats.replicas", "many")]].concat();
        let said = last_word(&binary(service, &settings)).await;
        assert!(
            said.contains(&variable(service, "nats.replicas")),
            "{service}: {said}"
        );
        assert!(said.contains("expected"), "{service}: {said}");
    }
}

#[track_caller]
fn says_what_is_missing(said: &str, service: Service, key: &str) {
    let expected = format!("({}) is missing: expected ", variable(service, key));
    assert!(said.contains(&expected), "{service}: {said}");
}

#[tokio::test]
async fn a_setting_that_is_missing_is_named_with_what_was_expected() {
    for service in Service::ALL {
        let complete = complete(service);
        for (key, _) in &complete {
            let rest: Vec<_> = complete
                .iter()
                .filter(|(other, _)| other != key)
                .copied()
                .collect();
            let said = last_word(&binary(service, &rest)).await;
            says_what_is_missing(&said, service, key);
        }
        // Market can do without any; what is to come from a file may be missing for all.
        let from_nowhere = variable(service, "nats.prefix_file");
        let binary = binary(service, &complete).env(&from_nowhere, "/nowhere/at/all");
        let said = last_word(&binary).await;
        says_what_is_missing(&said, service, "nats.prefix");
    }
}

#[tokio::test]
async fn a_dependency_that_is_not_there_is_named_at_start() {
    for service in Service::ALL {
        let nowhere = [complete(service), vec![("nats.url", "nats://127.0.0.1:1")]].concat();
        let nowhere = match service {
            Service::Market | Service::Web => nowhere,
            Service::Arena
            | Service::Matcher
            | Service::Achievement
            | Service::Notifications
            | Service::Treasury => [
                nowhere,
                vec![("postgres.url", "postgres://127.0.0.1:1/battlesbit")],
            ]
            .concat(),
        };
        let said = last_word(&binary(service, &nowhere)).await.to_lowercase();
        assert!(
            said.contains("nats") || said.contains("postgres"),
            "{service}: {said}"
        );
    }
}
