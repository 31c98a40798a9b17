import { type Clock, realClock } from '../clock.js';
import type { Meter } from '../ring/meter.js';
import type { RingReader } from '../ring/ring-reader.js';
import { InFlight } from './in-flight.js';
import type { LargeFrameViews } from './large-frame-views.js';

/** What the account of sent entries needs. */
export interface SentEntriesParts {
  readonly reader: RingReader;
  readonly meter: Meter;
  readonly large: LargeFrameViews;
  readonly clock: Clock | undefined;
  /** Called after room in the ring was released. */
  readonly onReleased: () => void;
}

/**
 * The entries that were sent on one connection. Each entry is sent, flushed and confirmed; then its
 * room in the ring is released.
 *
 * - Ids count up from 1: `released <= confirmed <= last`.
 * - A checkpoint is one socket write. Room is released by whole checkpoints, oldest first.
 * - A checkpoint is released once all of it is confirmed, and the operating system has taken its bytes
 *   (flushed). Without the second condition the main thread could overwrite bytes that are not sent yet.
 */
export class SentEntries {
  readonly #inFlight = new InFlight();
  readonly #parts: SentEntriesParts;
  readonly #clock: Clock;
  /** The id of the last entry that was sent. */
  #last = 0;
  #confirmed = 0;
  /** The id of the last entry whose room is released. */
  #released = 0;
  /** Checkpoints without a callback from the socket; only the newest can really be unflushed. */
  #unflushed = 0;
  /** The id of the last entry before the newest checkpoint. */
  #lastBeforeNewest = 0;
  /** Whether a confirmed checkpoint waits until it is flushed. */
  #isHeldBack = false;

  constructor(parts: SentEntriesParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? realClock;
  }

  /** The id of the last entry that was sent; 0: none was. */
  get last(): number {
    return this.#last;
  }

  /** How many entries are confirmed, which is the id of the last one. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Whether every entry that was sent is confirmed. */
  get areConfirmed(): boolean {
    return this.#confirmed === this.#last;
  }

  /** How many entries are confirmed whose room is not released yet. They need no resending. */
  get confirmedBeyondRelease(): number {
    return this.#confirmed - this.#released;
  }

  /**
   * Counts everything that the reader has stamped since the last call as one checkpoint. Call it
   * right before the socket gets the bytes, and `flushed` when the socket calls back.
   * @param bytes of the write; a large frame counts whole
   */
  add(bytes: number): void {
    const { reader, meter } = this.#parts;
    const now = this.#clock.now();
    const last = reader.ring.kernel.nextId() - 1;
    if (this.#inFlight.isEmpty) meter.busy(now);
    meter.sent(last - this.#last, bytes);
    this.#lastBeforeNewest = this.#last;
    this.#last = last;
    this.#inFlight.push(last, reader.sent, bytes, now);
    this.#unflushed++;
  }

  /** The operating system has taken one more checkpoint. */
  flushed(): void {
    this.#unflushed--;
    if (this.#isHeldBack) this.#release();
  }

  /** The indexer has confirmed this many more entries, none beyond `last`. */
  confirm(count: number): void {
    this.#confirmed += count;
    this.#parts.meter.counts.confirmedEntries += count;
    this.#release();
  }

  #release(): void {
    const inFlight = this.#inFlight;
    // The socket calls back late: an indexer may have read and confirmed what counts as unflushed.
    const lastFlushed = this.#unflushed === 0 ? this.#last : this.#lastBeforeNewest;
    const last = Math.min(this.#confirmed, lastFlushed);
    const { reader, meter, large, onReleased } = this.#parts;
    const before = reader.released;
    const now = this.#clock.now();
    let released = before;
    let bytes = 0;
    while (!inFlight.isEmpty && inFlight.oldestId <= last) {
      released = inFlight.oldestEnd;
      bytes += inFlight.oldestBytes;
      this.#released = inFlight.oldestId;
      meter.acknowledged(inFlight.oldestTime, now);
      inFlight.pop();
    }
    this.#isHeldBack = !inFlight.isEmpty && inFlight.oldestId <= this.#confirmed;
    if (released === before) {
      meter.publish();
      return;
    }
    meter.counts.confirmedBytes += bytes;
    // Counters first: a thread that sees the released room must see it counted.
    meter.confirmed(bytes, now);
    reader.release(released);
    large.releaseUpTo(released);
    onReleased();
  }
}
