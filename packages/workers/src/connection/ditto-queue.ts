import { encodeDittoBlock, frameSize, type MuxerTag, type Source } from '@ringest/codec';
import type { DittoEnd } from '../messages.js';
import { frameTag, stampFrame } from '../ring/frame.js';
import type { TagTranslation } from '../ring/tag-translation.js';

/** A write that is sent before the next frames of the ring. */
export interface PriorityWrite {
  readonly pieces: readonly Uint8Array[];
  /** Called when the operating system has taken all pieces. */
  readonly onFlushed?: () => void;
}

/** A block of entries that is confirmed as a whole (§10). Its frames have no stamps. */
export interface DittoBlock {
  readonly key: number;
  readonly frames: Buffer;
  readonly count: number;
}

/**
 * The ditto blocks of one connection: those that wait to be sent, and those whose confirmations are
 * due. Confirmations come in the order in which blocks were sent. No block is ever sent twice.
 *
 * A block ends once it is confirmed and flushed; then its memory is used again. If it ended before it
 * is flushed, the indexer could be sent bytes of whatever uses the memory next.
 */
export class DittoQueue {
  readonly #translation: TagTranslation;
  readonly #local: Source;
  readonly #onEnd: (key: number, end: DittoEnd) => void;
  readonly #waiting: DittoBlock[] = [];
  readonly #sent: { readonly key: number; readonly bytes: number }[] = [];
  /** Keys of blocks that the operating system may still read. */
  readonly #unflushed = new Set<number>();
  /** How unflushed blocks end that are confirmed already, by key. */
  readonly #confirmedEarly = new Map<number, DittoEnd>();
  #confirmations = 0;

  /**
   * @param local the source of entries that have none
   * @param onEnd called once for each block, with its key
   */
  constructor(
    translation: TagTranslation,
    local: Source,
    onEnd: (key: number, end: DittoEnd) => void,
  ) {
    this.#translation = translation;
    this.#local = local;
    this.#onEnd = onEnd;
  }

  /** Whether a confirmation is due. */
  get isOutstanding(): boolean {
    return this.#sent.length > 0;
  }

  /** Bytes of blocks whose confirmation is due. */
  get outstandingBytes(): number {
    return this.#sent.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** How many blocks were confirmed, whether the indexer stored them or not. */
  get confirmations(): number {
    return this.#confirmations;
  }

  /** Adds a block behind those that wait. */
  add(block: DittoBlock): void {
    this.#waiting.push(block);
  }

  /** Drops a block, unless it was sent. */
  cancel(key: number): void {
    const index = this.#waiting.findIndex((block) => block.key === key);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.#onEnd(key, { kind: 'cancelled' });
  }

  /**
   * Takes the next block, stamped. It counts as sent. Blocks with a tag that the indexer does not know
   * end here.
   * @returns `undefined` when no block waits
   */
  next(): PriorityWrite | undefined {
    for (let block = this.#waiting.shift(); block !== undefined; block = this.#waiting.shift()) {
      const unknown = this.#stamp(block.frames);
      if (unknown === undefined) {
        this.#sent.push({ key: block.key, bytes: block.frames.length });
        const { key, count, frames } = block;
        this.#unflushed.add(key);
        return { pieces: [encodeDittoBlock(count), frames], onFlushed: () => this.#flushed(key) };
      }
      this.#onEnd(block.key, { kind: 'unknownTag', tag: unknown });
    }
    return undefined;
  }

  /**
   * Takes the confirmation of the oldest block.
   * @param result 0: the indexer has stored the block
   * @returns false when no confirmation is due
   */
  confirm(result: number): boolean {
    const block = this.#sent.shift();
    if (block === undefined) return false;
    this.#confirmations++;
    const end: DittoEnd = result === 0 ? { kind: 'stored' } : { kind: 'refused', result };
    if (this.#unflushed.has(block.key)) this.#confirmedEarly.set(block.key, end);
    else this.#onEnd(block.key, end);
    return true;
  }

  #flushed(key: number): void {
    this.#unflushed.delete(key);
    const end = this.#confirmedEarly.get(key);
    if (end === undefined) return;
    this.#confirmedEarly.delete(key);
    this.#onEnd(key, end);
  }

  /**
   * Ends all blocks: `lost` those that were sent, `cancelled` those that were not. Call it when the
   * socket is closed and not before: until then the socket may read the memory of the blocks.
   */
  end(): void {
    for (const [key, end] of this.#confirmedEarly) this.#onEnd(key, end);
    this.#confirmedEarly.clear();
    this.#unflushed.clear();
    for (const { key } of this.#sent.splice(0)) this.#onEnd(key, { kind: 'lost' });
    for (const { key } of this.#waiting.splice(0)) this.#onEnd(key, { kind: 'cancelled' });
  }

  /** Stamps frames; their ids mean nothing. Returns the first tag that the indexer does not know. */
  #stamp(frames: Buffer): MuxerTag | undefined {
    for (let at = 0; at < frames.length; ) {
      const frame = frames.subarray(at, at + frameSize(frames, at, frames.length - at));
      const tag = frameTag(frame);
      if (!this.#translation.knows(tag)) return tag;
      stampFrame(frame, this.#translation.indexerTag(tag), 0, this.#local);
      at += frame.length;
    }
    return undefined;
  }
}
