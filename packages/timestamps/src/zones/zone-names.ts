import { isLetter, isUpper } from '../bytes.js';
import { InvalidTimeZoneError } from '../errors.js';
import {
  ABBREVIATION,
  abbreviationsOf,
  regionalAbbreviations,
  standardAbbreviations,
} from './abbreviations.js';
import { parseOffset } from './offset.js';

const LONGEST = 5;

/** The assumed zone, the standard, the regions. */
const SOURCES = 3;

/**
 * What abbreviations such as `EST` mean, looked up without making strings of them: what was given
 * first, then what the assumed zone calls itself, then RFC 5322, then what only one region uses.
 */
export class ZoneNames {
  readonly #offsets = new Map<number, number>();
  readonly #zone: string | undefined;
  #added = 0;

  /**
   * @param zone the IANA name of the assumed zone, if it has one
   * @param given offsets such as `+05:30` by abbreviation
   * @throws InvalidTimeZoneError when an abbreviation has not one to five capital letters, or no offset
   */
  constructor(zone: string | undefined, given: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(given)) {
      const offset = parseOffset(text);
      if (!ABBREVIATION.test(name) || offset === undefined) {
        throw new InvalidTimeZoneError(`${name}: ${text}`);
      }
      this.#add(name, offset);
    }
    this.#zone = zone;
  }

  /** Where the capital letters end that begin at `at`; -1 when they are not one to five, and no others. */
  endOf(bytes: Uint8Array, at: number, to: number): number {
    let end = at;
    while (end < to && isUpper(bytes[end] as number)) {
      if (++end - at > LONGEST) return -1;
    }
    return end === at || (end < to && isLetter(bytes[end] as number)) ? -1 : end;
  }

  /** The offset in seconds that the letters from `at` to `end` mean, if they mean one. */
  offsetOf(bytes: Uint8Array, at: number, end: number): number | undefined {
    const word = key(bytes, at, end);
    while (!this.#offsets.has(word) && this.#added < SOURCES) this.#addSource(this.#added++);
    return this.#offsets.get(word);
  }

  /** Adds the next source: asking `Intl` takes milliseconds, which most streams of lines never need. */
  #addSource(source: number): void {
    if (source === 0 && this.#zone !== undefined) this.#addAll(abbreviationsOf(this.#zone));
    if (source === 1) this.#addAll(standardAbbreviations);
    if (source === 2) this.#addAll(regionalAbbreviations());
  }

  #addAll(offsets: ReadonlyMap<string, number>): void {
    for (const [name, offset] of offsets) this.#add(name, offset);
  }

  /** What was added first counts. */
  #add(name: string, offset: number): void {
    const bytes = new TextEncoder().encode(name);
    const word = key(bytes, 0, bytes.length);
    if (!this.#offsets.has(word)) this.#offsets.set(word, offset);
  }
}

/** Up to five capital letters as one number. */
function key(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = at; i < end; i++) word = (word << 5) | ((bytes[i] as number) & 31);
  return word;
}
