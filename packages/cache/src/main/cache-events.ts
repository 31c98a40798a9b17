import type { RingestError } from '@ringest/codec';
import type { Place } from '../log/segment-log.js';
import type {
  CacheBlock,
  CacheSegment,
  CacheSettings,
  DamagedSegment,
  DroppedSegment,
} from '../messages.js';

/** What a link is made with. */
export interface CacheLinkOptions extends CacheSettings {
  /** Names by muxer tag. */
  readonly tags: readonly string[];
  readonly events: CacheEvents;
}

/** What a cache reports, on the main thread. None of these may throw. */
export interface CacheEvents {
  /** It is open; these segments were left by earlier runs, oldest first. Called once, first of all. */
  found?(segments: readonly CacheSegment[]): void;
  /** A block is in a segment; or in none any more, and is appended again. */
  placed?(key: number, place: Place | undefined): void;
  /** A block is stored, or removed with its segment: its memory is the caller's again. */
  stored(block: CacheBlock): void;
  /** `segments` has changed. */
  segments?(segments: readonly CacheSegment[]): void;
  /** Whether blocks wait because the cache has reached `maxBytes`. */
  full?(isFull: boolean): void;
  dropped?(dropped: DroppedSegment): void;
  damaged?(damaged: DamagedSegment): void;
  /** The disk takes nothing for now, and is tried again; `undefined`: it does again. */
  trouble?(error: RingestError | undefined): void;
  /** The thread died; the next one comes after the delay. Nothing is lost by it. */
  died?(error: Error, retryInMs: number): void;
}

/** How a cache was left. */
export interface CacheReport {
  /** Of all segments. */
  readonly bytes: number;
  /** In all segments. */
  readonly entries: number;
  /** What is not stored, oldest first; all that was appended, if it was never open. */
  readonly unstored: readonly CacheBlock[];
  /** Why, if something is not. */
  readonly error: Error | undefined;
}
