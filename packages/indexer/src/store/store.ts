import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GRAVWELL_TAG, GRAVWELL_TAG_NAME } from '@ringest/codec';
import { type Logger, pino } from 'pino';
import { StoreOpenError, StoreWriteError } from '../errors.js';
import { BlockBuilder, FULL_BYTES } from './block-builder.js';
import { KeptSegments } from './kept-segments.js';
import { segmentNumbers } from './segment-files.js';
import { recoverSegment } from './segment-recovery.js';
import { SegmentWriter } from './segment-writer.js';
import { StoreInlet } from './store-inlet.js';
import { lockStore } from './store-lock.js';
import { checkStoreOptions, type StoreOptions, type StoreSettings } from './store-options.js';

const RETAIN_EVERY_MS = 60_000;

/** What a store has done since it was opened, and what it holds. */
export interface StoreStats {
  /** Entries that were written. */
  readonly entries: number;
  /** Bytes of the blocks that were written. */
  readonly bytes: number;
  readonly blocks: number;
  /** The segments that there are. */
  readonly segments: number;
  /** The bytes of the segments that there are. */
  readonly segmentBytes: number;
  /** Segments that were removed because of their age, or to make room. */
  readonly removedSegments: number;
  /** The entries in them. */
  readonly removedEntries: number;
  /** Bytes that were cut from the ends of segments when the store was opened: blocks without an end. */
  readonly tornBytes: number;
  /** Damaged parts in the segments that were there when the store was opened. They stay as they are. */
  readonly damaged: number;
}

/**
 * Keeps entries on disk. Give it to an `Indexer`, which confirms entries only once they are written.
 *
 * All connections share the block that is gathered. While one block is written, the next one is gathered:
 * the more comes in, the longer the blocks. It holds
 * two blocks of about 4 MiB; then reading pauses. What has arrived by then, at most one read or one
 * entry of each connection, is still taken.
 */
export class Store implements AsyncDisposable {
  /** The folder, as an absolute path. */
  readonly path: string;
  readonly #settings: StoreSettings;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #unlock: () => void;
  readonly #kept: KeptSegments;
  readonly #names = new Map<number, string>([[GRAVWELL_TAG, GRAVWELL_TAG_NAME]]);
  readonly #timer: NodeJS.Timeout | undefined;
  #gathering = new BlockBuilder();
  #spare = new BlockBuilder();
  #open: SegmentWriter | undefined;
  #nextNumber: number;
  /** Everything that was asked for is done. It is never rejected. */
  #tail: Promise<void> = Promise.resolve();
  /** The block that is gathered is written; `undefined`: nobody has asked for that. */
  #next: Promise<void> | undefined;
  /** The block that is being written is written; `undefined`: none is. */
  #underway: Promise<void> | undefined;
  /** Why a block was not written the last time that one was not. */
  #failure: StoreWriteError | undefined;
  #entries = 0;
  #bytes = 0;
  #blocks = 0;
  readonly #tornBytes: number;
  readonly #damaged: number;
  #closed: Promise<void> | undefined;

  private constructor(path: string, options: StoreOptions, opened: OpenedFolder) {
    const { settings, kept, unlock, nextNumber, tornBytes, damaged } = opened;
    this.path = path;
    this.#settings = settings;
    this.#now = options.now ?? Date.now;
    this.#log = options.logger ?? pino({ level: 'silent' });
    this.#unlock = unlock;
    this.#kept = kept;
    this.#nextNumber = nextNumber;
    this.#tornBytes = tornBytes;
    this.#damaged = damaged;
    if (settings.maxAge === Number.POSITIVE_INFINITY) return;
    this.#timer = setInterval(() => void this.retain(), RETAIN_EVERY_MS).unref();
  }

  /**
   * Opens the folder: it cuts what is torn at the end of a segment of an earlier run, which an indexer
   * leaves that was killed, and makes indexes that are missing or damaged from their segments.
   *
   * @throws {InvalidOptionError} if an option is out of bounds.
   * @throws {StoreLockedError} if another store has the folder.
   * @throws {StoreOpenError} if the folder cannot be used.
   */
  static async open(options: StoreOptions): Promise<Store> {
    const settings = checkStoreOptions(options);
    const path = resolve(options.path);
    const store = new Store(path, options, await openFolder(path, settings));
    if (store.#tornBytes + store.#damaged > 0) {
      const { tornBytes, damaged } = store.stats();
      store.#log.warn({ path, tornBytes, damaged }, 'the store was not closed, or is damaged');
    }
    await store.retain();
    return store;
  }

  /** Gives a tag number its name. A number must have one before an entry has the number. */
  nameTag(number: number, name: string): void {
    this.#names.set(number, name);
  }

  /** Returns the way into the store for one connection. */
  inlet(): StoreInlet {
    return new StoreInlet({
      add: (entry) => this.#gathering.add(entry),
      endRun: () => this.#endRun(),
      written: () => this.#written(),
      failure: () => this.#failure,
    });
  }

  /** What it has done, and what it holds. */
  stats(): StoreStats {
    const { count, bytes, removedSegments, removedEntries } = this.#kept;
    return {
      ...{ entries: this.#entries, bytes: this.#bytes, blocks: this.#blocks },
      segments: count + (this.#open === undefined ? 0 : 1),
      segmentBytes: bytes + (this.#open?.bytes ?? 0),
      ...{ removedSegments, removedEntries },
      ...{ tornBytes: this.#tornBytes, damaged: this.#damaged },
    };
  }

  /**
   * Removes segments that are too old or too many. A store does it by itself after each block, and once a
   * minute. An error is logged.
   */
  retain(): Promise<void> {
    this.#tail = this.#tail.then(() => this.#tidy());
    return this.#tail;
  }

  /**
   * Writes what was added, and gives the folder back. Further calls return the same promise.
   *
   * @throws {StoreWriteError} if the last entries could not be written.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    try {
      await this.#written();
    } finally {
      await this.#tail;
      await this.#seal();
      this.#unlock();
    }
  }

  #endRun(): Promise<void> | undefined {
    this.#gathering.endRun();
    if (this.#gathering.length < FULL_BYTES) return undefined;
    void this.#writeNext();
    return this.#underway?.catch(() => {});
  }

  #written(): Promise<void> | undefined {
    this.#gathering.endRun();
    return this.#gathering.entries === 0 ? this.#underway : this.#writeNext();
  }

  /** The block that is gathered is written after the one before it. */
  #writeNext(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    const written = this.#tail.then(() => {
      this.#next = undefined;
      this.#underway = written;
      return this.#write();
    });
    // What is done after it makes no confirmation wait.
    this.#tail = written.then(
      () => this.#tidy(),
      (err) => this.#log.error({ err }, 'entries were not stored'),
    );
    this.#next = written;
    return written;
  }

  async #write(): Promise<void> {
    const block = this.#gathering;
    this.#gathering = this.#spare;
    const { entries, frames } = block;
    try {
      this.#open ??= await this.#begin();
      const tags = new Map(block.tags.map((tag) => [tag, this.#names.get(tag) ?? `${tag}`]));
      await this.#open.append(block, tags, this.#now());
    } catch (cause) {
      if (this.#open?.isBroken) await this.#seal();
      this.#failure = new StoreWriteError(this.path, entries, cause);
      throw this.#failure;
    } finally {
      this.#underway = undefined;
      block.clear();
      this.#spare = block;
    }
    this.#entries += entries;
    this.#bytes += frames.length;
    this.#blocks++;
  }

  #begin(): Promise<SegmentWriter> {
    const { sync } = this.#settings;
    const number = this.#nextNumber++;
    return SegmentWriter.begin({ folder: this.path, number, sync }, this.#now());
  }

  async #tidy(): Promise<void> {
    const { segmentBytes, segmentAge } = this.#settings;
    const now = this.#now();
    const open = this.#open;
    try {
      const isOver = open && (open.bytes >= segmentBytes || now - open.created >= segmentAge);
      if (isOver) await this.#seal();
      await this.#kept.retain(this.#open?.bytes ?? 0, now);
    } catch (err) {
      this.#log.error({ err }, 'old segments cannot be removed');
    }
  }

  async #seal(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#kept.add(open.number, await open.seal());
  }
}

/** A folder whose lock is taken, and whose segments are whole. */
interface OpenedFolder {
  readonly settings: StoreSettings;
  readonly kept: KeptSegments;
  readonly unlock: () => void;
  /** The number of the next segment. */
  readonly nextNumber: number;
  readonly tornBytes: number;
  readonly damaged: number;
}

async function openFolder(path: string, settings: StoreSettings): Promise<OpenedFolder> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StoreOpenError(path, cause);
  }
  const unlock = lockStore(path);
  try {
    const kept = new KeptSegments(path, settings);
    let [nextNumber, tornBytes, damaged] = [1, 0, 0];
    for (const number of await segmentNumbers(path)) {
      nextNumber = number + 1;
      const found = await recoverSegment(path, number);
      if (found === undefined) continue;
      tornBytes += found.tornBytes;
      damaged += found.index?.damage.length ?? 1;
      if (found.index !== undefined) kept.add(number, found.index);
    }
    return { settings, kept, unlock, nextNumber, tornBytes, damaged };
  } catch (cause) {
    unlock();
    throw new StoreOpenError(path, cause);
  }
}
