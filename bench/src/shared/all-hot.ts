import { once } from 'node:events';
import type { IngestMuxer } from '@ringest/core';

/** How long indexers that are measured may take to be reached, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Waits until all connections of a muxer are there. */
export async function allHot(muxer: IngestMuxer): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  while (muxer.dead() > 0) await once(muxer, 'hot', { signal });
}
