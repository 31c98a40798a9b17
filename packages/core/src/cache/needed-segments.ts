import type { CachePlace } from '@ringest/cache';
import type { Moves } from '../placing/moves.js';
import type { CacheHost } from './cache-host.js';
import { EntriesLostError } from './errors.js';
import { PendingEntries } from './pending-entries.js';
import { RefusedCopies } from './refused-copies.js';
import { Unsendable } from './unsendable.js';

/** The entries of the cache that are not confirmed. The segments that have them are needed; others can go. */
export class NeededSegments {
  /** Entries that are in the cache only. Barriers follow them into the rings. */
  readonly pending: PendingEntries;
  /** Entries of earlier runs that cannot be sent. */
  readonly unsendable = new Unsendable();
  /** Copies of refused frames. */
  readonly refusedCopies = new RefusedCopies();
  readonly #moves: Moves;
  readonly #host: Pick<CacheHost, 'changed'>;
  #wasUsed = false;

  constructor(moves: Moves, host: Pick<CacheHost, 'changed'>) {
    this.#moves = moves;
    this.#host = host;
    this.pending = new PendingEntries((mark) => moves.end(mark));
  }

  /** How many entries are only in the cache. */
  get entries(): number {
    return this.pending.entries + this.unsendable.entries;
  }

  /** Whether a segment has entries that are only there, or copies of refused entries. */
  isNeeded(segment: number): boolean {
    return (
      this.pending.isIn(segment) ||
      this.unsendable.isIn(segment) ||
      this.refusedCopies.isIn(segment)
    );
  }

  /** A block is in a segment now; `undefined`: in none any more. */
  placed(key: number, place: CachePlace | undefined): void {
    this.pending.placed(key, place);
    this.refusedCopies.placed(key, place);
  }

  /** A segment that is not needed is removed. */
  removed(segment: number): void {
    this.pending.removed(segment);
    this.refusedCopies.removed(segment);
  }

  /**
   * A segment was dropped to make room.
   * @returns how many of its entries were only there
   */
  dropped(segment: number): number {
    const lost = this.pending.inSegment(segment);
    this.refusedCopies.removed(segment);
    const entries = (lost?.sequences.size ?? 0) + this.unsendable.removed(segment);
    // Barriers reject first: entries that are not pending any more would count as being in rings.
    if (lost?.isOld === false) this.#moves.lost(new EntriesLostError(entries, 'dropped'));
    this.pending.dropped(segment);
    return entries;
  }

  /** Reports when the cache begins to have entries that are only there, or has none any more. */
  reportUse(): void {
    const isUsed = this.entries > 0;
    if (isUsed !== this.#wasUsed) this.#host.changed();
    this.#wasUsed = isUsed;
  }
}
