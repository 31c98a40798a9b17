/**
 * When an appended block counts as stored. `always`: after a sync that begins at once. `everyMs`: after a
 * sync that begins at most this many milliseconds later. `never`: once the operating system has it; it then
 * survives the process, but not a power cut.
 */
export type SyncPolicy = 'always' | 'never' | { readonly everyMs: number };

/** The values of {@link WhenFull}. */
export const WHEN_FULL = ['wait', 'drop-oldest'] as const;
/** What happens to new blocks when the cache is full: they wait, or the oldest segment is dropped. */
export type WhenFull = (typeof WHEN_FULL)[number];

/** The settings of a cache, as the thread that keeps it needs them. */
export interface SegmentLogSettings {
  /** The folder of the cache. */
  readonly path: string;
  /** The id of the muxer. */
  readonly muxer: string;
  /** The longest segment in bytes, at most a quarter of `maxBytes`. Only a single block may be longer. */
  readonly maxSegmentBytes: number;
  /** The most bytes of all segments together. */
  readonly maxBytes: number;
  /** What happens to new blocks when `maxBytes` are in use. */
  readonly whenFull: WhenFull;
  /** When an appended block counts as stored. */
  readonly sync: SyncPolicy;
}
