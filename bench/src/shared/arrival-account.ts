import type { EntryView } from '@ringest/indexer';
import type { DigestKind } from '../contents/choices.js';
import { createDigest, type LoadDigest } from '../contents/load-digest.js';
import { NO_SEQUENCE, readSequence, type SequencePlace } from '../contents/sequence-number.js';
import { type ArrivalCounts, Arrivals } from './arrivals.js';

/** What arrived of a load. */
export interface TallyReport extends ArrivalCounts {
  /** Of each entry as it arrived first; `undefined` when none was asked for. */
  readonly digest: string | undefined;
}

/** Keeps account of a load at the indexer. */
export class Tally {
  #arrivals = new Arrivals();
  #digest: LoadDigest | undefined;
  readonly #kind: DigestKind | false;
  readonly #place: SequencePlace;

  /** @param place where entries have their sequence numbers */
  constructor(place: SequencePlace, digest: DigestKind | false) {
    this.#place = place;
    this.#kind = digest;
    this.clear();
  }

  /** Forgets all that has arrived, for another load. */
  clear(): void {
    this.#arrivals = new Arrivals();
    this.#digest = this.#kind === false ? undefined : createDigest(this.#kind);
  }

  /** Takes one entry in. */
  add(entry: EntryView): void {
    const sequence = readSequence(entry, this.#place);
    if (sequence === NO_SEQUENCE) this.#arrivals.addForeign();
    else if (this.#arrivals.add(sequence)) this.#digest?.addArrived(entry);
  }

  /** @param sent how many entries the load had: sequence numbers 0 to `sent - 1` */
  report(sent: number): TallyReport {
    return { ...this.#arrivals.counts(sent), digest: this.#digest?.toString() };
  }
}
