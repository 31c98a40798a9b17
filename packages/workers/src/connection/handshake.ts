import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  API_VERSION,
  answerInSteps,
  type Challenge,
  Compression,
  encodeApiVersion,
  encodeChallengeResponse,
  encodeForceAck,
  encodeId,
  encodeIngestOk,
  encodeState,
  encodeStreamConfiguration,
  encodeTagRequest,
  type IndexerTag,
  MinimumVersion,
  State,
} from '@ringest/codec';
import { ConnectionLoss, FatalLoss } from '../connection-loss.js';
import type { TagName } from '../endpoint.js';
import type { LaneTask } from '../messages.js';
import type { HandshakeReader } from './handshake-reader.js';
import { guessOfClient } from './loss-of.js';
import type { TagRequests } from './tag-requests.js';
import { type Turn, Turns } from './turns.js';

/** Milliseconds that an indexer may take to check an answer before the next lane dials. */
const CHECK_MS = 1000;

/** One lane of this thread at a time computes its answer. */
const answering = new Turns(1);

/** The result of a handshake. */
export interface Agreement {
  /** The indexer's API version. */
  readonly indexerVersion: number;
  /** The tags that were asked for, with the indexer's numbers. */
  readonly tags: readonly NumberedTag[];
  /** The compression of everything that follows, in both directions. */
  readonly compression: Compression;
}

/** The part of a lane's task that a handshake needs. */
export type HandshakeTask = Pick<
  LaneTask,
  'endpoint' | 'credentials' | 'identity' | 'minVersion' | 'times'
>;

/** A tag with the number that the indexer gave to it. */
export interface NumberedTag extends TagName {
  readonly number: IndexerTag;
}

/**
 * Does the ingester's half of a session up to the first entry (§2): authentication, tags,
 * identification, permission, stream configuration. Steps that the indexer is too old for are left out.
 *
 * @param turn held from the challenge on; ends when the indexer has accepted the answer, or takes too long
 * to check it
 * @throws {FatalLoss} the indexer is too old
 * @throws {ConnectionLoss} refused, timed out, or against the protocol
 * @throws {DecodeError} malformed messages
 */
export async function handshake(
  task: HandshakeTask,
  laneTags: TagRequests,
  reader: HandshakeReader,
  write: (bytes: Uint8Array) => void,
  turn: Turn,
): Promise<Agreement> {
  let deadline = performance.now() + task.times.handshake;
  const left = () => Math.max(0, deadline - performance.now());

  const { endpoint, credentials } = task;
  const challenge = await reader.expect('challenge', left()).catch((error) => {
    throw withGuess(error, task);
  });
  const { version } = challenge;
  checkVersion(version, task);
  turn.keep();
  const asked = performance.now();
  const answer = await answerOf(challenge, credentials.secretHash, reader);
  // The deadline is for the indexer: the time of this thread does not count.
  deadline += performance.now() - asked;
  write(encodeChallengeResponse(answer, { name: endpoint.tenant, version }));
  turn.endIn(CHECK_MS);
  const state = await reader.expect('state', left());
  turn.end();
  if (state.id !== State.authenticated) {
    const info = state.info === '' ? '' : ` (${state.info})`;
    const isTenant = endpoint.tenant !== '' || /tenant/i.test(state.info);
    const shown = isTenant
      ? 'the ingest secret, the tenant or that there is none'
      : 'the ingest secret';
    throw new ConnectionLoss('authentication', `the indexer refused ${shown}${info}`);
  }

  const tags = await negotiateTags(laneTags, version, reader, write, left());
  const reply = task.times.handshake;
  write(encodeState({ id: State.hot, info: '' }));
  if (version >= MinimumVersion.apiVersion) {
    write(Buffer.concat([encodeForceAck(), encodeApiVersion(API_VERSION)]));
    await reader.expect('confirmApiVersion', reply);
  }
  if (version >= MinimumVersion.id) {
    write(Buffer.concat([encodeForceAck(), encodeId(task.identity)]));
    await reader.expect('confirmId', reply);
  }
  if (version >= MinimumVersion.ingestOk) {
    write(encodeIngestOk());
    while (!(await reader.expect('confirmIngestOk', reply)).ok) {
      await reader.pause(task.times.notReady);
      write(encodeIngestOk());
    }
  }
  let compression: Compression = Compression.none;
  if (version >= MinimumVersion.streamConfiguration) {
    reader.decoder.expectStreamConfiguration();
    write(encodeStreamConfiguration(endpoint.compression));
    ({ compression } = await reader.expect('streamConfiguration', reply));
    if (compression !== Compression.none && compression !== endpoint.compression) {
      throw new ConnectionLoss('protocol', 'the indexer chose a compression that was not offered');
    }
  }
  return { indexerVersion: version, tags, compression };
}

/**
 * Computes an answer. It takes tens of milliseconds, so it is done in small steps: between two steps,
 * the event loop serves the other lanes of the thread.
 */
async function answerOf(
  challenge: Challenge,
  hash: Uint8Array,
  reader: HandshakeReader,
): Promise<Buffer> {
  const turn = await answering.begin();
  try {
    const steps = answerInSteps(challenge, hash);
    for (;;) {
      reader.check();
      const { done, value } = steps.next();
      if (done === true) return value;
      await nextTurn();
    }
  } finally {
    turn.end();
  }
}

/** Adds a likely reason to the error of an indexer that has sent nothing: TLS on one side only. */
function withGuess(error: unknown, { endpoint, credentials }: HandshakeTask): unknown {
  if (!(error instanceof ConnectionLoss)) return error;
  const { kind } = endpoint.transport;
  if (error.reason === 'timeout' && kind === 'tcp') {
    return new ConnectionLoss('timeout', `${error.message}: is it a tls:// port?`, {
      cause: error,
    });
  }
  if (error.reason === 'lost' && kind === 'tls' && credentials.tls.client !== undefined) {
    return guessOfClient(error);
  }
  return error;
}

/** @throws {FatalLoss} */
function checkVersion(version: number, { endpoint, minVersion }: HandshakeTask): void {
  const wanted =
    version < minVersion
      ? `version ${minVersion} is the least that is wanted`
      : endpoint.tenant !== '' && version < MinimumVersion.tenant
        ? `tenants need version ${MinimumVersion.tenant}; use another indexer, or no tenant`
        : undefined;
  if (wanted === undefined) return;
  throw new FatalLoss('version', `the indexer speaks API version ${version}: ${wanted}`);
}

/** Asks for the numbers of all tags of the lane at once. */
async function negotiateTags(
  laneTags: TagRequests,
  version: number,
  reader: HandshakeReader,
  write: (bytes: Uint8Array) => void,
  timeout: number,
): Promise<NumberedTag[]> {
  const canAskLater = version >= MinimumVersion.tag;
  const asked = laneTags.request(canAskLater);
  write(encodeTagRequest(asked.map(({ name }) => name)));
  const most = mostTagResponseBytes(asked);
  const { count, tags } = await reader.expect('tagResponse', timeout, most);
  if (count === 0 && asked.length > 0) {
    if (canAskLater) laneTags.requestRefused();
    throw new ConnectionLoss('tags', 'the indexer refused the tags');
  }
  return asked.map((tag) => {
    const number = tags.get(tag.name);
    if (number !== undefined) return { ...tag, number };
    throw new ConnectionLoss('tags', `the indexer gave no number for tag '${tag.name}'`);
  });
}

/** Bytes of the longest valid answer: every character is escaped, and each tag has a number. */
function mostTagResponseBytes(asked: readonly TagName[]): number {
  return asked.reduce((bytes, { name }) => bytes + 6 * Buffer.byteLength(name) + 16, 1024);
}
