/** How often due lines are written, in milliseconds. */
const TICK_MS = 50;

/** Calls a function every now and then with how many entries are due, until it is stopped. */
export class Pace {
  readonly #start = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(entriesPerSecond: number, due: (entries: number) => void) {
    this.#timer = setInterval(() => {
      due(Math.floor(((performance.now() - this.#start) * entriesPerSecond) / 1000));
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
