import type { ProcessSample } from './samples.js';

/**
 * The longest time, in seconds, in which a part had something to be confirmed, and nothing of it was: an outage, its
 * own standstill, and the wait for the next attempt to connect are in it.
 * @param samples of the part, in the order of time
 */
export function longestSilence(samples: readonly ProcessSample[]): number {
  let longest = 0;
  let confirmed = 0;
  /** When something was confirmed last, or nothing waited. */
  let since = samples[0]?.seconds ?? 0;
  let isWaiting = false;
  for (const { seconds, counts } of samples) {
    if (counts === undefined) continue;
    if (isWaiting) longest = Math.max(longest, seconds - since);
    isWaiting = counts.written > counts.confirmed;
    if (counts.confirmed > confirmed || !isWaiting) since = seconds;
    confirmed = Math.max(confirmed, counts.confirmed);
  }
  return longest;
}
