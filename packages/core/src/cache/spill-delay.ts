import type { CacheMode } from '../configuration/cache-settings.js';
import type { OncePerTurn } from '../once-per-turn.js';
import type { Rings } from '../placing/rings.js';

/**
 * The delay in milliseconds, from when the last lane was lost, or from when entries wait under `journal`. A
 * lane that connects soon, or a ring that has room soon, is faster than the disk.
 */
const DELAY_MS = 500;

/** Decides when entries that find no room go to disk, by the mode of the cache. */
export class SpillDelay {
  readonly #mode: CacheMode;
  readonly #rings: Pick<Rings, 'isAnyHot'>;
  readonly #progress: OncePerTurn;
  /** When the last hot lane was lost, on the clock of `performance.now()`. */
  #coldSince = performance.now();
  /** When the first waiting entry began to wait, on that clock; `undefined`: no entry waits. */
  #waitingSince: number | undefined;
  #wasAnyHot = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param progress places the waiting entries; it is scheduled when the delay is over */
  constructor(mode: CacheMode, rings: Pick<Rings, 'isAnyHot'>, progress: OncePerTurn) {
    this.#mode = mode;
    this.#rings = rings;
    this.#progress = progress;
  }

  /** Whether an entry that finds no room now goes to disk. */
  get isOver(): boolean {
    return this.#left() <= 0;
  }

  /** Entries wait for room: schedules `progress` for the end of the delay. */
  expect(): void {
    this.#waitingSince ??= performance.now();
    const delay = this.#left();
    if (this.#timer !== undefined || delay === Number.POSITIVE_INFINITY || delay <= 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#progress.schedule();
    }, delay).unref();
  }

  /** No entry waits. */
  relax(): void {
    this.#waitingSince = undefined;
  }

  /** A lane is hot, or lost. */
  lanesChanged(): void {
    const { isAnyHot } = this.#rings;
    if (this.#wasAnyHot && !isAnyHot) this.#coldSince = performance.now();
    this.#wasAnyHot = isAnyHot;
  }

  /** Cancels the timer. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** How many milliseconds are left; infinity: entries do not go to disk. */
  #left(): number {
    const { isAnyHot } = this.#rings;
    if (isAnyHot && this.#mode === 'always') return 0;
    if (isAnyHot && this.#mode === 'fail') return Number.POSITIVE_INFINITY;
    const since = isAnyHot ? this.#waitingSince : this.#coldSince;
    return since === undefined ? Number.POSITIVE_INFINITY : since + DELAY_MS - performance.now();
  }
}
