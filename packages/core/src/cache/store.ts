import {
  type CacheBlock,
  type CachedBlock,
  CacheLink,
  type CachePlace,
  type CacheReport,
  type CacheSegment,
  type DroppedSegment,
} from '@ringest/cache';
import type { CacheSettings } from '../configuration/cache-settings.js';
import type { FrameBlock } from './block-builder.js';
import type { CacheHost } from './cache-host.js';

/** What a store tells. */
export interface StoreEvents {
  /** Earlier runs left these. */
  found(segments: readonly CacheSegment[]): void;
  placed(key: number, place: CachePlace | undefined): void;
  /** A block is on the disk: its memory is free. All before it are, too. */
  stored(block: CacheBlock): void;
  dropped(segment: DroppedSegment): void;
  /** Segments, trouble or room have changed. */
  changed(): void;
}

/** The cache's files, as far as the muxer has to do with them: blocks go in, segments come out. */
export class Store {
  readonly #settings: CacheSettings;
  readonly #host: CacheHost;
  readonly #events: StoreEvents;
  #link: CacheLink | undefined;
  /** Why there is none, if it could not be opened. */
  #failure: Error | undefined;
  #isOpen = false;
  #lastKey = 0;
  #storedKey = 0;
  /** Keys of the blocks that the link has and that are not stored; they rise. */
  readonly #unstored = new Set<number>();
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
   * Locks the folder, and begins to open it; blocks are taken at once.
   * @param muxer its id
   * @param tags names by muxer tag
   * @throws {CacheLockedError} @throws {CacheOpenError}
   */
  open(muxer: string, tags: readonly string[]): void {
    const { path, maxBytes, maxSegmentBytes, whenFull, sync } = this.#settings;
    const files = { path, maxBytes, maxSegmentBytes, whenFull, sync };
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

  /** Whether the folder is read. */
  get isRead(): boolean {
    return this.#isOpen;
  }

  /** Whether the disk takes blocks, at once or soon. */
  get isWorking(): boolean {
    return this.#link !== undefined && this.trouble === undefined;
  }

  /** Why it does not. */
  get trouble(): Error | undefined {
    return this.#failure ?? this.#link?.trouble;
  }

  /** Whether there is none. */
  get isUseless(): boolean {
    return this.#link === undefined || this.#failure !== undefined;
  }

  /** Whether blocks wait because the cache has reached `maxBytes`. */
  get isFull(): boolean {
    return this.#link?.isFull ?? false;
  }

  /** Oldest first. */
  get segments(): readonly CacheSegment[] {
    // Before, nobody knows which of them are of earlier runs.
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

  /** Bytes of blocks that are not stored, and may be. */
  get unstoredBytes(): number {
    const isOver = this.#isClosed || this.#failure !== undefined;
    return isOver ? 0 : (this.#link?.unstoredBytes ?? 0);
  }

  /** Segments that are of a newer format, or could not be read at the start. */
  get leftAlone(): number {
    return this.#leftAlone;
  }

  /** Blocks that are not stored. */
  get blocksUnderWay(): number {
    return this.#unstored.size;
  }

  /** Blocks that were appended when there was no disk for them. */
  get orphans(): readonly { readonly key: number }[] {
    return this.#orphans;
  }

  /** The key of the last block that was appended; they count up. */
  get lastKey(): number {
    return this.#lastKey;
  }

  /** The key of the last block that is stored with all before it. */
  get storedKey(): number {
    return this.#storedKey;
  }

  /** Entries in what was found damaged, as far as anything tells. */
  get damagedEntries(): number {
    return this.#damagedEntries;
  }

  /** @returns its key, also when there is no disk for it: then nothing more is heard of it */
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

  /** A new tag, before a block that has it. */
  addTag(name: string): void {
    this.#link?.addTags([name]);
  }

  /** What is appended later goes to another segment. */
  seal(): void {
    this.#link?.seal();
  }

  /** Whether `maxBytes` counts. After `endLimit` it never does. */
  limit(isLimited: boolean): void {
    if (!this.#isLimitOver) this.#link?.limit(isLimited);
  }

  /** `maxBytes` counts no more: what is left at the end is stored in any case. */
  endLimit(): void {
    this.limit(false);
    this.#isLimitOver = true;
  }

  /** What was appended is stored at once, and not when its time comes. */
  sync(): void {
    this.#link?.sync();
  }

  /** See `CacheLink.read`. */
  read(segment: number, from: number): AsyncGenerator<CachedBlock, void> {
    return (this.#link as CacheLink).read(segment, from);
  }

  /** Removes a segment that is sealed. */
  async remove(segment: number): Promise<void> {
    await this.#link?.remove(segment);
  }

  /** Resolves once a condition is met; it is looked at whenever something has changed. */
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

  /** @param signal gives up waiting for a disk that does not answer */
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
        // Blocks of a segment that is removed are told out of turn.
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
