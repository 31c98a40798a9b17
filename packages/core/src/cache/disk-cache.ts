import { type DetachedFrame, type FrameParts, retagFrame } from '@ringest/workers';
import type { CacheSettings } from '../configuration/cache-settings.js';
import { WaitTimeoutError } from '../errors.js';
import type { OncePerTurn } from '../once-per-turn.js';
import type { FrameTap } from '../placing/placer.js';
import type { Rings } from '../placing/rings.js';
import type { WaitOptions } from '../wait.js';
import type { CacheHost } from './cache-host.js';
import { CacheParts } from './cache-parts.js';
import type { CacheStats } from './cache-stats.js';
import { tidyUp } from './tidying.js';

/**
 * The disk cache of a muxer.
 *
 * - Entries that find no room go to disk (`Spill`), and return when there is room (`Replay`).
 * - A journal stores copies of all entries that enter rings (`Journal`). A write resolves when its copies are
 *   stored (`GroupCommit`).
 * - A segment is removed when all of its entries are confirmed (`SegmentRemover`). `NeededSegments` knows
 *   which segments have others.
 * - When the muxer closes, the unconfirmed entries of the rings are stored too (`Leftovers`). The next run
 *   reads them first.
 */
export class DiskCache {
  readonly #settings: CacheSettings;
  readonly #rings: Rings;
  readonly #parts: CacheParts;

  /** @param progress runs `Dispatcher.progress`, which calls `proceed` */
  constructor(settings: CacheSettings, rings: Rings, progress: OncePerTurn, host: CacheHost) {
    this.#settings = settings;
    this.#rings = rings;
    this.#parts = new CacheParts(settings, rings, progress, host);
  }

  /**
   * Locks the folder, and begins to read it. Entries are accepted at once.
   * @param muxer the id of the muxer
   * @param tags names by muxer tag
   * @throws {CacheLockedError} another muxer uses the folder
   * @throws {CacheOpenError} the folder cannot be used
   */
  open(muxer: string, tags: readonly string[]): void {
    this.#parts.store.open(muxer, tags);
    this.#parts.remover.start();
  }

  /** Copies frames that enter rings; `undefined`: the mode is not `journal`. */
  get journal(): FrameTap | undefined {
    return this.#parts.journal;
  }

  /** Whether the cache is open or being opened, and the disk works. */
  get isWorking(): boolean {
    return this.#parts.store.isWorking;
  }

  /** The size of the cache in bytes, including entries on their way to the disk. */
  get size(): number {
    return this.#parts.store.bytes + this.#parts.unstoredBytes;
  }

  stats(): CacheStats {
    const {
      isRead: isOpen,
      bytes,
      entries,
      damagedEntries,
      leftAlone,
      isFull,
      trouble,
    } = this.#parts.store;
    return {
      mode: this.#settings.mode,
      ...{ isOpen, bytes, entries, damagedEntries, leftAlone, isFull, trouble },
      unstoredBytes: this.#parts.unstoredBytes,
      pendingEntries: this.#parts.pendingEntries,
      replayedEntries: this.#parts.replay.replayedEntries,
      recoveredEntries: this.#parts.replay.recoveredEntries,
      droppedEntries: this.#parts.drops.entries,
      droppedCopies: this.#parts.drops.copies,
    };
  }

  /** See `WriteReceipts.receipt`; `undefined`: the mode is not `journal`, and writes get no receipts. */
  receipt(entries: number, options?: WaitOptions): Promise<void> | undefined {
    return this.#parts.journal === undefined
      ? undefined
      : this.#parts.commit.writes.receipt(entries, options);
  }

  /** See `WriteReceipts.receiptAfter`. Without a journal it returns `room`. */
  receiptAfter(
    room: Promise<void> | undefined,
    entries: number,
    options?: WaitOptions,
  ): Promise<void> | undefined {
    if (this.#parts.journal === undefined) return room;
    return this.#parts.commit.writes.receiptAfter(room, entries, options);
  }

  /** Whether the cache accepts an entry that finds no room in a ring. */
  get isAccepting(): boolean {
    const { isWorking, isFull } = this.#parts.store;
    return isWorking && !isFull && !this.#parts.isBehind && this.#parts.spillDelay.isOver;
  }

  /**
   * Accepts an entry that finds no room in a ring.
   * @returns `false`: the entry has to wait for room
   */
  spill(parts: FrameParts): boolean {
    if (!this.isAccepting || !this.#parts.spill.spill(parts)) return false;
    this.#parts.handOn.schedule();
    return true;
  }

  /**
   * Accepts a copy of a frame that waits for room.
   * @returns `false`: the frame still has to wait
   */
  spillFrame(waiting: DetachedFrame): boolean {
    if (!this.isAccepting) return false;
    this.#parts.spill.add(waiting);
    this.#parts.handOn.schedule();
    return true;
  }

  /**
   * Stores a frame that waits for room when the muxer closes. A frame that was never in a ring is newer than
   * everything in the cache. Any other frame is older, and joins the leftovers.
   */
  keep(waiting: DetachedFrame): void {
    if (waiting.isCached) {
      this.#parts.leftovers.add(waiting);
      return;
    }
    retagFrame(waiting.frame, waiting.tag);
    this.#parts.spill.add(waiting);
    this.#parts.handOn.schedule();
  }

  /**
   * Adds everything that is unconfirmed in rings, and all refused frames, to the leftovers. Call it when the
   * muxer closes and no worker has a ring. If the cache cannot be used, the frames stay in the rings.
   */
  keepUnconfirmed(): void {
    if (this.#parts.store.isUseless) return;
    for (const frame of this.#rings.takeUnconfirmed()) this.#parts.leftovers.add(frame);
  }

  /** Sets whether entries wait for room. */
  setWaiting(isAnyWaiting: boolean): void {
    if (isAnyWaiting) this.#parts.spillDelay.expect();
    else this.#parts.spillDelay.relax();
  }

  /** Replays what finds room now. */
  proceed(): void {
    this.#parts.replay.proceed();
  }

  /** The frame of the replay that waits for room; `undefined`: none does. */
  get blocked(): DetachedFrame | undefined {
    return this.#parts.replay.blocked;
  }

  /** Whether new entries go to disk, because older entries are there and wait for room. */
  get prefersDisk(): boolean {
    return this.#parts.replay.blocked !== undefined && this.isAccepting;
  }

  /** Puts a mark on the newest entry that is only in the cache; `undefined`: there is none. */
  mark(): object | undefined {
    this.#parts.spill.flush();
    return this.#parts.contents.pending.mark();
  }

  addTag(name: string): void {
    this.#parts.store.addTag(name);
  }

  /** A lane became hot, or was lost. */
  lanesChanged(): void {
    this.#parts.spillDelay.lanesChanged();
  }

  /** Ends replay, removal and the limit of bytes. What is stored from now on is for the next run. */
  stop(): void {
    this.#parts.store.endLimit();
    this.#parts.remover.stop();
    this.#parts.spillDelay.stop();
    this.#parts.replay.stop();
    this.#parts.commit.now();
    this.#parts.commit.stop();
    this.#parts.appender.seal();
  }

  /**
   * Stores everything that is not confirmed, and removes the segments that are not needed.
   * @param timeout the longest wait for the disk, in milliseconds
   * @returns how many accepted entries are not confirmed, and how many of them are on disk
   */
  async close(timeout: number): Promise<{ unconfirmed: number; cached: number }> {
    const signal = AbortSignal.timeout(timeout);
    const { pending } = this.#parts.contents;
    await tidyUp(this.#parts, this.#settings.path, signal);
    const report = await this.#parts.store.close(signal);
    const unconfirmed = this.#parts.pendingEntries;
    const isLate = report?.error !== undefined && signal.aborted;
    this.#parts.commit.settle(
      isLate ? new WaitTimeoutError('the end of the cache', timeout) : report?.error,
    );
    this.#parts.drops.log();
    if (report === undefined) return { unconfirmed, cached: 0 };
    const unstored = pending.entriesOf([...report.unstored, ...this.#parts.store.orphans]);
    return { unconfirmed, cached: unconfirmed - unstored };
  }
}
