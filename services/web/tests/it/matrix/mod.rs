//! Who is told what: every field of the schema, asked by everybody who could ask. What came of it is
//! `graphql/access.md`.
//!
//! `BATTLESBIT_UPDATE_GOLDEN=1 cargo test -p web --test it matrix` writes the page, which is right
//! together with a change of who may see something.

mod scene;

use std::collections::BTreeMap;
use std::time::Duration;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, ServiceDocument, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::time::timeout;

use self::scene::ACTORS;
pub(crate) use self::scene::Scene;
use crate::client::Client;
use crate::events::Events;
use crate::stage::{LIMIT, Stage};
use crate::subscriptions::shout_until;

const SCHEMA: &str = include_str!("../../../../../graphql/schema.graphql");
const PAGE: &str = "../../graphql/access.md";
/// Set to write the page instead of comparing with it.
const UPDATE: &str = "BATTLESBIT_UPDATE_GOLDEN";

/// How long an access token is good.
const TOKEN: Duration = Duration::from_secs(15 * 60);

/// How many questions are open at a time.
const AT_ONCE: usize = 8;

/// The way to an object of each type; `%` is its field. Whoever may not see the object is told
/// nothing of it.
const WAYS: &[(&str, &str)] = &[
    (
        "Achievement",
        "node(id: $achievement) { ... on Achievement { % } }",
    ),
    (
        "AchievementDefinition",
        "achievementDefinition(id: $definition) { % }",
    ),
    ("Asset", "asset(id: $asset) { % }"),
    ("Ban", "user(id: $banned) { ... on User { ban { % } } }"),
    (
        "Friendship",
        "node(id: $friendship) { ... on Friendship { % } }",
    ),
    ("Game", "game(id: $game) { % }"),
    ("GameMatch", "gameMatch(id: $battle) { % }"),
    (
        "GameMatchParticipant",
        "node(id: $participant) { ... on GameMatchParticipant { % } }",
    ),
    (
        "GameMatchPosition",
        "gameMatchPosition(id: $position) { % }",
    ),
    ("Item", "user(id: $owner) { ... on User { items { % } } }"),
    ("ItemReward", "game(id: $pooled) { itemRewards { % } }"),
    ("MatchRecord", "gameMatch(id: $closed) { record { % } }"),
    (
        "Notification",
        "node(id: $message) { ... on Notification { % } }",
    ),
    ("Party", "node(id: $party) { ... on Party { % } }"),
    (
        "PartyMember",
        "node(id: $party) { ... on Party { members { % } } }",
    ),
    ("PrizePool", "game(id: $pooled) { pool { % } }"),
    ("PublicUser", "users(first: 1) { edges { node { % } } }"),
    (
        "QueueTicket",
        "node(id: $ticket) { ... on QueueTicket { % } }",
    ),
    ("Season", "seasons(first: 1) { edges { node { % } } }"),
    ("Session", "node(id: $session) { ... on Session { % } }"),
    ("Transaction", "transaction(id: $transaction) { % }"),
    ("User", "user(id: $owner) { ... on User { % } }"),
    ("Wallet", "wallet(id: $wallet) { % }"),
    (
        "Withdrawal",
        "node(id: $withdrawal) { ... on Withdrawal { % } }",
    ),
];

/// Objects that are as open as the mutation or the subscription that tells of them, whose row asks
/// for all of their fields.
const TOLD_WHOLE: &[&str] = &[
    "AssetFeed",
    "AssetUpdate",
    "Candle",
    "EmailVerification",
    "GameMatchPositionChanged",
    "GameMatchRoomChanged",
    "GameMatchUpdate",
    "Gap",
    "Lagged",
    "LiveStanding",
    "NotificationArrived",
    "PartyChanged",
    "QueueTicketChanged",
    "Resumed",
    "SolanaChallenge",
    "Token",
    "UserError",
    "WalletMoved",
];

/// The values of arguments, by the field and the argument; where the field makes no difference its
/// place is empty. Everything else is made from its type.
const ARGUMENTS: &[(&str, &str, &str)] = &[
    ("acceptFriend", "userID", "$accepted"),
    ("achievementDefinition", "id", "$definition"),
    ("asset", "id", "$asset"),
    ("approveWithdrawal", "id", "$withdrawal"),
    ("assetUpdated", "id", "$asset"),
    ("banUser", "id", "$victim"),
    ("candleUpdated", "asset", "$asset"),
    ("candles", "asset", "$asset"),
    ("blockUser", "userID", "$blocked"),
    ("createMatch", "gameId", "$game"),
    ("deleteUser", "id", "$victim"),
    ("game", "id", "$game"),
    ("gameMatch", "id", "$battle"),
    ("gameMatchPosition", "id", "$position"),
    ("gameMatchPositionEvents", "matchID", "$battle"),
    ("gameMatchPositionUpdated", "matchID", "$battle"),
    ("gameMatchRoomEvents", "id", "$room"),
    ("gameMatchRoomUpdated", "id", "$room"),
    ("gameMatchUpdated", "id", "$battle"),
    ("inviteToParty", "userID", "$victim"),
    ("joinGame", "id", "$game"),
    ("joinMatch", "id", "$room"),
    ("joinParty", "id", "$party"),
    ("kickFromMatch", "id", "$room"),
    ("kickFromMatch", "userID", "$victim"),
    ("leaveMatch", "id", "$room"),
    ("leaveParty", "id", "$party"),
    ("leaveQueue", "gameId", "$game"),
    ("node", "id", "$wallet"),
    ("nodes", "ids", "[$wallet]"),
    ("partyEvents", "id", "$party"),
    ("partyUpdated", "id", "$party"),
    ("queueParty", "gameId", "$game"),
    ("rejectWithdrawal", "id", "$withdrawal"),
    ("removeFriend", "userID", "$removed"),
    ("removeFromParty", "userID", "$victim"),
    ("requestFriend", "userID", "$asked"),
    ("startMatch", "id", "$room"),
    ("transaction", "id", "$transaction"),
    ("unbanUser", "id", "$banned"),
    ("unblockUser", "userID", "$unblocked"),
    ("updateUser", "id", "$victim"),
    ("user", "id", "$owner"),
    ("wallet", "id", "$wallet"),
    ("amendGameMatchPosition", "id", "$position"),
    ("cancelGameMatchPosition", "id", "$position"),
    ("closeGameMatchPosition", "id", "$position"),
    (
        "",
        "createGameInput",
        "{ matchID: $battle, baseToken: \"BTC\", side: BUY, type: MARKET, margin: 1, leverage: 1 }",
    ),
    ("createGame", "createGameInput", "{ title: \"x\" }"),
    (
        "",
        "createAchievementDefinitionInput",
        "{ title: \"x\", metric: \"x\", threshold: 1 }",
    ),
    (
        "",
        "createUserInput",
        "{ email: \"new@example.com\", nickName: \"new\" }",
    ),
    ("", "createWalletInput", "{ currency: BT }"),
    ("", "updateProfileInput", "{}"),
    ("", "updateUserInput", "{}"),
    ("", "updateGameInput", "{}"),
    ("", "updateAchievementDefinitionInput", "{}"),
    ("", "email", "\"new@example.com\""),
    ("", "address", SOLANA),
    ("", "signature", SIGNATURE),
    ("setPassword", "newPassword", "\"correct horse\""),
    (
        "withdraw",
        "input",
        "{ currency: SOL, amount: 1, address: \"x\" }",
    ),
];

/// What could be a wallet's address, and a signature.
const SOLANA: &str = "\"HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk\"";
const SIGNATURE: &str = "\"1111111111111111111111111111111111111111111111111111111111111111\"";

/// What would take away what others need: asked last, in this order.
const LAST: [&str; 2] = ["deleteUser", "revokeAllSessions"];

struct Schema(BTreeMap<String, TypeDefinition>);

impl Schema {
    fn read() -> Self {
        let document: ServiceDocument = parse_schema(SCHEMA).unwrap();
        let types = document.definitions.into_iter().filter_map(|it| match it {
            TypeSystemDefinition::Type(it) => Some((it.node.name.node.to_string(), it.node)),
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        });
        Self(types.collect())
    }

    /// The fields of an object or interface; none of anything else.
    fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        let kind = self.0.get(name).map(|it| &it.kind);
        let fields = if let Some(TypeKind::Object(object)) = kind {
            &object.fields
        } else if let Some(TypeKind::Interface(interface)) = kind {
            &interface.fields
        } else {
            return Vec::new();
        };
        fields.iter().map(|field| &field.node).collect()
    }

    /// Objects whose fields have rows of their own.
    fn objects(&self) -> impl Iterator<Item = &str> {
        let is_object = |it: &TypeDefinition| matches!(it.kind, TypeKind::Object(_));
        let named = self.0.iter().filter(move |(_, it)| is_object(it));
        named.map(|(name, _)| name.as_str()).filter(|name| {
            // A connection is as open as its nodes.
            let is_page =
                *name == "PageInfo" || name.ends_with("Connection") || name.ends_with("Edge");
            let is_whole = name.ends_with("Payload") || TOLD_WHOLE.contains(name);
            !is_page && !is_whole
        })
    }

    /// What is asked of a value of this type: everything that is told whole, and of objects with
    /// rows of their own whether they are there.
    fn selection(&self, of: &str) -> String {
        if of.ends_with("Connection") {
            return "{ edges { __typename } }".to_owned();
        }
        if let Some(TypeKind::Union(union)) = self.0.get(of).map(|it| &it.kind) {
            let members = union.members.iter().map(|member| member.node.as_str());
            let told = members.map(|it| format!("... on {it} {}", self.selection(it)));
            return format!("{{ {} }}", told.collect::<Vec<_>>().join(" "));
        }
        if !(of.ends_with("Payload") || TOLD_WHOLE.contains(&of)) {
            let has_fields = !self.fields(of).is_empty();
            return if has_fields { "{ __typename }" } else { "" }.to_owned();
        }
        let fields = self.fields(of).into_iter().map(|field| {
            let name = &field.name.node;
            format!("{name} {}", self.selection(named(&field.ty.node)))
        });
        format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "))
    }

    /// The field with its arguments and what is asked of it, under an alias that is found again.
    fn probe(&self, field: &FieldDefinition) -> String {
        let name = field.name.node.as_str();
        let arguments: Vec<String> = field
            .arguments
            .iter()
            .map(|it| &it.node)
            .filter(|it| !it.ty.node.nullable && it.default_value.is_none())
            .map(|it| {
                let argument = it.name.node.as_str();
                format!("{argument}: {}", self.argument(name, argument, &it.ty.node))
            })
            .collect();
        let arguments = match arguments.as_slice() {
            [] => String::new(),
            arguments => format!("({})", arguments.join(", ")),
        };
        let selection = self.selection(named(&field.ty.node));
        format!("probed: {name}{arguments} {selection}")
    }

    fn argument(&self, field: &str, argument: &str, ty: &Type) -> String {
        let stated = |of: &str| {
            let mut all = ARGUMENTS.iter();
            let found = all.find(|(name, it, _)| *name == of && *it == argument);
            found.map(|(_, _, value)| (*value).to_owned())
        };
        let made = || match (&ty.base, named(ty)) {
            (BaseType::List(_), _) => "[]".to_owned(),
            (_, "ID") => "\"00000000-0000-4000-8000-000000000000\"".to_owned(),
            (_, "Int") => "1".to_owned(),
            (_, "String") => "\"x\"".to_owned(),
            (_, "Boolean") => "true".to_owned(),
            (_, of) => {
                let TypeKind::Enum(values) = &self.0[of].kind else {
                    panic!("expected a value for the argument {argument} of {field}");
                };
                values.values[0].node.value.node.to_string()
            }
        };
        stated(field).or_else(|| stated("")).unwrap_or_else(made)
    }
}

/// The type that lists and marks stand around.
fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}

/// A question: the field that it is about, and the document that asks it.
struct Question {
    field: String,
    document: String,
}

fn question(kind: &str, field: String, body: &str) -> Question {
    let mut variables: Vec<&str> = body
        .match_indices('$')
        .map(|(at, _)| {
            body[at + 1..]
                .split(|it: char| !it.is_alphanumeric())
                .next()
                .unwrap()
        })
        .collect();
    variables.sort_unstable();
    variables.dedup();
    let typed: Vec<String> = variables.iter().map(|it| format!("${it}: ID!")).collect();
    let head = match typed.as_slice() {
        [] => kind.to_owned(),
        typed => format!("{kind}({})", typed.join(", ")),
    };
    Question {
        field,
        document: format!("{head} {{ {body} }}"),
    }
}

/// Every question of a root type.
fn of_root(schema: &Schema, root: &str) -> Vec<Question> {
    let ask = |field: &FieldDefinition| {
        let name = format!("{root}.{}", field.name.node);
        question(&root.to_lowercase(), name, &schema.probe(field))
    };
    schema.fields(root).into_iter().map(ask).collect()
}

/// Every question about the fields of objects.
fn of_objects(schema: &Schema) -> Vec<Question> {
    let mut questions = Vec::new();
    for object in schema
        .objects()
        .filter(|it| !["Query", "Mutation", "Subscription"].contains(it))
    {
        let way = WAYS.iter().find(|(name, _)| *name == object);
        let (_, way) = way.unwrap_or_else(|| panic!("expected a way to the type {object}"));
        for field in schema.fields(object) {
            let name = format!("{object}.{}", field.name.node);
            questions.push(question(
                "query",
                name,
                &way.replace('%', &schema.probe(field)),
            ));
        }
    }
    questions
}

/// What came of a question, in one word.
fn outcome(told: &Value) -> String {
    if let Some(code) = told["errors"][0]["extensions"]["code"].as_str() {
        return match code {
            "OUTCOME_UNKNOWN" | "SERVICE_UNAVAILABLE" => "may".to_owned(),
            code => code.to_owned(),
        };
    }
    let Some(probed) = find_probed(&told["data"]) else {
        return "–".to_owned();
    };
    let nothing = |it: &Value| {
        it.as_array()
            .is_some_and(|items| items.iter().all(Value::is_null))
    };
    let code = probed["userErrors"][0]["code"].as_str();
    let word = if probed.is_null() {
        "null"
    } else if nothing(probed) || probed.get("edges").is_some_and(nothing) {
        "none"
    } else {
        code.unwrap_or("yes")
    };
    word.to_owned()
}

fn find_probed(data: &Value) -> Option<&Value> {
    if let Some(fields) = data.as_object() {
        let found = fields.get("probed");
        return found.or_else(|| fields.values().find_map(find_probed));
    }
    data.as_array()?.iter().find_map(find_probed)
}

/// The outcome for each of the actors.
type Row = Vec<String>;

async fn ask(scene: &Scene, question: &Question) -> Row {
    let asked = scene.actors.iter().map(async |actor| {
        let told = actor.ask(&question.document, scene.ids.clone()).await.0;
        let code = &told["errors"][0]["extensions"]["code"];
        assert_ne!(
            code, "GRAPHQL_VALIDATION_FAILED",
            "{}: {told}",
            question.document
        );
        outcome(&told)
    });
    futures::future::join_all(asked).await
}

/// What a subscription says first, told in events: a socket does not even open with an expired token.
async fn listen(scene: &Scene, question: &Question) -> Row {
    let asked = scene.actors.iter().map(async |actor: &Client| {
        let body = serde_json::json!({ "query": question.document, "variables": scene.ids });
        let mut events = Events::of(actor.post(body.to_string())).await;
        outcome(&events.next().await)
    });
    let heard = futures::future::join_all(asked);
    let told = timeout(LIMIT, shout_until(async || scene.shout().await, heard)).await;
    told.unwrap_or_else(|_| panic!("nothing was told of {}", question.field))
}

fn page(rows: &[(String, Row)]) -> String {
    let mut page = String::from(
        "# Who is told what\n\n\
         Every field of the schema, asked by everybody who could ask, as a test saw it. The owner \
         plays a match that runs against the other player, and has one of everything; staff are an \
         admin. `yes`: there is an answer. `null`, `none`: there is none for this one. `–`: the \
         object itself is not shown. `may`: allowed, though nobody was there to do it. Anything \
         else is the code of a refusal.\n\n",
    );
    page.push_str(&format!("| field | {} |\n", ACTORS.join(" | ")));
    page.push_str(&"|---".repeat(ACTORS.len() + 1));
    page.push_str("|\n");
    for (field, row) in rows {
        page.push_str(&format!("| `{field}` | {} |\n", row.join(" | ")));
    }
    page
}

#[tokio::test]
async fn everybody_is_told_what_the_page_says_and_nothing_else() {
    let (schema, scene) = (
        Schema::read(),
        Scene::on(Stage::with(&Scene::FREE).await).await,
    );
    let mut rows = Vec::new();
    let (last, mutations): (Vec<_>, Vec<_>) =
        of_root(&schema, "Mutation").into_iter().partition(|it| {
            LAST.iter()
                .any(|name| it.field.ends_with(&format!(".{name}")))
        });
    let first = of_root(&schema, "Query")
        .into_iter()
        .chain(of_objects(&schema));
    for questions in [first.collect::<Vec<_>>(), mutations] {
        let asked =
            stream::iter(&questions).map(async |it| (it.field.clone(), ask(&scene, it).await));
        rows.extend(asked.buffered(AT_ONCE).collect::<Vec<_>>().await);
    }
    for question in of_root(&schema, "Subscription") {
        rows.push((question.field.clone(), listen(&scene, &question).await));
    }
    for name in LAST {
        let question = last.iter().find(|it| it.field.ends_with(name)).unwrap();
        rows.push((question.field.clone(), ask(&scene, question).await));
    }
    rows.sort();
    let page = page(&rows);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let kept = std::fs::read_to_string(PAGE).unwrap();
    let differs = page
        .lines()
        .zip(kept.lines())
        .find(|(now, kept)| now != kept);
    assert!(
        page == kept,
        "graphql/access.md is not what is told: {differs:?}"
    );
}
