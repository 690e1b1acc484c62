//! How a process refuses to start: one line, and a failure.

use super::*;

#[tokio::test]
async fn the_version_needs_no_settings() {
    let mut process = Binary::tool("probe", 0).arg("--version").start();
    assert!(process.wait(LIMIT).await.success());
    assert_eq!(
        process.stdout(),
        format!("probe {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(process.stderr(), "");
}

#[tokio::test]
async fn a_bad_argument_or_setting_ends_in_one_line_that_names_it() {
    let probe = Probe::new();
    let cases = [
        (
            probe.binary.clone().arg("--verbose"),
            "probe: unknown argument \"--verbose\": expected --version or --config FILE\n",
        ),
        (
            probe.binary.clone().setting("shutdown.grace_ms", "soon"),
            "probe: setting shutdown.grace_ms (BATTLESBIT_PROBE__SHUTDOWN__GRACE_MS) is wrong: \
             expected a whole number from 0, found string \"soon\"\n",
        ),
        (
            probe.binary.clone().setting("probe.colour", "red"),
            "probe: setting probe.colour (BATTLESBIT_PROBE__PROBE__COLOUR) is unknown: expected \
             one of behaviour, dependency, release\n",
        ),
        (
            Binary::service("probe"),
            "probe: setting probe.dependency (BATTLESBIT_PROBE__PROBE__DEPENDENCY) is missing: \
             expected path string\n",
        ),
    ];
    for (binary, line) in cases {
        let mut process = binary.start();
        assert_eq!(process.wait(LIMIT).await.code(), Some(1));
        assert_eq!(process.stderr(), line);
    }
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let stderr = Probe::new().setting("http.listen", &address).fails().await;
    let expected = format!("probe: cannot listen on {address} (setting http.listen): ");
    assert!(
        stderr.lines().last().unwrap().starts_with(&expected),
        "{stderr}"
    );
}

#[tokio::test]
async fn what_ends_the_process_stands_on_the_last_line() {
    let cases = [
        ("fails", "probe: worker failed: out of ink"),
        ("panics", "probe: worker panicked: out of paper"),
        (
            "fails_to_start",
            "probe: startup failed: cannot reach the printer: nobody there",
        ),
    ];
    for (behaviour, line) in cases {
        let stderr = Probe::new()
            .setting("probe.behaviour", behaviour)
            .fails()
            .await;
        assert_eq!(stderr.lines().last(), Some(line), "{stderr}");
    }
}

#[tokio::test]
async fn an_armed_fail_point_leaves_its_mark_and_nothing_else_does() {
    let mut probe = Probe::new();
    let hit = probe.path("hit");
    probe.binary = probe
        .binary
        .env("BATTLESBIT_FAILPOINT_HIT", hit.to_str().unwrap());

    probe.binary = probe.binary.env("BATTLESBIT_FAILPOINT", "probe.elsewhere");
    drop(probe.binary.start_ready().await);
    assert!(!hit.exists());

    probe.binary = probe.binary.env("BATTLESBIT_FAILPOINT", "probe.start");
    probe.fails().await;
    assert_eq!(std::fs::read_to_string(hit).unwrap(), "probe.start");
}
