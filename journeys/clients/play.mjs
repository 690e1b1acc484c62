// Signs in, joins, subscribes and orders with npm's graphql-ws. Prints the battle and the order.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [api, mail, email, game] = process.argv.slice(2);
const LIMIT_MS = 60_000;

async function run(query, variables = {}, token = undefined) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const response = await fetch(api, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw Object.assign(new Error(errors[0].message), { code: errors[0].extensions.code });
  return data;
}

async function until(what) {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`nothing came of ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

await run("mutation($e: String!) { requestEmailVerificationCode(email: $e) { expiresIn } }", { e: email });
const code = await until(async () => {
  const mails = await (await fetch(`${mail}messages?to=${email}`)).json();
  return mails.at(-1)?.text.match(/\b\d{6}\b/)?.[0];
});
const login = await run(
  "mutation($e: String!, $c: String!) { loginWithEmail(email: $e, verificationCode: $c) { accessToken } }",
  { e: email, c: code },
);
const token = login.loginWithEmail.accessToken;
await run("mutation { claimPlayMoney(currency: USDT) { userErrors { code } } }", {}, token);
await run("mutation($g: ID!) { joinGame(id: $g) }", { g: game }, token);
const battle = await until(async () => {
  const data = await run("{ queueTickets(first: 1) { edges { node { matchID } } } }", {}, token);
  return data.queueTickets.edges[0]?.node.matchID;
});

const socket = createClient({
  url: api.replace("http", "ws"),
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${token}` },
  retryAttempts: 0,
});
const updates = socket.iterate({
  query: "subscription($b: ID!) { gameMatchUpdated(id: $b) { matchID players { rank equity } } }",
  variables: { b: battle },
});
const first = (await updates.next()).value;
if (first.errors) throw new Error(JSON.stringify(first.errors));
const players = first.data.gameMatchUpdated.players.length;

const input = { matchID: battle, baseToken: "bitcoin", side: "BUY", type: "MARKET", margin: "5", leverage: 2 };
const order = await until(async () => {
  try {
    const query = "mutation($i: CreateGameMatchPositionInput!) { createGameMatchPosition(createGameInput: $i) { id status } }";
    return (await run(query, { i: input }, token)).createGameMatchPosition;
  } catch (error) {
    // The countdown, or a market that says nothing for a moment.
    if (["MATCH_NOT_OPEN", "FEED_STALE"].includes(error.code)) return undefined;
    throw error;
  }
});
console.log(JSON.stringify({ battle, players, order: order.id }));
process.exit(0);
