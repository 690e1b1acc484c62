//! The sink misbehaves as it is told.

use mail::Faults;
use tokio::time::timeout;

use super::*;

async fn ask_for(sink: &MailSink, faults: Value) {
    let url = format!("http://{}/faults", sink.http());
    let answer = reqwest::Client::new()
        .post(url)
        .json(&faults)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_next_messages_are_refused_then_fail_for_the_moment_then_pass() {
    let sink = sink().await;
    ask_for(&sink, serde_json::json!({ "refuse": 1, "temporary": 2 })).await;
    let transport = transport(&sink);

    let refused = transport
        .send(message("ada", "1", "text"))
        .await
        .unwrap_err();
    assert!(refused.is_permanent(), "{refused}");
    for _ in 0..2 {
        let failed = transport
            .send(message("ada", "2", "text"))
            .await
            .unwrap_err();
        assert!(failed.is_transient(), "{failed}");
    }
    transport.send(message("ada", "3", "text")).await.unwrap();
    let kept = sink.mailbox().list(None, 0);
    assert_eq!(
        kept.iter()
            .map(|message| message.subject.as_str())
            .collect::<Vec<_>>(),
        ["3"]
    );
}

#[tokio::test]
async fn a_hanging_message_is_never_answered_and_holds_nobody_else_up() {
    let sink = sink().await;
    sink.mailbox().set_faults(Faults {
        hang: 1,
        ..Faults::default()
    });
    let transport = transport(&sink);
    let hanging = transport.send(message("ada", "hangs", "text"));
    tokio::pin!(hanging);
    tokio::select! {
        answered = &mut hanging => panic!("answered: {answered:?}"),
        () = testkit::eventually(LIMIT, async || sink.mailbox().faults().hang == 0) => {}
    }
    send(&sink, "bob", "passes", "text").await;
    assert!(timeout(Duration::ZERO, hanging).await.is_err());
    assert_eq!(sink.mailbox().list(None, 0).len(), 1);
}

#[tokio::test]
async fn an_unknown_fault_is_refused() {
    let sink = sink().await;
    let url = format!("http://{}/faults", sink.http());
    let asking = reqwest::Client::new()
        .post(url)
        .json(&serde_json::json!({ "explode": 1 }))
        .send();
    assert_eq!(asking.await.unwrap().status(), 422);
}
