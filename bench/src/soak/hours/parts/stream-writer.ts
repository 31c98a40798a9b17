import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { BatchError, type IngestMuxer, TagRefusedError } from '@ringest/core';
import { SoakEntries, sourceOf } from '../soak-entries.js';
import type { FromWriter, StreamSettings } from './ingester-messages.js';
import { takeLatency } from './latency.js';

/** Between two looks at the clock, and before another attempt, in milliseconds. */
const TICK_MS = 20;
/** How often it says how far it is, in milliseconds. */
const PROGRESS_MS = 200;
/** Entries that are written at once at most. */
const MAX_BATCH = 2000;

/** What writes: a muxer, or a producer in a thread. */
type Target = Pick<IngestMuxer, 'writeBatch' | 'barrier'>;

/** Writes the entries of a stream when they are due, and says how far it is. */
export class StreamWriter {
  readonly #target: Target;
  readonly #tag: number;
  readonly #settings: StreamSettings;
  readonly #tell: (message: FromWriter) => void;
  readonly #entries: SoakEntries;
  readonly #source: string;
  /** Of the first entry of each batch. */
  readonly #latencies = createHistogram();
  readonly #timer: NodeJS.Timeout;
  #start = performance.now();
  #settled: number;
  #confirmed: number;
  #isToEnd = false;

  constructor(
    target: Target,
    tag: number,
    settings: StreamSettings,
    tell: (message: FromWriter) => void,
  ) {
    const { stream, seed, startSeconds, from } = settings;
    this.#target = target;
    this.#tag = tag;
    this.#settings = settings;
    this.#tell = tell;
    this.#entries = new SoakEntries(stream, seed, startSeconds);
    this.#source = sourceOf(stream);
    this.#settled = from;
    this.#confirmed = from;
    this.#timer = setInterval(() => this.#report(), PROGRESS_MS);
  }

  /** Writes until {@link end} is called, and at least what was written before. */
  async run(): Promise<void> {
    this.#start = performance.now();
    const { stream, from, atLeast, entriesPerSecond } = this.#settings;
    let next = from;
    while (!this.#isToEnd || next < atLeast) {
      const elapsed = performance.now() - this.#start;
      const due = Math.max(atLeast, from + Math.floor((elapsed * entriesPerSecond) / 1000));
      const to = Math.min(due, next + MAX_BATCH);
      if (to > next) {
        this.#tell({ kind: 'writing', stream, to });
        await this.#write(next, to);
        next = to;
      }
      await delay(to < due ? 0 : TICK_MS);
    }
  }

  /** Writes no more. */
  end(): void {
    this.#isToEnd = true;
  }

  /** Everything is confirmed: says so, and no more. */
  close(): void {
    clearInterval(this.#timer);
    this.#report();
  }

  async #write(from: number, to: number): Promise<void> {
    const batch = Array.from({ length: to - from }, (_, i) => ({
      timestamp: this.#entries.time(from + i),
      tag: this.#tag,
      source: this.#source,
      data: this.#entries.data(from + i),
    }));
    // The only indexer that can be reached may be one that refuses the tag: then nothing was written.
    await untilTaken(async () => {
      const accepted = this.#target.writeBatch(batch);
      this.#watch(from, to);
      await accepted;
    });
    if (this.#settings.isJournal) this.#settled = to;
  }

  #watch(from: number, to: number): void {
    const { from: first, entriesPerSecond, isJournal } = this.#settings;
    // What is written again is due at once.
    const dueAt = Math.min(
      this.#start + ((from - first) * 1000) / entriesPerSecond,
      performance.now(),
    );
    this.#target.barrier().then(
      () => {
        this.#latencies.record(Math.max(1, Math.round((performance.now() - dueAt) * 1000)));
        this.#confirmed = Math.max(this.#confirmed, to);
        if (!isJournal) this.#settled = this.#confirmed;
      },
      (error: unknown) => {
        // They wait for an indexer that takes the tag: a later barrier covers them.
        if (!(error instanceof TagRefusedError)) throw error;
      },
    );
  }

  #report(): void {
    const stream = {
      stream: this.#settings.stream,
      settled: this.#settled,
      confirmed: this.#confirmed,
    };
    this.#tell({ kind: 'progress', stream, latency: takeLatency(this.#latencies) });
  }
}

/** Does something until no indexer refuses the tag that it is about. */
export async function untilTaken(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const cause = error instanceof BatchError ? error.cause : error;
      if (!(cause instanceof TagRefusedError)) throw error;
      await delay(TICK_MS);
    }
  }
}
