import { beginningOf, DIGIT, endOfDigits, MONTH_INITIAL, nextBeginning } from '../bytes.js';
import { type Beginning, beginningOfLayout } from '../layouts/beginning.js';
import type { Reading } from '../layouts/reading.js';
import type { Layout } from '../layouts/steps.js';
import type { PlacedFormat } from './time-format.js';

/** A format that a layout describes. */
export class LayoutFormat implements PlacedFormat {
  readonly name: string;
  readonly beginning: Beginning;
  readonly #layout: Layout;

  constructor(name: string, layout: Layout) {
    this.name = name;
    this.beginning = beginningOfLayout(layout);
    this.#layout = layout;
  }

  readAt(bytes: Uint8Array, from: number, to: number, reading: Reading): boolean {
    return reading.read(this.#layout, bytes, from, to);
  }

  find(bytes: Uint8Array, from: number, to: number, last: number, reading: Reading): number {
    const end = Math.min(last + 1, to - this.#layout.minimumBytes + 1);
    switch (this.beginning.kind) {
      case 'month':
        return this.#findMonth(bytes, from, to, end, reading);
      case 'digits':
        return this.#findDigits(bytes, from, to, end, reading);
      default:
        for (let at = from; at < end; at++) if (this.readAt(bytes, at, to, reading)) return at;
        return -1;
    }
  }

  #findMonth(bytes: Uint8Array, from: number, to: number, end: number, reading: Reading): number {
    for (let at = from; at < end; at++) {
      at = nextBeginning(bytes, at, end);
      if (at === end) return -1;
      if (beginningOf(bytes[at] as number) !== MONTH_INITIAL) continue;
      if (reading.read(this.#layout, bytes, at, to)) return at;
    }
    return -1;
  }

  /** A number that is longer than the first of the format is none of it, nor is its end. */
  #findDigits(bytes: Uint8Array, from: number, to: number, end: number, reading: Reading): number {
    const { least, most, separator } = this.beginning;
    for (let at = from; at < end; at++) {
      at = nextBeginning(bytes, at, end);
      if (at === end) return -1;
      if (beginningOf(bytes[at] as number) !== DIGIT) continue;
      const begin = at;
      at = endOfDigits(bytes, begin, to);
      const digits = at - begin;
      if (digits < least || digits > most) continue;
      if (separator !== -1 && (at >= to || bytes[at] !== separator)) continue;
      if (reading.read(this.#layout, bytes, begin, to)) return begin;
    }
    return -1;
  }
}
