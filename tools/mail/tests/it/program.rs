//! The program, started as a user starts it.

use testkit::{Binary, free_port};

use super::*;

#[tokio::test]
async fn the_program_says_that_it_is_ready_and_ends_on_sigterm() {
    let (smtp, http) = (free_port(), free_port());
    let binary = Binary::tool("mail", http)
        .arg("--smtp")
        .arg(format!("127.0.0.1:{smtp}"))
        .arg("--http")
        .arg(format!("127.0.0.1:{http}"));
    let mut process = binary.start_ready().await;
    let transport = Transport::builder_dangerous("127.0.0.1").port(smtp).build();
    transport
        .send(message("ada", "hello", "text"))
        .await
        .unwrap();
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let sink = sink().await;
    let taken = sink.smtp().to_string();
    let binary = Binary::tool("mail", 0).arg("--smtp").arg(&taken);
    let mut process = binary.start();
    assert!(!process.wait(LIMIT).await.success());
    assert!(
        process
            .stderr()
            .contains(&format!("cannot listen on {taken}"))
    );
}
