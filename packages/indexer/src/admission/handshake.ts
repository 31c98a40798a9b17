import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  ANSWER_BYTES,
  API_VERSION,
  type Challenge,
  DecodeError,
  encodeChallenge,
  encodeState,
  encodeTagResponse,
  type IndexerTag,
  IngesterStreamDecoder,
  isError,
  LimitError,
  MAX_TAGS,
  MAX_TENANT_BYTES,
  MinimumVersion,
  State,
  TENANT_MARKER,
  type Tenant,
} from '@ringest/codec';
import { endStream } from '../end-stream.js';
import {
  AuthenticationError,
  ConnectionLostError,
  IngesterTimeoutError,
  TagNotGrantedError,
  TenantRefusedError,
} from '../errors.js';
import { AnswerQueue } from './answer-queue.js';

/**
 * The time limit of the handshake up to the state HOT, in milliseconds (§2). The time in which the
 * indexer checks this answer, and other answers before it, does not count.
 */
export const HANDSHAKE_TIMEOUT_MS = 5000;

/** The message about an ingester that was not hot in time. */
export const TOO_SLOW = 'did not finish the handshake';

// How many times an indexer has an answer hashed, drawn at random (§3).
const MIN_ITERATIONS = 10_000;
const MAX_ITERATIONS = 19_999;

/** The longest response to the challenge: with a tenant (§3). */
const MAX_RESPONSE_BYTES = TENANT_MARKER.length + ANSWER_BYTES + 4 + MAX_TENANT_BYTES;

/** The most names in a tag request: all that can be negotiated, and `gravwell`. */
const MAX_NAMES = MAX_TAGS + 1;

/** The options of {@link acceptIngester}. */
export interface HandshakeOptions {
  /** The result of `hashSecret` for the secret. */
  readonly secretHash: Uint8Array;
  /**
   * Returns the number of a tag that the ingester asks for.
   *
   * @param tenant the one that it ingests for; `undefined`: none.
   * @throws {TagNotGrantedError} if it cannot have the tag; the whole request is refused then.
   */
  readonly negotiateTag: (name: string, tenant: Tenant | undefined) => IndexerTag;
  /**
   * The tenants that may ingest. An empty name stands for ingesters without one. Default: any tenant, and
   * ingesters without one.
   */
  readonly tenants?: ReadonlySet<string> | undefined;
  /** The API version of the indexer (§2). Default: the newest. */
  readonly apiVersion?: number | undefined;
  /** The time limit in milliseconds. Default: {@link HANDSHAKE_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined;
  /** When the connection was accepted, on the clock of `performance`. Default: now. */
  readonly acceptedAt?: number | undefined;
  /** The queue in which answers are checked; all connections of an indexer share one. Default: a new one. */
  readonly answers?: AnswerQueue | undefined;
  /** The host of the ingester: hosts take turns when answers are checked. Default: empty. */
  readonly origin?: string | undefined;
  /** Called when the answer of the ingester is about to be checked, and when it was right. */
  readonly onProgress?: ((stage: 'answered' | 'authenticated') => void) | undefined;
}

/** An ingester that has finished the handshake. */
export interface HotIngester {
  /** The tenant that it ingests for (§3); `undefined`: none. */
  readonly tenant: Tenant | undefined;
  /** The names of the tags that it asked for. */
  readonly tags: readonly string[];
  /** Bytes that it sent after the handshake. They belong to the reader that takes over. */
  readonly rest: Buffer;
}

/**
 * The indexer's side of the handshake (§3): challenge, authentication and tags, until the ingester is
 * hot. Then the stream is paused. A refused ingester gets the reason, and the stream is ended. Until the
 * ingester is authenticated, at most the bytes of the longest response are kept.
 *
 * @throws {AuthenticationError} {@link TenantRefusedError} {@link TagNotGrantedError} {@link DecodeError}
 * {@link IngesterTimeoutError} {@link ConnectionLostError} if the ingester is refused.
 */
export function acceptIngester(stream: Duplex, options: HandshakeOptions): Promise<HotIngester> {
  return new Promise((resolve, reject) => new Handshake(stream, options, resolve, reject).begin());
}

class Handshake {
  readonly #stream: Duplex;
  readonly #options: HandshakeOptions;
  readonly #resolve: (ingester: HotIngester) => void;
  readonly #reject: (error: unknown) => void;
  readonly #decoder = new IngesterStreamDecoder();
  readonly #apiVersion: number;
  readonly #challenge: Challenge;
  /** How many more bytes may arrive before the ingester is authenticated. */
  #room: number = MAX_RESPONSE_BYTES;
  #timer: NodeJS.Timeout | undefined;
  /** The end of the time limit, on the clock of `performance`. */
  #deadline = 0;
  #stopChecking: () => void = () => {};
  #isChecking = false;
  #tenant: Tenant | undefined;
  #tags: readonly string[] = [];

  constructor(
    stream: Duplex,
    options: HandshakeOptions,
    resolve: (ingester: HotIngester) => void,
    reject: (error: unknown) => void,
  ) {
    this.#stream = stream;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#apiVersion = options.apiVersion ?? API_VERSION;
    this.#challenge = {
      iterations: randomInt(MIN_ITERATIONS, MAX_ITERATIONS + 1),
      random: randomBytes(ANSWER_BYTES),
      version: this.#apiVersion,
    };
  }

  begin(): void {
    const stream = this.#stream;
    const { acceptedAt = performance.now() } = this.#options;
    this.#deadline = acceptedAt + this.#timeoutMs;
    this.#startTimer();
    stream.on('data', this.#receive);
    stream.on('error', this.#lost);
    // An error may come between the handshake and the reader that takes over.
    stream.on('error', () => {});
    stream.on('end', this.#lost);
    stream.on('close', this.#lost);
    if (stream.destroyed) this.#lost();
    else stream.write(encodeChallenge(this.#challenge));
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  }

  #startTimer(): void {
    this.#timer = setTimeout(
      () => this.#fail(new IngesterTimeoutError(TOO_SLOW, this.#timeoutMs)),
      this.#deadline - performance.now(),
    );
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#attempt(() => {
      this.#room -= chunk.length;
      if (this.#room < 0) {
        const size = MAX_RESPONSE_BYTES - this.#room;
        throw new LimitError('challenge response', size, MAX_RESPONSE_BYTES);
      }
      this.#decoder.push(chunk);
      this.#read();
    });
  };

  /** Answers what has arrived, up to the end of the handshake or an answer that must be checked. */
  #read(): void {
    while (!this.#isChecking) {
      const message = this.#decoder.next();
      if (message === undefined) return;
      switch (message.kind) {
        case 'challengeResponse':
          this.#authenticate(message.answer, message.tenant);
          break;
        case 'tagRequest':
          this.#tags = message.tags;
          this.#stream.write(encodeTagResponse(this.#numberTags(message.tags)));
          break;
        case 'state':
          if (message.id !== State.hot) {
            throw new DecodeError('state', `0x${message.id.toString(16)} is not HOT`);
          }
          this.#succeed();
          return;
        default:
          throw new DecodeError('handshake', `${message.kind} is not part of it`);
      }
    }
  }

  #authenticate(given: Uint8Array, tenant: Tenant | undefined): void {
    const { secretHash, answers = new AnswerQueue(), origin = '', onProgress } = this.#options;
    // An indexer that knows no tenants reads the mark of a tenant as the answer.
    const knowsTenants = this.#apiVersion >= MinimumVersion.tenant;
    const answer = knowsTenants || tenant === undefined ? given : TENANT_MARKER;
    this.#isChecking = true;
    onProgress?.('answered');
    // The answers of other ingesters may be checked first. That time does not count.
    clearTimeout(this.#timer);
    const answeredAt = performance.now();
    this.#stopChecking = answers.ask(this.#challenge, secretHash, origin, (right) => {
      this.#isChecking = false;
      this.#deadline += performance.now() - answeredAt;
      this.#startTimer();
      this.#attempt(() => {
        if (!timingSafeEqual(answer, right))
          this.#refuse('invalid secret', new AuthenticationError());
        this.#checkTenant(tenant?.name === '' ? undefined : tenant);
        this.#room = Number.POSITIVE_INFINITY;
        onProgress?.('authenticated');
        this.#stream.write(encodeState({ id: State.authenticated, info: '' }));
        this.#read();
      });
    });
  }

  #checkTenant(tenant: Tenant | undefined): void {
    const { tenants } = this.#options;
    if (tenants !== undefined && !tenants.has(tenant?.name ?? '')) {
      const info = tenant === undefined ? 'a tenant is required' : 'the tenant may not ingest';
      this.#refuse(info, new TenantRefusedError(tenant?.name));
    }
    this.#tenant = tenant;
  }

  #refuse(info: string, error: Error): never {
    this.#stream.write(encodeState({ id: State.notAuthenticated, info }));
    throw error;
  }

  #numberTags(names: readonly string[]): Map<string, IndexerTag> {
    try {
      const tooMany = names[MAX_NAMES];
      if (tooMany !== undefined) {
        throw new TagNotGrantedError(tooMany, `a request can have at most ${MAX_NAMES} tags`);
      }
      const { negotiateTag } = this.#options;
      return new Map(names.map((name) => [name, negotiateTag(name, this.#tenant)]));
    } catch (error) {
      if (error instanceof TagNotGrantedError) this.#stream.write(encodeTagResponse(new Map()));
      throw error;
    }
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  // The argument of the event `close` is not an error.
  readonly #lost = (cause?: unknown): void => {
    const options = isError(cause) ? { cause } : {};
    this.#fail(new ConnectionLostError('the handshake', options));
  };

  #fail(error: unknown): void {
    this.#settle();
    endStream(this.#stream);
    this.#reject(error);
  }

  #succeed(): void {
    this.#settle();
    this.#stream.pause();
    this.#resolve({ tenant: this.#tenant, tags: this.#tags, rest: this.#decoder.rest() });
  }

  #settle(): void {
    const stream = this.#stream;
    clearTimeout(this.#timer);
    this.#stopChecking();
    stream.off('data', this.#receive);
    stream.off('error', this.#lost);
    stream.off('end', this.#lost);
    stream.off('close', this.#lost);
  }
}
