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

/** For how many milliseconds an indexer may check an answer before the next lane dials. */
const CHECK_MS = 1000;

/** Who works out an answer. Of all lanes of this thread it is one at a time. */
const answering = new Turns(1);

/** What a handshake agreed on. */
export interface Agreement {
  /** The indexer's API version. */
  readonly indexerVersion: number;
  /** The tags that were asked for, with the indexer's numbers. */
  readonly tags: readonly NumberedTag[];
  /** Of all that follows, in both directions. */
  readonly compression: Compression;
}

/** What it needs to know of its lane. */
export type HandshakeTask = Pick<
  LaneTask,
  'endpoint' | 'credentials' | 'identity' | 'minVersion' | 'times'
>;

/** A tag with the number that the indexer gave to it. */
export interface NumberedTag extends TagName {
  readonly number: IndexerTag;
}

/**
 * The ingester's half of a session up to the first entry (§2): authentication, tags,
 * identification, permission, stream configuration. What the indexer is too old for is left out.
 *
 * @param turn ends when the lane is let in, or when the indexer takes its time to check the answer
 * @throws {FatalLoss} the indexer is too old
 * @throws {ConnectionLoss} refused, timed out, or against the protocol
 * @throws {DecodeError} malformed messages
 */
export async function handshake(
  task: HandshakeTask,
  laneTags: TagRequests,
  inbox: HandshakeReader,
  write: (bytes: Uint8Array) => void,
  turn: Turn,
): Promise<Agreement> {
  let deadline = performance.now() + task.times.handshake;
  const left = () => Math.max(0, deadline - performance.now());

  const { endpoint, credentials } = task;
  const challenge = await inbox.expect('challenge', left()).catch((error) => {
    throw withGuess(error, task);
  });
  const { version } = challenge;
  checkVersion(version, task);
  turn.hold();
  const asked = performance.now();
  const answer = await answerOf(challenge, credentials.secretHash, inbox);
  // The time that this thread takes is not the indexer's.
  deadline += performance.now() - asked;
  write(encodeChallengeResponse(answer, { name: endpoint.tenant, version }));
  turn.endIn(CHECK_MS);
  const state = await inbox.expect('state', left());
  turn.end();
  if (state.id !== State.authenticated) {
    const info = state.info === '' ? '' : ` (${state.info})`;
    const isTenant = endpoint.tenant !== '' || /tenant/i.test(state.info);
    const shown = isTenant
      ? 'the ingest secret, the tenant or that there is none'
      : 'the ingest secret';
    throw new ConnectionLoss('authentication', `the indexer refused ${shown}${info}`);
  }

  const tags = await negotiateTags(laneTags, version, inbox, write, left());
  const reply = task.times.handshake;
  write(encodeState({ id: State.hot, info: '' }));
  if (version >= MinimumVersion.apiVersion) {
    write(Buffer.concat([encodeForceAck(), encodeApiVersion(API_VERSION)]));
    await inbox.expect('confirmApiVersion', reply);
  }
  if (version >= MinimumVersion.id) {
    write(Buffer.concat([encodeForceAck(), encodeId(task.identity)]));
    await inbox.expect('confirmId', reply);
  }
  if (version >= MinimumVersion.ingestOk) {
    write(encodeIngestOk());
    while (!(await inbox.expect('confirmIngestOk', reply)).ok) {
      await inbox.pause(task.times.notReady);
      write(encodeIngestOk());
    }
  }
  let compression: Compression = Compression.none;
  if (version >= MinimumVersion.streamConfiguration) {
    inbox.decoder.expectStreamConfiguration();
    write(encodeStreamConfiguration(endpoint.compression));
    ({ compression } = await inbox.expect('streamConfiguration', reply));
    if (compression !== Compression.none && compression !== endpoint.compression) {
      throw new ConnectionLoss('protocol', 'the indexer chose a compression that was not offered');
    }
  }
  return { indexerVersion: version, tags, compression };
}

/**
 * Works out an answer, which takes tens of milliseconds, in small steps: between two of them the event
 * loop serves the other lanes of the thread.
 */
async function answerOf(
  challenge: Challenge,
  hash: Uint8Array,
  inbox: HandshakeReader,
): Promise<Buffer> {
  const turn = await answering.begin();
  try {
    const steps = answerInSteps(challenge, hash);
    for (;;) {
      inbox.check();
      const { done, value } = steps.next();
      if (done === true) return value;
      await nextTurn();
    }
  } finally {
    turn.end();
  }
}

/** An indexer that says nothing at all may have been expected to speak otherwise. */
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

/** Asks for the numbers of all tags that the lane wants at once. */
async function negotiateTags(
  laneTags: TagRequests,
  version: number,
  inbox: HandshakeReader,
  write: (bytes: Uint8Array) => void,
  timeout: number,
): Promise<NumberedTag[]> {
  const canAskLater = version >= MinimumVersion.tag;
  const asked = laneTags.request(canAskLater);
  write(encodeTagRequest(asked.map(({ name }) => name)));
  const most = mostTagResponseBytes(asked);
  const { count, tags } = await inbox.expect('tagResponse', timeout, most);
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

/** The longest answer that makes sense: every character escaped, and a number each. */
function mostTagResponseBytes(asked: readonly TagName[]): number {
  return asked.reduce((bytes, { name }) => bytes + 6 * Buffer.byteLength(name) + 16, 1024);
}
