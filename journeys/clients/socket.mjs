// Talks to the API with npm's graphql-ws, signed in with a token. Prints what it heard.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [api, token] = process.argv.slice(2);
const authorization = `Bearer ${token}`;
const url = api.replace("http", "ws");

function connect(connectionParams, on = {}) {
  return createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0, on });
}

async function first(client, query) {
  for await (const result of client.iterate({ query })) return result;
}

// What the client fails with: a close frame, or the errors of an `error` message.
async function fault(client, query) {
  try {
    return await first(client, query);
  } catch (error) {
    return error;
  }
}

let socket;
let ponged;
const renewed = new Promise((done) => (ponged = done));
const client = connect(
  { authorization },
  { opened: (opened) => (socket = opened), pong: (_, payload) => payload && ponged(payload) },
);
const query = await first(client, "{ profile { nickName } }");
const mutation = await first(
  client,
  'mutation { updateProfile(updateProfileInput: { nickName: "Socket" }) { nickName } }',
);
const times = [];
for await (const { data } of client.iterate({ query: "subscription { currentTime }" })) {
  // The client's own messages are for itself: a token is said by hand, while a subscription holds the connection.
  if (times.length === 0) socket.send(JSON.stringify({ type: "ping", payload: { authorization } }));
  times.push(data.currentTime);
  if (times.length === 2) break;
}
const expiresIn = (await renewed).expiresIn;
const invalid = await fault(client, "{ nothing }");
const refused = await fault(connect({ authorization: "Bearer x" }), "{ __typename }");
console.log(
  JSON.stringify({
    query: query.data,
    mutation: mutation.data,
    times: times.length,
    expiresIn,
    invalid: invalid.map(({ extensions }) => extensions.code),
    refused: [refused.code, refused.reason],
  }),
);
process.exit(0);
