import type { MessagePort } from 'node:worker_threads';
import type { DiskTrouble } from './errors.js';
import type { SegmentInfo } from './segment-log.js';

/**
 * The boundary between the main thread and the cache's thread, which alone touches the disk.
 * Blocks go over in shared memory that stays the main thread's: it keeps them until they are stored.
 */

/**
 * When what was appended counts as stored: when the disk has it, at once (`always`) or every so many
 * milliseconds, or when the operating system has it (`never`: it survives the process, not the
 * machine).
 */
export type SyncPolicy = 'always' | 'never' | { readonly everyMs: number };

/** What becomes of new blocks when the cache is full. */
export type WhenFull = 'wait' | 'drop-oldest';

/** What the main thread hands to the cache's task. */
export interface CacheTask {
  readonly port: MessagePort;
  readonly path: string;
  /** The id of the muxer. */
  readonly muxer: string;
  readonly maxSegmentBytes: number;
  readonly maxBytes: number;
  readonly whenFull: WhenFull;
  readonly sync: SyncPolicy;
}

/**
 * What a segment is for. `copies` are entries that are in memory too, and are read only after a
 * restart; `overflow` is nowhere else.
 */
export type SegmentUse = 'copies' | 'overflow';

/** Frames on their way to the disk. */
export interface CacheBlock {
  /** Counts up. */
  readonly key: number;
  readonly use: SegmentUse;
  /** Unstamped frames, back to back from the beginning of the memory on. */
  readonly memory: SharedArrayBuffer;
  readonly bytes: number;
  readonly count: number;
}

export type ToCache =
  /** Names that the table of tags ends with from now on. */
  | { readonly kind: 'tags'; readonly names: readonly string[] }
  | { readonly kind: 'append'; readonly block: CacheBlock }
  /** What is appended later goes to another segment. */
  | { readonly kind: 'seal' }
  /** Asks for the next block of a segment. */
  | { readonly kind: 'read'; readonly segment: number }
  | { readonly kind: 'remove'; readonly segment: number }
  /** Brings everything to the disk, as far as it lets us, and ends. */
  | { readonly kind: 'close' };

/** An error on its way between threads, where classes do not survive. */
export interface CacheProblem {
  readonly code: string;
  readonly message: string;
  readonly trouble: DiskTrouble | undefined;
}

/** What was found when the cache was opened, besides segments that are as they should be. */
export interface CacheFindings {
  readonly tornBytes: number;
  /** Blocks, or larger parts, that went to the quarantine. */
  readonly damaged: number;
  /** Entries in them, as far as anything tells. */
  readonly damagedEntries: number;
  /** Segments of a newer format, or unreadable, that were left alone. */
  readonly leftAlone: number;
}

export type FromCache =
  | {
      readonly kind: 'opened';
      readonly segments: readonly SegmentInfo[];
      readonly findings: CacheFindings;
    }
  /** The cache cannot be used at all: the task has ended. */
  | { readonly kind: 'failed'; readonly problem: CacheProblem }
  /** A block is in a segment, and counts as stored later. It may be said twice, of another segment. */
  | { readonly kind: 'appended'; readonly key: number; readonly segment: number }
  /** All blocks up to this one are stored. */
  | { readonly kind: 'stored'; readonly key: number; readonly bytes: number }
  /** A block of a segment; one or more entries. */
  | {
      readonly kind: 'block';
      readonly segment: number;
      readonly frames: Uint8Array;
      readonly count: number;
      readonly tags: readonly (string | undefined)[];
    }
  /** A segment has been read to its end, or as far as that is possible. */
  | { readonly kind: 'end'; readonly segment: number; readonly problem: CacheProblem | undefined }
  | { readonly kind: 'removed'; readonly segment: number; readonly bytes: number }
  /** A segment was given up, unread, to make room. */
  | { readonly kind: 'dropped'; readonly segment: number; readonly entries: number }
  /** Part of a segment was found damaged and went to the quarantine. */
  | { readonly kind: 'damaged'; readonly segment: number; readonly entries: number | undefined }
  /** The disk takes nothing for now; it is tried again. `undefined`: it does again. */
  | { readonly kind: 'trouble'; readonly problem: CacheProblem | undefined }
  /** Everything is on the disk, unless there is a problem; so many blocks are not. */
  | { readonly kind: 'closed'; readonly problem: CacheProblem | undefined };
