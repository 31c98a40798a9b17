import { EventEmitter } from 'node:events';
import type { WritableStream } from 'node:stream/web';
import { type EntryInput, FRAME_BYTES, type MuxerTag, type TimestampInput } from '@ringest/codec';
import { checkConfiguration, type MuxerConfiguration } from './configuration/configuration.js';
import type { TargetInput } from './configuration/targets/index.js';
import { EntryBlock, type EntryBlockOptions } from './entries/entry-block.js';
import type { EntryWriter } from './entries/entry-writer.js';
import { FrameInlet } from './entries/frame-inlet.js';
import { FrameRuns } from './entries/frame-runs.js';
import type { LineWriter, LineWriterOptions } from './entries/line-writer.js';
import type { PackedOptions } from './entries/packed-entries.js';
import { InvalidArgumentError } from './errors.js';
import { Lifecycle } from './muxer/lifecycle.js';
import { MuxerParts } from './muxer/muxer-parts.js';
import type { CloseReport, MuxerEvents, MuxerStatus } from './muxer-events.js';
import type { ProducerHandle } from './producing/messages.js';
import { LogStream } from './reporting/log-stream.js';
import { OwnLog } from './reporting/own-log.js';
import type { ChildState } from './reporting/state-reporter.js';
import { type MuxerStats, muxerStats } from './reporting/stats.js';
import { muxerStatus } from './reporting/status.js';
import {
  type Abortable,
  consume,
  type MuxerWritable,
  nodeWritable,
  webWritable,
} from './streams/index.js';
import type {
  EntryChunk,
  EntryStreamOptions,
  LineStreamOptions,
  StreamStats,
} from './streams/stream-options.js';
import { type CloseOptions, checkWait, type HotWaitOptions, type WaitOptions } from './wait.js';
import type { Dispatcher } from './waiting/dispatcher.js';

/**
 * Sends entries to Gravwell indexers over any number of connections. Delivery is at least once: an
 * entry stays in memory, or in the disk cache, until an indexer has confirmed it.
 * @example
 * ```ts
 * const muxer = new IngestMuxer({ targets: ['tcp://10.0.0.1:4023'], secret, tags: ['syslog'] });
 * muxer.start();
 * const tag = muxer.getTag('syslog');
 * await muxer.writeEntry({ timestamp: Timestamp.now(), tag, data: 'hello' });
 * await muxer.sync(); // it is confirmed
 * await muxer.close();
 * ```
 */
export class IngestMuxer extends EventEmitter<MuxerEvents> {
  /**
   * The log of the ingester. Its lines go where those of ringest go: to the option `logger`, and as RFC 5424
   * text with structured data to the tag `gravwell`, unless `selfIngest` does not take their level. They wait
   * in order until an indexer is there; the oldest of more than 1000 lines, or of 1 MiB, are dropped, and
   * `stats().droppedLogLines` counts them.
   */
  readonly log: OwnLog;
  readonly #parts: MuxerParts;
  readonly #lifecycle: Lifecycle;
  /** Both are parts as well: a write gets to them at once. */
  readonly #writer: EntryWriter;
  readonly #dispatcher: Dispatcher;

  /**
   * Checks the configuration, and reads the files that it names. Nothing connects before `start`.
   * @throws {ConfigurationError} an option cannot be used; `field` names it
   * @throws {SystemLimitError} the process has too little address space for all lanes
   */
  constructor(configuration: MuxerConfiguration) {
    super();
    this.#parts = new MuxerParts(checkConfiguration(configuration), this);
    this.#lifecycle = new Lifecycle(this.#parts, this);
    this.#writer = this.#parts.writer;
    this.#dispatcher = this.#parts.dispatcher;
    this.log = new OwnLog(this.#parts.log);
  }

  /**
   * Starts to connect to every target. Entries can be written from now on; until a lane is hot, they
   * wait in a ring if there is one target, otherwise in the backlog. Entries that an earlier run left
   * in the cache are sent as well. A second call does nothing.
   * @throws {NotRunningError} the muxer is closing or closed
   * @throws {CacheLockedError} another muxer uses the folder of the cache; nothing was started
   * @throws {CacheOpenError} the folder of the cache cannot be used; nothing was started
   */
  start(): void {
    this.#lifecycle.start();
  }

  /**
   * Resolves once at least one lane is hot: connected and allowed to ingest. With `orCache` it also
   * resolves when the disk cache takes entries.
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {WaitTimeoutError} no lane was hot in time; `cause` is the last error of a connection
   * @throws the signal's reason, if the signal is aborted
   */
  async waitForHot(options: HotWaitOptions = {}): Promise<void> {
    this.#checkMayWait(options);
    if (options.orCache && this.#parts.cache?.isWorking) return;
    await this.#parts.lanes.waitForHot(options);
  }

  /** How many lanes are hot: connected and allowed to ingest. */
  hot(): number {
    return this.#parts.lanes.hot();
  }

  /** How many lanes are not hot: connecting, waiting to try again, or given up for good. */
  dead(): number {
    return this.size() - this.hot();
  }

  /** How many lanes there are: `connectionsPerTarget` for each target. */
  size(): number {
    return this.#parts.lanes.all.length;
  }

  /** The state of the muxer and of each target. */
  status(): MuxerStatus {
    return muxerStatus(this.#parts.state, this.#parts.lanes.all, this.#parts.tags);
  }

  /**
   * Returns the number of a configured or negotiated tag, which entries carry.
   * @throws {UnknownTagError} the muxer has no tag of this name
   * @throws {InvalidArgumentError} the name is not a string
   */
  getTag(name: string): MuxerTag {
    return this.#parts.tags.get(name);
  }

  /**
   * Adds a tag, unless the muxer has it already, and returns its number. Entries may carry it at once:
   * they wait in a ring until the indexer of that lane has answered (§7). An indexer that refuses the
   * tag is logged; if every connected indexer refuses it, the muxer emits `error`.
   * @throws {InvalidTagError} the name is empty, too long or has a forbidden character; see `remapTag`
   * @throws {InvalidArgumentError} the name is not a string
   * @throws {TooManyTagsError} the muxer has 65535 tags already
   * @throws {NotRunningError} the muxer is closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   */
  negotiateTag(name: string): MuxerTag {
    this.#parts.checkUsable();
    return this.#parts.addTag(name);
  }

  /**
   * Whether every connected indexer refuses a tag (§7). It is `false` for a name that is no tag of the muxer, and
   * while nothing is connected.
   */
  isTagRefused(name: string): boolean {
    return this.hot() > 0 && this.#parts.tags.refusesName(name.trim());
  }

  /** The name of a tag, by its number; `undefined` if the muxer has no such tag. */
  lookupTag(tag: number): string | undefined {
    return this.#parts.tags.lookup(tag);
  }

  /** The names of all tags but `gravwell`. The index of a name is the number of its tag. */
  knownTags(): readonly string[] {
    return [...this.#parts.tags.names];
  }

  /**
   * The local IP address of a hot connection: of one to another machine, if there is one, else a loopback
   * address. Entries without a source get the one of their own connection.
   * @throws {NotHotError} no lane is hot
   */
  sourceIP(): string {
    return this.#parts.lanes.sourceIP();
  }

  /**
   * Adds a target. Its lanes connect at once if the muxer runs, and get entries once they are hot. Options
   * that it does not have are those of the configuration.
   * @throws {NotRunningError} the muxer is closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {ConfigurationError} an option cannot be used; `field` names it
   * @throws {TargetChangeError} there is a target of this address
   * @throws {SystemLimitError} the process has too little address space
   */
  addTarget(target: string | TargetInput): void {
    this.#parts.checkUsable();
    this.#parts.targets.add(target);
  }

  /**
   * Removes the targets of an address: they get no new entries, and what is in their rings is confirmed, or
   * moves to other lanes if they are not hot. Then their connections end. If the waiting ends early, they
   * stay.
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {InvalidTargetError} it is not an address
   * @throws {TargetChangeError} no target has the address, it is being removed already, or no other target
   *   would be left
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {WaitTimeoutError} not everything was confirmed in time
   * @throws the signal's reason, if the signal is aborted
   */
  async removeTarget(address: string, options: WaitOptions = {}): Promise<void> {
    this.#checkMayWait(options);
    await this.#parts.targets.remove(address, options);
  }

  /**
   * Takes over what can change while the muxer runs: adds tags, sets `label` and `closeTimeout`, adds the
   * targets that are new, and then removes those that are gone, as `removeTarget`. A target that differs in
   * anything is a new one. Tags are never removed. Without `uuid` and `logger`, they stay as they are.
   * @throws what `checkReload` throws; nothing has changed then
   * @throws {SystemLimitError} the process has too little address space for the lanes of a new target
   * @throws {TargetChangeError} a target that is gone is being removed already
   * @throws {WaitTimeoutError} not everything that was sent to targets that are gone was confirmed in time
   * @throws the signal's reason, if the signal is aborted
   */
  async reload(configuration: MuxerConfiguration, options: WaitOptions = {}): Promise<void> {
    this.#checkMayWait(options);
    const parts = this.#parts;
    const next = parts.checkReload(configuration);
    for (const tag of next.tags) parts.addTag(tag);
    const { label, closeTimeout } = next;
    parts.configuration = { ...parts.configuration, label, closeTimeout };
    parts.reporter.changed();
    await parts.targets.replace(next.targets, options);
  }

  /**
   * Checks whether `reload` can take over a configuration, and reads the files that it names. Nothing changes.
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws the signal's reason, if the signal is aborted
   * @throws {ConfigurationError} an option cannot be used, or cannot change while the muxer runs
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {TooManyTagsError} the muxer would have more than 65535 tags
   */
  checkReload(configuration: MuxerConfiguration, options: WaitOptions = {}): void {
    this.#checkMayWait(options);
    this.#parts.checkReload(configuration);
  }

  /**
   * Writes one entry. Its data is copied before this returns. Timeout and signal end only the waiting
   * for room: an entry that finds room at once is written, even if the signal was aborted before, and
   * an accepted entry is never taken back. If this throws, nothing was written.
   * @returns `undefined` if the entry was accepted at once, otherwise a promise that resolves once it
   *   has found room in a ring or in the cache. With the cache mode `journal` it is always a promise,
   *   which many writes share: it resolves once the entry is stored on disk, or confirmed, in the order
   *   of the writes. The promise rejects with a `WriteAbandonedError` if the waiting ends early
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
   * @throws {NestedWriteError} the function `timestamp` of a line writer has called this
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {UnknownTagError | TagRefusedError} the entry cannot have this tag
   * @throws {InvalidEntryError | InvalidTimestampError | InvalidSourceError} a field is not valid
   * @throws {OversizedEntryError} the data has more bytes than `maxEntrySize` (§5)
   * @throws {InvalidEnumeratedValueError | OversizedEnumeratedBlockError} the enumerated values are not
   *   valid, or too many (§6)
   * @throws {SystemLimitError} there is no memory for a large entry
   */
  writeEntry(entry: EntryInput, options?: WaitOptions): Promise<void> | undefined {
    return this.#writer.writeEntry(entry, options);
  }

  /**
   * Writes entries in order. Their data is copied before this returns. If this throws, nothing was
   * written. If the waiting for room ends early, the entries that were accepted stay accepted.
   * @returns `undefined` if all entries were accepted at once, otherwise a promise for all of them:
   *   it resolves, and rejects, as the one of `writeEntry`
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
   * @throws {NestedWriteError} the function `timestamp` of a line writer has called this
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used, or `entries` is not
   *   an array
   * @throws {BatchError} an entry cannot be written; `index` says which, and `cause` why
   */
  writeBatch(entries: readonly EntryInput[], options?: WaitOptions): Promise<void> | undefined {
    return this.#writer.writeBatch(entries, options);
  }

  /**
   * Writes entries that lie in one buffer, back to back. Their data is copied before this returns. It is
   * the fastest way for entries that are separated already. If this throws, nothing was written.
   * @param offsets where each entry begins in `bytes`, and then where the last one ends: one number more
   *   than there are entries. They must not fall
   * @param options what the entries have in common, or columns with a number for each entry
   * @returns `undefined` if all entries were accepted at once, otherwise a promise for all of them:
   *   it resolves, and rejects, as the one of `writeEntry`
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
   * @throws {NestedWriteError} the function `timestamp` of a line writer has called this
   * @throws {UnknownTagError | TagRefusedError} the entries cannot have this tag
   * @throws {InvalidSourceError | InvalidTimestampError} the source, or the time of all entries, is not valid
   * @throws {InvalidTimeoutError | InvalidArgumentError} an argument has the wrong type or length
   * @throws {BatchError} an entry cannot be written; `index` says which, and `cause` why
   */
  writePacked(
    bytes: Uint8Array,
    offsets: Uint32Array,
    options: PackedOptions,
  ): Promise<void> | undefined {
    return this.#writer.writePacked(bytes, offsets, options);
  }

  /**
   * Writes all entries of a block. They are copied before this returns, so the block may then be cleared
   * and used again. If this throws, nothing was written.
   * @param options how long to wait, and the tag, time or source for a block that has none
   * @returns `undefined` if all entries were accepted at once, otherwise a promise for all of them:
   *   it resolves, and rejects, as the one of `writeEntry`
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
   * @throws {NestedWriteError} the function `timestamp` of a line writer has called this
   * @throws {UnknownTagError | TagRefusedError} the entries cannot have this tag
   * @throws {InvalidSourceError | InvalidTimestampError} the source, or the time of all entries, is not valid
   * @throws {InvalidTimeoutError | InvalidArgumentError} an argument has the wrong type
   * @throws {BatchError} an entry cannot be written; `index` says which, and `cause` why
   */
  writeBlock(
    block: EntryBlock,
    options: EntryBlockOptions & WaitOptions = {},
  ): Promise<void> | undefined {
    if (!(block instanceof EntryBlock)) {
      throw new InvalidArgumentError('block', block, 'an EntryBlock');
    }
    return this.writePacked(block.bytes, block.offsets, { ...options, ...block.options });
  }

  /**
   * Returns a stream that makes entries of what is written to it: of each line with `lines: true`, which is
   * a line writer and has its options, otherwise of each chunk: an `EntryChunk`. A chunk must not be changed before its
   * callback is called: once its entries have found room, or are on disk with the cache mode `journal`.
   * The stream ends as `finishWhen` says. An error destroys it; what was accepted will be delivered.
   * @throws {InvalidArgumentError | UnknownTagError | TagRefusedError | InvalidSourceError | InvalidTimestampError} an
   *   option cannot be used
   */
  writable(options: LineStreamOptions & Abortable): MuxerWritable;
  writable(options: EntryStreamOptions & Abortable): MuxerWritable;
  writable(options: (EntryStreamOptions | LineStreamOptions) & Abortable): MuxerWritable {
    return nodeWritable(this, options);
  }

  /**
   * Returns a web stream that does what `writable` does, with chunks of text or bytes if it is one of lines.
   * Under `journal` it waits for the disk after each chunk, since web streams give one chunk at a time.
   * @throws {InvalidArgumentError | UnknownTagError | TagRefusedError | InvalidSourceError | InvalidTimestampError} an
   *   option cannot be used
   */
  writableStream(options: LineStreamOptions): WritableStream<Uint8Array | string>;
  writableStream(options: EntryStreamOptions): WritableStream<EntryChunk>;
  writableStream(options: EntryStreamOptions | LineStreamOptions): WritableStream<unknown> {
    return webWritable(this, options);
  }

  /**
   * Writes all that an iterable gives to a stream as `writable` returns it, and resolves when that stream has
   * finished. The iterable is asked for no more than finds room, and is ended when writing fails.
   * @returns how many entries were written
   * @throws {InvalidArgumentError | UnknownTagError | TagRefusedError | InvalidSourceError | InvalidTimestampError} it
   *   is no iterable, or an option cannot be used
   * @throws what the iterable throws, and the error that ended the stream
   */
  consume(
    chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
    options: LineStreamOptions & Abortable,
  ): Promise<StreamStats>;
  consume(
    chunks: AsyncIterable<EntryChunk> | Iterable<EntryChunk>,
    options: EntryStreamOptions & Abortable,
  ): Promise<StreamStats>;
  consume(
    chunks: AsyncIterable<unknown> | Iterable<unknown>,
    options: (EntryStreamOptions | LineStreamOptions) & Abortable,
  ): Promise<StreamStats> {
    return consume(this, chunks, options);
  }

  /**
   * Returns a writer that makes an entry of each line of a stream of bytes. It is the fastest way for text
   * from files and sockets. A muxer may have many of them.
   * @throws {UnknownTagError | TagRefusedError} the entries cannot have this tag
   * @throws {InvalidSourceError | InvalidTimestampError} the source, or the time of all entries, is not valid
   * @throws {InvalidArgumentError} another option cannot be used
   * @example
   * ```ts
   * const lines = muxer.lineWriter({ tag });
   * for await (const chunk of socket) await lines.write(chunk);
   * await lines.end();
   * ```
   */
  lineWriter(options: LineWriterOptions): LineWriter {
    return this.#writer.lineWriter(options);
  }

  /**
   * Returns a handle with which another thread writes entries for this muxer: post it there, with its
   * `port` in the transfer list, and give it to `openProducer`. Each producer has a ring of its own, and
   * needs a handle of its own. `sync`, `barrier` and `close` of the muxer stand for all entries that
   * producers had committed when they were called.
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {SystemLimitError} there is no address space for the ring
   * @example
   * ```ts
   * const handle = muxer.producer();
   * worker.postMessage({ handle }, [handle.port]);
   * // in the other thread: const producer = openProducer(handle);
   * ```
   */
  producer(): ProducerHandle {
    this.#parts.checkRunning();
    return this.#parts.producers.open();
  }

  /**
   * Returns a way in for entries that are encoded already, as they stand on the wire (§4): for relays. A muxer may
   * have many of them; one is enough for any number of connections.
   * @example
   * ```ts
   * const inlet = muxer.openInlet();
   * await inlet.write(frames); // they have found room
   * await inlet.receipt(); // they are confirmed
   * ```
   */
  openInlet(): FrameInlet {
    const parts = this.#parts;
    const { rings, dispatcher, tags, dittos, writer, cache, configuration } = parts;
    return new FrameInlet({
      rings,
      dispatcher,
      runs: new FrameRuns(tags, configuration.maxEntrySize),
      dittos,
      writer,
      receipts: configuration.cache?.mode === 'journal' ? cache : undefined,
      checkRunning: () => parts.checkRunning(),
    });
  }

  /**
   * Writes an entry without a source and without enumerated values of its own. It returns and throws
   * what `writeEntry` does.
   */
  write(
    timestamp: TimestampInput,
    tag: number,
    data: Uint8Array | string,
    options?: WaitOptions,
  ): Promise<void> | undefined {
    return this.writeEntry({ timestamp, tag, data }, options);
  }

  /**
   * Copies a block of entries from one indexer to another (§10), without attached values. One indexer
   * gets the block, at most once, and the promise resolves once that indexer has it on disk. Aborting
   * the signal takes back a block that is not sent; if it is sent, its answer has one more second.
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError | NotHotError} every lane has given up for good, or none is hot
   * @throws {BacklogFullError} unfinished blocks take `backlogBytes` already
   * @throws {InvalidArgumentError} `entries` is not an array, or the options cannot be used
   * @throws {BatchError} an entry cannot be written; nothing was sent
   * @throws {DittoError} the block was refused, cancelled, or lost with its connection. It is not sent
   *   again. `mayBeStored` says whether an indexer may have it; after any other error, none has
   */
  async dittoWrite(
    entries: readonly EntryInput[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    this.#parts.checkRunning();
    checkWait(options);
    await this.#parts.dittos.write(entries, options.signal);
  }

  /**
   * Returns whether an entry with this many bytes of data and enumerated values would have to wait for
   * room now. If so, the muxer emits `drain` once there is room, unless it closes or fails before.
   */
  willBlock(bytes = 0): boolean {
    return this.#dispatcher.mustWait(FRAME_BYTES + bytes);
  }

  /**
   * Resolves once every entry written before this call is confirmed by an indexer. It asks the indexers
   * to confirm at once (§4, FORCE_ACK).
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {WaitTimeoutError} not everything was confirmed in time; the rest is still being sent
   * @throws {TagRefusedError} everything is confirmed except entries whose tag every indexer refuses
   * @throws {EntriesLostError} entries that were only in the cache were dropped or damaged there
   * @throws the signal's reason, if the signal is aborted
   */
  async sync(options: WaitOptions = {}): Promise<void> {
    await this.#wait(true, options);
  }

  /**
   * Resolves once every entry written before this call is confirmed by an indexer, without asking for
   * it: a receipt after which a queue's offset can be committed. Writes may continue, and many barriers
   * may be pending at the same time.
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {WaitTimeoutError} not everything was confirmed in time; the rest is still being sent
   * @throws {TagRefusedError} everything is confirmed except entries whose tag every indexer refuses
   * @throws {EntriesLostError} entries that were only in the cache were dropped or damaged there
   * @throws the signal's reason, if the signal is aborted
   */
  async barrier(options: WaitOptions = {}): Promise<void> {
    await this.#wait(false, options);
  }

  /**
   * Sets the metadata in the ingester state, which is sent to every indexer (§8).
   * @param metadata any value that JSON can hold; it is copied. `undefined` removes the metadata
   * @throws {InvalidStateError} the value cannot be written as JSON
   */
  setMetadata(metadata: unknown): void {
    this.#parts.reporter.setMetadata(metadata);
  }

  /**
   * Sets the ingester's configuration in the ingester state, which is sent to every indexer (§8). Leave
   * secrets out of it.
   * @param configuration any value that JSON can hold; it is copied. `undefined` removes the configuration
   * @throws {InvalidStateError} the value cannot be written as JSON
   */
  setRawConfiguration(configuration: unknown): void {
    this.#parts.reporter.setConfiguration(configuration);
  }

  /**
   * Adds the state of a part of the ingester to the ingester state, which is sent to every indexer (§8).
   * It replaces an earlier state of the same name. Without `lastSeen` the child was seen now.
   * @throws {InvalidArgumentError} the name is not a string, or the state is not an object
   * @throws {InvalidStateError} the state cannot be written as JSON
   */
  registerChild(name: string, state: ChildState): void {
    this.#parts.reporter.registerChild(name, state);
  }

  /**
   * Removes the state that `registerChild` added under a name.
   * @returns whether there was one
   */
  unregisterChild(name: string): boolean {
    return this.#parts.reporter.unregisterChild(name);
  }

  /**
   * Returns a stream for `pino.multistream`. Each record that pino writes to it is ingested as a line of
   * `log`, with its own level and time, and does not go to the option `logger`.
   * @throws {ConfigurationError} the option `selfIngest` is `false`
   */
  logStream(): LogStream {
    return new LogStream(this.#parts.log);
  }

  /** Returns a snapshot of all counters. Its cost grows with the number of lanes. */
  stats(): MuxerStats {
    return muxerStats(this.#parts);
  }

  /** The size of the disk cache in bytes, including entries that are being written to it; 0 without a cache. */
  cacheSize(): number {
    return this.#parts.cacheSize();
  }

  /**
   * Stops accepting entries, waits up to `closeTimeout` for the confirmations of entries and ditto
   * blocks, and ends every connection. Unconfirmed entries, and writes that still wait for room, then
   * go to the cache; without a cache, those writes are rejected. Waiting lines of the self log are
   * ingested first if possible; the rest is counted in `droppedLogLines`. Further calls return the same promise.
   * @param options how long this call waits for confirmations, in place of `closeTimeout`; the cache has
   *   `closeTimeout` in any case
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used; the muxer goes on
   */
  close(options: CloseOptions = {}): Promise<CloseReport> {
    checkWait(options);
    return this.#lifecycle.close(options.timeout);
  }

  /**
   * Lets the process end while the muxer runs, when nothing else keeps it alive: no promise of the muxer does.
   * What is not confirmed then is lost, unless it is in the disk cache. `close` keeps the process alive until it is
   * done, also in a listener of the process event `beforeExit`. It may be called before `start`, and again.
   */
  unref(): this {
    this.#lifecycle.keepAlive.want(false);
    return this;
  }

  /** Keeps the process alive while the muxer runs, as it does unless `unref` was called. */
  ref(): this {
    this.#lifecycle.keepAlive.want(true);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #wait(forces: boolean, options: WaitOptions): Promise<void> {
    this.#checkMayWait(options);
    await this.#dispatcher.barrier(forces, options);
  }

  #checkMayWait(options: WaitOptions): void {
    this.#parts.checkRunning();
    checkWait(options);
    options.signal?.throwIfAborted();
  }
}
