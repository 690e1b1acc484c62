//! The stable codes of everything that can be refused, as clients see them.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($variant:ident = $text:literal, $meaning:literal;)*) => {
        /// Why something was refused. The text is part of the public contract and never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $meaning] #[serde(rename = $text)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the generated page.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The text that clients compare.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What it means, in one sentence for a player.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    GraphqlParseFailed = "GRAPHQL_PARSE_FAILED", "The document is not GraphQL.";
    GraphqlValidationFailed = "GRAPHQL_VALIDATION_FAILED", "The document does not fit the schema or exceeds a limit.";
    BadUserInput = "BAD_USER_INPUT", "An argument is malformed.";
    Unauthenticated = "UNAUTHENTICATED", "Sign in first: there is no token, or it is invalid or expired.";
    Forbidden = "FORBIDDEN", "You are signed in but may not do this.";
    NotFound = "NOT_FOUND", "There is no such thing, or you may not see it.";
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND", "The hash is unknown: send the document too.";
    DocumentNotListed = "DOCUMENT_NOT_LISTED", "Only documents of a list are executed here: ask for one by its id.";
    RateLimited = "RATE_LIMITED", "Too many requests: wait as long as retryAfterSeconds says.";
    ServiceUnavailable = "SERVICE_UNAVAILABLE", "The service that does this is not answering; nothing was done.";
    OutcomeUnknown = "OUTCOME_UNKNOWN", "The request was accepted but its outcome is not known yet: repeat it with the same requestId.";
    InternalServerError = "INTERNAL_SERVER_ERROR", "Something failed on our side; the traceId finds it in our logs.";
    Lagged = "LAGGED", "You were too slow to be told everything: subscribe again, and read what you may have missed.";
    IdempotencyConflict = "IDEMPOTENCY_CONFLICT", "This requestId was used for a request with another content.";
    InvalidCode = "INVALID_VERIFICATION_CODE", "The code is wrong, used up or expired.";
    InvalidRefreshToken = "INVALID_REFRESH_TOKEN", "The refresh token is unknown, expired or was used before.";
    InvalidCredentials = "INVALID_CREDENTIALS", "The mail address or the password is wrong, or there is no password.";
    InvalidSignature = "INVALID_SIGNATURE", "The signature is not the wallet's under this message, or the message is used up or expired.";
    AccountBanned = "ACCOUNT_BANNED", "The account is banned; the error says why and until when.";
    EmailTaken = "EMAIL_TAKEN", "Another account has this mail address.";
    EmailRequired = "EMAIL_REQUIRED", "The account has no mail address: link one first.";
    SolanaAddressTaken = "SOLANA_ADDRESS_TAKEN", "Another account signs in with this wallet.";
    SignInAgain = "SIGN_IN_AGAIN", "Another way into an account takes a sign-in of the last minutes: sign in again first.";
    AlreadyLinked = "ALREADY_LINKED", "The account has another one already.";
    DevelopmentOnly = "DEVELOPMENT_ONLY", "This exists in development mode only.";
    ClaimLimit = "CLAIM_LIMIT", "You have claimed as much of this as one may.";
    WalletExists = "WALLET_EXISTS", "You have a wallet of this currency already.";
    InsufficientBalance = "INSUFFICIENT_BALANCE", "The wallet does not hold enough.";
    ChainClosed = "CHAIN_CLOSED", "There are no deposits and no withdrawals here.";
    NotOnChain = "NOT_ON_CHAIN", "The currency cannot be withdrawn.";
    InvalidAddress = "INVALID_ADDRESS", "Money cannot be sent to this address.";
    InvalidAmount = "INVALID_AMOUNT", "The amount is too small, too large or has too many decimals.";
    WithdrawalLimit = "WITHDRAWAL_LIMIT", "You have withdrawn as much of this as one may in a day.";
    WithdrawalNotFound = "WITHDRAWAL_NOT_FOUND", "There is no such withdrawal.";
    WithdrawalNotInReview = "WITHDRAWAL_NOT_IN_REVIEW", "Nobody has to decide on this withdrawal any more.";
    OwnWithdrawal = "OWN_WITHDRAWAL", "Somebody else has to decide on your withdrawal.";
    GameNotFound = "GAME_NOT_FOUND", "There is no such game.";
    GameInactive = "GAME_INACTIVE", "The game is not open for joining.";
    InvalidGame = "INVALID_GAME", "The game breaks a rule of templates; the path names the field.";
    JoinExpired = "JOIN_EXPIRED", "Matchmaking did not take the request in time; nothing was charged, and nothing changed.";
    NotInQueue = "NOT_IN_QUEUE", "You are not in this queue.";
    AlreadyOpen = "MATCH_ALREADY_OPEN", "The match has opened: its seats are final.";
    AlreadyWaiting = "ALREADY_WAITING", "You wait for a match of this game already: leave there first.";
    MatchFull = "MATCH_FULL", "The match has as many players as the game allows.";
    InvalidInviteCode = "INVALID_INVITE_CODE", "The match is private, and this is not its invite code.";
    KickedFromMatch = "KICKED_FROM_MATCH", "The creator of the match has sent you away.";
    NotInMatch = "NOT_IN_MATCH", "The player is not in this match.";
    NotTheCreator = "NOT_THE_CREATOR", "Only the creator of the match may do this.";
    TooFewPlayers = "TOO_FEW_PLAYERS", "The match has fewer players than the game asks for.";
    RoomsNotAllowed = "ROOMS_NOT_ALLOWED", "The house pays for this game's prize: only the operator makes rooms of it.";
    MatchOver = "MATCH_OVER", "The match has ended and cannot be canceled.";
    MatchNotClosed = "MATCH_NOT_CLOSED", "The match has no result: it is not settled yet, or was canceled.";
    AlreadyVoid = "ALREADY_VOID", "The player has no result in this match any more.";
    MatchNotFound = "MATCH_NOT_FOUND", "There is no such match.";
    NotAParticipant = "NOT_A_PARTICIPANT", "You do not play in this match.";
    MatchNotOpen = "MATCH_NOT_OPEN", "The match has not started or has ended.";
    AssetNotFound = "ASSET_NOT_FOUND", "The asset is not traded in this match.";
    FeedStale = "FEED_STALE", "There is no fresh price of this asset.";
    LeverageNotAllowed = "LEVERAGE_NOT_ALLOWED", "The leverage is not allowed here.";
    LeverageItemRequired = "LEVERAGE_ITEM_REQUIRED", "Above 10x an order spends a leverage card, and you have none in this match.";
    InvalidMargin = "INVALID_MARGIN", "The margin is too small, too large or has too many decimals.";
    InvalidLimitPrice = "INVALID_LIMIT_PRICE", "The limit price is missing, misplaced or out of range.";
    InvalidStopLoss = "INVALID_STOP_LOSS", "The stop loss is on the wrong side or out of range.";
    InvalidTakeProfit = "INVALID_TAKE_PROFIT", "The take profit is on the wrong side or out of range.";
    MaxPositions = "MAX_POSITIONS", "You have as many pending and open positions as the match allows.";
    InsufficientVBalance = "INSUFFICIENT_V_BALANCE", "Your virtual balance does not cover margin and fee.";
    PositionNotFound = "POSITION_NOT_FOUND", "You have no such position in this match.";
    PositionNotPending = "POSITION_NOT_PENDING", "Only a pending limit order can be canceled.";
    PositionNotOpen = "POSITION_NOT_OPEN", "The position is not open.";
    PositionClosed = "POSITION_CLOSED", "The position has ended.";
    AlreadyClosing = "ALREADY_CLOSING", "The position is being closed or canceled already.";
    UserBlocked = "USER_BLOCKED", "You block this user: unblock first.";
    NoRequestsTaken = "NO_REQUESTS_TAKEN", "This user takes no requests now, or one of you has as many friends as one may.";
    NoFriendRequest = "NO_FRIEND_REQUEST", "This user has not asked you to be friends.";
    FriendLimit = "FRIEND_LIMIT", "One of you has as many friends as one may.";
    FriendRequestLimit = "FRIEND_REQUEST_LIMIT", "As many of your requests wait for an answer as may.";
    BlockLimit = "BLOCK_LIMIT", "You block as many users as one may.";
    PartyNotFound = "PARTY_NOT_FOUND", "There is no such party, or you are not in it.";
    NotTheLeader = "NOT_THE_LEADER", "Only the leader of the party may do this.";
    NotFriends = "NOT_FRIENDS", "A party is of friends of its leader.";
    PartyFull = "PARTY_FULL", "The party has as many members and invitations as one may.";
    AlreadyInParty = "ALREADY_IN_PARTY", "The player is in a party already: leave it first.";
    PartiesNotAllowed = "PARTIES_NOT_ALLOWED", "A party waits in queues of games in which nothing is at stake, and enters matches that wait for players.";
    PartyNotReady = "PARTY_NOT_READY", "Somebody else in the party cannot come in now, or has not agreed to the entry fee.";
    PartyTooLarge = "PARTY_TOO_LARGE", "The party has more members than the match has places left.";
    InvalidDefinition = "INVALID_ACHIEVEMENT_DEFINITION", "The definition breaks a rule; the path names the field.";
    DefinitionNotFound = "ACHIEVEMENT_DEFINITION_NOT_FOUND", "There is no such achievement definition.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
