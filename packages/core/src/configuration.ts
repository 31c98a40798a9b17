import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { checkTag, GRAVWELL_TAG_NAME, hashSecret, MAX_TAGS } from '@ringest/codec';
import type { ConnectionTimes, Endpoint, Identity } from '@ringest/workers';
import { MAX_RING_BYTES, MIN_RING_BYTES } from '@ringest/workers';
import { type Logger, pino } from 'pino';
import { z } from 'zod';
import { ConfigurationError } from './errors.js';
import { parseTarget } from './target.js';

const milliseconds = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const positive = z.number().int().min(1);

const times = z.strictObject({
  dial: milliseconds.default(1000),
  handshake: milliseconds.default(5000),
  notReady: milliseconds.default(10_000),
  firstRetry: milliseconds.default(500),
  mostRetry: milliseconds.default(30_000),
});

const schema = z.strictObject({
  targets: z.array(z.string()).min(1, 'give at least one indexer, like tcp://127.0.0.1:4023'),
  secret: z.string().min(1, 'give the ingest secret of the indexers'),
  tags: z.array(z.string()).max(MAX_TAGS).default([]),
  name: z.string().default('ringest'),
  version: z.string().default(''),
  uuid: z.guid().optional(),
  workers: positive.max(1024).optional(),
  connectionsPerTarget: positive.max(1024).default(1),
  ringBytes: positive
    .min(MIN_RING_BYTES)
    .max(MAX_RING_BYTES)
    .refine((bytes) => Number.isInteger(Math.log2(bytes)), 'give a power of two')
    .default(16 * 1024 * 1024),
  batchBytes: positive.max(MAX_RING_BYTES).default(65536),
  backlogBytes: positive.default(64 * 1024 * 1024),
  closeTimeout: milliseconds.default(10_000),
  times: times.prefault({}),
  logger: z.custom<Logger>(isLogger, 'give a pino logger').optional(),
});

/** What an `IngestMuxer` is made with; see the README for every field. */
export interface MuxerConfiguration {
  /** Indexers, as `tcp://host:port`; without a port, the default of the scheme (§1). */
  readonly targets: readonly string[];
  /** The ingest secret that the indexers share. */
  readonly secret: string;
  /** Names of the tags that entries will carry. `gravwell` is always known. */
  readonly tags?: readonly string[];
  /** How the ingester introduces itself (§4, ID). Default: `ringest`. */
  readonly name?: string;
  readonly version?: string;
  /** Default: a random one. */
  readonly uuid?: string;
  /** Threads. Default: one for each lane, but no more than there are processors. */
  readonly workers?: number;
  /** Lanes to each target. Default: 1. */
  readonly connectionsPerTarget?: number;
  /** The size of each lane's ring: a power of two, 64 KiB to 1 GiB. Default: 16 MiB. */
  readonly ringBytes?: number;
  /** Bytes of frames after which a batch is committed and the lane chosen anew. Default: 64 KiB. */
  readonly batchBytes?: number;
  /** Bytes of entries that may wait for room before a write throws. Default: 64 MiB. */
  readonly backlogBytes?: number;
  /** How long `close` waits for confirmations, in milliseconds. Default: 10 s. */
  readonly closeTimeout?: number;
  /** Times of connections, in milliseconds. */
  readonly times?: Partial<ConnectionTimes>;
  /** Default: silent. */
  readonly logger?: Logger;
}

/** A configuration that was checked, with every default in its place. It holds no secret. */
export interface Configuration {
  readonly endpoints: readonly Endpoint[];
  readonly secretHash: Uint8Array;
  readonly tags: readonly string[];
  readonly identity: Identity;
  readonly workers: number;
  readonly connectionsPerTarget: number;
  readonly ringBytes: number;
  readonly batchBytes: number;
  readonly backlogBytes: number;
  readonly closeTimeout: number;
  readonly times: ConnectionTimes;
  readonly logger: Logger;
}

/** @throws {ConfigurationError} naming the field and what it must be */
export function checkConfiguration(input: MuxerConfiguration): Configuration {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const path = [...(issue?.path ?? []), ...unknown];
    throw new ConfigurationError(path.join('.') || '(root)', issue?.message ?? 'cannot be used');
  }
  const { targets, secret, tags, name, version, uuid, workers, logger, ...rest } = parsed.data;
  const lanes = targets.length * rest.connectionsPerTarget;
  return {
    ...rest,
    endpoints: targets.map((address, i) => at(`targets.${i}`, () => parseTarget(address))),
    secretHash: hashSecret(secret),
    tags: checkTags(tags),
    identity: { name, version, uuid: uuid ?? randomUUID() },
    workers: Math.min(lanes, workers ?? availableParallelism()),
    logger: logger ?? pino({ level: 'silent' }),
  };
}

/** Trimmed names, each once; `gravwell` is not negotiated. */
function checkTags(names: readonly string[]): string[] {
  const checked = names.map((name, i) => at(`tags.${i}`, () => checkTag(name)));
  return [...new Set(checked)].filter((name) => name !== GRAVWELL_TAG_NAME);
}

function at<Value>(field: string, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    throw new ConfigurationError(field, (error as Error).message, { cause: error });
  }
}

function isLogger(value: unknown): boolean {
  const logger = value as Partial<Logger> | null | undefined;
  return [logger?.info, logger?.warn, logger?.error].every((log) => typeof log === 'function');
}
