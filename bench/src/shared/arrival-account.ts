import type { EntryView } from '@ringest/indexer';
import { createDigest, type DigestKind, type LoadDigest } from '../contents/load-digest.js';
import { NO_SEQUENCE, readSequence, type SequencePlace } from '../contents/sequence-number.js';

/** What arrived of a load. */
export interface TallyReport {
  /** Entries, each time they arrived. */
  readonly received: number;
  /** Entries that had arrived before. */
  readonly duplicated: number;
  /** Entries with a sequence number that the load does not have. */
  readonly foreign: number;
  /** Of each entry as it arrived first; `undefined` when none was asked for. */
  readonly digest: string | undefined;
}

const FIRST_WORDS = 2 ** 15;

/** Keeps account of a load by the sequence numbers of its entries: a bit for each. */
export class Tally {
  #seen = new Uint32Array(FIRST_WORDS);
  #received = 0;
  #duplicated = 0;
  #foreign = 0;
  readonly #digest: LoadDigest | undefined;

  readonly #place: SequencePlace;

  /** @param place where entries have their sequence numbers */
  constructor(place: SequencePlace, digest: DigestKind | false) {
    this.#place = place;
    this.#digest = digest === false ? undefined : createDigest(digest);
  }

  /** Takes one entry in. */
  add(entry: EntryView): void {
    this.#received++;
    const sequence = readSequence(entry, this.#place);
    if (sequence === NO_SEQUENCE) {
      this.#foreign++;
      return;
    }
    const word = sequence >>> 5;
    const bit = 1 << (sequence & 31);
    if (word >= this.#seen.length) this.#grow(word);
    const seen = this.#seen[word] as number;
    if ((seen & bit) !== 0) {
      this.#duplicated++;
      return;
    }
    this.#seen[word] = seen | bit;
    this.#digest?.addArrived(entry);
  }

  /** @param sent how many entries the load had: sequence numbers 0 to `sent - 1` */
  report(sent: number): TallyReport {
    return {
      received: this.#received,
      duplicated: this.#duplicated,
      foreign: this.#foreign + this.#countFrom(sent),
      digest: this.#digest?.toString(),
    };
  }

  /** Entries that arrived with a sequence number of `sent` or more. */
  #countFrom(sent: number): number {
    let count = 0;
    for (let sequence = sent; sequence < this.#seen.length * 32; sequence++) {
      if (((this.#seen[sequence >>> 5] as number) & (1 << (sequence & 31))) !== 0) count++;
    }
    return count;
  }

  #grow(word: number): void {
    const grown = new Uint32Array(Math.max(this.#seen.length * 2, word + 1));
    grown.set(this.#seen);
    this.#seen = grown;
  }
}
