import type { CachedBlock } from '@ringest/cache';
import { GRAVWELL_TAG, GRAVWELL_TAG_NAME, type MuxerTag } from '@ringest/codec';
import { type DetachedFrame, frameTag, retagFrame, type SharedMemoryPool } from '@ringest/workers';
import { OncePerTurn } from '../once-per-turn.js';
import type { Rings } from '../placing/rings.js';
import { Slice } from '../slice.js';
import type { CacheHost } from './cache-host.js';
import { EntriesLostError } from './errors.js';
import type { Leftovers } from './leftovers.js';
import type { NeededSegments } from './needed-segments.js';
import type { OutstandingBlock, OutstandingSegment, PendingEntries } from './pending-entries.js';
import { nextFrame, pass, type ReplayCursor } from './replay-cursor.js';
import type { SegmentRemover } from './segment-remover.js';
import type { Store } from './store.js';

/** Milliseconds before a segment that could not be read is read again. */
const RETRY_MS = 5000;

/** The parts that a replay uses. */
export interface ReplayParts {
  readonly rings: Rings;
  readonly store: Store;
  readonly contents: NeededSegments;
  /** Gets, at the end, the rest of a block or segment that is partly replayed. */
  readonly leftovers: Leftovers;
  /** Removes what is replayed and confirmed. */
  readonly remover: SegmentRemover;
  /** Owns the memory of blocks. */
  readonly pool: SharedMemoryPool;
  readonly host: CacheHost;
  /** Runs `Dispatcher.progress`, which calls `proceed`. */
  readonly progress: OncePerTurn;
}

/** A segment that is being read. */
interface Reading {
  readonly segment: OutstandingSegment;
  readonly blocks: AsyncGenerator<CachedBlock, void>;
  /** The sequence after the last entry that was outstanding when reading began. */
  readonly to: number;
}

/**
 * Places entries that are only in the cache into rings, oldest first. New entries are placed at the same
 * time and must always find room: so replay works in slices, and only where half of a ring is free.
 */
export class Replay {
  readonly #parts: ReplayParts;
  readonly #rings: Rings;
  readonly #pending: PendingEntries;
  #cursor: ReplayCursor | undefined;
  #reading: Reading | undefined;
  #fetching: Promise<void> | undefined;
  readonly #nextSlice: OncePerTurn;
  #isStopped = false;
  #blocked: DetachedFrame | undefined;
  #replayedEntries = 0;
  #recoveredEntries = 0;

  constructor(parts: ReplayParts) {
    this.#parts = parts;
    this.#rings = parts.rings;
    this.#pending = parts.contents.pending;
    this.#nextSlice = new OncePerTurn(() => parts.progress.now());
  }

  /** The frame that waits for room; `undefined`: none does. */
  get blocked(): DetachedFrame | undefined {
    return this.#blocked;
  }

  /** How many entries were placed. */
  get replayedEntries(): number {
    return this.#replayedEntries;
  }

  /** How many of these an earlier run had left. */
  get recoveredEntries(): number {
    return this.#recoveredEntries;
  }

  /** Places what finds room now. */
  proceed(): void {
    this.#blocked = undefined;
    if (this.#isStopped || this.#nextSlice.isDue || !this.#rings.isAnyHot) return;
    const slice = new Slice();
    const share = this.#rings.replayShare;
    let bytes = 0;
    for (;;) {
      const cursor = this.#cursor ?? this.#take();
      if (cursor === undefined) return;
      const head = this.#head(cursor);
      if (head === undefined) {
        this.#cursor = undefined;
        cursor.placed();
        continue;
      }
      if (!this.#rings.placeSparingly(head)) {
        this.#blocked = head;
        return;
      }
      this.#pass(cursor, head);
      bytes += head.frame.length;
      if (slice.isOverAfterFrame() || bytes >= share) {
        this.#nextSlice.schedule();
        return;
      }
    }
  }

  /** Ends the replay for good. */
  stop(): void {
    this.#isStopped = true;
    this.#blocked = undefined;
  }

  /**
   * Moves the rest of partly replayed blocks and segments to the leftovers, so that these blocks and
   * segments can be removed. Call it after `stop`, when all blocks are stored.
   */
  async keepRest(): Promise<void> {
    await this.#fetching;
    for (;;) {
      const cursor = this.#cursor;
      const segment = this.#reading?.segment ?? this.#pending.thinned;
      if (cursor !== undefined) this.#keepRestOf(cursor);
      else if (segment !== undefined) await this.#fetchFrom(segment);
      else return;
    }
  }

  #keepRestOf(cursor: ReplayCursor): void {
    for (let head = this.#head(cursor); head !== undefined; head = this.#head(cursor)) {
      this.#parts.leftovers.add(head);
      pass(cursor, head.frame.length);
    }
    this.#cursor = undefined;
    cursor.placed();
  }

  /** The next frame that can be sent; `undefined`: the cursor is at its end. */
  #head(cursor: ReplayCursor): DetachedFrame | undefined {
    while (cursor.head === undefined && cursor.at < cursor.frames.length) {
      const frame = nextFrame(cursor);
      if (frame === undefined) break;
      const tag = cursor.tag(frameTag(frame));
      if (tag instanceof Error) {
        cursor.unsendable(1, tag);
        pass(cursor, frame.length);
        continue;
      }
      retagFrame(frame, tag);
      const head = { frame: this.#rings.detach(frame), tag, entries: 1 };
      cursor.head = { ...head, wasInRing: false, isCached: true };
    }
    return cursor.head;
  }

  #pass(cursor: ReplayCursor, { frame }: DetachedFrame): void {
    cursor.begun();
    pass(cursor, frame.length);
    this.#replayedEntries++;
    if (cursor.isOld) this.#recoveredEntries++;
  }

  #take(): ReplayCursor | undefined {
    if (this.#fetching !== undefined) return undefined;
    const next = this.#pending.next();
    if (next === undefined) return undefined;
    if ('key' in next) this.#cursor = this.#cursorOf(next);
    else this.#fetch(next);
    return this.#cursor;
  }

  #cursorOf(block: OutstandingBlock): ReplayCursor {
    block.isReplaying = true;
    return {
      frames: block.frames,
      at: 0,
      left: block.count,
      head: undefined,
      isOld: false,
      tag: (own) => own,
      begun: () => {},
      placed: () => {
        if (this.#pending.replayed(block)) this.#parts.pool.free(block.frames);
        this.#done();
      },
      // This muxer encoded these frames: an error in them is a bug.
      unsendable: (_entries, error) => {
        throw error;
      },
    };
  }

  #fetch(segment: OutstandingSegment): void {
    this.#fetching = this.#fetchFrom(segment)
      .catch((error: Error) => {
        this.#reading = undefined;
        segment.notBefore = performance.now() + RETRY_MS;
        setTimeout(() => this.#parts.progress.schedule(), RETRY_MS).unref();
        const fields = { segment: segment.id, err: error };
        this.#parts.host.warn(fields, 'a segment could not be read; it is read again later');
      })
      .finally(() => {
        this.#fetching = undefined;
        if (!this.#isStopped) this.#parts.progress.schedule();
      });
  }

  /** Reads until it has a block with outstanding entries, or the segment ends. */
  async #fetchFrom(segment: OutstandingSegment): Promise<void> {
    const reading = await this.#readingOf(segment);
    for (;;) {
      const { value: block, done } = await reading.blocks.next();
      if (done) break;
      // Other blocks are copies of entries that are in rings, or were.
      if (!segment.sequences.has(block.sequence)) continue;
      this.#cursor = this.#cursorFrom(segment, block);
      return;
    }
    this.#reading = undefined;
    // Blocks that were stored there after reading began are read the next time.
    const missing = segment.sequences.before(reading.to);
    if (missing > 0 && !segment.isOld) {
      this.#rings.moves.lost(new EntriesLostError(missing, 'damaged'));
    }
    this.#pending.take(segment, 0, reading.to);
    this.#done();
  }

  async #readingOf(segment: OutstandingSegment): Promise<Reading> {
    if (this.#reading?.segment === segment) return this.#reading;
    await this.#reading?.blocks.return();
    const { from, to } = segment.sequences;
    this.#reading = { segment, blocks: this.#parts.store.read(segment.id, from), to };
    return this.#reading;
  }

  #cursorFrom(
    segment: OutstandingSegment,
    { frames, sequence, count, tags }: CachedBlock,
  ): ReplayCursor {
    const { id, isOld } = segment;
    const { unsendable } = this.#parts.contents;
    let unsent = 0;
    const tag = isOld ? this.#translation(tags) : (own: MuxerTag) => own;
    return {
      frames: Buffer.from(frames.buffer, frames.byteOffset, frames.length),
      at: 0,
      left: count,
      head: undefined,
      isOld,
      tag,
      begun: () => this.#pending.begun(segment),
      unsendable: (entries, error) => {
        if (unsent === 0 && !unsendable.isIn(id)) this.#reportUnsendable(id, error);
        unsent += entries;
      },
      placed: () => {
        // Until now they counted as pending. A dropped segment has no entries to count.
        if (unsent > 0 && this.#pending.inSegment(id) === segment) unsendable.add(id, unsent);
        this.#pending.take(segment, sequence, sequence + count);
        if (segment.sequences.isEmpty && this.#reading?.segment === segment) {
          // The reader holds the segment: without it, the segment can be removed.
          void this.#reading.blocks.return();
          this.#reading = undefined;
        }
        this.#done();
      },
    };
  }

  /** All entries of a block or a segment are in rings. */
  #done(): void {
    this.#parts.remover.look();
    this.#parts.contents.reportUse();
  }

  /** Reports that a segment has entries that cannot be sent: it stays in the cache. */
  #reportUnsendable(segment: number, error: Error): void {
    this.#parts.host.failed(error, `segment ${segment} of the cache stays: not all can be sent`);
  }

  /** Translates the tags of an earlier muxer into those of this one, by their names. */
  #translation(names: readonly (string | undefined)[]): (stored: MuxerTag) => MuxerTag | Error {
    const known = new Map<MuxerTag, MuxerTag | Error>();
    const translate = (stored: MuxerTag) => {
      const name = stored === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : names[stored];
      try {
        return this.#parts.host.tag(name ?? '');
      } catch (error) {
        return error as Error;
      }
    };
    return (stored) => {
      const tag = known.get(stored) ?? translate(stored);
      known.set(stored, tag);
      return tag;
    };
  }
}
