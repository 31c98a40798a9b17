import { BacklogFullError, type EntryInput, type MuxerTag } from '@ringest/core';
import type { SourceMuxer } from './source-muxer.js';
import { whenRoom } from './when-room.js';

/** Writes to a muxer whose backlog others may fill: an entry waits for them, and `barrier` for it. */
export class PatientWriter implements SourceMuxer {
  readonly #muxer: SourceMuxer;
  /** Writes since the last barrier that the muxer may not have yet. */
  #waiting: Promise<void>[] = [];

  constructor(muxer: SourceMuxer) {
    this.#muxer = muxer;
  }

  negotiateTag(name: string): MuxerTag {
    return this.#muxer.negotiateTag(name);
  }

  /**
   * Writes an entry. While the backlog is full, it waits for room.
   * @returns `undefined` if there was room at once, otherwise a promise that resolves once the entry has found room
   * @throws what `writeEntry` of the muxer throws, but for a `BacklogFullError`
   */
  writeEntry(entry: EntryInput): Promise<void> | undefined {
    try {
      return this.#muxer.writeEntry(entry);
    } catch (error) {
      if (!(error instanceof BacklogFullError)) throw error;
      const room = whenRoom(() => this.#muxer.writeEntry(entry));
      // A rejection reaches the callers of this and of `barrier`; without one, it must not end the process.
      room.catch(() => {});
      this.#waiting.push(room);
      return room;
    }
  }

  /** Resolves once all that was written before is confirmed. */
  barrier(): Promise<void> {
    if (this.#waiting.length === 0) return this.#muxer.barrier();
    const waiting = this.#waiting;
    this.#waiting = [];
    return Promise.all(waiting).then(() => this.#muxer.barrier());
  }
}
