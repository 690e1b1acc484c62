/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How long a candle lasts. Intervals are counted in UTC: a day begins at midnight. */
export type CandleInterval =
  /** Fifteen minutes. */
  | 'FIFTEEN_MINUTES'
  /** Five minutes. */
  | 'FIVE_MINUTES'
  /** Four hours. */
  | 'FOUR_HOURS'
  /** One day. */
  | 'ONE_DAY'
  /** One hour. */
  | 'ONE_HOUR'
  /** One minute. */
  | 'ONE_MINUTE';

/** Which candles: those that begin within a stretch of time. */
export type CandleRange = {
  /**
   * None that began before this moment. As far back as candles are kept unless given: a thousand
   * of each interval.
   */
  from?: string | null | undefined;
  /** None that began at this moment or later. Up to the one that runs unless given. */
  to?: string | null | undefined;
};

/** An order, as it was entered. What does not fit is refused by the rules, with a code per field. */
export type CreateGameMatchPositionInput = {
  /** The asset: its slug, symbol or pair. */
  baseToken: string;
  /** How many times the margin the position moves, from 1 to the game's highest. */
  leverage: number;
  /** The limit of a LIMIT order, in quote currency. A MARKET order has none. */
  limitPrice?: string | number | null | undefined;
  /** Chips to stake, at least 0.01, with at most 8 decimals. */
  margin: string | number;
  /** The match. */
  matchID: string | number;
  /** Which way to bet. */
  side: GameMatchPositionSide;
  /** Where to stop a loss, in quote currency. */
  stopLoss?: string | number | null | undefined;
  /** Where to take a profit, in quote currency. */
  targetPoint?: string | number | null | undefined;
  /** How the order fills. */
  type: GameMatchPositionType;
};

/** What wallet money is counted in. */
export type Currency =
  /** The in-app token, whole. */
  | 'BT'
  /** Solana's coin, 9 decimals. */
  | 'SOL'
  /** Tether, 6 decimals. */
  | 'USDT';

/** What somebody is to oneself. */
export type FriendshipStatus =
  /** Somebody whom one blocks. */
  | 'BLOCKED'
  /** A friend. */
  | 'FRIENDS'
  /** Somebody who has asked, and waits for one's answer. */
  | 'RECEIVED'
  /** Somebody whom one has asked, and who has not answered. */
  | 'REQUESTED';

/** What can happen to a position. */
export type GameMatchPositionChange =
  /** The order was taken. */
  | 'ACCEPTED'
  /** Its stop loss or its target is another one. */
  | 'AMENDED'
  /** It ended without a result. */
  | 'CANCELED'
  /** It was closed by its stop loss, its target, its owner or the end of the match. */
  | 'CLOSED'
  /** The order was filled. */
  | 'FILLED'
  /** A cancel, a close or an amendment that had been taken came too late. */
  | 'LAPSED'
  /** It reached its liquidation price. */
  | 'LIQUIDATED'
  /** The order could not be filled. */
  | 'REJECTED';

/** What ended a position. */
export type GameMatchPositionEnd =
  /** Its owner took the order back. */
  | 'CANCEL'
  /** Its owner closed it. */
  | 'CLOSE'
  /** No tick came in time to fill the market order. */
  | 'FEED_STALE'
  /** The liquidation price was reached. */
  | 'LIQUIDATION'
  /** The fill would have been at or beyond its own liquidation price. */
  | 'LIQUIDATION_TOO_CLOSE'
  /** The match was canceled. */
  | 'MATCH_CANCELED'
  /** The match ended. */
  | 'MATCH_END'
  /** The stop loss was reached. */
  | 'STOP_LOSS'
  /** The take profit was reached. */
  | 'TAKE_PROFIT';

/** Which way a position bets. */
export type GameMatchPositionSide =
  /** Gains when the price rises. */
  | 'BUY'
  /** Gains when the price falls. */
  | 'SELL';

/** Where a position stands. */
export type GameMatchPositionStatus =
  /** Ended without a result. */
  | 'CANCELED'
  /** Closed at a tick. */
  | 'CLOSED'
  /** Closed by its liquidation price. */
  | 'LIQUIDATED'
  /** Filled, and follows the price. */
  | 'OPEN'
  /** The order waits for its fill, or for the arena. */
  | 'PENDING'
  /** Refused, or accepted but not filled; the code says why. */
  | 'REJECTED';

/** How an order fills. */
export type GameMatchPositionType =
  /** On the first tick at the limit price or a better one. */
  | 'LIMIT'
  /** On the first tick that counts, whatever its price. */
  | 'MARKET';

/** Where a match stands. */
export type GameMatchStatus =
  /** It was called off; every fee is back. */
  | 'CANCELED'
  /** It is paid. */
  | 'CLOSED'
  /** It counts down or trades. */
  | 'OPEN'
  /** Its time is up; its result is awaited. */
  | 'SETTLING'
  /** It waits for players. */
  | 'WAITING';

/** A kind of item. */
export type ItemKind =
  /** Allows an order above 10x, one use each. */
  | 'LEVERAGE_CARD';

/** Who is on a leaderboard, and where it begins. */
export type LeaderboardScope =
  /**
   * Everybody, with oneself in the middle of the page; from the top where one has not played for
   * cups. With after or before the same as EVERYBODY, so that its cursors lead on.
   */
  | 'AROUND_ME'
  /** Everybody, from the top. */
  | 'EVERYBODY'
  /** Oneself and one's friends, from the top. */
  | 'FRIENDS';

/** What a message is about. */
export type NotificationKind =
  /** An achievement was earned. */
  | 'ACHIEVEMENT'
  /** A match was canceled. */
  | 'CANCELED'
  /** The result of a match was corrected, and one's own with it. */
  | 'CORRECTED'
  /** Money has come in. */
  | 'DEPOSITED'
  /** A match has ended. */
  | 'ENDED'
  /** Nobody was found for a match in time; the entry fee is free. */
  | 'EXPIRED'
  /** Somebody wants to be one's friend. */
  | 'FRIEND_REQUEST'
  /** A match has opened. */
  | 'OPENED'
  /** A friend has invited one to a party. */
  | 'PARTY_INVITATION'
  /** One's result of a match was made void. */
  | 'VOIDED'
  /** A withdrawal is not paid, and its money is back. */
  | 'WITHDRAWAL_RETURNED'
  /** A withdrawal is paid. */
  | 'WITHDRAWN';

/** Where a place in a queue stands. */
export type QueueTicketStatus =
  /** It waited too long. */
  | 'EXPIRED'
  /** The creator of the match sent one away. */
  | 'KICKED'
  /** It was given up. */
  | 'LEFT'
  /** It became a place in a match. */
  | 'MATCHED'
  /** It waits. */
  | 'WAITING';

/** What a signed message is good for. */
export type SolanaChallengePurpose =
  /** Linking the wallet to the account that one is signed in with. */
  | 'LINK'
  /** Signing in with the wallet. */
  | 'SIGN_IN';

/** How much goes where. */
export type WithdrawInput = {
  /** The address of a wallet on Solana. */
  address: string;
  /** How much, in the currency. */
  amount: string | number;
  /** What it is counted in. */
  currency: Currency;
};

/** How far a withdrawal has come. */
export type WithdrawalStatus =
  /** It is about to be sent; its money is locked. */
  | 'APPROVED'
  /** It is on the chain, for good. */
  | 'COMPLETED'
  /** It could not be sent, and its money is back. */
  | 'FAILED'
  /** It is large, and waits for somebody to approve it; its money is locked. */
  | 'IN_REVIEW'
  /** It was not approved, and its money is free again. */
  | 'REJECTED'
  /** It was sent, and its money has left the wallet. */
  | 'SENDING';

export type RequestCodeMutationVariables = Exact<{
  email: string;
}>;


export type RequestCodeMutation = { requestEmailVerificationCode: { expiresIn: number } };

export type LoginWithEmailMutationVariables = Exact<{
  email: string;
  verificationCode: string;
}>;


export type LoginWithEmailMutation = { loginWithEmail: { accessToken: string, refreshToken: string, expiresIn: number } };

export type RefreshTokenMutationVariables = Exact<{
  refreshToken: string;
}>;


export type RefreshTokenMutation = { refreshToken: { accessToken: string, refreshToken: string, expiresIn: number } };

export type ProfileQueryVariables = Exact<{ [key: string]: never; }>;


export type ProfileQuery = { profile: { id: string, createdAt: string, updatedAt: string, nickName: string, avatar: string | null, email: string | null, level: number, experience: number, cups: number } };

export type UpdateProfileMutationVariables = Exact<{
  nickName?: string | null | undefined;
  avatar?: string | null | undefined;
}>;


export type UpdateProfileMutation = { updateProfile: { id: string, nickName: string, avatar: string | null } };

export type UserQueryVariables = Exact<{
  id: string | number;
}>;


export type UserQuery = { user:
    | { id: string, nickName: string, avatar: string | null, level: number, cups: number }
    | { id: string, nickName: string, avatar: string | null, level: number, cups: number }
   | null };

export type UsersQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type UsersQuery = { users: { totalCount: number, edges: Array<{ node: { id: string, nickName: string, avatar: string | null, level: number, cups: number } }> } };

export type GamesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type GamesQuery = { games: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, edges: Array<{ cursor: string, node: { id: string, createdAt: string, updatedAt: string, title: string, description: string, cover: string, currency: Currency, isActive: boolean, duration: number, minPlayers: number, maxPlayers: number, maxPositions: number, startVBalance: string, entryFee: string } }> } };

export type GameQueryVariables = Exact<{
  id: string | number;
}>;


export type GameQuery = { game: { id: string, createdAt: string, updatedAt: string, title: string, description: string, cover: string, currency: Currency, isActive: boolean, duration: number, minPlayers: number, maxPlayers: number, maxPositions: number, startVBalance: string, entryFee: string } | null };

export type GameFieldsFragment = { id: string, createdAt: string, updatedAt: string, title: string, description: string, cover: string, currency: Currency, isActive: boolean, duration: number, minPlayers: number, maxPlayers: number, maxPositions: number, startVBalance: string, entryFee: string };

export type AssetsQueryVariables = Exact<{ [key: string]: never; }>;


export type AssetsQuery = { assets: { edges: Array<{ node: { id: string, symbol: string, name: string, iconUrl: string, rank: number, priceUSD: number, supply: number, maxSupply: number, marketCapUSD: number, volumeUSD24Hr: number, changePercent24Hr: number, vwap24Hr: number } }> } };

export type AssetQueryVariables = Exact<{
  id: string | number;
}>;


export type AssetQuery = { asset: { id: string, symbol: string, name: string, iconUrl: string, rank: number, priceUSD: number, supply: number, maxSupply: number, marketCapUSD: number, volumeUSD24Hr: number, changePercent24Hr: number, vwap24Hr: number } | null };

export type AssetFieldsFragment = { id: string, symbol: string, name: string, iconUrl: string, rank: number, priceUSD: number, supply: number, maxSupply: number, marketCapUSD: number, volumeUSD24Hr: number, changePercent24Hr: number, vwap24Hr: number };

export type WalletsQueryVariables = Exact<{ [key: string]: never; }>;


export type WalletsQuery = { wallets: { edges: Array<{ node: { id: string, userID: string, currency: Currency, balance: string, locked: string, address: string | null } }> } };

export type WalletQueryVariables = Exact<{
  id: string | number;
}>;


export type WalletQuery = { wallet: { id: string, userID: string, currency: Currency, balance: string, locked: string, address: string | null } | null };

export type CreateWalletMutationVariables = Exact<{
  currency: Currency;
}>;


export type CreateWalletMutation = { createWallet: { id: string, currency: Currency, balance: string } };

export type TransactionsQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type TransactionsQuery = { transactions: { edges: Array<{ node: { id: string, userID: string, currency: Currency, amount: string, description: string, ref: string } }> } };

export type TransactionQueryVariables = Exact<{
  id: string | number;
}>;


export type TransactionQuery = { transaction: { id: string, userID: string, currency: Currency, amount: string, description: string, ref: string } | null };

export type JoinGameMutationVariables = Exact<{
  id: string | number;
}>;


export type JoinGameMutation = { joinGame: boolean };

export type GameMatchesQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type GameMatchesQuery = { gameMatches: { edges: Array<{ node: { id: string, gameID: string, status: GameMatchStatus, startTime: string | null, endTime: string | null, winnerID: string | null, game: { title: string }, winner:
          | { nickName: string }
          | { nickName: string }
         | null } }> } };

export type GameMatchQueryVariables = Exact<{
  id: string | number;
}>;


export type GameMatchQuery = { gameMatch: { id: string, gameID: string, status: GameMatchStatus, startTime: string | null, endTime: string | null, winnerID: string | null, participants: { edges: Array<{ node: { id: string, user:
            | { id: string, nickName: string, avatar: string | null }
            | { id: string, nickName: string, avatar: string | null }
           } }> }, positions: { edges: Array<{ node: { id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } }> }, game: { title: string }, winner:
      | { nickName: string }
      | { nickName: string }
     | null } | null };

export type MatchFieldsFragment = { id: string, gameID: string, status: GameMatchStatus, startTime: string | null, endTime: string | null, winnerID: string | null, game: { title: string }, winner:
    | { nickName: string }
    | { nickName: string }
   | null };

export type CreatePositionMutationVariables = Exact<{
  matchID: string | number;
  baseToken: string;
  side: GameMatchPositionSide;
  type: GameMatchPositionType;
  margin: string | number;
  leverage: number;
  limitPrice?: string | number | null | undefined;
  stopLoss?: string | number | null | undefined;
  targetPoint?: string | number | null | undefined;
}>;


export type CreatePositionMutation = { createGameMatchPosition: { id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } };

export type CancelPositionMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelPositionMutation = { cancelGameMatchPosition: boolean };

export type PositionsQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type PositionsQuery = { gameMatchPositions: { edges: Array<{ node: { id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } }> } };

export type PositionQueryVariables = Exact<{
  id: string | number;
}>;


export type PositionQuery = { gameMatchPosition: { id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null, match: { id: string, status: GameMatchStatus }, participant: { id: string } } | null };

export type PositionFieldsFragment = { id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null };

export type AchievementDefinitionsQueryVariables = Exact<{ [key: string]: never; }>;


export type AchievementDefinitionsQuery = { achievementDefinitions: { edges: Array<{ node: { id: string, title: string, description: string, isActive: boolean } }> } };

export type AchievementDefinitionQueryVariables = Exact<{
  id: string | number;
}>;


export type AchievementDefinitionQuery = { achievementDefinition: { id: string, title: string, description: string, isActive: boolean } | null };

export type NodeQueryVariables = Exact<{
  id: string | number;
  ids: Array<string | number> | string | number;
}>;


export type NodeQuery = { node:
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
   | null, nodes: Array<
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
   | null> };

export type AssetUpdatedSubscriptionVariables = Exact<{
  id: string | number;
}>;


export type AssetUpdatedSubscription = { assetUpdated: { id: string, priceUSD: number } };

export type AssetsUpdatedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type AssetsUpdatedSubscription = { assetsUpdated: Array<{ id: string, priceUSD: number }> };

export type CurrentTimeSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type CurrentTimeSubscription = { currentTime: string };

export type NotificationCreatedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type NotificationCreatedSubscription = { notificationCreated: { id: string } };

export type ClaimPlayMoneyMutationVariables = Exact<{
  currency: Currency;
  requestId?: string | null | undefined;
}>;


export type ClaimPlayMoneyMutation = { claimPlayMoney: { wallet: { id: string, userID: string, currency: Currency, balance: string, locked: string, address: string | null } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type ClaimItemsMutationVariables = Exact<{
  kind: ItemKind;
  uses: number;
  requestId?: string | null | undefined;
}>;


export type ClaimItemsMutation = { claimItems: { items: Array<{ kind: ItemKind, uses: number, expiresAt: string | null }> | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type ItemsQueryVariables = Exact<{ [key: string]: never; }>;


export type ItemsQuery = { profile: { id: string, items: Array<{ kind: ItemKind, uses: number, expiresAt: string | null }> } };

export type WalletMovementsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  walletID?: string | number | null | undefined;
}>;


export type WalletMovementsQuery = { transactions: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, createdAt: string, currency: Currency, amount: string, balanceAfter: string, description: string, ref: string } }> } };

export type DepositsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type DepositsQuery = { deposits: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, createdAt: string, currency: Currency, amount: string, balanceAfter: string, signature: string | null } }> } };

export type WithdrawMutationVariables = Exact<{
  withdrawal: WithdrawInput;
  requestId?: string | null | undefined;
}>;


export type WithdrawMutation = { withdraw: { withdrawal: { id: string, createdAt: string, updatedAt: string, currency: Currency, amount: string, address: string, fee: string, status: WithdrawalStatus, reason: string | null, signature: string | null } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type WithdrawalsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type WithdrawalsQuery = { withdrawals: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, createdAt: string, updatedAt: string, currency: Currency, amount: string, address: string, fee: string, status: WithdrawalStatus, reason: string | null, signature: string | null } }> } };

export type WithdrawalFieldsFragment = { id: string, createdAt: string, updatedAt: string, currency: Currency, amount: string, address: string, fee: string, status: WithdrawalStatus, reason: string | null, signature: string | null };

export type JoinMutationVariables = Exact<{
  gameID: string | number;
  requestId?: string | null | undefined;
}>;


export type JoinMutation = { joinGame: boolean };

export type LeaveQueueMutationVariables = Exact<{
  gameID: string | number;
  requestId?: string | null | undefined;
}>;


export type LeaveQueueMutation = { leaveQueue: { left: boolean, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type QueueTicketsQueryVariables = Exact<{
  first?: number | null | undefined;
  gameID?: string | number | null | undefined;
}>;


export type QueueTicketsQuery = { queueTickets: { edges: Array<{ node: { id: string, gameID: string, matchID: string | null, status: QueueTicketStatus, createdAt: string, expiresAt: string, estimatedWaitMs: number | null, estimatedWaitErrorMs: number | null } }> } };

export type CreateMatchMutationVariables = Exact<{
  gameID: string | number;
  private: boolean;
  requestId?: string | null | undefined;
}>;


export type CreateMatchMutation = { createMatch: { match: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
        | { id: string, nickName: string }
        | { id: string, nickName: string }
       | null, waiting: Array<
        | { id: string, nickName: string, avatar: string | null, level: number }
        | { id: string, nickName: string, avatar: string | null, level: number }
      > } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type JoinMatchMutationVariables = Exact<{
  matchID: string | number;
  inviteCode?: string | null | undefined;
  requestId?: string | null | undefined;
}>;


export type JoinMatchMutation = { joinMatch: { match: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
        | { id: string, nickName: string }
        | { id: string, nickName: string }
       | null, waiting: Array<
        | { id: string, nickName: string, avatar: string | null, level: number }
        | { id: string, nickName: string, avatar: string | null, level: number }
      > } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type LeaveMatchMutationVariables = Exact<{
  matchID: string | number;
  requestId?: string | null | undefined;
}>;


export type LeaveMatchMutation = { leaveMatch: { match: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
        | { id: string, nickName: string }
        | { id: string, nickName: string }
       | null, waiting: Array<
        | { id: string, nickName: string, avatar: string | null, level: number }
        | { id: string, nickName: string, avatar: string | null, level: number }
      > } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type KickFromMatchMutationVariables = Exact<{
  matchID: string | number;
  userID: string | number;
  requestId?: string | null | undefined;
}>;


export type KickFromMatchMutation = { kickFromMatch: { match: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
        | { id: string, nickName: string }
        | { id: string, nickName: string }
       | null, waiting: Array<
        | { id: string, nickName: string, avatar: string | null, level: number }
        | { id: string, nickName: string, avatar: string | null, level: number }
      > } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type StartMatchMutationVariables = Exact<{
  matchID: string | number;
  requestId?: string | null | undefined;
}>;


export type StartMatchMutation = { startMatch: { match: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
        | { id: string, nickName: string }
        | { id: string, nickName: string }
       | null, waiting: Array<
        | { id: string, nickName: string, avatar: string | null, level: number }
        | { id: string, nickName: string, avatar: string | null, level: number }
      > } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type RoomsQueryVariables = Exact<{
  first?: number | null | undefined;
  gameID?: string | number | null | undefined;
}>;


export type RoomsQuery = { gameMatches: { edges: Array<{ node: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
          | { id: string, nickName: string }
          | { id: string, nickName: string }
         | null, waiting: Array<
          | { id: string, nickName: string, avatar: string | null, level: number }
          | { id: string, nickName: string, avatar: string | null, level: number }
        > } }> } };

export type MatchResultQueryVariables = Exact<{
  matchID: string | number;
}>;


export type MatchResultQuery = { gameMatch: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, revision: number, startTime: string | null, endTime: string | null, winnerID: string | null, record: { sha256: string, size: string, url: string } | null, participants: { edges: Array<{ node: { id: string, isWinner: boolean, isVoid: boolean, rank: number | null, equity: string | null, prize: string | null, cups: number | null, experience: number | null, fills: number | null, user:
            | { id: string, nickName: string, avatar: string | null, level: number }
            | { id: string, nickName: string, avatar: string | null, level: number }
           } }> } } | null };

export type OrderMutationVariables = Exact<{
  order: CreateGameMatchPositionInput;
  requestId?: string | null | undefined;
}>;


export type OrderMutation = { createGameMatchPosition: { code: string | null, id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } };

export type ClosePositionMutationVariables = Exact<{
  positionID: string | number;
  requestId?: string | null | undefined;
}>;


export type ClosePositionMutation = { closeGameMatchPosition: { position: { id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type AmendPositionMutationVariables = Exact<{
  positionID: string | number;
  stopLoss?: string | number | null | undefined;
  targetPoint?: string | number | null | undefined;
  requestId?: string | null | undefined;
}>;


export type AmendPositionMutation = { amendGameMatchPosition: { position: { id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type MatchPositionsQueryVariables = Exact<{
  matchID: string | number;
  first?: number | null | undefined;
  after?: string | null | undefined;
  status?: GameMatchPositionStatus | null | undefined;
}>;


export type MatchPositionsQuery = { gameMatchPositions: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { code: string | null, endCause: GameMatchPositionEnd | null, id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } }> } };

export type AchievementsQueryVariables = Exact<{
  userID?: string | number | null | undefined;
  first?: number | null | undefined;
}>;


export type AchievementsQuery = { achievements: { edges: Array<{ node: { id: string, createdAt: string, definition: { id: string, title: string, description: string, experience: number } } }> } };

export type LeaderboardQueryVariables = Exact<{
  scope?: LeaderboardScope;
  season?: string | number | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type LeaderboardQuery = { leaderboard: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ rank: number | null, cups: number, node: { id: string, nickName: string, avatar: string | null, level: number } }> } };

export type SeasonsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SeasonsQuery = { seasons: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, startTime: string, endTime: string } }> } };

export type InboxQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  unread?: boolean | null | undefined;
}>;


export type InboxQuery = { unreadNotificationCount: number, notifications: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, kind: NotificationKind, title: string, text: string, subjectID: string, createdAt: string, readAt: string | null } }> } };

export type MarkReadMutationVariables = Exact<{
  ids: Array<string | number> | string | number;
}>;


export type MarkReadMutation = { markNotificationsRead: { unreadNotificationCount: number | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type MarkAllReadMutationVariables = Exact<{ [key: string]: never; }>;


export type MarkAllReadMutation = { markAllNotificationsRead: { unreadNotificationCount: number | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type MutedMailsQueryVariables = Exact<{ [key: string]: never; }>;


export type MutedMailsQuery = { mutedMails: Array<NotificationKind> };

export type MuteMailsMutationVariables = Exact<{
  kinds: Array<NotificationKind> | NotificationKind;
}>;


export type MuteMailsMutation = { muteMails: { mutedMails: Array<NotificationKind> | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type LoginWithPasswordMutationVariables = Exact<{
  email: string;
  password: string;
}>;


export type LoginWithPasswordMutation = { loginWithPassword: { accessToken: string, refreshToken: string, expiresIn: number } };

export type LoginAsGuestMutationVariables = Exact<{ [key: string]: never; }>;


export type LoginAsGuestMutation = { loginAsGuest: { accessToken: string, refreshToken: string, expiresIn: number } };

export type RequestSolanaChallengeMutationVariables = Exact<{
  address: string;
  purpose: SolanaChallengePurpose;
}>;


export type RequestSolanaChallengeMutation = { requestSolanaChallenge: { message: string, expiresIn: number } };

export type LoginWithSolanaMutationVariables = Exact<{
  address: string;
  message: string;
  signature: string;
}>;


export type LoginWithSolanaMutation = { loginWithSolana: { accessToken: string, refreshToken: string, expiresIn: number } };

export type LinkEmailMutationVariables = Exact<{
  email: string;
  verificationCode: string;
}>;


export type LinkEmailMutation = { linkEmail: { user: { id: string, email: string | null, solanaAddress: string | null, isGuest: boolean, hasPassword: boolean } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type LinkSolanaMutationVariables = Exact<{
  address: string;
  message: string;
  signature: string;
}>;


export type LinkSolanaMutation = { linkSolana: { user: { id: string, email: string | null, solanaAddress: string | null, isGuest: boolean, hasPassword: boolean } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type SetPasswordMutationVariables = Exact<{
  newPassword: string;
  verificationCode: string;
}>;


export type SetPasswordMutation = { setPassword: { revoked: number, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type ChangePasswordMutationVariables = Exact<{
  newPassword: string;
  currentPassword: string;
}>;


export type ChangePasswordMutation = { setPassword: { revoked: number, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type SessionsQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type SessionsQuery = { sessions: { edges: Array<{ node: { id: string, userAgent: string, createdAt: string, lastUsedAt: string, expiresAt: string, current: boolean } }> } };

export type FriendsQueryVariables = Exact<{
  standing?: FriendshipStatus | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type FriendsQuery = { friendships: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, userID: string, status: FriendshipStatus, createdAt: string, user: { id: string, nickName: string, avatar: string | null, level: number } } }> } };

export type RequestFriendMutationVariables = Exact<{
  userID: string | number;
}>;


export type RequestFriendMutation = { requestFriend: { friendship: { id: string, userID: string, status: FriendshipStatus, createdAt: string, user: { id: string, nickName: string, avatar: string | null, level: number } } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type AcceptFriendMutationVariables = Exact<{
  userID: string | number;
}>;


export type AcceptFriendMutation = { acceptFriend: { friendship: { id: string, userID: string, status: FriendshipStatus, createdAt: string, user: { id: string, nickName: string, avatar: string | null, level: number } } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type RemoveFriendMutationVariables = Exact<{
  userID: string | number;
}>;


export type RemoveFriendMutation = { removeFriend: { friendship: { id: string, userID: string, status: FriendshipStatus, createdAt: string, user: { id: string, nickName: string, avatar: string | null, level: number } } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type BlockUserMutationVariables = Exact<{
  userID: string | number;
}>;


export type BlockUserMutation = { blockUser: { friendship: { id: string, userID: string, status: FriendshipStatus, createdAt: string, user: { id: string, nickName: string, avatar: string | null, level: number } } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type UnblockUserMutationVariables = Exact<{
  userID: string | number;
}>;


export type UnblockUserMutation = { unblockUser: { friendship: { id: string, userID: string, status: FriendshipStatus, createdAt: string, user: { id: string, nickName: string, avatar: string | null, level: number } } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type PartiesQueryVariables = Exact<{ [key: string]: never; }>;


export type PartiesQuery = { parties: { edges: Array<{ node: { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> } }> } };

export type InviteToPartyMutationVariables = Exact<{
  userID: string | number;
  requestId?: string | null | undefined;
}>;


export type InviteToPartyMutation = { inviteToParty: { party: { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type RemoveFromPartyMutationVariables = Exact<{
  userID: string | number;
  requestId?: string | null | undefined;
}>;


export type RemoveFromPartyMutation = { removeFromParty: { party: { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type JoinPartyMutationVariables = Exact<{
  partyID: string | number;
  requestId?: string | null | undefined;
}>;


export type JoinPartyMutation = { joinParty: { party: { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type LeavePartyMutationVariables = Exact<{
  partyID: string | number;
  requestId?: string | null | undefined;
}>;


export type LeavePartyMutation = { leaveParty: { party: { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type QueuePartyMutationVariables = Exact<{
  gameID: string | number;
  requestId?: string | null | undefined;
}>;


export type QueuePartyMutation = { queueParty: { queued: boolean, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type ReadyForMatchMutationVariables = Exact<{
  matchID?: string | number | null | undefined;
  inviteCode?: string | null | undefined;
  requestId?: string | null | undefined;
}>;


export type ReadyForMatchMutation = { readyForMatch: { party: { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type JoinRoomAsPartyMutationVariables = Exact<{
  matchID: string | number;
  inviteCode?: string | null | undefined;
  requestId?: string | null | undefined;
}>;


export type JoinRoomAsPartyMutation = { joinMatch: { match: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
        | { id: string, nickName: string }
        | { id: string, nickName: string }
       | null, waiting: Array<
        | { id: string, nickName: string, avatar: string | null, level: number }
        | { id: string, nickName: string, avatar: string | null, level: number }
      > } | null, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type RevokeSessionMutationVariables = Exact<{
  sessionID: string | number;
}>;


export type RevokeSessionMutation = { revokeSession: { revoked: number, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type SignOutMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutMutation = { revokeAllSessions: { revoked: number, userErrors: Array<{ code: string, message: string, path: Array<string> }> } };

export type MatchLiveSubscriptionVariables = Exact<{
  matchID: string | number;
}>;


export type MatchLiveSubscription = { gameMatchUpdated: { matchID: string, time: string, players: Array<{ userID: string, rank: number, equity: string, openPositions: number, user:
        | { id: string, nickName: string, avatar: string | null }
        | { id: string, nickName: string, avatar: string | null }
       }> } };

export type PositionLiveSubscriptionVariables = Exact<{
  matchID: string | number;
}>;


export type PositionLiveSubscription = { gameMatchPositionUpdated: { code: string | null, endCause: GameMatchPositionEnd | null, id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } };

export type RoomLiveSubscriptionVariables = Exact<{
  matchID: string | number;
}>;


export type RoomLiveSubscription = { gameMatchRoomUpdated: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
      | { id: string, nickName: string }
      | { id: string, nickName: string }
     | null, waiting: Array<
      | { id: string, nickName: string, avatar: string | null, level: number }
      | { id: string, nickName: string, avatar: string | null, level: number }
    > } | null };

export type PartyLiveSubscriptionVariables = Exact<{
  partyID: string | number;
}>;


export type PartyLiveSubscription = { partyUpdated: { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> } | null };

export type TicketLiveSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type TicketLiveSubscription = { queueTicketUpdated: { id: string, gameID: string, matchID: string | null, status: QueueTicketStatus, createdAt: string, expiresAt: string, estimatedWaitMs: number | null, estimatedWaitErrorMs: number | null } };

export type WalletLiveSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type WalletLiveSubscription = { walletUpdated: { id: string, userID: string, currency: Currency, balance: string, locked: string, address: string | null } };

export type InboxLiveSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type InboxLiveSubscription = { notificationCreated: { id: string, kind: NotificationKind, title: string, text: string, subjectID: string, createdAt: string, readAt: string | null } };

export type PositionEventsSubscriptionVariables = Exact<{
  matchID: string | number;
  after?: string | null | undefined;
}>;


export type PositionEventsSubscription = { gameMatchPositionEvents:
    | { __typename: 'GameMatchPositionChanged', id: string, cursor: string, change: GameMatchPositionChange, position: { code: string | null, endCause: GameMatchPositionEnd | null, id: string, createdAt: string, updatedAt: string, gameMatchID: string, gameMatchParticipantID: string, baseToken: string | null, quoteToken: string, side: GameMatchPositionSide, type: GameMatchPositionType, status: GameMatchPositionStatus, margin: string | null, leverage: number | null, size: string | null, entryPrice: string | null, limitPrice: string | null, closePrice: string | null, stopLoss: string | null, targetPoint: string | null, liquidationPrice: string | null, profit: string | null, openedAt: string | null, closedAt: string | null, expiredAt: string | null } }
    | { __typename: 'Gap', cursor: string }
    | { __typename: 'Lagged', cursor: string }
    | { __typename: 'Resumed', cursor: string }
   };

export type RoomEventsSubscriptionVariables = Exact<{
  matchID: string | number;
  after?: string | null | undefined;
}>;


export type RoomEventsSubscription = { gameMatchRoomEvents:
    | { __typename: 'GameMatchRoomChanged', cursor: string, match: { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
          | { id: string, nickName: string }
          | { id: string, nickName: string }
         | null, waiting: Array<
          | { id: string, nickName: string, avatar: string | null, level: number }
          | { id: string, nickName: string, avatar: string | null, level: number }
        > } | null }
    | { __typename: 'Gap', cursor: string }
    | { __typename: 'Lagged', cursor: string }
    | { __typename: 'Resumed', cursor: string }
   };

export type PartyEventsSubscriptionVariables = Exact<{
  partyID: string | number;
  after?: string | null | undefined;
}>;


export type PartyEventsSubscription = { partyEvents:
    | { __typename: 'Gap', cursor: string }
    | { __typename: 'Lagged', cursor: string }
    | { __typename: 'PartyChanged', cursor: string, party: { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> } | null }
    | { __typename: 'Resumed', cursor: string }
   };

export type TicketEventsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type TicketEventsSubscription = { queueTicketEvents:
    | { __typename: 'Gap', cursor: string }
    | { __typename: 'Lagged', cursor: string }
    | { __typename: 'QueueTicketChanged', cursor: string, ticket: { id: string, gameID: string, matchID: string | null, status: QueueTicketStatus, createdAt: string, expiresAt: string, estimatedWaitMs: number | null, estimatedWaitErrorMs: number | null } }
    | { __typename: 'Resumed', cursor: string }
   };

export type WalletEventsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type WalletEventsSubscription = { walletEvents:
    | { __typename: 'Gap', cursor: string }
    | { __typename: 'Lagged', cursor: string }
    | { __typename: 'Resumed', cursor: string }
    | { __typename: 'WalletMoved', cursor: string, wallet: { id: string, userID: string, currency: Currency, balance: string, locked: string, address: string | null }, transaction: { id: string, walletID: string, createdAt: string, amount: string, balanceAfter: string, description: string, ref: string } | null }
   };

export type InboxEventsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type InboxEventsSubscription = { notificationEvents:
    | { __typename: 'Gap', cursor: string }
    | { __typename: 'Lagged', cursor: string }
    | { __typename: 'NotificationArrived', cursor: string, notification: { id: string, kind: NotificationKind, title: string, text: string, subjectID: string, createdAt: string, readAt: string | null } }
    | { __typename: 'Resumed', cursor: string }
   };

export type PriceLiveSubscriptionVariables = Exact<{
  assetID: string | number;
}>;


export type PriceLiveSubscription = { assetUpdated: { id: string, price: string, priceUSD: number, time: string } };

export type CandlesQueryVariables = Exact<{
  assetID: string | number;
  interval: CandleInterval;
  range?: CandleRange | null | undefined;
}>;


export type CandlesQuery = { candles: Array<{ startTime: string, open: string, high: string, low: string, close: string, volume: string | null, isClosed: boolean }> };

export type CandleLiveSubscriptionVariables = Exact<{
  assetID: string | number;
  interval: CandleInterval;
}>;


export type CandleLiveSubscription = { candleUpdated: { startTime: string, open: string, high: string, low: string, close: string, volume: string | null, isClosed: boolean } };

export type CandleFieldsFragment = { startTime: string, open: string, high: string, low: string, close: string, volume: string | null, isClosed: boolean };

export type AccountFieldsFragment = { id: string, email: string | null, solanaAddress: string | null, isGuest: boolean, hasPassword: boolean };

export type RefusalFragment = { code: string, message: string, path: Array<string> };

export type WalletFieldsFragment = { id: string, userID: string, currency: Currency, balance: string, locked: string, address: string | null };

export type TicketFieldsFragment = { id: string, gameID: string, matchID: string | null, status: QueueTicketStatus, createdAt: string, expiresAt: string, estimatedWaitMs: number | null, estimatedWaitErrorMs: number | null };

export type RoomFieldsFragment = { id: string, gameID: string, status: GameMatchStatus, ranked: boolean, inviteCode: string | null, expiresAt: string | null, creator:
    | { id: string, nickName: string }
    | { id: string, nickName: string }
   | null, waiting: Array<
    | { id: string, nickName: string, avatar: string | null, level: number }
    | { id: string, nickName: string, avatar: string | null, level: number }
  > };

export type PartyFieldsFragment = { id: string, createdAt: string, expiresAt: string, leader: { id: string, nickName: string }, members: Array<{ userID: string, joinedAt: string | null, readyForMatchID: string | null, user: { id: string, nickName: string, avatar: string | null, level: number } }> };

export type FriendFieldsFragment = { id: string, userID: string, status: FriendshipStatus, createdAt: string, user: { id: string, nickName: string, avatar: string | null, level: number } };

export type NotificationFieldsFragment = { id: string, kind: NotificationKind, title: string, text: string, subjectID: string, createdAt: string, readAt: string | null };

export type FeedHealthQueryVariables = Exact<{ [key: string]: never; }>;


export type FeedHealthQuery = { feedHealth: Array<{ assetID: string, isFresh: boolean, knownUpTo: string | null }> };

export type FeedLiveSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type FeedLiveSubscription = { feedHealthUpdated: Array<{ assetID: string, isFresh: boolean, knownUpTo: string | null }> };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const GameFieldsFragmentDoc = new TypedDocumentString(`
    fragment GameFields on Game {
  id
  createdAt
  updatedAt
  title
  description
  cover
  currency
  isActive
  duration
  minPlayers
  maxPlayers
  maxPositions
  startVBalance
  entryFee
}
    `, {"fragmentName":"GameFields"}) as unknown as TypedDocumentString<GameFieldsFragment, unknown>;
export const AssetFieldsFragmentDoc = new TypedDocumentString(`
    fragment AssetFields on Asset {
  id
  symbol
  name
  iconUrl
  rank
  priceUSD
  supply
  maxSupply
  marketCapUSD
  volumeUSD24Hr
  changePercent24Hr
  vwap24Hr
}
    `, {"fragmentName":"AssetFields"}) as unknown as TypedDocumentString<AssetFieldsFragment, unknown>;
export const MatchFieldsFragmentDoc = new TypedDocumentString(`
    fragment MatchFields on GameMatch {
  id
  gameID
  game {
    title
  }
  status
  startTime
  endTime
  winnerID
  winner {
    nickName
  }
}
    `, {"fragmentName":"MatchFields"}) as unknown as TypedDocumentString<MatchFieldsFragment, unknown>;
export const PositionFieldsFragmentDoc = new TypedDocumentString(`
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}
    `, {"fragmentName":"PositionFields"}) as unknown as TypedDocumentString<PositionFieldsFragment, unknown>;
export const WithdrawalFieldsFragmentDoc = new TypedDocumentString(`
    fragment WithdrawalFields on Withdrawal {
  id
  createdAt
  updatedAt
  currency
  amount
  address
  fee
  status
  reason
  signature
}
    `, {"fragmentName":"WithdrawalFields"}) as unknown as TypedDocumentString<WithdrawalFieldsFragment, unknown>;
export const CandleFieldsFragmentDoc = new TypedDocumentString(`
    fragment CandleFields on Candle {
  startTime
  open
  high
  low
  close
  volume
  isClosed
}
    `, {"fragmentName":"CandleFields"}) as unknown as TypedDocumentString<CandleFieldsFragment, unknown>;
export const AccountFieldsFragmentDoc = new TypedDocumentString(`
    fragment AccountFields on User {
  id
  email
  solanaAddress
  isGuest
  hasPassword
}
    `, {"fragmentName":"AccountFields"}) as unknown as TypedDocumentString<AccountFieldsFragment, unknown>;
export const RefusalFragmentDoc = new TypedDocumentString(`
    fragment Refusal on UserError {
  code
  message
  path
}
    `, {"fragmentName":"Refusal"}) as unknown as TypedDocumentString<RefusalFragment, unknown>;
export const WalletFieldsFragmentDoc = new TypedDocumentString(`
    fragment WalletFields on Wallet {
  id
  userID
  currency
  balance
  locked
  address
}
    `, {"fragmentName":"WalletFields"}) as unknown as TypedDocumentString<WalletFieldsFragment, unknown>;
export const TicketFieldsFragmentDoc = new TypedDocumentString(`
    fragment TicketFields on QueueTicket {
  id
  gameID
  matchID
  status
  createdAt
  expiresAt
  estimatedWaitMs
  estimatedWaitErrorMs
}
    `, {"fragmentName":"TicketFields"}) as unknown as TypedDocumentString<TicketFieldsFragment, unknown>;
export const RoomFieldsFragmentDoc = new TypedDocumentString(`
    fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}
    `, {"fragmentName":"RoomFields"}) as unknown as TypedDocumentString<RoomFieldsFragment, unknown>;
export const PartyFieldsFragmentDoc = new TypedDocumentString(`
    fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}
    `, {"fragmentName":"PartyFields"}) as unknown as TypedDocumentString<PartyFieldsFragment, unknown>;
export const FriendFieldsFragmentDoc = new TypedDocumentString(`
    fragment FriendFields on Friendship {
  id
  userID
  status
  createdAt
  user {
    id
    nickName
    avatar
    level
  }
}
    `, {"fragmentName":"FriendFields"}) as unknown as TypedDocumentString<FriendFieldsFragment, unknown>;
export const NotificationFieldsFragmentDoc = new TypedDocumentString(`
    fragment NotificationFields on Notification {
  id
  kind
  title
  text
  subjectID
  createdAt
  readAt
}
    `, {"fragmentName":"NotificationFields"}) as unknown as TypedDocumentString<NotificationFieldsFragment, unknown>;
export const RequestCodeDocument = new TypedDocumentString(`
    mutation RequestCode($email: String!) {
  requestEmailVerificationCode(email: $email) {
    expiresIn
  }
}
    `, {"hash":"sha256:37b1fd35b337e6dbb70179915be05c8b5ab849b1a5144d11b3e7ffa4c19b6225"}) as unknown as TypedDocumentString<RequestCodeMutation, RequestCodeMutationVariables>;
export const LoginWithEmailDocument = new TypedDocumentString(`
    mutation LoginWithEmail($email: String!, $verificationCode: String!) {
  loginWithEmail(email: $email, verificationCode: $verificationCode) {
    accessToken
    refreshToken
    expiresIn
  }
}
    `, {"hash":"sha256:48a6dc4408e8f2fa2246ef0fc5ef47549a0eca5c370e7748c54cd1ba6f9bb9cc"}) as unknown as TypedDocumentString<LoginWithEmailMutation, LoginWithEmailMutationVariables>;
export const RefreshTokenDocument = new TypedDocumentString(`
    mutation RefreshToken($refreshToken: String!) {
  refreshToken(refreshToken: $refreshToken) {
    accessToken
    refreshToken
    expiresIn
  }
}
    `, {"hash":"sha256:3dc29f970a11aa25a1b01df84166753e63022b11b3e4b84cee861557a1fbc0f6"}) as unknown as TypedDocumentString<RefreshTokenMutation, RefreshTokenMutationVariables>;
export const ProfileDocument = new TypedDocumentString(`
    query Profile {
  profile {
    id
    createdAt
    updatedAt
    nickName
    avatar
    email
    level
    experience
    cups
  }
}
    `, {"hash":"sha256:e5167580ebcb4e16a4027d0c77d2b8e8f338853cc044b83df520f188aa1f0605"}) as unknown as TypedDocumentString<ProfileQuery, ProfileQueryVariables>;
export const UpdateProfileDocument = new TypedDocumentString(`
    mutation UpdateProfile($nickName: String, $avatar: String) {
  updateProfile(updateProfileInput: {nickName: $nickName, avatar: $avatar}) {
    id
    nickName
    avatar
  }
}
    `, {"hash":"sha256:aff9322332120fc5976ac84581095adc84a640d86cddc04b6d3040999a2f726d"}) as unknown as TypedDocumentString<UpdateProfileMutation, UpdateProfileMutationVariables>;
export const UserDocument = new TypedDocumentString(`
    query User($id: ID!) {
  user(id: $id) {
    id
    nickName
    avatar
    level
    cups
  }
}
    `, {"hash":"sha256:02a81727fbb9562930bfefe9d800c2fa71c01f1a293856500f6679f060930256"}) as unknown as TypedDocumentString<UserQuery, UserQueryVariables>;
export const UsersDocument = new TypedDocumentString(`
    query Users($first: Int) {
  users(first: $first) {
    totalCount
    edges {
      node {
        id
        nickName
        avatar
        level
        cups
      }
    }
  }
}
    `, {"hash":"sha256:49f71d27b03c48054e8a551ea3827c9d9e24a0d05ac7ebc448321a37b6729177"}) as unknown as TypedDocumentString<UsersQuery, UsersQueryVariables>;
export const GamesDocument = new TypedDocumentString(`
    query Games($first: Int, $after: String) {
  games(first: $first, after: $after) {
    totalCount
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
    edges {
      cursor
      node {
        ...GameFields
      }
    }
  }
}
    fragment GameFields on Game {
  id
  createdAt
  updatedAt
  title
  description
  cover
  currency
  isActive
  duration
  minPlayers
  maxPlayers
  maxPositions
  startVBalance
  entryFee
}`, {"hash":"sha256:91e3e3ea2c75853774936fb1bc72033de495b9a50a810b71913652adb55e15c3"}) as unknown as TypedDocumentString<GamesQuery, GamesQueryVariables>;
export const GameDocument = new TypedDocumentString(`
    query Game($id: ID!) {
  game(id: $id) {
    ...GameFields
  }
}
    fragment GameFields on Game {
  id
  createdAt
  updatedAt
  title
  description
  cover
  currency
  isActive
  duration
  minPlayers
  maxPlayers
  maxPositions
  startVBalance
  entryFee
}`, {"hash":"sha256:cb935d640075eff9996c958c39943c50eb380610056037f88089d5d90f527381"}) as unknown as TypedDocumentString<GameQuery, GameQueryVariables>;
export const AssetsDocument = new TypedDocumentString(`
    query Assets {
  assets(first: 100) {
    edges {
      node {
        ...AssetFields
      }
    }
  }
}
    fragment AssetFields on Asset {
  id
  symbol
  name
  iconUrl
  rank
  priceUSD
  supply
  maxSupply
  marketCapUSD
  volumeUSD24Hr
  changePercent24Hr
  vwap24Hr
}`, {"hash":"sha256:9139f4868d0f27613abafa47daa7ed3f29b36937d20bfedac7bc6973ff0f016a"}) as unknown as TypedDocumentString<AssetsQuery, AssetsQueryVariables>;
export const AssetDocument = new TypedDocumentString(`
    query Asset($id: ID!) {
  asset(id: $id) {
    ...AssetFields
  }
}
    fragment AssetFields on Asset {
  id
  symbol
  name
  iconUrl
  rank
  priceUSD
  supply
  maxSupply
  marketCapUSD
  volumeUSD24Hr
  changePercent24Hr
  vwap24Hr
}`, {"hash":"sha256:f3233146e591a2ab732a7e491f5d94908375f9d8af17bcaa40ae0192ab6cdda5"}) as unknown as TypedDocumentString<AssetQuery, AssetQueryVariables>;
export const WalletsDocument = new TypedDocumentString(`
    query Wallets {
  wallets {
    edges {
      node {
        id
        userID
        currency
        balance
        locked
        address
      }
    }
  }
}
    `, {"hash":"sha256:5905868debcd081ca0b6460ca71db871c32194d8ca480b1d50b53a419db68ebe"}) as unknown as TypedDocumentString<WalletsQuery, WalletsQueryVariables>;
export const WalletDocument = new TypedDocumentString(`
    query Wallet($id: ID!) {
  wallet(id: $id) {
    id
    userID
    currency
    balance
    locked
    address
  }
}
    `, {"hash":"sha256:1ee9c2a118e97bc6a5e11d1a73eb1fbffc60a8dde703ebdc1043ea9ef49bde99"}) as unknown as TypedDocumentString<WalletQuery, WalletQueryVariables>;
export const CreateWalletDocument = new TypedDocumentString(`
    mutation CreateWallet($currency: Currency!) {
  createWallet(createWalletInput: {currency: $currency}) {
    id
    currency
    balance
  }
}
    `, {"hash":"sha256:971c559dbb6f2bda672278f63042bac2210f5c24c0290879c937649c64f35311"}) as unknown as TypedDocumentString<CreateWalletMutation, CreateWalletMutationVariables>;
export const TransactionsDocument = new TypedDocumentString(`
    query Transactions($first: Int) {
  transactions(first: $first) {
    edges {
      node {
        id
        userID
        currency
        amount
        description
        ref
      }
    }
  }
}
    `, {"hash":"sha256:6bd99ffa2917de289508d9a3d40806b0a624014b6236be327ed65bbf1c1a3cfb"}) as unknown as TypedDocumentString<TransactionsQuery, TransactionsQueryVariables>;
export const TransactionDocument = new TypedDocumentString(`
    query Transaction($id: ID!) {
  transaction(id: $id) {
    id
    userID
    currency
    amount
    description
    ref
  }
}
    `, {"hash":"sha256:a46d6d4c1bba0c03fd4aee290a4a5cf908fda1b0bc0e3a059724aadb7b324e1f"}) as unknown as TypedDocumentString<TransactionQuery, TransactionQueryVariables>;
export const JoinGameDocument = new TypedDocumentString(`
    mutation JoinGame($id: ID!) {
  joinGame(id: $id)
}
    `, {"hash":"sha256:5c4bca20fbba6a2383adf535807169eea81aaa94912b8508a4378dda78a3f927"}) as unknown as TypedDocumentString<JoinGameMutation, JoinGameMutationVariables>;
export const GameMatchesDocument = new TypedDocumentString(`
    query GameMatches($first: Int) {
  gameMatches(first: $first) {
    edges {
      node {
        ...MatchFields
      }
    }
  }
}
    fragment MatchFields on GameMatch {
  id
  gameID
  game {
    title
  }
  status
  startTime
  endTime
  winnerID
  winner {
    nickName
  }
}`, {"hash":"sha256:bb9e221dbe14fa86b205b3249c6fec6a4bac93c38d61eab91a7bf82cf1d23faa"}) as unknown as TypedDocumentString<GameMatchesQuery, GameMatchesQueryVariables>;
export const GameMatchDocument = new TypedDocumentString(`
    query GameMatch($id: ID!) {
  gameMatch(id: $id) {
    ...MatchFields
    participants(first: 100) {
      edges {
        node {
          id
          user {
            id
            nickName
            avatar
          }
        }
      }
    }
    positions(first: 100) {
      edges {
        node {
          ...PositionFields
        }
      }
    }
  }
}
    fragment MatchFields on GameMatch {
  id
  gameID
  game {
    title
  }
  status
  startTime
  endTime
  winnerID
  winner {
    nickName
  }
}
fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}`, {"hash":"sha256:80fa7ab077aaff45ea8bee9591e7337783f552d284b03fb8366a167077451391"}) as unknown as TypedDocumentString<GameMatchQuery, GameMatchQueryVariables>;
export const CreatePositionDocument = new TypedDocumentString(`
    mutation CreatePosition($matchID: ID!, $baseToken: String!, $side: GameMatchPositionSide!, $type: GameMatchPositionType!, $margin: Decimal!, $leverage: Int!, $limitPrice: Decimal, $stopLoss: Decimal, $targetPoint: Decimal) {
  createGameMatchPosition(
    createGameInput: {matchID: $matchID, baseToken: $baseToken, side: $side, type: $type, margin: $margin, leverage: $leverage, limitPrice: $limitPrice, stopLoss: $stopLoss, targetPoint: $targetPoint}
  ) {
    ...PositionFields
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}`, {"hash":"sha256:e3cbfc32a00f3c3493b2b407b96ac090d2fc614f9748bf8a22594b04b6a2790b"}) as unknown as TypedDocumentString<CreatePositionMutation, CreatePositionMutationVariables>;
export const CancelPositionDocument = new TypedDocumentString(`
    mutation CancelPosition($id: ID!) {
  cancelGameMatchPosition(id: $id)
}
    `, {"hash":"sha256:1e91d3fa58eaaaa76b7108c355e359eedde78e1ad0d6c1119eeed88a7c3923f1"}) as unknown as TypedDocumentString<CancelPositionMutation, CancelPositionMutationVariables>;
export const PositionsDocument = new TypedDocumentString(`
    query Positions($first: Int) {
  gameMatchPositions(first: $first) {
    edges {
      node {
        ...PositionFields
      }
    }
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}`, {"hash":"sha256:32c914e7a646f70a90491f951bb9d8df51107c59c63f349dbaab210a5223b511"}) as unknown as TypedDocumentString<PositionsQuery, PositionsQueryVariables>;
export const PositionDocument = new TypedDocumentString(`
    query Position($id: ID!) {
  gameMatchPosition(id: $id) {
    ...PositionFields
    match {
      id
      status
    }
    participant {
      id
    }
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}`, {"hash":"sha256:e47217d433f0819f013ffb5b383f843eabae2265d4f63b13c16e8134630f21e9"}) as unknown as TypedDocumentString<PositionQuery, PositionQueryVariables>;
export const AchievementDefinitionsDocument = new TypedDocumentString(`
    query AchievementDefinitions {
  achievementDefinitions {
    edges {
      node {
        id
        title
        description
        isActive
      }
    }
  }
}
    `, {"hash":"sha256:12acb0117afb1ad9e40a6b9b941e742c80681219c056d9733e82c41acf0682ff"}) as unknown as TypedDocumentString<AchievementDefinitionsQuery, AchievementDefinitionsQueryVariables>;
export const AchievementDefinitionDocument = new TypedDocumentString(`
    query AchievementDefinition($id: ID!) {
  achievementDefinition(id: $id) {
    id
    title
    description
    isActive
  }
}
    `, {"hash":"sha256:0f6a215bdf6fc4c14762d7bd0937f1c7527caff92f51be105268c7493744617d"}) as unknown as TypedDocumentString<AchievementDefinitionQuery, AchievementDefinitionQueryVariables>;
export const NodeDocument = new TypedDocumentString(`
    query Node($id: ID!, $ids: [ID!]!) {
  node(id: $id) {
    id
  }
  nodes(ids: $ids) {
    id
  }
}
    `, {"hash":"sha256:59dfdabdb1f6d34f69260fad189ca490025645bf18dd78d5887b5bd6b57e0520"}) as unknown as TypedDocumentString<NodeQuery, NodeQueryVariables>;
export const AssetUpdatedDocument = new TypedDocumentString(`
    subscription AssetUpdated($id: ID!) {
  assetUpdated(id: $id) {
    id
    priceUSD
  }
}
    `, {"hash":"sha256:eb0f337e2728b258a0ac393b6e4b4a0d7be84f118dcd2de2c9de2e3ef4763cae"}) as unknown as TypedDocumentString<AssetUpdatedSubscription, AssetUpdatedSubscriptionVariables>;
export const AssetsUpdatedDocument = new TypedDocumentString(`
    subscription AssetsUpdated {
  assetsUpdated {
    id
    priceUSD
  }
}
    `, {"hash":"sha256:a00eccb9f2e074e6636cf1329f1d85a77e3afaefa1eba07f1bcc91b0e465554b"}) as unknown as TypedDocumentString<AssetsUpdatedSubscription, AssetsUpdatedSubscriptionVariables>;
export const CurrentTimeDocument = new TypedDocumentString(`
    subscription CurrentTime {
  currentTime
}
    `, {"hash":"sha256:e62da4ad70da7abecad2d292eeca73e28e74d671bdb59497730d000484c8a2bc"}) as unknown as TypedDocumentString<CurrentTimeSubscription, CurrentTimeSubscriptionVariables>;
export const NotificationCreatedDocument = new TypedDocumentString(`
    subscription NotificationCreated {
  notificationCreated {
    id
  }
}
    `, {"hash":"sha256:be95bfca4002835fc9eabde9b7e01edb536e29210982d5fc37a4a2609fa05593"}) as unknown as TypedDocumentString<NotificationCreatedSubscription, NotificationCreatedSubscriptionVariables>;
export const ClaimPlayMoneyDocument = new TypedDocumentString(`
    mutation ClaimPlayMoney($currency: Currency!, $requestId: UUID) {
  claimPlayMoney(currency: $currency, requestId: $requestId) {
    wallet {
      ...WalletFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment WalletFields on Wallet {
  id
  userID
  currency
  balance
  locked
  address
}`, {"hash":"sha256:b57e20ee1c173ff1e54e84efc11102249f1bffa7fe2cf1991378d6a8626aa015"}) as unknown as TypedDocumentString<ClaimPlayMoneyMutation, ClaimPlayMoneyMutationVariables>;
export const ClaimItemsDocument = new TypedDocumentString(`
    mutation ClaimItems($kind: ItemKind!, $uses: Int!, $requestId: UUID) {
  claimItems(kind: $kind, uses: $uses, requestId: $requestId) {
    items {
      kind
      uses
      expiresAt
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:d36dfbf5d5ef81214bb9f5906cf254e08aacee24c2a483a624250836ec2490d3"}) as unknown as TypedDocumentString<ClaimItemsMutation, ClaimItemsMutationVariables>;
export const ItemsDocument = new TypedDocumentString(`
    query Items {
  profile {
    id
    items {
      kind
      uses
      expiresAt
    }
  }
}
    `, {"hash":"sha256:87e0a8546345f41c3b343eec5912eedc9c43f6ce571c330c2d9c545c1ed64ed2"}) as unknown as TypedDocumentString<ItemsQuery, ItemsQueryVariables>;
export const WalletMovementsDocument = new TypedDocumentString(`
    query WalletMovements($first: Int, $after: String, $walletID: ID) {
  transactions(first: $first, after: $after, filterBy: {walletID: $walletID}) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        id
        createdAt
        currency
        amount
        balanceAfter
        description
        ref
      }
    }
  }
}
    `, {"hash":"sha256:ae76a340e6c75d290753b5e0b4de1e53c50e369fd8df2c46fef93b866e91beee"}) as unknown as TypedDocumentString<WalletMovementsQuery, WalletMovementsQueryVariables>;
export const DepositsDocument = new TypedDocumentString(`
    query Deposits($first: Int, $after: String) {
  deposits(first: $first, after: $after) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        id
        createdAt
        currency
        amount
        balanceAfter
        signature
      }
    }
  }
}
    `, {"hash":"sha256:30e8dce04a980424c57f6e93b341b9b22ab1ea3d92cb8ed14d1fd500d5520414"}) as unknown as TypedDocumentString<DepositsQuery, DepositsQueryVariables>;
export const WithdrawDocument = new TypedDocumentString(`
    mutation Withdraw($withdrawal: WithdrawInput!, $requestId: UUID) {
  withdraw(input: $withdrawal, requestId: $requestId) {
    withdrawal {
      ...WithdrawalFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment WithdrawalFields on Withdrawal {
  id
  createdAt
  updatedAt
  currency
  amount
  address
  fee
  status
  reason
  signature
}
fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:09a05e6d4dc4b899821704f5bbe5b119a67677bd375def954d43c6529afbe26b"}) as unknown as TypedDocumentString<WithdrawMutation, WithdrawMutationVariables>;
export const WithdrawalsDocument = new TypedDocumentString(`
    query Withdrawals($first: Int, $after: String) {
  withdrawals(first: $first, after: $after) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        ...WithdrawalFields
      }
    }
  }
}
    fragment WithdrawalFields on Withdrawal {
  id
  createdAt
  updatedAt
  currency
  amount
  address
  fee
  status
  reason
  signature
}`, {"hash":"sha256:143ece004673e8929fec6678ab9d4417844bde2b40017181596affe141dce25e"}) as unknown as TypedDocumentString<WithdrawalsQuery, WithdrawalsQueryVariables>;
export const JoinDocument = new TypedDocumentString(`
    mutation Join($gameID: ID!, $requestId: UUID) {
  joinGame(id: $gameID, requestId: $requestId)
}
    `, {"hash":"sha256:dc222cbe9a4adaabc99bd90891c41be68de27fbd4b4040cadbab2e7957e77728"}) as unknown as TypedDocumentString<JoinMutation, JoinMutationVariables>;
export const LeaveQueueDocument = new TypedDocumentString(`
    mutation LeaveQueue($gameID: ID!, $requestId: UUID) {
  leaveQueue(gameId: $gameID, requestId: $requestId) {
    left
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:93d5cbcdfb2e86587ad5fd56a99fb99811ef67789bafa642bcda67db40385c70"}) as unknown as TypedDocumentString<LeaveQueueMutation, LeaveQueueMutationVariables>;
export const QueueTicketsDocument = new TypedDocumentString(`
    query QueueTickets($first: Int, $gameID: ID) {
  queueTickets(first: $first, filterBy: {gameID: $gameID}) {
    edges {
      node {
        ...TicketFields
      }
    }
  }
}
    fragment TicketFields on QueueTicket {
  id
  gameID
  matchID
  status
  createdAt
  expiresAt
  estimatedWaitMs
  estimatedWaitErrorMs
}`, {"hash":"sha256:939f08c6aba98d8d5c256a9bd481705f8ea17940360322ccb2e78ad6262e9060"}) as unknown as TypedDocumentString<QueueTicketsQuery, QueueTicketsQueryVariables>;
export const CreateMatchDocument = new TypedDocumentString(`
    mutation CreateMatch($gameID: ID!, $private: Boolean!, $requestId: UUID) {
  createMatch(gameId: $gameID, private: $private, requestId: $requestId) {
    match {
      ...RoomFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:5a848c0786b8d83deb751106733cf84d43b973dafcbc8e6d361ee5e036ed18eb"}) as unknown as TypedDocumentString<CreateMatchMutation, CreateMatchMutationVariables>;
export const JoinMatchDocument = new TypedDocumentString(`
    mutation JoinMatch($matchID: ID!, $inviteCode: String, $requestId: UUID) {
  joinMatch(id: $matchID, inviteCode: $inviteCode, requestId: $requestId) {
    match {
      ...RoomFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:96896be23536e906910780a70bb3a32596bee948e0fc1a70a469cb40a2097f48"}) as unknown as TypedDocumentString<JoinMatchMutation, JoinMatchMutationVariables>;
export const LeaveMatchDocument = new TypedDocumentString(`
    mutation LeaveMatch($matchID: ID!, $requestId: UUID) {
  leaveMatch(id: $matchID, requestId: $requestId) {
    match {
      ...RoomFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:c4e8c256f1ee67a2cf71fef9bd4972eecb6d05c151d03a20e31b415f07527b86"}) as unknown as TypedDocumentString<LeaveMatchMutation, LeaveMatchMutationVariables>;
export const KickFromMatchDocument = new TypedDocumentString(`
    mutation KickFromMatch($matchID: ID!, $userID: ID!, $requestId: UUID) {
  kickFromMatch(id: $matchID, userID: $userID, requestId: $requestId) {
    match {
      ...RoomFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:6d94236378b7ca38b9968c92f789771f67ae96026dac0f982c2de2264a0ca24d"}) as unknown as TypedDocumentString<KickFromMatchMutation, KickFromMatchMutationVariables>;
export const StartMatchDocument = new TypedDocumentString(`
    mutation StartMatch($matchID: ID!, $requestId: UUID) {
  startMatch(id: $matchID, requestId: $requestId) {
    match {
      ...RoomFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:a038be79e5a585baf0d93c0b7118fef6394cabbbe99c04e58389e2c60df2a2f5"}) as unknown as TypedDocumentString<StartMatchMutation, StartMatchMutationVariables>;
export const RoomsDocument = new TypedDocumentString(`
    query Rooms($first: Int, $gameID: ID) {
  gameMatches(first: $first, filterBy: {gameID: $gameID, status: WAITING}) {
    edges {
      node {
        ...RoomFields
      }
    }
  }
}
    fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:a00b4d2a2f0174d15db88d236c5e4020415f2157c1ef3c1d80b90ce6b2bb50ef"}) as unknown as TypedDocumentString<RoomsQuery, RoomsQueryVariables>;
export const MatchResultDocument = new TypedDocumentString(`
    query MatchResult($matchID: ID!) {
  gameMatch(id: $matchID) {
    id
    gameID
    status
    ranked
    revision
    startTime
    endTime
    winnerID
    record {
      sha256
      size
      url
    }
    participants(first: 100) {
      edges {
        node {
          id
          isWinner
          isVoid
          rank
          equity
          prize
          cups
          experience
          fills
          user {
            id
            nickName
            avatar
            level
          }
        }
      }
    }
  }
}
    `, {"hash":"sha256:f436a1061151b9d2a7e55d29ef30210f753523eab5630acfcfacfba7771e1fc8"}) as unknown as TypedDocumentString<MatchResultQuery, MatchResultQueryVariables>;
export const OrderDocument = new TypedDocumentString(`
    mutation Order($order: CreateGameMatchPositionInput!, $requestId: UUID) {
  createGameMatchPosition(createGameInput: $order, requestId: $requestId) {
    ...PositionFields
    code
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}`, {"hash":"sha256:8841cf3347cccb58e78458f5325dc072a6e80b98dd17bb010d385f48ecc659ee"}) as unknown as TypedDocumentString<OrderMutation, OrderMutationVariables>;
export const ClosePositionDocument = new TypedDocumentString(`
    mutation ClosePosition($positionID: ID!, $requestId: UUID) {
  closeGameMatchPosition(id: $positionID, requestId: $requestId) {
    position {
      ...PositionFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}
fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:90a82ea248b28a72ee4fe71b6a46120c05e44a0cafb72b608c34891ea7b7be25"}) as unknown as TypedDocumentString<ClosePositionMutation, ClosePositionMutationVariables>;
export const AmendPositionDocument = new TypedDocumentString(`
    mutation AmendPosition($positionID: ID!, $stopLoss: Decimal, $targetPoint: Decimal, $requestId: UUID) {
  amendGameMatchPosition(
    id: $positionID
    stopLoss: $stopLoss
    targetPoint: $targetPoint
    requestId: $requestId
  ) {
    position {
      ...PositionFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}
fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:be60a599296ff261b53cc5d82312a3fa89e72fec2efcbfe7426c6e6b702c799d"}) as unknown as TypedDocumentString<AmendPositionMutation, AmendPositionMutationVariables>;
export const MatchPositionsDocument = new TypedDocumentString(`
    query MatchPositions($matchID: ID!, $first: Int, $after: String, $status: GameMatchPositionStatus) {
  gameMatchPositions(
    first: $first
    after: $after
    filterBy: {matchID: $matchID, status: $status}
  ) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        ...PositionFields
        code
        endCause
      }
    }
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}`, {"hash":"sha256:28d80727cc28bd300ab96e7ebbedde9a85e3bae58dc3dd6622a140fdae8e283c"}) as unknown as TypedDocumentString<MatchPositionsQuery, MatchPositionsQueryVariables>;
export const AchievementsDocument = new TypedDocumentString(`
    query Achievements($userID: ID, $first: Int) {
  achievements(first: $first, filterBy: {userID: $userID}) {
    edges {
      node {
        id
        createdAt
        definition {
          id
          title
          description
          experience
        }
      }
    }
  }
}
    `, {"hash":"sha256:c1e82880b891204f87759384fa348bd8ee78a2dfa9b23b9a0583c27dcc13ec2b"}) as unknown as TypedDocumentString<AchievementsQuery, AchievementsQueryVariables>;
export const LeaderboardDocument = new TypedDocumentString(`
    query Leaderboard($scope: LeaderboardScope! = EVERYBODY, $season: ID, $first: Int, $after: String) {
  leaderboard(scope: $scope, season: $season, first: $first, after: $after) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      rank
      cups
      node {
        id
        nickName
        avatar
        level
      }
    }
  }
}
    `, {"hash":"sha256:de90d8212fc49c3e550168f3e0b77d01fce573910f362968a32d155853863eee"}) as unknown as TypedDocumentString<LeaderboardQuery, LeaderboardQueryVariables>;
export const SeasonsDocument = new TypedDocumentString(`
    query Seasons($first: Int, $after: String) {
  seasons(first: $first, after: $after) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        id
        startTime
        endTime
      }
    }
  }
}
    `, {"hash":"sha256:2dc2093d930c5bedf046b1f5bb9c52b7eaff28d4e04af8661e79f523e18875f5"}) as unknown as TypedDocumentString<SeasonsQuery, SeasonsQueryVariables>;
export const InboxDocument = new TypedDocumentString(`
    query Inbox($first: Int, $after: String, $unread: Boolean) {
  unreadNotificationCount
  notifications(first: $first, after: $after, filterBy: {unread: $unread}) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        ...NotificationFields
      }
    }
  }
}
    fragment NotificationFields on Notification {
  id
  kind
  title
  text
  subjectID
  createdAt
  readAt
}`, {"hash":"sha256:d55e6af423776d05f706716c83b215e171d20d715428f3306211ae350da328dd"}) as unknown as TypedDocumentString<InboxQuery, InboxQueryVariables>;
export const MarkReadDocument = new TypedDocumentString(`
    mutation MarkRead($ids: [ID!]!) {
  markNotificationsRead(ids: $ids) {
    unreadNotificationCount
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:2be939b58151725c673bfa219ed6e08e5076df76fa42d48de08eff86303d1035"}) as unknown as TypedDocumentString<MarkReadMutation, MarkReadMutationVariables>;
export const MarkAllReadDocument = new TypedDocumentString(`
    mutation MarkAllRead {
  markAllNotificationsRead {
    unreadNotificationCount
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:d4b88cb06d0e1f6f4bfc5514f050444752498a3535ffe4fcdeb787748e565394"}) as unknown as TypedDocumentString<MarkAllReadMutation, MarkAllReadMutationVariables>;
export const MutedMailsDocument = new TypedDocumentString(`
    query MutedMails {
  mutedMails
}
    `, {"hash":"sha256:bad529083965a726a8fbccae6833f5fe7a46e9118069e6f1b2c6cf5d460b35df"}) as unknown as TypedDocumentString<MutedMailsQuery, MutedMailsQueryVariables>;
export const MuteMailsDocument = new TypedDocumentString(`
    mutation MuteMails($kinds: [NotificationKind!]!) {
  muteMails(kinds: $kinds) {
    mutedMails
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:fd53636e02bb639959d058c6fcefe55acabc589ccc2c118dd44c3dc7d2b16e08"}) as unknown as TypedDocumentString<MuteMailsMutation, MuteMailsMutationVariables>;
export const LoginWithPasswordDocument = new TypedDocumentString(`
    mutation LoginWithPassword($email: String!, $password: String!) {
  loginWithPassword(email: $email, password: $password) {
    accessToken
    refreshToken
    expiresIn
  }
}
    `, {"hash":"sha256:4b23aad264eb1b8d212269c14ee936ffb3c83123ae448793fd16ff90ebb671ce"}) as unknown as TypedDocumentString<LoginWithPasswordMutation, LoginWithPasswordMutationVariables>;
export const LoginAsGuestDocument = new TypedDocumentString(`
    mutation LoginAsGuest {
  loginAsGuest {
    accessToken
    refreshToken
    expiresIn
  }
}
    `, {"hash":"sha256:32f1cc55fbfc50a234c36db46821803b0c10f49d771d914e3eb30127a71e2268"}) as unknown as TypedDocumentString<LoginAsGuestMutation, LoginAsGuestMutationVariables>;
export const RequestSolanaChallengeDocument = new TypedDocumentString(`
    mutation RequestSolanaChallenge($address: String!, $purpose: SolanaChallengePurpose!) {
  requestSolanaChallenge(address: $address, purpose: $purpose) {
    message
    expiresIn
  }
}
    `, {"hash":"sha256:d6f78328ba0efa03b320e7de2a9e6b5a1c0d466b696d5511db8695e7efd8ab93"}) as unknown as TypedDocumentString<RequestSolanaChallengeMutation, RequestSolanaChallengeMutationVariables>;
export const LoginWithSolanaDocument = new TypedDocumentString(`
    mutation LoginWithSolana($address: String!, $message: String!, $signature: String!) {
  loginWithSolana(address: $address, message: $message, signature: $signature) {
    accessToken
    refreshToken
    expiresIn
  }
}
    `, {"hash":"sha256:3acad7ae486f8574125101949b763a22ba64b4bee4a2e032b5d45316eef3940d"}) as unknown as TypedDocumentString<LoginWithSolanaMutation, LoginWithSolanaMutationVariables>;
export const LinkEmailDocument = new TypedDocumentString(`
    mutation LinkEmail($email: String!, $verificationCode: String!) {
  linkEmail(email: $email, verificationCode: $verificationCode) {
    user {
      ...AccountFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment AccountFields on User {
  id
  email
  solanaAddress
  isGuest
  hasPassword
}
fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:955c94752a6b9ea443b8aae44f6dbffc79c8d76151c9a1b8024c9708b680a3ae"}) as unknown as TypedDocumentString<LinkEmailMutation, LinkEmailMutationVariables>;
export const LinkSolanaDocument = new TypedDocumentString(`
    mutation LinkSolana($address: String!, $message: String!, $signature: String!) {
  linkSolana(address: $address, message: $message, signature: $signature) {
    user {
      ...AccountFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment AccountFields on User {
  id
  email
  solanaAddress
  isGuest
  hasPassword
}
fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:d85d2d5b20aa15c6101f79b5dd19f5c9b96daa0d3f7e609ef942ecf20841e5c3"}) as unknown as TypedDocumentString<LinkSolanaMutation, LinkSolanaMutationVariables>;
export const SetPasswordDocument = new TypedDocumentString(`
    mutation SetPassword($newPassword: String!, $verificationCode: String!) {
  setPassword(newPassword: $newPassword, verificationCode: $verificationCode) {
    revoked
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:6297b3ae3539c63c37f00fa808226e762378f7ad8797064c34fb6f5136188181"}) as unknown as TypedDocumentString<SetPasswordMutation, SetPasswordMutationVariables>;
export const ChangePasswordDocument = new TypedDocumentString(`
    mutation ChangePassword($newPassword: String!, $currentPassword: String!) {
  setPassword(newPassword: $newPassword, currentPassword: $currentPassword) {
    revoked
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:509b41111d325a19f2813cb62f2a9a83ab8ad3ba6dbc80058652cba1b8812fa0"}) as unknown as TypedDocumentString<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const SessionsDocument = new TypedDocumentString(`
    query Sessions($first: Int) {
  sessions(first: $first) {
    edges {
      node {
        id
        userAgent
        createdAt
        lastUsedAt
        expiresAt
        current
      }
    }
  }
}
    `, {"hash":"sha256:3ce45c739a4e67ed0f18e4938a9f38cb8c9441b2722096c4600df6fa6ba62818"}) as unknown as TypedDocumentString<SessionsQuery, SessionsQueryVariables>;
export const FriendsDocument = new TypedDocumentString(`
    query Friends($standing: FriendshipStatus, $first: Int, $after: String) {
  friendships(filterBy: {status: $standing}, first: $first, after: $after) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        ...FriendFields
      }
    }
  }
}
    fragment FriendFields on Friendship {
  id
  userID
  status
  createdAt
  user {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:2679b4c1efe9566bfd2ed64c3db529238e0695714a6795971a80eea5b8b622e1"}) as unknown as TypedDocumentString<FriendsQuery, FriendsQueryVariables>;
export const RequestFriendDocument = new TypedDocumentString(`
    mutation RequestFriend($userID: ID!) {
  requestFriend(userID: $userID) {
    friendship {
      ...FriendFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment FriendFields on Friendship {
  id
  userID
  status
  createdAt
  user {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:287ce569cfcf339f08526581af29f54579bc9ef453a48ecfc04a1b62137ddfdc"}) as unknown as TypedDocumentString<RequestFriendMutation, RequestFriendMutationVariables>;
export const AcceptFriendDocument = new TypedDocumentString(`
    mutation AcceptFriend($userID: ID!) {
  acceptFriend(userID: $userID) {
    friendship {
      ...FriendFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment FriendFields on Friendship {
  id
  userID
  status
  createdAt
  user {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:2718d66031b76f2fb119badbcb17b48ea9c0c5a16ed23b37e634a01eeb24aa80"}) as unknown as TypedDocumentString<AcceptFriendMutation, AcceptFriendMutationVariables>;
export const RemoveFriendDocument = new TypedDocumentString(`
    mutation RemoveFriend($userID: ID!) {
  removeFriend(userID: $userID) {
    friendship {
      ...FriendFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment FriendFields on Friendship {
  id
  userID
  status
  createdAt
  user {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:e4ec8be78416338b3c80df089d9a7bcdbf38d2f39452c2351f4893913cc5e901"}) as unknown as TypedDocumentString<RemoveFriendMutation, RemoveFriendMutationVariables>;
export const BlockUserDocument = new TypedDocumentString(`
    mutation BlockUser($userID: ID!) {
  blockUser(userID: $userID) {
    friendship {
      ...FriendFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment FriendFields on Friendship {
  id
  userID
  status
  createdAt
  user {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:cea2d160d7d900dd913fc5cfb5e2bfb63835f3b848754ee5ef3c524bf86447f3"}) as unknown as TypedDocumentString<BlockUserMutation, BlockUserMutationVariables>;
export const UnblockUserDocument = new TypedDocumentString(`
    mutation UnblockUser($userID: ID!) {
  unblockUser(userID: $userID) {
    friendship {
      ...FriendFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment FriendFields on Friendship {
  id
  userID
  status
  createdAt
  user {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:6253e7c6edb34d1ae12512dc7a8bcdc92ab75b1963da237063947537549cc849"}) as unknown as TypedDocumentString<UnblockUserMutation, UnblockUserMutationVariables>;
export const PartiesDocument = new TypedDocumentString(`
    query Parties {
  parties {
    edges {
      node {
        ...PartyFields
      }
    }
  }
}
    fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}`, {"hash":"sha256:6dc6aac5adf0b8e349997b400da18a706e8fc2eed2e6f682af7d83d2f259d267"}) as unknown as TypedDocumentString<PartiesQuery, PartiesQueryVariables>;
export const InviteToPartyDocument = new TypedDocumentString(`
    mutation InviteToParty($userID: ID!, $requestId: UUID) {
  inviteToParty(userID: $userID, requestId: $requestId) {
    party {
      ...PartyFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}`, {"hash":"sha256:37d780534ddbeebcb1eadc68581d1b5f7a3e873cfe0404e2bfe3f2f7199e24bc"}) as unknown as TypedDocumentString<InviteToPartyMutation, InviteToPartyMutationVariables>;
export const RemoveFromPartyDocument = new TypedDocumentString(`
    mutation RemoveFromParty($userID: ID!, $requestId: UUID) {
  removeFromParty(userID: $userID, requestId: $requestId) {
    party {
      ...PartyFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}`, {"hash":"sha256:f29a9f0ebc2841e18f4cbc4d7b01bc0f8d6a1ed41c06028ec3f7086a9ebcce4e"}) as unknown as TypedDocumentString<RemoveFromPartyMutation, RemoveFromPartyMutationVariables>;
export const JoinPartyDocument = new TypedDocumentString(`
    mutation JoinParty($partyID: ID!, $requestId: UUID) {
  joinParty(id: $partyID, requestId: $requestId) {
    party {
      ...PartyFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}`, {"hash":"sha256:aa80a72fcdcceb9c267a77bdceb22f89d655f64c90721f1254ef68433d32ed9f"}) as unknown as TypedDocumentString<JoinPartyMutation, JoinPartyMutationVariables>;
export const LeavePartyDocument = new TypedDocumentString(`
    mutation LeaveParty($partyID: ID!, $requestId: UUID) {
  leaveParty(id: $partyID, requestId: $requestId) {
    party {
      ...PartyFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}`, {"hash":"sha256:6c0446774faa32b1201a52662e6f2f7414dc8980e26db8306f3fe1789b37716d"}) as unknown as TypedDocumentString<LeavePartyMutation, LeavePartyMutationVariables>;
export const QueuePartyDocument = new TypedDocumentString(`
    mutation QueueParty($gameID: ID!, $requestId: UUID) {
  queueParty(gameId: $gameID, requestId: $requestId) {
    queued
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:3dbf0cdcb1a8c123102a431d1e8dd7438fe979d422aff5da5c8fb9a24d7e6126"}) as unknown as TypedDocumentString<QueuePartyMutation, QueuePartyMutationVariables>;
export const ReadyForMatchDocument = new TypedDocumentString(`
    mutation ReadyForMatch($matchID: ID, $inviteCode: String, $requestId: UUID) {
  readyForMatch(id: $matchID, inviteCode: $inviteCode, requestId: $requestId) {
    party {
      ...PartyFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}`, {"hash":"sha256:7ef1c407b486fd3c57cbd5c022d8535d7e7e69a3d11d87f8fab85ad4c7775d89"}) as unknown as TypedDocumentString<ReadyForMatchMutation, ReadyForMatchMutationVariables>;
export const JoinRoomAsPartyDocument = new TypedDocumentString(`
    mutation JoinRoomAsParty($matchID: ID!, $inviteCode: String, $requestId: UUID) {
  joinMatch(
    id: $matchID
    inviteCode: $inviteCode
    asParty: true
    requestId: $requestId
  ) {
    match {
      ...RoomFields
    }
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}
fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:4ca73edc5da95fa2ab8432de4bae3cd61d5a697ee0ec011bd13403d29cab4ff3"}) as unknown as TypedDocumentString<JoinRoomAsPartyMutation, JoinRoomAsPartyMutationVariables>;
export const RevokeSessionDocument = new TypedDocumentString(`
    mutation RevokeSession($sessionID: ID!) {
  revokeSession(id: $sessionID) {
    revoked
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:0c63ecc44e2d2274107d3feb8729e5e5a702e47b2a8ad9c93aaa50d4dadc32a3"}) as unknown as TypedDocumentString<RevokeSessionMutation, RevokeSessionMutationVariables>;
export const SignOutDocument = new TypedDocumentString(`
    mutation SignOut {
  revokeAllSessions {
    revoked
    userErrors {
      ...Refusal
    }
  }
}
    fragment Refusal on UserError {
  code
  message
  path
}`, {"hash":"sha256:765a5a1ddbb7f23ba6a20b7a94c902068ab4463cdf2bf09d739b3c7aacf480ef"}) as unknown as TypedDocumentString<SignOutMutation, SignOutMutationVariables>;
export const MatchLiveDocument = new TypedDocumentString(`
    subscription MatchLive($matchID: ID!) {
  gameMatchUpdated(id: $matchID) {
    matchID
    time
    players {
      userID
      rank
      equity
      openPositions
      user {
        id
        nickName
        avatar
      }
    }
  }
}
    `, {"hash":"sha256:2fba3fe3397182e917a5b5c02fd41fb3a2820276c8617087f8c73e82c8453710"}) as unknown as TypedDocumentString<MatchLiveSubscription, MatchLiveSubscriptionVariables>;
export const PositionLiveDocument = new TypedDocumentString(`
    subscription PositionLive($matchID: ID!) {
  gameMatchPositionUpdated(matchID: $matchID) {
    ...PositionFields
    code
    endCause
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}`, {"hash":"sha256:853f0781fef9705f2df6b884980cec534f899cb13e7aa1dc3d5979c2fc2d3c25"}) as unknown as TypedDocumentString<PositionLiveSubscription, PositionLiveSubscriptionVariables>;
export const RoomLiveDocument = new TypedDocumentString(`
    subscription RoomLive($matchID: ID!) {
  gameMatchRoomUpdated(id: $matchID) {
    ...RoomFields
  }
}
    fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:d1d0f4802e9b22c45840dfe274d62e0322726a61804fe522abf78f812de00a28"}) as unknown as TypedDocumentString<RoomLiveSubscription, RoomLiveSubscriptionVariables>;
export const PartyLiveDocument = new TypedDocumentString(`
    subscription PartyLive($partyID: ID!) {
  partyUpdated(id: $partyID) {
    ...PartyFields
  }
}
    fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}`, {"hash":"sha256:1fe8552cdf1ceb414500e3eca55de9ce0a3b1c262a8d8bbc01fc26f31a732f32"}) as unknown as TypedDocumentString<PartyLiveSubscription, PartyLiveSubscriptionVariables>;
export const TicketLiveDocument = new TypedDocumentString(`
    subscription TicketLive {
  queueTicketUpdated {
    ...TicketFields
  }
}
    fragment TicketFields on QueueTicket {
  id
  gameID
  matchID
  status
  createdAt
  expiresAt
  estimatedWaitMs
  estimatedWaitErrorMs
}`, {"hash":"sha256:3b38bdb54a7b20774b655e20203908e5532df4a1e9b85ad8289e4b5b17f6565a"}) as unknown as TypedDocumentString<TicketLiveSubscription, TicketLiveSubscriptionVariables>;
export const WalletLiveDocument = new TypedDocumentString(`
    subscription WalletLive {
  walletUpdated {
    ...WalletFields
  }
}
    fragment WalletFields on Wallet {
  id
  userID
  currency
  balance
  locked
  address
}`, {"hash":"sha256:0c50202b2205ce95621d35840e72c75f212d97c90e032a1a9c24277e2d26670f"}) as unknown as TypedDocumentString<WalletLiveSubscription, WalletLiveSubscriptionVariables>;
export const InboxLiveDocument = new TypedDocumentString(`
    subscription InboxLive {
  notificationCreated {
    ...NotificationFields
  }
}
    fragment NotificationFields on Notification {
  id
  kind
  title
  text
  subjectID
  createdAt
  readAt
}`, {"hash":"sha256:2e14820fd576de388c891a8d3d48739d9469d3374acae9c757fcf08a1dc54a78"}) as unknown as TypedDocumentString<InboxLiveSubscription, InboxLiveSubscriptionVariables>;
export const PositionEventsDocument = new TypedDocumentString(`
    subscription PositionEvents($matchID: ID!, $after: Cursor) {
  gameMatchPositionEvents(matchID: $matchID, after: $after) {
    __typename
    ... on GameMatchPositionChanged {
      id
      cursor
      change
      position {
        ...PositionFields
        code
        endCause
      }
    }
    ... on Resumed {
      cursor
    }
    ... on Gap {
      cursor
    }
    ... on Lagged {
      cursor
    }
  }
}
    fragment PositionFields on GameMatchPosition {
  id
  createdAt
  updatedAt
  gameMatchID
  gameMatchParticipantID
  baseToken
  quoteToken
  side
  type
  status
  margin
  leverage
  size
  entryPrice
  limitPrice
  closePrice
  stopLoss
  targetPoint
  liquidationPrice
  profit
  openedAt
  closedAt
  expiredAt
}`, {"hash":"sha256:b3148e4c6d7c3ac7bc780ccf12723daf70ce87ee10d1af0fd8afa0e75e02f0a2"}) as unknown as TypedDocumentString<PositionEventsSubscription, PositionEventsSubscriptionVariables>;
export const RoomEventsDocument = new TypedDocumentString(`
    subscription RoomEvents($matchID: ID!, $after: Cursor) {
  gameMatchRoomEvents(id: $matchID, after: $after) {
    __typename
    ... on GameMatchRoomChanged {
      cursor
      match {
        ...RoomFields
      }
    }
    ... on Resumed {
      cursor
    }
    ... on Gap {
      cursor
    }
    ... on Lagged {
      cursor
    }
  }
}
    fragment RoomFields on GameMatch {
  id
  gameID
  status
  ranked
  inviteCode
  expiresAt
  creator {
    id
    nickName
  }
  waiting {
    id
    nickName
    avatar
    level
  }
}`, {"hash":"sha256:55b356cb6030aa0290f100c97b385b8299fb14024f8e04e0a47dd1a87e8294e7"}) as unknown as TypedDocumentString<RoomEventsSubscription, RoomEventsSubscriptionVariables>;
export const PartyEventsDocument = new TypedDocumentString(`
    subscription PartyEvents($partyID: ID!, $after: Cursor) {
  partyEvents(id: $partyID, after: $after) {
    __typename
    ... on PartyChanged {
      cursor
      party {
        ...PartyFields
      }
    }
    ... on Resumed {
      cursor
    }
    ... on Gap {
      cursor
    }
    ... on Lagged {
      cursor
    }
  }
}
    fragment PartyFields on Party {
  id
  createdAt
  expiresAt
  leader {
    id
    nickName
  }
  members {
    userID
    joinedAt
    readyForMatchID
    user {
      id
      nickName
      avatar
      level
    }
  }
}`, {"hash":"sha256:e5864cc0947a366b757e228e3ed9a5dff84638448abd6005564c558402f022bc"}) as unknown as TypedDocumentString<PartyEventsSubscription, PartyEventsSubscriptionVariables>;
export const TicketEventsDocument = new TypedDocumentString(`
    subscription TicketEvents($after: Cursor) {
  queueTicketEvents(after: $after) {
    __typename
    ... on QueueTicketChanged {
      cursor
      ticket {
        ...TicketFields
      }
    }
    ... on Resumed {
      cursor
    }
    ... on Gap {
      cursor
    }
    ... on Lagged {
      cursor
    }
  }
}
    fragment TicketFields on QueueTicket {
  id
  gameID
  matchID
  status
  createdAt
  expiresAt
  estimatedWaitMs
  estimatedWaitErrorMs
}`, {"hash":"sha256:5dc674237b0d4e784112e9ee205b18dab3edc683cb43c25cf5c12a53f77ebb63"}) as unknown as TypedDocumentString<TicketEventsSubscription, TicketEventsSubscriptionVariables>;
export const WalletEventsDocument = new TypedDocumentString(`
    subscription WalletEvents($after: Cursor) {
  walletEvents(after: $after) {
    __typename
    ... on WalletMoved {
      cursor
      wallet {
        ...WalletFields
      }
      transaction {
        id
        walletID
        createdAt
        amount
        balanceAfter
        description
        ref
      }
    }
    ... on Resumed {
      cursor
    }
    ... on Gap {
      cursor
    }
    ... on Lagged {
      cursor
    }
  }
}
    fragment WalletFields on Wallet {
  id
  userID
  currency
  balance
  locked
  address
}`, {"hash":"sha256:ff79020913974789ba2acbd25543cbb14f0207d301fc89c3f5acd7a6484e578d"}) as unknown as TypedDocumentString<WalletEventsSubscription, WalletEventsSubscriptionVariables>;
export const InboxEventsDocument = new TypedDocumentString(`
    subscription InboxEvents($after: Cursor) {
  notificationEvents(after: $after) {
    __typename
    ... on NotificationArrived {
      cursor
      notification {
        ...NotificationFields
      }
    }
    ... on Resumed {
      cursor
    }
    ... on Gap {
      cursor
    }
    ... on Lagged {
      cursor
    }
  }
}
    fragment NotificationFields on Notification {
  id
  kind
  title
  text
  subjectID
  createdAt
  readAt
}`, {"hash":"sha256:05110335c60b6b274c1f174c845d8d89207e5bff2e410086717b4ddf02d42c0c"}) as unknown as TypedDocumentString<InboxEventsSubscription, InboxEventsSubscriptionVariables>;
export const PriceLiveDocument = new TypedDocumentString(`
    subscription PriceLive($assetID: ID!) {
  assetUpdated(id: $assetID) {
    id
    price
    priceUSD
    time
  }
}
    `, {"hash":"sha256:0aec5d326576a8ad53311eafba0536f2143394917f12ec690754f2190768c157"}) as unknown as TypedDocumentString<PriceLiveSubscription, PriceLiveSubscriptionVariables>;
export const CandlesDocument = new TypedDocumentString(`
    query Candles($assetID: ID!, $interval: CandleInterval!, $range: CandleRange) {
  candles(asset: $assetID, interval: $interval, range: $range) {
    ...CandleFields
  }
}
    fragment CandleFields on Candle {
  startTime
  open
  high
  low
  close
  volume
  isClosed
}`, {"hash":"sha256:18d66d8541647504173e4dc0bebe6444cad653d5cb0a2e1597a93b4de4f230bf"}) as unknown as TypedDocumentString<CandlesQuery, CandlesQueryVariables>;
export const CandleLiveDocument = new TypedDocumentString(`
    subscription CandleLive($assetID: ID!, $interval: CandleInterval!) {
  candleUpdated(asset: $assetID, interval: $interval) {
    ...CandleFields
  }
}
    fragment CandleFields on Candle {
  startTime
  open
  high
  low
  close
  volume
  isClosed
}`, {"hash":"sha256:8c91b903a54d3abe93f9a5f6382dfbf7d4385e834d56ade139de1b755fe473ff"}) as unknown as TypedDocumentString<CandleLiveSubscription, CandleLiveSubscriptionVariables>;
export const FeedHealthDocument = new TypedDocumentString(`
    query FeedHealth {
  feedHealth {
    assetID
    isFresh
    knownUpTo
  }
}
    `, {"hash":"sha256:1acee6e91768009929d7cbc63c816be2ddd98121fc661202fd5d45e2735fc1da"}) as unknown as TypedDocumentString<FeedHealthQuery, FeedHealthQueryVariables>;
export const FeedLiveDocument = new TypedDocumentString(`
    subscription FeedLive {
  feedHealthUpdated {
    assetID
    isFresh
    knownUpTo
  }
}
    `, {"hash":"sha256:bb11f0045204573ac469088933135516c7c80aa5b8da6987011470471745a679"}) as unknown as TypedDocumentString<FeedLiveSubscription, FeedLiveSubscriptionVariables>;