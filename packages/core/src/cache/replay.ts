import type { CachedBlock } from '@ringest/cache';
import { GRAVWELL_TAG, GRAVWELL_TAG_NAME } from '@ringest/codec';
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

/** What a replay works with. */
export interface ReplayParts {
  readonly rings: Rings;
  readonly store: Store;
  readonly contents: NeededSegments;
  /** Gets the rest of what is partly replayed, at the end. */
  readonly leftovers: Leftovers;
  /** Removes what is replayed and confirmed. */
  readonly remover: SegmentRemover;
  /** Has the memory of blocks. */
  readonly pool: SharedMemoryPool;
  readonly host: CacheHost;
  /** Goes on with everything that can go on, `proceed` among it. */
  readonly progress: OncePerTurn;
}

/** A segment that is being read. */
interface Reading {
  readonly segment: OutstandingSegment;
  readonly blocks: AsyncGenerator<CachedBlock, void>;
  /** Behind the last entry that was outstanding when it began. */
  readonly to: number;
}

/**
 * Brings what is only in the cache back to the rings, oldest first and beside new entries: in slices,
 * and only where half of a ring is free, so that the others always find room.
 */
export class Replay {
  readonly #parts: ReplayParts;
  readonly #rings: Rings;
  readonly #pending: PendingEntries;
  #piece: ReplayCursor | undefined;
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

  /** The frame that waits for room, if one does. */
  get blocked(): DetachedFrame | undefined {
    return this.#blocked;
  }

  /** Entries that were brought back. */
  get replayedEntries(): number {
    return this.#replayedEntries;
  }

  /** Of those, entries that an earlier run had left. */
  get recoveredEntries(): number {
    return this.#recoveredEntries;
  }

  /** There may be room, or something to be brought back. */
  proceed(): void {
    this.#blocked = undefined;
    if (this.#isStopped || this.#nextSlice.isDue || !this.#rings.isAnyHot) return;
    const slice = new Slice();
    const share = this.#rings.replayShare;
    let bytes = 0;
    for (;;) {
      const piece = this.#piece ?? this.#take();
      if (piece === undefined) return;
      const head = this.#head(piece);
      if (head === undefined) {
        this.#piece = undefined;
        piece.placed();
        continue;
      }
      if (!this.#rings.placeSparingly(head)) {
        this.#blocked = head;
        return;
      }
      this.#pass(piece, head);
      bytes += head.frame.length;
      if (slice.isOverAfterFrame() || bytes >= share) {
        this.#nextSlice.schedule();
        return;
      }
    }
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true;
    this.#blocked = undefined;
  }

  /**
   * After the end, when all is stored: what is left of a block or a segment of which some is in rings
   * is given back, so that the rest of it can go.
   */
  async keepRest(): Promise<void> {
    await this.#fetching;
    for (;;) {
      const piece = this.#piece;
      const segment = this.#reading?.segment ?? this.#pending.thinned;
      if (piece !== undefined) this.#keepRestOf(piece);
      else if (segment !== undefined) await this.#fetchFrom(segment);
      else return;
    }
  }

  #keepRestOf(piece: ReplayCursor): void {
    for (let head = this.#head(piece); head !== undefined; head = this.#head(piece)) {
      this.#parts.leftovers.add(head);
      pass(piece, head.frame.length);
    }
    this.#piece = undefined;
    piece.placed();
  }

  /** The next frame of a piece that can be sent; `undefined`: it has none any more. */
  #head(piece: ReplayCursor): DetachedFrame | undefined {
    while (piece.head === undefined && piece.at < piece.frames.length) {
      const frame = nextFrame(piece);
      if (frame === undefined) break;
      const tag = piece.tag(frameTag(frame));
      if (tag instanceof Error) {
        piece.unsendable(1, tag);
        pass(piece, frame.length);
        continue;
      }
      retagFrame(frame, tag);
      piece.head = {
        frame: this.#rings.detach(frame),
        tag,
        entries: 1,
        wasInRing: false,
        isCached: true,
      };
    }
    return piece.head;
  }

  #pass(piece: ReplayCursor, { frame }: DetachedFrame): void {
    piece.begun();
    pass(piece, frame.length);
    this.#replayedEntries++;
    if (piece.isOld) this.#recoveredEntries++;
  }

  #take(): ReplayCursor | undefined {
    if (this.#fetching !== undefined) return undefined;
    const next = this.#pending.next();
    if (next === undefined) return undefined;
    if ('key' in next) this.#piece = this.#pieceOf(next);
    else this.#fetch(next);
    return this.#piece;
  }

  #pieceOf(block: OutstandingBlock): ReplayCursor {
    block.isReplaying = true;
    return {
      frames: block.frames,
      at: 0,
      left: block.count,
      head: undefined,
      isOld: false,
      tag: (number) => number,
      begun: () => {},
      placed: () => {
        if (this.#pending.replayed(block)) this.#parts.pool.free(block.frames);
        this.#done();
      },
      // It was made here.
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

  /** Reads on until there is a block to be placed, or the segment is at its end. */
  async #fetchFrom(segment: OutstandingSegment): Promise<void> {
    const reading = await this.#readingOf(segment);
    for (;;) {
      const { value: block, done } = await reading.blocks.next();
      if (done) break;
      // The others are copies of what is in rings, or was.
      if (!segment.sequences.has(block.sequence)) continue;
      this.#piece = this.#pieceFrom(segment, block);
      return;
    }
    this.#reading = undefined;
    // What was stored there meanwhile is read the next time.
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

  #pieceFrom(
    segment: OutstandingSegment,
    { frames, sequence, count, tags }: CachedBlock,
  ): ReplayCursor {
    const { id, isOld } = segment;
    const { unsendable } = this.#parts.contents;
    let unsent = 0;
    const table = isOld ? this.#translation(tags) : (number: number) => number;
    return {
      frames: Buffer.from(frames.buffer, frames.byteOffset, frames.length),
      at: 0,
      left: count,
      head: undefined,
      isOld,
      tag: table,
      begun: () => this.#pending.begun(segment),
      unsendable: (entries, error) => {
        if (unsent === 0 && !unsendable.isIn(id)) this.#reportUnsendable(id, error);
        unsent += entries;
      },
      placed: () => {
        // Until now they count as pending. A segment that was dropped keeps nothing.
        if (unsent > 0 && this.#pending.inSegment(id) === segment) unsendable.add(id, unsent);
        this.#pending.take(segment, sequence, sequence + count);
        if (segment.sequences.isEmpty && this.#reading?.segment === segment) {
          // It may be removed from now on.
          void this.#reading.blocks.return();
          this.#reading = undefined;
        }
        this.#done();
      },
    };
  }

  /** A block or a segment has nothing any more that no lane has got. */
  #done(): void {
    this.#parts.remover.look();
    this.#parts.contents.reportUse();
  }

  /** Some entries of a segment cannot be sent: it has to stay. */
  #reportUnsendable(segment: number, error: Error): void {
    this.#parts.host.failed(error, `segment ${segment} of the cache stays: not all can be sent`);
  }

  /** From the tags of another run to those of the muxer, by their names. */
  #translation(names: readonly (string | undefined)[]): (number: number) => number | Error {
    const known = new Map<number, number | Error>();
    const translate = (number: number) => {
      const name = number === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : names[number];
      try {
        return this.#parts.host.tag(name ?? '');
      } catch (error) {
        return error as Error;
      }
    };
    return (number) => {
      const tag = known.get(number) ?? translate(number);
      known.set(number, tag);
      return tag;
    };
  }
}
