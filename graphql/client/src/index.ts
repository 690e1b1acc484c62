/** A client of the BattlesBit API: typed operations by their ids over HTTP, subscriptions over one socket, newer tokens in time. */
import { type Client as Socket, createClient, type SubscribePayload } from "graphql-ws";

import { RefreshTokenDocument, type TypedDocumentString } from "./operations.js";

export * from "./operations.js";

/** What proves who one is. */
export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** How long the access token is good, in seconds. */
  expiresIn: number;
}

export interface Options {
  /** The address of the API, such as `http://127.0.0.1:8888/graphql`. */
  url: string;
  /** The constructor of sockets, where the environment has none of its own. */
  webSocket?: unknown;
  /** Hears of newer tokens, to keep them for the next start. */
  onTokens?: (tokens: Tokens) => void;
}

/** An error of an answer. */
export interface Fault {
  message: string;
  extensions?: { code?: string; traceId?: string; retryAfterSeconds?: number };
}

/** A request that was refused. `code` is one of graphql/errors.md. */
export class ApiError extends Error {
  readonly code: string | undefined;

  constructor(readonly faults: readonly Fault[]) {
    super(faults[0]?.message ?? "the API refused without a reason");
    this.code = faults[0]?.extensions?.code;
  }
}

/** Variables are left out where an operation has none. */
type Variables<V> = V extends Record<string, never> ? [] : [variables: V];

interface Answer<R> {
  data?: R | null;
  errors?: readonly Fault[];
}

/** From where on events are told. */
interface Following {
  after?: string | null | undefined;
}

/** Tokens are renewed so many milliseconds before they end. */
const RENEW_BEFORE_MS = 60_000;

/** What failed for want of network or gateway is tried again after so many. */
const RETRY_MS = 5_000;

/** An answer that has not come after so many is given up. */
const ANSWER_WITHIN_MS = 30_000;

/** What the gateway closes a connection with that would not do better another time. */
const FINAL = [4400, 4401, 4403, 4406, 4409, 4429];

/** A connection that does not come about within so many is given up. */
const CONNECT_WITHIN_MS = 10_000;

/** A connection is asked so often whether it is there, and left if it does not say so in time: one that is lost is not always closed. */
const ASK_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;

export class Client {
  readonly #options: Options;
  readonly #socket: Socket;
  #open: WebSocket | undefined;
  #tokens: Tokens | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#socket = createClient({
      url: options.url.replace(/^http/, "ws"),
      webSocketImpl: impatient((options.webSocket ?? globalThis.WebSocket) as typeof WebSocket | undefined),
      connectionParams: () => this.#authorization(),
      connectionAckWaitTimeout: PONG_WITHIN_MS,
      keepAlive: ASK_EVERY_MS,
      on: {
        opened: (socket) => (this.#open = socket as WebSocket),
        ping: (isTheirs) => {
          if (!isTheirs) this.#silence = setTimeout(() => this.#socket.terminate(), PONG_WITHIN_MS);
        },
        pong: () => clearTimeout(this.#silence),
        closed: () => {
          clearTimeout(this.#silence);
          this.#open = undefined;
        },
      },
    });
  }

  /** Goes on as whoever these tokens speak for, for as long as they can be renewed. */
  signIn(tokens: Tokens): void {
    const wasSignedIn = this.#tokens !== undefined;
    this.#tokens = tokens;
    if (wasSignedIn) {
      // What runs on the socket goes on with the newer token.
      const payload = this.#authorization();
      this.#open?.send(JSON.stringify({ type: "ping", payload }));
    } else {
      // A connection of nobody's cannot become somebody's.
      this.#open?.close(4499, "Signing in");
    }
    this.#renewIn(Math.max(tokens.expiresIn * 1_000 - RENEW_BEFORE_MS, (tokens.expiresIn * 1_000) / 2), tokens);
  }

  /** Forgets the tokens and closes the socket. */
  async close(): Promise<void> {
    clearTimeout(this.#renewal);
    this.#tokens = undefined;
    await this.#socket.dispose();
  }

  /** Executes a query or a mutation. */
  async ask<R, V>(document: TypedDocumentString<R, V>, ...[variables]: Variables<V>): Promise<R> {
    try {
      return await this.#post<R>({ documentId: id(document), variables });
    } catch (error) {
      if (!isUnknown(error)) throw error;
      return this.#post<R>({ query: document.toString(), variables });
    }
  }

  /** Listens; leaving the loop ends the subscription. */
  async *listen<R, V>(document: TypedDocumentString<R, V>, ...[variables]: Variables<V>): AsyncGenerator<R, void, void> {
    yield* this.#hear(document, variables);
  }

  /** Listens to a stream of events and misses none: after a lost connection it goes on behind the last event that came. Leaving the loop
   * ends it. `after` is the cursor of an earlier time, if there is one. A `Gap` says that something older is not kept any more. */
  async *follow<R extends object, V extends Following>(document: TypedDocumentString<R, V>, variables: NoInfer<V>): AsyncGenerator<R, void, void> {
    // The socket says these again whenever it connects again, as they are by then.
    const place: Following = { ...variables };
    const heard = (told: R): void => {
      const found = cursor(told);
      if (found !== undefined) place.after = found;
    };
    for (;;) {
      try {
        yield* this.#hear(document, place as V, heard);
        // It lagged, and what follows is kept.
      } catch (error) {
        if (error instanceof ApiError || isFinal(error)) throw error;
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
  }

  #authorization(): Record<string, string> {
    return this.#tokens === undefined ? {} : { authorization: `Bearer ${this.#tokens.accessToken}` };
  }

  async #post<R>(body: object): Promise<R> {
    const headers = { "content-type": "application/json", ...this.#authorization() };
    const response = await fetch(this.#options.url, { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return result((await response.json()) as Answer<R>);
  }

  async *#hear<R, V>(document: TypedDocumentString<R, V>, variables: V | undefined, heard?: (told: R) => void): AsyncGenerator<R, void, void> {
    try {
      // The library knows of documents alone: beside the id goes an empty one.
      yield* this.#iterate<R>({ query: "", documentId: id(document), variables }, heard);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      yield* this.#iterate<R>({ query: document.toString(), variables }, heard);
    }
  }

  /** Hands out what a subscription says. `heard` is told at once, before whoever takes it gets round to it. */
  async *#iterate<R>(request: object, heard?: (told: R) => void): AsyncGenerator<R, void, void> {
    const waiting: Answer<R>[] = [];
    let ended: { error?: unknown } | undefined;
    let wake = (): void => undefined;
    const end = this.#socket.subscribe(request as SubscribePayload, {
      next: (answer) => {
        const told = answer as Answer<R>;
        if (told.data) heard?.(told.data);
        waiting.push(told);
        wake();
      },
      error: (error: unknown) => {
        ended = { error };
        wake();
      },
      complete: () => {
        ended ??= {};
        wake();
      },
    });
    try {
      for (;;) {
        for (let answer = waiting.shift(); answer !== undefined; answer = waiting.shift()) yield result(answer);
        if (ended !== undefined) break;
        await new Promise<void>((done) => (wake = done));
      }
    } finally {
      end();
    }
    const { error } = ended;
    if (error !== undefined) throw Array.isArray(error) ? new ApiError(error as Fault[]) : error;
  }

  /** Renews the tokens, and tries again for as long as nobody says that they are good no more. */
  #renewIn(waitMs: number, tokens: Tokens): void {
    clearTimeout(this.#renewal);
    const renew = () =>
      this.#renew(tokens.refreshToken).catch((error: unknown) => {
        if (this.#tokens !== tokens) return;
        if (error instanceof ApiError && error.code === "INVALID_REFRESH_TOKEN") void this.close();
        else this.#renewIn(RETRY_MS, tokens);
      });
    this.#renewal = setTimeout(() => void renew(), waitMs);
  }

  async #renew(refreshToken: string): Promise<void> {
    const { refreshToken: tokens } = await this.ask(RefreshTokenDocument, { refreshToken });
    this.signIn(tokens);
    this.#options.onTokens?.(tokens);
  }
}

/** These sockets, but none that connects for ever. */
function impatient(webSocket: typeof WebSocket | undefined): typeof WebSocket | undefined {
  if (webSocket === undefined) return undefined;
  return class extends webSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      const late = setTimeout(() => this.close(), CONNECT_WITHIN_MS);
      for (const event of ["open", "error", "close"]) this.addEventListener(event, () => clearTimeout(late));
    }
  };
}

/** The id of a document, under which gateways of this version know it. */
function id<R, V>(document: TypedDocumentString<R, V>): unknown {
  return document.__meta__?.["hash"];
}

/** Whether a gateway does not know a document by its id: one of another version may not. */
function isUnknown(error: unknown): boolean {
  return error instanceof ApiError && error.code === "PERSISTED_QUERY_NOT_FOUND";
}

/** The cursor of what a stream of events told. */
function cursor(told: object): string | undefined {
  const found = Object.values(told).map((event) => (event as { cursor?: unknown } | null)?.cursor);
  return found.find((it) => typeof it === "string");
}

/** Whether the gateway closed the connection for a reason that stays. */
function isFinal(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "number" && FINAL.includes(code);
}

function result<R>({ data, errors }: Answer<R>): R {
  if (errors !== undefined && errors.length > 0) throw new ApiError(errors);
  if (data === undefined || data === null) throw new ApiError([]);
  return data;
}
