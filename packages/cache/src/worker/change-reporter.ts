import { toProblem } from '../disk/disk-problem.js';
import type { SegmentLog } from '../log/segment-log.js';
import type { FromCache } from '../messages.js';
import type { Duplicates } from './duplicates.js';

/** Tells the main thread what it has not been told yet: each change once. */
export class ChangeReporter {
  readonly #log: SegmentLog;
  readonly #repeats: Duplicates;
  readonly #post: (message: FromCache) => void;
  /** Damage that was told, by its place. */
  readonly #damage = new Set<string>();
  #shape = '';
  #bytes = -1;
  #isFull = false;
  #isInTrouble = false;

  constructor(log: SegmentLog, repeats: Duplicates, post: (message: FromCache) => void) {
    this.#log = log;
    this.#repeats = repeats;
    this.#post = post;
  }

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
      repeats: this.#repeats.toList(),
    });
  }

  /** Which segments there are, and how large they are together. */
  changes(): void {
    const { shape, bytes } = this.#log;
    if (bytes !== this.#bytes) this.#post({ kind: 'size', bytes, entries: this.#log.entries });
    this.#bytes = bytes;
    if (shape === this.#shape) return;
    this.#shape = shape;
    const segments = this.#log.segments().filter(({ id }) => !this.#repeats.whole.has(id));
    this.#post({ kind: 'segments', segments });
  }

  full(isFull: boolean): void {
    if (isFull !== this.#isFull) this.#post({ kind: 'full', isFull });
    this.#isFull = isFull;
  }

  /** @param error `undefined`: it is over */
  trouble(error: Error | undefined): void {
    const isInTrouble = error !== undefined;
    if (isInTrouble !== this.#isInTrouble) {
      this.#post({ kind: 'trouble', problem: error && toProblem(error) });
    }
    this.#isInTrouble = isInTrouble;
  }

  damage(): void {
    for (const { segment, offset, entries } of this.#log.damage) {
      const place = `${segment} ${offset}`;
      if (this.#damage.has(place)) continue;
      this.#damage.add(place);
      this.#post({ kind: 'damaged', segment, entries });
    }
  }
}
