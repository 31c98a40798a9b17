import { type SyncPolicy, WHEN_FULL, type WhenFull } from '@ringest/cache/settings';
import { z } from 'zod';

const MIN_CACHE_BYTES = 1024 * 1024;
const DEFAULT_CACHE_BYTES = 10 * 1024 ** 3;
/** The most bytes of one segment. A smaller cache has smaller ones, so that it has at least `MIN_SEGMENTS`. */
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
const MIN_SEGMENTS = 4;

/** The names of the cache modes, the default first. */
export const CACHE_MODES = ['fail', 'always', 'journal'] as const;

/**
 * Which entries go to disk:
 * - `fail`: those that find no room while no lane is hot
 * - `always`: those that find no room at any time
 * - `journal`: all of them, before their writes resolve
 */
export type CacheMode = (typeof CACHE_MODES)[number];

/** The options of the disk cache. */
export interface CacheInput {
  /**
   * The folder of the cache, which is created if it is missing. Only one muxer at a time may use it. A
   * relative path is resolved against the working directory at construction.
   */
  readonly path: string;
  /**
   * Which entries go to disk: those that find no room while no lane is hot (`fail`), those that find
   * no room at any time (`always`), or all, before their writes resolve (`journal`). Default: `fail`.
   */
  readonly mode?: CacheMode;
  /** The largest size of the cache on disk, in bytes. Default: 10 GiB. */
  readonly maxBytes?: number;
  /**
   * What happens when the cache has reached `maxBytes`: new entries wait for room (`wait`), or the
   * oldest segments are deleted with their entries (`drop-oldest`). Default: `wait`.
   */
  readonly whenFull?: WhenFull;
  /**
   * When written entries are synced to disk and count as stored: after each write (`always`), at the
   * latest after this many milliseconds (`{ everyMs }`), or when the operating system likes (`never`).
   * Default: `{ everyMs: 10 }`.
   */
  readonly sync?: SyncPolicy;
}

/** The checked options of the disk cache, with all defaults filled in. */
export interface CacheSettings extends Required<CacheInput> {
  readonly maxSegmentBytes: number;
}

/** Checks the option `cache`. */
export const cacheField = z
  .strictObject({
    path: z.string().min(1, 'give the path of a folder'),
    mode: z.enum(CACHE_MODES).default('fail'),
    maxBytes: z
      .number()
      .int()
      .min(MIN_CACHE_BYTES, `give ${MIN_CACHE_BYTES} bytes or more`)
      .default(DEFAULT_CACHE_BYTES),
    whenFull: z.enum(WHEN_FULL).default('wait'),
    sync: z
      .union(
        [
          z.literal(['always', 'never']),
          z.strictObject({ everyMs: z.number().int().min(1).max(60_000) }),
        ],
        { error: "give 'always', 'never' or { everyMs } with 1 to 60000 milliseconds" },
      )
      .default({ everyMs: 10 }),
  })
  .transform(
    (checked): CacheSettings => ({
      ...checked,
      maxSegmentBytes: Math.min(MAX_SEGMENT_BYTES, Math.floor(checked.maxBytes / MIN_SEGMENTS)),
    }),
  );
