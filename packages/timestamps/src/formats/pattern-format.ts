import type { Reading } from '../layouts/reading.js';
import type { Layout } from '../layouts/steps.js';
import type { TimeFormat } from './time-format.js';

/**
 * A format whose place a regular expression finds, and whose text a layout reads. It makes a string of
 * the line: each byte is one character, so that places in both are the same.
 */
export class PatternFormat implements TimeFormat {
  readonly name: string;
  readonly #layout: Layout;
  readonly #pattern: RegExp | undefined;
  readonly #extraction: RegExp | undefined;

  /**
   * @param pattern where a time may stand: it begins and ends where the expression matches
   * @param extraction an expression with one named group: only there a time is looked for
   */
  constructor(
    name: string,
    layout: Layout,
    pattern: RegExp | undefined,
    extraction: RegExp | undefined,
  ) {
    this.name = name;
    this.#layout = layout;
    this.#pattern = pattern;
    this.#extraction = extraction;
  }

  find(bytes: Uint8Array, from: number, to: number, last: number, reading: Reading): number {
    let text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
    let begin = from;
    if (this.#extraction !== undefined) {
      const groups = this.#extraction.exec(text)?.indices?.groups;
      const found = groups === undefined ? undefined : Object.values(groups)[0];
      if (found === undefined) return -1;
      text = text.slice(...found);
      begin += found[0];
    }
    return this.#findIn(text, begin, bytes, last, reading);
  }

  #findIn(text: string, begin: number, bytes: Uint8Array, last: number, reading: Reading): number {
    if (this.#pattern === undefined) {
      for (let at = 0; at < text.length && begin + at <= last; at++) {
        if (reading.read(this.#layout, bytes, begin + at, begin + text.length)) return begin + at;
      }
      return -1;
    }
    for (const match of text.matchAll(this.#pattern)) {
      const at = begin + match.index;
      const end = at + match[0].length;
      if (at > last) return -1;
      if (reading.read(this.#layout, bytes, at, end) && reading.end === end) return at;
    }
    return -1;
  }
}
