import { toProblem } from '../disk/disk-problem.js';
import type { SegmentLog } from '../log/segment-log.js';
import type { FromCache } from '../messages.js';
import type { Duplicates } from './duplicates.js';

/** Reports changes of the log to the main thread, each change once. */
export class ChangeReporter {
  readonly #log: SegmentLog;
  readonly #duplicates: Duplicates;
  readonly #post: (message: FromCache) => void;
  /** Damage that was reported, by segment and offset. */
  readonly #damage = new Set<string>();
  #shape = '';
  #bytes = -1;
  #isFull = false;
  #isInTrouble = false;

  constructor(log: SegmentLog, duplicates: Duplicates, post: (message: FromCache) => void) {
    this.#log = log;
    this.#duplicates = duplicates;
    this.#post = post;
  }

  /** Reports that the cache is open, and what was found. */
  opened(): void {
    this.changes();
    const { recovery, damage, nextSequence } = this.#log;
    const fresh = damage.filter(({ isNew }) => isNew);
    for (const { segment, offset } of damage) this.#damage.add(`${segment} ${offset}`);
    this.#post({
      kind: 'opened',
      findings: {
        torn: recovery.torn.length,
        tornBytes: recovery.torn.reduce((sum, { bytes }) => sum + bytes, 0),
        damaged: fresh.length,
        damagedEntries: fresh.reduce((sum, { entries = 0 }) => sum + entries, 0),
        leftAlone: [
          ...recovery.newer.map(({ name, format }) => ({
            name,
            problem: `its format ${format} is newer than this ringest: use a newer one`,
          })),
          ...recovery.unreadable.map(({ name, cause }) => ({
            name,
            problem: `it cannot be read: ${(cause as Error).message}`,
          })),
        ],
      },
      sequence: nextSequence,
      repeats: this.#duplicates.toList(),
    });
  }

  /** Reports the segments and their total size, if they have changed. */
  changes(): void {
    const { shape, bytes } = this.#log;
    if (bytes !== this.#bytes) this.#post({ kind: 'size', bytes, entries: this.#log.entries });
    this.#bytes = bytes;
    if (shape === this.#shape) return;
    this.#shape = shape;
    const segments = this.#log.segments().filter(({ id }) => !this.#duplicates.whole.has(id));
    this.#post({ kind: 'segments', segments });
  }

  /** Reports whether blocks wait for room. */
  full(isFull: boolean): void {
    if (isFull !== this.#isFull) this.#post({ kind: 'full', isFull });
    this.#isFull = isFull;
  }

  /**
   * Reports that the disk fails.
   * @param error `undefined`: the disk works again
   */
  trouble(error: Error | undefined): void {
    const isInTrouble = error !== undefined;
    if (isInTrouble !== this.#isInTrouble) {
      this.#post({ kind: 'trouble', problem: error && toProblem(error) });
    }
    this.#isInTrouble = isInTrouble;
  }

  /** Reports damage that was found since the last call. */
  damage(): void {
    for (const { segment, offset, entries } of this.#log.damage) {
      const place = `${segment} ${offset}`;
      if (this.#damage.has(place)) continue;
      this.#damage.add(place);
      this.#post({ kind: 'damaged', segment, entries });
    }
  }
}
