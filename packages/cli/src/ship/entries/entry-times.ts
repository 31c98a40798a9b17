import type { LineTime } from '@ringest/core';
import { TimeExtractor, type TimeOptions } from '@ringest/timestamps';

const NANOSECONDS = 1e6;

/** The time of entries: the one that is in their bytes, else the present. */
export class EntryTimes {
  readonly #extractor: TimeExtractor;
  /** It is set again for each entry, so that none has to be made. */
  readonly #time = { seconds: 0, nanoseconds: 0 };

  /** @throws {TimeOptionError} an option cannot be used */
  constructor(options: TimeOptions) {
    this.#extractor = new TimeExtractor(options);
  }

  /** Finds the time of a line, for a line writer. The result is used again for the next one. */
  readonly ofLine: LineTime = (bytes, from, to) => {
    const time = this.#time;
    if (this.#extractor.extract(bytes, from, to)) {
      time.seconds = this.#extractor.seconds;
      time.nanoseconds = this.#extractor.nanoseconds;
    } else {
      const now = Date.now();
      time.seconds = Math.floor(now / 1000);
      time.nanoseconds = (now % 1000) * NANOSECONDS;
    }
    return time;
  };

  /** The time that is in the bytes of an entry; `undefined`: there is none. */
  find(bytes: Uint8Array): { readonly seconds: number; readonly nanoseconds: number } | undefined {
    if (!this.#extractor.extract(bytes)) return undefined;
    const { seconds, nanoseconds } = this.#extractor;
    return { seconds, nanoseconds };
  }
}
