import type { CacheMode } from '../configuration/cache-settings.js';

/** A snapshot of the disk cache, with counts since the start. */
export interface CacheStats {
  readonly mode: CacheMode;
  /** Whether the folder has been read. Until then, entries of an earlier run are not counted. */
  readonly isOpen: boolean;
  /** Bytes of all segments on disk; the quarantine is not among them. */
  readonly bytes: number;
  /** Entries in all segments; under `journal`, most of them are in rings too. */
  readonly entries: number;
  /** Entries that are in the cache only, those on their way to the disk among them. */
  readonly pendingEntries: number;
  /** Bytes on their way to the disk. */
  readonly unstoredBytes: number;
  /** Entries that were replayed into rings. */
  readonly replayedEntries: number;
  /** Replayed entries that an earlier run had left. Each may arrive a second time. */
  readonly recoveredEntries: number;
  /** Entries that were given up for `drop-oldest` and never sent. */
  readonly droppedEntries: number;
  /** Entries in damaged parts, where their number is known. The parts are in the folder `quarantine`. */
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
  /** Why the disk stores nothing for now, or why the cache cannot be used. `undefined`: it works. */
  readonly trouble: Error | undefined;
}
