import type { MessagePort } from 'node:worker_threads';
import type { SerializedError } from './disk/disk-problem.js';
import type { SegmentInfo } from './log/segment-list.js';
import type { Place } from './log/segment-log.js';

/**
 * The boundary between the main thread and the cache's thread, which alone touches the disk.
 * Blocks go over in shared memory that stays the main thread's: it keeps them, as they are, until
 * they are stored, or the segment is removed that they are in.
 */

/**
 * When what was appended counts as stored: when the disk has it, at once (`always`) or every so many
 * milliseconds, or when the operating system has it (`never`: it survives the process, not the
 * machine).
 */
export type SyncPolicy = 'always' | 'never' | { readonly everyMs: number };

/** What becomes of new blocks when the cache is full. */
export type WhenFull = 'wait' | 'drop-oldest';

/** How the cache is kept. */
export interface CacheSettings {
  readonly path: string;
  /** The id of the muxer. */
  readonly muxer: string;
  /** A segment that would be longer is not appended to; at most a quarter of `maxBytes`. */
  readonly maxSegmentBytes: number;
  /** Of all segments. */
  readonly maxBytes: number;
  readonly whenFull: WhenFull;
  readonly sync: SyncPolicy;
}

/** What the main thread hands to the cache's task. */
export interface CacheTask extends CacheSettings {
  readonly port: MessagePort;
  /** Names by muxer tag. */
  readonly tags: readonly string[];
  /** `undefined`: there was no task before it. */
  readonly resume: Resume | undefined;
}

/** What the task of a thread that died has left behind. */
export interface Resume {
  /** Entries from here on were not told as stored. They are appended again. */
  readonly sequence: number;
  /** The last block that is appended again. */
  readonly lastKey: number;
  /** What it had been told of the one before. */
  readonly repeats: readonly Repeat[];
  /** Numbers that were given: none is given twice. */
  readonly after: { readonly segment: number; readonly sequence: number };
}

/** Entries of a segment, from a sequence on, that stand in the cache twice, or will. */
export interface Repeat {
  readonly segment: number;
  readonly from: number;
}

/** Frames on their way to the disk. */
export interface CacheBlock {
  /** Counts up. */
  readonly key: number;
  readonly memory: SharedArrayBuffer;
  /** Where in the memory unstamped frames lie, back to back. */
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
  /** It begins a segment. */
  readonly isFirst: boolean;
  /** The order of its segment, see `SegmentInfo`; `undefined`: that of its number. */
  readonly order: number | undefined;
}

/** The same before it has a key; it begins no segment, and is in none of an order, unless it says so. */
export type BlockInput = Omit<CacheBlock, 'key' | 'isFirst' | 'order'> & {
  readonly isFirst?: boolean;
  readonly order?: number | undefined;
};

export type ToCache =
  /** Names that the table of tags ends with from now on. */
  | { readonly kind: 'tags'; readonly names: readonly string[] }
  | { readonly kind: 'append'; readonly block: CacheBlock }
  /** What is appended later goes to another segment. */
  | { readonly kind: 'seal' }
  /** Whether the limit of bytes counts. */
  | { readonly kind: 'limit'; readonly isLimited: boolean }
  /** What was appended is to be stored now, and not when its time comes. */
  | { readonly kind: 'sync' }
  /** Asks for the first blocks of a segment with this sequence or a later one. It is sealed. */
  | { readonly kind: 'read'; readonly segment: number; readonly from: number }
  /** The segment is not read any further for now. */
  | { readonly kind: 'stop'; readonly segment: number }
  | { readonly kind: 'remove'; readonly segment: number }
  /** Brings everything to the disk, as far as it lets us, whatever the limit, and ends. */
  | { readonly kind: 'close' };

/** A segment as the main thread sees it. */
export type CacheSegment = SegmentInfo;

/** What was found when the cache was opened, besides segments that are as they should be. */
export interface CacheFindings {
  /** Segments whose end was never finished; it was cut off. */
  readonly torn: number;
  readonly tornBytes: number;
  /** Blocks, or larger parts, that went to the quarantine. */
  readonly damaged: number;
  /** Entries in them, as far as anything tells. */
  readonly damagedEntries: number;
  /** Segments of a newer format or unreadable, and what is no file but has such a name. */
  readonly leftAlone: readonly { readonly name: string; readonly problem: string }[];
}

/** A block of a segment: one or more entries. */
export interface CachedBlock {
  /** Unstamped frames, back to back. */
  readonly frames: Uint8Array;
  readonly count: number;
  /** Of the first entry. */
  readonly sequence: number;
  /** By the tags in the frames; `undefined` where the block that named it is damaged. */
  readonly tags: readonly (string | undefined)[];
}

/** Blocks of a segment that were read at once. */
export interface CachedPart {
  readonly blocks: readonly CachedBlock[];
  /** Whether the segment ends with them. */
  readonly isLast: boolean;
}

/** A segment that was given up, unread, to make room. */
export interface DroppedSegment {
  readonly segment: number;
  readonly entries: number;
}

/** Part of a segment that was found damaged, and went to the quarantine. */
export interface DamagedSegment {
  readonly segment: number;
  /** `undefined`: nothing tells. */
  readonly entries: number | undefined;
}

/** Where a block is. */
interface Appended extends Place {
  /** Of the entry after the block. */
  readonly nextSequence: number;
}

export type FromCache =
  /** The first, but for `segments` and `size`. */
  | {
      readonly kind: 'opened';
      readonly findings: CacheFindings;
      /** Of the next entry. */
      readonly sequence: number;
      readonly repeats: readonly Repeat[];
    }
  /** The cache cannot be used: the task has ended. */
  | { readonly kind: 'failed'; readonly problem: SerializedError }
  /** A block is in a segment, and counts as stored later. */
  | ({ readonly kind: 'appended'; readonly key: number } & Appended)
  /** This block and those after it are in no segment any more. They are appended again. */
  | { readonly kind: 'takenBack'; readonly key: number }
  /** All blocks up to this one are stored. `sequence`: of the entry after them. */
  | { readonly kind: 'stored'; readonly key: number; readonly sequence: number }
  /** All segments, oldest first, after one was begun, sealed or removed. */
  | { readonly kind: 'segments'; readonly segments: readonly CacheSegment[] }
  /** Of all segments. */
  | { readonly kind: 'size'; readonly bytes: number; readonly entries: number }
  | ({ readonly kind: 'blocks'; readonly segment: number } & CachedPart)
  /** A segment can be read no further. */
  | { readonly kind: 'unreadable'; readonly segment: number; readonly problem: SerializedError }
  | { readonly kind: 'removed'; readonly segment: number }
  | ({ readonly kind: 'dropped' } & DroppedSegment)
  | ({ readonly kind: 'damaged' } & DamagedSegment)
  /** Whether blocks wait because there is no room for them. */
  | { readonly kind: 'full'; readonly isFull: boolean }
  /** The disk takes nothing for now; it is tried again. `undefined`: it does again. */
  | { readonly kind: 'trouble'; readonly problem: SerializedError | undefined }
  /** The task ends. Everything is stored, unless there is a problem. */
  | { readonly kind: 'closed'; readonly problem: SerializedError | undefined };
