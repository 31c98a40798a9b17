import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Backoff } from './backoff.js';
import {
  type ConnectionTimes,
  Control,
  type Counter,
  DOORBELL,
  type Endpoint,
  type Identity,
  LaneState,
  type LaneTask,
  type Loss,
  type ToMain,
  type ToWorker,
} from './boundary.js';
import { ConnectionError } from './errors.js';
import { kernelModule } from './kernel.js';
import type { LanePool, LaneThread } from './lane-pool.js';
import { readCounters, settleCounters } from './meter.js';
import { createLaneMemory, passEntries, Ring } from './ring.js';
import { RingWriter } from './ring-writer.js';
import { type SharedMemoryPool, sharedBytesOf } from './shared-memory.js';

/** What a lane is made with. */
export interface LaneOptions {
  readonly endpoint: Endpoint;
  readonly secretHash: Uint8Array;
  readonly identity: Identity;
  /** Tag names; the index is the muxer tag. */
  readonly tags: readonly string[];
  readonly times: ConnectionTimes;
  /** A power of two from 64 KiB to 1 GiB. */
  readonly ringBytes: number;
  /** Where the memory of large frames comes from, and goes back to. */
  readonly sharedMemory: SharedMemoryPool;
  readonly events: LaneEvents;
}

/** What a lane reports, on the main thread. */
export interface LaneEvents {
  hot(lane: Lane): void;
  /** The connection failed or ended; the next attempt comes by itself. */
  lost(lane: Lane, error: ConnectionError, retryInMs: number): void;
  /** What `wakeWhenReleased` waited for is there. */
  wake(lane: Lane): void;
}

/** A frame too large for the ring, and where the reference to it ends there. */
interface LargeFrame {
  readonly frame: Buffer;
  readonly end: number;
}

/** What a hot lane knows of its connection. */
export interface Session {
  readonly indexerVersion: number;
  readonly localAddress: string;
}

/**
 * One ring, one worker task, one socket to one indexer; this is the main thread's end. The ring
 * outlives the worker: when its thread dies, another one takes over where it was.
 */
export class Lane {
  readonly endpoint: Endpoint;
  readonly writer: RingWriter;
  /** Microseconds from hand-over to confirmation, one record per socket write. */
  readonly latency: RecordableHistogram = createHistogram();
  /** When the balancer last picked the lane, as `performance.now()`. */
  pickedAt = 0;
  readonly #options: LaneOptions;
  readonly #ring: Ring;
  /** Frames too large for the ring, by key, until their references in it are released. */
  readonly #large = new Map<number, LargeFrame>();
  readonly #closing = new AbortController();
  readonly #workerBackoff: Backoff;
  #largeBytes = 0;
  #nextLargeKey = 1;
  #port: MessagePort | undefined;
  #ended: Promise<void> | undefined;
  #session: Session | undefined;
  #lastError: ConnectionError | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
    this.#workerBackoff = new Backoff(options.times.firstRetry, options.times.mostRetry);
    this.#ring = new Ring(createLaneMemory(options.ringBytes), kernelModule());
    this.writer = new RingWriter(this.#ring);
  }

  /** Hands the lane to a worker, which connects and keeps connected until `close`. */
  start(pool: LanePool): void {
    this.#ended ??= this.#run(pool);
  }

  get state(): LaneState {
    return Atomics.load(this.#ring.control, Control.state) as LaneState;
  }

  get stateName(): keyof typeof LaneState {
    const names = Object.keys(LaneState) as (keyof typeof LaneState)[];
    return names[this.state] as keyof typeof LaneState;
  }

  get isHot(): boolean {
    return this.#session !== undefined && this.state === LaneState.hot;
  }

  /** Of the connection that is there now. */
  get session(): Session | undefined {
    return this.#session;
  }

  get lastError(): ConnectionError | undefined {
    return this.#lastError;
  }

  /** Bytes. */
  get ringBytes(): number {
    return this.#ring.size;
  }

  /** Bytes written and not confirmed; large frames count whole. */
  unconfirmedBytes(): number {
    return this.writer.unconfirmed() + this.#largeBytes;
  }

  /** Confirmed bytes a millisecond; 0 when nothing is known yet. */
  get rate(): number {
    return Atomics.load(this.#ring.control, Control.rate);
  }

  /** Milliseconds from hand-over to confirmation, a moving average. */
  get ackLatency(): number {
    return Atomics.load(this.#ring.control, Control.latency) / 1000;
  }

  counters(): Record<Counter, number> {
    return readCounters(this.#ring.control);
  }

  /** Makes what was written visible to the worker. */
  commit(): void {
    if (this.writer.commit()) this.#port?.postMessage(DOORBELL);
  }

  /**
   * Writes a frame that `encodeFrame` made, of any size. One too large for the ring must be in
   * memory of the lane's `sharedMemory`, which then belongs to the lane.
   * @returns false when there is no room; nothing was written then
   */
  writeFrame(frame: Buffer, tag: number): boolean {
    if (frame.length <= this.writer.maxFrame) return this.writer.writeFrame(frame);
    return this.#writeLarge(frame, tag);
  }

  /** Asks the indexer to confirm what is committed, once it is sent. */
  flush(): void {
    this.#tell({ kind: 'flush' });
  }

  /** Whether everything before the cursor is confirmed. */
  isReleased(cursor: number): boolean {
    return ((Atomics.load(this.#ring.control, Control.released) - cursor) | 0) >= 0;
  }

  /**
   * Has `wake` called once everything before the cursor is confirmed, or earlier. One call counts
   * at a time, the one that is due first.
   * @returns whether that is so already; `wake` may come nevertheless
   */
  wakeWhenReleased(cursor: number): boolean {
    const { control } = this.#ring;
    const isArmed = Atomics.load(control, Control.wakeArmed) === 1;
    const isLater = ((cursor - Atomics.load(control, Control.wakeAt)) | 0) >= 0;
    if (!(isArmed && isLater)) {
      Atomics.store(control, Control.wakeAt, cursor);
      Atomics.store(control, Control.wakeArmed, 1);
    }
    return this.isReleased(cursor);
  }

  /**
   * Has `wake` called once there is room for a frame.
   * @returns whether there is already
   */
  wakeForRoom(frameBytes: number): boolean {
    // A large frame waits for those before it, and each of them wakes when it is released.
    if (frameBytes > this.writer.maxFrame && this.#large.size > 0) return false;
    // Half of the ring: any frame fits then, and the producer does not wake for every one.
    return this.wakeWhenReleased((this.writer.cursor - this.#ring.size / 2) | 0);
  }

  /** Entries written and not confirmed. Exact once the lane is closed. */
  unconfirmedEntries(): number {
    const released = Atomics.load(this.#ring.control, Control.released);
    return passEntries(this.#ring, released, this.writer.cursor, Number.MAX_SAFE_INTEGER).entries;
  }

  /** Ends the connection as it stands; what is not confirmed stays in the ring. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#tell({ kind: 'close' });
    await this.#ended;
    Atomics.store(this.#ring.control, Control.state, LaneState.closed);
  }

  #writeLarge(frame: Buffer, tag: number): boolean {
    const bytes = frame.length;
    const isAlone = this.#large.size === 0;
    if (!isAlone && this.#largeBytes + bytes > this.#ring.size) return false;
    const key = this.#nextLargeKey;
    if (!this.writer.writeLarge(key, tag)) return false;
    this.#nextLargeKey = (key % 0xffffffff) + 1;
    this.#large.set(key, { frame, end: this.writer.cursor });
    this.#largeBytes += bytes;
    this.#tellLarge(key, frame);
    return true;
  }

  async #run(pool: LanePool): Promise<void> {
    const { signal } = this.#closing;
    const thread = pool.seat();
    while (!signal.aborted) {
      try {
        await this.#runWorker(thread);
      } catch (error) {
        Atomics.store(this.#ring.control, Control.state, LaneState.parked);
        if (signal.aborted) return;
        const retryInMs = this.#workerBackoff.next();
        const message = `the lane's worker died: ${(error as Error).message}`;
        this.#lost({ reason: 'worker', message }, retryInMs, error);
        await delay(retryInMs, undefined, { signal }).catch(() => {});
      } finally {
        this.#port?.close();
        this.#port = undefined;
      }
    }
  }

  #runWorker(thread: LaneThread): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    settleCounters(this.#ring.control);
    const { endpoint, secretHash, identity, tags, times } = this.#options;
    port1.on('message', (message: ToMain) => this.#heard(message));
    this.#port = port1;
    this.#dropReleased();
    for (const [key, { frame }] of this.#large) this.#tellLarge(key, frame);
    const task: LaneTask = {
      memory: this.#ring.memory,
      kernel: kernelModule(),
      port: port2,
      latency: this.latency,
      endpoint,
      secretHash,
      identity,
      tags,
      times,
    };
    return thread.run(task);
  }

  #heard(message: ToMain): void {
    const { events } = this.#options;
    switch (message.kind) {
      case 'hot':
        this.#session = {
          indexerVersion: message.indexerVersion,
          localAddress: message.localAddress,
        };
        this.#workerBackoff.reset();
        events.hot(this);
        break;
      case 'lost':
        this.#lost(message.loss, message.retryInMs);
        break;
      case 'wake':
        events.wake(this);
        break;
      case 'largeReleased':
        this.#dropReleased();
        events.wake(this);
    }
  }

  #tellLarge(key: number, frame: Buffer): void {
    this.#tell({ kind: 'large', key, memory: sharedBytesOf(frame), bytes: frame.length });
  }

  #dropReleased(): void {
    for (const [key, { frame, end }] of this.#large) {
      if (!this.isReleased(end)) continue;
      this.#large.delete(key);
      this.#largeBytes -= frame.length;
      this.#options.sharedMemory.give(frame);
    }
  }

  #lost(loss: Loss, retryInMs: number, cause?: unknown): void {
    const error = new ConnectionError(this.endpoint.address, loss, { cause });
    this.#session = undefined;
    this.#lastError = error;
    // Not from here: what a listener throws must not end the lane.
    queueMicrotask(() => this.#options.events.lost(this, error, retryInMs));
  }

  #tell(message: ToWorker): void {
    this.#port?.postMessage(message);
  }
}
