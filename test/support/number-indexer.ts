import { Indexer } from '@ringest/indexer';
import { onTestFinished } from 'vitest';
import { lightChallenges } from './light-challenges.js';
import { SECRET } from './muxer.js';
import { until } from './waiting.js';

/** An indexer that keeps which numbers have arrived as the data of entries, until the test is finished. */
export class NumberIndexer {
  readonly #arrived: Uint8Array;
  readonly #indexer: Indexer;
  #address = '';
  #entries = 0;
  #distinct = 0;

  private constructor(numbers: number) {
    this.#arrived = new Uint8Array(numbers);
    this.#indexer = new Indexer({
      listen: '127.0.0.1:0',
      secret: SECRET,
      onEntry: ({ bytes, dataOffset, dataLength }) => this.#take(bytes, dataOffset, dataLength),
    });
  }

  /** @param numbers those from 0 to this one may arrive */
  static async start(numbers: number): Promise<NumberIndexer> {
    lightChallenges();
    const indexer = new NumberIndexer(numbers);
    onTestFinished(() => indexer.#indexer.close());
    indexer.#address = await indexer.#indexer.listen();
    return indexer;
  }

  get address(): string {
    return this.#address;
  }

  /** Entries that have arrived, also those that came twice. */
  get entries(): number {
    return this.#entries;
  }

  /** Waits until so many different numbers have arrived, for at most so long. */
  distinct(count: number, mostMs: number): Promise<void> {
    return until(`${count} numbers`, () => this.#distinct >= count, mostMs);
  }

  /** Numbers that have not arrived, at most a hundred of them. */
  missing(): number[] {
    const found: number[] = [];
    for (let i = 0; i < this.#arrived.length && found.length < 100; i++) {
      if (this.#arrived[i] === 0) found.push(i);
    }
    return found;
  }

  #take(bytes: Buffer, from: number, length: number): void {
    let number = 0;
    for (let i = from; i < from + length; i++) number = number * 10 + ((bytes[i] ?? 0) - 48);
    this.#entries++;
    if (this.#arrived[number] !== 0) return;
    this.#arrived[number] = 1;
    this.#distinct++;
  }
}
