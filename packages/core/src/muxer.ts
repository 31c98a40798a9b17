import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import {
  type EntryInput,
  FRAME_BYTES,
  GRAVWELL_TAG,
  type MuxerTag,
  type TimestampInput,
} from '@ringest/codec';
import { type Lane, SharedMemoryPool } from '@ringest/workers';
import { DiskCache } from './cache/disk-cache.js';
import type { CacheSettings } from './configuration/cache-settings.js';
import {
  type Configuration,
  checkConfiguration,
  type MuxerConfiguration,
} from './configuration/configuration.js';
import { BatchWriter } from './entries/batch-writer.js';
import { CheckedEntry } from './entries/checked-entry.js';
import { DittoWriter } from './entries/ditto-writer.js';
import { MuxerTags } from './entries/muxer-tags.js';
import { NotRunningError, WaitTimeoutError } from './errors.js';
import type { CloseReport, MuxerEvents, MuxerState, MuxerStatus } from './muxer-events.js';
import { OncePerTurn } from './once-per-turn.js';
import { checkWait, type WaitOptions } from './pending.js';
import { Lanes } from './placing/lanes.js';
import { Rings } from './placing/rings.js';
import { SelfLog } from './reporting/self-log.js';
import { type ChildState, StateReporter } from './reporting/state-reporter.js';
import { type MuxerStats, muxerStats } from './reporting/stats.js';
import { muxerStatus } from './reporting/status.js';
import { Dispatcher } from './waiting/dispatcher.js';

/**
 * Takes entries, ships them to the indexers and knows that they arrived. Delivery is at least once:
 * an entry stays in its lane's ring until an indexer has confirmed it.
 */
export class IngestMuxer extends EventEmitter<MuxerEvents> {
  readonly #configuration: Configuration;
  readonly #log: SelfLog;
  readonly #tags: MuxerTags;
  readonly #parts: CheckedEntry;
  readonly #lanes: Lanes;
  readonly #rings: Rings;
  readonly #cache: DiskCache | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #batches: BatchWriter;
  readonly #dittos: DittoWriter;
  readonly #reporter: StateReporter;
  /** Of the own log's entries. */
  readonly #logParts: CheckedEntry;
  /** False while a line would come after what is waited for before the end. */
  #ingestsLog = true;
  readonly #sharedMemory = new SharedMemoryPool();
  #statsTimer: NodeJS.Timeout | undefined;
  #state: MuxerState = 'not started';
  #closed: Promise<CloseReport> | undefined;

  /**
   * @throws {ConfigurationError} naming the field that cannot be used
   * @throws {SystemLimitError} too little address space for all lanes, or too many open files
   */
  constructor(configuration: MuxerConfiguration) {
    super();
    const checked = checkConfiguration(configuration);
    this.#configuration = checked;
    this.#tags = new MuxerTags(checked.tags);
    this.#parts = new CheckedEntry(this.#tags, checked);
    this.#logParts = new CheckedEntry(this.#tags);
    this.#log = this.#createLog();
    this.#lanes = this.#createLanes();
    const lanes = this.#lanes.all;
    const drained = () => {
      this.#log.flush();
      this.emit('drain');
    };
    const refusal = (tag: number) => this.#tags.refusal(tag);
    const { backlogBytes } = checked;
    const progress = new OncePerTurn(() => this.#dispatcher.progress());
    this.#rings = new Rings(lanes, checked, this.#sharedMemory, progress);
    if (checked.cache !== undefined) this.#cache = this.#createCache(checked.cache, progress);
    const dispatching = { backlogBytes, drained, refusal };
    this.#dispatcher = new Dispatcher(this.#rings, this.#cache, progress, dispatching);
    this.#batches = new BatchWriter(this.#parts, this.#rings.placer, this.#dispatcher);
    this.#dittos = new DittoWriter({
      lanes,
      balancer: this.#rings.placer.balancer,
      parts: new CheckedEntry(this.#tags),
      tags: this.#tags,
      memory: this.#sharedMemory,
      backlogBytes,
    });
    this.#reporter = new StateReporter({
      identity: checked.identity,
      label: checked.label,
      lanes,
      log: this.#log,
      tags: () => this.#tags.names,
      flow: () => {
        const { entries, bytes } = this.#rings.placer.written();
        return { entries, bytes: bytes - entries * FRAME_BYTES };
      },
      cache: () => ({ state: checked.cache?.mode ?? '', size: this.cacheSize() }),
    });
  }

  /**
   * Begins to connect to every target, and to take entries. Until a lane is hot they wait: in the
   * ring when there is one target, else in the backlog. What an earlier run has left in the cache is
   * sent, too. A second call does nothing.
   * @throws {NotRunningError} when closed
   * @throws {CacheLockedError} another muxer uses the folder of the cache: nothing is begun
   * @throws {CacheOpenError} the folder cannot be used: nothing is begun
   */
  start(): void {
    if (this.#state === 'running') return;
    if (this.#state !== 'not started') throw new NotRunningError(this.#state);
    this.#cache?.open(this.#configuration.identity.uuid, this.#tags.names);
    this.#state = 'running';
    this.#reporter.start();
    const { attachments, statsInterval } = this.#configuration;
    attachments?.start((err) => this.#log.warn({ err }, 'attachments stay as they are'));
    if (statsInterval > 0) {
      this.#statsTimer = setInterval(() => this.#logStats(), statsInterval).unref();
    }
    this.#warnOfInsecureTargets();
    this.#lanes.start();
  }

  /**
   * Resolves once at least one lane is hot.
   * @throws {NotRunningError | AllTargetsFailedError}
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws the signal's reason, when it is aborted, before or meanwhile
   * @throws {WaitTimeoutError} its `cause` is the last problem of a connection
   */
  async waitForHot(options: WaitOptions = {}): Promise<void> {
    this.#checkRunning();
    checkWait(options);
    options.signal?.throwIfAborted();
    await this.#lanes.waitForHot(options);
  }

  /** Lanes that are connected and allowed to ingest. */
  hot(): number {
    return this.#lanes.hot();
  }

  /** Lanes that are not. */
  dead(): number {
    return this.size() - this.hot();
  }

  /** All lanes: `connectionsPerTarget` for each target. */
  size(): number {
    return this.#lanes.all.length;
  }

  /** What became of the muxer and of each of its targets. */
  status(): MuxerStatus {
    return muxerStatus(this.#state, this.#lanes.all, this.#tags);
  }

  /**
   * The number of a tag, for entries.
   * @throws {UnknownTagError}
   * @throws {InvalidArgumentError} the name is no text
   */
  getTag(name: string): MuxerTag {
    return this.#tags.get(name);
  }

  /**
   * The number of a tag, a new one unless the name has one; entries may carry it at once. Lanes
   * learn it from their indexers, and entries wait in a ring until its indexer has answered.
   * That every connected indexer refuses it comes as an `error` event; that one does is logged.
   * @throws {InvalidTagError} an empty, oversized or forbidden name; see `remapTag`
   * @throws {InvalidArgumentError} the name is no text
   * @throws {TooManyTagsError}
   * @throws {NotRunningError | AllTargetsFailedError} when closing or closed, or no target is left
   */
  negotiateTag(name: string): MuxerTag {
    if (this.#state !== 'not started') this.#checkRunning();
    return this.#addTag(name);
  }

  /** The name of a tag number, or `undefined`. */
  lookupTag(tag: number): string | undefined {
    return this.#tags.lookup(tag);
  }

  /** The names of the tags; the index is the number. `gravwell` is not among them. */
  knownTags(): readonly string[] {
    return [...this.#tags.names];
  }

  /**
   * The local address of a connection: what entries without a source get.
   * @throws {NotHotError}
   */
  sourceIP(): string {
    return this.#lanes.sourceIP();
  }

  /**
   * Writes one entry, copying what it is given before it returns. Timeout and signal end the waiting
   * for room only: what finds room at once is written, though the signal was aborted before, and
   * what was accepted is never taken back.
   * @returns `undefined` when the entry was accepted at once, or a promise when it waits for room, in
   *   a ring or in the cache. With a cache in the mode `journal` always a promise, which many writes
   *   share: it resolves once the entry is on the disk, or confirmed, and not before those of earlier
   *   writes. It rejects with a `WriteAbandonedError` when the waiting is given up
   * @throws {NotRunningError | AllTargetsFailedError | BacklogFullError}
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws what is wrong with the entry: `UnknownTagError`, `TagRefusedError`, `OversizedEntryError`,
   *   `InvalidSourceError`, `InvalidTimestampError`, `InvalidEntryError`,
   *   `InvalidEnumeratedValueError`, `OversizedEnumeratedBlockError`; nothing of it was written then
   * @throws {SystemLimitError} there is no memory for a large entry; nothing of it was written then
   */
  writeEntry(entry: EntryInput, options?: WaitOptions): Promise<void> | undefined {
    this.#checkRunning();
    checkWait(options);
    this.#dispatcher.checkBacklog();
    this.#parts.check(entry);
    if (this.#dispatcher.write(this.#parts)) return this.#cache?.receipt(1, options);
    const frames = [this.#rings.placer.copy(this.#parts)];
    const room = this.#dispatcher.enqueue(frames, 0, options ?? {});
    return this.#cache ? this.#cache.receiptAfter(room, 1, options) : room;
  }

  /**
   * Writes entries in order, copying what it is given before it returns. Of a batch that is given up
   * while some of it waits for room, what was accepted stays accepted.
   * @returns as `writeEntry`, for all of them
   * @throws {NotRunningError | AllTargetsFailedError | BacklogFullError}
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used, or the entries are
   *   no array
   * @throws {BatchError} when one entry is bad; none of the batch was written then
   */
  writeBatch(entries: readonly EntryInput[], options?: WaitOptions): Promise<void> | undefined {
    this.#checkRunning();
    checkWait(options);
    this.#dispatcher.checkBacklog();
    const room = this.#batches.write(entries, options ?? {});
    return this.#cache ? this.#cache.receiptAfter(room, entries.length, options) : room;
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
   * Writes a block of entries from another indexer as they are: nothing is attached. One indexer
   * gets it, once, and confirms it as a whole when it is on disk (§10). An abort takes a block back
   * that is not sent; one that is has another second for its answer.
   * @throws {NotRunningError | AllTargetsFailedError | NotHotError}
   * @throws {BacklogFullError} blocks that are not finished take `backlogBytes`: their promises were
   *   not waited for
   * @throws {InvalidArgumentError} the entries are no array, or the options cannot be used
   * @throws {BatchError} when one entry is bad; nothing was written then
   * @throws {DittoError} refused, lost with its connection, or cancelled, before or meanwhile: it is
   *   not sent again. `mayBeStored` tells whether an indexer may have it; no other error leaves that
   *   open
   */
  async dittoWrite(
    entries: readonly EntryInput[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    this.#checkRunning();
    checkWait(options);
    await this.#dittos.write(entries, options.signal);
  }

  /**
   * Whether an entry with so many bytes of data and values would have to wait for room if it were
   * written now. If so, `drain` tells when it would not, unless the muxer closes or fails before.
   */
  willBlock(bytes = 0): boolean {
    return this.#dispatcher.mustWait(FRAME_BYTES + bytes);
  }

  /**
   * Resolves once everything written before is confirmed by an indexer, and asks the indexers to
   * confirm at once.
   * @throws {NotRunningError | AllTargetsFailedError}
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws the signal's reason, when it is aborted, before or meanwhile
   * @throws {WaitTimeoutError} and what is not confirmed yet stays on its way
   * @throws {TagRefusedError} all is confirmed but entries whose tag every target refuses
   * @throws {EntriesLostError} some were in the cache only, and were dropped or damaged there
   */
  async sync(options: WaitOptions = {}): Promise<void> {
    await this.#wait(true, options);
  }

  /**
   * Resolves once everything written before is confirmed by an indexer, as that comes: the receipt
   * for a queue's offset. Writing goes on meanwhile, and there may be many at a time.
   * @throws as `sync`
   */
  async barrier(options: WaitOptions = {}): Promise<void> {
    await this.#wait(false, options);
  }

  /**
   * What indexers are told in the ingester state beside the rest (§8).
   * @param metadata anything that JSON can hold, copied; `undefined`: nothing
   * @throws {InvalidStateError}
   */
  setMetadata(metadata: unknown): void {
    this.#reporter.setMetadata(metadata);
  }

  /**
   * The same, for the ingester's configuration. Leave secrets out of it.
   * @throws {InvalidStateError}
   */
  setRawConfiguration(configuration: unknown): void {
    this.#reporter.setConfiguration(configuration);
  }

  /**
   * The state of a part of the ingester, under a name of its own; it replaces an earlier one.
   * @throws {InvalidArgumentError} no text for the name, or no object for the state
   * @throws {InvalidStateError}
   */
  registerChild(name: string, state: ChildState): void {
    this.#reporter.registerChild(name, state);
  }

  /** @returns whether there was one of that name */
  unregisterChild(name: string): boolean {
    return this.#reporter.unregisterChild(name);
  }

  /** A snapshot of what goes on; cheap. */
  stats(): MuxerStats {
    const { backlog } = this.#dispatcher;
    return muxerStats(this.#rings, backlog, this.#dittos, this.#log, this.#cache);
  }

  /** Bytes in the disk cache, those on their way to it among them; 0 without one. */
  cacheSize(): number {
    return this.#cache?.size ?? 0;
  }

  /**
   * Takes no more entries, waits for confirmations as long as `closeTimeout` allows, those of ditto
   * blocks among them, and ends every connection. What is not confirmed then goes to the cache, if
   * there is one, with writes that still wait for room; without one, those are rejected.
   * Lines of the own log that wait are ingested before, as far as that is possible; the rest is
   * counted as `droppedLogLines`. Further calls return the same.
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
    this.#log.flush();
    this.#ingestsLog = false;
    this.#state = 'closing';
    const closing = new NotRunningError('closing');
    this.#lanes.stopWaiting(closing);
    clearInterval(this.#statsTimer);
    this.#reporter.stop();
    this.#configuration.attachments?.stop();
    if (wasRunning && this.#lanes.failure === undefined) {
      await Promise.all([this.#syncBeforeClose(), this.#settleDittos()]);
    }
    this.#log.end();
    const report = await this.#leave(closing);
    this.#state = 'closed';
    const { unconfirmed, cached } = report;
    if (unconfirmed > cached)
      this.#log.error({ unconfirmed, cached }, 'closed with unconfirmed entries');
    else if (unconfirmed > 0)
      this.#log.warn({ unconfirmed, cached }, 'closed, the rest is in the cache');
    else this.#log.info({}, 'closed');
    return report;
  }

  /** Ends the lanes, and the cache with what they have left. */
  async #leave(closing: Error): Promise<CloseReport> {
    const cache = this.#cache;
    cache?.stop();
    this.#dispatcher.close(closing);
    await this.#lanes.close();
    cache?.keepUnconfirmed();
    const left = this.#lanes.unconfirmedEntries() + this.#rings.refused.frames.length;
    const kept = await cache?.close(this.#configuration.closeTimeout);
    return { unconfirmed: left + (kept?.unconfirmed ?? 0), cached: kept?.cached ?? 0 };
  }

  /** Waits for confirmations, and then for those of the own log's lines that came meanwhile. */
  async #syncBeforeClose(): Promise<void> {
    const { closeTimeout } = this.#configuration;
    const deadline = performance.now() + closeTimeout;
    try {
      await this.#dispatcher.barrier(true, { timeout: closeTimeout });
    } catch (error) {
      this.#log.warn({ err: error }, 'not all entries could be confirmed');
      if (error instanceof WaitTimeoutError) return;
    }
    if (this.#log.waiting === 0) return;
    this.#ingestsLog = true;
    this.#log.flush();
    this.#ingestsLog = false;
    const timeout = Math.max(1, deadline - performance.now());
    // What is not confirmed then is told by the report.
    await this.#dispatcher.barrier(true, { timeout }).catch(() => {});
  }

  async #settleDittos(): Promise<void> {
    try {
      await this.#dittos.settled({ timeout: this.#configuration.closeTimeout });
    } catch (error) {
      this.#log.warn({ err: error }, 'not all ditto blocks were finished in time');
    }
  }

  async #wait(forces: boolean, options: WaitOptions): Promise<void> {
    this.#checkRunning();
    checkWait(options);
    options.signal?.throwIfAborted();
    await this.#dispatcher.barrier(forces, options);
  }

  #checkRunning(): void {
    if (this.#state !== 'running') throw new NotRunningError(this.#state);
    const { failure } = this.#lanes;
    if (failure !== undefined) throw failure;
  }

  #createLanes(): Lanes {
    return new Lanes(this.#configuration, this.#tags.names, this.#sharedMemory, {
      hot: (lane) => this.#laneIsHot(lane),
      lost: (error, retryInMs) => {
        this.#log.warn({ err: error, retryInMs }, 'lost');
        this.emit('lost', error, retryInMs);
      },
      tagRefused: (lane, tag) => {
        const fields = { target: lane.endpoint.address, tag: this.#tags.lookup(tag) };
        this.#log.warn(fields, 'the indexer refuses a tag');
      },
      changed: () => this.#lanesChanged(),
      wake: () => this.#dispatcher.progress(),
      allFailed: (error) => this.#dispatcher.abandon(error),
      failed: (error, message) => this.#failed(error, message),
    });
  }

  #createCache(settings: CacheSettings, progress: OncePerTurn): DiskCache {
    return new DiskCache(settings, this.#rings, progress, {
      tag: (name) => this.#addTag(name),
      info: (fields, message) => this.#log.info(fields, message),
      warn: (fields, message) => this.#log.warn(fields, message),
      // Not from there: what a listener throws must not end the cache.
      failed: (error, message) => queueMicrotask(() => this.#failed(error, message)),
      trouble: (error) => queueMicrotask(() => this.emit('cacheTrouble', error)),
      changed: () => this.#reporter.changed(),
      barrier: () => this.#dispatcher.barrier(false, {}),
    });
  }

  #addTag(name: string): MuxerTag {
    const { isNew, ...added } = this.#tags.add(name);
    if (isNew) {
      this.#cache?.addTag(added.name);
      for (const lane of this.#lanes.all) lane.addTag(added);
      this.#reporter.changed();
    }
    return added.tag;
  }

  #warnOfInsecureTargets(): void {
    for (const { endpoint, credentials } of this.#configuration.targets) {
      if (endpoint.transport.kind !== 'tls' || !credentials.tls.insecureSkipVerify) continue;
      const text = 'the certificate of a target is not verified: whoever answers gets the entries';
      this.#log.warn({ target: endpoint.address }, text);
    }
  }

  #laneIsHot(lane: Lane): void {
    const { address } = lane.endpoint;
    this.#log.info({ target: address, ...lane.session }, 'hot');
    this.#log.flush();
    this.#reporter.laneIsHot(lane);
    this.emit('hot', address);
  }

  #lanesChanged(): void {
    const refused = new Set(this.#lanes.all.flatMap(({ refusedTags }) => [...refusedTags]));
    const byAll = [...refused].filter((tag) => this.#rings.refused.isRefused(tag));
    const fresh = byAll.filter((tag) => this.#tags.has(tag));
    this.#tags.refuse(byAll);
    this.#dispatcher.lanesChanged();
    for (const tag of fresh) this.#failed(this.#tags.refusal(tag), 'a tag is refused');
  }

  #failed(error: Error, message: string): void {
    this.#log.error({ err: error }, message);
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  #logStats(): void {
    const { lanes, ackLatencyMs, ...counts } = this.stats();
    const ackLatencyP50Ms = ackLatencyMs.p50;
    this.#log.info({ ...counts, lanes: lanes.length, ackLatencyP50Ms }, 'statistics');
    this.#log.flush();
  }

  #createLog(): SelfLog {
    const { logger, selfIngest, identity } = this.#configuration;
    if (selfIngest === undefined) return new SelfLog({ logger });
    const write = (timestamp: TimestampInput, data: string) => {
      if (!this.#ingestsLog || this.hot() === 0) return false;
      this.#logParts.check({ timestamp, tag: GRAVWELL_TAG, data });
      return !this.#dispatcher.wouldWait(0) && this.#dispatcher.write(this.#logParts);
    };
    const { name: appName } = identity;
    return new SelfLog({
      logger,
      ingest: { level: selfIngest, appName, hostname: hostname(), write },
    });
  }
}
