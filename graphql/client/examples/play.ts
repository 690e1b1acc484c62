/** Plays one battle from signing in to the result: `npm run play -- URL MAIL_ADDRESS [GAME_ID]`. The code of the mail is read from
 * standard input, the progress is told on standard error, the result on standard output. */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import WebSocket from "ws";

import {
  ApiError,
  ClaimPlayMoneyDocument,
  Client,
  GamesDocument,
  JoinDocument,
  LoginWithEmailDocument,
  MatchLiveDocument,
  MatchResultDocument,
  OrderDocument,
  type OrderMutation,
  PositionEventsDocument,
  ProfileDocument,
  QueueTicketsDocument,
  RequestCodeDocument,
} from "../src/index.js";

const [url = "http://127.0.0.1:8888/graphql", email = "you@example.org", chosen] = process.argv.slice(2);
const POLL_MS = 250;
const client = new Client({ url, webSocket: WebSocket });

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

async function signIn(): Promise<string> {
  await client.ask(RequestCodeDocument, { email });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const verificationCode = await terminal.question("The code of the mail: ");
  terminal.close();
  const { loginWithEmail } = await client.ask(LoginWithEmailDocument, { email, verificationCode });
  client.signIn(loginWithEmail);
  return (await client.ask(ProfileDocument)).profile.id;
}

/** The game that was asked for, or the first that is open. */
async function game(): Promise<string> {
  if (chosen !== undefined) return chosen;
  const { games } = await client.ask(GamesDocument, { first: 20 });
  const open = games.edges.find(({ node }) => node.isActive);
  if (open === undefined) throw new Error("there is no game to join");
  return open.node.id;
}

/** Pays, queues, and waits for the match. */
async function join(gameID: string): Promise<string> {
  const { claimPlayMoney } = await client.ask(ClaimPlayMoneyDocument, { currency: "USDT", requestId: randomUUID() });
  for (const { message } of claimPlayMoney.userErrors) tell(message);
  await client.ask(JoinDocument, { gameID, requestId: randomUUID() });
  return until(async () => {
    const { queueTickets } = await client.ask(QueueTicketsDocument, { first: 1, gameID });
    const ticket = queueTickets.edges[0]?.node;
    return ticket?.status === "MATCHED" ? (ticket.matchID ?? undefined) : undefined;
  });
}

/** Orders as soon as the match trades. A refusal belongs to the id of its request: each try has its own. */
async function order(matchID: string): Promise<OrderMutation["createGameMatchPosition"]> {
  const order = { matchID, baseToken: "bitcoin", side: "BUY", type: "MARKET", margin: "5", leverage: 2 } as const;
  return until(async () => {
    try {
      return (await client.ask(OrderDocument, { order, requestId: randomUUID() })).createGameMatchPosition;
    } catch (error) {
      // The countdown, or a market that says nothing for a moment.
      if (error instanceof ApiError && ["MATCH_NOT_OPEN", "FEED_STALE"].includes(error.code ?? "")) return undefined;
      throw error;
    }
  });
}

async function watchStandings(matchID: string, me: string): Promise<number> {
  for await (const { gameMatchUpdated } of client.listen(MatchLiveDocument, { matchID })) {
    const own = gameMatchUpdated.players.find(({ userID }) => userID === me);
    tell(`rank ${own?.rank} with ${own?.equity} chips`);
    return gameMatchUpdated.players.length;
  }
  throw new Error("the match told nothing");
}

async function watchPosition(matchID: string, position: string): Promise<string> {
  for await (const { gameMatchPositionEvents: event } of client.follow(PositionEventsDocument, { matchID })) {
    if (event.__typename !== "GameMatchPositionChanged" || event.position.id !== position) continue;
    const { status, endCause } = event.position;
    tell(`the position is ${status}`);
    if (status !== "PENDING" && status !== "OPEN") return endCause ?? status;
  }
  throw new Error("the position told nothing");
}

const me = await signIn();
const gameID = await game();
const battle = await join(gameID);
tell(`playing ${battle}`);
const ordered = await order(battle);
tell(`ordered ${ordered.id}`);
const [players, endCause] = await Promise.all([watchStandings(battle, me), watchPosition(battle, ordered.id)]);
const result = await until(async () => {
  const { gameMatch } = await client.ask(MatchResultDocument, { matchID: battle });
  return gameMatch?.status === "CLOSED" ? gameMatch : undefined;
});
const own = result.participants.edges.map(({ node }) => node).find(({ user }) => user.id === me);
const { rank, equity, prize } = own ?? {};
console.log(JSON.stringify({ battle, players, order: ordered.id, endCause, rank, equity, prize }));
await client.close();
