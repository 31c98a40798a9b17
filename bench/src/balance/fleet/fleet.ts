import { createHistogram } from 'node:perf_hooks';
import { SeededRandom } from '../../shared/random.js';
import { FleetIndexer } from './fleet-indexer.js';
import { FleetIngester } from './fleet-ingester.js';
import { VirtualTime } from './virtual-time.js';

/** What an indexer takes, bytes a millisecond. */
const CAPACITY = 10_000;
/** What is written, as a share of what all indexers take. */
const LOAD = 0.7;
/** Milliseconds that an indexer takes to confirm, and how they differ from batch to batch. */
const CONFIRMATION_MS = 2;
const CONFIRMATION_SIGMA = 0.3;

export interface FleetSize {
  readonly ingesters: number;
  readonly indexers: number;
}

/** Many ingesters that know nothing of each other, all with a lane to each of the same indexers. */
export class Fleet {
  readonly time = new VirtualTime();
  readonly indexers: readonly FleetIndexer[];
  readonly ingesters: readonly FleetIngester[];
  /** Bytes a millisecond that all ingesters have to send. */
  readonly rate: number;
  /** Microseconds from when an ingester had something to its confirmation. */
  readonly latency = createHistogram();

  /** All connections are there. */
  constructor({ ingesters, indexers }: FleetSize, seed: number) {
    const { time, latency } = this;
    const ofIndexers = new SeededRandom(seed);
    const confirmationTime = () => ofIndexers.logNormal(CONFIRMATION_MS, CONFIRMATION_SIGMA);
    this.indexers = Array.from(
      { length: indexers },
      () => new FleetIndexer(time, CAPACITY, confirmationTime),
    );
    this.rate = indexers * CAPACITY * LOAD;
    const laneLatency = createHistogram();
    this.ingesters = Array.from({ length: ingesters }, (_, i) => {
      const random = new SeededRandom(seed + 1000 * (i + 1));
      const ingester = new FleetIngester(this.indexers, { time, random, latency, laneLatency });
      for (const lane of ingester.lanes) lane.hot();
      ingester.start(this.rate / ingesters);
      return ingester;
    });
  }

  /** Bytes that ingesters have had and that are not confirmed. */
  get unconfirmedBytes(): number {
    return this.ingesters.reduce((sum, one) => sum + one.offeredBytes - one.confirmedBytes, 0);
  }
}
