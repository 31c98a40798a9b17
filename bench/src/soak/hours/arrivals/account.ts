import { ArrivalReader, type ArrivalSink } from './arrival-files.js';
import { StreamArrivals } from './stream-arrivals.js';

/** What was sent in a stream. */
export interface SentStream {
  readonly stream: number;
  /** Its entries have the numbers from 0 up to, but not including, this one. */
  readonly sent: number;
}

/** What became of the entries of some streams. */
export interface StreamsAccount {
  readonly sent: number;
  readonly arrived: number;
  readonly lost: number;
  readonly duplicates: number;
  /** Arrivals of entries that are not as they were made. */
  readonly altered: number;
  /** Entries with numbers that were never sent. */
  readonly unsent: number;
  /** Some that are lost or altered: `stream:number`. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 10;

/** Keeps account of what arrives at all indexers, while it arrives. */
export class Account implements ArrivalSink {
  readonly #readers: readonly ArrivalReader[];
  readonly #streams = new Map<number, StreamArrivals>();
  readonly #altered = new Map<number, { count: number; readonly examples: number[] }>();
  #foreign = 0;

  /** @param indexers their names, as they write down what arrives in this folder */
  constructor(folder: string, indexers: readonly string[]) {
    this.#readers = indexers.map((name) => new ArrivalReader(folder, name));
  }

  /** Takes in what was written down since the last time. */
  read(): void {
    for (const reader of this.#readers) reader.read(this);
  }

  /** Entries that have arrived, each counted once. */
  get distinct(): number {
    let sum = 0;
    for (const { distinct } of this.#streams.values()) sum += distinct;
    return sum;
  }

  /** Arrivals that are none of these streams, which are all that were sent: what else is a soak's entry was altered. */
  foreign(streams: readonly number[]): number {
    const known = new Set(streams);
    let foreign = this.#foreign;
    for (const [stream, { count }] of this.#altered) if (!known.has(stream)) foreign += count;
    for (const [stream, { distinct, duplicates }] of this.#streams) {
      if (!known.has(stream)) foreign += distinct + duplicates;
    }
    return foreign;
  }

  /** Every entry of the stream with a number below this one has arrived. */
  complete(stream: number): number {
    return this.#streams.get(stream)?.complete ?? 0;
  }

  /** Arrivals of some streams, and of those among them that had arrived before. */
  counts(streams: readonly number[]): { readonly arrived: number; readonly duplicates: number } {
    let [arrived, duplicates] = [0, 0];
    for (const stream of streams) {
      arrived += this.#streams.get(stream)?.distinct ?? 0;
      duplicates += this.#streams.get(stream)?.duplicates ?? 0;
    }
    return { arrived, duplicates };
  }

  /** Compares what has arrived with what was sent. */
  settle(streams: readonly SentStream[]): StreamsAccount {
    const all = streams.map((stream) => this.#settleOne(stream));
    const sum = (of: (one: StreamsAccount) => number) => all.reduce((n, one) => n + of(one), 0);
    return {
      sent: sum(({ sent }) => sent),
      arrived: sum(({ arrived }) => arrived),
      lost: sum(({ lost }) => lost),
      duplicates: sum(({ duplicates }) => duplicates),
      altered: sum(({ altered }) => altered),
      unsent: sum(({ unsent }) => unsent),
      examples: all.flatMap(({ examples }) => examples).slice(0, MAX_EXAMPLES),
    };
  }

  add(stream: number, number: number): void {
    this.#arrivals(stream).add(number);
  }

  addAltered(stream: number, number: number): void {
    let altered = this.#altered.get(stream);
    if (altered === undefined) {
      altered = { count: 0, examples: [] };
      this.#altered.set(stream, altered);
    }
    altered.count++;
    if (altered.examples.length < MAX_EXAMPLES) altered.examples.push(number);
  }

  addForeign(): void {
    this.#foreign++;
  }

  #settleOne({ stream, sent }: SentStream): StreamsAccount {
    const arrivals = this.#arrivals(stream);
    const unsent = arrivals.countFrom(sent);
    const arrived = arrivals.distinct - unsent;
    const { count: altered, examples } = this.#altered.get(stream) ?? { count: 0, examples: [] };
    const wrong = [...arrivals.missing(sent, MAX_EXAMPLES), ...examples];
    return {
      ...{ sent, arrived, lost: sent - arrived, duplicates: arrivals.duplicates, altered, unsent },
      examples: wrong.map((number) => `${stream}:${number}`),
    };
  }

  #arrivals(stream: number): StreamArrivals {
    let arrivals = this.#streams.get(stream);
    if (arrivals === undefined) {
      arrivals = new StreamArrivals();
      this.#streams.set(stream, arrivals);
    }
    return arrivals;
  }
}
