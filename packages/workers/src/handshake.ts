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
import type { LaneTask, TagName } from './boundary.js';
import type { Inbox } from './inbox.js';
import type { LaneTags } from './lane-tags.js';
import { guessOfClient } from './loss-of.js';
import { FatallyLost, Lost } from './lost.js';

/** What a handshake agreed on. */
export interface Agreement {
  /** The indexer's API version. */
  readonly indexerVersion: number;
  /** The tags that were asked for, with the indexer's numbers. */
  readonly tags: readonly NumberedTag[];
  /** Of all that follows, in both directions. */
  readonly compression: Compression;
}

export interface NumberedTag extends TagName {
  readonly number: number;
}

/**
 * The ingester's half of a session up to the first entry (§2): authentication, tags,
 * identification, permission, stream configuration. What the indexer is too old for is left out.
 *
 * @throws {FatallyLost} the indexer is too old
 * @throws {Lost} refused, timed out, or against the protocol
 * @throws {DecodeError} malformed messages
 */
export async function handshake(
  task: LaneTask,
  laneTags: LaneTags,
  inbox: Inbox,
  write: (bytes: Uint8Array) => void,
): Promise<Agreement> {
  const deadline = performance.now() + task.times.handshake;
  const left = () => Math.max(0, deadline - performance.now());

  const { endpoint, credentials } = task;
  const challenge = await inbox.expect('challenge', left()).catch((error) => {
    throw withGuess(error, task);
  });
  const { version } = challenge;
  checkVersion(version, task);
  const answer = answerChallenge(challenge, credentials.secretHash);
  write(encodeChallengeResponse(answer, { name: endpoint.tenant, version }));
  const state = await inbox.expect('state', left());
  if (state.id !== State.authenticated) {
    const info = state.info === '' ? '' : ` (${state.info})`;
    const isTenant = endpoint.tenant !== '' || /tenant/i.test(state.info);
    const shown = isTenant
      ? 'the ingest secret, the tenant or that there is none'
      : 'the ingest secret';
    throw new Lost('authentication', `the indexer refused ${shown}${info}`);
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
      throw new Lost('protocol', 'the indexer chose a compression that was not offered');
    }
  }
  return { indexerVersion: version, tags, compression };
}

/** An indexer that says nothing at all may have been expected to speak otherwise. */
function withGuess(error: unknown, { endpoint, credentials }: LaneTask): unknown {
  if (!(error instanceof Lost)) return error;
  const { kind } = endpoint.transport;
  if (error.reason === 'timeout' && kind === 'tcp') {
    return new Lost('timeout', `${error.message}: is it a tls:// port?`, { cause: error });
  }
  if (error.reason === 'lost' && kind === 'tls' && credentials.tls.client !== undefined) {
    return guessOfClient(error);
  }
  return error;
}

/** @throws {FatallyLost} */
function checkVersion(version: number, { endpoint, minVersion }: LaneTask): void {
  const wanted =
    version < minVersion
      ? `version ${minVersion} is the least that is wanted`
      : endpoint.tenant !== '' && version < MinimumVersion.tenant
        ? `tenants need version ${MinimumVersion.tenant}; use another indexer, or no tenant`
        : undefined;
  if (wanted === undefined) return;
  throw new FatallyLost('version', `the indexer speaks API version ${version}: ${wanted}`);
}

/** Asks for the numbers of all tags that the lane wants at once. */
async function negotiateTags(
  laneTags: LaneTags,
  version: number,
  inbox: Inbox,
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
    throw new Lost('tags', 'the indexer refused the tags');
  }
  return asked.map((tag) => {
    const number = tags.get(tag.name);
    if (number !== undefined) return { ...tag, number };
    throw new Lost('tags', `the indexer gave no number for tag '${tag.name}'`);
  });
}

/** The longest answer that makes sense: every character escaped, and a number each. */
function mostTagResponseBytes(asked: readonly TagName[]): number {
  return asked.reduce((bytes, { name }) => bytes + 6 * Buffer.byteLength(name) + 16, 1024);
}
