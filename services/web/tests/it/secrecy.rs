//! What a rival must not learn, over every path that leads to it.

use contracts::Code;
use domain::id::PositionId;
use runtime::ids::mint;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::events::Events;
use crate::rows::Position;
use crate::socket::Socket;
use crate::stage::Stage;

/// A margin that gives itself away: 12.34567891 chips.
const MARGIN: i64 = 1_234_567_891;
const TELLTALES: [&str; 4] = [
    "12.34567891",
    "24.69135782",
    "76.54321987",
    "ann@example.com",
];

struct Scene {
    stage: Stage,
    ann: Client,
    bob: Client,
    cid: Client,
    ids: Value,
}

/// Ann and Bob play, and Ann has a position, a wallet, a ticket, a message and a session. Cid
/// looks on.
async fn scene() -> Scene {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let cid = stage.signed_in("cid@example.com").await;
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&ann_id, &bob_id], "OPEN").await;
    let position: PositionId = mint();
    stage
        .position(&Position {
            id: position,
            battle,
            player: &ann_id,
            number: 1,
            margin: MARGIN,
        })
        .await;
    let [wallet, ticket, message, transfer, house] = [(); 5].map(|()| mint::<Uuid>());
    stage
        .script(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit)
                VALUES ('{wallet}', '{ann_id}', 'user', 'USDT'), ('{house}', '{house}', 'house', 'USDT');
             INSERT INTO ledger_transfers
                (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
                VALUES ('{transfer}', '{house}', '{wallet}', 'USDT', 5, 'single', 'x', '{ann_id}', 'k', 'h');
             INSERT INTO tickets (id, game_id, game_version, player_id, status, cups, queued_at_ms,
                expires_at_ms) VALUES ('{ticket}', '{}', 1, '{ann_id}', 'LEFT', 0, 0, 0);
             INSERT INTO notifications (id, user_id, kind, notice) VALUES ('{message}', '{ann_id}',
                'opened', '{{\"opened\": {{\"title\": \"t\", \"subject\": \"s\"}}}}');",
            game.id
        ))
        .await;
    let told = ann
        .ask("{ sessions { edges { node { id } } } }", json!({}))
        .await
        .data();
    let ids = json!({
        "battle": battle, "position": position, "wallet": wallet, "transfer": transfer,
        "ticket": ticket, "message": message, "session": told["sessions"]["edges"][0]["node"]["id"],
        "ann": ann_id,
    });
    Scene {
        stage,
        ann,
        bob,
        cid,
        ids,
    }
}

/// Everything that leads to a position, a wallet, a ticket, a message or a session.
const PATHS: &str = "
    query($position: ID!, $battle: ID!, $wallet: ID!, $transfer: ID!, $ticket: ID!,
        $message: ID!, $session: ID!, $ann: ID!) {
      gameMatchPosition(id: $position) { ...P }
      gameMatchPositions(filterBy: { matchID: $battle }) { edges { node { ...P } } }
      gameMatch(id: $battle) {
        positions { edges { node { ...P } } }
        participants { edges { node {
          virtualBalance leverageCards user { ...U }
          positions { edges { node { ...P } } } } } }
      }
      nodes(ids: [$position, $wallet, $transfer, $ticket, $message, $session, $ann]) {
        __typename id ...P ...U
        ... on GameMatch { positions { edges { node { ...P } } } }
      }
      wallet(id: $wallet) { id } transaction(id: $transfer) { id }
      wallets { edges { node { id } } } transactions { edges { node { id } } }
      queueTickets { edges { node { id } } } notifications { edges { node { id } } }
      user(id: $ann) { ...U }
      users { edges { node { nickName } } }
    }
    fragment P on GameMatchPosition { id margin size leverage }
    fragment U on User { email wallets { balance } items { uses } }";

#[tokio::test]
async fn a_rival_learns_nothing_of_anothers_affairs_over_any_path() {
    let scene = scene().await;
    for stranger in [&scene.bob, &scene.cid] {
        let told = stranger.ask(PATHS, scene.ids.clone()).await.data();
        let text = told.to_string();
        for telltale in TELLTALES {
            // Bob's own balance is the same as Ann's, and Bob may see his.
            let own = telltale == "76.54321987" && text.matches(telltale).count() == 1;
            assert!(own || !text.contains(telltale), "{telltale} in {text}");
        }
        for field in ["gameMatchPosition", "wallet", "transaction"] {
            assert_eq!(told[field], Value::Null, "{field}");
        }
        for list in [
            "gameMatchPositions",
            "wallets",
            "transactions",
            "queueTickets",
            "notifications",
        ] {
            assert_eq!(told[list]["edges"], json!([]), "{list}");
        }
        let nodes = told["nodes"].as_array().unwrap();
        assert_eq!(nodes[..6], [const { Value::Null }; 6], "{text}");
        assert_eq!(nodes[6]["__typename"], "PublicUser");
    }
}

#[tokio::test]
async fn the_owner_sees_all_of_it() {
    let scene = scene().await;
    let told = scene.ann.ask(PATHS, scene.ids.clone()).await.data();
    for telltale in TELLTALES {
        assert!(told.to_string().contains(telltale), "{telltale} in {told}");
    }
    let kinds: Vec<&str> = told["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["__typename"].as_str().unwrap())
        .collect();
    let expected = [
        "GameMatchPosition",
        "Wallet",
        "Transaction",
        "QueueTicket",
        "Notification",
        "Session",
        "User",
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn an_outsider_sees_no_match_and_a_rival_only_the_public_side() {
    let scene = scene().await;
    let query = "query($battle: ID!) { gameMatch(id: $battle) { id
        participants { totalCount edges { node { user { nickName level } openPositions } } } } }";
    let told = scene
        .cid
        .ask(query, json!({ "battle": scene.ids["battle"] }))
        .await
        .data();
    assert_eq!(told["gameMatch"], Value::Null);
    let told = scene
        .bob
        .ask(query, json!({ "battle": scene.ids["battle"] }))
        .await
        .data();
    assert_eq!(told["gameMatch"]["participants"]["totalCount"], 2);
}

#[tokio::test]
async fn positions_open_up_to_the_players_once_the_match_is_closed() {
    let scene = scene().await;
    let battle = scene.ids["battle"].as_str().unwrap();
    let query = "query($id: ID!) { gameMatchPosition(id: $id) { margin } }";
    let ask = async |client: &Client| {
        let told = client
            .ask(query, json!({ "id": scene.ids["position"] }))
            .await
            .data();
        told["gameMatchPosition"].clone()
    };
    assert_eq!(ask(&scene.bob).await, Value::Null);
    scene
        .stage
        .script(&format!(
            "UPDATE battles SET status = 'CLOSED' WHERE id = '{battle}'"
        ))
        .await;
    assert_eq!(ask(&scene.bob).await["margin"], "12.34567891");
    assert_eq!(ask(&scene.cid).await, Value::Null);
}

#[tokio::test]
async fn a_rivals_position_cannot_be_closed_canceled_or_amended() {
    let scene = scene().await;
    let id = json!({ "id": scene.ids["position"] });
    let close = "mutation($id: ID!) { closeGameMatchPosition(id: $id) { userErrors { code } } }";
    let told = scene.bob.ask(close, id.clone()).await.data();
    assert_eq!(
        told["closeGameMatchPosition"]["userErrors"][0]["code"],
        "POSITION_NOT_FOUND"
    );
    let amend = "mutation($id: ID!) {
        amendGameMatchPosition(id: $id, stopLoss: null) { userErrors { code } } }";
    let told = scene.bob.ask(amend, id.clone()).await.data();
    assert_eq!(
        told["amendGameMatchPosition"]["userErrors"][0]["code"],
        "POSITION_NOT_FOUND"
    );
    let cancel = "mutation($id: ID!) { cancelGameMatchPosition(id: $id) }";
    assert_eq!(scene.bob.ask(cancel, id).await.code(), "POSITION_NOT_FOUND");
}

/// Says that something failed, under a trace, and nothing else.
fn is_masked(told: &Value) {
    let error = &told["errors"][0];
    let failed = Code::InternalServerError;
    assert_eq!(error["message"], failed.meaning(), "{told}");
    let trace = &error["extensions"]["traceId"];
    assert_eq!(trace.as_str().unwrap().len(), 32, "{told}");
    let extensions = json!({ "code": failed.text(), "traceId": trace });
    assert_eq!(error["extensions"], extensions, "{told}");
}

#[tokio::test]
async fn what_fails_on_our_side_is_told_to_nobody_on_any_transport() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let mut socket = Socket::open(&ann).await;
    stage.script("ALTER TABLE users RENAME TO secret").await;
    let query = "{ profile { id } }";
    is_masked(&ann.ask(query, json!({})).await.0);
    let mutation = "mutation { revokeAllSessions { revoked userErrors { code } } }";
    is_masked(&ann.ask(mutation, json!({})).await.0);
    let mut events = Events::of(ann.post(json!({ "query": query }).to_string())).await;
    is_masked(&events.next().await);
    for (id, query) in [("1", query), ("2", "subscription { walletUpdated { id } }")] {
        socket.subscribe(id, query, json!({})).await;
        is_masked(&socket.hear().await["payload"]);
        assert_eq!(socket.hear().await["type"], "complete");
    }
}
