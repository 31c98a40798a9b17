/** How long a line is not said again, in milliseconds. */
const WINDOW_MS = 60_000;

/** The most lines that are said in that time. */
const MOST = 10;

/** Says what may come again and again: the same line once in a minute, and ten of them at most. */
export class RareLines {
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  readonly #said = new Set<string>();
  #since = Number.NEGATIVE_INFINITY;
  #left = 0;

  /** @param now the milliseconds of a clock */
  constructor(say: (line: string) => void, now = () => performance.now()) {
    this.#say = say;
    this.#now = now;
  }

  /** Says a line, or counts it: the first one of the next minute says how many were left out. */
  write(line: string): void {
    const now = this.#now();
    if (now >= this.#since + WINDOW_MS) this.#begin(now);
    if (this.#said.has(line) || this.#said.size >= MOST) {
      this.#left++;
      return;
    }
    this.#said.add(line);
    this.#say(line);
  }

  #begin(now: number): void {
    if (this.#left > 0) this.#say(`ringest: ${this.#left} lines like those before were left out`);
    this.#since = now;
    this.#left = 0;
    this.#said.clear();
  }
}

/** Characters of a header that are shown. */
const SHOWN = 60;

/**
 * Says that the header with the time of a message cannot be read.
 * @param value what is in it; `undefined`: there is none
 * @param instead which time its entry has
 */
export function undatedLine(value: string | undefined, instead: string): string {
  const problem =
    value === undefined
      ? 'a message has no header with its time'
      : `the time ${JSON.stringify(value.slice(0, SHOWN))} in a header cannot be read`;
  return `ringest: ${problem}: the entry has that ${instead}`;
}
