import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Draft } from '../entries/draft.js';
import type { EntryCounter } from '../entries/entry-account.js';
import { dataOf, jsonOf, partsOf } from '../entries/json-texts.js';
import { draftsOfEvents, HEC_ANSWERS } from './hec.js';
import type { ListenAddress } from './listen-options.js';
import { addressText, type Listener, type ListenHost, senderOf } from './listener.js';
import type { Certificate } from './tcp-listener.js';

type Answer = (typeof HEC_ANSWERS)[keyof typeof HEC_ANSWERS];

/** A body as entries, and who sends it. */
type Take = (body: Buffer, sender: string | undefined) => Promise<Answer> | Answer;

const REQUEST_TIMEOUT_MS = 60_000;
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
  readonly #host: ListenHost;
  readonly #scheme: string;
  readonly #token: Buffer | undefined;
  #isClosing = false;

  private constructor(certificate: Certificate | undefined, host: ListenHost, token?: string) {
    const { maxBodyBytes, maxConnections, idleMs } = host.limits;
    this.#host = host;
    this.#scheme = certificate === undefined ? 'http' : 'https';
    this.#token = token === undefined ? undefined : hashOf(token);
    this.#server = Fastify({
      bodyLimit: maxBodyBytes,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: idleMs,
      forceCloseConnections: 'idle',
      ...(certificate === undefined ? {} : { https: certificate }),
    }) as FastifyInstance;
    this.#server.server.maxConnections = maxConnections;
    this.#server.removeAllContentTypeParsers();
    this.#server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    this.#addRoutes();
  }

  /**
   * Listens.
   * @param token what requests must have; `undefined`: they need none
   * @throws what the system says of the address
   */
  static async listen(
    { host: name, port }: ListenAddress,
    certificate: Certificate | undefined,
    token: string | undefined,
    host: ListenHost,
  ): Promise<HttpListener> {
    const listener = new HttpListener(certificate, host, token);
    await listener.#server.listen({ host: name, port });
    return listener;
  }

  get address(): string {
    const { address, port } = this.#server.server.address() as AddressInfo;
    return addressText(this.#scheme, address, port);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#server.close();
  }

  #addRoutes(): void {
    const lines: Take = (body, sender) => this.#lines(body, sender);
    const events: Take = (body, sender) =>
      this.#drafts(draftsOfEvents(jsonOf(body), (data) => this.#draft(data, sender)));
    const routes: Readonly<Record<string, Take>> = {
      '/raw': (body, sender) => this.#drafts([this.#draft(body, sender)]),
      '/lines': lines,
      '/json': (body, sender) => this.#drafts(this.#draftsOfJson(body, sender)),
      '/services/collector': events,
      '/services/collector/event': events,
      '/services/collector/event/1.0': events,
      '/services/collector/raw': lines,
      '/services/collector/raw/1.0': lines,
    };
    for (const [path, take] of Object.entries(routes)) {
      this.#server.post(path, (request, reply) => this.#answer(request, reply, take));
    }
    for (const path of ['/services/collector/health', '/services/collector/health/1.0']) {
      this.#server.get(path, (_request, reply) => send(reply, HEC_ANSWERS.healthy));
    }
  }

  async #answer(request: FastifyRequest, reply: FastifyReply, take: Take): Promise<FastifyReply> {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return send(reply, refusal);
    let body: Buffer;
    try {
      body = this.#bodyOf(request);
    } catch {
      return send(reply, HEC_ANSWERS.invalid);
    }
    if (body.length === 0) return send(reply, HEC_ANSWERS.noData);
    this.#host.account.bytes += body.length;
    const answer = await this.#take(take, body, senderOf(request.ip));
    // A connection that is kept would keep the server open.
    if (this.#isClosing) reply.header('connection', 'close');
    return send(reply, answer);
  }

  async #take(take: Take, body: Buffer, sender: string | undefined): Promise<Answer> {
    try {
      return await take(body, sender);
    } catch (error) {
      if (error instanceof SyntaxError) return HEC_ANSWERS.invalid;
      // It may have been written: the sender may send it again.
      this.#host.say(`ringest: a request was not confirmed: ${(error as Error).message}`);
      return HEC_ANSWERS.busy;
    }
  }

  #refusal({ headers }: FastifyRequest): Answer | undefined {
    if (this.#token === undefined) return undefined;
    const [, given] = /^(?:Splunk|Bearer)\s+(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (given === undefined) return HEC_ANSWERS.noToken;
    return timingSafeEqual(hashOf(given), this.#token) ? undefined : HEC_ANSWERS.wrongToken;
  }

  #bodyOf({ body, headers }: FastifyRequest): Buffer {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    if (headers['content-encoding'] !== 'gzip') return bytes;
    return gunzipSync(bytes, { maxOutputLength: this.#host.limits.maxBodyBytes });
  }

  #draft(data: Uint8Array | string, sender: string | undefined): Draft {
    return this.#host.streams.draft(data, sender);
  }

  *#draftsOfJson(body: Buffer, sender: string | undefined): Generator<Draft> {
    const json = jsonOf(body).trim();
    // What is no JSON throws before anything is written.
    if (!Array.isArray(JSON.parse(json))) yield this.#draft(dataOf(json), sender);
    else for (const [, part] of partsOf(json)) yield this.#draft(dataOf(part), sender);
  }

  async #lines(body: Buffer, sender: string | undefined): Promise<Answer> {
    const { streams, account, confirmed } = this.#host;
    const stream = streams.openLines(sender);
    account.add(stream);
    try {
      for (let at = 0; at < body.length; at += SLICE_BYTES) {
        await stream.write(body.subarray(at, at + SLICE_BYTES));
      }
      await stream.end();
    } finally {
      account.close(stream);
    }
    await confirmed();
    return answerOf(stream);
  }

  async #drafts(drafts: Iterable<Draft>): Promise<Answer> {
    const { streams, account, confirmed } = this.#host;
    let isEmpty = true;
    let slice: Draft[] = [];
    const writer = streams.writer();
    account.add(writer);
    try {
      for (const draft of drafts) {
        isEmpty = false;
        slice.push(draft);
        if (slice.length < SLICE_DRAFTS) continue;
        await writer.write(slice);
        slice = [];
      }
      await writer.write(slice);
    } finally {
      account.close(writer);
    }
    if (isEmpty) return HEC_ANSWERS.noData;
    await confirmed();
    return answerOf(writer);
  }
}

/** Whether all that was made of a body is confirmed by now, or some of it was refused. */
function answerOf(written: EntryCounter): Answer {
  return written.stats().refusedLines === 0 ? HEC_ANSWERS.success : HEC_ANSWERS.invalid;
}

function send(reply: FastifyReply, { status, text, code }: Answer): FastifyReply {
  return reply.code(status).send({ text, code });
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
