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
  Resume,
  ToCache,
} from '../messages.js';
import type { CacheLinkOptions, CacheReport } from './cache-events.js';
import { CacheReader } from './cache-reader.js';
import { FolderLock } from './folder-lock.js';
import { PendingRemovals } from './pending-removals.js';
import { ResumePoint } from './resume-point.js';
import { UnsyncedBlocks } from './unsynced-blocks.js';

const RUN_CACHE = { file: new URL('../worker/cache-task.js', import.meta.url), name: 'runCache' };
const FIRST_RETRY_MS = 100;
const MOST_RETRY_MS = 5000;

type Told<Kind> = Extract<FromCache, { readonly kind: Kind }>;

/**
 * The main thread's end of the cache. It has the folder's lock, and a thread that alone touches the
 * disk. Blocks are kept, with their memory, until the thread has told that they are stored; when it
 * dies, another one opens the cache again, and gets what is not stored once more. What is asked for
 * while no thread has the cache open is remembered, and told to the next one that has.
 */
export class CacheLink {
  /**
   * What was found, once the cache is open. Nobody has to look at it. It rejects with a
   * {@link CacheOpenError} when the folder cannot be used, or a {@link CacheThreadError}: then the
   * folder is given back, what waits is left to the report of `close`, and all else throws
   * {@link CacheClosedError}.
   */
  readonly opened: Promise<CacheFindings>;
  readonly #options: CacheLinkOptions;
  readonly #lock: FolderLock;
  readonly #thread: WorkerThread<CacheTask>;
  readonly #link: WorkerLink<ToCache, readonly FromCache[]>;
  readonly #tags: string[];
  readonly #unstored = new UnsyncedBlocks();
  readonly #resumePoint = new ResumePoint();
  readonly #readers = new Map<number, CacheReader>();
  readonly #removals = new PendingRemovals();
  readonly #steps = new EventTarget();
  #toldTags = 0;
  #isOpen = false;
  #findings: CacheFindings | undefined;
  #error: Error | undefined;
  #segments: readonly CacheSegment[] = [];
  #bytes = 0;
  #entries = 0;
  /** Nothing comes from the thread any more. */
  #isOver = false;
  #isFull = false;
  #isLimited = true;
  /** Blocks up to this one are to be stored at once. */
  #syncKey = 0;
  /** Threads that died since one has worked: has stored all blocks up to this one, or found no room. */
  #deaths = 0;
  #workKey = 0;
  /** Why nothing is stored for now: the disk does not take it, or no thread lives for long enough. */
  readonly #troubles: { disk?: RingestError | undefined; thread?: RingestError | undefined } = {};
  #closed: Promise<CacheReport> | undefined;
  #ended: Promise<void> | undefined;

  /**
   * Begins to open the cache in a folder, which is made if it is missing. All of it is read once, to
   * check it.
   * @throws {CacheLockedError} when another muxer uses the folder
   * @throws {CacheOpenError} when it cannot be locked
   */
  constructor(options: CacheLinkOptions) {
    this.#options = options;
    this.#tags = [...options.tags];
    this.#lock = FolderLock.take(options.path);
    // Whatever it fails with, it dies of it.
    this.#thread = new WorkerThread(RUN_CACHE, 1, () => {});
    this.#link = new WorkerLink(new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS), {
      begin: (port) => this.#runTask(port),
      heard: (messages) => {
        for (const message of messages) this.#heard(message);
      },
      died: (error, retryInMs) => this.#died(error, retryInMs),
    });
    this.opened = this.#open();
    this.opened.catch(() => {});
  }

  /** All segments, oldest first; of the last one, what was in it when it was begun or sealed. */
  get segments(): readonly CacheSegment[] {
    return this.#segments;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries in all segments. */
  get entries(): number {
    return this.#entries;
  }

  /** Bytes of blocks that are not stored. */
  get unstoredBytes(): number {
    return this.#unstored.bytes;
  }

  /** Entries in blocks that are not stored. */
  get unstoredEntries(): number {
    return this.#unstored.entries;
  }

  /** Whether blocks wait because the cache has reached `maxBytes`. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Why nothing is stored for now. */
  get trouble(): RingestError | undefined {
    return this.#troubles.disk ?? this.#troubles.thread;
  }

  /** Tells the names of new tags, before a block that has them. */
  addTags(names: readonly string[]): void {
    this.#tags.push(...names);
    this.#tellTags();
  }

  /**
   * Appends a block. Its memory must stay as it is until `stored` is told for it.
   * @returns its key: they count up from 1
   * @throws {InvalidBlockError} @throws {CacheClosedError}
   */
  append(input: BlockInput): number {
    this.#checkOpen();
    const { count, bytes } = input;
    if (count < 1 || bytes < 1 || bytes >= 2 ** 32) throw new InvalidBlockError(count, bytes);
    const block = this.#unstored.add(input);
    this.#tell({ kind: 'append', block });
    return block.key;
  }

  /** What is appended later goes to another segment. */
  seal(): void {
    this.#unstored.endSegment();
    this.#tell({ kind: 'seal' });
  }

  /** Whether the limit of bytes counts: as long as it does not, nothing waits for room. */
  limit(isLimited: boolean): void {
    this.#isLimited = isLimited;
    this.#tell({ kind: 'limit', isLimited });
  }

  /** What was appended is stored at once, and not when its time comes. */
  sync(): void {
    this.#syncKey = this.#unstored.lastKey ?? 0;
    this.#tell({ kind: 'sync' });
  }

  /**
   * The blocks of a segment, oldest first; it is sealed for that. So long it is not dropped. One
   * block at a time is in memory, or several small ones. It goes on where it was when the thread has
   * died.
   * @param from the sequence of the first block, or one before it; a block is not divided
   * @throws {SegmentInUseError} when it is being read already
   * The iterator throws {CacheReadError}, {UnknownSegmentError} and {CacheClosedError}.
   */
  read(segment: number, from = 0): AsyncGenerator<CachedBlock, void> {
    this.#checkOpen();
    if (this.#readers.has(segment)) throw new SegmentInUseError(segment, 'read');
    const reader = new CacheReader(segment, from, (message) => this.#tell(message));
    this.#readers.set(segment, reader);
    return reader.blocks(() => this.#readers.delete(segment));
  }

  /**
   * Removes a segment and all that is in it: it must be told as sealed in `segments`. Blocks in it
   * that are not stored yet are told as such. One that is gone already is no error.
   * @throws {SegmentInUseError} when blocks are still appended to it
   * @throws {CacheClosedError}
   */
  remove(segment: number): Promise<void> {
    this.#checkOpen();
    const known = this.#segments.find(({ id }) => id === segment);
    if (known?.isSealed === false || this.#resumePoint.isNew(segment))
      throw new SegmentInUseError(segment, 'appended to');
    const isGone = known === undefined && this.#findings !== undefined;
    if (isGone) return Promise.resolve();
    if (!this.#removals.has(segment)) this.#tell({ kind: 'remove', segment });
    return this.#removals.add(segment);
  }

  /**
   * Brings everything to the disk, as far as it lets us, and gives the folder back. The limit of
   * bytes does not count then. Can be called again.
   * @param signal gives up waiting, for a disk that does not answer: the report says what is known,
   * and the folder is given back when the thread has ended
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
    if (this.#findings !== undefined) return this.#findings;
    await this.#endThread();
    // Only now: who appends before he can know that it is of no use, does nothing wrong.
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
    const unstored = [...this.#unstored];
    return { bytes: this.#bytes, entries: this.#entries, unstored, error: this.#error };
  }

  /** Has the thread bring everything to the disk; another one, if it dies of that. */
  async #finish(signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 0; attempt < 2 && !this.#isOver; attempt++) {
      if (!this.#isOpen) await once(this.#steps, 'step', { signal });
      this.#tell({ kind: 'close' });
      if (this.#isOpen) await once(this.#steps, 'step', { signal });
    }
  }

  /** Once: of two who end a pool at a time, one has it begin another thread. */
  #endThread(): Promise<void> {
    this.#ended ??= this.#thread.close().finally(() => this.#lock.release());
    return this.#ended;
  }

  #endWaits(): void {
    this.#isOpen = false;
    this.#isOver = true;
    for (const reader of this.#readers.values()) {
      reader.fail(new CacheClosedError(this.#options.path));
    }
    this.#removals.end();
    this.#step();
  }

  #checkOpen(): void {
    if (this.#closed !== undefined || this.#isOver) throw new CacheClosedError(this.#options.path);
  }

  /** What it is to do while no thread has the cache open, `#opened` tells the next one. */
  #tell(message: ToCache): void {
    if (this.#isOpen) this.#link.tell(message);
  }

  #tellTags(): void {
    if (!this.#isOpen || this.#toldTags === this.#tags.length) return;
    this.#link.tell({ kind: 'tags', names: this.#tags.slice(this.#toldTags) });
    this.#toldTags = this.#tags.length;
  }

  async #runTask(port: MessagePort): Promise<void> {
    const { events: _, tags: __, ...settings } = this.#options;
    this.#toldTags = this.#tags.length;
    await this.#thread.run({ ...settings, port, tags: [...this.#tags], resume: this.#resume() });
  }

  #resume(): Resume | undefined {
    if (this.#findings === undefined) return undefined;
    return this.#resumePoint.toResume(this.#unstored.lastKey ?? 0);
  }

  #heard(message: FromCache): void {
    if (this.#isOver) return;
    const { path, events } = this.#options;
    switch (message.kind) {
      case 'opened':
        this.#resumePoint.opened(message.sequence, message.repeats);
        this.#opened(message.findings);
        break;
      case 'failed':
        this.#failed(toError(path, message.problem));
        break;
      case 'appended':
        this.#appended(message);
        break;
      case 'takenBack':
        for (const key of this.#unstored.takeBack(message.key)) events.placed?.(key, undefined);
        break;
      case 'stored':
        this.#resumePoint.stored(message.sequence);
        for (const block of this.#unstored.takeThrough(message.key)) events.stored(block);
        this.#lookWhetherItWorks();
        break;
      case 'segments':
        this.#segments = message.segments;
        this.#resumePoint.listed(message.segments);
        if (this.#findings !== undefined) events.segments?.(message.segments);
        break;
      case 'size':
        this.#bytes = message.bytes;
        this.#entries = message.entries;
        break;
      case 'blocks':
        this.#readers.get(message.segment)?.give(message);
        break;
      case 'unreadable':
        this.#readers.get(message.segment)?.fail(toError(path, message.problem));
        break;
      case 'removed':
        this.#removed(message.segment);
        break;
      case 'dropped': {
        const { kind: _, ...dropped } = message;
        this.#forget(message.segment);
        events.dropped?.(dropped);
        break;
      }
      case 'damaged': {
        const { kind: _, ...damaged } = message;
        events.damaged?.(damaged);
        break;
      }
      case 'full':
        this.#isFull = message.isFull;
        this.#works();
        events.full?.(message.isFull);
        break;
      case 'trouble':
        this.#setTrouble('disk', message.problem && toError(path, message.problem));
        break;
      case 'closed':
        this.#error = message.problem && toError(path, message.problem);
        this.#isOver = true;
        this.#step();
    }
  }

  #opened(findings: CacheFindings): void {
    const isFirst = this.#findings === undefined;
    this.#findings ??= findings;
    if (isFirst) this.#options.events.found?.(this.#segments);
    this.#error = undefined;
    this.#isOpen = true;
    this.#tellTags();
    if (!this.#isLimited) this.#tell({ kind: 'limit', isLimited: false });
    for (const segment of this.#removals) this.#tell({ kind: 'remove', segment });
    for (const reader of this.#readers.values()) reader.askAgain();
    for (const message of this.#unstored.messages()) this.#tell(message);
    const { firstKey } = this.#unstored;
    // After several deaths only what is stored shows that this thread works.
    const syncKey = this.#deaths > 1 ? Number.POSITIVE_INFINITY : this.#syncKey;
    if (firstKey !== undefined && firstKey <= syncKey) this.#tell({ kind: 'sync' });
    this.#setTrouble('disk', undefined);
    this.#workKey = this.#unstored.lastKey ?? 0;
    this.#lookWhetherItWorks();
    this.#step();
  }

  #appended({ key, segment, sequence, nextSequence }: Told<'appended'>): void {
    this.#resumePoint.appended(segment, nextSequence);
    this.#unstored.place(key, segment);
    this.#options.events.placed?.(key, { segment, sequence });
  }

  #failed(error: RingestError): void {
    this.#error = error;
    if (this.#findings !== undefined) this.#setTrouble('disk', error);
  }

  #removed(segment: number): void {
    this.#forget(segment);
    for (const block of this.#unstored.takeSegment(segment)) this.#options.events.stored(block);
    this.#lookWhetherItWorks();
    this.#removals.removed(segment);
  }

  #forget(segment: number): void {
    this.#segments = this.#segments.filter(({ id }) => id !== segment);
  }

  #died(cause: Error, retryInMs: number | undefined): boolean {
    if (this.#isOver) return false;
    this.#isOpen = false;
    this.#isFull = false;
    for (const key of this.#unstored.takeBack(0)) this.#options.events.placed?.(key, undefined);
    // Unless it has said why it ends.
    const error = new CacheThreadError(this.#options.path, cause);
    this.#error ??= error;
    const isUseless = this.#findings === undefined || retryInMs === undefined;
    if (!isUseless) this.#options.events.died?.(cause, retryInMs);
    this.#deaths++;
    // One that dies is soon replaced; several in a row store nothing, as a disk that fails.
    if (!isUseless && this.#deaths > 1) this.#setTrouble('thread', error);
    this.#step();
    return !isUseless;
  }

  /** Whether nothing waits of what there was when the thread opened the cache. */
  #lookWhetherItWorks(): void {
    const { firstKey } = this.#unstored;
    if (firstKey === undefined || firstKey > this.#workKey) this.#works();
  }

  /** The thread does what it is there for. */
  #works(): void {
    if (this.#deaths === 0) return;
    this.#deaths = 0;
    this.#link.settle();
    this.#setTrouble('thread', undefined);
  }

  #setTrouble(what: 'disk' | 'thread', error: RingestError | undefined): void {
    const before = this.trouble;
    this.#troubles[what] = error;
    const { trouble } = this;
    if ((before === undefined) !== (trouble === undefined)) this.#options.events.trouble?.(trouble);
  }

  #step(): void {
    this.#steps.dispatchEvent(new Event('step'));
  }
}
