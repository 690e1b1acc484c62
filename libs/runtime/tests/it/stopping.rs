//! How a process stops: it finishes what it began, or says what it dropped.

use nix::sys::signal::Signal;

use super::*;

#[tokio::test]
async fn a_signal_lets_tasks_finish_while_readiness_says_draining() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let probe = Probe::new();
        let mut process = probe.binary.start_ready().await;
        process.signal(signal);
        assert_eq!(failing(&process, 503).await, ["shutdown"]);
        probe.release();
        assert!(process.wait(LIMIT).await.success());
    }
}

#[tokio::test]
async fn a_task_that_does_not_stop_is_dropped_after_the_grace_and_named() {
    let probe = Probe::new()
        .setting("probe.behaviour", "lingers")
        .setting("shutdown.grace_ms", "100");
    let mut process = probe.binary.start_ready().await;
    assert_eq!(process.terminate().await.code(), Some(1));
    assert_eq!(
        process.stderr().lines().last(),
        Some("probe: did not stop within 100 ms (setting shutdown.grace_ms); dropped: worker")
    );
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let mut process = Probe::new().binary.start_ready().await;
    process.signal(Signal::SIGTERM);
    assert_eq!(failing(&process, 503).await, ["shutdown"]);
    assert_eq!(process.terminate().await.code(), Some(1));
    assert_eq!(
        process.stderr().lines().last(),
        Some("probe: stopped at once by a second signal")
    );
}

#[tokio::test]
async fn a_process_that_is_still_starting_says_so_and_stops_at_once() {
    let probe = Probe::new().setting("probe.behaviour", "never_starts");
    let mut process = probe.binary.start();
    assert!(failing(&process, 503).await.contains(&"startup".to_owned()));
    assert!(process.terminate().await.success());
}
