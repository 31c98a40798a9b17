import type { IngestMuxer } from '@ringest/core';

/** What a probe wants to know of a muxer. */
export interface Health {
  /**
   * Whether the muxer can still ingest. `false`: it is closing or closed, or every target has failed for good;
   * only a new muxer helps.
   */
  readonly live: boolean;
  /** Whether entries can be sent now, or stored in the disk cache. */
  readonly ready: boolean;
  /** Why it is not live or not ready, and which targets are not as they should be. Empty: all is well. */
  readonly reasons: readonly string[];
}

/** Says whether a muxer is live and ready, for the probes of an orchestrator. Its cost grows with the number of lanes. */
export function health(muxer: IngestMuxer): Health {
  const { state, targets } = muxer.status();
  const { cache } = muxer.stats();
  const reasons = state === 'running' ? [] : [`the muxer is ${state}`];
  for (const { target, hot, lanes, fatalError, lastError, refusedTags } of targets) {
    const error = fatalError ?? (hot < lanes ? lastError : undefined);
    const why = error === undefined ? '' : `: ${error.message}`;
    if (hot < lanes) reasons.push(`${target} has ${hot} of ${lanes} lanes that are hot${why}`);
    if (refusedTags.length > 0)
      reasons.push(`${target} refuses the tags ${refusedTags.join(', ')}`);
  }
  if (cache?.trouble !== undefined)
    reasons.push(`the cache stores nothing: ${cache.trouble.message}`);
  if (cache?.isFull) reasons.push('the cache is full');
  const haveAllFailed = targets.every(
    ({ fatalError, hot }) => fatalError !== undefined && hot === 0,
  );
  const live = (state === 'running' || state === 'not started') && !haveAllFailed;
  const storesEntries = cache?.isOpen === true && cache.trouble === undefined && !cache.isFull;
  const isHot = targets.some(({ hot }) => hot > 0);
  const ready = live && state === 'running' && (isHot || storesEntries);
  return { live, ready, reasons };
}
