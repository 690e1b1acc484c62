//! What happens when a server goes away and comes back.

use domain::id::UserId;
use store::entity::battle::BattleStatus;
use testkit::{Database, Server, Space, eventually};

use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, duel};

#[tokio::test]
async fn a_matcher_names_the_server_that_is_gone_and_goes_on_when_it_is_back() {
    let (mut postgres, mut nats) = (Server::postgres().await, Server::nats().await);
    let space = Space::on(nats.url().to_string(), testkit::redis_url());
    let stage = Stage::on(Database::on(postgres.url()).await, space).await;
    let matcher = stage.matcher().await;
    let players: [UserId; 2] = stage.players(50 * USDT).await;
    let game = stage.game(&duel()).await;
    stage.join(players[0], game).await.unwrap();

    nats.stop().await;
    eventually(LIMIT, async || matcher.failing() == ["nats"]).await;
    nats.start().await;
    eventually(LIMIT, async || matcher.is_ready()).await;

    postgres.stop().await;
    eventually(LIMIT, async || matcher.failing() == ["postgres"]).await;
    stage.join_on(players[1], game).await;
    postgres.start().await;
    eventually(LIMIT, async || matcher.is_ready()).await;

    let terms = stage.battle(game).await;
    assert_eq!(terms.seats.len(), 2);
    stage.advance(63_000);
    let settles = async || stage.status(terms.battle).await == BattleStatus::Settling;
    eventually(LIMIT, settles).await;
    stage.check().await;
    matcher.stop().await;
}
