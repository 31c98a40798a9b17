import type { MuxerTag } from '@ringest/codec';

/** What the cache needs of its muxer. */
export interface CacheHost {
  /**
   * Returns the number of a tag, and adds the tag if it is new. Throws when the muxer can add no tag of
   * this name.
   */
  tag(name: string): MuxerTag;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** Reports something that failed and is not tried again. */
  failed(error: Error, message: string): void;
  /** Reports that the disk stores nothing for now; `undefined`: it works again. */
  trouble(error: Error | undefined): void;
  /** Reports that the cache now has entries that are only there, or has none any more. */
  changed(): void;
  /** Resolves once everything written before is confirmed. Rejects when the muxer closes. */
  barrier(): Promise<void>;
}
