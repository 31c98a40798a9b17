import type { LoadObserver, LoadProgress } from '../../load/load-observer.js';
import {
  otherLanes,
  type RecordedEvent,
  type Recording,
  type Sample,
  sampleOf,
} from './recording.js';

/** How often a load is looked at, at first, in milliseconds. */
const INTERVAL_MS = 200;
const MAX_SAMPLES = 400;
const MAX_EVENTS = 200;

/**
 * Records how a load goes, for its page: a few times a second it reads counters that there are anyway.
 * When there are so many samples that a page has no room for more, every second one is left out, and
 * from then on it looks half as often.
 */
export class LoadRecorder implements LoadObserver {
  readonly #maxSamples: number;
  #intervalMs: number;
  #samples: Sample[] = [];
  readonly #events: RecordedEvent[] = [];
  #moreEvents = 0;
  #otherLanes = 0;
  #look: (() => LoadProgress) | undefined;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param maxSamples that are kept
   * @param intervalMs between two of them at first, in milliseconds
   */
  constructor(maxSamples = MAX_SAMPLES, intervalMs = INTERVAL_MS) {
    this.#maxSamples = maxSamples;
    this.#intervalMs = intervalMs;
  }

  started(look: () => LoadProgress): void {
    this.#look = look;
    this.#startedAt = performance.now();
    this.#sample();
    this.#run();
  }

  ended(): void {
    clearInterval(this.#timer);
    this.#sample();
    this.#look = undefined;
  }

  lost(error: Error): void {
    this.#tell('lost connection', error.message);
  }

  happened(what: string): void {
    this.#tell('fault', what);
  }

  left(): void {}

  get recording(): Recording {
    return {
      samples: this.#samples,
      events: this.#events,
      moreEvents: this.#moreEvents,
      otherLanes: this.#otherLanes,
    };
  }

  #run(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#sample(), this.#intervalMs);
  }

  #sample(): void {
    if (this.#look === undefined) return;
    const progress = this.#look();
    this.#samples.push(sampleOf(progress));
    this.#otherLanes = otherLanes(progress.stats?.lanes.length ?? 0);
    if (this.#samples.length <= this.#maxSamples) return;
    this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
    this.#intervalMs *= 2;
    this.#run();
  }

  #tell(kind: RecordedEvent['kind'], text: string): void {
    if (this.#events.length === MAX_EVENTS) {
      this.#moreEvents++;
      return;
    }
    const seconds = this.#look === undefined ? 0 : (performance.now() - this.#startedAt) / 1000;
    this.#events.push({ seconds, kind, text });
  }
}
