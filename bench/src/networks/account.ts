import { Arrivals } from '../shared/arrivals.js';
import { readNumberedLine } from './numbered-lines.js';

/** What became of the lines of all ingesters. */
export interface Totals {
  readonly written: number;
  /** Lines that are at no indexer. */
  readonly lost: number;
  /** How often a line arrived once more. */
  readonly duplicated: number;
  /** Entries that are no line that was written: somebody altered one, or made one up. */
  readonly foreign: number;
}

/** Counts lines by their identity, wherever they arrived. */
export class Account {
  readonly #arrivals = new Map<string, Arrivals>();
  #foreign = 0;

  /** Takes in what an indexer has got. */
  add(line: string): void {
    const read = readNumberedLine(line);
    if (read === undefined) {
      this.#foreign++;
      return;
    }
    const arrivals = this.#arrivals.get(read.host) ?? new Arrivals();
    this.#arrivals.set(read.host, arrivals);
    arrivals.add(read.number);
  }

  /** @param written how many lines each host has written: numbers 0 to one less */
  totals(written: ReadonlyMap<string, number>): Totals {
    const totals = { written: 0, lost: 0, duplicated: 0, foreign: this.#foreign };
    for (const host of new Set([...written.keys(), ...this.#arrivals.keys()])) {
      const count = written.get(host) ?? 0;
      const arrivals = this.#arrivals.get(host) ?? new Arrivals();
      const { received, duplicated, foreign } = arrivals.counts(count);
      totals.written += count;
      totals.lost += count - (received - duplicated - foreign);
      totals.duplicated += duplicated;
      totals.foreign += foreign;
    }
    return totals;
  }
}
