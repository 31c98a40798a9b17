import type { CachePlace } from '@ringest/cache';
import type { DetachedFrame } from '@ringest/workers';

/** A block of copies. */
interface Copies {
  /** Those of them that are refused still. */
  readonly frames: Set<Buffer>;
  /** `undefined`: in none yet. */
  segment: number | undefined;
}

/**
 * Which entries that every indexer refuses have a copy on the disk, and in which segment. Each is
 * stored once, however often segments are removed: its segment stays as long as the entry is refused.
 */
export class RefusedCopies {
  /** By the key of the block. */
  readonly #blocks = new Map<number, Copies>();

  /** Forgets copies of what is not refused any more. */
  retain(refused: readonly DetachedFrame[]): void {
    if (this.#blocks.size === 0) return;
    const all = new Set(refused.map(({ frame }) => frame));
    for (const [key, { frames }] of this.#blocks) {
      for (const frame of frames) if (!all.has(frame)) frames.delete(frame);
      if (frames.size === 0) this.#blocks.delete(key);
    }
  }

  /** Those that have no copy. */
  without(refused: readonly DetachedFrame[]): readonly DetachedFrame[] {
    const copied = new Set<Buffer>();
    for (const { frames } of this.#blocks.values()) for (const frame of frames) copied.add(frame);
    return refused.filter(({ frame }) => !copied.has(frame));
  }

  /** A block of copies was handed to the cache. */
  appended(key: number, frames: readonly Buffer[]): void {
    this.#blocks.set(key, { frames: new Set(frames), segment: undefined });
  }

  placed(key: number, place: CachePlace | undefined): void {
    const copies = this.#blocks.get(key);
    if (copies !== undefined) copies.segment = place?.segment;
  }

  /** Whether a segment has copies of what is refused. */
  isIn(segment: number): boolean {
    for (const copies of this.#blocks.values()) if (copies.segment === segment) return true;
    return false;
  }

  /** A segment is gone. */
  removed(segment: number): void {
    for (const [key, copies] of this.#blocks) {
      if (copies.segment === segment) this.#blocks.delete(key);
    }
  }
}
