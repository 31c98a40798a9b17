import type { LoadObserver, LoadProgress } from '../load/load-observer.js';
import type { LoadReport } from '../load/load-report.js';

/** How far a load was at a moment. */
interface Mark {
  readonly elapsedMs: number;
  readonly confirmed: number;
  readonly processorSeconds: number;
}

/**
 * Measures a part of a load: not its beginning, when code is compiled and rings are empty, nor its
 * end, when nothing more is written.
 */
export class RoundWindow implements LoadObserver {
  readonly problems: string[] = [];
  readonly #warmUpMs: number;
  readonly #measuredMs: number;
  #look: (() => LoadProgress) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #begin: Mark | undefined;
  #end: Mark | undefined;

  constructor(warmUpMs: number, measuredMs: number) {
    this.#warmUpMs = warmUpMs;
    this.#measuredMs = measuredMs;
  }

  started(look: () => LoadProgress): void {
    this.#look = look;
    this.#timer = setTimeout(() => {
      this.#begin = this.#mark();
      this.#timer = setTimeout(() => {
        this.#end = this.#mark();
      }, this.#measuredMs);
    }, this.#warmUpMs);
  }

  ended(): void {
    clearTimeout(this.#timer);
    this.#end ??= this.#mark();
  }

  lost({ message }: Error): void {
    this.problems.push(message);
  }

  happened(what: string): void {
    this.problems.push(what);
  }

  left(path: string): void {
    this.problems.push(`entries are left in ${path}`);
  }

  /** What was measured; of the whole load, when nothing was confirmed in the part. */
  figures({ entriesPerSecond, entries, cpuSeconds }: LoadReport) {
    const [begin, end] = [this.#begin, this.#end];
    const confirmed = begin && end ? end.confirmed - begin.confirmed : 0;
    if (begin === undefined || end === undefined || confirmed === 0) {
      return { entriesPerSecond, processorSecondsPerMillion: (cpuSeconds / entries) * 1e6 };
    }
    const seconds = (end.elapsedMs - begin.elapsedMs) / 1000;
    const processorSeconds = end.processorSeconds - begin.processorSeconds;
    return {
      entriesPerSecond: confirmed / seconds,
      processorSecondsPerMillion: (processorSeconds / confirmed) * 1e6,
    };
  }

  #mark(): Mark | undefined {
    if (this.#look === undefined) return undefined;
    const { elapsedMs, stats } = this.#look();
    const { user, system } = process.cpuUsage();
    const processorSeconds = (user + system) / 1e6;
    return { elapsedMs, confirmed: stats?.confirmedEntries ?? 0, processorSeconds };
  }
}
