import { type DetachedFrame, encodedSize, type FrameParts, StagingRing } from '@ringest/workers';
import { writeTo } from './write-to.js';

/** A ring of this size takes no longer frame than any lane does: what is copied from it finds room in all. */
const STAGING_BYTES = 65_536;
/** Copies of more bytes than this are in memory that is used again: else the collector would be busy with them. */
const MIN_POOLED_BYTES = 8192;
/** Pieces of memory that are kept for the next copies. */
const MAX_FREE = 512;

/**
 * Copies entries that found no room, in order. Those of one tag that follow each other go together, up to
 * 16 KiB: each copy costs an object and a place in the backlog.
 */
export class FrameCopier {
  readonly #staging = new StagingRing(STAGING_BYTES);
  #tag = 0;
  #copies: DetachedFrame[] = [];
  readonly #free: Buffer[] = [];
  /** The memory of copies that are in use, by what they see of it. */
  readonly #used = new Map<Buffer, Buffer>();

  /** Copies an entry. Returns false when it is too large to go with others. */
  add(parts: FrameParts): boolean {
    const { writer } = this.#staging;
    if (encodedSize(parts) > writer.maxFrame) return false;
    if (parts.tag !== this.#tag) this.#unstage();
    this.#tag = parts.tag;
    if (writeTo(writer, parts)) return true;
    this.#unstage();
    return writeTo(writer, parts);
  }

  /** Adds a copy that goes by itself. */
  addAlone(copy: DetachedFrame): void {
    this.#unstage();
    this.#copies.push(copy);
  }

  /** Takes out all copies. */
  take(): readonly DetachedFrame[] {
    this.#unstage();
    const copies = this.#copies;
    this.#copies = [];
    return copies;
  }

  /** A copy is not needed any more: its memory may be used again. */
  release(frame: Buffer): void {
    const memory = this.#used.get(frame);
    if (memory === undefined) return;
    this.#used.delete(frame);
    if (this.#free.length < MAX_FREE) this.#free.push(memory);
  }

  #copyOf(frames: Buffer): Buffer {
    if (frames.length < MIN_POOLED_BYTES) return Buffer.from(frames);
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#staging.writer.maxFrame);
    const copy = memory.subarray(0, frames.length).fill(frames);
    this.#used.set(copy, memory);
    return copy;
  }

  #unstage(): void {
    for (const { frames, entries } of this.#staging.groups()) {
      const frame = this.#copyOf(frames);
      this.#copies.push({ frame, entries, tag: this.#tag, wasInRing: false, isCached: false });
    }
    this.#staging.clear();
  }
}
