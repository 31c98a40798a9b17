import { countedEntries, RingestError } from '@ringest/codec';

/** Entries that were only in the cache are lost, so `sync` and `barrier` reject. */
export class EntriesLostError extends RingestError {
  readonly code = 'ERR_ENTRIES_LOST';
  /** How many entries are lost. */
  readonly entries: number;
  /** `dropped`: to make room, as `drop-oldest` allows. `damaged`: the disk did not keep them. */
  readonly reason: 'dropped' | 'damaged';

  constructor(entries: number, reason: 'dropped' | 'damaged') {
    super(
      reason === 'dropped'
        ? `the cache dropped ${countedEntries(entries)} to make room: raise cache.maxBytes, or let writes wait`
        : `${countedEntries(entries)} damaged in the cache: look in its quarantine folder, and check the disk`,
    );
    this.entries = entries;
    this.reason = reason;
  }
}
