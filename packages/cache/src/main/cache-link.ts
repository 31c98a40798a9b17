import { once } from 'node:events';
import type { RingestError } from '@ringest/codec';
import { toError } from '../disk/disk-problem.js';
import {
  CacheClosedError,
  CacheThreadError,
  InvalidBlockError,
  SegmentInUseError,
} from '../errors.js';
import type {
  BlockInput,
  CachedBlock,
  CacheFindings,
  CacheSegment,
  FromCache,
} from '../messages.js';
import { CacheContents } from './cache-contents.js';
import type { CacheLinkOptions, CacheReport } from './cache-events.js';
import { CacheHealth } from './cache-health.js';
import { CacheReader } from './cache-reader.js';
import { CacheThread } from './cache-thread.js';

/**
 * The main thread's end of the cache. Only its thread touches the disk (`CacheThread`). Blocks and their
 * memory are kept until the thread reports that they are stored. When the thread dies, another one opens
 * the cache again and gets the blocks that are not stored once more. Requests that come while no thread has
 * the cache open are kept for the next one.
 */
export class CacheLink {
  /**
   * Resolves with what was found, once the cache is open; no handler is needed. It rejects with a
   * {@link CacheOpenError} when the folder cannot be used, or a {@link CacheThreadError} when the
   * thread dies first. Then the lock is released, blocks that wait are in the report of `close`, and
   * all other methods throw {@link CacheClosedError}.
   */
  readonly opened: Promise<CacheFindings>;
  readonly #options: CacheLinkOptions;
  readonly #thread: CacheThread;
  readonly #contents: CacheContents;
  readonly #health: CacheHealth;
  /** Emits `step` when the cache is opened, the thread ends, or the last message has come. */
  readonly #steps = new EventTarget();
  #error: Error | undefined;
  /** Whether the thread reports nothing any more. */
  #isOver = false;
  #closed: Promise<CacheReport> | undefined;

  /**
   * Begins to open the cache in a folder, which is created if it is missing. All of the cache is read
   * once, to check it.
   * @throws {CacheLockedError} another muxer uses the folder
   * @throws {CacheOpenError} the folder cannot be locked
   */
  constructor(options: CacheLinkOptions) {
    this.#options = options;
    const { path, events } = options;
    this.#contents = new CacheContents(path, events);
    this.#health = new CacheHealth((trouble) => events.trouble?.(trouble));
    this.#thread = new CacheThread(options, {
      resume: () => this.#contents.resume(),
      message: (message) => this.#onMessage(message),
      died: (error, retryInMs) => this.#died(error, retryInMs),
    });
    this.opened = this.#open();
    this.opened.catch(() => {});
  }

  /** All segments, oldest first. The last one is as it was when it was begun or sealed. */
  get segments(): readonly CacheSegment[] {
    return this.#contents.segments;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#contents.bytes;
  }

  /** Entries in all segments. */
  get entries(): number {
    return this.#contents.entries;
  }

  /** Bytes of blocks that are not stored. */
  get unstoredBytes(): number {
    return this.#contents.unsynced.bytes;
  }

  /** Entries in blocks that are not stored. */
  get unstoredEntries(): number {
    return this.#contents.unsynced.entries;
  }

  /** Whether blocks wait because the cache has reached `maxBytes`. */
  get isFull(): boolean {
    return this.#contents.isFull;
  }

  /** Why nothing is stored for now; `undefined`: the cache works. */
  get trouble(): RingestError | undefined {
    return this.#health.trouble;
  }

  /** Adds the names of new tags. Call it before a block that has them. */
  addTags(names: readonly string[]): void {
    this.#thread.addTags(names);
  }

  /**
   * Appends a block. Its memory must not change until `stored` is called for it.
   * @returns its key; keys count up from 1
   * @throws {InvalidBlockError} @throws {CacheClosedError}
   */
  append(input: BlockInput): number {
    this.#checkOpen();
    const { count, bytes } = input;
    if (count < 1 || bytes < 1 || bytes >= 2 ** 32) throw new InvalidBlockError(count, bytes);
    const block = this.#contents.unsynced.add(input);
    this.#thread.send({ kind: 'append', block });
    return block.key;
  }

  /** Ends the active segment: the next block goes to another one. */
  seal(): void {
    this.#contents.unsynced.endSegment();
    this.#thread.send({ kind: 'seal' });
  }

  /** Sets whether `maxBytes` counts. While it does not, no block waits for room. */
  limit(isLimited: boolean): void {
    this.#contents.isLimited = isLimited;
    this.#thread.send({ kind: 'limit', isLimited });
  }

  /** Stores all appended blocks at once, before the policy `sync` would. */
  sync(): void {
    this.#contents.syncKey = this.#contents.unsynced.lastKey ?? 0;
    this.#thread.send({ kind: 'sync' });
  }

  /**
   * Reads the blocks of a segment, oldest first. The segment is sealed, and not dropped while it is
   * read. About 256 KiB are in memory at a time. When the thread dies, reading goes on with the next.
   * @param from the sequence where reading begins; a block that begins before it is left out
   * @throws {SegmentInUseError} the segment is being read already
   * The iterator throws {CacheReadError}, {UnknownSegmentError} and {CacheClosedError}.
   */
  read(segment: number, from = 0): AsyncGenerator<CachedBlock, void> {
    this.#checkOpen();
    const { readers } = this.#contents;
    if (readers.has(segment)) throw new SegmentInUseError(segment, 'read');
    const reader = new CacheReader(segment, from, (message) => this.#thread.send(message));
    readers.set(segment, reader);
    return reader.blocks(() => readers.delete(segment));
  }

  /**
   * Removes a sealed segment and everything in it. Its blocks that are not stored are reported as
   * stored. A segment that is gone already is no error.
   * @throws {SegmentInUseError} blocks are still appended to it
   * @throws {CacheClosedError}
   */
  remove(segment: number): Promise<void> {
    this.#checkOpen();
    const { removals } = this.#contents;
    if (this.#contents.isActive(segment)) throw new SegmentInUseError(segment, 'appended to');
    if (this.#contents.isGone(segment)) return Promise.resolve();
    if (!removals.has(segment)) this.#thread.send({ kind: 'remove', segment });
    return removals.add(segment);
  }

  /**
   * Brings everything to the disk, as far as that works, and releases the lock. `maxBytes` does not
   * count for that. A second call returns the same promise.
   * @param signal stops the wait for a disk that does not answer. The report then has what is known,
   * and the lock is released when the thread has ended
   */
  close(signal?: AbortSignal): Promise<CacheReport> {
    this.#closed ??= this.#close(signal);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #open(): Promise<CacheFindings> {
    const stepped = once(this.#steps, 'step');
    this.#thread.start();
    await stepped;
    const { findings } = this.#contents;
    if (findings !== undefined) return findings;
    await this.#thread.end();
    // Not earlier: an `append` before the caller can know of the failure must not throw.
    this.#endWaits();
    throw this.#error;
  }

  async #close(signal: AbortSignal | undefined): Promise<CacheReport> {
    try {
      await this.#finish(signal);
    } catch (error) {
      this.#error = signal?.aborted ? signal.reason : error;
    }
    const closed = this.#thread.endTask();
    if (!signal?.aborted) await closed;
    const ended = this.#thread.end();
    if (signal?.aborted) ended.catch(() => {});
    else await ended;
    this.#endWaits();
    const { bytes, entries, unsynced } = this.#contents;
    return { bytes, entries, unstored: [...unsynced], error: this.#error };
  }

  /** Makes the thread bring everything to the disk; if it dies of that, the next one. */
  async #finish(signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 0; attempt < 2 && !this.#isOver; attempt++) {
      if (!this.#thread.isOpen) await once(this.#steps, 'step', { signal });
      this.#thread.send({ kind: 'close' });
      if (this.#thread.isOpen) await once(this.#steps, 'step', { signal });
    }
  }

  #endWaits(): void {
    this.#isOver = true;
    for (const reader of this.#contents.readers.values()) {
      reader.fail(new CacheClosedError(this.#options.path));
    }
    this.#contents.removals.end();
    this.#step();
  }

  #checkOpen(): void {
    if (this.#closed !== undefined || this.#isOver) throw new CacheClosedError(this.#options.path);
  }

  #onMessage(message: FromCache): void {
    if (this.#isOver) return;
    const { path } = this.#options;
    switch (message.kind) {
      case 'opened':
        this.#contents.opened(message);
        this.#opened();
        break;
      case 'failed':
        this.#failed(toError(path, message.problem));
        break;
      case 'trouble':
        this.#health.setDisk(message.problem && toError(path, message.problem));
        break;
      case 'stored':
      case 'removed':
        this.#contents.handle(message);
        this.#checkHealth();
        break;
      case 'full':
        this.#contents.handle(message);
        if (this.#health.works()) this.#thread.works();
        break;
      case 'closed':
        this.#error = message.problem && toError(path, message.problem);
        this.#isOver = true;
        this.#step();
        break;
      default:
        this.#contents.handle(message);
    }
  }

  #opened(): void {
    const { unsynced } = this.#contents;
    this.#error = undefined;
    this.#thread.opened();
    const messages = this.#contents.messages(this.#health.isDoubtful);
    for (const message of messages) this.#thread.send(message);
    this.#health.setDisk(undefined);
    this.#health.opened(unsynced.lastKey);
    this.#checkHealth();
    this.#step();
  }

  #checkHealth(): void {
    if (this.#health.stored(this.#contents.unsynced.firstKey)) this.#thread.works();
  }

  #failed(error: RingestError): void {
    this.#error = error;
    if (this.#contents.findings !== undefined) this.#health.setDisk(error);
  }

  /** @returns whether the next thread is wanted */
  #died(cause: Error, retryInMs: number | undefined): boolean {
    if (this.#isOver) return false;
    this.#contents.died();
    const error = new CacheThreadError(this.#options.path, cause);
    // A thread that has said why it ends has set the error already.
    this.#error ??= error;
    const isWanted = this.#contents.findings !== undefined && retryInMs !== undefined;
    if (isWanted) {
      this.#options.events.died?.(cause, retryInMs);
      this.#health.died(error);
    }
    this.#step();
    return isWanted;
  }

  #step(): void {
    this.#steps.dispatchEvent(new Event('step'));
  }
}
