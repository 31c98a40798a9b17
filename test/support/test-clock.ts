import type { Clock, Timer } from '@ringest/workers/internal';

interface Due {
  at: number;
  /** Milliseconds after which it comes again; `undefined`: it comes once. */
  readonly every: number | undefined;
  readonly action: () => void;
}

/** A clock whose time moves only when a test says so. Its moments are milliseconds from 0 on. */
export class TestClock implements Clock {
  #now = 0;
  readonly #due = new Set<Due>();

  readonly now = (): number => this.#now;

  readonly sharedNanos = (): bigint => BigInt(Math.round(this.#now * 1e6));

  readonly after = (milliseconds: number, action: () => void): Timer =>
    this.#add({ at: this.#now + milliseconds, every: undefined, action });

  readonly every = (milliseconds: number, action: () => void): Timer =>
    this.#add({ at: this.#now + milliseconds, every: milliseconds, action });

  /** Timers that are still to come. */
  get timers(): number {
    return this.#due.size;
  }

  /** Lets so much time pass; what comes due on the way is done at its own moment. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = next.at;
      if (next.every === undefined) this.#due.delete(next);
      else next.at += next.every;
      next.action();
    }
    this.#now = end;
  }

  /** The same without the timers, as if the thread had been away; they come with the next time that passes. */
  stall(milliseconds: number): void {
    this.#now += milliseconds;
    for (const due of this.#due) due.at = Math.max(due.at, this.#now);
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#due) {
      if (due.at <= end && (next === undefined || due.at < next.at)) next = due;
    }
    return next;
  }

  #add(due: Due): Timer {
    this.#due.add(due);
    return { close: () => this.#due.delete(due), unref: () => {} };
  }
}
