import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  API_VERSION,
  checkTag,
  GRAVWELL_TAG_NAME,
  MAX_IDENTITY_BYTES,
  MAX_TAGS,
  Source,
  type SourceInput,
} from '@ringest/codec';
import type { ConnectionTimes, Identity, RateLimitTask } from '@ringest/workers';
import { MAX_RING_BYTES, MIN_RING_BYTES, RateLimit } from '@ringest/workers';
import { type Logger, pino } from 'pino';
import { z } from 'zod';
import { type AttachInput, Attachments } from './attachments.js';
import type { Policy } from './balancing/index.js';
import { type CacheInput, type CacheSettings, cacheField } from './cache/settings.js';
import { atField, ConfigurationError } from './errors.js';
import { fromHere } from './from-here.js';
import type { LogLevel } from './syslog-text.js';
import {
  checkTargets,
  type Target,
  type TargetDefaults,
  type TargetInput,
  targetField,
  targetFields,
} from './targets/index.js';

const milliseconds = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** The least `rateLimit`, in bits a second. */
export const MIN_RATE_LIMIT = 8000;

const positive = z.number().int().min(1);

/** What indexers are told in a text of bounded size. */
const identityText = z.string().refine((text) => Buffer.byteLength(text) <= MAX_IDENTITY_BYTES, {
  error: `give at most ${MAX_IDENTITY_BYTES} bytes of UTF-8`,
});

const times = z
  .strictObject({
    dial: milliseconds.default(1000),
    tls: milliseconds.default(5000),
    handshake: milliseconds.default(5000),
    notReady: milliseconds.default(10_000),
    firstRetry: milliseconds.default(500),
    mostRetry: milliseconds.default(30_000),
    silence: milliseconds.default(10_000),
    confirmation: milliseconds.default(60_000),
  })
  .refine(({ firstRetry, mostRetry }) => firstRetry <= mostRetry, {
    path: ['firstRetry'],
    error: ({ input }) => retryProblem(input as ConnectionTimes),
  });

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];

const ownLog = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info'),
});

const schema = z.strictObject({
  targets: z.array(targetField).min(1, 'give at least one indexer, like tcp://127.0.0.1:4023'),
  ...targetFields,
  tags: z.array(z.string()).max(MAX_TAGS).default([]),
  name: identityText.default('ringest'),
  version: identityText.default(''),
  uuid: z.guid().optional(),
  label: identityText.default(''),
  minVersion: z.number().int().min(0).max(API_VERSION).default(0),
  balancing: z.enum(['expectedTime', 'roundRobin', 'leastOutstanding']).default('expectedTime'),
  rateLimit: z
    .number()
    .refine((bits) => bits === 0 || bits >= MIN_RATE_LIMIT, {
      error: `give bits a second, ${MIN_RATE_LIMIT} or more, or 0 for no limit`,
    })
    .default(0),
  attach: z.custom<AttachInput>().optional(),
  sourceOverride: z.custom<SourceInput>().optional(),
  selfIngest: z
    .union([z.boolean(), ownLog], {
      error: `give true, false, or { level } with one of ${LOG_LEVELS.join(', ')}`,
    })
    .default(true),
  statsInterval: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(60_000),
  workers: positive.max(1024).optional(),
  connectionsPerTarget: positive.max(1024).default(1),
  ringBytes: positive
    .min(MIN_RING_BYTES)
    .max(MAX_RING_BYTES)
    .refine((bytes) => Number.isInteger(Math.log2(bytes)), 'give a power of two')
    .default(16 * 1024 * 1024),
  batchBytes: positive.max(MAX_RING_BYTES).default(65536),
  backlogBytes: positive.default(64 * 1024 * 1024),
  cache: cacheField.optional(),
  closeTimeout: milliseconds.default(10_000),
  times: times.prefault({}),
  logger: z.custom<Logger>(isLogger, 'give a pino logger').optional(),
});

/** What an `IngestMuxer` is made with; see the README for every field. */
export interface MuxerConfiguration extends TargetDefaults {
  /**
   * Indexers: `tcp://host:port`, `tls://host:port`, `pipe:///path`, or one of them with something of
   * its own. Without a port, the default of the scheme (§1).
   */
  readonly targets: readonly (string | TargetInput)[];
  /** Names of the tags that entries will carry. `gravwell` is always known. */
  readonly tags?: readonly string[];
  /** How the ingester introduces itself (§4, ID), in 4096 bytes at most. Default: `ringest`. */
  readonly name?: string;
  /** Of the same size. Default: empty. */
  readonly version?: string;
  /** Default: a random one. */
  readonly uuid?: string;
  /** What the ingester calls itself in its state (§8), in 4096 bytes at most. Default: empty. */
  readonly label?: string;
  /** The oldest API version of an indexer that is taken; a lane to an older one gives up. Default: 0. */
  readonly minVersion?: number;
  /** How the lane of a batch is picked. Default: `expectedTime`. */
  readonly balancing?: Policy;
  /** Bits a second that all lanes together send, at least 8000; 0: no limit. Default: 0. */
  readonly rateLimit?: number;
  /** Enumerated values that every entry carries: constants and variables. Default: none. */
  readonly attach?: AttachInput;
  /** The source of entries that bring none. Default: the local address of their connection. */
  readonly sourceOverride?: SourceInput;
  /**
   * Whether ringest's own log goes to the tag `gravwell` too, and from which level on. Default:
   * `true`, which is `{ level: 'info' }`.
   */
  readonly selfIngest?: boolean | { readonly level?: LogLevel };
  /** How often counters are logged, in milliseconds; 0: never. Default: 60 s. */
  readonly statsInterval?: number;
  /** Threads. Default: one for each lane, but no more than there are processors. */
  readonly workers?: number;
  /** Lanes to each target. Default: 1. */
  readonly connectionsPerTarget?: number;
  /** The size of each lane's ring: a power of two, 64 KiB to 1 GiB. Default: 16 MiB. */
  readonly ringBytes?: number;
  /** Bytes of frames after which a batch is committed and the lane chosen anew. Default: 64 KiB. */
  readonly batchBytes?: number;
  /**
   * Bytes that may wait for room before a write throws: those of entries, and what it takes to keep
   * them, 640 for each write and 224 for each entry. Default: 64 MiB.
   */
  readonly backlogBytes?: number;
  /** A disk cache. Default: none, everything is in memory. */
  readonly cache?: CacheInput;
  /** How long `close` waits for confirmations, and then for the disk, in milliseconds. Default: 10 s. */
  readonly closeTimeout?: number;
  /** Times of connections, in milliseconds; `firstRetry` is at most `mostRetry`. */
  readonly times?: Partial<ConnectionTimes>;
  /** Default: silent. */
  readonly logger?: Logger;
}

/** A configuration that was checked, with every default in its place. */
export interface Configuration {
  readonly targets: readonly Target[];
  readonly tags: readonly string[];
  readonly identity: Identity;
  readonly label: string;
  readonly minVersion: number;
  readonly balancing: Policy;
  /** What workers share of the rate limit. */
  readonly rateLimit: RateLimitTask | undefined;
  readonly attachments: Attachments | undefined;
  readonly sourceOverride: Source | undefined;
  /** From which level on the own log is ingested. */
  readonly selfIngest: LogLevel | undefined;
  readonly statsInterval: number;
  readonly workers: number;
  readonly connectionsPerTarget: number;
  readonly ringBytes: number;
  readonly batchBytes: number;
  readonly backlogBytes: number;
  readonly cache: CacheSettings | undefined;
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
  const { targets, secret, tenant, compression, tls, ...more } = parsed.data;
  const { tags, name, version, workers, logger, uuid = randomUUID(), ...others } = more;
  const { attach, rateLimit, selfIngest, sourceOverride, cache, ...rest } = others;
  const lanes = targets.length * rest.connectionsPerTarget;
  const ownLogLevel = typeof selfIngest === 'boolean' ? 'info' : selfIngest.level;
  return {
    ...rest,
    // It is used by other threads, and later: the working directory may be another one then.
    cache: cache && { ...cache, path: atField('cache.path', () => fromHere(cache.path)) },
    rateLimit: rateLimit === 0 ? undefined : RateLimit.task(rateLimit / 8),
    attachments: attach === undefined ? undefined : new Attachments(attach, { uuid }),
    sourceOverride:
      sourceOverride === undefined
        ? undefined
        : atField('sourceOverride', () => Source.from(sourceOverride)),
    selfIngest: selfIngest === false ? undefined : ownLogLevel,
    targets: checkTargets(targets, { secret, tenant, compression, tls }),
    tags: checkTags(tags),
    identity: { name, version, uuid },
    workers: Math.min(lanes, workers ?? availableParallelism()),
    logger: logger ?? pino({ level: 'silent' }),
  };
}

/** Trimmed names, each once; `gravwell` is not negotiated. */
function checkTags(names: readonly string[]): string[] {
  const checked = names.map((name, i) => atField(`tags.${i}`, () => checkTag(name)));
  return [...new Set(checked)].filter((name) => name !== GRAVWELL_TAG_NAME);
}

function retryProblem({ firstRetry, mostRetry }: ConnectionTimes): string {
  return `${firstRetry} ms is over times.mostRetry, ${mostRetry} ms: lower it, or raise times.mostRetry`;
}

function isLogger(value: unknown): boolean {
  const logger = value as Partial<Logger> | null | undefined;
  return [logger?.info, logger?.warn, logger?.error].every((log) => typeof log === 'function');
}
