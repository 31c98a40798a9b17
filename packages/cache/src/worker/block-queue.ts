import type { Place } from '../log/segment-log.js';
import type { CacheBlock } from '../messages.js';

/** What is to be done next: a block to append, or the segment to end. */
export type Waiting = WaitingBlock | 'seal';

interface WaitingBlock {
  readonly block: CacheBlock;
  /** The main thread has had it removed: it is not appended again, whatever happens. */
  readonly isRemoved: boolean;
  /** What comes after it goes to another segment. */
  readonly isLast: boolean;
}

/** A block that is in the log, and not stored yet. */
interface Appended extends Place {
  readonly block: CacheBlock;
  isRemoved: boolean;
  isLast: boolean;
}

/**
 * All blocks that were not told as stored, by rising key: first those that are in the log, then
 * those that wait for it. One that is removed keeps its place, so that blocks before it are not told
 * as stored with it.
 */
export class BlockQueue {
  #waiting: Waiting[] = [];
  #appended: Appended[] = [];

  /** The first that waits. */
  get next(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** The key of the last block in the log, if one is. */
  get lastAppended(): number | undefined {
    return this.#appended.at(-1)?.block.key;
  }

  add(block: CacheBlock): void {
    this.#waiting.push({ block, isRemoved: false, isLast: false });
  }

  addSeal(): void {
    this.#waiting.push('seal');
  }

  /** The next is done: a block that is in the log now, or a seal. */
  appended(place: Place): void {
    const next = this.#waiting.shift();
    const last = this.#appended.at(-1);
    if (next === 'seal' && last !== undefined) last.isLast = true;
    if (next !== undefined && next !== 'seal') this.#appended.push({ ...next, ...place });
  }

  /** Whether a segment has blocks that are not stored. */
  isIn(segment: number): boolean {
    return this.#appended.some((appended) => appended.segment === segment);
  }

  /** A segment is gone, with its blocks. */
  removed(segment: number): void {
    for (const appended of this.#appended) {
      if (appended.segment === segment) appended.isRemoved = true;
    }
  }

  /** Blocks from a sequence on are not in the log any more: they wait again. @returns the first key */
  takeBack(sequence: number): number | undefined {
    const at = this.#appended.findIndex((appended) => appended.sequence >= sequence);
    if (at === -1) return undefined;
    const lost = this.#appended.splice(at);
    const again = lost.flatMap((one): Waiting[] => (one.isLast ? [one, 'seal'] : [one]));
    this.#waiting = [...again, ...this.#waiting];
    return lost[0]?.block.key;
  }

  /** All blocks in the log up to this one are stored. */
  stored(key: number): void {
    this.#appended = this.#appended.filter(({ block }) => block.key > key);
  }
}
