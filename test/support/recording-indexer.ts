import { FRAME_BYTES } from '@ringest/codec';
import type { EntryView } from '@ringest/indexer';
import { Indexer, type IndexerOptions } from '@ringest/indexer';
import { onTestFinished } from 'vitest';
import { type Arrival, arrival } from './arrivals.js';
import { Changes } from './changes.js';
import { lightChallenges } from './light-challenges.js';
import { SECRET } from './muxer.js';

export interface RecordingOptions extends Partial<IndexerOptions> {
  /** The names in the order in which they are asked for; the number of the first is `firstTag`. */
  readonly tags?: readonly string[];
}

/** An embedded indexer that keeps all that arrives, until the test is finished. */
export class RecordingIndexer {
  readonly indexer: Indexer;
  readonly received: Arrival[] = [];
  /** The indexer's own number of each arrival's tag. */
  readonly tagNumbers: number[] = [];
  address = '';
  readonly #tags: readonly string[];
  readonly #firstTag: number;
  readonly #changes = new Changes();

  private constructor({ tags = ['test'], firstTag = 1000, ...options }: RecordingOptions) {
    this.#tags = tags;
    this.#firstTag = firstTag;
    this.indexer = new Indexer({
      listen: '127.0.0.1:0',
      secret: SECRET,
      ...options,
      firstTag,
      onEntry: (entry) => this.#record(entry),
    });
  }

  static async start(options: RecordingOptions = {}): Promise<RecordingIndexer> {
    lightChallenges();
    const recording = new RecordingIndexer(options);
    onTestFinished(() => recording.indexer.close());
    recording.address = await recording.indexer.listen();
    return recording;
  }

  /** Waits until so many entries have come in all. */
  entries(count: number): Promise<void> {
    return this.#changes.until(`${count} entries`, () => this.received.length >= count);
  }

  #record(entry: EntryView): void {
    const end = entry.dataOffset + entry.dataLength + entry.valuesLength;
    const frame = entry.bytes.subarray(entry.dataOffset - FRAME_BYTES, end);
    // Without the command before the header and the id behind it.
    const encoded = Buffer.concat([frame.subarray(4, 38), frame.subarray(FRAME_BYTES)]);
    const name = entry.tag === 0xffff ? 'gravwell' : this.#tags[this.#firstTag - entry.tag];
    this.received.push(arrival(name ?? `number ${entry.tag}`, encoded));
    this.tagNumbers.push(entry.tag);
    this.#changes.tell();
  }
}
