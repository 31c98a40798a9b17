import {
  API_VERSION,
  answerChallenge,
  Compression,
  encodeApiVersion,
  encodeChallengeResponse,
  encodeForceAck,
  encodeId,
  encodeIngestOk,
  encodeState,
  encodeStreamConfiguration,
  encodeTagRequest,
  MinimumVersion,
  State,
} from '@ringest/codec';
import type { LaneTask } from './boundary.js';
import type { Inbox } from './inbox.js';
import { Lost } from './lost.js';

/** What a handshake agreed on. */
export interface Agreement {
  /** The indexer's API version. */
  readonly indexerVersion: number;
  /** The indexer's number of every tag asked for, by name. */
  readonly tags: ReadonlyMap<string, number>;
}

/**
 * The ingester's half of a session up to the first entry (§2): authentication, tags,
 * identification, permission, stream configuration. What the indexer is too old for is left out.
 *
 * @throws {Lost} refused, timed out, or against the protocol
 * @throws {DecodeError} malformed messages
 */
export async function handshake(
  task: LaneTask,
  inbox: Inbox,
  write: (bytes: Uint8Array) => void,
): Promise<Agreement> {
  const deadline = performance.now() + task.times.handshake;
  const left = () => Math.max(0, deadline - performance.now());

  const challenge = await inbox.expect('challenge', left());
  write(encodeChallengeResponse(answerChallenge(challenge, task.secretHash)));
  const state = await inbox.expect('state', left());
  if (state.id !== State.authenticated) {
    const info = state.info === '' ? '' : ` (${state.info})`;
    throw new Lost('authentication', `the indexer refused the ingest secret${info}`);
  }

  write(encodeTagRequest(task.tags));
  const { count, tags } = await inbox.expect('tagResponse', left());
  if (count === 0 && task.tags.length > 0) {
    throw new Lost('tags', 'the indexer refused the tags');
  }

  const version = challenge.version;
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
  if (version >= MinimumVersion.streamConfiguration) {
    inbox.decoder.expectStreamConfiguration();
    write(encodeStreamConfiguration(Compression.none));
    const { compression } = await inbox.expect('streamConfiguration', reply);
    if (compression !== Compression.none) {
      throw new Lost('protocol', 'the indexer chose a compression that was not offered');
    }
  }
  return { indexerVersion: version, tags };
}
