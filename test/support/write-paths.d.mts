import type { EntryInput, IngestMuxer } from '@ringest/core';

export type WritePath = 'writeEntry' | 'writeBatch' | 'packed' | 'lines';
export declare const WRITE_PATHS: readonly WritePath[];
export declare const MANY_PATHS: readonly Exclude<WritePath, 'writeEntry'>[];
export declare function writeBy(
  path: WritePath,
  muxer: IngestMuxer,
  entries: readonly EntryInput[],
  options?: { readonly timeout?: number; readonly signal?: AbortSignal },
): Promise<void> | undefined;
