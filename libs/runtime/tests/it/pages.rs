//! The pages of a process: health, readiness and metrics.

use super::*;

async fn page(process: &Process, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{}{path}", process.url()))
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn readiness_names_a_dependency_that_errs_or_keeps_silent_and_recovers() {
    let probe = Probe::new();
    let process = probe.binary.start_ready().await;
    for state in ["ill", "silent"] {
        probe.set_dependency(state);
        assert_eq!(failing(&process, 503).await, ["dependency"]);
        probe.set_dependency("well");
        assert_eq!(failing(&process, 200).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_dependency_that_was_never_well_keeps_the_process_from_being_ready() {
    let probe = Probe::new();
    probe.set_dependency("ill");
    let process = probe.binary.start();
    assert_eq!(failing(&process, 503).await, ["dependency"]);
    assert_eq!(page(&process, "/healthz").await.0, 200);
}

#[tokio::test]
async fn the_pages_name_the_service_and_carry_its_metrics() {
    let process = Probe::new().binary.start_ready().await;
    let (status, healthz) = page(&process, "/healthz").await;
    assert_eq!(status, 200);
    assert!(healthz.contains(r#""service":"probe""#), "{healthz}");
    let (status, metrics) = page(&process, "/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains(r#"battlesbit_build{service="probe""#),
        "{metrics}"
    );
    assert!(
        metrics.contains(r#"battlesbit_dependency_up{dependency="dependency"} 1"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn what_the_service_mounts_is_served_beside_the_pages() {
    let process = Probe::new().binary.start_ready().await;
    assert_eq!(page(&process, "/hello").await, (200, "hello".to_owned()));
    assert_eq!(page(&process, "/nowhere").await.0, 404);
}

#[tokio::test]
async fn every_log_line_is_json() {
    let process = Probe::new().binary.start_ready().await;
    let stderr = process.stderr();
    assert!(stderr.contains("\"message\":\"starting\""), "{stderr}");
    for line in stderr.lines() {
        assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
    }
}

#[tokio::test]
async fn the_pages_are_there_when_there_are_too_many_connections() {
    let probe = Probe::new().setting("http.connections", "0");
    let process = probe.binary.start_ready().await;
    assert_eq!(page(&process, "/hello").await.0, 503);
    let (status, metrics) = page(&process, "/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains("battlesbit_http_connections_refused"),
        "{metrics}"
    );
}
