import { availableParallelism } from 'node:os';
import {
  API_VERSION,
  checkTag,
  GRAVWELL_TAG_NAME,
  MAX_DATA_BYTES,
  MAX_IDENTITY_BYTES,
  MAX_TAGS,
  MAX_VALUE_BYTES,
  MAX_VALUE_NAME_BYTES,
  Source,
  type SourceInput,
} from '@ringest/codec';
import type { ConnectionTimes, Identity, RateLimitTask } from '@ringest/workers';
import { MAX_RING_BYTES, MIN_RING_BYTES, RateLimit } from '@ringest/workers';
import { type Logger, pino } from 'pino';
import { z } from 'zod';
import { POLICIES, type Policy } from '../balancing/index.js';
import { atField, ConfigurationError } from '../errors.js';
import { fromHere } from '../from-here.js';
import { MAX_TIMER_MS } from '../wait.js';
import { type AttachInput, Attachments } from './attachments.js';
import { type CacheInput, type CacheSettings, cacheField } from './cache-settings.js';
import { type UuidInput, uuidField, uuidOf } from './kept-uuid.js';
import {
  type Target,
  TargetChecker,
  type TargetDefaults,
  type TargetInput,
  targetField,
  targetFields,
} from './targets/index.js';
import { milliseconds, timesField } from './times.js';

/** The lowest `rateLimit`, in bits per second. */
export const MIN_RATE_LIMIT = 8000;

const positive = z.number().int().min(1);

/** A text for the ID message (§4), which has a limit for each of its strings. */
const identityText = z.string().refine((text) => Buffer.byteLength(text) <= MAX_IDENTITY_BYTES, {
  error: `give at most ${MAX_IDENTITY_BYTES} bytes of UTF-8`,
});

/** The levels of the log, from the least to the most important. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** The level of a line of the log. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const ownLog = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info'),
});

/** The schema that checks a muxer's configuration. `docs/configuration.md` is generated from it. */
export const configurationSchema = z.strictObject({
  targets: z.array(targetField).min(1, 'give at least one indexer, like tcp://127.0.0.1:4023'),
  ...targetFields,
  tags: z.array(z.string()).max(MAX_TAGS).default([]),
  name: identityText.default('ringest'),
  version: identityText.default(''),
  uuid: uuidField,
  label: identityText.default(''),
  minVersion: z.number().int().min(0).max(API_VERSION).default(0),
  balancing: z.enum(POLICIES).default('expectedTime'),
  rateLimit: z
    .number()
    .refine((bits) => bits === 0 || bits >= MIN_RATE_LIMIT, {
      error: `give bits per second, ${MIN_RATE_LIMIT} or more, or 0 for no limit`,
    })
    .default(0),
  attach: z
    .custom<AttachInput>()
    .meta({
      description: `an object; each name has 1 to ${MAX_VALUE_NAME_BYTES} bytes, each value at most ${MAX_VALUE_BYTES}`,
    })
    .optional(),
  sourceOverride: z
    .custom<SourceInput>()
    .meta({ description: 'text of an IP address, its 4 or 16 bytes, or a `Source`' })
    .optional(),
  logSource: z
    .custom<SourceInput>()
    .meta({ description: 'text of an IP address, its 4 or 16 bytes, or a `Source`' })
    .optional(),
  maxEntrySize: z.number().int().min(1).max(MAX_DATA_BYTES).default(MAX_DATA_BYTES),
  timestampWindow: z
    .strictObject({ past: positive.optional(), future: positive.optional() })
    .optional(),
  selfIngest: z
    .union([z.boolean(), ownLog], {
      error: `give true, false, or { level } with one of ${LOG_LEVELS.join(', ')}`,
    })
    .default(true),
  statsInterval: z.number().int().min(0).max(MAX_TIMER_MS).default(60_000),
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
  times: timesField,
  logger: z
    .custom<Logger>(isLogger, 'give a pino logger')
    .meta({ description: 'a pino logger' })
    .optional(),
});

/** The configuration of an `IngestMuxer`. `docs/configuration.md` has a table of all fields. */
export interface MuxerConfiguration extends TargetDefaults {
  /**
   * The indexers: `tcp://host:port`, `tls://host:port` or `pipe:///path`, or `{ address }` with
   * options that apply to this target only. The default port is 4023 for tcp and 4024 for tls (§1).
   * A relative path of a pipe is resolved against the working directory at construction.
   */
  readonly targets: readonly (string | TargetInput)[];
  /** The names of the tags that entries may carry (§7). The tag `gravwell` is always known. Default: none. */
  readonly tags?: readonly string[];
  /** The name of the ingester (§4, ID), at most 4096 bytes of UTF-8. Default: `ringest`. */
  readonly name?: string;
  /** The version of the ingester (§4, ID), at most 4096 bytes of UTF-8. Default: empty. */
  readonly version?: string;
  /**
   * The UUID of the ingester (§4, ID): the text, `{ file }` for the file that it is kept in, or `cache` for
   * a file in the folder of the cache. A missing file is made, with a random UUID. A relative path is
   * resolved against the working directory at construction. Default: a random one.
   */
  readonly uuid?: UuidInput;
  /** The label of the ingester in its state (§8), at most 4096 bytes of UTF-8. Default: empty. */
  readonly label?: string;
  /**
   * The lowest API version that an indexer must have (§2). A lane to an older indexer gives up for
   * good. Default: 0.
   */
  readonly minVersion?: number;
  /** How the muxer picks the lane of each batch; see `docs/balancing.md`. Default: `expectedTime`. */
  readonly balancing?: Policy;
  /** The most that all lanes together send, in bits per second: 8000 or more, or 0 for no limit. Default: 0. */
  readonly rateLimit?: number;
  /**
   * Enumerated values that are attached to every entry (§6), by name: constants, and variables like
   * `$HOSTNAME`. Default: none.
   */
  readonly attach?: AttachInput;
  /**
   * The source of entries that have no source of their own (§5). Default: the local address of
   * their connection.
   */
  readonly sourceOverride?: SourceInput;
  /**
   * The source of the lines of ringest's own log (§5). Default: the local address of their connection.
   */
  readonly logSource?: SourceInput;
  /**
   * The most bytes of data in an entry. A longer one is refused: an `OversizedEntryError`. Line writers split
   * or refuse longer lines. Default: 2^30 - 1, the most there can be (§5).
   */
  readonly maxEntrySize?: number;
  /**
   * How far the time of an entry may be in the `past` and in the `future`, in milliseconds: an entry of
   * another time gets the present one, and a warning in the log says so once a minute at most. Ditto blocks
   * are left as they are. Default: any time.
   */
  readonly timestampWindow?: WindowInput;
  /**
   * Whether ringest's own log is also sent to the indexers, with the tag `gravwell`, and the lowest
   * level that is sent. `true` means `{ level: 'info' }`. Default: `true`.
   */
  readonly selfIngest?: boolean | { readonly level?: LogLevel };
  /** How often the counters are logged, in milliseconds; 0 means never. Default: 60,000. */
  readonly statsInterval?: number;
  /**
   * How many worker threads run the lanes, at most one for each lane. Default: one for each lane,
   * at most one for each processor.
   */
  readonly workers?: number;
  /** How many lanes lead to each target. Each lane has its own ring and its own socket. Default: 1. */
  readonly connectionsPerTarget?: number;
  /**
   * The size of each lane's ring in bytes, a power of two. An entry longer than an eighth of it, or than 256 KiB, is kept
   * outside the ring. Default: 16 MiB.
   */
  readonly ringBytes?: number;
  /** The size of a batch in bytes of frames: after it, the muxer picks a lane again. Default: 64 KiB. */
  readonly batchBytes?: number;
  /**
   * How many bytes may wait for room before a write throws. Each write counts 640 bytes, and each entry
   * counts 224 bytes and its frame. Unfinished ditto blocks may take the same amount again.
   * Default: 64 MiB.
   */
  readonly backlogBytes?: number;
  /** The disk cache; see `docs/durability.md`. Default: none, entries are in memory only. */
  readonly cache?: CacheInput;
  /**
   * How long `close` waits for confirmations, and then again for the disk of the cache, in
   * milliseconds. Default: 10,000.
   */
  readonly closeTimeout?: number;
  /** The time limits and retry delays of connections, in milliseconds. */
  readonly times?: Partial<ConnectionTimes>;
  /** The pino logger that gets ringest's own log. Default: none. */
  readonly logger?: Logger;
}

/** How far the time of an entry may be from the present one, in milliseconds. Default of each: any time. */
export interface WindowInput {
  readonly past?: number | undefined;
  readonly future?: number | undefined;
}

/** A checked configuration, with all defaults filled in. */
export interface Configuration {
  readonly targets: readonly Target[];
  /** Checks targets that are added later. */
  readonly targetChecker: TargetChecker;
  readonly tags: readonly string[];
  readonly identity: Identity;
  readonly label: string;
  readonly minVersion: number;
  readonly balancing: Policy;
  /** The rate limit in the form that all workers share; `undefined`: no limit. */
  readonly rateLimit: RateLimitTask | undefined;
  readonly attachments: Attachments | undefined;
  /** What `attachments` are made of. */
  readonly attach: AttachInput | undefined;
  readonly sourceOverride: Source | undefined;
  readonly logSource: Source | undefined;
  readonly maxEntrySize: number;
  readonly timestampWindow: WindowInput | undefined;
  /** The lowest level of the self log that is ingested; `undefined`: nothing is. */
  readonly selfIngest: LogLevel | undefined;
  readonly statsInterval: number;
  /** The most worker threads that run lanes. */
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

/**
 * Checks a configuration and fills in the defaults.
 * @throws {ConfigurationError} an option cannot be used; `field` names it
 */
export function checkConfiguration(input: MuxerConfiguration): Configuration {
  const parsed = configurationSchema.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const path = [...(issue?.path ?? []), ...unknown];
    throw new ConfigurationError(path.join('.') || '(root)', issue?.message ?? 'cannot be used');
  }
  const { targets, secret, tenant, compression, tls, ...more } = parsed.data;
  const { tags, name, version, workers, logger, ...others } = more;
  const { attach, rateLimit, selfIngest, sourceOverride, logSource, cache, ...parts } = others;
  const { uuid: uuidInput, ...rest } = parts;
  const uuid = uuidOf(uuidInput, cache?.path);
  const ownLogLevel = typeof selfIngest === 'boolean' ? 'info' : selfIngest.level;
  const checker = new TargetChecker({ secret, tenant, compression, tls });
  return {
    ...rest,
    // The path is used later and by another thread: the working directory may have changed by then.
    cache: cache && { ...cache, path: atField('cache.path', () => fromHere(cache.path)) },
    rateLimit: rateLimit === 0 ? undefined : RateLimit.task(rateLimit / 8),
    attach,
    attachments: attach === undefined ? undefined : new Attachments(attach, { uuid }),
    sourceOverride: optionalSource('sourceOverride', sourceOverride),
    timestampWindow: rest.timestampWindow,
    logSource: optionalSource('logSource', logSource),
    selfIngest: selfIngest === false ? undefined : ownLogLevel,
    targets: checker.checkAll(targets),
    targetChecker: checker,
    tags: checkTags(tags),
    identity: { name, version, uuid },
    workers: workers ?? availableParallelism(),
    logger: logger ?? pino({ level: 'silent' }),
  };
}

function optionalSource(field: string, input: SourceInput | undefined): Source | undefined {
  return input === undefined ? undefined : atField(field, () => Source.from(input));
}

/** Returns the trimmed names, each once, without `gravwell`, which is never negotiated. */
function checkTags(names: readonly string[]): string[] {
  const checked = names.map((name, i) => atField(`tags.${i}`, () => checkTag(name)));
  return [...new Set(checked)].filter((name) => name !== GRAVWELL_TAG_NAME);
}

function isLogger(value: unknown): boolean {
  const logger = value as Partial<Logger> | null | undefined;
  return [logger?.info, logger?.warn, logger?.error].every((log) => typeof log === 'function');
}
