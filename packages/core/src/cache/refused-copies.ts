import type { CachePlace } from '@ringest/cache';
import type { DetachedFrame } from '@ringest/workers';

/** A block of copies of refused frames. */
interface Copies {
  /** The frames that are still refused. */
  readonly frames: Set<Buffer>;
  /** The segment of the block; `undefined`: it is in none. */
  segment: number | undefined;
}

/**
 * Knows which refused frames have a copy on the disk, and in which segment. A frame is copied once: the
 * segment of the copy stays as long as the frame is refused.
 */
export class RefusedCopies {
  /** The blocks by their keys. */
  readonly #blocks = new Map<number, Copies>();

  /** Forgets copies of frames that are not refused any more. */
  retain(refused: readonly DetachedFrame[]): void {
    if (this.#blocks.size === 0) return;
    const all = new Set(refused.map(({ frame }) => frame));
    for (const [key, { frames }] of this.#blocks) {
      for (const frame of frames) if (!all.has(frame)) frames.delete(frame);
      if (frames.size === 0) this.#blocks.delete(key);
    }
  }

  /** Returns the frames that have no copy. */
  without(refused: readonly DetachedFrame[]): readonly DetachedFrame[] {
    const copied = new Set<Buffer>();
    for (const { frames } of this.#blocks.values()) for (const frame of frames) copied.add(frame);
    return refused.filter(({ frame }) => !copied.has(frame));
  }

  /** Adds a block of copies that was handed to the cache. */
  appended(key: number, frames: readonly Buffer[]): void {
    this.#blocks.set(key, { frames: new Set(frames), segment: undefined });
  }

  /** A block is in a segment now; `undefined`: in none any more. */
  placed(key: number, place: CachePlace | undefined): void {
    const copies = this.#blocks.get(key);
    if (copies !== undefined) copies.segment = place?.segment;
  }

  /** Whether a segment has copies of refused frames. */
  isIn(segment: number): boolean {
    for (const copies of this.#blocks.values()) if (copies.segment === segment) return true;
    return false;
  }

  /** A segment was removed. */
  removed(segment: number): void {
    for (const [key, copies] of this.#blocks) {
      if (copies.segment === segment) this.#blocks.delete(key);
    }
  }
}
