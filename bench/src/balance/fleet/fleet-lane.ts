import type { RecordableHistogram } from 'node:perf_hooks';
import { Backoff } from '@ringest/workers/thread';
import { MeteredLane, RING_BYTES, SOCKET_BYTES } from '../metered-lane.js';
import type { FleetIndexer } from './fleet-indexer.js';
import type { FleetIngester } from './fleet-ingester.js';
import type { VirtualTime } from './virtual-time.js';

/** `times.handshake`, `times.firstRetry` and `times.mostRetry` as they are by default. */
const HANDSHAKE_MS = 5000;
const FIRST_RETRY_MS = 500;
const MOST_RETRY_MS = 30_000;

/** Bytes on their way. */
export interface Load {
  readonly bytes: number;
  /** When the ingester had them. */
  readonly since: number;
}

interface Batch extends Load {
  /** When the lane handed it to its socket. */
  sentAt: number;
  confirmedAt: number;
}

/**
 * A lane of one ingester to an indexer that others use too. The delays between its attempts to connect are
 * those of real lanes.
 */
export class FleetLane extends MeteredLane {
  readonly indexer: FleetIndexer;
  isHot = false;
  readonly #ingester: FleetIngester;
  readonly #time: VirtualTime;
  readonly #backoff: Backoff;
  readonly #batches: Batch[] = [];
  /** How many batches the indexer has taken, and how many are in the socket or taken. */
  #taken = 0;
  #sent = 0;
  #socketBytes = 0;
  #confirmedAt = 0;
  /** Counts attempts to connect: what belongs to an older one is void. */
  #attempt = 0;
  #isConnecting = false;

  constructor(
    ingester: FleetIngester,
    indexer: FleetIndexer,
    time: VirtualTime,
    random: () => number,
    histogram: RecordableHistogram,
  ) {
    super(histogram);
    this.#ingester = ingester;
    this.indexer = indexer;
    this.#time = time;
    this.#backoff = new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS, random);
    indexer.lanes.push(this);
  }

  write({ bytes, since }: Load): void {
    this.written(bytes, this.#time.now());
    this.#batches.push({ bytes, since, sentAt: 0, confirmedAt: Number.POSITIVE_INFINITY });
    this.#send();
  }

  /** The bytes of the batch that the indexer takes next; 0: there is none. */
  get nextBytes(): number {
    return this.#taken < this.#sent ? (this.#batches[this.#taken] as Batch).bytes : 0;
  }

  /** The indexer has taken a batch, and will confirm it after so many milliseconds. */
  taken(confirmationTime: number): void {
    const batch = this.#batches[this.#taken++] as Batch;
    const now = this.#time.now();
    this.#confirmedAt = Math.max(this.#confirmedAt, now + confirmationTime);
    batch.confirmedAt = this.#confirmedAt;
    this.#time.after(this.#confirmedAt - now, this.#confirm);
    this.#socketBytes -= batch.bytes;
    this.#send();
  }

  /** The connection, or the attempt to connect, has failed: the lane tries again, and what it has goes elsewhere. */
  lost(): void {
    if (!(this.isHot || this.#isConnecting)) return;
    this.isHot = false;
    this.#isConnecting = false;
    this.#attempt++;
    this.#time.after(this.#backoff.next(), this.#dial);
    const displaced = this.#batches.splice(0);
    this.emptied();
    this.#taken = 0;
    this.#sent = 0;
    this.#socketBytes = 0;
    this.#confirmedAt = 0;
    if (displaced.length > 0) this.#ingester.displaced(displaced);
  }

  /** A connection is there. */
  hot(): void {
    this.isHot = true;
    this.#isConnecting = false;
    this.#backoff.reset();
    this.meter.begin();
    this.#ingester.placeWaiting();
  }

  readonly #dial = (): void => {
    const { indexer } = this;
    indexer.dials++;
    this.#isConnecting = true;
    const attempt = this.#attempt;
    const isWanted = () => this.#isConnecting && attempt === this.#attempt;
    const fail = () => {
      if (isWanted()) this.lost();
    };
    if (indexer.failsAfter !== undefined) {
      this.#time.after(indexer.failsAfter, fail);
      return;
    }
    this.#ingester.answers.ask(isWanted, () => {
      this.#time.after(HANDSHAKE_MS, fail);
      indexer.answers.ask(isWanted, () => this.hot());
    });
  };

  /** Hands to the socket what it has room for. */
  #send(): void {
    const wasEmpty = this.#socketBytes === 0;
    while (this.#sent < this.#batches.length) {
      const batch = this.#batches[this.#sent] as Batch;
      if (this.#socketBytes > 0 && this.#socketBytes + batch.bytes > SOCKET_BYTES) return;
      batch.sentAt = this.#time.now();
      this.#socketBytes += batch.bytes;
      this.#sent++;
    }
    this.meter.ranDry();
    if (wasEmpty && this.#socketBytes > 0) this.indexer.ready(this);
  }

  readonly #confirm = (): void => {
    const now = this.#time.now();
    let count = 0;
    let bytes = 0;
    for (const batch of this.#batches) {
      if (batch.confirmedAt > now) break;
      count++;
      bytes += batch.bytes;
      this.meter.acknowledged(batch.sentAt, now);
      this.#ingester.confirmed(batch);
    }
    if (count === 0) return;
    this.#batches.splice(0, count);
    this.#taken -= count;
    this.#sent -= count;
    this.confirmed(bytes, now);
    if (this.#sent === this.#batches.length) this.meter.ranDry();
    // As lanes do: producers that wait are not woken for every batch.
    if (this.unconfirmedBytes() <= RING_BYTES / 2) this.#ingester.placeWaiting();
  };
}
