import type { RingestError } from '@ringest/codec';
import type { Place } from '../log/segment-log.js';
import type { CacheBlock, CacheSegment, DamagedSegment, DroppedSegment } from '../messages.js';
import type { SegmentLogSettings } from '../settings.js';

/** The options of a {@link CacheLink}. */
export interface CacheLinkOptions extends SegmentLogSettings {
  /** Names by muxer tag. */
  readonly tags: readonly string[];
  readonly events: CacheEvents;
}

/** What a cache reports on the main thread. None of these functions may throw. */
export interface CacheEvents {
  /** The cache is open, with these segments of earlier runs, oldest first. Called once, before all others. */
  found?(segments: readonly CacheSegment[]): void;
  /** A block is in a segment; `undefined`: in none any more, and it is appended again. */
  placed?(key: number, place: Place | undefined): void;
  /** A block is stored, or was removed with its segment. The caller may use its memory again. */
  stored(block: CacheBlock): void;
  /** `segments` has changed. */
  segments?(segments: readonly CacheSegment[]): void;
  /** Whether blocks wait because the cache has reached `maxBytes`. */
  full?(isFull: boolean): void;
  dropped?(dropped: DroppedSegment): void;
  damaged?(damaged: DamagedSegment): void;
  /** Nothing is stored for now, and the cache tries again; `undefined`: it works again. */
  trouble?(error: RingestError | undefined): void;
  /** The thread died, and the next one begins after the delay. Nothing is lost. */
  died?(error: Error, retryInMs: number): void;
}

/** The state in which a cache was closed. */
export interface CacheReport {
  /** Bytes of all segments. */
  readonly bytes: number;
  /** Entries in all segments. */
  readonly entries: number;
  /** Blocks that are not stored, oldest first; all of them, if the cache was never open. */
  readonly unstored: readonly CacheBlock[];
  /** Why blocks are not stored; `undefined`: all are. */
  readonly error: Error | undefined;
}
