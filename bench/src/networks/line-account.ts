import { Arrivals } from '../shared/arrivals.js';
import { readNumberedLine, sourceOf } from './numbered-lines.js';

/** What became of the lines of all ingesters. */
export interface Totals {
  readonly written: number;
  /** Lines that are at no indexer. */
  readonly lost: number;
  /** How often a line arrived once more. */
  readonly duplicated: number;
  /** Entries that are no line that was written, or have another one's tag or source. */
  readonly foreign: number;
}

/** An entry that an indexer has stored. */
export interface StoredLine {
  /** The host of the indexer. */
  readonly indexer: string;
  readonly text: string;
  readonly tag: string;
  /** The bytes of the source, with dots between them. */
  readonly source: string;
  /** Of the time, since 1970. */
  readonly seconds: number;
}

/** What arrived of one host. */
class HostLines {
  readonly arrivals = new Arrivals();
  earliest = Number.POSITIVE_INFINITY;
  latest = Number.NEGATIVE_INFINITY;
}

/** Counts lines by their identity, wherever they arrived. */
export class LineAccount {
  readonly #hosts = new Map<string, HostLines>();
  readonly #stored = new Map<string, number>();
  #foreign = 0;

  /** Takes in what an indexer has got. The tag of a line is the name of its host, and its source follows from that, too. */
  add({ indexer, text, tag, source, seconds }: StoredLine): void {
    this.#stored.set(indexer, this.storedAt(indexer) + 1);
    const read = readNumberedLine(text);
    if (read === undefined || tag !== read.host || source !== sourceOf(read.host)) {
      this.#foreign++;
      return;
    }
    const lines = this.#hosts.get(read.host) ?? new HostLines();
    this.#hosts.set(read.host, lines);
    lines.arrivals.add(read.number);
    lines.earliest = Math.min(lines.earliest, seconds);
    lines.latest = Math.max(lines.latest, seconds);
  }

  /** How many entries an indexer has stored. */
  storedAt(indexer: string): number {
    return this.#stored.get(indexer) ?? 0;
  }

  /** How many seconds are between the earliest and the latest time of a host's lines; 0: there are none. */
  secondsOf(host: string): number {
    const lines = this.#hosts.get(host);
    return lines === undefined ? 0 : lines.latest - lines.earliest;
  }

  /** @param written how many lines each host has written: numbers 0 to one less */
  totals(written: ReadonlyMap<string, number>): Totals {
    const totals = { written: 0, lost: 0, duplicated: 0, foreign: this.#foreign };
    for (const host of new Set([...written.keys(), ...this.#hosts.keys()])) {
      const count = written.get(host) ?? 0;
      const arrivals = this.#hosts.get(host)?.arrivals ?? new Arrivals();
      const { received, duplicated, foreign } = arrivals.counts(count);
      totals.written += count;
      totals.lost += count - (received - duplicated - foreign);
      totals.duplicated += duplicated;
      totals.foreign += foreign;
    }
    return totals;
  }
}
