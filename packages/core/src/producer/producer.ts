import { EventEmitter } from 'node:events';
import { type EntryInput, FRAME_BYTES, type MuxerTag, type TimestampInput } from '@ringest/codec';
import type { EntryWriter } from '../entries/entry-writer.js';
import type { LineWriter, LineWriterOptions } from '../entries/line-writer.js';
import type { PackedOptions } from '../entries/packed-entries.js';
import { NotRunningError } from '../errors.js';
import type { ProducerHandle } from '../producing/messages.js';
import { type Abortable, type MuxerWritable, nodeWritable } from '../streams/index.js';
import type { EntryStreamOptions, LineStreamOptions } from '../streams/stream-options.js';
import { checkWait, Wait, type WaitOptions } from '../wait.js';
import type { Dispatcher } from '../waiting/dispatcher.js';
import { ProducerParts } from './producer-parts.js';

/** The events of a `Producer`. */
export interface ProducerEvents {
  /** Everything that waited for room has found room: whoever paused may write again. */
  drain: [];
}

/** A snapshot of a producer. */
export interface ProducerStats {
  /** Entries that were written to the shared memory between this thread and the muxer. */
  readonly writtenEntries: number;
  /** Bytes of the frames of written entries. */
  readonly writtenBytes: number;
  /** Entries that wait for room in that memory. */
  readonly backlogEntries: number;
  /** Bytes there that the muxer has not taken over, including large entries. */
  readonly waitingBytes: number;
  /** The size of that memory, in bytes of frames. */
  readonly ringBytes: number;
}

/**
 * Opens the producer of a handle, in the thread that the handle was posted to. It keeps that thread alive
 * until it is closed.
 * @param handle what `IngestMuxer.producer` has returned. It can be opened once
 * @throws {InvalidArgumentError} this is no handle, or it is open already
 * @throws {NotRunningError} the muxer is closing or closed
 */
export function openProducer(handle: ProducerHandle): Producer {
  return new Producer(handle);
}

/**
 * Writes entries for a muxer from another thread. Checking, encoding and the splitting of lines are done in
 * this thread; the thread of the muxer only copies. `IngestMuxer.producer` makes the handle for it, and
 * {@link openProducer} opens it.
 *
 * An entry is accepted once it is committed to the shared memory: at the end of the event-loop turn, or when
 * a batch is full. What is committed is delivered, even if this thread ends at once.
 */
export class Producer extends EventEmitter<ProducerEvents> {
  readonly #parts: ProducerParts;
  /** Both are parts as well: a write gets to them at once. */
  readonly #writer: EntryWriter;
  readonly #dispatcher: Dispatcher;
  #closed: Promise<void> | undefined;

  /** Use {@link openProducer}. */
  constructor(handle: ProducerHandle) {
    super();
    this.#parts = new ProducerParts(handle, {
      drained: () => this.emit('drain'),
      closing: () => void this.close(),
    });
    this.#writer = this.#parts.writer;
    this.#dispatcher = this.#parts.dispatcher;
  }

  /**
   * Writes one entry. Its data is copied before this returns. Timeout and signal end only the waiting for
   * room. If this throws, nothing was written.
   * @returns `undefined` if there was room at once, otherwise a promise that resolves once there is. With
   *   the cache mode `journal` it is always a promise, which resolves once the entry is stored on disk, or
   *   confirmed. The promise rejects with a `WriteAbandonedError` if the waiting ends early
   * @throws {NotRunningError} the producer or its muxer is closing or closed
   * @throws {AllTargetsFailedError} every lane of the muxer has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {UnknownTagError | TagRefusedError} the entry cannot have this tag
   * @throws {InvalidEntryError | InvalidTimestampError | InvalidSourceError} a field is not valid
   * @throws {OversizedEntryError} the data is over 2^30 - 1 bytes (§5)
   * @throws {InvalidEnumeratedValueError | OversizedEnumeratedBlockError} the enumerated values are not
   *   valid, or too many (§6)
   * @throws {SystemLimitError} there is no memory for a large entry
   */
  writeEntry(entry: EntryInput, options?: WaitOptions): Promise<void> | undefined {
    return this.#writer.writeEntry(entry, options);
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
    return this.#writer.writeEntry({ timestamp, tag, data }, options);
  }

  /**
   * Writes entries in order. Their data is copied before this returns. If this throws, nothing was
   * written. If the waiting for room ends early, the entries that found room stay accepted.
   * @returns `undefined` if there was room for all of them at once, otherwise a promise for all of them:
   *   it resolves, and rejects, as the one of `writeEntry`
   * @throws {NotRunningError} the producer or its muxer is closing or closed
   * @throws {AllTargetsFailedError} every lane of the muxer has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used, or `entries` is not
   *   an array
   * @throws {BatchError} an entry cannot be written; `index` says which, and `cause` why
   */
  writeBatch(entries: readonly EntryInput[], options?: WaitOptions): Promise<void> | undefined {
    return this.#writer.writeBatch(entries, options);
  }

  /**
   * Writes entries that lie in one buffer, back to back. Their data is copied before this returns. If this
   * throws, nothing was written.
   * @param offsets where each entry begins in `bytes`, and then where the last one ends: one number more
   *   than there are entries. They must not fall
   * @param options what the entries have in common, or columns with a number for each entry
   * @returns `undefined` if all entries were accepted at once, otherwise a promise for all of them:
   *   it resolves, and rejects, as the one of `writeEntry`
   * @throws {NotRunningError} the producer or its muxer is closing or closed
   * @throws {AllTargetsFailedError} every lane of the muxer has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
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
   * Returns a writer that makes an entry of each line of a stream of bytes, in this thread. A producer may
   * have many of them.
   * @throws {UnknownTagError | TagRefusedError} the entries cannot have this tag
   * @throws {InvalidSourceError | InvalidTimestampError} the source, or the time of all entries, is not valid
   * @throws {InvalidArgumentError} another option cannot be used
   */
  lineWriter(options: LineWriterOptions): LineWriter {
    return this.#writer.lineWriter(options);
  }

  /**
   * Returns a stream that makes entries of what is written to it: of each line with `lines: true`, which is
   * a line writer and has its options, otherwise of each chunk: an `EntryChunk`. A chunk must not be changed
   * before its callback is called: once its entries have found room, or are on disk with the cache mode
   * `journal`. The stream ends as `finishWhen` says. An error destroys it; what was accepted will be delivered.
   * @throws {InvalidArgumentError | UnknownTagError | TagRefusedError | InvalidSourceError | InvalidTimestampError} an
   *   option cannot be used
   */
  writable(options: LineStreamOptions & Abortable): MuxerWritable;
  writable(options: EntryStreamOptions & Abortable): MuxerWritable;
  writable(options: (EntryStreamOptions | LineStreamOptions) & Abortable): MuxerWritable {
    return nodeWritable(this, options);
  }

  /**
   * Returns whether an entry with this many bytes of data and enumerated values would have to wait for
   * room now. If so, the producer emits `drain` once there is room, unless it is closed before.
   */
  willBlock(bytes = 0): boolean {
    return this.#dispatcher.mustWait(FRAME_BYTES + bytes);
  }

  /**
   * Returns the number of a tag of the muxer, which entries carry.
   * @throws {UnknownTagError} the muxer has no tag of this name
   * @throws {InvalidArgumentError} the name is not a string
   */
  getTag(name: string): MuxerTag {
    return this.#parts.tags.get(name);
  }

  /** The name of a tag, by its number; `undefined` if the muxer has no such tag. */
  lookupTag(tag: number): string | undefined {
    return this.#parts.tags.lookup(tag);
  }

  /**
   * Adds a tag to the muxer, unless it has the tag already, and resolves with its number: the muxer gives
   * the numbers, for all of its producers.
   * @throws {InvalidTagError} the name is empty, too long or has a forbidden character; see `remapTag`
   * @throws {InvalidArgumentError} the name is not a string
   * @throws {TooManyTagsError} the muxer has 65535 tags already
   * @throws {NotRunningError} the producer or its muxer is closing or closed
   * @throws {AllTargetsFailedError} every lane of the muxer has given up for good
   */
  async negotiateTag(name: string): Promise<MuxerTag> {
    const parts = this.#parts;
    parts.checkRunning();
    if (typeof name !== 'string' || parts.tags.hasName(name)) return parts.tags.get(name);
    return new Promise((resolve, reject) => {
      const answered = (tag: number | undefined) => resolve(tag as MuxerTag);
      const key = parts.answers.add({ answered, failed: reject });
      parts.post({ kind: 'tag', key, name });
    });
  }

  /**
   * Resolves once every entry that this producer wrote before is confirmed by an indexer. It asks the
   * indexers to confirm at once (§4, FORCE_ACK).
   * @throws {NotRunningError} the producer or its muxer is closing or closed, also while this waits
   * @throws {AllTargetsFailedError} every lane of the muxer has given up for good
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {WaitTimeoutError} not everything was confirmed in time; the rest is still being sent
   * @throws {TagRefusedError} everything is confirmed except entries whose tag every indexer refuses
   * @throws {EntriesLostError} entries that were only in the cache were dropped or damaged there
   * @throws the signal's reason, if the signal is aborted
   */
  async sync(options: WaitOptions = {}): Promise<void> {
    await this.#confirmed(true, options);
  }

  /**
   * Resolves once every entry that this producer wrote before is confirmed by an indexer, without asking
   * for it.
   * @throws {NotRunningError} the producer or its muxer is closing or closed, also while this waits
   * @throws {AllTargetsFailedError} every lane of the muxer has given up for good
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {WaitTimeoutError} not everything was confirmed in time; the rest is still being sent
   * @throws {TagRefusedError} everything is confirmed except entries whose tag every indexer refuses
   * @throws {EntriesLostError} entries that were only in the cache were dropped or damaged there
   * @throws the signal's reason, if the signal is aborted
   */
  async barrier(options: WaitOptions = {}): Promise<void> {
    await this.#confirmed(false, options);
  }

  /** Returns a snapshot of all counters. */
  stats(): ProducerStats {
    const { outlet, dispatcher } = this.#parts;
    return {
      writtenEntries: outlet.writer.entries,
      writtenBytes: outlet.writtenBytes,
      backlogEntries: dispatcher.backlog.entries,
      waitingBytes: outlet.unconfirmedBytes(),
      ringBytes: outlet.ringBytes,
    };
  }

  /**
   * Stops accepting entries, and waits up to `closeTimeout` of the muxer until what waits for room has
   * found some, and until all promises of this producer are settled. What was accepted is delivered by the
   * muxer; use `sync` first to wait for that. It is called by itself when the muxer closes. Further calls
   * return the same promise.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #confirmed(forces: boolean, options: WaitOptions): Promise<void> {
    const parts = this.#parts;
    parts.checkRunning();
    checkWait(options);
    options.signal?.throwIfAborted();
    let cancel = () => {};
    const wait = new Wait('the confirmation of all entries', options, (error) => {
      parts.answers.forget(key);
      cancel();
      wait.reject(error);
    });
    const key = parts.answers.add({
      answered: () => wait.resolve(),
      failed: (error) => wait.reject(error),
    });
    cancel = parts.dispatcher.backlog.afterAll(() => {
      if (forces) parts.placer.commit();
      parts.post({ kind: 'barrier', key, forces, position: parts.outlet.position });
    });
    await wait.promise;
  }

  async #close(): Promise<void> {
    const parts = this.#parts;
    const { closeTimeout: timeout, dispatcher, receipts, answers } = parts;
    parts.state = 'closing';
    const patience = new Wait('the end of a producer', { timeout }, () => patience.resolve());
    const room = new Promise<void>((resolve) => dispatcher.backlog.afterAll(resolve));
    await Promise.race([room, patience.promise]);
    dispatcher.abandon(new NotRunningError('closing'));
    parts.placer.commit();
    parts.post({ kind: 'ended' });
    const stored = receipts?.current.catch(() => {});
    receipts?.appended(parts.outlet.position);
    await Promise.race([Promise.all([stored, answers.allSettled()]), patience.promise]);
    patience.resolve();
    parts.leave();
  }
}
