import type { MuxerTag } from '@ringest/codec';

/** The muxer, as its cache sees it. */
export interface CacheHost {
  /** The number of a tag by its name, a new one if need be. Throws when it can have none. */
  tag(name: string): MuxerTag;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** Something failed that is not tried again. */
  failed(error: Error, message: string): void;
  /** The disk takes nothing for now, or does again. */
  trouble(error: Error | undefined): void;
  /** It holds something now that is nowhere else, or does not any more. */
  changed(): void;
  /** Resolves once everything written before is confirmed, wherever it is. Rejects when the muxer stops. */
  barrier(): Promise<void>;
}
