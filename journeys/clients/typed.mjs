// Talks to the API with the typed client, signed in with tokens that are soon to be renewed. Prints what came of it.
import { pathToFileURL } from "node:url";
import WebSocket from "ws";

const [url, client, accessToken, refreshToken, expiresIn] = process.argv.slice(2);
const { Client, CurrentTimeDocument, ProfileDocument, TicketEventsDocument, TypedDocumentString } = await import(pathToFileURL(client));

let connections = 0;
class Counted extends WebSocket {
  constructor(...about) {
    super(...about);
    connections += 1;
  }
}
let renewals = 0;
const signedIn = new Client({ url, webSocket: Counted, onTokens: () => (renewals += 1) });
signedIn.signIn({ accessToken, refreshToken, expiresIn: Number(expiresIn) });
let times = 0;
for await (const { currentTime } of signedIn.listen(CurrentTimeDocument)) {
  if (currentTime) times += 1;
  // The first token is good no more by then.
  if (renewals === 3) break;
}
const connectionsForThat = connections;
const { profile } = await signedIn.ask(ProfileDocument);

// What the gateway does not know by its id is sent to it.
const unlisted = (text) => new TypedDocumentString(text, { hash: `sha256:${"0".repeat(64)}` });
const { assets } = await signedIn.ask(unlisted("query Unlisted { assets(first: 1) { totalCount } }"));
let heard;
for await (const told of signedIn.listen(unlisted("subscription Unlisted { currentTime }"))) {
  heard = told.currentTime;
  break;
}

// A cursor that nobody can read.
const told = [];
for await (const { queueTicketEvents: event } of signedIn.follow(TicketEventsDocument, { after: "A".repeat(80) })) {
  told.push(event.__typename);
  break;
}
let refusal;
try {
  for await (const _ of signedIn.follow(TicketEventsDocument, { after: "x" })) break;
} catch ({ code }) {
  refusal = code;
}
await signedIn.close();
console.log(JSON.stringify({ renewals, connections: connectionsForThat, times, nickName: profile.nickName, assets: assets.totalCount, heard, told, refusal }));
