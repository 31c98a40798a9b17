import type { DetachedFrame } from '@ringest/workers';

/** What the cache needs of the rings. */
export interface CacheSurroundings {
  isAnyHot(): boolean;
  /**
   * Writes a frame to a ring half of which is free, or shelves it.
   * @returns false when it has to wait for room
   */
  place(frame: DetachedFrame): boolean;
  /** A frame in memory that a lane can take over, if it is so large that it needs that. */
  detach(frame: Buffer): Buffer;
  /** Resolves once everything written before is confirmed. */
  barrier(): Promise<void>;
  /** Bytes that may be placed in a turn. */
  readonly share: number;
  /** Ends the batch at hand: all that is in rings is copied to the journal. */
  commit(): void;
  /** Resolves once all that is in rings now is confirmed. */
  confirmed(): Promise<void>;
  /** Frames that were accepted and that every indexer refuses. */
  refused(): readonly DetachedFrame[];
  /** What is older than a mark is in rings. */
  passed(mark: object): void;
  /** Entries that others wait for are lost. */
  lost(error: Error): void;
  progress(): void;
}

/** What the cache tells of itself. */
export interface CacheReports {
  /** The number of a tag by its name, a new one if need be. Throws when it can have none. */
  tag(name: string): number;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** Something failed that is not tried again. */
  failed(error: Error, message: string): void;
  /** The disk takes nothing for now, or does again. */
  trouble(error: Error | undefined): void;
  /** It holds something now that is nowhere else, or does not any more. */
  changed(): void;
}
