import type { CacheMode } from '../configuration/cache-settings.js';
import type { OncePerTurn } from '../once-per-turn.js';
import type { Rings } from '../placing/rings.js';

/**
 * For how many milliseconds no lane is hot, or entries wait under `journal`, before they go to disk:
 * a lane that is about to connect, or a ring that is about to have room, is faster.
 */
const PATIENCE_MS = 500;

/** When what finds no room goes to disk, by the mode of the cache. */
export class SpillDelay {
  readonly #mode: CacheMode;
  readonly #rings: Pick<Rings, 'isAnyHot'>;
  readonly #progress: OncePerTurn;
  /** Since when no lane is hot, and since when entries wait; on the clock of `performance.now()`. */
  #coldSince = performance.now();
  #shortSince: number | undefined;
  #wasAnyHot = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param progress places what waits; it is scheduled when the delay is over */
  constructor(mode: CacheMode, rings: Pick<Rings, 'isAnyHot'>, progress: OncePerTurn) {
    this.#mode = mode;
    this.#rings = rings;
    this.#progress = progress;
  }

  /** Whether what finds no room now goes to disk. */
  get isOver(): boolean {
    return this.#left() <= 0;
  }

  /** Entries wait for room. */
  expect(): void {
    this.#shortSince ??= performance.now();
    const delay = this.#left();
    if (this.#timer !== undefined || delay === Number.POSITIVE_INFINITY || delay <= 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#progress.schedule();
    }, delay).unref();
  }

  /** No entry waits. */
  relax(): void {
    this.#shortSince = undefined;
  }

  /** A lane is hot, or lost. */
  lanesChanged(): void {
    const { isAnyHot } = this.#rings;
    if (this.#wasAnyHot && !isAnyHot) this.#coldSince = performance.now();
    this.#wasAnyHot = isAnyHot;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Milliseconds until what finds no room goes to disk. */
  #left(): number {
    const { isAnyHot } = this.#rings;
    if (isAnyHot && this.#mode === 'always') return 0;
    if (isAnyHot && this.#mode === 'fail') return Number.POSITIVE_INFINITY;
    const since = isAnyHot ? this.#shortSince : this.#coldSince;
    return since === undefined ? Number.POSITIVE_INFINITY : since + PATIENCE_MS - performance.now();
  }
}
