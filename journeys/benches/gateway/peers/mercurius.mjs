// npm's mercurius with its compiler of queries, as the benchmark of the gateway needs it: the same
// list and the same order as the gateway's, with rows in memory.
import Fastify from "fastify";
import mercurius from "mercurius";
import { GraphQLScalarType } from "graphql";
import { randomUUID } from "node:crypto";

/** How often a query is seen before it is compiled. */
const COMPILED_AT = 1;

const schema = `
    scalar Decimal
    scalar DateTime

    enum GameMatchPositionSide { BUY SELL }
    enum GameMatchPositionType { MARKET LIMIT }
    enum GameMatchPositionStatus { PENDING OPEN CLOSED LIQUIDATED CANCELED REJECTED }

    type Asset {
        id: ID!
        symbol: String!
        name: String!
        iconUrl: String!
        pair: String!
        rank: Int!
        price: Decimal
        priceTime: DateTime
        priceUSD: Float!
        supply: Float!
        maxSupply: Float!
        marketCapUSD: Float!
        volumeUSD24Hr: Float!
        changePercent24Hr: Float!
        vwap24Hr: Float!
    }

    type AssetEdge { node: Asset! cursor: String! }
    type PageInfo { hasPreviousPage: Boolean! hasNextPage: Boolean! startCursor: String endCursor: String }
    type AssetConnection { edges: [AssetEdge!]! pageInfo: PageInfo! totalCount: Int! }

    type GameMatchPosition {
        id: ID!
        createdAt: DateTime!
        updatedAt: DateTime!
        gameMatchID: ID!
        baseToken: String
        quoteToken: String!
        side: GameMatchPositionSide!
        type: GameMatchPositionType!
        status: GameMatchPositionStatus!
        margin: Decimal
        leverage: Int
        limitPrice: Decimal
        stopLoss: Decimal
        targetPoint: Decimal
    }

    input CreateGameMatchPositionInput {
        matchID: ID!
        baseToken: String!
        side: GameMatchPositionSide!
        type: GameMatchPositionType!
        margin: Decimal!
        leverage: Int!
        limitPrice: Decimal
        stopLoss: Decimal
        targetPoint: Decimal
    }

    type Query { assets(first: Int): AssetConnection! }
    type Mutation {
        createGameMatchPosition(createGameInput: CreateGameMatchPositionInput!, requestId: ID): GameMatchPosition!
    }
`;

/** A decimal comes as a string or a number, and goes as a string. */
const Decimal = new GraphQLScalarType({
    name: "Decimal",
    parseValue(value) {
        const text = String(value);
        if (!/^-?\d+(\.\d+)?$/.test(text)) throw new TypeError("expected a decimal number");
        return text;
    },
    serialize: (value) => value,
});

/** How many assets there are, which the benchmark says. */
const count = Number(process.argv[2]);
const now = new Date().toISOString();
const assets = Array.from({ length: count }, (_, number) => {
    const digits = String(number).padStart(2, "0");
    return {
        id: `a${digits}`,
        symbol: `A${digits}`,
        name: `Asset ${digits}`,
        iconUrl: "",
        pair: `A${digits}USDT`,
        rank: number + 1,
        price: String(((number + 1) * 123456789) / 1e8),
        priceTime: now,
        priceUSD: ((number + 1) * 123456789) / 1e8,
        supply: 0,
        maxSupply: 0,
        marketCapUSD: 0,
        volumeUSD24Hr: 1234567.89,
        changePercent24Hr: -1.25,
        vwap24Hr: 12345.678,
    };
});
const cursor = (asset) => {
    const bytes = Buffer.alloc(24);
    bytes.writeBigInt64BE(BigInt(asset.rank));
    return bytes.toString("base64url");
};

const resolvers = {
    Decimal,
    Query: {
        assets(_, { first = 20 }) {
            const edges = assets.slice(0, first).map((node) => ({ node, cursor: cursor(node) }));
            return {
                edges,
                pageInfo: {
                    hasPreviousPage: false,
                    hasNextPage: first < assets.length,
                    startCursor: edges[0]?.cursor,
                    endCursor: edges.at(-1)?.cursor,
                },
                totalCount: assets.length,
            };
        },
    },
    Mutation: {
        createGameMatchPosition(_, { createGameInput: input }) {
            const at = new Date().toISOString();
            const asset = assets.find(({ id, symbol, pair }) => [id, symbol, pair].includes(input.baseToken));
            return {
                id: randomUUID(),
                createdAt: at,
                updatedAt: at,
                gameMatchID: input.matchID,
                baseToken: asset?.id,
                quoteToken: "USDT",
                side: input.side,
                type: input.type,
                status: "PENDING",
                margin: input.margin,
                leverage: input.leverage,
                limitPrice: input.limitPrice,
                stopLoss: input.stopLoss,
                targetPoint: input.targetPoint,
            };
        },
    },
};

const app = Fastify();
app.register(mercurius, { schema, resolvers, jit: COMPILED_AT });
console.log(await app.listen({ port: 0, host: "127.0.0.1" }));
