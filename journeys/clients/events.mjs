// Listens to the API with npm's graphql-sse, one connection per operation, signed in with a token. Prints what it
// heard.
import { createClient } from "graphql-sse";

const [url, token] = process.argv.slice(2);

function connect(authorization) {
  return createClient({ url, headers: { authorization }, retryAttempts: 0 });
}

async function results(client, query, most) {
  const heard = [];
  for await (const result of client.iterate({ query })) {
    heard.push(result);
    if (heard.length === most) break;
  }
  return heard;
}

const client = connect(`Bearer ${token}`);
const codes = ([{ errors }]) => errors.map(({ extensions }) => extensions.code);
const times = await results(client, "subscription { currentTime }", 2);
console.log(
  JSON.stringify({
    query: await results(client, "{ profile { nickName } }"),
    times: times.length,
    invalid: codes(await results(client, "{ nothing }")),
    refused: codes(await results(connect("Bearer x"), "subscription { notificationCreated { id } }")),
  }),
);
process.exit(0);
