import { createLogUpdate } from 'log-update';
import type { LoadObserver, LoadProgress } from '../load/load-observer.js';
import { formatLine, formatScreen, type StatusView } from './screen.js';

/** What is written to while a load runs. */
type Output = NodeJS.WriteStream;

/** How often a screen is drawn, and how often a line is written, in milliseconds. */
const DRAW_MS = 100;
const LINE_MS = 1000;

/** The rate of now is taken over so many looks. */
const LOOKS = 10;

/** Problems that a screen shows. */
const MAX_PROBLEMS = 3;

/** When a load ends, as far as that is known. */
export interface Goal {
  readonly entryCount: number;
  /** Milliseconds, or infinite. */
  readonly durationMs: number;
}

/**
 * Shows how a load goes: on a terminal, one screen that is drawn again in its place; elsewhere a
 * line a second. Problems are on the screen, or lines of their own.
 */
export class LiveStatus implements LoadObserver {
  readonly #output: Output;
  readonly #goal: Goal | undefined;
  readonly #screen: ReturnType<typeof createLogUpdate> | undefined;
  readonly #problems: string[] = [];
  readonly #looks: { readonly elapsedMs: number; readonly entries: number }[] = [];
  #look: (() => LoadProgress) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param goal `undefined`: only problems are shown */
  constructor(output: Output, goal: Goal | undefined) {
    this.#output = output;
    this.#goal = goal;
    if (goal !== undefined && output.isTTY) this.#screen = createLogUpdate(output);
  }

  started(look: () => LoadProgress): void {
    if (this.#goal === undefined) return;
    this.#look = look;
    const interval = this.#screen === undefined ? LINE_MS : DRAW_MS;
    this.#timer = setInterval(() => this.#show(), interval);
    this.#output.on('resize', this.#redraw);
  }

  lost(error: Error, retryInMs: number): void {
    this.tell(`${error.message}; next attempt in ${(retryInMs / 1000).toFixed(1)} s`);
  }

  happened(what: string): void {
    this.tell(what);
  }

  left(path: string): void {
    this.#output.write(`load: entries are left in the cache in ${path}\n`);
  }

  /** Shows what happened. */
  tell(what: string): void {
    if (this.#timer === undefined || this.#screen === undefined) {
      this.#output.write(`load: ${what}\n`);
      return;
    }
    this.#problems.push(what);
    if (this.#problems.length > MAX_PROBLEMS) this.#problems.shift();
  }

  /** Takes the screen away. */
  ended(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#output.off('resize', this.#redraw);
    this.#screen?.clear();
    this.#screen?.done();
  }

  readonly #redraw = () => {
    this.#screen?.clear();
    this.#show();
  };

  #show(): void {
    if (this.#look === undefined || this.#goal === undefined) return;
    const progress = this.#look();
    const view = {
      progress,
      rate: this.#rateOf(progress),
      done: doneOf(progress, this.#goal),
      problems: this.#problems,
    };
    if (this.#screen === undefined) this.#output.write(`${formatLine(view)}\n`);
    else this.#draw(view);
  }

  #draw(view: StatusView): void {
    const { columns = 80, rows = 24 } = this.#output;
    this.#screen?.(formatScreen(view, { columns, rows }));
  }

  #rateOf({ entries: written, elapsedMs, stats }: LoadProgress): number {
    const entries = stats?.confirmedEntries ?? written;
    this.#looks.push({ entries, elapsedMs });
    if (this.#looks.length > LOOKS) this.#looks.shift();
    const [first = { entries: 0, elapsedMs: 0 }] = this.#looks;
    const from = this.#looks.length > 1 ? first : { entries: 0, elapsedMs: 0 };
    return ((entries - from.entries) / (elapsedMs - from.elapsedMs || 1)) * 1000;
  }
}

function doneOf({ entries, elapsedMs }: LoadProgress, { entryCount, durationMs }: Goal): number {
  return Math.min(Math.max(entries / entryCount, elapsedMs / durationMs), 1);
}
