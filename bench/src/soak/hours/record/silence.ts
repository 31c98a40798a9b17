import type { ProcessSample } from './samples.js';

/** A time without a confirmation, in seconds from the start of the run. */
export interface Silence {
  readonly from: number;
  readonly to: number;
}

/**
 * The longest time in which a part had something to be confirmed, and nothing of it was: an outage, its own standstill,
 * and the wait for the next attempt to connect are in it.
 * @param samples of the part, in the order of time
 */
export function longestSilence(samples: readonly ProcessSample[]): Silence {
  let longest: Silence = { from: 0, to: 0 };
  let confirmed = 0;
  /** When something was confirmed last, or nothing waited. */
  let from = samples[0]?.seconds ?? 0;
  let isWaiting = false;
  for (const { seconds: to, counts } of samples) {
    if (counts === undefined) continue;
    if (isWaiting && to - from > longest.to - longest.from) longest = { from, to };
    isWaiting = counts.written > counts.confirmed;
    if (counts.confirmed > confirmed || !isWaiting) from = to;
    confirmed = Math.max(confirmed, counts.confirmed);
  }
  return longest;
}
