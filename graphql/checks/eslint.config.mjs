// GraphQL-ESLint's recommended and Relay rules for the schema, and its recommended ones for the operations.
import graphql from "@graphql-eslint/eslint-plugin";

const languageOptions = {
  parser: graphql.parser,
  parserOptions: { graphQLConfig: { schema: "schema.graphql", documents: "operations/*.graphql" } },
};

export default [
  {
    files: ["schema.graphql"],
    languageOptions,
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // Of arguments too, which a test sees to: those of the language's own directives have none.
      "@graphql-eslint/require-description": ["error", {
        types: true, DirectiveDefinition: true, EnumValueDefinition: true, FieldDefinition: true,
      }],
      // A list that has an end needs no pages.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // What is part of something else, or a moment of it, has no id.
      "@graphql-eslint/strict-id-in-types": ["error", {
        acceptedIdNames: ["id"],
        acceptedIdTypes: ["ID"],
        exceptions: {
          suffixes: ["Connection", "Edge", "Payload"],
          types: [
            "AssetFeed", "Ban", "Candle", "EmailVerification", "GameMatchRoomChanged", "GameMatchUpdate", "Gap", "Item", "ItemReward", "Lagged", "LiveStanding",
            "MatchRecord", "NotificationArrived", "PageInfo", "PartyChanged", "PartyMember", "PrizePool", "QueueTicketChanged", "Resumed",
            "SolanaChallenge", "Token", "UserError", "WalletMoved",
          ],
        },
      }],
    },
  },
  {
    files: ["operations/*.graphql"],
    languageOptions,
    plugins: { "@graphql-eslint": graphql },
    rules: graphql.configs["flat/operations-recommended"].rules,
  },
  {
    // The mobile app's own: they run as they are.
    files: ["operations/app.graphql"],
    rules: { "@graphql-eslint/require-selections": "off" },
  },
];
