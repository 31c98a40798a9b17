import type { BlockInput, CacheBlock, ToCache } from '../messages.js';

/** A block that is not stored, and where it is. */
interface Unstored {
  readonly block: CacheBlock;
  /** The segment that has the block; `undefined`: none has it. */
  segment: number | undefined;
  /** The next block goes to another segment. */
  isLast: boolean;
}

/** The blocks that were handed to the cache and are not stored, by rising key. */
export class UnsyncedBlocks {
  /** A `Map` keeps the order in which keys came, which is theirs. */
  readonly #blocks = new Map<number, Unstored>();
  #nextKey = 1;
  #bytes = 0;
  #entries = 0;

  /** Bytes of all frames. */
  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#entries;
  }

  get firstKey(): number | undefined {
    const [first] = this.#blocks.keys();
    return first;
  }

  get lastKey(): number | undefined {
    let last: number | undefined;
    for (const key of this.#blocks.keys()) last = key;
    return last;
  }

  /** Adds a block, and gives it a key. */
  add({ isFirst = false, order, ...input }: BlockInput): CacheBlock {
    const { memory, offset, bytes, count } = input;
    const block = { key: this.#nextKey++, memory, offset, bytes, count, isFirst, order };
    this.#blocks.set(block.key, { block, segment: undefined, isLast: false });
    this.#bytes += bytes;
    this.#entries += count;
    return block;
  }

  /** Ends the segment: the next block goes to another one. */
  endSegment(): void {
    const last = this.#blocks.get(this.lastKey ?? 0);
    if (last !== undefined) last.isLast = true;
  }

  /** A block is in a segment. */
  place(key: number, segment: number): void {
    const unstored = this.#blocks.get(key);
    if (unstored !== undefined) unstored.segment = segment;
  }

  /**
   * Blocks from a key on are in no segment any more.
   * @returns the keys of those that were in one
   */
  takeBack(from: number): number[] {
    const keys: number[] = [];
    for (const [key, unstored] of this.#blocks) {
      if (key < from || unstored.segment === undefined) continue;
      unstored.segment = undefined;
      keys.push(key);
    }
    return keys;
  }

  /** Takes out all blocks up to a key. */
  takeThrough(last: number): CacheBlock[] {
    const taken: CacheBlock[] = [];
    for (const [key, { block }] of this.#blocks) {
      if (key > last) break;
      taken.push(this.#take(block));
    }
    return taken;
  }

  /** Takes out the blocks of a segment. */
  takeSegment(id: number): CacheBlock[] {
    const taken: CacheBlock[] = [];
    for (const { block, segment } of this.#blocks.values()) {
      if (segment === id) taken.push(this.#take(block));
    }
    return taken;
  }

  /** Oldest first. */
  *[Symbol.iterator](): IterableIterator<CacheBlock> {
    for (const { block } of this.#blocks.values()) yield block;
  }

  /** The messages that a new thread needs, oldest first. */
  *messages(): IterableIterator<ToCache> {
    for (const { block, isLast } of this.#blocks.values()) {
      yield { kind: 'append', block };
      if (isLast) yield { kind: 'seal' };
    }
  }

  #take(block: CacheBlock): CacheBlock {
    this.#blocks.delete(block.key);
    this.#bytes -= block.bytes;
    this.#entries -= block.count;
    return block;
  }
}
