import { distance, type Ring } from './ring.js';

/** The blocks of a ring, as its producer gives them to slots and takes them back. */
export class BlockList {
  readonly #ring: Ring;
  /** Blocks of no slot. The last one is given out first: it is still in the processor's cache. */
  readonly #free: number[];
  /** The slots from here on have blocks, as far as they were given any. */
  #oldest: number;
  /** The end of the last slot that has a block. */
  #end: number;
  /** By slot: the cursor after its last record, once the next slot has a block. */
  readonly #recordsEnd: Int32Array;

  /** @param cursor the beginning of a slot. No slot has a block yet */
  constructor(ring: Ring, cursor: number) {
    this.#ring = ring;
    const blocks = ring.size / ring.blockBytes + 1;
    this.#free = Array.from({ length: blocks }, (_, i) => blocks - 1 - i);
    this.#oldest = cursor;
    this.#end = cursor;
    this.#recordsEnd = new Int32Array(ring.slots.length);
  }

  /**
   * Gives the slot at a cursor a block: one of a slot that is released, if there is any. The ring has
   * room for a record there.
   * @param recordsEnd the cursor after the last record of the slot before
   * @returns the address of the block
   */
  give(start: number, recordsEnd: number, released: number): number {
    const ring = this.#ring;
    this.#recordsEnd[ring.slot(start - 1)] = recordsEnd;
    while (this.#oldest !== this.#end && distance(this.#oldest, released) >= ring.blockBytes) {
      this.#free.push(ring.slots[ring.slot(this.#oldest)] as number);
      this.#oldest = (this.#oldest + ring.blockBytes) | 0;
    }
    ring.slots[ring.slot(start)] = this.#free.pop() as number;
    this.#end = (start + ring.blockBytes) | 0;
    return ring.blockAddress(start);
  }

  /** Takes back the blocks of the newest slots: the slot that ends there is the last one again. */
  takeBackTo(end: number): void {
    const ring = this.#ring;
    while (this.#end !== end) {
      this.#end = (this.#end - ring.blockBytes) | 0;
      this.#free.push(ring.slots[ring.slot(this.#end)] as number);
    }
  }

  /** The bytes of all records between two cursors, pads left out: a view for each slot. */
  views(from: number, to: number): Buffer[] {
    const ring = this.#ring;
    const views: Buffer[] = [];
    for (let cursor = from; cursor !== to; ) {
      const isLast = distance(cursor, to) <= ring.toEnd(cursor);
      const end = isLast ? to : (this.#recordsEnd[ring.slot(cursor)] as number);
      const at = ring.address(cursor);
      const bytes = distance(cursor, end);
      if (bytes > 0) views.push(ring.bytes.subarray(at, at + bytes));
      cursor = isLast ? to : (cursor + ring.toEnd(cursor)) | 0;
    }
    return views;
  }
}
