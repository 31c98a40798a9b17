import type { Place } from '../log/segment-log.js';
import type { CacheBlock } from '../messages.js';

/** The frames of a block, unstamped and back to back in shared memory. */
export function framesOf({ memory, offset, bytes }: CacheBlock): Uint8Array {
  return new Uint8Array(memory, offset, bytes);
}

/** The next thing to do: append a block, or end the segment. */
export type Waiting = WaitingBlock | 'seal';

interface WaitingBlock {
  readonly block: CacheBlock;
  /** Its segment was removed: it is not appended again. */
  readonly isRemoved: boolean;
  /** The next block goes to another segment. */
  readonly isLast: boolean;
}

/** A block that is in the log, and not stored yet. */
interface Appended extends Place {
  readonly block: CacheBlock;
  isRemoved: boolean;
  isLast: boolean;
}

/**
 * All blocks that are not reported as stored, by rising key: first those in the log, then those that
 * wait for it. A removed block keeps its place: otherwise blocks before it would be reported as stored
 * too early.
 */
export class BlockQueue {
  #waiting: Waiting[] = [];
  #appended: Appended[] = [];

  /** The first block or seal that waits. */
  get next(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** The key of the last block in the log; `undefined`: none is there. */
  get lastAppended(): number | undefined {
    return this.#appended.at(-1)?.block.key;
  }

  add(block: CacheBlock): void {
    this.#waiting.push({ block, isRemoved: false, isLast: false });
  }

  addSeal(): void {
    this.#waiting.push('seal');
  }

  /** `next` is done: the block is in the log now, or the segment is sealed. */
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

  /** A segment was removed, with its blocks. */
  removed(segment: number): void {
    for (const appended of this.#appended) {
      if (appended.segment === segment) appended.isRemoved = true;
    }
  }

  /**
   * The log has taken back the blocks from a sequence on: they wait again.
   * @returns the key of the first one
   */
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
