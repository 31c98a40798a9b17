import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  ANSWER_BYTES,
  API_VERSION,
  answerChallenge,
  type Challenge,
  DecodeError,
  encodeChallenge,
  encodeState,
  encodeTagResponse,
  type IndexerTag,
  type IngesterMessage,
  IngesterStreamDecoder,
  MinimumVersion,
  State,
  TENANT_MARKER,
  type Tenant,
} from '@ringest/codec';
import { endStream } from './end-stream.js';
import {
  AuthenticationError,
  ConnectionLostError,
  IngesterTimeoutError,
  TagRefusedError,
} from './errors.js';

/** Everything up to the state HOT must be done within this time (§2). */
export const HANDSHAKE_TIMEOUT_MS = 5000;

// How often an indexer has an answer hashed: from this, and less than that (§3).
const MIN_ITERATIONS = 10_000;
const ITERATIONS_END = 20_000;

/** What decides whether an ingester is let in. */
export interface HandshakeOptions {
  /** What `hashSecret` made of the secret. */
  readonly secretHash: Uint8Array;
  /**
   * The number of a tag that the ingester asks for.
   *
   * @throws {TagRefusedError} if it cannot have the tag; then all it asked for are refused.
   */
  readonly negotiateTag: (name: string) => IndexerTag;
  /** The indexer's API version, the newest unless given. */
  readonly apiVersion?: number | undefined;
  /** {@link HANDSHAKE_TIMEOUT_MS} unless given. */
  readonly timeoutMs?: number | undefined;
}

/** An ingester that was let in and is hot. */
export interface HotIngester {
  readonly tenant: Tenant | undefined;
  /** The tags that it asked for. */
  readonly tags: readonly string[];
  /** What it sent after the handshake: for the reader that takes over. */
  readonly rest: Buffer;
}

/**
 * The indexer's half of the handshake (§3): challenge, authentication, tags, until the ingester is
 * hot. The stream is paused then. An ingester that is not let in is told so, and the stream ended.
 *
 * @throws {AuthenticationError} {@link TagRefusedError} {@link DecodeError}
 * {@link IngesterTimeoutError} {@link ConnectionLostError} if it is not let in.
 */
export function acceptIngester(stream: Duplex, options: HandshakeOptions): Promise<HotIngester> {
  const { secretHash, negotiateTag } = options;
  const { apiVersion = API_VERSION, timeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const decoder = new IngesterStreamDecoder();
  const challenge: Challenge = {
    iterations: randomInt(MIN_ITERATIONS, ITERATIONS_END),
    random: randomBytes(ANSWER_BYTES),
    version: apiVersion,
  };
  // An older indexer takes the mark of a response with a tenant for the answer.
  const knowsTenants = apiVersion >= MinimumVersion.tenant;
  let tenant: Tenant | undefined;
  let tags: readonly string[] = [];

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      fail(new IngesterTimeoutError('did not finish the handshake', timeoutMs));
    }, timeoutMs);
    stream.on('data', read);
    stream.on('error', lost);
    stream.on('end', lost);
    stream.on('close', lost);
    stream.write(encodeChallenge(challenge));

    function read(chunk: Buffer): void {
      decoder.push(chunk);
      try {
        for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
          if (!answer(message)) continue;
          settle();
          stream.pause();
          resolve({ tenant, tags, rest: decoder.rest() });
          return;
        }
      } catch (error) {
        fail(error as Error);
      }
    }

    /** Whether that was the last message of the handshake. */
    function answer(message: IngesterMessage): boolean {
      switch (message.kind) {
        case 'challengeResponse':
          tenant = message.tenant;
          authenticate(knowsTenants || tenant === undefined ? message.answer : TENANT_MARKER);
          return false;
        case 'tagRequest':
          tags = message.tags;
          stream.write(encodeTagResponse(numberTags(tags)));
          return false;
        case 'state':
          if (message.id === State.hot) return true;
          throw new DecodeError('state', `0x${message.id.toString(16)} is not HOT`);
        default:
          throw new DecodeError('handshake', `${message.kind} is no part of it`);
      }
    }

    function authenticate(given: Uint8Array): void {
      if (!timingSafeEqual(given, answerChallenge(challenge, secretHash))) {
        stream.write(encodeState({ id: State.notAuthenticated, info: 'invalid secret' }));
        throw new AuthenticationError();
      }
      stream.write(encodeState({ id: State.authenticated, info: '' }));
    }

    function numberTags(names: readonly string[]): Map<string, IndexerTag> {
      try {
        return new Map(names.map((name) => [name, negotiateTag(name)]));
      } catch (error) {
        if (error instanceof TagRefusedError) stream.write(encodeTagResponse(new Map()));
        throw error;
      }
    }

    function lost(cause?: Error): void {
      fail(new ConnectionLostError('the handshake', { cause }));
    }

    function fail(error: Error): void {
      settle();
      endStream(stream);
      reject(error);
    }

    function settle(): void {
      clearTimeout(timer);
      stream.off('data', read);
      stream.off('error', lost);
      stream.off('end', lost);
      stream.off('close', lost);
    }
  });
}
