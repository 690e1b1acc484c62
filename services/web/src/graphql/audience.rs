//! Who hears the same of a subscription, word for word: it is executed once for all of them.

use async_graphql::Variables;
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationType, Selection, SelectionSet,
};
use async_graphql_value::{ConstValue, Value};
use domain::id::BattleId;

use super::chosen::operation;
use super::query::parse_id;

/// Who hears the same of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Audience {
    /// Everybody.
    Everybody,
    /// The players of a match that is open.
    Players(BattleId),
}

/// A player, of whom oneself and staff may see more than others do.
const OF_THE_VIEWER: &str = "user";

/// What everybody sees of a player.
const OF_ANYBODY: [&str; 6] = ["id", "createdAt", "nickName", "avatar", "level", "cups"];

/// The audience of what is subscribed to; nobody's where each hears their own.
pub(crate) fn audience(
    document: &ExecutableDocument,
    name: Option<&str>,
    variables: &Variables,
) -> Option<Audience> {
    let operation = operation(document, name)?;
    if operation.ty != OperationType::Subscription {
        return None;
    }
    let [selection] = operation.selection_set.node.items.as_slice() else {
        return None;
    };
    let Selection::Field(field) = &selection.node else {
        return None;
    };
    match field.node.name.node.as_str() {
        "assetUpdated" | "assetsUpdated" | "candleUpdated" | "feedHealthUpdated" => {
            Some(Audience::Everybody)
        }
        "gameMatchUpdated" if !differs(document, &field.node.selection_set.node) => {
            let id = argument(&field.node, "id", variables)?;
            parse_id(&id.into()).map(Audience::Players)
        }
        _ => None,
    }
}

/// Whether something is asked for anywhere below that not everybody sees.
fn differs(document: &ExecutableDocument, set: &SelectionSet) -> bool {
    // Which fragments are spread here is not looked into: one that is not costs nothing but a share.
    let fragments = document.fragments.values();
    let sets = fragments.map(|it| &it.node.selection_set.node).chain([set]);
    sets.into_iter().any(asks_for_more)
}

fn asks_for_more(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) if field.node.name.node == OF_THE_VIEWER => {
            !is_of_anybody(&field.node.selection_set.node)
        }
        Selection::Field(field) => asks_for_more(&field.node.selection_set.node),
        Selection::InlineFragment(fragment) => asks_for_more(&fragment.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    })
}

fn is_of_anybody(set: &SelectionSet) -> bool {
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => OF_ANYBODY.contains(&field.node.name.node.as_str()),
        Selection::InlineFragment(_) | Selection::FragmentSpread(_) => false,
    })
}

/// The text of an argument, whether it stands there or in a variable.
fn argument(field: &Field, name: &str, variables: &Variables) -> Option<String> {
    let value = &field.get_argument(name)?.node;
    if let Value::Variable(variable) = value {
        let ConstValue::String(text) = variables.get(variable)? else {
            return None;
        };
        return Some(text.clone());
    }
    let Value::String(text) = value else {
        return None;
    };
    Some(text.clone())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const ID: &str = "01a226f5-fcd6-7205-9b9d-351cd921f39d";

    fn of(query: &str) -> Option<Audience> {
        let variables = Variables::from_json(serde_json::json!({ "id": ID }));
        audience(&parse_query(query).unwrap(), None, &variables)
    }

    #[test]
    fn what_is_the_same_for_many_is_executed_once_for_them() {
        let players = parse_id(&ID.into()).map(Audience::Players);
        assert!(players.is_some());
        for (query, expected) in [
            (
                "subscription { assetUpdated(id: \"x\") { price } }".to_owned(),
                Some(Audience::Everybody),
            ),
            (
                "subscription { assetsUpdated { price } }".to_owned(),
                Some(Audience::Everybody),
            ),
            (
                "subscription { candleUpdated(asset: \"x\", interval: ONE_DAY) { close } }"
                    .to_owned(),
                Some(Audience::Everybody),
            ),
            (
                format!("subscription {{ gameMatchUpdated(id: \"{ID}\") {{ time }} }}"),
                players,
            ),
            (
                "subscription($id: ID!) { gameMatchUpdated(id: $id) {
                    players { rank user { id name: nickName avatar } } } }"
                    .to_owned(),
                players,
            ),
        ] {
            assert_eq!(of(&query), expected, "{query}");
        }
    }

    #[test]
    fn what_each_hears_as_their_own_is_not_shared() {
        for query in [
            "subscription($id: ID!) { gameMatchUpdated(id: $id) { players { user { id __typename } } } }",
            "subscription($id: ID!) { gameMatchUpdated(id: $id) {
                players { user { id ... on User { email } } } } }",
            "subscription($id: ID!) { gameMatchUpdated(id: $id) { players { user { ...U } } } }
                fragment U on User { email }",
            "subscription($id: ID!) { gameMatchUpdated(id: $id) { players { ...P } } }
                fragment P on LiveStanding { ... { me: user { __typename } } }",
            "subscription($id: ID!) { gameMatchPositionUpdated(matchID: $id) { id } }",
            "subscription { gameMatchUpdated(id: \"x\") { time } }",
            "subscription { gameMatchUpdated { time } }",
            "subscription { walletUpdated { id } }",
            "{ assetUpdated(id: \"x\") { price } }",
        ] {
            assert_eq!(of(query), None, "{query}");
        }
    }
}
