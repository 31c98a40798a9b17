import { type DetachedFrame, encodedSize, type FrameParts, StagingRing } from '@ringest/workers';
import { writeTo } from './write-to.js';

/** A ring of this size takes no longer frame than any lane does: what is copied from it finds room in all. */
const STAGING_BYTES = 65_536;

/**
 * Copies entries that found no room, in order. Those of one tag that follow each other go together, up to
 * 16 KiB: each copy costs an object and a place in the backlog.
 */
export class FrameCopier {
  readonly #staging = new StagingRing(STAGING_BYTES);
  #tag = 0;
  #copies: DetachedFrame[] = [];

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

  #unstage(): void {
    for (const { frames, entries } of this.#staging.groups()) {
      const frame = Buffer.from(frames);
      this.#copies.push({ frame, entries, tag: this.#tag, wasInRing: false, isCached: false });
    }
    this.#staging.clear();
  }
}
