import { lookup } from 'node:dns/promises';
import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import { whenRoom } from '@ringest/queues';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Draft } from '../entries/draft.js';
import { dataOf, partsOf } from '../entries/json-texts.js';
import type { Credentials } from './credentials.js';
import { plainLines } from './datagrams.js';
import { draftsOfEvents, type HecDefaults, hecDefaults, setDefaults } from './hec.js';
import { type Answer, HEC_ANSWERS, Refusal } from './hec-answers.js';
import { type BodyRules, type HttpBody, readBody } from './http-body.js';
import { HttpToken } from './http-token.js';
import type { ListenAddress } from './listen-options.js';
import { type Listener, type ListenHost, senderOf } from './listener.js';
import { Notice } from './notice.js';
import { HANDSHAKE_MS, ServerSockets } from './server-sockets.js';

/** A request whose body is whole. */
interface Request {
  readonly body: HttpBody;
  readonly sender: string | undefined;
  readonly query: URLSearchParams;
}

/** Writes the entries of a request, and returns how many of them were refused. */
type Take = (request: Request) => Promise<number>;

const REQUEST_TIMEOUT_MS = 60_000;
/** When a client whose body found no room may send it again. */
const RETRY_SECONDS = 1;
/** Bytes of a body, or entries of it, that are made into entries and written together. */
const SLICE_BYTES = 64 * 1024;
const SLICE_DRAFTS = 1000;

/**
 * Takes entries by HTTP: `POST /raw` is one, `/lines` one for each line, `/json` one for an object or for
 * each part of a list, and `/services/collector` is Splunk's HTTP Event Collector. A request is answered once
 * its entries are confirmed, or on disk.
 */
export class HttpListener implements Listener {
  readonly #server: FastifyInstance;
  readonly #sockets: ServerSockets;
  readonly #host: ListenHost;
  readonly #rules: BodyRules;
  readonly #closing = new AbortController();
  readonly #unconfirmed: Notice;
  /** Responses that are not sent yet. */
  readonly #responses = new Set<ServerResponse>();
  #token: HttpToken | undefined;

  private constructor({ certificate, token }: Credentials, hasTls: boolean, host: ListenHost) {
    const { maxBodyBytes, idleMs } = host.limits;
    this.#host = host;
    this.#token = token === undefined ? undefined : new HttpToken(token);
    const { signal: closing } = this.#closing;
    // Each body that is not whole listens.
    setMaxListeners(0, closing);
    this.#rules = { maxBytes: maxBodyBytes, held: host.listening.bodies, closing };
    this.#unconfirmed = new Notice(host.say);
    this.#server = Fastify({
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: idleMs,
      forceCloseConnections: 'idle',
      ...(hasTls ? { https: { ...certificate, handshakeTimeout: HANDSHAKE_MS } } : {}),
    }) as FastifyInstance;
    this.#sockets = new ServerSockets(this.#server.server, hasTls ? 'https' : 'http', host);
    this.#addHooks();
    this.#addRoutes();
  }

  /**
   * Listens.
   * @throws what the system says of the address
   */
  static async listen(
    { host: name, port, transport }: ListenAddress,
    credentials: Credentials,
    host: ListenHost,
  ): Promise<HttpListener> {
    const listener = new HttpListener(credentials, transport === 'tls', host);
    // Of a name with several addresses it takes the first one, as listeners by TCP do.
    const { address } = await lookup(name);
    await listener.#server.listen({ host: address, port });
    return listener;
  }

  get address(): string {
    return this.#sockets.address;
  }

  renew({ certificate, token }: Credentials): void {
    const { server } = this.#server;
    if (server instanceof TlsServer && certificate !== undefined) {
      server.setSecureContext(certificate);
    }
    this.#token = token === undefined ? undefined : new HttpToken(token);
  }

  async close(): Promise<void> {
    const closed = this.#server.close();
    // Bodies that are not whole are taken no more.
    this.#closing.abort();
    await Promise.all([...this.#responses].map(sent));
    this.#sockets.destroy();
    await closed;
  }

  #addHooks(): void {
    this.#server.addHook('onRequest', async (request, reply) => {
      this.#responses.add(reply.raw);
      reply.raw.once('close', () => this.#responses.delete(reply.raw));
      // Before anything of the body is read.
      const refusal = request.method === 'POST' ? this.#refusal(request) : undefined;
      if (refusal !== undefined) throw new Refusal(refusal);
    });
    this.#server.removeAllContentTypeParsers();
    this.#server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    this.#server.setErrorHandler((error: Error, _request, reply) =>
      this.#send(reply, this.#failure(error)),
    );
    this.#server.setNotFoundHandler((_request, reply) => this.#send(reply, HEC_ANSWERS.notFound));
  }

  #addRoutes(): void {
    const none = hecDefaults(new URLSearchParams());
    const raw: Take = (request) => this.#lines(request, hecDefaults(request.query));
    const events: Take = (request) => this.#events(request);
    const routes: Readonly<Record<string, Take>> = {
      '/raw': ({ body, sender }) => this.#drafts([this.#draft(body.bytes, sender)]),
      '/lines': (request) => this.#lines(request, none),
      '/json': (request) => this.#drafts(this.#draftsOfJson(request)),
      '/services/collector': events,
      '/services/collector/event': events,
      '/services/collector/event/1.0': events,
      '/services/collector/raw': raw,
      '/services/collector/raw/1.0': raw,
    };
    for (const [path, take] of Object.entries(routes)) {
      this.#server.post(path, (request, reply) => this.#answer(request, reply, take));
    }
    for (const path of ['/services/collector/ack', '/services/collector/ack/1.0']) {
      this.#server.post(path, (_request, reply) => this.#send(reply, HEC_ANSWERS.noAcks));
    }
    for (const path of ['/services/collector/health', '/services/collector/health/1.0']) {
      this.#server.get(path, (_request, reply) => this.#send(reply, HEC_ANSWERS.healthy));
    }
  }

  async #answer(request: FastifyRequest, reply: FastifyReply, take: Take): Promise<FastifyReply> {
    const body = await readBody(request.raw, this.#rules);
    try {
      if (body.bytes.length === 0) throw new Refusal(HEC_ANSWERS.noData);
      this.#host.account.bytes += body.bytes.length;
      const refused = await take({ body, sender: senderOf(request.ip), query: queryOf(request) });
      // While it waits for confirmations, nobody needs it any more.
      body.release();
      await this.#host.confirmed();
      return this.#send(reply, refused === 0 ? HEC_ANSWERS.success : HEC_ANSWERS.invalid);
    } finally {
      body.release();
    }
  }

  #failure(error: Error & { readonly statusCode?: number }): Answer {
    if (error instanceof Refusal) return error.answer;
    if (error instanceof SyntaxError) return HEC_ANSWERS.invalid;
    const { statusCode, message } = error;
    // Fastify's own, such as a request that is no HTTP.
    if (statusCode !== undefined) return { status: statusCode, text: message, code: statusCode };
    // It may have been written: the sender may send it again.
    this.#unconfirmed.tell(`a request was not confirmed: ${message}`);
    return HEC_ANSWERS.busy;
  }

  #refusal(request: FastifyRequest): Answer | undefined {
    return this.#token?.refusal(request.headers.authorization, queryOf(request));
  }

  #draft(data: Uint8Array | string, sender: string | undefined): Draft {
    return this.#host.streams.draft(data, sender);
  }

  *#draftsOfJson({ body, sender }: Request): Generator<Draft> {
    const json = body.text().trim();
    // What is no JSON throws before anything is written.
    if (!Array.isArray(JSON.parse(json))) yield this.#draft(dataOf(json), sender);
    else for (const [, part] of partsOf(json)) yield this.#draft(dataOf(part), sender);
  }

  async #events({ body, sender, query }: Request): Promise<number> {
    const defaults = hecDefaults(query);
    const draft = (data: string) => this.#draft(data, sender);
    return this.#drafts(draftsOfEvents(body.text(), defaults, draft));
  }

  async #lines({ body, sender }: Request, defaults: HecDefaults): Promise<number> {
    const { streams, account } = this.#host;
    if (defaults.time !== undefined || defaults.values.length > 0) {
      return this.#drafts(this.#draftsOfLines(body.bytes, sender, defaults));
    }
    const stream = streams.openLines(sender);
    account.add(stream);
    try {
      for (let at = 0; at < body.bytes.length; at += SLICE_BYTES) {
        const slice = body.bytes.subarray(at, at + SLICE_BYTES);
        await whenRoom(() => stream.write(slice));
      }
      await whenRoom(() => stream.end());
    } finally {
      account.close(stream);
    }
    return stream.stats().refusedLines;
  }

  *#draftsOfLines(
    bytes: Buffer,
    sender: string | undefined,
    defaults: HecDefaults,
  ): Generator<Draft> {
    for (const line of plainLines(bytes, this.#host.streams.maxBytes)) {
      const draft = this.#draft(line, sender);
      setDefaults(draft, defaults);
      yield draft;
    }
  }

  async #drafts(drafts: Iterable<Draft>): Promise<number> {
    const { streams, account } = this.#host;
    let isEmpty = true;
    let slice: Draft[] = [];
    const writer = streams.writer();
    const write = async () => {
      const written = slice;
      slice = [];
      // Without `whenRoom`: steps have changed the drafts by then. A full backlog is answered with 503.
      await writer.write(written);
    };
    account.add(writer);
    try {
      for (const draft of drafts) {
        isEmpty = false;
        if (slice.push(draft) === SLICE_DRAFTS) await write();
      }
    } finally {
      // What comes before something that is not valid is shipped.
      await write().finally(() => account.close(writer));
    }
    if (isEmpty) throw new Refusal(HEC_ANSWERS.noData);
    return writer.stats().refusedLines;
  }

  #send(reply: FastifyReply, { status, text, code, event }: Answer): FastifyReply {
    // A connection that is kept would keep the server open.
    if (this.#closing.signal.aborted) reply.header('connection', 'close');
    if (code === HEC_ANSWERS.busy.code) {
      this.#host.listening.busyRequests++;
      reply.header('retry-after', RETRY_SECONDS);
    }
    const number = event === undefined ? {} : { 'invalid-event-number': event };
    return reply.code(status).send({ text, code, ...number });
  }
}

function sent(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => void response.once('close', resolve));
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
}
