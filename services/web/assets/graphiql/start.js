// Starts GraphiQL over this origin. A subscription opens a socket of its own and signs in with the
// headers' pane, as a query does.
const welcome = `# Sign in:
#   mutation { requestEmailVerificationCode(email: "you@example.com") { expiresIn } }
#   mutation { loginWithEmail(email: "you@example.com", verificationCode: "123456") { accessToken } }
# then put {"authorization": "Bearer <accessToken>"} into the headers' pane below.

{
  assets {
    edges {
      node {
        id
        symbol
        priceUSD
      }
    }
  }
}
`;

const ask = GraphiQL.createFetcher({ url: "/graphql" });

// Whatever may be a subscription goes over a socket, which answers the others as well: what GraphiQL knows of the
// document lags behind the editor, so that its text is looked at.
function fetcher(params, options) {
  return /\bsubscription\b/.test(params.query)
    ? { subscribe: (observer) => listen(params, options.headers ?? {}, observer) }
    : ask(params, options);
}

// graphql-transport-ws, with one operation per socket.
function listen(params, headers, observer) {
  const address = location.origin.replace(/^http/, "ws") + "/graphql";
  const socket = new WebSocket(address, "graphql-transport-ws");
  const send = (message) => socket.send(JSON.stringify(message));
  const answers = {
    connection_ack: () => send({ id: "1", type: "subscribe", payload: params }),
    next: ({ payload }) => observer.next(payload),
    error: ({ payload }) => observer.next({ errors: payload }),
    complete: () => socket.close(1000),
    ping: () => send({ type: "pong" }),
  };
  socket.onopen = () => send({ type: "connection_init", payload: headers });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    answers[message.type]?.(message);
  };
  socket.onclose = ({ code, reason }) =>
    code === 1000 ? observer.complete() : observer.error(new Error(`closed: ${code} ${reason}`));
  return { unsubscribe: () => socket.close(1000) };
}

ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: welcome,
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
  }),
);
