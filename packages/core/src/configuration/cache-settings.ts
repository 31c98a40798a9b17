import type { SyncPolicy, WhenFull } from '@ringest/cache';
import { z } from 'zod';

const MIN_CACHE_BYTES = 1024 * 1024;
const DEFAULT_CACHE_BYTES = 10 * 1024 ** 3;
/** Of one segment, and of all segments for each. */
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
const MIN_SEGMENTS = 4;

/** The names of the cache modes, the default first. */
export const CACHE_MODES = ['fail', 'always', 'journal'] as const;

/**
 * When entries go to disk: only while no lane is hot (`fail`), whenever rings have no room
 * (`always`), or all of them, before their writes resolve (`journal`).
 */
export type CacheMode = (typeof CACHE_MODES)[number];

/** How entries are kept on disk. */
export interface CacheInput {
  /**
   * A folder, made if it is missing. One process at a time may use it. A relative path counts from the
   * working directory in which the muxer was made.
   */
  readonly path: string;
  /**
   * When entries go to disk: only while no lane is hot (`fail`), whenever rings have no room
   * (`always`), or all of them, before their writes resolve (`journal`). Default: `fail`.
   */
  readonly mode?: CacheMode;
  /** The most bytes that all segments of the cache have together. Default: 10 GiB. */
  readonly maxBytes?: number;
  /**
   * What happens to new entries at `maxBytes`: they wait, or the oldest segments are dropped.
   * Default: `wait`.
   */
  readonly whenFull?: WhenFull;
  /**
   * When the disk is synced, after which entries count as stored: after each write, every so many
   * milliseconds, or never by ringest. Default: `{ everyMs: 10 }`.
   */
  readonly sync?: SyncPolicy;
}

/** The same, checked, with every default in its place. */
export interface CacheSettings extends Required<CacheInput> {
  readonly maxSegmentBytes: number;
}

export const cacheField = z
  .strictObject({
    path: z.string().min(1, 'give the path of a folder'),
    mode: z.enum(CACHE_MODES).default('fail'),
    maxBytes: z
      .number()
      .int()
      .min(MIN_CACHE_BYTES, `give ${MIN_CACHE_BYTES} bytes or more`)
      .default(DEFAULT_CACHE_BYTES),
    whenFull: z.enum(['wait', 'drop-oldest']).default('wait'),
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
