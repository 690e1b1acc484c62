//! Every kind of bad setting and the one line that it ends in.

use std::io::Write;

use secrecy::ExposeSecret;

use super::*;

const SERVICE: Service = Service {
    name: "arena",
    version: "0.0.0",
    defaults: r#"
        mode = "production"
        [log]
        level = "info"
        [http]
        listen = "127.0.0.1:8892"
        connections = 1000
        [shutdown]
        grace_ms = 10000
        [nats]
        replicas = 1
        [feed]
        symbols = ["BTCUSDT"]
        paper = false
    "#,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    nats: Nats,
    feed: Feed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nats {
    url: String,
    replicas: u8,
    password: Secret,
    side: Option<Side>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Long,
    Short,
}

/// Deliberately without `deny_unknown_fields`: unknown keys are refused all the same.
#[derive(Debug, Deserialize)]
struct Feed {
    symbols: Vec<String>,
    paper: bool,
}

/// The two settings without defaults.
const REQUIRED: [(&str, &str); 2] = [
    ("BATTLESBIT_ARENA__NATS__URL", "nats://127.0.0.1:4222"),
    ("BATTLESBIT_ARENA__NATS__PASSWORD", "correct horse battery"),
];

fn load_with(
    file: Option<&Path>,
    environment: &[(&str, &str)],
) -> Result<(Common, Settings), Refused> {
    let variables = environment
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    load(&SERVICE, file, variables)
}

/// The settings, with `more` laid over what is required.
fn accepted(more: &[(&str, &str)]) -> (Common, Settings) {
    load_with(None, &merged(more)).expect("the settings are good")
}

/// The line that `more`, laid over what is required, is refused with.
fn refused(more: &[(&str, &str)]) -> String {
    let line = load_with(None, &merged(more))
        .expect_err("a setting is bad")
        .to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

fn merged<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = REQUIRED
        .iter()
        .filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.chain(more).copied().collect()
}

fn file_with(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_environment_overrides_a_file_which_overrides_the_defaults() {
    let file = file_with("[nats]\nreplicas = 3\n[feed]\npaper = true");
    let environment = merged(&[("BATTLESBIT_ARENA__NATS__REPLICAS", "5")]);
    let (common, settings) = load_with(Some(file.path()), &environment).unwrap();
    assert_eq!(settings.nats.replicas, 5);
    assert!(settings.feed.paper);
    assert_eq!(settings.feed.symbols, ["BTCUSDT"]);
    assert_eq!(common.mode, Mode::Production);
    assert_eq!(common.shutdown.grace(), Duration::from_secs(10));
}

#[test]
fn text_is_read_as_the_type_asks() {
    let (common, settings) = accepted(&[
        ("BATTLESBIT_ARENA__MODE", "development"),
        ("BATTLESBIT_ARENA__NATS__PASSWORD", "0123"),
        ("BATTLESBIT_ARENA__NATS__URL", "0x10"),
        ("BATTLESBIT_ARENA__NATS__SIDE", "short"),
        ("BATTLESBIT_ARENA__FEED__PAPER", "true"),
        (
            "BATTLESBIT_ARENA__FEED__SYMBOLS",
            r#"["BTCUSDT", "ETHUSDT"]"#,
        ),
        ("BATTLESBIT_ARENA__HTTP__LISTEN", "0.0.0.0:80"),
    ]);
    assert_eq!(settings.nats.password.expose_secret(), "0123");
    assert_eq!(settings.nats.url, "0x10");
    assert_eq!(settings.nats.side, Some(Side::Short));
    assert!(settings.feed.paper);
    assert_eq!(settings.feed.symbols, ["BTCUSDT", "ETHUSDT"]);
    assert_eq!(common.http.listen.port(), 80);
}

#[test]
fn a_file_may_hold_a_value_and_its_last_newline_is_dropped() {
    let secret = file_with(" kept as it is, 0123 \r\n");
    let path = secret.path().to_str().unwrap();
    let (_, settings) = load_with(
        None,
        &[REQUIRED[0], ("BATTLESBIT_ARENA__NATS__PASSWORD_FILE", path)],
    )
    .unwrap();
    assert_eq!(
        settings.nats.password.expose_secret(),
        " kept as it is, 0123 "
    );
}

#[test]
fn variables_of_others_are_left_alone() {
    accepted(&[
        ("BATTLESBIT_PORT_BASE", "8880"),
        ("BATTLESBIT_ARENAS__X", "1"),
        ("BATTLESBIT_MARKET__NATS__URL", "nats://elsewhere"),
    ]);
}

#[test]
fn a_missing_setting_is_named_with_what_was_expected() {
    let line = load_with(None, &[REQUIRED[1]]).unwrap_err().to_string();
    assert_eq!(
        line,
        "setting nats.url (BATTLESBIT_ARENA__NATS__URL) is missing: expected a string"
    );
    let line = load_with(None, &[REQUIRED[0]]).unwrap_err().to_string();
    assert_eq!(
        line,
        "setting nats.password (BATTLESBIT_ARENA__NATS__PASSWORD) is missing: expected a secret"
    );
}

#[test]
fn a_missing_section_is_refused_by_its_first_setting() {
    let service = Service {
        defaults: "[nats]\nreplicas = 1",
        ..SERVICE
    };
    let line = load::<Settings>(&service, None, [])
        .unwrap_err()
        .to_string();
    assert_eq!(
        line,
        "setting mode (BATTLESBIT_ARENA__MODE) is missing: expected development or production"
    );
    let service = Service {
        defaults: "mode = \"development\"",
        ..SERVICE
    };
    let line = load::<Settings>(&service, None, [])
        .unwrap_err()
        .to_string();
    assert_eq!(
        line,
        "setting log.level (BATTLESBIT_ARENA__LOG__LEVEL) is missing: expected a string"
    );
}

#[test]
fn a_wrong_setting_is_named_with_what_was_expected_and_found() {
    let cases = [
        (
            ("BATTLESBIT_ARENA__NATS__REPLICAS", "three"),
            "setting nats.replicas (BATTLESBIT_ARENA__NATS__REPLICAS) is wrong: expected a whole \
             number from 0 to 255, found string \"three\"",
        ),
        (
            ("BATTLESBIT_ARENA__NATS__REPLICAS", "300"),
            "setting nats.replicas (BATTLESBIT_ARENA__NATS__REPLICAS) is wrong: expected a whole \
             number from 0 to 255, found integer `300`",
        ),
        (
            ("BATTLESBIT_ARENA__NATS__REPLICAS", "1.5"),
            "setting nats.replicas (BATTLESBIT_ARENA__NATS__REPLICAS) is wrong: expected a whole \
             number from 0 to 255, found floating point `1.5`",
        ),
        (
            ("BATTLESBIT_ARENA__FEED__PAPER", "yes"),
            "setting feed.paper (BATTLESBIT_ARENA__FEED__PAPER) is wrong: expected a boolean, \
             found string \"yes\"",
        ),
        (
            ("BATTLESBIT_ARENA__FEED__SYMBOLS", "[\"BTCUSDT\", 5]"),
            "setting feed.symbols.1 (BATTLESBIT_ARENA__FEED__SYMBOLS) is wrong: expected a string, \
             found integer `5`",
        ),
        (
            ("BATTLESBIT_ARENA__HTTP__LISTEN", "8892"),
            "setting http.listen (BATTLESBIT_ARENA__HTTP__LISTEN) is wrong: expected socket \
             address, invalid socket address syntax",
        ),
        (
            ("BATTLESBIT_ARENA__MODE", "prod"),
            "setting mode (BATTLESBIT_ARENA__MODE) is wrong: expected one of development, \
             production, found \"prod\"",
        ),
        (
            ("BATTLESBIT_ARENA__HTTP", "80"),
            "setting http (BATTLESBIT_ARENA__HTTP) is wrong: expected a section, found a value",
        ),
    ];
    for (variable, expected) in cases {
        assert_eq!(refused(&[variable]), expected);
    }
    for level in ["loud", "info,arena=loud", ""] {
        let line = refused(&[("BATTLESBIT_ARENA__LOG__LEVEL", level)]);
        let expected = format!(
            "setting log.level (BATTLESBIT_ARENA__LOG__LEVEL) is wrong: expected a level such as \
             info, or info,arena=debug, found {level:?}"
        );
        assert_eq!(line, expected);
    }
    accepted(&[("BATTLESBIT_ARENA__LOG__LEVEL", "warn,arena=debug")]);
}

#[test]
fn an_unknown_setting_is_named_with_what_was_expected() {
    assert_eq!(
        refused(&[("BATTLESBIT_ARENA__NATS__ULR", "x")]),
        "setting nats.ulr (BATTLESBIT_ARENA__NATS__ULR) is unknown: expected one of url, replicas, \
         password, side"
    );
    assert_eq!(
        refused(&[("BATTLESBIT_ARENA__FEED__SPEED", "2")]),
        "setting feed.speed (BATTLESBIT_ARENA__FEED__SPEED) is unknown: expected nothing by that \
         name"
    );
    for name in [
        "BATTLESBIT_ARENA_NATS_URL",
        "BATTLESBIT_ARENA__",
        "BATTLESBIT_ARENA__nats__URL",
    ] {
        assert_eq!(
            refused(&[(name, "x")]),
            format!("{name} is unknown: expected a name such as BATTLESBIT_ARENA__SECTION__KEY")
        );
    }
}

#[test]
fn an_unknown_setting_in_a_file_is_refused_too() {
    let file = file_with("[http]\nport = 80");
    let line = load_with(Some(file.path()), &REQUIRED)
        .unwrap_err()
        .to_string();
    assert_eq!(
        line,
        "setting http.port (BATTLESBIT_ARENA__HTTP__PORT) is unknown: expected one of listen, \
         connections"
    );
}

#[test]
fn a_weak_secret_is_refused_outside_development() {
    let weak = ("BATTLESBIT_ARENA__NATS__PASSWORD", "password");
    assert_eq!(
        refused(&[weak]),
        "setting nats.password (BATTLESBIT_ARENA__NATS__PASSWORD) is wrong: expected a secret of \
         at least 16 bytes, 8 of them different, outside development mode, found a weak one"
    );
    assert!(refused(&[(weak.0, "aaaaaaaaaaaaaaaaaaaaaaaa")]).ends_with("found a weak one"));
    accepted(&[weak, ("BATTLESBIT_ARENA__MODE", "development")]);
}

#[test]
fn an_empty_secret_is_refused_in_every_mode() {
    let line = refused(&[
        ("BATTLESBIT_ARENA__NATS__PASSWORD", ""),
        ("BATTLESBIT_ARENA__MODE", "development"),
    ]);
    assert!(
        line.ends_with("is wrong: expected a secret, found an empty one"),
        "{line}"
    );
}

#[test]
fn what_a_file_held_is_never_shown() {
    for content in ["hunter2", "271828"] {
        let secret = file_with(content);
        let path = secret.path().to_str().unwrap();
        assert_eq!(
            refused(&[("BATTLESBIT_ARENA__NATS__REPLICAS_FILE", path)]),
            "setting nats.replicas (BATTLESBIT_ARENA__NATS__REPLICAS) is wrong: expected a whole \
             number from 0 to 255, found a value that is not shown"
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let line = load_with(
        None,
        &[
            REQUIRED[0],
            ("BATTLESBIT_ARENA__NATS__PASSWORD_FILE", "/nowhere/at/all"),
        ],
    )
    .unwrap_err()
    .to_string();
    assert!(
        line.starts_with(
            "setting nats.password (BATTLESBIT_ARENA__NATS__PASSWORD) is missing: expected it \
             in /nowhere/at/all, which BATTLESBIT_ARENA__NATS__PASSWORD_FILE names: "
        ),
        "{line}"
    );
    let line = load_with(Some(Path::new("/nowhere.toml")), &REQUIRED)
        .unwrap_err()
        .to_string();
    assert!(line.starts_with("cannot read /nowhere.toml: "), "{line}");
}

#[test]
fn a_value_and_a_file_for_the_same_setting_are_refused() {
    assert_eq!(
        refused(&[("BATTLESBIT_ARENA__NATS__URL_FILE", "/dev/null")]),
        "setting nats.url (BATTLESBIT_ARENA__NATS__URL) is given twice: expected \
         BATTLESBIT_ARENA__NATS__URL or BATTLESBIT_ARENA__NATS__URL_FILE, found both"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_the_line() {
    let file = file_with("[nats]\nreplicas = = 3");
    let line = load_with(Some(file.path()), &REQUIRED)
        .unwrap_err()
        .to_string();
    let expected = format!("line 2 of {} is not TOML: ", file.path().display());
    assert!(line.starts_with(&expected), "{line}");
}

#[test]
fn a_secret_is_never_printed() {
    let (_, settings) = accepted(&[]);
    assert!(!format!("{settings:?}").contains("horse"));
}
