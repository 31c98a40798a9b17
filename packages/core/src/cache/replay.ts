import type { CachedBlock } from '@ringest/cache';
import { DecodeError, frameSize, GRAVWELL_TAG, GRAVWELL_TAG_NAME } from '@ringest/codec';
import { type DetachedFrame, frameTag, retagFrame } from '@ringest/workers';
import { OncePerTurn } from '../once-per-turn.js';
import { Slice } from '../slice.js';
import type { OutstandingBlock, OutstandingSegment, PendingEntries } from './pending-entries.js';

/** Milliseconds before a segment that could not be read is read again. */
const RETRY_MS = 5000;

/** What a replay needs of its surroundings. */
export interface ReplaySurroundings {
  /** Bytes of frames that may be placed in a turn. */
  share(): number;
  /** While none is, nothing is brought back. */
  isAnyHot(): boolean;
  /** Writes a frame where it leaves room for others. @returns false when it has to wait for that */
  place(frame: DetachedFrame): boolean;
  /** Takes a frame back that was not placed, at the end. */
  keep(frame: DetachedFrame): void;
  /** The number of a tag by its name. Throws when it can have none. */
  tag(name: string): number;
  /** A copy of a frame in memory that a lane can take over, if it is so large that it needs that. */
  detach(frame: Buffer): Buffer;
  read(segment: number, from: number): AsyncGenerator<CachedBlock, void>;
  /** The entries of a block are in rings, and its memory is needed no more. */
  release(block: OutstandingBlock): void;
  /** So many entries of a segment were in what is damaged. */
  damaged(segment: OutstandingSegment, entries: number): void;
  /** A segment cannot be read for now. */
  failed(segment: number, error: Error): void;
  /** So many entries of a segment cannot be sent: it has to stay. */
  unsendable(segment: number, entries: number, error: Error): void;
  /** A segment has nothing any more that no lane has got. */
  done(): void;
  /** Goes on with everything that can go on, `proceed` among it. */
  progress(): void;
}

/** A block of frames that is being placed. */
interface ReplayCursor {
  readonly frames: Buffer;
  at: number;
  /** Entries from there on. */
  left: number;
  /** The head, when it was looked at before and found no room. */
  head: DetachedFrame | undefined;
  readonly isOld: boolean;
  /** The muxer tag of a tag in the frames; an error: it can have none. */
  tag(number: number): number | Error;
  placed(): void;
  /** So many entries, which come next, cannot be sent. */
  unsendable(entries: number, error: Error): void;
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
  readonly #outstanding: PendingEntries;
  readonly #around: ReplaySurroundings;
  #piece: ReplayCursor | undefined;
  #reading: Reading | undefined;
  #fetching: Promise<void> | undefined;
  readonly #nextSlice = new OncePerTurn(() => this.#around.progress());
  #isStopped = false;
  #blocked: DetachedFrame | undefined;
  #replayedEntries = 0;
  #recoveredEntries = 0;

  constructor(outstanding: PendingEntries, around: ReplaySurroundings) {
    this.#outstanding = outstanding;
    this.#around = around;
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
    if (this.#isStopped || this.#nextSlice.isDue || !this.#around.isAnyHot()) return;
    const slice = new Slice();
    const share = this.#around.share();
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
      if (!this.#around.place(head)) {
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
      const segment = this.#reading?.segment ?? this.#outstanding.thinned;
      if (piece !== undefined) this.#keepRestOf(piece);
      else if (segment !== undefined) await this.#fetchFrom(segment);
      else return;
    }
  }

  #keepRestOf(piece: ReplayCursor): void {
    for (let head = this.#head(piece); head !== undefined; head = this.#head(piece)) {
      this.#around.keep(head);
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
      piece.head = { frame: this.#around.detach(frame), tag, wasInRing: false, isCached: true };
    }
    return piece.head;
  }

  #pass(piece: ReplayCursor, { frame }: DetachedFrame): void {
    pass(piece, frame.length);
    this.#replayedEntries++;
    if (piece.isOld) this.#recoveredEntries++;
  }

  #take(): ReplayCursor | undefined {
    if (this.#fetching !== undefined) return undefined;
    const next = this.#outstanding.next();
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
      placed: () => {
        if (this.#outstanding.replayed(block)) this.#around.release(block);
        this.#around.done();
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
        setTimeout(() => this.#around.progress(), RETRY_MS).unref();
        this.#around.failed(segment.id, error);
      })
      .finally(() => {
        this.#fetching = undefined;
        if (!this.#isStopped) this.#around.progress();
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
    if (missing > 0) this.#around.damaged(segment, missing);
    this.#outstanding.take(segment, 0, reading.to);
    this.#around.done();
  }

  async #readingOf(segment: OutstandingSegment): Promise<Reading> {
    if (this.#reading?.segment === segment) return this.#reading;
    await this.#reading?.blocks.return();
    const { from, to } = segment.sequences;
    this.#reading = { segment, blocks: this.#around.read(segment.id, from), to };
    return this.#reading;
  }

  #pieceFrom(
    segment: OutstandingSegment,
    { frames, sequence, count, tags }: CachedBlock,
  ): ReplayCursor {
    const { isOld } = segment;
    const table = isOld ? this.#translation(tags) : (number: number) => number;
    return {
      frames: Buffer.from(frames.buffer, frames.byteOffset, frames.length),
      at: 0,
      left: count,
      head: undefined,
      isOld,
      tag: table,
      unsendable: (entries, error) => this.#around.unsendable(segment.id, entries, error),
      placed: () => {
        this.#outstanding.take(segment, sequence, sequence + count);
        if (segment.sequences.isEmpty && this.#reading?.segment === segment) {
          // It may be removed from now on.
          void this.#reading.blocks.return();
          this.#reading = undefined;
        }
        this.#around.done();
      },
    };
  }

  /** From the tags of another run to those of the muxer, by their names. */
  #translation(names: readonly (string | undefined)[]): (number: number) => number | Error {
    const known = new Map<number, number | Error>();
    const translate = (number: number) => {
      const name = number === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : names[number];
      try {
        return this.#around.tag(name ?? '');
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

/** The next entry of a piece, with a frame of so many bytes, is done. */
function pass(piece: ReplayCursor, bytes: number): void {
  piece.at += bytes;
  piece.left--;
  piece.head = undefined;
}

/** `undefined`: the piece is at its end, or what comes next is no frame. */
function nextFrame(piece: ReplayCursor): Buffer | undefined {
  const { frames, at } = piece;
  try {
    const size = frameSize(frames, at, frames.length - at);
    if (at + size <= frames.length) return frames.subarray(at, at + size);
    throw new DecodeError('frame', 'it ends before its header says');
  } catch (error) {
    piece.at = frames.length;
    piece.unsendable(piece.left, error as Error);
    piece.left = 0;
    return undefined;
  }
}
