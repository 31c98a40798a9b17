import type { CacheSegment, DroppedSegment } from '@ringest/cache';
import {
  type DetachedFrame,
  type FrameParts,
  retagFrame,
  SharedMemoryPool,
} from '@ringest/workers';
import type { CacheSettings } from '../configuration/cache-settings.js';
import { WaitTimeoutError } from '../errors.js';
import type { OncePerTurn } from '../once-per-turn.js';
import type { WaitOptions } from '../pending.js';
import type { FrameTap } from '../placing/placer.js';
import type { Rings } from '../placing/rings.js';
import { BlockBuilder, type FrameBlock } from './block-builder.js';
import type { CacheHost } from './cache-host.js';
import type { CacheStats } from './cache-stats.js';
import { DropCounter } from './drop-counter.js';
import { EntriesLostError } from './errors.js';
import { GroupCommit } from './group-commit.js';
import { Journal } from './journal.js';
import { Leftovers } from './leftovers.js';
import { PendingEntries } from './pending-entries.js';
import { RefusedCopies } from './refused-copies.js';
import { Replay } from './replay.js';
import { SegmentRemover } from './segment-remover.js';
import { Spill } from './spill.js';
import { Store } from './store.js';
import { tidyUp } from './tidying.js';
import { Unsendable } from './unsendable.js';

/** Bytes that may be on their way to the disk before nothing more is taken. */
const MOST_UNSTORED = 32 * 1024 * 1024;
/** How often a segment is ended of which nothing is outstanding: so much is sent again after a crash. */
const ROLL_MS = 1000;

/**
 * `copies` are of what is in rings too, `refused` of what every indexer refuses; `overflow` is nowhere
 * else, and `leftovers` neither, when the muxer closes.
 */
type SegmentUse = 'copies' | 'refused' | 'overflow' | 'leftovers';

/**
 * The disk cache of a muxer. What finds no room goes to disk (`Spill`) and comes back when there
 * is some (`Replay`); a journal has copies of all that is in rings (`Journal`), and says when they
 * are stored (`GroupCommit`). `PendingEntries` knows what is in the cache only; `SegmentRemover` removes segments
 * once all that was in them is confirmed. At the end, `Leftovers` has what was in rings, which the next
 * run reads first.
 */
export class DiskCache {
  readonly #settings: CacheSettings;
  readonly #rings: Rings;
  readonly #progress: OncePerTurn;
  readonly #host: CacheHost;
  readonly #pool = new SharedMemoryPool();
  readonly #store: Store;
  readonly #outstanding: PendingEntries;
  readonly #overflow: Spill;
  readonly #journal: Journal | undefined;
  readonly #commit: GroupCommit;
  readonly #drops: DropCounter;
  readonly #replay: Replay;
  readonly #sweeper: SegmentRemover;
  readonly #leftovers: Leftovers;
  readonly #refusedCopies = new RefusedCopies();
  readonly #unsendable = new Unsendable();
  #wasAnyHot = false;
  #wasUsed = false;
  #lastUse: SegmentUse | undefined;
  #rollTimer: NodeJS.Timeout | undefined;

  /** @param progress goes on with everything that can go on, `proceed` among it */
  constructor(settings: CacheSettings, rings: Rings, progress: OncePerTurn, host: CacheHost) {
    this.#settings = settings;
    this.#rings = rings;
    this.#progress = progress;
    this.#host = host;
    this.#drops = new DropCounter(host);
    this.#store = new Store(settings, host, {
      found: (segments) => this.#found(segments),
      placed: (key, place) => {
        this.#outstanding.placed(key, place);
        this.#refusedCopies.placed(key, place);
      },
      stored: ({ key, memory }) => this.#stored(key, memory),
      dropped: (segment) => this.#dropped(segment),
      changed: () => this.#storeChanged(),
    });
    this.#outstanding = new PendingEntries((mark) => rings.moves.end(mark));
    this.#leftovers = new Leftovers(this.#pool, settings.maxSegmentBytes);
    this.#overflow = new Spill(settings, this.#pool, {
      isOpen: () => this.#store.isWorking && !this.#store.isFull && !this.#isBehind(),
      isAnyHot: () => rings.isAnyHot,
      taken: () => this.#commit.soon(),
      append: (block) => this.#appendOverflow(block),
      progress: () => progress.now(),
    });
    if (settings.mode === 'journal') {
      this.#journal = this.#createJournal();
      rings.placer.copyTo(this.#journal);
    }
    this.#commit = new GroupCommit(this.#store, {
      handOn: () => this.#handOn(),
      barrier: () => host.barrier(),
    });
    this.#replay = this.#createReplay();
    this.#sweeper = new SegmentRemover({
      segments: () => this.#store.segments,
      isNeeded: (id) => this.#isNeeded(id),
      confirmed: () => rings.confirmed(),
      keepRefused: () => this.#keepRefused(),
      remove: (id) => this.#remove(id),
      failed: (err) => host.warn({ err }, 'segments of the cache are removed later'),
    });
  }

  /** @throws {CacheLockedError} @throws {CacheOpenError} */
  open(muxer: string, tags: readonly string[]): void {
    this.#store.open(muxer, tags);
    this.#rollTimer = setInterval(() => this.#roll(), ROLL_MS).unref();
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
    const { isOpen, bytes, entries, damagedEntries, leftAlone, isFull, trouble } = this.#store;
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
    return this.#journal === undefined ? undefined : this.#commit.receipt(entries, options);
  }

  /** The same for a write that waits for room first. */
  receiptAfter(
    room: Promise<void> | undefined,
    entries: number,
    options?: WaitOptions,
  ): Promise<void> | undefined {
    if (this.#journal === undefined) return room;
    return this.#commit.receiptAfter(room, entries, options);
  }

  /** Whether an entry that finds no room is taken. */
  get isAccepting(): boolean {
    return this.#overflow.isAccepting;
  }

  /** Takes an entry that finds no room. @returns false when it has to wait for some */
  spill(parts: FrameParts): boolean {
    return this.#overflow.spill(parts);
  }

  /** The same for a frame that waits. */
  spillFrame(frame: DetachedFrame): boolean {
    return this.#overflow.spillFrame(frame);
  }

  /** Takes a frame in any case: nothing else will. It is newer than all that is in the cache. */
  keep({ frame, tag }: DetachedFrame): void {
    retagFrame(frame, tag);
    this.#overflow.add(frame);
  }

  /**
   * Keeps, at the end, all that is in rings that no worker has, and what every indexer refuses. It is
   * older than what waits in the cache. Without a folder that can be used, it stays in the rings.
   */
  keepUnconfirmed(): void {
    if (this.#store.isUseless) return;
    for (const frame of this.#rings.takeUnconfirmed()) this.#keepFirst(frame);
  }

  /** Entries wait for room, or none does any more. */
  tellWaiting(isAnyWaiting: boolean): void {
    if (isAnyWaiting) this.#overflow.expect();
    else this.#overflow.relax();
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
    return this.#replay.blocked !== undefined && this.#overflow.isAccepting;
  }

  /** A mark on the newest entry that is in the cache only; `undefined`: there is none. */
  mark(): object | undefined {
    this.#overflow.flush();
    return this.#outstanding.mark();
  }

  addTag(name: string): void {
    this.#store.addTag(name);
  }

  /** A lane is hot, or lost. */
  lanesChanged(): void {
    this.#overflow.lanesChanged(this.#wasAnyHot);
    this.#wasAnyHot = this.#rings.isAnyHot;
  }

  /** Nothing is brought back or removed any more; what is kept from now on is for the next run. */
  stop(): void {
    clearInterval(this.#rollTimer);
    this.#sweeper.stop();
    this.#overflow.stop();
    this.#replay.stop();
    this.#commit.now();
    this.#commit.stop();
    this.#store.seal();
    this.#lastUse = undefined;
  }

  /**
   * Brings everything to the disk, and removes what is not needed there.
   * @param timeout milliseconds to wait for the disk
   * @returns entries that are accepted and not confirmed, and how many of them are on the disk
   */
  async close(timeout: number): Promise<{ unconfirmed: number; cached: number }> {
    const signal = AbortSignal.timeout(timeout);
    this.#refusedCopies.retain(this.#rings.refused.frames);
    const tidying = {
      handOn: () => this.#commit.now(),
      appendLeftovers: () => this.#appendLeftovers(),
      keepRest: () => this.#replay.keepRest(),
      isNeeded: (id: number) => this.#isNeeded(id),
      remove: (id: number) => this.#remove(id),
    };
    const isTidy = await tidyUp(this.#store, tidying, signal).catch((err) => {
      this.#host.warn({ err }, 'the cache could not be tidied up');
      return false;
    });
    if (!isTidy) {
      const { path } = this.#settings;
      this.#host.warn({ path }, 'the cache keeps more than is needed: some of it is sent twice');
    }
    this.#appendLeftovers();
    const report = await this.#store.close(signal);
    const unconfirmed = this.#pendingEntries;
    const isLate = report?.error !== undefined && signal.aborted;
    this.#commit.settle(
      isLate ? new WaitTimeoutError('the end of the cache', timeout) : report?.error,
    );
    this.#drops.tell();
    if (report === undefined) return { unconfirmed, cached: 0 };
    const unstored = this.#outstanding.entriesOf([...report.unstored, ...this.#store.orphans]);
    return { unconfirmed, cached: unconfirmed - unstored };
  }

  #createJournal(): Journal {
    return new Journal(this.#settings, this.#pool, {
      isStoring: () => this.#store.isWorking,
      isBehind: () => this.#isBehind(),
      copied: () => this.#commit.soon(),
      append: (block) => this.#append('copies', block),
    });
  }

  #createReplay(): Replay {
    const rings = this.#rings;
    return new Replay(this.#outstanding, {
      share: () => rings.replayShare,
      isAnyHot: () => rings.isAnyHot,
      place: (frame) => rings.placeSparingly(frame),
      keep: (frame) => this.#keepFirst(frame),
      tag: (name) => this.#host.tag(name),
      detach: (frame) => rings.detach(frame),
      read: (segment, from) => this.#store.read(segment, from),
      release: ({ frames }) => this.#pool.free(frames),
      damaged: ({ isOld }, entries) => {
        if (!isOld) rings.moves.lost(new EntriesLostError(entries, 'damaged'));
      },
      failed: (segment, err) => this.#host.warn({ segment, err }, 'a segment is read later'),
      unsendable: (segment, entries, error) => {
        if (!this.#unsendable.add(segment, entries)) return;
        this.#host.failed(error, `segment ${segment} of the cache stays: not all can be sent`);
      },
      done: () => {
        this.#sweeper.look();
        this.#tellUse();
      },
      progress: () => this.#progress.now(),
    });
  }

  #keepFirst({ frame, tag }: DetachedFrame): void {
    // A large one that was sent has the tag of its indexer still.
    retagFrame(frame, tag);
    this.#leftovers.add(frame);
  }

  /** Bytes on their way to the disk, those among them that are in no block yet. */
  get #unstoredBytes(): number {
    const gathered = this.#overflow.bytes + this.#leftovers.bytes + (this.#journal?.bytes ?? 0);
    return this.#store.unstoredBytes + gathered;
  }

  /** Entries that are in the cache only. */
  get #pendingEntries(): number {
    const gathered = this.#overflow.entries + this.#leftovers.entries;
    return this.#outstanding.entries + this.#unsendable.entries + gathered;
  }

  #isBehind(): boolean {
    return this.#store.isWorking && this.#unstoredBytes >= MOST_UNSTORED;
  }

  #isNeeded(segment: number): boolean {
    return (
      this.#outstanding.isIn(segment) ||
      this.#unsendable.isIn(segment) ||
      this.#refusedCopies.isIn(segment)
    );
  }

  /** What is in rings too and what is not are in different segments: each is removed as soon as it can. */
  #append(use: SegmentUse, block: FrameBlock): number {
    const isFirst = this.#lastUse !== use;
    this.#lastUse = use;
    return this.#store.append({ ...block, isFirst });
  }

  #appendOverflow(block: FrameBlock): void {
    this.#appendOutstanding('overflow', block);
    this.#tellUse();
    this.#progress.schedule();
  }

  #appendOutstanding(use: SegmentUse, block: FrameBlock): void {
    const { memory, bytes, count } = block;
    const key = this.#append(use, block);
    this.#outstanding.appended(key, Buffer.from(memory, 0, bytes), count);
  }

  #appendLeftovers(): void {
    const order = this.#store.isOpen ? this.#outstanding.orderBefore : undefined;
    for (const block of this.#leftovers.take()) {
      this.#appendOutstanding('leftovers', { ...block, order });
    }
  }

  #found(segments: readonly CacheSegment[]): void {
    this.#outstanding.found(segments);
    const entries = segments.reduce((sum, segment) => sum + segment.entries, 0);
    if (entries === 0) return;
    this.#host.info({ entries }, 'the cache has entries of an earlier run');
    this.#tellUse();
  }

  #stored(key: number, memory: SharedArrayBuffer): void {
    if (this.#outstanding.stored(key)) this.#pool.free(Buffer.from(memory));
    this.#commit.stored(this.#store.storedKey);
  }

  #dropped({ segment, entries }: DroppedSegment): void {
    const lost = this.#outstanding.inSegment(segment);
    this.#refusedCopies.removed(segment);
    const lostEntries = (lost?.sequences.size ?? 0) + this.#unsendable.removed(segment);
    this.#drops.add(lostEntries, entries - lostEntries);
    // First those who wait for it: what is not outstanding any more is taken for what is in rings.
    if (lost?.isOld === false) this.#rings.moves.lost(new EntriesLostError(lostEntries, 'dropped'));
    this.#outstanding.dropped(segment);
  }

  #storeChanged(): void {
    this.#sweeper.look();
    this.#commit.look();
    this.#progress.schedule();
  }

  /** Stores what every indexer refuses in segments of its own, so that those that it is in can go. */
  async #keepRefused(): Promise<void> {
    const refused = this.#rings.refused.frames;
    this.#refusedCopies.retain(refused);
    const fresh = this.#refusedCopies.without(refused);
    if (fresh.length === 0) return;
    let frames: Buffer[] = [];
    const writer = new BlockBuilder(this.#pool, this.#settings.maxSegmentBytes, (block) => {
      this.#refusedCopies.appended(this.#append('refused', block), frames);
      frames = [];
    });
    for (const { frame, tag } of fresh) {
      retagFrame(frame, tag);
      writer.add([frame], 1);
      frames.push(frame);
    }
    writer.flush();
    const { lastKey } = this.#store;
    // They would wait behind others for the room that is made afterwards.
    this.#store.limit(false);
    await this.#store.until(() => this.#store.storedKey >= lastKey);
    this.#store.limit(true);
  }

  async #remove(segment: number): Promise<void> {
    await this.#store.remove(segment);
    this.#outstanding.removed(segment);
    this.#refusedCopies.removed(segment);
  }

  #roll(): void {
    this.#refusedCopies.retain(this.#rings.refused.frames);
    this.#sweeper.retry();
    const last = this.#store.segments.at(-1);
    if (last === undefined || last.isSealed) return;
    // What is outstanding is ended when it is read; without an indexer, nothing can be removed.
    if (this.#isNeeded(last.id) || !this.#rings.isAnyHot) return;
    this.#store.seal();
  }

  #tellUse(): void {
    const isUsed = this.#outstanding.entries + this.#unsendable.entries > 0;
    if (isUsed !== this.#wasUsed) this.#host.changed();
    this.#wasUsed = isUsed;
  }

  #handOn(): boolean {
    this.#rings.placer.commit();
    this.#overflow.flush();
    return this.#journal?.flush() ?? true;
  }
}
