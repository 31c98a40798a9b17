import type { MessagePort } from 'node:worker_threads';
import type { SerializedError } from './disk/disk-problem.js';
import type { SegmentInfo } from './log/segment-list.js';
import type { Place } from './log/segment-log.js';
import type { SegmentLogSettings } from './settings.js';

/**
 * The messages between the main thread and the thread of the cache, which alone touches the disk.
 * Blocks are in shared memory of the main thread. It keeps them unchanged until they are stored, or
 * their segment is removed.
 */

/** The input of the task that runs on the thread of the cache. */
export interface CacheTask extends SegmentLogSettings {
  readonly port: MessagePort;
  /** Names by muxer tag. */
  readonly tags: readonly string[];
  /** Where the last task ended; `undefined`: this is the first. */
  readonly resume: Resume | undefined;
}

/** How far the task of a dead thread had come. The next one goes on from there. */
export interface Resume {
  /** Entries from here on were not reported as stored. They are appended again. */
  readonly sequence: number;
  /** The last block that is appended again. */
  readonly lastKey: number;
  /** The repeats that the task was given or found. */
  readonly repeats: readonly Repeat[];
  /** The last numbers that were given. No number is given twice. */
  readonly after: { readonly segment: number; readonly sequence: number };
}

/** Entries of a segment, from a sequence on, that are in the cache twice, or will be. */
export interface Repeat {
  readonly segment: number;
  readonly from: number;
}

/** Frames on their way to the disk. */
export interface CacheBlock {
  /** The keys of blocks count up from 1. */
  readonly key: number;
  readonly memory: SharedArrayBuffer;
  /** The offset in the memory where the unstamped frames begin, back to back. */
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
  /** It begins a segment. */
  readonly isFirst: boolean;
  /** The order of its segment, see `SegmentInfo`; `undefined`: that of its number. */
  readonly order: number | undefined;
}

/** A block without a key. By default it begins no segment, and its segment has no order. */
export type BlockInput = Omit<CacheBlock, 'key' | 'isFirst' | 'order'> & {
  readonly isFirst?: boolean;
  readonly order?: number | undefined;
};

export type ToCache =
  /** Adds the names of new tags to the end of the table. */
  | { readonly kind: 'tags'; readonly names: readonly string[] }
  | { readonly kind: 'append'; readonly block: CacheBlock }
  /** The next block goes to another segment. */
  | { readonly kind: 'seal' }
  /** Whether the limit of bytes counts. */
  | { readonly kind: 'limit'; readonly isLimited: boolean }
  /** Syncs now, before the policy would. */
  | { readonly kind: 'sync' }
  /** Seals a segment, and asks for its next blocks from this sequence on. */
  | { readonly kind: 'read'; readonly segment: number; readonly from: number }
  /** Ends the reading of a segment. */
  | { readonly kind: 'stop'; readonly segment: number }
  | { readonly kind: 'remove'; readonly segment: number }
  /** Stores everything, as far as the disk works and without a limit, and ends the task. */
  | { readonly kind: 'close' };

/** A segment as the main thread sees it. */
export type CacheSegment = SegmentInfo;

/** What was found when the cache was opened, besides intact segments. */
export interface CacheFindings {
  /** Segments with an incomplete end, which was cut off. */
  readonly torn: number;
  readonly tornBytes: number;
  /** Blocks, or larger parts, that went to the quarantine. */
  readonly damaged: number;
  /** Entries in these parts, as far as that is known. */
  readonly damagedEntries: number;
  /** Segments of a newer format, unreadable ones, and other things with the name of a segment. */
  readonly leftAlone: readonly { readonly name: string; readonly problem: string }[];
}

/** A block of a segment: one or more entries. */
export interface CachedBlock {
  /** Unstamped frames, back to back. */
  readonly frames: Uint8Array;
  readonly count: number;
  /** The sequence of the first entry. */
  readonly sequence: number;
  /** Names by the tags in the frames; `undefined`: the block that has the name is damaged. */
  readonly tags: readonly (string | undefined)[];
}

/** Blocks of a segment that were read at once. */
export interface CachedPart {
  readonly blocks: readonly CachedBlock[];
  /** Whether the segment ends with them. */
  readonly isLast: boolean;
}

/** A segment that was removed unread, to make room. */
export interface DroppedSegment {
  readonly segment: number;
  readonly entries: number;
}

/** Part of a segment that was found damaged, and went to the quarantine. */
export interface DamagedSegment {
  readonly segment: number;
  /** `undefined`: not known. */
  readonly entries: number | undefined;
}

/** The place of a block. */
interface Appended extends Place {
  /** The sequence of the entry after the block. */
  readonly nextSequence: number;
}

export type FromCache =
  /** The cache is open. Only `segments` and `size` come before this. */
  | {
      readonly kind: 'opened';
      readonly findings: CacheFindings;
      /** The sequence of the next entry. */
      readonly sequence: number;
      readonly repeats: readonly Repeat[];
    }
  /** The cache cannot be used: the task has ended. */
  | { readonly kind: 'failed'; readonly problem: SerializedError }
  /** A block is in a segment, and not stored yet. */
  | ({ readonly kind: 'appended'; readonly key: number } & Appended)
  /** This block and those after it are in no segment any more. They are appended again. */
  | { readonly kind: 'takenBack'; readonly key: number }
  /** All blocks up to this key are stored. `sequence` is that of the entry after them. */
  | { readonly kind: 'stored'; readonly key: number; readonly sequence: number }
  /** All segments, oldest first, after one was begun, sealed or removed. */
  | { readonly kind: 'segments'; readonly segments: readonly CacheSegment[] }
  /** The totals of all segments. */
  | { readonly kind: 'size'; readonly bytes: number; readonly entries: number }
  | ({ readonly kind: 'blocks'; readonly segment: number } & CachedPart)
  /** A segment can be read no further. */
  | { readonly kind: 'unreadable'; readonly segment: number; readonly problem: SerializedError }
  | { readonly kind: 'removed'; readonly segment: number }
  | ({ readonly kind: 'dropped' } & DroppedSegment)
  | ({ readonly kind: 'damaged' } & DamagedSegment)
  /** Whether blocks wait because there is no room for them. */
  | { readonly kind: 'full'; readonly isFull: boolean }
  /** The disk fails, and the task tries again; `undefined`: it works again. */
  | { readonly kind: 'trouble'; readonly problem: SerializedError | undefined }
  /** The task has ended. Everything is stored, unless there is a problem. */
  | { readonly kind: 'closed'; readonly problem: SerializedError | undefined };
