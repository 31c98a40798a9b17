import type { MessagePort } from 'node:worker_threads';
import type { MuxerTag } from '@ringest/codec';
import type {
  ConnectionTimes,
  Credentials,
  Endpoint,
  Identity,
  Session,
  TagName,
} from '../endpoint.js';
import { ConnectionError } from '../errors.js';
import type {
  DittoEnd,
  LossMessage,
  RateLimitTask,
  Throttling,
  ToMain,
  ToWorker,
} from '../messages.js';
import { kernelModule } from '../ring/kernel.js';
import { Control, LaneState } from '../ring/memory-layout.js';
import { createRing } from '../ring/ring.js';
import { type SharedMemoryPool, sharedBytesOf } from '../ring/shared-memory.js';
import { Backoff } from '../thread/backoff.js';
import { WorkerLink } from '../thread/worker-link.js';
import type { LanePool, LaneThread } from './lane-pool.js';
import { LaneRing } from './lane-ring.js';

/** The options of a {@link Lane}. */
export interface LaneOptions {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  readonly identity: Identity;
  /** Tag names; the index is the muxer tag. The owner adds a name before it calls `addTag`. */
  readonly tags: readonly string[];
  readonly minVersion: number;
  readonly rateLimit: RateLimitTask | undefined;
  readonly times: ConnectionTimes;
  /** A power of two from 64 KiB to 1 GiB. */
  readonly ringBytes: number;
  /** The pool of the memory of large frames. */
  readonly sharedMemory: SharedMemoryPool;
  readonly events: LaneEvents;
}

/** What a lane reports, on the main thread. */
export interface LaneEvents {
  hot(lane: Lane): void;
  /** The connection failed or ended. The lane tries again by itself. */
  lost(lane: Lane, error: ConnectionError, retryInMs: number): void;
  /** The lane has given up for good: it does not connect again. */
  fatal(lane: Lane, error: Error): void;
  /** The indexer refuses a tag that it has not refused so far. */
  tagRefused(lane: Lane, tag: MuxerTag): void;
  /** The indexer has refused a tag, or accepts one that it had refused. */
  tagAnswered(): void;
  /** The indexer has asked for pauses. It is reported every ten seconds at most. */
  throttled(lane: Lane, throttling: Throttling): void;
  /** There may be room, or the position of `wakeWhenReleased` may be released. */
  wake(): void;
}

/**
 * The main thread's end of a lane: one ring, one worker task, one socket to one indexer. The ring
 * outlives the worker. When the thread dies, the next one goes on with the same ring.
 */
export class Lane extends LaneRing {
  readonly endpoint: Endpoint;
  readonly #options: LaneOptions;
  readonly #link: WorkerLink<ToWorker, ToMain>;
  #pool: LanePool | undefined;
  #thread: LaneThread | undefined;
  readonly #refused = new Set<MuxerTag>();
  readonly #dittos = new Map<number, (end: DittoEnd) => void>();
  #nextDitto = 1;
  #session: Session | undefined;
  #lastError: Error | undefined;
  #lastErrorAt = 0;
  #fatalError: Error | undefined;

  constructor(options: LaneOptions) {
    super(createRing(options.ringBytes), options.sharedMemory);
    this.#options = options;
    this.endpoint = options.endpoint;
    const { firstRetry, mostRetry } = options.times;
    this.#link = new WorkerLink(new Backoff(firstRetry, mostRetry), {
      begin: (port) => this.#runTask(port),
      onMessage: (message) => this.#onMessage(message),
      died: (error, retryInMs) => this.#died(error, retryInMs),
    });
  }

  /** Hands the lane to a worker, which connects and keeps connected until `close`. */
  start(pool: LanePool): void {
    this.#pool = pool;
    this.#thread ??= pool.assign();
    this.#link.start();
  }

  get state(): LaneState {
    return Atomics.load(this.ring.control, Control.state) as LaneState;
  }

  get stateName(): keyof typeof LaneState {
    const names = Object.keys(LaneState) as (keyof typeof LaneState)[];
    return names[this.state] as keyof typeof LaneState;
  }

  get isHot(): boolean {
    return this.#session !== undefined && this.state === LaneState.hot;
  }

  /** The current connection; `undefined`: the lane is not hot. */
  get session(): Session | undefined {
    return this.#session;
  }

  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** When `lastError` came, by the clock of `performance.now()`; 0: there was no error. */
  get lastErrorAt(): number {
    return this.#lastErrorAt;
  }

  /** Why the lane has given up; `undefined`: it has not. */
  get fatalError(): Error | undefined {
    return this.#fatalError;
  }

  /** Makes the worker negotiate one more tag, which `options.tags` has already. */
  addTag(tag: TagName): void {
    this.#link.post({ kind: 'tag', ...tag });
  }

  /** Whether the indexer has refused a tag. */
  refuses(tag: number): boolean {
    const refused: ReadonlySet<number> = this.#refused;
    return refused.size > 0 && refused.has(tag);
  }

  /** Whether the indexer has refused any tag. */
  get refusesAny(): boolean {
    return this.#refused.size > 0;
  }

  /** The tags that the indexer has refused. */
  get refusedTags(): ReadonlySet<MuxerTag> {
    return this.#refused;
  }

  /** Asks the indexer to confirm what is committed, once it is sent. */
  flush(): void {
    this.#link.post({ kind: 'flush' });
  }

  /** Sends a whole INGESTER_STATE command (§8), if the lane is hot and the indexer knows it. */
  sendState(command: Uint8Array): void {
    this.#link.post({ kind: 'state', command });
  }

  /**
   * Sends a ditto block (§10), once.
   * @param frames unstamped frames, back to back, in memory of the lane's `sharedMemory`
   * @param signal cancels the block, unless it is sent already
   * @returns how the block has ended; it never rejects
   */
  ditto(frames: Buffer, count: number, signal: AbortSignal | undefined): Promise<DittoEnd> {
    const key = this.#nextDitto++;
    const cancel = () => this.#link.post({ kind: 'dittoCancel', key });
    signal?.addEventListener('abort', cancel, { once: true });
    const ended = new Promise<DittoEnd>((resolve) => this.#dittos.set(key, resolve));
    const memory = sharedBytesOf(frames);
    this.#link.post({ kind: 'ditto', key, memory, bytes: frames.length, count });
    return ended.finally(() => signal?.removeEventListener('abort', cancel));
  }

  /** Ends the connection, and gives the thread back. Entries that are not confirmed stay in the ring. */
  async close(): Promise<void> {
    await this.#link.close({ kind: 'close' });
    if (this.#thread !== undefined) this.#pool?.release(this.#thread);
    this.#thread = undefined;
    this.#loseDittos();
    Atomics.store(this.ring.control, Control.state, LaneState.closed);
  }

  async #runTask(port: MessagePort): Promise<void> {
    const { endpoint, credentials, identity, tags, minVersion, rateLimit, times } = this.#options;
    this.postLargeFrames();
    await this.#thread?.run({
      memory: this.ring.memory,
      kernel: kernelModule(),
      port,
      latency: this.latency,
      endpoint,
      credentials,
      identity,
      tags,
      minVersion,
      rateLimit,
      times,
    });
  }

  #onMessage(message: ToMain): void {
    const { events } = this.#options;
    switch (message.kind) {
      case 'hot': {
        const { kind: _, ...session } = message;
        this.#session = session;
        this.#link.resetBackoff();
        events.hot(this);
        break;
      }
      case 'lost':
        this.#lost(message.loss, message.retryInMs);
        break;
      case 'fatal':
        this.#fatal(new ConnectionError(this.endpoint.address, message.loss));
        break;
      case 'tag':
        this.#tagAnswered(message.tag, message.isRefused);
        break;
      case 'dittoEnd':
        this.#dittos.get(message.key)?.(message.end);
        this.#dittos.delete(message.key);
        break;
      case 'throttled': {
        const { kind: _, ...throttling } = message;
        events.throttled(this, throttling);
        break;
      }
      case 'wake':
        events.wake();
        break;
      case 'largeReleased':
        this.dropReleased();
        events.wake();
    }
  }

  #tagAnswered(tag: MuxerTag, isRefused: boolean): void {
    const { events } = this.#options;
    const isNews = isRefused && !this.#refused.has(tag);
    if (isRefused) this.#refused.add(tag);
    else this.#refused.delete(tag);
    if (isNews) events.tagRefused(this, tag);
    events.tagAnswered();
  }

  #died(cause: Error, retryInMs: number | undefined): boolean {
    this.#loseDittos();
    try {
      this.recoverFromDeadWorker();
      Atomics.store(this.ring.control, Control.state, LaneState.parked);
    } catch (error) {
      this.#fatal(error as Error);
      return false;
    }
    if (retryInMs === undefined) return false;
    const message = `the lane's worker died: ${cause.message}`;
    this.#lost({ reason: 'worker', message }, retryInMs, cause);
    return true;
  }

  /** Ends all ditto blocks, because no worker can report how they end. */
  #loseDittos(): void {
    for (const end of this.#dittos.values()) end({ kind: 'lost' });
    this.#dittos.clear();
    // The next worker asks for all tags again, and reports the refused ones.
    this.#refused.clear();
  }

  protected post(message: ToWorker): void {
    this.#link.post(message);
  }

  #lost(loss: LossMessage, retryInMs: number, cause?: unknown): void {
    const error = new ConnectionError(this.endpoint.address, loss, { cause });
    this.#session = undefined;
    this.#setLastError(error);
    // In a microtask: an error in a listener must not end the lane.
    queueMicrotask(() => this.#options.events.lost(this, error, retryInMs));
  }

  #fatal(error: Error): void {
    this.#session = undefined;
    this.#setLastError(error);
    this.#fatalError = error;
    Atomics.store(this.ring.control, Control.state, LaneState.closed);
    queueMicrotask(() => this.#options.events.fatal(this, error));
  }

  #setLastError(error: Error): void {
    this.#lastError = error;
    this.#lastErrorAt = performance.now();
  }
}
