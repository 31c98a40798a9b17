import { countedEntries, RingestError } from '@ringest/codec';

/** Entries that were in the cache only are lost: `sync` and barriers cannot be met. */
export class EntriesLostError extends RingestError {
  readonly code = 'ERR_ENTRIES_LOST';
  readonly entries: number;
  /** `dropped`: to make room, as `drop-oldest` allows. `damaged`: the disk did not keep them. */
  readonly reason: 'dropped' | 'damaged';

  constructor(entries: number, reason: 'dropped' | 'damaged') {
    super(
      reason === 'dropped'
        ? `the cache dropped ${countedEntries(entries)} to make room: raise cache.maxBytes, or let writes wait`
        : `the cache had ${countedEntries(entries)} damaged: look at its quarantine, and at the disk`,
    );
    this.entries = entries;
    this.reason = reason;
  }
}
