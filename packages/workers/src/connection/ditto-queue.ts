import { encodeDittoBlock, frameSize, type Source } from '@ringest/codec';
import type { DittoEnd } from '../messages.js';
import { frameTag, stampFrame } from '../ring/frame.js';
import type { TagTranslation } from '../ring/tag-translation.js';
import type { PriorityWrite } from './sender.js';

/** A block of entries that is confirmed as a whole (§10), its frames unstamped. */
export interface DittoBlock {
  readonly key: number;
  readonly frames: Buffer;
  readonly count: number;
}

/**
 * The ditto blocks of one connection: those that wait to be sent, and those whose confirmation is
 * due, which come in the same order. None is ever sent twice.
 *
 * A block has ended, and its memory is used again, once it is confirmed and the operating system has
 * taken it: who confirms it before would be sent what comes there next.
 */
export class DittoQueue {
  readonly #tables: TagTranslation;
  readonly #local: Source;
  readonly #ended: (key: number, end: DittoEnd) => void;
  readonly #waiting: DittoBlock[] = [];
  readonly #sent: { readonly key: number; readonly bytes: number }[] = [];
  /** Keys of those that the operating system may still read, */
  readonly #untaken = new Set<number>();
  /** and how they end if they are confirmed. */
  readonly #confirmedEarly = new Map<number, DittoEnd>();
  #confirmations = 0;

  constructor(tables: TagTranslation, local: Source, ended: (key: number, end: DittoEnd) => void) {
    this.#tables = tables;
    this.#local = local;
    this.#ended = ended;
  }

  /** Whether a confirmation is due. */
  get isOutstanding(): boolean {
    return this.#sent.length > 0;
  }

  get outstandingBytes(): number {
    return this.#sent.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Blocks that were confirmed, stored or not. */
  get confirmations(): number {
    return this.#confirmations;
  }

  add(block: DittoBlock): void {
    this.#waiting.push(block);
  }

  /** Drops a block unless it was sent. */
  cancel(key: number): void {
    const index = this.#waiting.findIndex((block) => block.key === key);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.#ended(key, { kind: 'cancelled' });
  }

  /** The bytes of the block that is due, stamped; `undefined` when none is. */
  next(): PriorityWrite | undefined {
    for (let block = this.#waiting.shift(); block !== undefined; block = this.#waiting.shift()) {
      const unknown = this.#stamp(block.frames);
      if (unknown === undefined) {
        this.#sent.push({ key: block.key, bytes: block.frames.length });
        const { key, count, frames } = block;
        this.#untaken.add(key);
        return { pieces: [encodeDittoBlock(count), frames], taken: () => this.#taken(key) };
      }
      this.#ended(block.key, { kind: 'unknownTag', tag: unknown });
    }
    return undefined;
  }

  /**
   * The confirmation of the oldest block.
   * @returns false when none is due
   */
  confirm(result: number): boolean {
    const block = this.#sent.shift();
    if (block === undefined) return false;
    this.#confirmations++;
    const end: DittoEnd = result === 0 ? { kind: 'stored' } : { kind: 'refused', result };
    if (this.#untaken.has(block.key)) this.#confirmedEarly.set(block.key, end);
    else this.#ended(block.key, end);
    return true;
  }

  #taken(key: number): void {
    this.#untaken.delete(key);
    const end = this.#confirmedEarly.get(key);
    if (end === undefined) return;
    this.#confirmedEarly.delete(key);
    this.#ended(key, end);
  }

  /**
   * The connection is gone: what was sent may be stored or not, what was not sent is not. Not before
   * the socket is closed: it reads the blocks, whose memory is used again from now on.
   */
  end(): void {
    for (const [key, end] of this.#confirmedEarly) this.#ended(key, end);
    this.#confirmedEarly.clear();
    this.#untaken.clear();
    for (const { key } of this.#sent.splice(0)) this.#ended(key, { kind: 'lost' });
    for (const { key } of this.#waiting.splice(0)) this.#ended(key, { kind: 'cancelled' });
  }

  /** Stamps frames; their ids mean nothing. Returns a tag that the indexer does not know. */
  #stamp(frames: Buffer): number | undefined {
    for (let at = 0; at < frames.length; ) {
      const frame = frames.subarray(at, at + frameSize(frames, at, frames.length - at));
      const tag = frameTag(frame);
      if (!this.#tables.knows(tag)) return tag;
      stampFrame(frame, this.#tables.indexerTag(tag), 0, this.#local);
      at += frame.length;
    }
    return undefined;
  }
}
