import type { CacheSegment } from '@ringest/cache';
import {
  type DetachedFrame,
  type FrameParts,
  retagFrame,
  SharedMemoryPool,
} from '@ringest/workers';
import type { CacheSettings } from '../configuration/cache-settings.js';
import { WaitTimeoutError } from '../errors.js';
import { OncePerTurn } from '../once-per-turn.js';
import type { FrameTap } from '../placing/placer.js';
import type { Rings } from '../placing/rings.js';
import type { WaitOptions } from '../wait.js';
import { Appender } from './appender.js';
import type { FrameBlock } from './block-builder.js';
import type { CacheHost } from './cache-host.js';
import type { CacheStats } from './cache-stats.js';
import { DropCounter } from './drop-counter.js';
import { GroupCommit } from './group-commit.js';
import { Journal } from './journal.js';
import { Leftovers } from './leftovers.js';
import { NeededSegments } from './needed-segments.js';
import { RefusedKeeper } from './refused-keeper.js';
import { Replay } from './replay.js';
import { SegmentRemover } from './segment-remover.js';
import { Spill } from './spill.js';
import { SpillDelay } from './spill-delay.js';
import { Store } from './store.js';
import { type TidyingParts, tidyUp } from './tidying.js';

/** Bytes that may be on their way to the disk before nothing more is taken. */
const MAX_UNSTORED = 32 * 1024 * 1024;

/**
 * The disk cache of a muxer. What finds no room goes to disk (`Spill`) and comes back when there
 * is some (`Replay`); a journal has copies of all that is in rings (`Journal`), and says when they
 * are stored (`GroupCommit`). `CacheContents` knows what is in the cache only; `SegmentRemover` removes
 * segments once all that was in them is confirmed. At the end, `Leftovers` has what was in rings, which
 * the next run reads first.
 */
export class DiskCache {
  readonly #settings: CacheSettings;
  readonly #rings: Rings;
  readonly #progress: OncePerTurn;
  readonly #host: CacheHost;
  readonly #pool = new SharedMemoryPool();
  readonly #store: Store;
  readonly #contents: NeededSegments;
  readonly #appender: Appender;
  readonly #spill: Spill;
  readonly #spillDelay: SpillDelay;
  readonly #leftovers: Leftovers;
  readonly #journal: Journal | undefined;
  readonly #handOn = new OncePerTurn(() => this.#groupCommit.endTurn());
  readonly #groupCommit: GroupCommit;
  readonly #remover: SegmentRemover;
  readonly #replay: Replay;
  readonly #drops: DropCounter;
  readonly #tidying: TidyingParts;

  /** @param progress goes on with everything that can go on, `proceed` among it */
  constructor(settings: CacheSettings, rings: Rings, progress: OncePerTurn, host: CacheHost) {
    this.#settings = settings;
    this.#rings = rings;
    this.#progress = progress;
    this.#host = host;
    this.#store = this.#createStore();
    this.#contents = new NeededSegments(rings.moves, host);
    const { pending, refusedCopies: copies } = this.#contents;
    this.#appender = new Appender(this.#store, pending);
    const { maxSegmentBytes, mode } = settings;
    const { refused, placer } = rings;
    const base = {
      store: this.#store,
      contents: this.#contents,
      appender: this.#appender,
      handOn: this.#handOn,
      pool: this.#pool,
      ...{ rings, progress, host },
    };
    this.#spill = new Spill(this.#pool, maxSegmentBytes, (block) => this.#appendSpilled(block));
    this.#spillDelay = new SpillDelay(mode, rings, progress);
    if (mode === 'journal') {
      this.#journal = new Journal({ ...base, isBehind: () => this.#isBehind() }, maxSegmentBytes);
      placer.copyTo(this.#journal);
    }
    const [spill, journal] = [this.#spill, this.#journal];
    this.#groupCommit = new GroupCommit({ ...base, placer, spill, journal });
    this.#leftovers = new Leftovers({ ...base, pending }, maxSegmentBytes);
    const keeper = new RefusedKeeper({ ...base, refused, copies }, maxSegmentBytes);
    this.#remover = new SegmentRemover({ ...base, refused: keeper });
    const [commit, leftovers, remover] = [this.#groupCommit, this.#leftovers, this.#remover];
    this.#replay = new Replay({ ...base, leftovers, remover });
    this.#tidying = { ...base, commit, refused: keeper, leftovers, replay: this.#replay, remover };
    this.#drops = new DropCounter(host);
  }

  /** @throws {CacheLockedError} @throws {CacheOpenError} */
  open(muxer: string, tags: readonly string[]): void {
    this.#store.open(muxer, tags);
    this.#remover.start();
  }

  /** Gets copies of what enters rings, if all of it is to be stored. */
  get journal(): FrameTap | undefined {
    return this.#journal;
  }

  /** Whether the disk takes what it keeps. */
  get isWorking(): boolean {
    return this.#store.isWorking;
  }

  /** Bytes in the cache, those on their way to the disk among them. */
  get size(): number {
    return this.#store.bytes + this.#unstoredBytes;
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
    } = this.#store;
    return {
      mode: this.#settings.mode,
      ...{ isOpen, bytes, entries, damagedEntries, leftAlone, isFull, trouble },
      unstoredBytes: this.#unstoredBytes,
      pendingEntries: this.#pendingEntries,
      replayedEntries: this.#replay.replayedEntries,
      recoveredEntries: this.#replay.recoveredEntries,
      droppedEntries: this.#drops.entries,
      droppedCopies: this.#drops.copies,
    };
  }

  /** See `GroupCommit.receipt`; `undefined`: nobody promises. */
  receipt(entries: number, options?: WaitOptions): Promise<void> | undefined {
    return this.#journal === undefined ? undefined : this.#groupCommit.receipt(entries, options);
  }

  /** As `receipt`, for a write that waits for room first. */
  receiptAfter(
    room: Promise<void> | undefined,
    entries: number,
    options?: WaitOptions,
  ): Promise<void> | undefined {
    if (this.#journal === undefined) return room;
    return this.#groupCommit.receiptAfter(room, entries, options);
  }

  /** Whether an entry that finds no room is taken. */
  get isAccepting(): boolean {
    const { isWorking, isFull } = this.#store;
    return isWorking && !isFull && !this.#isBehind() && this.#spillDelay.isOver;
  }

  /** Takes an entry that finds no room. @returns false when it has to wait for some */
  spill(parts: FrameParts): boolean {
    if (!this.isAccepting || !this.#spill.spill(parts)) return false;
    this.#handOn.schedule();
    return true;
  }

  /** Takes a frame that waits for room. @returns false when it has to wait on */
  spillFrame(waiting: DetachedFrame): boolean {
    if (!this.isAccepting) return false;
    this.#spill.add(waiting);
    this.#handOn.schedule();
    return true;
  }

  /**
   * Copies, at the end, a frame that waits for room. One that waits for the first time is newer than all
   * that is in the cache. Any other was accepted before it, and joins what was in rings.
   */
  keep(waiting: DetachedFrame): void {
    if (waiting.isCached) {
      this.#leftovers.add(waiting);
      return;
    }
    retagFrame(waiting.frame, waiting.tag);
    this.#spill.add(waiting);
    this.#handOn.schedule();
  }

  /**
   * Keeps, at the end, all that is in rings that no worker has, and what every indexer refuses. It is
   * older than what waits in the cache. Without a folder that can be used, it stays in the rings.
   */
  keepUnconfirmed(): void {
    if (this.#store.isUseless) return;
    for (const frame of this.#rings.takeUnconfirmed()) this.#leftovers.add(frame);
  }

  /** Entries wait for room, or none does any more. */
  setWaiting(isAnyWaiting: boolean): void {
    if (isAnyWaiting) this.#spillDelay.expect();
    else this.#spillDelay.relax();
  }

  /** There may be room for what is to be brought back. */
  proceed(): void {
    this.#replay.proceed();
  }

  /** The frame that is to be brought back and finds no room. */
  get blocked(): DetachedFrame | undefined {
    return this.#replay.blocked;
  }

  /** Whether new entries go to disk because older ones are there, and wait for room. */
  get prefersDisk(): boolean {
    return this.#replay.blocked !== undefined && this.isAccepting;
  }

  /** A mark on the newest entry that is in the cache only; `undefined`: there is none. */
  mark(): object | undefined {
    this.#spill.flush();
    return this.#contents.pending.mark();
  }

  addTag(name: string): void {
    this.#store.addTag(name);
  }

  /** A lane is hot, or lost. */
  lanesChanged(): void {
    this.#spillDelay.lanesChanged();
  }

  /** Nothing is brought back or removed any more; what is kept from now on is for the next run. */
  stop(): void {
    this.#store.endLimit();
    this.#remover.stop();
    this.#spillDelay.stop();
    this.#replay.stop();
    this.#groupCommit.now();
    this.#groupCommit.stop();
    this.#appender.seal();
  }

  /**
   * Brings everything to the disk, and removes what is not needed there.
   * @param timeout milliseconds to wait for the disk
   * @returns entries that are accepted and not confirmed, and how many of them are on the disk
   */
  async close(timeout: number): Promise<{ unconfirmed: number; cached: number }> {
    const signal = AbortSignal.timeout(timeout);
    const { pending } = this.#contents;
    await tidyUp(this.#tidying, this.#settings.path, signal);
    const report = await this.#store.close(signal);
    const unconfirmed = this.#pendingEntries;
    const isLate = report?.error !== undefined && signal.aborted;
    this.#groupCommit.settle(
      isLate ? new WaitTimeoutError('the end of the cache', timeout) : report?.error,
    );
    this.#drops.log();
    if (report === undefined) return { unconfirmed, cached: 0 };
    const unstored = pending.entriesOf([...report.unstored, ...this.#store.orphans]);
    return { unconfirmed, cached: unconfirmed - unstored };
  }

  #createStore(): Store {
    return new Store(this.#settings, this.#host, {
      found: (segments) => this.#found(segments),
      placed: (key, place) => this.#contents.placed(key, place),
      stored: ({ key, memory }) => {
        if (this.#contents.pending.stored(key)) this.#pool.free(Buffer.from(memory));
        this.#groupCommit.stored(this.#store.storedKey);
      },
      dropped: ({ segment, entries }) => {
        const lost = this.#contents.dropped(segment);
        this.#drops.add(lost, entries - lost);
      },
      changed: () => {
        this.#remover.look();
        this.#groupCommit.look();
        this.#progress.schedule();
      },
    });
  }

  /** Bytes on their way to the disk, those among them that are in no block yet. */
  get #unstoredBytes(): number {
    const gathered = this.#spill.bytes + this.#leftovers.bytes + (this.#journal?.bytes ?? 0);
    return this.#store.unstoredBytes + gathered;
  }

  /** Entries that are in the cache only. */
  get #pendingEntries(): number {
    return this.#contents.entries + this.#spill.entries + this.#leftovers.entries;
  }

  #isBehind(): boolean {
    return this.#store.isWorking && this.#unstoredBytes >= MAX_UNSTORED;
  }

  #appendSpilled(block: FrameBlock): void {
    this.#appender.appendPending('overflow', block);
    this.#contents.reportUse();
    this.#progress.schedule();
  }

  #found(segments: readonly CacheSegment[]): void {
    this.#contents.pending.found(segments);
    const entries = segments.reduce((sum, segment) => sum + segment.entries, 0);
    if (entries === 0) return;
    this.#host.info({ entries }, 'the cache has entries of an earlier run');
    this.#contents.reportUse();
  }
}
