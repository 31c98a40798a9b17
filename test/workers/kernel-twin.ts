import type { Kernel } from '@ringest/workers/internal';

const NEW_ENTRY = 0xc7c95acb;
const CONFIRM_ENTRY = 0xf6e0307e;
const NO_SOURCE = 2n ** 64n - 1n;

/** What the kernel does, in plain TypeScript over the same memory: tests compare the two. */
export class KernelTwin implements Kernel {
  readonly #view: DataView;
  #local: { words: readonly number[]; isIPv4: boolean } = { words: [0, 0, 0, 0], isIPv4: false };
  #id = 1n;
  #walked = 0;
  #laid = 0;
  #splitEnd = 0;
  #takesValues = true;

  constructor(memory: ArrayBufferLike) {
    this.#view = new DataView(memory);
  }

  lay(
    records: number,
    count: number,
    to: number,
    end: number,
    tail: number,
    tailBytes: number,
  ): number {
    const view = this.#view;
    let at = to;
    this.#laid = 0;
    for (let record = records; this.#laid < count; record += 32, this.#laid++) {
      const bodyBytes = view.getUint32(record + 4, true);
      if (at + 46 + bodyBytes + tailBytes > end) break;
      view.setUint32(at, NEW_ENTRY, true);
      view.setUint32(at + 4, view.getUint32(record + 8, true), true);
      const seconds = view.getFloat64(record + 16, true);
      view.setBigInt64(at + 8, BigInt(seconds) + 62135596800n, true);
      view.setUint32(at + 16, view.getUint32(record + 24, true), true);
      view.setUint16(at + 20, view.getUint32(record + 12, true) & 0xffff, true);
      const source = view.getUint32(record + 28, true);
      for (let i = 0; i < 16; i++) {
        view.setUint8(at + 22 + i, source === 0 ? 0 : view.getUint8(source + i));
      }
      view.setBigUint64(at + 38, source === 0 ? NO_SOURCE : 0n, true);
      const body = view.getUint32(record, true);
      if (body !== 0) this.#copy(at + 46, body, bodyBytes);
      this.#copy(at + 46 + bodyBytes, tail, tailBytes);
      at += 46 + bodyBytes + tailBytes;
    }
    return at;
  }

  laid(): number {
    return this.#laid;
  }

  split(
    from: number,
    end: number,
    delimiter: number,
    delimiterBytes: number,
    keepsEmpty: boolean,
    mostBytes: number,
    records: number,
    most: number,
  ): number {
    const view = this.#view;
    const bytes = Buffer.from(view.buffer);
    const mark = Buffer.from(bytes.subarray(delimiter, delimiter + delimiterBytes));
    const template = Buffer.from(bytes.subarray(records, records + 32));
    const text = bytes.subarray(0, end);
    let count = 0;
    this.#splitEnd = from;
    while (count < most) {
      const found = text.indexOf(mark, this.#splitEnd);
      if (found === -1) break;
      const hasReturn =
        mark.toString() === '\n' && found > this.#splitEnd && text[found - 1] === 13;
      const length = found - this.#splitEnd - (hasReturn ? 1 : 0);
      if (length > mostBytes) break;
      if (length > 0 || keepsEmpty) {
        const at = records + 32 * count++;
        bytes.set(template, at);
        view.setUint32(at, this.#splitEnd, true);
        view.setUint32(at + 4, length, true);
        view.setUint32(at + 8, (template.readUInt32LE(8) | length) >>> 0, true);
      }
      this.#splitEnd = found + delimiterBytes;
    }
    return count;
  }

  splitEnd(): number {
    return this.#splitEnd;
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
    while (this.#isWholeFrame(at, end)) {
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
    while (this.#walked < most >>> 0 && this.#isWholeFrame(at, end)) {
      at += this.#frameBytes(at);
      this.#walked++;
    }
    return at;
  }

  walkRun(from: number, end: number, limit: number): number {
    const view = this.#view;
    this.#walked = 0;
    let at = from;
    while (this.#isFrame(at, end)) {
      const next = at + this.#frameBytes(at);
      const isSame = view.getUint16(at + 20, true) === view.getUint16(from + 20, true);
      if (at !== from && (!isSame || next > limit)) break;
      at = next;
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

  #isWholeFrame(at: number, end: number): boolean {
    if (!this.#isFrame(at, end) || at + 46 > end) return false;
    const word = this.#view.getUint32(at + 4, true);
    const dataEnd = at + 46 + (word & 0x3fffffff);
    if ((word & 0x40000000) === 0) return dataEnd <= end;
    return dataEnd + 4 <= end && dataEnd + this.#view.getUint32(dataEnd, true) <= end;
  }

  #frameBytes(at: number): number {
    const word = this.#view.getUint32(at + 4, true);
    const size = 46 + (word & 0x3fffffff);
    return (word & 0x40000000) === 0 ? size : size + this.#view.getUint32(at + size, true);
  }

  #copy(to: number, from: number, bytes: number): void {
    for (let i = 0; i < bytes; i++) this.#view.setUint8(to + i, this.#view.getUint8(from + i));
  }

  #setSourceField(at: number, words: readonly number[]): void {
    for (const [i, word] of words.entries()) this.#view.setInt32(at + 22 + 4 * i, word, true);
  }
}
