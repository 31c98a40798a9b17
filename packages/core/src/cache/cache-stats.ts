import type { CacheMode } from '../configuration/cache-settings.js';

/** What is in the cache, and what came of it since the start. */
export interface CacheStats {
  readonly mode: CacheMode;
  /** Whether the folder is read: before, nobody knows what an earlier run has left there. */
  readonly isOpen: boolean;
  /** Bytes of all segments on disk; the quarantine is not among them. */
  readonly bytes: number;
  /** Entries in all segments; under `journal`, most of them are in rings too. */
  readonly entries: number;
  /** Entries that are in the cache only, those on their way to the disk among them. */
  readonly pendingEntries: number;
  /** Bytes on their way to the disk. */
  readonly unstoredBytes: number;
  /** Entries that were brought back to the rings. */
  readonly replayedEntries: number;
  /** Of those, entries that an earlier run had left: each may arrive a second time. */
  readonly recoveredEntries: number;
  /** Entries that were given up for `drop-oldest` and never sent. */
  readonly droppedEntries: number;
  /** Entries in what was found damaged, as far as anything tells; see the folder `quarantine`. */
  readonly damagedEntries: number;
  /** Segments of a newer format, or unreadable at the start: they stay as they are; the log says why. */
  readonly leftAlone: number;
  /**
   * Copies that a journal gave up for `drop-oldest` before their entries were confirmed, as far as it
   * knows: those are in memory still, and do not survive the process.
   */
  readonly droppedCopies: number;
  /** Whether new entries wait because `maxBytes` is reached. */
  readonly isFull: boolean;
  /** Why the disk takes nothing for now, or why there is no cache at all. */
  readonly trouble: Error | undefined;
}
