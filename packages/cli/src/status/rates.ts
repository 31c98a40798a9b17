import type { StatusCounts } from './status-reply.js';

const SAMPLE_MS = 1000;
const MAX_SAMPLES = 11;

interface Sample {
  readonly at: number;
  readonly counts: StatusCounts;
}

/** Looks at counts each second, and knows how fast they have grown of late. */
export class Rates implements Disposable {
  readonly #counts: () => StatusCounts;
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(counts: () => StatusCounts) {
    this.#counts = counts;
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  /** Means per second since the oldest sample. */
  perSecond(): StatusCounts {
    const now = { at: performance.now(), counts: this.#counts() };
    const first = this.#samples[0] ?? now;
    const seconds = Math.max((now.at - first.at) / 1000, 0.001);
    const rate = (field: keyof StatusCounts) =>
      Math.round((now.counts[field] - first.counts[field]) / seconds);
    return {
      bytes: rate('bytes'),
      entries: rate('entries'),
      confirmed: rate('confirmed'),
      refused: rate('refused'),
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    this.#samples.push({ at: performance.now(), counts: this.#counts() });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }
}
