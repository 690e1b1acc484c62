//! What goes out, how often, and what becomes of what cannot.

use std::time::Duration;

use bus::Asked;
use contracts::commands::{Answer, Caller, MarkNotificationsRead, MuteMails};
use contracts::notifications::{Email, InApp, Notice, NoticeKind, OtpEmail};
use contracts::{Stream, live};
use domain::id::UserId;
use mail::Faults;
use testkit::eventually;

use crate::support::{App, LIMIT};

fn won() -> Notice {
    Notice::Ended {
        title: "Sprint".to_owned(),
        subject: "b".to_owned(),
        rank: 1,
        prize: Some("18 USDT".to_owned()),
    }
}

fn code(app: &App, to: &str, code: &str) -> OtpEmail {
    let expires_at_ms = app.clock.clock().now_ms() + 120_000;
    OtpEmail {
        to: to.to_owned(),
        code: code.to_owned(),
        expires_at_ms,
    }
}

async fn inbox_message(app: &App, user: UserId) -> InApp {
    let message = InApp {
        id: runtime::ids::mint(),
        user,
        notice: won(),
    };
    app.bus
        .publish(&message, &message.id.to_string())
        .await
        .unwrap();
    eventually(LIMIT, async || {
        store::notification::find(&app.db, message.id)
            .await
            .unwrap()
            .is_some()
    })
    .await;
    message
}

#[tokio::test]
async fn a_code_goes_out_once_and_never_late() {
    let app = App::start().await;
    let late = OtpEmail {
        expires_at_ms: 1,
        ..code(&app, "late@example.org", "111111")
    };
    app.bus.publish(&late, "late").await.unwrap();
    app.bus
        .publish(&code(&app, "ada@example.org", "042137"), "code")
        .await
        .unwrap();

    let mails = app.mails("ada@example.org", 1).await;
    assert!(mails[0].text.contains("042137"), "{}", mails[0].text);
    assert!(
        app.sink
            .mailbox()
            .list(Some("late@example.org"), 0)
            .is_empty()
    );
    app.stop().await;
}

#[tokio::test]
async fn a_code_that_cannot_be_mailed_is_dropped_and_kept_nowhere() {
    let app = App::start().await;
    app.sink.mailbox().set_faults(Faults {
        refuse: 1,
        ..Faults::default()
    });
    app.bus
        .publish(&code(&app, "ada@example.org", "111111"), "refused")
        .await
        .unwrap();
    eventually(LIMIT, async || app.sink.mailbox().faults().refuse == 0).await;
    app.bus
        .publish(&code(&app, "bob@example.org", "222222"), "next")
        .await
        .unwrap();

    app.mails("bob@example.org", 1).await;
    assert!(
        store::dead_letter::count_waiting(&app.db)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        app.sink
            .mailbox()
            .list(Some("ada@example.org"), 0)
            .is_empty()
    );
    app.stop().await;
}

#[tokio::test]
async fn a_notice_is_mailed_once_though_it_is_delivered_twice() {
    let app = App::start().await;
    let user = app.user("ada@example.org").await;
    let message = Email {
        user,
        notice: won(),
    };
    app.bus.publish(&message, "first").await.unwrap();
    app.mails("ada@example.org", 1).await;
    // Past the stream's own deduplication, the message comes again under its old id.
    app.space.publish_again(&message, "first").await;
    app.bus
        .publish(
            &Email {
                user,
                notice: Notice::Canceled {
                    title: "Last".to_owned(),
                    subject: "b".to_owned(),
                },
            },
            "last",
        )
        .await
        .unwrap();

    let mails = app.mails("ada@example.org", 2).await;
    let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(
        subjects,
        ["You finished Sprint in place 1", "Last was canceled"]
    );
    assert!(mails[0].text.contains("won 18 USDT"), "{}", mails[0].text);
    app.stop().await;
}

#[tokio::test]
async fn a_mail_waits_for_a_mail_server_that_is_out_of_order() {
    let app = App::start().await;
    let user = app.user("ada@example.org").await;
    app.sink.mailbox().set_faults(Faults {
        temporary: 2,
        ..Faults::default()
    });
    app.bus
        .publish(
            &Email {
                user,
                notice: won(),
            },
            "mail",
        )
        .await
        .unwrap();

    assert_eq!(app.mails("ada@example.org", 1).await.len(), 1);
    assert_eq!(app.sink.mailbox().faults(), Faults::default());
    app.stop().await;
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_parked_for_a_person() {
    let app = App::start().await;
    let user = app.user("ada@example.org").await;
    app.sink.mailbox().set_faults(Faults {
        refuse: 1,
        ..Faults::default()
    });
    app.bus
        .publish(
            &Email {
                user,
                notice: won(),
            },
            "mail",
        )
        .await
        .unwrap();

    // By its stream it is told from what costs somebody money.
    let waiting = async || {
        let waiting = store::dead_letter::count_own(&app.db).await.unwrap();
        let of: Vec<_> = waiting.iter().map(|it| it.stream.as_str()).collect();
        of == [Stream::Notifications.name()]
    };
    eventually(LIMIT, waiting).await;
    app.stop().await;
}

#[tokio::test]
async fn a_notice_is_kept_and_shouted_once_though_it_is_delivered_twice() {
    let app = App::start().await;
    let user = app.user("ada@example.org").await;
    let mut listener = app.bus.listen(&live::in_app(user)).await.unwrap();
    let message = inbox_message(&app, user).await;
    app.space
        .publish_again(&message, &message.id.to_string())
        .await;
    let last = inbox_message(&app, user).await;

    let mut heard = Vec::new();
    while heard.len() < 2 {
        let next = tokio::time::timeout(LIMIT, listener.next())
            .await
            .unwrap()
            .unwrap();
        heard.push(next.decode::<InApp>().unwrap().id);
    }
    assert_eq!(heard, [message.id, last.id]);
    assert_eq!(
        store::notification::count_unread(&app.web, user)
            .await
            .unwrap(),
        2
    );
    app.stop().await;
}

#[tokio::test]
async fn only_the_readers_own_messages_are_marked_as_read() {
    let app = App::start().await;
    let (ada, bob) = (
        app.user("ada@example.org").await,
        app.user("bob@example.org").await,
    );
    let (hers, his) = (
        inbox_message(&app, ada).await,
        inbox_message(&app, bob).await,
    );
    let command = MarkNotificationsRead {
        caller: Caller {
            user: ada,
            request: runtime::ids::mint(),
        },
        notifications: vec![hers.id, his.id],
    };
    let asked = app
        .bus
        .ask(&command, Duration::from_secs(10))
        .await
        .unwrap();

    assert_eq!(asked, Asked::Answer(Answer::Done { value: 1 }));
    assert_eq!(
        store::notification::count_unread(&app.web, ada)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store::notification::count_unread(&app.web, bob)
            .await
            .unwrap(),
        1
    );
    app.stop().await;
}

#[tokio::test]
async fn what_is_not_wanted_by_mail_is_not_mailed_until_it_is_wanted_again() {
    let app = App::start().await;
    let user = app.user("ada@example.org").await;
    let mute = async |kinds: &[NoticeKind]| {
        let command = MuteMails {
            caller: Caller {
                user,
                request: runtime::ids::mint(),
            },
            kinds: kinds.to_vec(),
        };
        // Whoever asks again hears the same, and nothing changes.
        for _ in 0..2 {
            let asked = app.bus.ask(&command, Duration::from_secs(10)).await;
            assert_eq!(asked.unwrap(), Asked::Answer(Answer::Done { value: true }));
        }
        let muted = store::notification::list_muted(&app.web, user).await;
        assert_eq!(muted.unwrap(), kinds);
    };
    let voided = || Notice::Voided {
        title: "Sprint".to_owned(),
        subject: "b".to_owned(),
        reason: "cheating".to_owned(),
    };
    let mail = async |id: &str, notice: Notice| {
        let email = Email { user, notice };
        app.bus.publish(&email, id).await.unwrap();
        app.space
            .drained(Stream::Notifications, "notifications_email")
            .await;
    };
    mute(&[NoticeKind::Ended, NoticeKind::Opened]).await;
    mail("1", won()).await;
    mail("2", voided()).await;
    let mails = app.mails("ada@example.org", 1).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, voided().headline());
    mute(&[NoticeKind::Voided]).await;
    mail("3", voided()).await;
    mail("4", won()).await;
    let mails = app.mails("ada@example.org", 2).await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[1].subject, won().headline());
    app.stop().await;
}
