// What a Relay app asks of the API: connections that grow, fragments that are fetched again, nodes by their ids, edges
// that mutations change. Relay's compiler has to take all of it; nobody runs it.
import { graphql } from "relay-runtime";

graphql`
  query appHomeQuery($first: Int!) {
    ...appGames_query @arguments(count: $first)
    profile {
      ...appProfile_user
    }
  }
`;

graphql`
  fragment appGames_query on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "appGamesPaginationQuery") {
    games(first: $count, after: $cursor, filterBy: { isActive: true }) @connection(key: "appGames_games") {
      totalCount
      edges {
        node {
          id
          title
          ...appGame_game
        }
      }
    }
  }
`;

graphql`
  fragment appGame_game on Game @refetchable(queryName: "appGameRefetchQuery") {
    entryFee
    currency
    assets {
      id
      symbol
    }
  }
`;

graphql`
  fragment appProfile_user on User @refetchable(queryName: "appProfileRefetchQuery") {
    nickName
    level
    wallets {
      ...appWallet_wallet
    }
  }
`;

graphql`
  fragment appWallet_wallet on Wallet @refetchable(queryName: "appWalletRefetchQuery") {
    currency
    balance
    locked
  }
`;

graphql`
  query appMatchQuery($id: ID!) {
    node(id: $id) {
      __typename
      ...appMatch_match @alias(as: "match")
    }
  }
`;

graphql`
  fragment appMatch_match on GameMatch
  @argumentDefinitions(count: { type: "Int", defaultValue: 50 }, cursor: { type: "String" })
  @refetchable(queryName: "appMatchPaginationQuery") {
    status
    startTime
    endTime
    participants(first: $count, after: $cursor) @connection(key: "appMatch_participants") {
      edges {
        node {
          rank
          equity
          user {
            __typename
            ...appPlayer_player
          }
          ...appParticipant_participant
        }
      }
    }
  }
`;

graphql`
  fragment appPlayer_player on Player {
    nickName
    avatar
    ... on User {
      email
    }
  }
`;

graphql`
  fragment appParticipant_participant on GameMatchParticipant
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "appParticipantPaginationQuery") {
    positions(last: $count, before: $cursor) @connection(key: "appParticipant_positions") {
      edges {
        node {
          ...appPosition_position
        }
      }
    }
  }
`;

graphql`
  fragment appPosition_position on GameMatchPosition {
    id
    side
    status
    margin
    profit
  }
`;

graphql`
  mutation appOrderMutation($order: CreateGameMatchPositionInput!, $requestId: UUID) {
    createGameMatchPosition(createGameInput: $order, requestId: $requestId) {
      ...appPosition_position
    }
  }
`;

graphql`
  query appInboxQuery {
    unreadNotificationCount
    ...appInbox_query
  }
`;

graphql`
  fragment appInbox_query on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "appInboxPaginationQuery") {
    notifications(first: $count, after: $cursor) @connection(key: "appInbox_notifications") {
      edges {
        node {
          id
          title
          text
          readAt
        }
      }
    }
  }
`;

graphql`
  subscription appInboxSubscription($connections: [ID!]!) {
    notificationCreated @prependNode(connections: $connections, edgeTypeName: "NotificationEdge") {
      id
      title
      text
      readAt
    }
  }
`;

graphql`
  subscription appPositionSubscription($matchID: ID!) {
    gameMatchPositionUpdated(matchID: $matchID) {
      ...appPosition_position
    }
  }
`;
