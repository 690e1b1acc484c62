//! Who may resolve what: every field has a stated rule, and what has none does not start.
//!
//! The rule of a field of `Query`, `Mutation` or `Subscription` is enforced here, before it is
//! resolved. The fields of an object are open to whoever was given the object, for an object is
//! only made for somebody who may see it; a field that is null for some says so itself.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::{Context, Guard};
use contracts::Code;

use super::scope::Scope;
use crate::error::{ApiError, ApiResult};
use crate::identity::{Permission, Visitor};

use Permission::{
    ApproveWithdrawals, BanUsers, CancelGameMatches, CreateAchievementDefinitions, CreateGames,
    CreateUsers, DeleteAchievementDefinitions, DeleteGames, DeleteUsers,
    UpdateAchievementDefinitions, UpdateGames, UpdateUsers, VoidGameMatchParticipants,
};
use Rule::{Anybody, SignedIn, SignedInLately, Staff};

/// Who may resolve a field of a root type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Everybody, signed in or not.
    Anybody,
    /// Whoever is signed in, as far as the resolver's own look at the rows goes.
    SignedIn,
    /// Whoever is signed in, or was a moment ago.
    SignedInLately,
    /// Staff with this permission.
    Staff(Permission),
}

/// Rules, and the fields that they hold for.
type Rules = &'static [(Rule, &'static str)];

const QUERY: Rules = &[
    (
        Anybody,
        "asset assets candles feedHealth game games achievementDefinition achievementDefinitions",
    ),
    // What is not public is looked up with the visitor's own eyes.
    (Anybody, "node nodes"),
    (
        SignedIn,
        "profile user users sessions achievements friendships parties leaderboard seasons",
    ),
    (
        SignedIn,
        "gameMatch gameMatches gameMatchPosition gameMatchPositions",
    ),
    (
        SignedIn,
        "queueTickets wallet wallets transaction transactions deposits withdrawals",
    ),
    (SignedIn, "notifications unreadNotificationCount mutedMails"),
];

const MUTATION: Rules = &[
    (
        Anybody,
        "requestEmailVerificationCode loginWithEmail refreshToken",
    ),
    (
        Anybody,
        "loginWithPassword loginAsGuest requestSolanaChallenge loginWithSolana",
    ),
    (SignedIn, "linkEmail linkSolana setPassword"),
    (SignedIn, "updateProfile revokeSession revokeAllSessions"),
    (SignedIn, "createWallet claimPlayMoney claimItems withdraw"),
    (SignedIn, "joinGame leaveQueue"),
    (
        SignedIn,
        "requestFriend acceptFriend removeFriend blockUser unblockUser",
    ),
    (
        SignedIn,
        "inviteToParty removeFromParty joinParty leaveParty queueParty readyForMatch",
    ),
    // An official match needs a permission, which the resolver asks for.
    (
        SignedIn,
        "createMatch joinMatch leaveMatch kickFromMatch startMatch",
    ),
    (
        SignedInLately,
        "createGameMatchPosition cancelGameMatchPosition",
    ),
    (
        SignedInLately,
        "closeGameMatchPosition amendGameMatchPosition",
    ),
    (
        SignedIn,
        "markNotificationsRead markAllNotificationsRead muteMails",
    ),
    (Staff(CreateGames), "createGame"),
    (Staff(UpdateGames), "updateGame"),
    (Staff(DeleteGames), "deleteGame"),
    (Staff(CreateUsers), "createUser"),
    (Staff(UpdateUsers), "updateUser"),
    (Staff(DeleteUsers), "deleteUser"),
    (Staff(BanUsers), "banUser unbanUser"),
    (
        Staff(CreateAchievementDefinitions),
        "createAchievementDefinition",
    ),
    (
        Staff(UpdateAchievementDefinitions),
        "updateAchievementDefinition",
    ),
    (
        Staff(DeleteAchievementDefinitions),
        "deleteAchievementDefinition",
    ),
    (Staff(CancelGameMatches), "cancelMatch"),
    (Staff(VoidGameMatchParticipants), "voidMatchPlayer"),
    (
        Staff(ApproveWithdrawals),
        "approveWithdrawal rejectWithdrawal",
    ),
];

const SUBSCRIPTION: Rules = &[
    (
        Anybody,
        "assetUpdated assetsUpdated candleUpdated currentTime feedHealthUpdated",
    ),
    (
        SignedIn,
        "notificationCreated walletUpdated queueTicketUpdated partyUpdated",
    ),
    (
        SignedIn,
        "notificationEvents walletEvents queueTicketEvents partyEvents",
    ),
    (
        SignedIn,
        "gameMatchUpdated gameMatchPositionUpdated gameMatchRoomUpdated",
    ),
    (SignedIn, "gameMatchPositionEvents gameMatchRoomEvents"),
];

/// The fields of objects: open to whoever was given the object.
const OBJECTS: &[(&str, &str)] = &[
    ("Achievement", "createdAt definition id userID"),
    (
        "AchievementDefinition",
        "createdAt description experience id isActive metric threshold title updatedAt",
    ),
    ("AmendGameMatchPositionPayload", "position userErrors"),
    (
        "Asset",
        "changePercent24Hr iconUrl id marketCapUSD maxSupply name pair price priceTime \
         priceUSD rank supply symbol volumeUSD24Hr vwap24Hr",
    ),
    ("AssetFeed", "assetID isFresh knownUpTo"),
    ("AssetUpdate", "id price priceUSD time"),
    ("Ban", "createdAt expiresAt reason"),
    ("BanPayload", "user userErrors"),
    ("CancelMatchPayload", "match userErrors"),
    ("Candle", "close high isClosed low open startTime volume"),
    ("ClaimItemsPayload", "items userErrors"),
    ("ClaimPlayMoneyPayload", "userErrors wallet"),
    ("CloseGameMatchPositionPayload", "position userErrors"),
    ("EmailVerification", "expiresIn"),
    ("Friendship", "createdAt id status updatedAt user userID"),
    ("FriendshipPayload", "friendship userErrors"),
    (
        "Game",
        "assets cardUses countdownMs cover createdAt cup cupBand currency description \
         duration entryFee feeBps fillDelayMs fillWaitMs fixedPrize id isActive \
         itemRewards loseExp maintenanceBps maxLeverage maxPlayers maxPositions \
         minPlayers pool queueTtlMs startVBalance title updatedAt version winExp",
    ),
    (
        "GameMatch",
        "createdAt creator endTime expiresAt game gameID id inviteCode participants \
         positions ranked record revision startTime status updatedAt waiting winner winnerID",
    ),
    (
        "GameMatchParticipant",
        "cups equity experience fills gameMatchID id isVoid isWinner leverageCards match \
         openPositions positions prize rank user userID virtualBalance voidReason",
    ),
    (
        "GameMatchPosition",
        "baseToken closePrice closedAt code createdAt endCause entryPrice expiredAt \
         gameMatchID gameMatchParticipantID id leverage limitPrice liquidationPrice \
         margin match openedAt participant profit quoteToken side size status stopLoss \
         targetPoint type updatedAt",
    ),
    ("GameMatchPositionChanged", "change cursor id position"),
    ("GameMatchRoomChanged", "cursor match"),
    ("GameMatchUpdate", "matchID players time"),
    ("Gap", "cursor"),
    ("Item", "expiresAt kind uses"),
    ("ItemReward", "kind uses"),
    ("Lagged", "cursor"),
    ("LeaveQueuePayload", "left userErrors"),
    ("LinkPayload", "user userErrors"),
    ("LiveStanding", "equity openPositions rank user userID"),
    (
        "MarkNotificationsReadPayload",
        "unreadNotificationCount userErrors",
    ),
    ("MatchPayload", "match userErrors"),
    ("MatchRecord", "sha256 size url"),
    ("MuteMailsPayload", "mutedMails userErrors"),
    (
        "Notification",
        "createdAt id kind readAt subjectID text title",
    ),
    ("NotificationArrived", "cursor notification"),
    ("Party", "createdAt expiresAt id leader members"),
    ("PartyChanged", "cursor party"),
    ("PartyMember", "joinedAt readyForMatchID user userID"),
    ("PartyPayload", "party userErrors"),
    ("PrizePool", "rakeBps sharesBps"),
    ("PublicUser", "avatar createdAt cups id level nickName"),
    (
        "QueueTicket",
        "createdAt estimatedWaitErrorMs estimatedWaitMs expiresAt game gameID id match matchID status",
    ),
    ("QueuePartyPayload", "queued userErrors"),
    ("QueueTicketChanged", "cursor ticket"),
    ("Resumed", "cursor"),
    ("RevokeSessionsPayload", "revoked userErrors"),
    ("Season", "endTime id startTime"),
    (
        "Session",
        "createdAt current expiresAt id lastUsedAt userAgent",
    ),
    ("SetPasswordPayload", "revoked userErrors"),
    ("SolanaChallenge", "expiresIn message"),
    ("Token", "accessToken expiresIn refreshToken"),
    (
        "Transaction",
        "amount balanceAfter createdAt currency description id ref signature userID walletID",
    ),
    (
        "User",
        "avatar ban createdAt cups email experience hasPassword id isGuest items level \
         nickName permissions roles solanaAddress updatedAt wallets",
    ),
    ("UserError", "code message path"),
    ("VoidMatchPlayerPayload", "match userErrors"),
    (
        "Wallet",
        "address balance createdAt currency id locked userID",
    ),
    ("WalletMoved", "cursor transaction wallet"),
    (
        "Withdrawal",
        "address amount createdAt currency fee id reason signature status updatedAt userID",
    ),
    ("WithdrawalPayload", "userErrors withdrawal"),
];

/// A field that nobody stated a rule for, or a rule for no field.
#[derive(Debug, thiserror::Error)]
#[error("expected exactly one rule for every field of the schema, found fault with {}", .0.join(", "))]
pub(crate) struct Unstated(Vec<String>);

/// Whether the rules of this type's fields are enforced here.
pub(super) fn is_root(type_name: &str) -> bool {
    !rules_of(type_name).is_empty()
}

fn rules_of(type_name: &str) -> Rules {
    match type_name {
        "Query" => QUERY,
        "Mutation" => MUTATION,
        "Subscription" => SUBSCRIPTION,
        _ => &[],
    }
}

/// The rule of a field of a root type.
pub(super) fn rule(type_name: &str, field: &str) -> Option<Rule> {
    let holds = |(_, fields): &&(Rule, &str)| fields.split(' ').any(|it| it == field);
    rules_of(type_name)
        .iter()
        .find(holds)
        .map(|(rule, _)| *rule)
}

/// Refuses a visitor whom the rule of the field does not allow; a field without a rule allows
/// nobody. What GraphQL says of the schema itself is open to all.
pub(super) async fn allow(type_name: &str, field: &str, visitor: &Visitor) -> ApiResult<()> {
    if field.starts_with("__") {
        return Ok(());
    }
    match rule(type_name, field) {
        Some(Anybody) => Ok(()),
        Some(SignedIn) => visitor.signed_in().await.map(|_| ()),
        Some(SignedInLately) => visitor.signed_in_lately().await.map(|_| ()),
        Some(Staff(permission)) => visitor.must(permission).await.map(|_| ()),
        None => Err(ApiError::of(Code::Forbidden)),
    }
}

/// Enforces the stated rule of a subscription before its stream begins.
pub(super) struct Stated;

impl Guard for Stated {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        let field = ctx.item.node.name.node.as_str();
        Ok(allow("Subscription", field, ctx.visitor()).await?)
    }
}

/// Checks that each field of the schema has exactly one rule, and each rule a field.
pub(super) fn check(sdl: &str) -> Result<(), Unstated> {
    let stated = stated();
    let twice = |field: &&String| stated.iter().filter(|other| other == field).count() > 1;
    let mut faults: Vec<String> = stated.iter().filter(twice).cloned().collect();
    let stated: BTreeSet<String> = stated.into_iter().collect();
    faults.extend(stated.symmetric_difference(&fields(sdl)).cloned());
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Unstated(faults))
    }
}

fn stated() -> Vec<String> {
    let roots = [
        ("Query", QUERY),
        ("Mutation", MUTATION),
        ("Subscription", SUBSCRIPTION),
    ];
    let roots = roots
        .iter()
        .flat_map(|(name, rules)| rules.iter().map(move |(_, fields)| (*name, *fields)));
    roots
        .chain(OBJECTS.iter().copied())
        .flat_map(|(name, fields)| fields.split(' ').map(move |it| format!("{name}.{it}")))
        .collect()
}

/// Every field of every object, as `Type.field`. A connection is as open as its nodes, and an
/// interface only repeats its objects.
fn fields(sdl: &str) -> BTreeSet<String> {
    let Ok(document) = parse_schema(sdl) else {
        return BTreeSet::new();
    };
    let mut found = BTreeSet::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let name = definition.node.name.node.as_str().to_owned();
        if name == "PageInfo" || name.ends_with("Connection") || name.ends_with("Edge") {
            continue;
        }
        if let TypeKind::Object(object) = definition.node.kind {
            let fields = object.fields.into_iter();
            found.extend(fields.map(|field| format!("{name}.{}", field.node.name.node)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_schema_has_a_rule() {
        assert!(check(&crate::graphql::sdl()).is_ok());
    }

    #[test]
    fn a_field_without_a_rule_does_not_start() {
        let sdl = crate::graphql::sdl();
        let refused = check(&sdl.replacen("type Query {", "type Query { secret: String", 1));
        let fault = refused.map_err(|Unstated(faults)| faults);
        assert_eq!(fault, Err(vec!["Query.secret".to_owned()]));
    }

    #[test]
    fn a_rule_without_a_field_does_not_start() {
        let sdl = crate::graphql::sdl().replacen("locked: Decimal!", "held: Decimal!", 1);
        let fault = check(&sdl).map_err(|Unstated(faults)| faults);
        assert_eq!(
            fault,
            Err(vec!["Wallet.held".to_owned(), "Wallet.locked".to_owned()])
        );
    }
}
