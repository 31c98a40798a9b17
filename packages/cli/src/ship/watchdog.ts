import type { IngestMuxer } from '@ringest/core';
import { CommandError } from '../errors.js';

/** How often it looks, as a part of its limit. */
const LOOKS = 10;

/**
 * Calls back when entries wait for confirmations and none has come for a time.
 * @param limitMs `undefined`: it never does
 * @returns what ends it
 */
export function watchConfirmations(
  muxer: IngestMuxer,
  limitMs: number | undefined,
  giveUp: (error: Error) => void,
): Disposable | undefined {
  if (limitMs === undefined) return undefined;
  let confirmed = 0;
  let looks = 0;
  const look = () => {
    const { confirmedEntries, unconfirmedBytes, backlogEntries } = muxer.stats();
    const waits = unconfirmedBytes > 0 || backlogEntries > 0;
    looks = waits && confirmedEntries === confirmed ? looks + 1 : 0;
    confirmed = confirmedEntries;
    if (looks <= LOOKS) return;
    clearInterval(timer);
    giveUp(new CommandError(`nothing was confirmed for ${limitMs} ms`));
  };
  const timer = setInterval(look, limitMs / LOOKS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
