import { createLogUpdate } from 'log-update';
import type { TuneObserver, TunePlan, TuneProgress } from './tune-observer.js';
import { formatPlan, formatProgress } from './tune-text.js';

/** Where it is no terminal, a line is written so often, in milliseconds. */
const LINE_MS = 5000;

/** Shows how far a tuner is: a line that is drawn again in its place on a terminal, else one now and then. */
export class TuneScreen implements TuneObserver {
  readonly #output: NodeJS.WriteStream;
  readonly #line: ReturnType<typeof createLogUpdate> | undefined;
  #lastLine = performance.now();

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
    if (output.isTTY) this.#line = createLogUpdate(output);
  }

  planned(plan: TunePlan): void {
    this.#say(formatPlan(plan));
  }

  measured(progress: TuneProgress): void {
    const text = formatProgress(progress);
    const isLast = progress.done === progress.planned;
    if (this.#line !== undefined) this.#line(text.slice(0, (this.#output.columns ?? 80) - 1));
    else if (isLast || performance.now() - this.#lastLine >= LINE_MS) this.#say(text);
  }

  problem(what: string): void {
    this.#say(what);
  }

  /** Takes the line away. */
  end(): void {
    this.#line?.clear();
    this.#line?.done();
  }

  #say(text: string): void {
    this.#line?.clear();
    this.#output.write(`tune: ${text}\n`);
    this.#lastLine = performance.now();
  }
}
