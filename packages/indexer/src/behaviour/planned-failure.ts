import { PlannedFailureError } from '../errors.js';
import type { EntryHandler } from '../reading/message-reader.js';

/**
 * A handler that loses its connection with every `interval`-th entry, after it was taken.
 *
 * @param taken how many entries were taken so far, on all connections.
 */
export function failingHandler(
  handler: EntryHandler,
  interval: number,
  taken: () => number,
): EntryHandler {
  return {
    ...handler,
    onEntry(entry) {
      handler.onEntry(entry);
      const entries = taken();
      if (entries % interval === 0) throw new PlannedFailureError(entries);
    },
  };
}
