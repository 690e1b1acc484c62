//! What the schema promises about its mutations and its numbers, whatever else is added to it.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};

const SCHEMA: &str = include_str!("../../../../graphql/schema.graphql");

/// The mutations that take no requestId: none of them changes a match, money or items. Every other
/// one takes it, so that a retry is the same operation.
const WITHOUT_REQUEST_ID: &[&str] = &[
    // Ways in, and sessions.
    "linkEmail",
    "linkSolana",
    "loginAsGuest",
    "loginWithEmail",
    "loginWithPassword",
    "loginWithSolana",
    "refreshToken",
    "requestEmailVerificationCode",
    "requestSolanaChallenge",
    "revokeAllSessions",
    "revokeSession",
    "setPassword",
    // One's profile, inbox and friends.
    "acceptFriend",
    "blockUser",
    "markAllNotificationsRead",
    "markNotificationsRead",
    "muteMails",
    "removeFriend",
    "requestFriend",
    "unblockUser",
    "updateProfile",
    // Accounts, as staff edit them.
    "banUser",
    "createUser",
    "deleteUser",
    "unbanUser",
    "updateUser",
];

/// The only numbers that are not exact: figures for display, which nothing is decided by.
const FLOATS: &[&str] = &[
    "Asset.changePercent24Hr",
    "Asset.marketCapUSD",
    "Asset.maxSupply",
    "Asset.priceUSD",
    "Asset.supply",
    "Asset.volumeUSD24Hr",
    "Asset.vwap24Hr",
    "AssetUpdate.priceUSD",
];

fn types() -> Vec<TypeDefinition> {
    let definitions = parse_schema(SCHEMA).unwrap().definitions;
    let types = definitions.into_iter().filter_map(|it| match it {
        TypeSystemDefinition::Type(it) => Some(it.node),
        TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
    });
    types.collect()
}

/// The fields of an object or interface; none of anything else.
fn fields(of: &TypeDefinition) -> Vec<&FieldDefinition> {
    let fields = match &of.kind {
        TypeKind::Object(object) => &object.fields,
        TypeKind::Interface(interface) => &interface.fields,
        TypeKind::Scalar | TypeKind::Union(_) | TypeKind::Enum(_) | TypeKind::InputObject(_) => {
            return Vec::new();
        }
    };
    fields.iter().map(|field| &field.node).collect()
}

/// The type that lists and marks stand around.
fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}

/// Every place in a type where a value stands, with the value's type: fields and their arguments,
/// and what an input holds.
fn places(of: &TypeDefinition) -> Vec<(String, &str)> {
    let name = &of.name.node;
    let mut places = Vec::new();
    for field in fields(of) {
        let path = format!("{name}.{}", field.name.node);
        for argument in field.arguments.iter().map(|it| &it.node) {
            let path = format!("{path}({})", argument.name.node);
            places.push((path, named(&argument.ty.node)));
        }
        places.push((path, named(&field.ty.node)));
    }
    if let TypeKind::InputObject(input) = &of.kind {
        for field in input.fields.iter().map(|it| &it.node) {
            let path = format!("{name}.{}", field.name.node);
            places.push((path, named(&field.ty.node)));
        }
    }
    places
}

#[test]
fn a_mutation_takes_a_request_id_unless_it_is_listed() {
    let types = types();
    let mutation = types.iter().find(|it| it.name.node == "Mutation").unwrap();
    let takes_none = |field: &&FieldDefinition| {
        let mut arguments = field.arguments.iter().map(|it| &it.node);
        !arguments.any(|it| it.name.node == "requestId" && named(&it.ty.node) == "UUID")
    };
    let without = fields(mutation).into_iter().filter(takes_none);
    let without: BTreeSet<&str> = without.map(|field| field.name.node.as_str()).collect();
    let listed: BTreeSet<&str> = WITHOUT_REQUEST_ID.iter().copied().collect();
    assert_eq!(without, listed);
}

#[test]
fn every_number_is_exact_but_the_listed_figures_for_display() {
    let types = types();
    let places = types.iter().flat_map(places);
    let floats: BTreeSet<String> = places
        .filter(|(_, ty)| *ty == "Float")
        .map(|(path, _)| path)
        .collect();
    let listed: BTreeSet<String> = FLOATS.iter().map(|&path| path.to_owned()).collect();
    assert_eq!(floats, listed);
}
