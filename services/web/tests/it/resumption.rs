//! Events from a cursor on: what was missed, then what happens now.

use contracts::battles::{BattleOpened, RoomChanged};
use contracts::matchmaking::{PartyChanged, PlaceChanged, PlaceStatus};
use contracts::{Message, Stream};
use domain::id::{BattleId, PositionId, TicketId};
use domain::ledger::{Account, Unit};
use domain::timestamp::Timestamp;
use futures::{StreamExt as _, stream};
use runtime::ids::mint;
use serde_json::{Value, json};
use testkit::Way;
use uuid::Uuid;

use crate::client::Client;
use crate::rows::Position;
use crate::socket::Socket;
use crate::stage::Stage;
use crate::subscriptions::event;

const POSITIONS: &str = "subscription($id: ID!, $after: Cursor) {
    gameMatchPositionEvents(matchID: $id, after: $after) { __typename
        ... on Resumed { cursor } ... on Gap { cursor } ... on Lagged { cursor }
        ... on GameMatchPositionChanged { id cursor change position { id } } } }";
const TICKETS: &str = "subscription($after: Cursor) {
    queueTicketEvents(after: $after) { __typename
        ... on Resumed { cursor } ... on Gap { cursor }
        ... on QueueTicketChanged { cursor ticket { id status } } } }";
const WALLETS: &str = "subscription($after: Cursor) {
    walletEvents(after: $after) { __typename
        ... on Resumed { cursor } ... on Gap { cursor }
        ... on WalletMoved { cursor wallet { currency locked }
            transaction { amount balanceAfter } } } }";
const INBOX: &str = "subscription($after: Cursor) {
    notificationEvents(after: $after) { __typename
        ... on Resumed { cursor } ... on Gap { cursor }
        ... on NotificationArrived { cursor notification { id } } } }";
const ROOM: &str = "subscription($id: ID!, $after: Cursor) {
    gameMatchRoomEvents(id: $id, after: $after) { __typename
        ... on Resumed { cursor } ... on Gap { cursor }
        ... on GameMatchRoomChanged { cursor group: match { members: waiting { id } } } } }";
const PARTY: &str = "subscription($id: ID!, $after: Cursor) {
    partyEvents(id: $id, after: $after) { __typename
        ... on Resumed { cursor } ... on Gap { cursor }
        ... on PartyChanged { cursor group: party { members { id: userID } } } } }";

/// How much a client misses that stops reading: more than all that waits for it on the way.
const FLOOD: usize = 3_000;
const AT_ONCE: usize = 64;

/// Somebody who listens to one stream of events.
struct Listener {
    socket: Socket,
    cursor: Value,
}

impl Listener {
    /// Subscribes; the first thing said has to be `first`.
    async fn begin(client: &Client, query: &str, variables: Value, first: &str) -> Self {
        let mut socket = Socket::open(client).await;
        socket.subscribe("1", query, variables).await;
        let mut listener = Self {
            socket,
            cursor: Value::Null,
        };
        let said = listener.next().await;
        assert_eq!(said["__typename"], first, "{said}");
        listener
    }

    /// What is said next.
    async fn next(&mut self) -> Value {
        let data = self.socket.next("1").await;
        let said = data.as_object().unwrap().values().next().unwrap().clone();
        self.cursor = said["cursor"].clone();
        assert!(self.cursor.is_string(), "{said}");
        said
    }
}

/// A match between two, with a position of each.
struct Match {
    battle: BattleId,
    own: (String, PositionId),
    rivals: (String, PositionId),
}

impl Match {
    async fn between(stage: &Stage, ann: &Client, bob: &Client) -> Self {
        let (ann, bob) = (ann.id().await, bob.id().await);
        let game = stage.game("Duel").await;
        let battle = stage.battle(&game, &[&ann, &bob], "OPEN").await;
        let (own, rivals): (PositionId, PositionId) = (mint(), mint());
        for (id, player, number) in [(own, &ann, 1), (rivals, &bob, 2)] {
            let row = Position {
                id,
                battle,
                player,
                number,
                margin: 1_000_000_000,
            };
            stage.position(&row).await;
        }
        Self {
            battle,
            own: (ann, own),
            rivals: (bob, rivals),
        }
    }

    /// Something happens to one's own position, with the id of the event.
    async fn moves(&self, stage: &Stage, id: &str) {
        let event = event(self.battle, &self.own.0, self.own.1);
        stage.bus.publish(&event, id).await.unwrap();
    }

    /// The same to the rival's.
    async fn rival_moves(&self, stage: &Stage) {
        let event = event(self.battle, &self.rivals.0, self.rivals.1);
        let id = mint::<Uuid>().to_string();
        stage.bus.publish(&event, &id).await.unwrap();
    }

    async fn listen(&self, client: &Client, after: &Value, first: &str) -> Listener {
        let variables = json!({ "id": self.battle, "after": after });
        Listener::begin(client, POSITIONS, variables, first).await
    }
}

/// The same events, each so long that few of them fit into what lies between.
fn long_winded() -> String {
    let long = "a".repeat(100);
    let positions: String = (0..40).map(|n| format!("{long}{n}: id ")).collect();
    POSITIONS.replace("position { id }", &format!("position {{ {positions} }}"))
}

/// Hears exactly these events, whose ids are these.
async fn hears(listener: &mut Listener, ids: &[&str]) {
    for id in ids {
        let said = listener.next().await;
        assert_eq!(said["id"], *id, "{said}");
        assert_eq!(said["change"], "ACCEPTED", "{said}");
    }
}

#[tokio::test]
async fn what_was_missed_comes_first_and_nothing_comes_twice() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let battle = Match::between(&stage, &ann, &bob).await;
    battle.moves(&stage, "before").await;
    let mut listener = battle.listen(&ann, &Value::Null, "Resumed").await;
    let begun = listener.cursor.clone();
    battle.rival_moves(&stage).await;
    battle.moves(&stage, "1").await;
    hears(&mut listener, &["1"]).await;
    let left = listener.cursor.clone();
    drop(listener);

    battle.moves(&stage, "2").await;
    battle.rival_moves(&stage).await;
    battle.moves(&stage, "3").await;
    let mut listener = battle.listen(&ann, &left, "Resumed").await;
    assert_eq!(listener.cursor, left);
    hears(&mut listener, &["2", "3"]).await;
    battle.rival_moves(&stage).await;
    battle.moves(&stage, "4").await;
    hears(&mut listener, &["4"]).await;
    // Nothing was missed, and nothing comes again.
    let mut listener = battle
        .listen(&ann, &listener.cursor.clone(), "Resumed")
        .await;
    battle.moves(&stage, "5").await;
    hears(&mut listener, &["5"]).await;
    let mut from_the_beginning = battle.listen(&ann, &begun, "Resumed").await;
    hears(&mut from_the_beginning, &["1", "2", "3", "4", "5"]).await;
    // The rival hears of his own.
    let mut rival = battle.listen(&bob, &begun, "Resumed").await;
    for _ in 0..3 {
        let said = rival.next().await;
        assert_eq!(said["position"]["id"], battle.rivals.1.to_string());
    }
}

#[tokio::test]
async fn where_what_was_missed_is_not_kept_there_is_a_gap() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let battle = Match::between(&stage, &ann, &bob).await;
    let listener = battle.listen(&ann, &Value::Null, "Resumed").await;
    battle.moves(&stage, "1").await;
    stage.bus.remove_streams().await.unwrap();
    stage.bus.declare_streams().await.unwrap();
    battle.moves(&stage, "2").await;
    let mut listener = battle.listen(&ann, &listener.cursor, "Gap").await;
    battle.moves(&stage, "3").await;
    hears(&mut listener, &["3"]).await;
    let mut listener = battle.listen(&ann, &listener.cursor, "Resumed").await;
    battle.moves(&stage, "4").await;
    hears(&mut listener, &["4"]).await;
}

#[tokio::test]
async fn the_cursor_of_somebody_at_rest_stays_good_while_the_stream_drops_its_oldest() {
    let stage = Stage::with(&[("limits.renew_cursors_ms", "100")]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let battle = Match::between(&stage, &ann, &bob).await;
    let space = stage.space();
    space.hold_at_most(Stream::Arena, 2).await.unwrap();
    let mut listener = battle.listen(&ann, &Value::Null, "Resumed").await;
    let begun = listener.cursor.clone();
    for _ in 0..3 {
        battle.rival_moves(&stage).await;
        let said = listener.next().await;
        assert_eq!(said["__typename"], "Resumed", "{said}");
    }
    battle.rival_moves(&stage).await;
    let renewed = listener.cursor.clone();
    battle.listen(&ann, &begun, "Gap").await;
    let mut listener = battle.listen(&ann, &renewed, "Resumed").await;
    battle.moves(&stage, "1").await;
    loop {
        let said = listener.next().await;
        if said["__typename"] != "Resumed" {
            assert_eq!(said["id"], "1", "{said}");
            break;
        }
    }
}

#[tokio::test]
async fn what_is_dropped_before_it_is_read_is_a_gap() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let battle = Match::between(&stage, &ann, &bob).await;
    let left = battle.listen(&ann, &Value::Null, "Resumed").await.cursor;
    let flood = stream::iter(0..FLOOD).map(async |number| {
        battle.moves(&stage, &number.to_string()).await;
    });
    flood.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    let mut socket = Socket::open(&ann).await;
    let variables = json!({ "id": battle.battle, "after": left });
    socket.subscribe("1", &long_winded(), variables).await;
    let said = socket.next("1").await["gameMatchPositionEvents"].clone();
    assert_eq!(said["__typename"], "Resumed", "{said}");
    stage.space().hold_at_most(Stream::Arena, 1).await.unwrap();
    let mut heard = 0;
    let gap = loop {
        let said = socket.next("1").await["gameMatchPositionEvents"].clone();
        if said["__typename"] != "GameMatchPositionChanged" {
            break said;
        }
        heard += 1;
    };
    assert_eq!(gap["__typename"], "Gap", "{gap}");
    assert!(heard < FLOOD, "nothing was dropped before it was read");
    battle.moves(&stage, "afterwards").await;
    let said = socket.next("1").await["gameMatchPositionEvents"].clone();
    assert_eq!(said["id"], "afterwards", "{said}");
}

#[tokio::test]
async fn a_cursor_of_something_else_is_refused() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let battle = Match::between(&stage, &ann, &bob).await;
    let of_inbox = Listener::begin(&ann, INBOX, json!({}), "Resumed").await;
    let mut socket = Socket::open(&ann).await;
    for after in [&of_inbox.cursor, &json!("x"), &json!("")] {
        let variables = json!({ "id": battle.battle, "after": after });
        socket.subscribe("1", POSITIONS, variables).await;
        let told = socket.hear().await;
        let code = &told["payload"]["errors"][0]["extensions"]["code"];
        assert_eq!(code, "BAD_USER_INPUT", "{told}");
        assert_eq!(socket.hear().await["type"], "complete");
    }
}

#[tokio::test]
async fn what_the_gateway_itself_did_not_hear_is_told_all_the_same() {
    let nats = testkit::nats_url();
    let way = Way::to(nats.strip_prefix("nats://").unwrap()).await;
    let url = format!("nats://{}", way.address());
    let stage = Stage::with(&[("nats.url", &url)]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let battle = Match::between(&stage, &ann, &bob).await;
    let mut listener = battle.listen(&ann, &Value::Null, "Resumed").await;
    battle.moves(&stage, "1").await;
    hears(&mut listener, &["1"]).await;
    way.cut();
    battle.moves(&stage, "2").await;
    battle.moves(&stage, "3").await;
    way.mend();
    hears(&mut listener, &["2", "3"]).await;
    battle.moves(&stage, "4").await;
    hears(&mut listener, &["4"]).await;
}

#[tokio::test]
async fn whoever_falls_too_far_behind_is_told_and_loses_nothing() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let battle = Match::between(&stage, &ann, &bob).await;
    let query = long_winded();
    let mut socket = Socket::open(&ann).await;
    let mut heard = Vec::new();
    let mut after = Value::Null;
    let mut lagged = 0;
    let subscribe = json!({ "id": battle.battle, "after": after });
    socket.subscribe("1", &query, subscribe).await;
    after = socket.next("1").await["gameMatchPositionEvents"]["cursor"].clone();
    let flood = stream::iter(0..FLOOD).map(async |number| {
        battle.moves(&stage, &number.to_string()).await;
    });
    flood.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    while heard.len() < FLOOD {
        let told = socket.hear().await;
        if told["type"] == "complete" {
            let variables = json!({ "id": battle.battle, "after": after });
            socket.subscribe("1", &query, variables).await;
            continue;
        }
        let said = &told["payload"]["data"]["gameMatchPositionEvents"];
        assert!(said["cursor"].is_string(), "{told}");
        after = said["cursor"].clone();
        match said["__typename"].as_str().unwrap() {
            "GameMatchPositionChanged" => heard.push(said["id"].as_str().unwrap().to_owned()),
            "Lagged" => lagged += 1,
            other => assert_eq!(other, "Resumed"),
        }
    }
    assert!(lagged > 0, "the client never fell behind");
    heard.sort_unstable();
    heard.dedup();
    assert_eq!(heard.len(), FLOOD);
}

/// A place of somebody's in a queue, as the matcher writes it.
async fn ticket(stage: &Stage, game: &str, player: &str, battle: Option<BattleId>) -> TicketId {
    let ticket: TicketId = mint();
    let (status, battle) = match battle {
        Some(battle) => ("SEATED", format!("'{battle}'")),
        None => ("LEFT", "NULL".to_owned()),
    };
    stage
        .script(&format!(
            "INSERT INTO tickets (id, game_id, game_version, player_id, status, cups,
                queued_at_ms, expires_at_ms, battle_id)
             VALUES ('{ticket}', '{game}', 1, '{player}', '{status}', 0, 1, 2, {battle})"
        ))
        .await;
    ticket
}

#[tokio::test]
async fn places_that_changed_meanwhile_are_told_whatever_became_of_them() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let rivals = stage.signed_in("bob@example.com").await.id().await;
    let game = stage.game("Duel").await;
    let open = async |players: &[&str]| {
        let battle = stage.battle(&game, players, "OPEN").await;
        let mut tickets = Vec::new();
        for player in players {
            tickets.push(ticket(&stage, &game.id.to_string(), player, Some(battle)).await);
        }
        let opened = BattleOpened {
            battle,
            game: game.id,
            title: "Duel".to_owned(),
            players: players.iter().map(|it| it.parse().unwrap()).collect(),
            start_time: Timestamp::from_ms(0),
            end_time: Timestamp::from_ms(0),
        };
        let message = mint::<Uuid>().to_string();
        stage.bus.publish(&opened, &message).await.unwrap();
        tickets[0]
    };
    let leave = async || {
        let left = ticket(&stage, &game.id.to_string(), &id, None).await;
        let changed = PlaceChanged {
            player: id.parse().unwrap(),
            ticket: left,
            status: PlaceStatus::Left,
        };
        let message = mint::<Uuid>().to_string();
        stage.bus.publish(&changed, &message).await.unwrap();
        left
    };
    let mut listener = Listener::begin(&ann, TICKETS, json!({}), "Resumed").await;
    open(&[&rivals]).await;
    let first = open(&[&id, &rivals]).await;
    let said = listener.next().await["ticket"].clone();
    assert_eq!(said, json!({ "id": first, "status": "MATCHED" }));
    let after = listener.cursor.clone();
    drop(listener);

    let missed = [
        (leave().await, "LEFT"),
        (open(&[&id, &rivals]).await, "MATCHED"),
    ];
    open(&[&rivals]).await;
    let variables = json!({ "after": after });
    let mut listener = Listener::begin(&ann, TICKETS, variables, "Resumed").await;
    for (ticket, status) in missed {
        let said = listener.next().await["ticket"].clone();
        assert_eq!(said, json!({ "id": ticket, "status": status }));
    }
    let last = open(&[&id, &rivals]).await;
    let said = listener.next().await["ticket"].clone();
    assert_eq!(said["id"], last.to_string());
}

#[tokio::test]
async fn what_moved_or_locked_money_meanwhile_is_told_in_its_order() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let user = id.parse().unwrap();
    let (usdt, house) = (Account::user(user, Unit::Usdt).id(), mint::<Uuid>());
    stage
        .script(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit) VALUES
                ('{usdt}', '{id}', 'user', 'USDT'), ('{house}', '{house}', 'house', 'USDT')"
        ))
        .await;
    let post = async |phase: &str, from: &str, to: &str, amount: i64| {
        let transfer = mint::<Uuid>();
        stage
            .script(&format!(
                "INSERT INTO ledger_transfers
                    (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
                 VALUES ('{transfer}', {from}, {to}, 'USDT', {amount}, '{phase}', 'x', '{id}',
                    '{transfer}', 'h')"
            ))
            .await;
    };
    let (own, houses) = (format!("'{usdt}'"), format!("'{house}'"));
    let listener = Listener::begin(&ann, WALLETS, json!({}), "Resumed").await;
    post("single", &houses, &own, 5_000_000).await;
    post("pending", &own, "NULL", 2_000_000).await;
    post("single", &own, &houses, 1_000_000).await;
    let variables = json!({ "after": listener.cursor });
    let mut listener = Listener::begin(&ann, WALLETS, variables, "Resumed").await;
    let mut middle = Value::Null;
    for transaction in [
        json!({ "amount": "5", "balanceAfter": "5" }),
        Value::Null,
        json!({ "amount": "-1", "balanceAfter": "4" }),
    ] {
        let said = listener.next().await;
        assert_eq!(said["transaction"], transaction, "{said}");
        assert_eq!(said["wallet"], json!({ "currency": "USDT", "locked": "2" }));
        if transaction.is_null() {
            middle.clone_from(&listener.cursor);
        }
    }
    let mut listener = Listener::begin(&ann, WALLETS, json!({ "after": middle }), "Resumed").await;
    assert_eq!(listener.next().await["transaction"]["balanceAfter"], "4");
}

#[tokio::test]
async fn messages_that_came_meanwhile_are_told_in_their_order() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    stage.notice(&id).await;
    let mut listener = Listener::begin(&ann, INBOX, json!({}), "Resumed").await;
    let begun = listener.cursor.clone();
    let mut sent = Vec::new();
    for _ in 0..3 {
        let notice = stage.notice(&id).await;
        stage.bus.shout(&notice).unwrap();
        sent.push(notice.id.to_string());
        let said = listener.next().await;
        assert_eq!(said["notification"]["id"], notice.id.to_string());
    }
    // More than are read at once, and nobody shouted.
    for _ in 0..60 {
        sent.push(stage.notice(&id).await.id.to_string());
    }
    let variables = json!({ "after": begun });
    let mut listener = Listener::begin(&ann, INBOX, variables, "Resumed").await;
    for notice in &sent {
        assert_eq!(listener.next().await["notification"]["id"], *notice);
    }
}

/// A room or a party, and one of its members who listens.
struct Group<'g, M> {
    stage: &'g Stage,
    client: &'g Client,
    query: &'g str,
    id: String,
    /// The statement that lets a user in, whose id is `%`.
    let_in: String,
    /// What is told whenever somebody comes into another one and into this one.
    told: [M; 2],
    /// How many were in it at first, and how many have come since.
    founders: usize,
    newcomers: usize,
}

impl<M: Message> Group<'_, M> {
    async fn listen(&self, after: &Value) -> Listener {
        let variables = json!({ "id": self.id, "after": after });
        Listener::begin(self.client, self.query, variables, "Resumed").await
    }

    /// One more comes in.
    async fn grow(&mut self) {
        let user = mint::<Uuid>().to_string();
        let let_in = self.let_in.replace('%', &user);
        let come = format!(
            "INSERT INTO users (id, email, nick_name)
                VALUES ('{user}', '{user}@example.com', '{user}');
             {let_in}"
        );
        self.stage.script(&come).await;
        for told in &self.told {
            let message = mint::<Uuid>().to_string();
            self.stage.bus.publish(told, &message).await.unwrap();
        }
        self.newcomers += 1;
    }

    /// Hears exactly so many changes, which show the group as it is by now; answers their cursors.
    async fn hears(&self, listener: &mut Listener, count: usize) -> Vec<Value> {
        let mut cursors = Vec::new();
        for _ in 0..count {
            let said = listener.next().await;
            let members = said["group"]["members"].as_array().map(Vec::len);
            assert_eq!(members, Some(self.founders + self.newcomers), "{said}");
            cursors.push(listener.cursor.clone());
        }
        cursors
    }

    /// Whoever comes back hears what was missed, once and in its order, and then what happens now.
    async fn hear_of_all_without_a_hole(mut self) {
        let mut listener = self.listen(&Value::Null).await;
        let mut cursors = vec![listener.cursor.clone()];
        self.grow().await;
        cursors.extend(self.hears(&mut listener, 1).await);
        drop(listener);

        self.grow().await;
        self.grow().await;
        let mut listener = self.listen(&cursors[1]).await;
        assert_eq!(listener.cursor, cursors[1]);
        cursors.extend(self.hears(&mut listener, 2).await);
        self.grow().await;
        cursors.extend(self.hears(&mut listener, 1).await);
        // Each cursor stands behind one change more than the one before it.
        for (heard, after) in cursors.iter().enumerate() {
            let mut listener = self.listen(after).await;
            self.hears(&mut listener, self.newcomers - heard).await;
            self.grow().await;
            self.hears(&mut listener, 1).await;
        }
    }
}

#[tokio::test]
async fn who_came_into_a_room_meanwhile_is_told_once_and_in_order() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let games = [stage.game("Duel").await, stage.game("Duel").await];
    let another = stage.room(&games[0], &id, None, &[&id]).await;
    let room = stage.room(&games[1], &id, None, &[&id]).await;
    let told = [another, room].map(|battle| RoomChanged {
        battle,
        players: Vec::new(),
    });
    let group = Group {
        stage: &stage,
        client: &ann,
        query: ROOM,
        id: room.to_string(),
        let_in: format!(
            "INSERT INTO tickets (id, game_id, game_version, player_id, status, cups,
                queued_at_ms, expires_at_ms, room_id)
             VALUES (gen_random_uuid(), '{}', 1, '%', 'QUEUED', 0, 2, 1893456000000, '{room}')",
            games[1].id
        ),
        told,
        founders: 1,
        newcomers: 0,
    };
    Box::pin(group.hear_of_all_without_a_hole()).await;
}

#[tokio::test]
async fn who_was_invited_to_a_party_meanwhile_is_told_once_and_in_order() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let another = stage.party(&bob_id, &ann_id).await;
    let party = stage.party(&ann_id, &bob_id).await;
    let group = Group {
        stage: &stage,
        client: &ann,
        query: PARTY,
        id: party.to_string(),
        let_in: format!(
            "INSERT INTO party_members (party_id, player_id, joined_at)
             VALUES ('{party}', '%', NULL)"
        ),
        told: [another, party].map(|party| PartyChanged { party }),
        founders: 2,
        newcomers: 0,
    };
    Box::pin(group.hear_of_all_without_a_hole()).await;
}
