import type { IngestMuxer } from '@ringest/core';

/** The part of a muxer that a source uses. */
export type SourceMuxer = Pick<IngestMuxer, 'writeEntry' | 'barrier' | 'negotiateTag'>;
