import { type Profiler, Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

/** The code whose coverage counts: what the packages are built to. */
const CODE = /\/packages\/[a-z]+\/dist\//;

/** Which characters of each script have run. */
type Reached = Map<string, Uint8Array>;

/** What has run since it was looked last. */
export interface Run {
  readonly reached: Reached;
  /** How often blocks of code were entered, altogether: a measure of work that is the same on every machine. */
  readonly steps: number;
}

/**
 * Which code of the packages has run, by V8's own counting. One look takes about 2 ms.
 *
 * V8 leaves out a block that ran as often as what surrounds it. So blocks cannot be told by what is
 * reported; the characters of the code that ran can.
 */
export class Coverage {
  readonly #session = new Session();
  #known: Reached = new Map();

  constructor() {
    // V8 does not count functions that it has optimised. It is the whole process that is slower then.
    setFlagsFromString('--no-opt');
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop(): void {
    this.#session.disconnect();
  }

  /** Nothing counts as reached any more. */
  forget(): void {
    this.look();
    this.#known = new Map();
  }

  /** Characters of code that were reached. */
  get reached(): number {
    let sum = 0;
    for (const script of this.#known.values()) for (const is of script) sum += is;
    return sum;
  }

  /** What has run since the last look. */
  look(): Run {
    const reached: Reached = new Map();
    let steps = 0;
    for (const { url, functions } of this.#take()) {
      if (!CODE.test(url)) continue;
      const size = Math.max(...functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0));
      const script = new Uint8Array(size);
      // Outer functions come before those in them, and blocks before those in them.
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          script.fill(count > 0 ? 1 : 0, startOffset, endOffset);
          steps += count;
        }
      }
      reached.set(url, script);
    }
    return { reached, steps };
  }

  /** Whether a run reached code that was not reached before. */
  isNew({ reached }: Run): boolean {
    for (const [url, script] of reached) {
      const known = this.#known.get(url);
      if (script.some((is, at) => is === 1 && known?.[at] !== 1)) return true;
    }
    return false;
  }

  /** Adds a run to what was reached. */
  add({ reached }: Run): void {
    for (const [url, script] of reached) {
      const known = this.#known.get(url) ?? new Uint8Array(0);
      const both = new Uint8Array(Math.max(known.length, script.length));
      both.set(known);
      script.forEach((is, at) => {
        if (is === 1) both[at] = 1;
      });
      this.#known.set(url, both);
    }
  }

  #take(): Profiler.ScriptCoverage[] {
    let result: Profiler.ScriptCoverage[] = [];
    // The session is one of the same thread: it answers before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      result = answer.result;
    });
    return result;
  }
}
