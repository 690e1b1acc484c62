//! Asking an owner.

use std::time::Duration;

use bus::{Asked, Consumer};
use contracts::commands::{Answer, Ask, Refused};
use contracts::matchmaking::Leave;
use contracts::{Code, Service, Topic};
use domain::id::GameId;
use tokio_util::sync::CancellationToken;

use crate::corner::{Corner, LIMIT, id, leave, matchers_database};

const LEAVES: Consumer = Consumer::new(Service::Matcher, "leaves", &[Topic::MatchmakingLeave]);

fn answer_to(leave: &Leave) -> Answer<GameId> {
    if leave.request == id(1) {
        Answer::Done { value: leave.game }
    } else {
        Answer::Refused {
            refusal: Refused::new(Code::NotInQueue),
        }
    }
}

#[tokio::test]
async fn an_owner_answers_whoever_asked_however_soon_again() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let shutdown = CancellationToken::new();
    let bus = corner.bus.clone();
    let owner = corner.bus.clone().consume(
        db,
        LEAVES,
        |delivery| {
            let bus = bus.clone();
            async move {
                let answer = answer_to(&delivery.decode()?);
                bus.answer(delivery.answer_to.as_deref(), &answer);
                Ok(())
            }
        },
        shutdown.clone(),
    );
    let client = async {
        for request in [1, 2] {
            let asked = corner.bus.ask(&leave(request), LIMIT).await.unwrap();
            assert_eq!(asked, Asked::Answer(answer_to(&leave(request))));
        }
        // Within the stream's dedupe.
        let again = corner.bus.ask(&leave(1), LIMIT).await.unwrap();
        assert_eq!(again, Asked::Answer(answer_to(&leave(1))));
        shutdown.cancel();
    };
    let (owner, ()) = tokio::join!(owner, client);
    owner.unwrap();
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_stored_all_the_same() {
    let corner = Corner::new().await;
    let asked = corner
        .bus
        .ask(&leave(1), Duration::from_millis(200))
        .await
        .unwrap();
    let stored = corner
        .bus
        .last::<Leave>(&contracts::Key::none())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.message, leave(1));
    let sequence = stored.sequence;
    assert_eq!(asked, Asked::NoAnswer { sequence });
}

#[test]
fn another_body_under_one_request_has_another_message_id() {
    let other = Leave {
        game: id(9),
        ..leave(1)
    };
    assert_ne!(leave(1).message_id(), other.message_id());
}
