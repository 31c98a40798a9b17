import type { PublisherHost } from './publisher.js';

/** What headers with the tag, the time, the source and some values may take of a message. */
const HEADER_BYTES = 16_384;

/** The most bytes of data of an entry whose message may have so many. */
export const entryBytesIn = (messageBytes: number): number =>
  Math.max(1, messageBytes - HEADER_BYTES);

/** What is refused, or not stored yet, of what goes to a queue. The same is said once. */
export class Unstored {
  readonly #host: Pick<PublisherHost, 'say' | 'refused'>;
  #said = '';

  constructor(host: Pick<PublisherHost, 'say' | 'refused'>) {
    this.#host = host;
  }

  /** What becomes of entries that were not stored: nothing helps with one that is too large, and others are sent again. */
  fateOf({ message, isTooLarge }: Error & { readonly isTooLarge: boolean }): 'retry' | 'drop' {
    if (isTooLarge) this.refuse(message);
    else this.#say(`${message}: sending again until it is`);
    return isTooLarge ? 'drop' : 'retry';
  }

  /** Counts an entry that goes nowhere. */
  refuse(why: string): void {
    this.#host.refused();
    this.#say(`${why}: it is refused`);
  }

  /** All was stored: what is told of next is said, also if it was before. */
  clear(): void {
    this.#said = '';
  }

  #say(what: string): void {
    if (this.#said !== what) this.#host.say(`ringest: ${what}`);
    this.#said = what;
  }
}
