import { setTimeout as delay } from 'node:timers/promises';
import { Source } from '@ringest/codec';
import type { Policy } from '@ringest/core';
import { IngestMuxer } from '@ringest/core';
import { EntrySource } from '../contents/entry-source.js';
import { allHot } from '../shared/all-hot.js';

export const SECRET = 'IngestSecrets';
const TAG = 'balance';
const ENTRY_BYTES = 256;
/** Entries that are written before the clock is looked at. */
const RUN = 256;

/** Entries of 256 bytes that are written to indexers, one by one, under one policy. */
export class BalanceLoad implements AsyncDisposable {
  readonly #muxer: IngestMuxer;
  readonly #source: EntrySource;
  #written = 0;

  private constructor(muxer: IngestMuxer) {
    this.#muxer = muxer;
    this.#source = new EntrySource({
      seed: 1,
      entryBytes: ENTRY_BYTES,
      tags: [muxer.getTag(TAG)],
      source: Source.parse('127.0.0.1'),
      startSeconds: 1_700_000_000,
      batch: 0,
    });
  }

  /** Connects to every target. */
  static async start(targets: readonly string[], balancing: Policy): Promise<BalanceLoad> {
    const muxer = new IngestMuxer({
      targets,
      secret: SECRET,
      tags: [TAG],
      balancing,
      selfIngest: false,
    });
    muxer.start();
    await allHot(muxer);
    return new BalanceLoad(muxer);
  }

  /** Entries written to each target so far. */
  written(): number[] {
    return this.#muxer.stats().lanes.map(({ writtenEntries }) => writtenEntries);
  }

  /**
   * Writes as much as finds room, for so many milliseconds after a while of the same, and waits until
   * all of it is confirmed.
   * @returns entries a second that were confirmed in these milliseconds
   */
  async flood(milliseconds: number, warmUp: number): Promise<number> {
    await this.#writeUntil(performance.now() + warmUp);
    const start = performance.now();
    const before = this.#muxer.stats().confirmedEntries;
    await this.#writeUntil(start + milliseconds);
    const confirmed = this.#muxer.stats().confirmedEntries - before;
    const rate = (confirmed / (performance.now() - start)) * 1000;
    await this.#muxer.sync();
    return rate;
  }

  /** Writes so many entries a second for so many milliseconds. */
  async pace(entriesPerSecond: number, milliseconds: number): Promise<void> {
    const start = performance.now();
    let done = 0;
    for (;;) {
      const elapsed = performance.now() - start;
      const due = Math.floor((Math.min(elapsed, milliseconds) * entriesPerSecond) / 1000);
      await this.#write(due - done);
      done = due;
      if (elapsed >= milliseconds) return;
      await delay(1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#muxer.close();
  }

  async #writeUntil(time: number): Promise<void> {
    while (performance.now() < time) await this.#write(RUN);
  }

  async #write(count: number): Promise<void> {
    for (const end = this.#written + count; this.#written < end; this.#written++) {
      const wait = this.#muxer.writeEntry(this.#source.entry(this.#written));
      if (wait) await wait;
    }
  }
}
