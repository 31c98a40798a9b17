import type { MessagePort } from 'node:worker_threads';
import { Backoff, WorkerLink, WorkerThread } from '@ringest/workers/thread';
import type { CacheTask, FromCache, Resume, ToCache } from '../messages.js';
import type { CacheLinkOptions } from './cache-events.js';
import type { FileLock } from './file-lock.js';
import { lockFolder } from './folder-lock.js';

const RUN_CACHE = { file: new URL('../worker/cache-task.js', import.meta.url), name: 'runCache' };
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

/** The events of a {@link CacheThread}. */
export interface CacheThreadEvents {
  /** Returns where the next task goes on; `undefined`: it is the first. */
  resume(): Resume | undefined;
  message(message: FromCache): void;
  /**
   * The thread died.
   * @param retryInMs milliseconds until the next one begins; `undefined`: none will
   * @returns whether another one is wanted
   */
  died(cause: Error, retryInMs: number | undefined): boolean;
}

/** The thread of a cache, and the lock of the folder that it keeps. A thread that dies is replaced. */
export class CacheThread {
  readonly #options: CacheLinkOptions;
  readonly #events: CacheThreadEvents;
  readonly #lock: FileLock;
  readonly #thread: WorkerThread<CacheTask>;
  readonly #link: WorkerLink<ToCache, readonly FromCache[]>;
  readonly #tags: string[];
  /** How many tags the current thread knows. */
  #knownTags = 0;
  #isOpen = false;
  #ended: Promise<void> | undefined;

  /**
   * Takes the lock. No thread runs before `start`.
   * @throws {CacheLockedError} another muxer uses the folder
   * @throws {CacheOpenError} the folder cannot be locked
   */
  constructor(options: CacheLinkOptions, events: CacheThreadEvents) {
    this.#options = options;
    this.#events = events;
    this.#tags = [...options.tags];
    this.#lock = lockFolder(options.path);
    // Errors outside the task are left out here: each of them ends the thread too.
    this.#thread = new WorkerThread(RUN_CACHE, 1, () => {});
    this.#link = new WorkerLink(new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS), {
      begin: (port) => this.#runTask(port),
      onMessage: (messages) => {
        for (const message of messages) events.message(message);
      },
      died: (error, retryInMs) => {
        this.#isOpen = false;
        return events.died(error, retryInMs);
      },
    });
  }

  /** Whether the thread has the cache open. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Runs the task in a thread, and in the next one when a thread dies. */
  start(): void {
    this.#link.start();
  }

  /** The thread has opened the cache: it gets messages from now on. */
  opened(): void {
    this.#isOpen = true;
    this.#sendTags();
  }

  /** Sends a message, if the thread has the cache open. If not, the message is dropped. */
  send(message: ToCache): void {
    if (this.#isOpen) this.#link.post(message);
  }

  /** Adds the names of new tags. The next thread gets them too. */
  addTags(names: readonly string[]): void {
    this.#tags.push(...names);
    this.#sendTags();
  }

  /** The thread does its work: the delay after the next death is the shortest again. */
  works(): void {
    this.#link.resetBackoff();
  }

  /** Asks the task to end, and waits for that. */
  endTask(): Promise<void> {
    return this.#link.close({ kind: 'close' });
  }

  /** Ends the thread and releases the lock. A second call returns the same promise. */
  end(): Promise<void> {
    this.#isOpen = false;
    this.#ended ??= this.#thread.close().finally(() => this.#lock.release());
    return this.#ended;
  }

  #sendTags(): void {
    if (!this.#isOpen || this.#knownTags === this.#tags.length) return;
    this.#link.post({ kind: 'tags', names: this.#tags.slice(this.#knownTags) });
    this.#knownTags = this.#tags.length;
  }

  async #runTask(port: MessagePort): Promise<void> {
    const { events: _, tags: __, ...settings } = this.#options;
    this.#knownTags = this.#tags.length;
    const resume = this.#events.resume();
    await this.#thread.run({ ...settings, port, tags: [...this.#tags], resume });
  }
}
