import { DecodeError, frameSize, type MuxerTag } from '@ringest/codec';
import type { DetachedFrame } from '@ringest/workers';

/** A block of frames that is being placed. */
export interface ReplayCursor {
  readonly frames: Buffer;
  /** The offset of the next frame. */
  at: number;
  /** How many entries follow. */
  left: number;
  /** The next frame, if it found no room before. */
  head: DetachedFrame | undefined;
  /** Whether an earlier run wrote the entries. */
  readonly isOld: boolean;
  /**
   * The muxer's tag for a tag in the frames, which may be the tag of an earlier muxer; an error: this
   * muxer can have no tag of that name.
   */
  tag(stored: MuxerTag): MuxerTag | Error;
  /** An entry was placed in a ring. */
  begun(): void;
  /** The cursor is at its end: all entries were placed, or cannot be sent. */
  placed(): void;
  /** The next entries, this many, cannot be sent. */
  unsendable(entries: number, error: Error): void;
}

/** Moves a cursor past the next frame, which has this many bytes. */
export function pass(cursor: ReplayCursor, bytes: number): void {
  cursor.at += bytes;
  cursor.left--;
  cursor.head = undefined;
}

/**
 * The next frame; `undefined`: there is none. Bytes that are not a frame end the cursor, and its remaining
 * entries count as unsendable.
 */
export function nextFrame(cursor: ReplayCursor): Buffer | undefined {
  const { frames, at } = cursor;
  try {
    const size = frameSize(frames, at, frames.length - at);
    if (at + size <= frames.length) return frames.subarray(at, at + size);
    throw new DecodeError('frame', 'it is shorter than its header says');
  } catch (error) {
    cursor.at = frames.length;
    cursor.unsendable(cursor.left, error as Error);
    cursor.left = 0;
    return undefined;
  }
}
