import { PlannedFailureError } from '../errors.js';
import type { EntryHandler } from './message-reader.js';

/**
 * Returns a handler that ends its connection at every `interval`-th entry, after the entry was handled and
 * before it is confirmed.
 *
 * @param handled returns how many entries were handled so far, on all connections.
 */
export function failingHandler(
  handler: EntryHandler,
  interval: number,
  handled: () => number,
): EntryHandler {
  return {
    ...handler,
    onEntry(entry) {
      const promise = handler.onEntry(entry);
      const entries = handled();
      if (entries % interval === 0) throw new PlannedFailureError(entries);
      return promise;
    },
  };
}
