import { EventEmitter } from 'node:events';
import type { EntryInput, MuxerTag, TimestampInput } from '@ringest/codec';
import {
  type ConnectionError,
  Lane,
  type LaneEvents,
  LanePool,
  SharedMemoryPool,
} from '@ringest/workers';
import type { Logger } from 'pino';
import type { WaitingFrame } from './backlog.js';
import {
  type Configuration,
  checkConfiguration,
  type MuxerConfiguration,
} from './configuration.js';
import { Dispatcher } from './dispatcher.js';
import { EntryParts } from './entry-parts.js';
import { BatchError, NotHotError, NotRunningError, WaitTimeoutError } from './errors.js';
import { type MuxerStats, muxerStats } from './stats.js';
import { TagTable } from './tag-table.js';
import { checkWait, Pending, type WaitOptions } from './waiting.js';

/** What happens to a muxer's connections. */
export interface MuxerEvents {
  /** A lane to the target may ingest. */
  hot: [target: string];
  /** A lane's connection failed or ended; it is tried again after the delay. */
  lost: [error: ConnectionError, retryInMs: number];
  /** Something failed that is not retried. */
  error: [error: Error];
}

/** How a muxer ended. */
export interface CloseReport {
  /** Entries that were accepted and not confirmed; 0: all arrived. */
  readonly unconfirmed: number;
}

type MuxerState = 'not started' | 'running' | 'closing' | 'closed';

/**
 * Takes entries, ships them to the indexers and knows that they arrived. Delivery is at least once:
 * an entry stays in its lane's ring until an indexer has confirmed it.
 */
export class IngestMuxer extends EventEmitter<MuxerEvents> {
  readonly #configuration: Configuration;
  readonly #log: Logger;
  readonly #tags: TagTable;
  readonly #parts: EntryParts;
  readonly #lanes: readonly Lane[];
  #pool: LanePool | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #sharedMemory = new SharedMemoryPool();
  readonly #waitingForHot = new Set<Pending>();
  #state: MuxerState = 'not started';
  #lastError: ConnectionError | undefined;
  #closed: Promise<CloseReport> | undefined;

  /** @throws {ConfigurationError} naming the field that cannot be used */
  constructor(configuration: MuxerConfiguration) {
    super();
    this.#configuration = checkConfiguration(configuration);
    this.#log = this.#configuration.logger;
    this.#tags = new TagTable(this.#configuration.tags);
    this.#parts = new EntryParts(this.#tags);
    this.#lanes = this.#createLanes();
    this.#dispatcher = new Dispatcher(this.#lanes, this.#configuration, this.#sharedMemory);
  }

  /**
   * Begins to connect to every target, and to take entries. Until a lane is hot they wait: in the
   * ring when there is one target, else in the backlog. A second call does nothing.
   * @throws {NotRunningError} when closed
   */
  start(): void {
    if (this.#state === 'running') return;
    if (this.#state !== 'not started') throw new NotRunningError(this.#state);
    this.#state = 'running';
    const pool = this.#createPool();
    this.#pool = pool;
    for (const lane of this.#lanes) lane.start(pool);
  }

  /**
   * Resolves once at least one lane is hot.
   * @throws {NotRunningError}
   * @throws {WaitTimeoutError} its `cause` is the last problem of a connection
   */
  async waitForHot(options: WaitOptions = {}): Promise<void> {
    this.#checkRunning();
    checkWait(options);
    options.signal?.throwIfAborted();
    if (this.hot() > 0) return;
    const pending = new Pending('a hot connection', options, (error) => {
      this.#waitingForHot.delete(pending);
      const timedOut = error instanceof WaitTimeoutError;
      pending.reject(
        timedOut ? new WaitTimeoutError('a hot connection', error.timeout, this.#lastError) : error,
      );
    });
    this.#waitingForHot.add(pending);
    await pending.promise;
  }

  /** Lanes that are connected and allowed to ingest. */
  hot(): number {
    return this.#lanes.reduce((count, lane) => (lane.isHot ? count + 1 : count), 0);
  }

  /** Lanes that are not. */
  dead(): number {
    return this.size() - this.hot();
  }

  /** All lanes: `connectionsPerTarget` for each target. */
  size(): number {
    return this.#lanes.length;
  }

  /**
   * The number of a tag, for entries.
   * @throws {UnknownTagError}
   */
  getTag(name: string): MuxerTag {
    return this.#tags.get(name);
  }

  /** The name of a tag number, or `undefined`. */
  lookupTag(tag: number): string | undefined {
    return this.#tags.lookup(tag);
  }

  /** The names of the configured tags; the index is the number. `gravwell` is not among them. */
  knownTags(): readonly string[] {
    return this.#tags.names;
  }

  /**
   * The local address of a connection: what entries without a source get.
   * @throws {NotHotError}
   */
  sourceIP(): string {
    const session = this.#lanes.find((lane) => lane.isHot)?.session;
    if (session === undefined) throw new NotHotError(this.#lastError);
    return session.localAddress;
  }

  /**
   * Writes one entry, copying what it is given before it returns.
   * @returns `undefined` when the entry was accepted at once, or a promise when it waits for room;
   *   the promise rejects with a `WriteAbandonedError` when the waiting is given up
   * @throws {NotRunningError | BacklogFullError | InvalidTimeoutError} and what is wrong with the entry: `UnknownTagError`,
   *   `OversizedEntryError`, `InvalidSourceError`, `InvalidTimestampError`, `InvalidEntryError`,
   *   `InvalidEnumeratedValueError`; nothing of it was written then
   */
  writeEntry(entry: EntryInput, options?: WaitOptions): Promise<void> | undefined {
    this.#checkRunning();
    checkWait(options);
    this.#dispatcher.checkBacklog();
    this.#parts.take(entry);
    if (this.#dispatcher.write(this.#parts)) return undefined;
    return this.#dispatcher.enqueue([this.#dispatcher.copy(this.#parts)], 0, options ?? {});
  }

  /**
   * Writes entries in order, copying what it is given before it returns.
   * @returns as `writeEntry`, for all of them
   * @throws {NotRunningError | BacklogFullError}
   * @throws {BatchError} when one entry is bad; none of the batch was written then
   */
  writeBatch(entries: readonly EntryInput[], options?: WaitOptions): Promise<void> | undefined {
    this.#checkRunning();
    checkWait(options);
    this.#dispatcher.checkBacklog();
    const held = this.#holdBatch(entries);
    for (let i = held; i < entries.length; i++) {
      this.#parts.take(entries[i] as EntryInput);
      if (!this.#dispatcher.write(this.#parts)) {
        return this.#enqueueFrom(entries, i, options ?? {});
      }
    }
    return undefined;
  }

  /** Writes an entry with no source and no enumerated values; otherwise as `writeEntry`. */
  write(
    timestamp: TimestampInput,
    tag: number,
    data: Uint8Array | string,
    options?: WaitOptions,
  ): Promise<void> | undefined {
    return this.writeEntry({ timestamp, tag, data }, options);
  }

  /**
   * Resolves once everything written before is confirmed by an indexer.
   * @throws {NotRunningError}
   * @throws {WaitTimeoutError} and what is not confirmed yet stays on its way
   */
  async sync(options: WaitOptions = {}): Promise<void> {
    this.#checkRunning();
    checkWait(options);
    options.signal?.throwIfAborted();
    await this.#dispatcher.sync(options);
  }

  /** A snapshot of what goes on; cheap. */
  stats(): MuxerStats {
    return muxerStats(this.#lanes, this.#dispatcher.waitingEntries);
  }

  /**
   * Takes no more entries, waits for confirmations as long as `closeTimeout` allows, and ends every
   * connection. Writes that still wait for room then are rejected. Further calls return the same.
   */
  close(): Promise<CloseReport> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<CloseReport> {
    const wasRunning = this.#state === 'running';
    this.#state = 'closing';
    const closing = new NotRunningError('closing');
    for (const pending of this.#waitingForHot) pending.reject(closing);
    this.#waitingForHot.clear();
    if (wasRunning) await this.#syncBeforeClose();
    this.#dispatcher.abandon(closing);
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    await this.#pool?.close();
    this.#state = 'closed';
    const unconfirmed = this.#lanes.reduce((sum, lane) => sum + lane.unconfirmedEntries(), 0);
    if (unconfirmed > 0) this.#log.error({ unconfirmed }, 'closed with unconfirmed entries');
    else this.#log.info('closed');
    return { unconfirmed };
  }

  async #syncBeforeClose(): Promise<void> {
    try {
      await this.#dispatcher.sync({ timeout: this.#configuration.closeTimeout });
    } catch (error) {
      this.#log.warn({ err: error }, 'not all entries were confirmed in time');
    }
  }

  #checkRunning(): void {
    if (this.#state !== 'running') throw new NotRunningError(this.#state);
  }

  /**
   * Writes as much of a batch as can be taken back, and checks the rest before any of it leaves.
   * @returns how many entries are written
   */
  #holdBatch(entries: readonly EntryInput[]): number {
    const dispatcher = this.#dispatcher;
    const parts = this.#parts;
    let held = 0;
    let checked = 0;
    dispatcher.beginBatch();
    try {
      for (; checked < entries.length; checked++) {
        parts.take(entries[checked] as EntryInput);
        if (held === checked && dispatcher.hold(parts)) held++;
      }
    } catch (error) {
      dispatcher.cancelBatch();
      throw new BatchError(checked, error);
    }
    dispatcher.endBatch();
    return held;
  }

  #enqueueFrom(
    entries: readonly EntryInput[],
    accepted: number,
    options: WaitOptions,
  ): Promise<void> | undefined {
    const frames: WaitingFrame[] = [];
    for (let i = accepted; i < entries.length; i++) {
      this.#parts.take(entries[i] as EntryInput);
      frames.push(this.#dispatcher.copy(this.#parts));
    }
    return this.#dispatcher.enqueue(frames, accepted, options);
  }

  #createPool(): LanePool {
    return new LanePool(this.#configuration.workers, this.#lanes.length, (error) => {
      this.#log.error({ err: error }, 'a worker thread failed');
      if (this.listenerCount('error') > 0) this.emit('error', error);
    });
  }

  #createLanes(): Lane[] {
    const { endpoints, connectionsPerTarget, ...rest } = this.#configuration;
    const options = { ...rest, sharedMemory: this.#sharedMemory, events: this.#laneEvents() };
    return endpoints.flatMap((endpoint) =>
      Array.from({ length: connectionsPerTarget }, () => new Lane({ ...options, endpoint })),
    );
  }

  #laneEvents(): LaneEvents {
    return {
      hot: ({ endpoint: { address }, session }) => {
        this.#log.info({ target: address, ...session }, 'hot');
        for (const pending of this.#waitingForHot) pending.resolve();
        this.#waitingForHot.clear();
        this.#dispatcher.laneIsHot();
        this.emit('hot', address);
      },
      lost: (_lane, error, retryInMs) => {
        this.#lastError = error;
        this.#log.warn({ err: error, retryInMs }, 'lost');
        this.#dispatcher.progress();
        this.emit('lost', error, retryInMs);
      },
      wake: () => this.#dispatcher.progress(),
    };
  }
}
