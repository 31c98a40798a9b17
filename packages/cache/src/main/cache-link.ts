import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import type { RingestError } from '@ringest/codec';
import { Backoff, WorkerLink, WorkerThread } from '@ringest/workers/thread';
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
  CacheTask,
  FromCache,
  ToCache,
} from '../messages.js';
import { CacheContents } from './cache-contents.js';
import type { CacheLinkOptions, CacheReport } from './cache-events.js';
import { CacheHealth } from './cache-health.js';
import { CacheReader } from './cache-reader.js';
import { FolderLock } from './folder-lock.js';

const RUN_CACHE = { file: new URL('../worker/cache-task.js', import.meta.url), name: 'runCache' };
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

/**
 * The main thread's end of the cache. It holds the lock of the folder, and a thread that alone touches
 * the disk. Blocks and their memory are kept until the thread reports that they are stored. When the
 * thread dies, another one opens the cache again and gets the blocks that are not stored once more.
 * Requests that come while no thread has the cache open are kept for the next one.
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
  readonly #lock: FolderLock;
  readonly #thread: WorkerThread<CacheTask>;
  readonly #link: WorkerLink<ToCache, readonly FromCache[]>;
  readonly #contents: CacheContents;
  readonly #health: CacheHealth;
  readonly #tags: string[];
  /** How many tags the current thread knows. */
  #knownTags = 0;
  /** Emits `step` when the cache is opened, the thread ends, or the last message has come. */
  readonly #steps = new EventTarget();
  #isOpen = false;
  #error: Error | undefined;
  /** Whether the thread reports nothing any more. */
  #isOver = false;
  #closed: Promise<CacheReport> | undefined;
  #ended: Promise<void> | undefined;

  /**
   * Begins to open the cache in a folder, which is created if it is missing. All of the cache is read
   * once, to check it.
   * @throws {CacheLockedError} another muxer uses the folder
   * @throws {CacheOpenError} the folder cannot be locked
   */
  constructor(options: CacheLinkOptions) {
    this.#options = options;
    const { path, tags, events } = options;
    this.#tags = [...tags];
    this.#contents = new CacheContents(path, events);
    this.#health = new CacheHealth((trouble) => events.trouble?.(trouble));
    this.#lock = FolderLock.take(path);
    // Errors outside the task are left out here: each of them ends the thread too.
    this.#thread = new WorkerThread(RUN_CACHE, 1, () => {});
    this.#link = new WorkerLink(new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS), {
      begin: (port) => this.#runTask(port),
      onMessage: (messages) => {
        for (const message of messages) this.#onMessage(message);
      },
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
    this.#tags.push(...names);
    this.#sendTags();
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
    this.#send({ kind: 'append', block });
    return block.key;
  }

  /** Ends the active segment: the next block goes to another one. */
  seal(): void {
    this.#contents.unsynced.endSegment();
    this.#send({ kind: 'seal' });
  }

  /** Sets whether `maxBytes` counts. While it does not, no block waits for room. */
  limit(isLimited: boolean): void {
    this.#contents.isLimited = isLimited;
    this.#send({ kind: 'limit', isLimited });
  }

  /** Stores all appended blocks at once, before the policy `sync` would. */
  sync(): void {
    this.#contents.syncKey = this.#contents.unsynced.lastKey ?? 0;
    this.#send({ kind: 'sync' });
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
    const reader = new CacheReader(segment, from, (message) => this.#send(message));
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
    if (!removals.has(segment)) this.#send({ kind: 'remove', segment });
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
    this.#link.start();
    await stepped;
    const { findings } = this.#contents;
    if (findings !== undefined) return findings;
    await this.#endThread();
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
    const closed = this.#link.close({ kind: 'close' });
    if (!signal?.aborted) await closed;
    const ended = this.#endThread();
    if (signal?.aborted) ended.catch(() => {});
    else await ended;
    this.#endWaits();
    const { bytes, entries, unsynced } = this.#contents;
    return { bytes, entries, unstored: [...unsynced], error: this.#error };
  }

  /** Makes the thread bring everything to the disk; if it dies of that, the next one. */
  async #finish(signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 0; attempt < 2 && !this.#isOver; attempt++) {
      if (!this.#isOpen) await once(this.#steps, 'step', { signal });
      this.#send({ kind: 'close' });
      if (this.#isOpen) await once(this.#steps, 'step', { signal });
    }
  }

  /** Ends the thread and releases the lock. Two calls end it once. */
  #endThread(): Promise<void> {
    this.#ended ??= this.#thread.close().finally(() => this.#lock.release());
    return this.#ended;
  }

  #endWaits(): void {
    this.#isOpen = false;
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

  /** Sends a message to the thread, if it has the cache open. If not, `#opened` makes up for it. */
  #send(message: ToCache): void {
    if (this.#isOpen) this.#link.post(message);
  }

  #sendTags(): void {
    if (!this.#isOpen || this.#knownTags === this.#tags.length) return;
    this.#link.post({ kind: 'tags', names: this.#tags.slice(this.#knownTags) });
    this.#knownTags = this.#tags.length;
  }

  async #runTask(port: MessagePort): Promise<void> {
    const { events: _, tags: __, ...settings } = this.#options;
    this.#knownTags = this.#tags.length;
    const resume = this.#contents.resume();
    await this.#thread.run({ ...settings, port, tags: [...this.#tags], resume });
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
        this.#lookWhetherItWorks();
        break;
      case 'full':
        this.#contents.handle(message);
        if (this.#health.works()) this.#link.resetBackoff();
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
    this.#isOpen = true;
    this.#sendTags();
    for (const message of this.#contents.messages(this.#health.isDoubtful)) this.#send(message);
    this.#health.setDisk(undefined);
    this.#health.opened(unsynced.lastKey);
    this.#lookWhetherItWorks();
    this.#step();
  }

  #lookWhetherItWorks(): void {
    if (this.#health.stored(this.#contents.unsynced.firstKey)) this.#link.resetBackoff();
  }

  #failed(error: RingestError): void {
    this.#error = error;
    if (this.#contents.findings !== undefined) this.#health.setDisk(error);
  }

  /** @returns whether the next thread is wanted */
  #died(cause: Error, retryInMs: number | undefined): boolean {
    if (this.#isOver) return false;
    this.#isOpen = false;
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
