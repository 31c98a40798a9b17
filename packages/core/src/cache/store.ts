import { createRequire } from 'node:module';
import type {
  CacheBlock,
  CachedBlock,
  CacheLink,
  CachePlace,
  CacheReport,
  CacheSegment,
  DroppedSegment,
} from '@ringest/cache';
import type { CacheSettings } from '../configuration/cache-settings.js';
import type { FrameBlock } from './block-builder.js';
import type { CacheHost } from './cache-host.js';

const require = createRequire(import.meta.url);

/** The events of a {@link Store}. */
export interface StoreEvents {
  /** The folder was read: it has these segments of earlier runs. */
  found(segments: readonly CacheSegment[]): void;
  /** A block is in a segment now; `undefined`: in none any more. */
  placed(key: number, place: CachePlace | undefined): void;
  /** A block is stored: its memory can be freed. */
  stored(block: CacheBlock): void;
  /** A segment was dropped to make room. */
  dropped(segment: DroppedSegment): void;
  /** The segments, the state of the disk, or whether there is room have changed. */
  changed(): void;
}

/** The files of the cache, as the muxer sees them: it appends blocks, and reads and removes segments. */
export class Store {
  readonly #settings: CacheSettings;
  readonly #host: CacheHost;
  readonly #events: StoreEvents;
  #link: CacheLink | undefined;
  /** Why the cache cannot be used; `undefined`: it can. */
  #failure: Error | undefined;
  #isOpen = false;
  #lastKey = 0;
  #storedKey = 0;
  /** Keys of the blocks that are on their way to the disk; they rise. */
  readonly #unstored = new Set<number>();
  /** Blocks that were appended after the cache could not be used any more. */
  readonly #orphans: { readonly key: number }[] = [];
  #damagedEntries = 0;
  #leftAlone = 0;
  #isLimitOver = false;
  #isClosing = false;
  #isClosed = false;
  readonly #waiting = new Set<() => void>();

  constructor(settings: CacheSettings, host: CacheHost, events: StoreEvents) {
    this.#settings = settings;
    this.#host = host;
    this.#events = events;
  }

  /**
   * Locks the folder, and begins to read it. Blocks can be appended at once.
   * @param muxer the id of the muxer
   * @param tags names by muxer tag
   * @throws {CacheLockedError} @throws {CacheOpenError}
   */
  open(muxer: string, tags: readonly string[]): void {
    const { path, maxBytes, maxSegmentBytes, whenFull, sync } = this.#settings;
    const files = { path, maxBytes, maxSegmentBytes, whenFull, sync };
    // Not imported: a muxer without a cache loads none of it.
    const { CacheLink } = require('@ringest/cache') as typeof import('@ringest/cache');
    const link = new CacheLink({ ...files, muxer, tags, events: this.#linkEvents() });
    this.#link = link;
    link.opened.then(
      ({ torn, tornBytes, damaged, damagedEntries, leftAlone }) => {
        this.#damagedEntries += damagedEntries;
        const found = { path, torn, tornBytes, damaged, damagedEntries };
        if (torn + damaged > 0) {
          this.#host.warn(found, 'the cache was not closed cleanly');
        }
        for (const segment of leftAlone) {
          this.#host.warn({ path, ...segment }, 'a segment of the cache is left alone');
        }
        this.#leftAlone = leftAlone.length;
      },
      (error: Error) => {
        this.#failure = error;
        if (!this.#isClosing) this.#host.failed(error, 'the cache cannot be used');
        this.#changed();
      },
    );
  }

  /** Whether the folder was read. Before that, segments of earlier runs are not known. */
  get isRead(): boolean {
    return this.#isOpen;
  }

  /** Whether the cache is open or being opened, and the disk works. */
  get isWorking(): boolean {
    return this.#link !== undefined && this.trouble === undefined;
  }

  /** Why the disk stores nothing for now, or why the cache cannot be used; `undefined`: it works. */
  get trouble(): Error | undefined {
    return this.#failure ?? this.#link?.trouble;
  }

  /** Whether the cache is not opened, or cannot be used. */
  get isUseless(): boolean {
    return this.#link === undefined || this.#failure !== undefined;
  }

  /** Whether blocks wait because the cache has reached `maxBytes`. */
  get isFull(): boolean {
    return this.#link?.isFull ?? false;
  }

  /** All segments, oldest first; none before the folder was read. */
  get segments(): readonly CacheSegment[] {
    return this.#isOpen && this.#link !== undefined ? this.#link.segments : [];
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#link?.bytes ?? 0;
  }

  /** Entries in all segments. */
  get entries(): number {
    return this.#link?.entries ?? 0;
  }

  /** How many bytes of blocks are on their way to the disk. */
  get unstoredBytes(): number {
    const isOver = this.#isClosed || this.#failure !== undefined;
    return isOver ? 0 : (this.#link?.unstoredBytes ?? 0);
  }

  /** How many segments have a newer format, or could not be read at the start. */
  get leftAlone(): number {
    return this.#leftAlone;
  }

  /** How many blocks are on their way to the disk. */
  get blocksUnderWay(): number {
    return this.#unstored.size;
  }

  /** Blocks that were appended after the cache could not be used any more. They are not stored. */
  get orphans(): readonly { readonly key: number }[] {
    return this.#orphans;
  }

  /** The key of the last block that was appended. Keys count up. */
  get lastKey(): number {
    return this.#lastKey;
  }

  /** The key of the last block that is stored together with all blocks before it. */
  get storedKey(): number {
    return this.#storedKey;
  }

  /** How many entries are damaged, as far as that is known. */
  get damagedEntries(): number {
    return this.#damagedEntries;
  }

  /**
   * Appends a block. If the cache cannot be used, the block is added to the orphans.
   * @returns the key of the block
   */
  append(block: FrameBlock): number {
    if (this.#link === undefined || this.#failure !== undefined || this.#isClosing) {
      this.#lastKey++;
      this.#orphans.push({ key: this.#lastKey });
      return this.#lastKey;
    }
    this.#lastKey = this.#link.append(block);
    this.#unstored.add(this.#lastKey);
    return this.#lastKey;
  }

  /** Adds the name of a new tag. Call it before a block has the tag. */
  addTag(name: string): void {
    this.#link?.addTags([name]);
  }

  /** Ends the active segment: the next block begins another one. */
  seal(): void {
    this.#link?.seal();
  }

  /** Sets whether `maxBytes` counts. After `endLimit` it never does. */
  limit(isLimited: boolean): void {
    if (!this.#isLimitOver) this.#link?.limit(isLimited);
  }

  /** Ends the limit `maxBytes` for good: what is left when the muxer closes is always stored. */
  endLimit(): void {
    this.limit(false);
    this.#isLimitOver = true;
  }

  /** Syncs now, before the policy `sync` would. */
  sync(): void {
    this.#link?.sync();
  }

  /** Reads the blocks of a segment, see `CacheLink.read`. Call it only when the folder was read. */
  read(segment: number, from: number): AsyncGenerator<CachedBlock, void> {
    return (this.#link as CacheLink).read(segment, from);
  }

  /** Removes a sealed segment. */
  async remove(segment: number): Promise<void> {
    await this.#link?.remove(segment);
  }

  /**
   * Resolves when a condition is met, which is checked with every event. Rejects with the reason of the
   * signal.
   */
  until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(look);
        signal?.removeEventListener('abort', abort);
      };
      const look = () => {
        if (!condition()) return;
        end();
        resolve();
      };
      const abort = () => {
        end();
        reject(signal?.reason);
      };
      this.#waiting.add(look);
      signal?.addEventListener('abort', abort);
      look();
      if (signal?.aborted) abort();
    });
  }

  /**
   * Stores what was appended, and closes the cache.
   * @param signal ends the wait for a disk that does not answer
   * @returns `undefined`: the cache was never opened
   */
  async close(signal: AbortSignal): Promise<CacheReport | undefined> {
    this.#isClosing = true;
    const report = await this.#link?.close(signal);
    this.#isClosed = true;
    return report;
  }

  #linkEvents(): ConstructorParameters<typeof CacheLink>[0]['events'] {
    const { path } = this.#settings;
    const events = this.#events;
    return {
      found: (segments) => {
        this.#isOpen = true;
        events.found(segments);
        this.#changed();
      },
      placed: (key, place) => events.placed(key, place),
      stored: (block) => {
        this.#unstored.delete(block.key);
        // The blocks of a removed segment are reported as stored before older blocks.
        const [oldest = this.#lastKey + 1] = this.#unstored;
        this.#storedKey = oldest - 1;
        events.stored(block);
        this.#changed();
      },
      segments: () => this.#changed(),
      full: (isFull) => {
        if (isFull) this.#host.warn({ path }, 'the cache is full');
        else this.#host.info({ path }, 'the cache has room again');
        this.#changed();
      },
      dropped: (dropped) => {
        events.dropped(dropped);
        this.#changed();
      },
      damaged: ({ segment, entries }) => {
        this.#damagedEntries += entries ?? 0;
        this.#host.warn({ path, segment, entries }, 'damage in the cache went to its quarantine');
      },
      trouble: (err) => {
        if (err === undefined) this.#host.info({ path }, 'the cache works again');
        else
          this.#host.warn(
            { err },
            'the disk of the cache stores nothing for now; it is tried again',
          );
        this.#host.trouble(err);
        this.#changed();
      },
      died: (err, retryInMs) =>
        this.#host.warn(
          { err, retryInMs },
          'the thread of the cache died; the next one starts after the delay',
        ),
    };
  }

  #changed(): void {
    for (const look of this.#waiting) look();
    this.#events.changed();
  }
}
