import type { Kernel } from '@ringest/workers/internal';

const NEW_ENTRY = 0xc7c95acb;
const CONFIRM_ENTRY = 0xf6e0307e;
const NO_SOURCE = 2n ** 64n - 1n;

/** What the kernel does, in plain TypeScript over the same memory: tests compare the two. */
export class KernelTwin implements Kernel {
  readonly #view: DataView;
  #words: readonly number[] = [0, 0, 0, 0];
  #isIPv4 = false;
  #unstampedId = NO_SOURCE;
  #local: { words: readonly number[]; isIPv4: boolean } = { words: [0, 0, 0, 0], isIPv4: false };
  #id = 1n;
  #walked = 0;
  #takesValues = true;

  constructor(memory: ArrayBufferLike) {
    this.#view = new DataView(memory);
  }

  setSource(w0: number, w1: number, w2: number, w3: number, isIPv4: boolean): void {
    this.#words = [w0, w1, w2, w3];
    this.#isIPv4 = isIPv4;
    this.#unstampedId = 0n;
  }

  setNoSource(): void {
    this.#words = [0, 0, 0, 0];
    this.#isIPv4 = false;
    this.#unstampedId = NO_SOURCE;
  }

  encode(
    at: number,
    seconds: number,
    nanoseconds: number,
    tag: number,
    lengthWord: number,
    body: number,
    bodyBytes: number,
  ): void {
    const view = this.#view;
    view.setUint32(at, NEW_ENTRY, true);
    view.setUint32(at + 4, lengthWord | (this.#isIPv4 ? 0x80000000 : 0), true);
    view.setBigInt64(at + 8, BigInt(seconds) + 62135596800n, true);
    view.setUint32(at + 16, nanoseconds, true);
    view.setUint16(at + 20, tag, true);
    this.#setSourceField(at, this.#words);
    view.setBigUint64(at + 38, this.#unstampedId, true);
    for (let i = 0; i < bodyBytes; i++) view.setUint8(at + 46 + i, view.getUint8(body + i));
  }

  setLocalSource(w0: number, w1: number, w2: number, w3: number, isIPv4: boolean): void {
    this.#local = { words: [w0, w1, w2, w3], isIPv4 };
  }

  setNextId(id: number): void {
    this.#id = BigInt(id);
  }

  setTakesValues(takes: boolean): void {
    this.#takesValues = takes;
  }

  nextId(): number {
    return Number(this.#id);
  }

  stamp(from: number, end: number, toIndexer: number): number {
    const view = this.#view;
    let at = from;
    while (this.#isFrame(at, end)) {
      const tag = view.getUint16(at + 20, true);
      const indexerTag = view.getUint16(toIndexer + 2 * tag, true);
      if (indexerTag === 0xffff && tag !== 0xffff) break;
      if (!this.#takesValues && (view.getUint32(at + 4, true) & 0x40000000) !== 0) break;
      if (view.getBigUint64(at + 38, true) === NO_SOURCE) {
        const flag = this.#local.isIPv4 ? 0x80000000 : 0;
        view.setUint32(at + 4, view.getUint32(at + 4, true) | flag, true);
        this.#setSourceField(at, this.#local.words);
      }
      view.setUint16(at + 20, indexerTag, true);
      view.setBigUint64(at + 38, this.#id++, true);
      at += this.#frameBytes(at);
    }
    return at;
  }

  unstamp(from: number, end: number, toMuxer: number): number {
    const view = this.#view;
    let at = from;
    while (this.#isFrame(at, end)) {
      const id = view.getBigUint64(at + 38, true);
      if (id !== 0n && id !== NO_SOURCE) {
        const tag = view.getUint16(at + 20, true);
        view.setUint16(at + 20, view.getUint16(toMuxer + 2 * tag, true), true);
        view.setBigUint64(at + 38, 0n, true);
      }
      at += this.#frameBytes(at);
    }
    return at;
  }

  walk(from: number, end: number, most: number): number {
    let at = from;
    this.#walked = 0;
    while (this.#walked < most >>> 0 && this.#isFrame(at, end)) {
      at += this.#frameBytes(at);
      this.#walked++;
    }
    return at;
  }

  walked(): number {
    return this.#walked;
  }

  countConfirmations(from: number, end: number, expected: number): number {
    let count = 0;
    for (let at = from; at + 12 <= end; at += 12) {
      const isDue =
        this.#view.getUint32(at, true) === CONFIRM_ENTRY &&
        this.#view.getBigUint64(at + 4, true) === BigInt(expected + count);
      if (!isDue) break;
      count++;
    }
    return count;
  }

  #isFrame(at: number, end: number): boolean {
    return at + 4 <= end && this.#view.getUint32(at, true) === NEW_ENTRY;
  }

  #frameBytes(at: number): number {
    const word = this.#view.getUint32(at + 4, true);
    const size = 46 + (word & 0x3fffffff);
    return (word & 0x40000000) === 0 ? size : size + this.#view.getUint32(at + size, true);
  }

  #setSourceField(at: number, words: readonly number[]): void {
    for (const [i, word] of words.entries()) this.#view.setInt32(at + 22 + 4 * i, word, true);
  }
}
