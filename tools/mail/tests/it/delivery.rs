//! What is sent is what is shown.

use super::*;

#[tokio::test]
async fn a_message_is_shown_as_it_was_sent() {
    let sink = sink().await;
    let body = "Your code is 042137.\r\n.\r\n..two dots\r\nGrüße\r\n";
    send(&sink, "Ada", "Dein Code für heute", body).await;

    let list = get(&sink, "/messages").await;
    let [shown] = list.as_array().unwrap().as_slice() else {
        panic!("{list}")
    };
    assert_eq!(shown["id"], 1);
    assert_eq!(shown["from"], "game@example.org");
    assert_eq!(shown["to"], serde_json::json!(["ada@example.org"]));
    assert_eq!(shown["subject"], "Dein Code für heute");
    let text = shown["text"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), body.replace("\r\n", "\n").trim_end());
    assert!(shown["received_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(get(&sink, "/messages/1").await, *shown);
}

#[tokio::test]
async fn messages_are_found_by_recipient_and_by_what_came_after() {
    let sink = sink().await;
    for (player, subject) in [("ada", "first"), ("bob", "second"), ("ada", "third")] {
        send(&sink, player, subject, "text").await;
    }
    let subjects = async |path: &str| {
        let list = get(&sink, path).await;
        let subjects = list
            .as_array()
            .unwrap()
            .iter()
            .map(|shown| shown["subject"].clone());
        subjects
            .map(|subject| subject.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        subjects("/messages?to=ADA%40example.org").await,
        ["first", "third"]
    );
    assert_eq!(
        subjects("/messages?to=ada%40example.org&after=1").await,
        ["third"]
    );
    assert_eq!(subjects("/messages?after=3").await, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_deleted_is_gone() {
    let sink = sink().await;
    send(&sink, "ada", "first", "text").await;
    let url = format!("http://{}/messages", sink.http());
    let answer = reqwest::Client::new().delete(url).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(get(&sink, "/messages").await, serde_json::json!([]));
    let gone = reqwest::get(format!("http://{}/messages/1", sink.http()))
        .await
        .unwrap();
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn one_connection_carries_many_messages() {
    let sink = sink().await;
    let transport = transport(&sink);
    for number in 0..50 {
        let subject = number.to_string();
        transport
            .send(message("ada", &subject, "text"))
            .await
            .unwrap();
    }
    assert_eq!(sink.mailbox().list(Some("ada@example.org"), 0).len(), 50);
}
