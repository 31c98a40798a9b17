import { DecodeError, frameSize, type MuxerTag } from '@ringest/codec';
import type { DetachedFrame } from '@ringest/workers';

/** A block of frames that is being placed. */
export interface ReplayCursor {
  readonly frames: Buffer;
  at: number;
  /** Entries from there on. */
  left: number;
  /** The head, when it was looked at before and found no room. */
  head: DetachedFrame | undefined;
  readonly isOld: boolean;
  /**
   * The muxer's tag for a tag in the frames, which may be the tag of an earlier muxer; an error: this
   * muxer can have no tag of that name.
   */
  tag(stored: MuxerTag): MuxerTag | Error;
  /** One of its entries is in a ring. */
  begun(): void;
  placed(): void;
  /** So many entries, which come next, cannot be sent. */
  unsendable(entries: number, error: Error): void;
}

/** The next entry of a piece, with a frame of so many bytes, is done. */
export function pass(piece: ReplayCursor, bytes: number): void {
  piece.at += bytes;
  piece.left--;
  piece.head = undefined;
}

/** The next frame; `undefined`: the piece is at its end, or what comes next is no frame. */
export function nextFrame(piece: ReplayCursor): Buffer | undefined {
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
