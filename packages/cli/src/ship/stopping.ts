import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitStatusOf } from '../exit-status.js';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * What ends a `ship` early, or a `relay`. A first SIGINT or SIGTERM aborts `reading`, and after the grace `waiting`. A
 * second signal ends the process at once.
 */
export class Stopping {
  readonly #reading = new AbortController();
  readonly #waiting = new AbortController();
  readonly #graceMs: number;
  readonly #sayLeft: () => void;
  readonly #listeners = STOP_SIGNALS.map((name) => ({ name, stop: () => this.#signalled(name) }));

  /** @param sayLeft says what is left, before a second signal ends the process */
  constructor(graceMs: number, sayLeft: () => void) {
    this.#graceMs = graceMs;
    this.#sayLeft = sayLeft;
    for (const { name, stop } of this.#listeners) process.on(name, stop);
  }

  /** Aborted when nothing more is to be read. */
  get reading(): AbortSignal {
    return this.#reading.signal;
  }

  /** Aborted when confirmations are to be waited for no longer. */
  get waiting(): AbortSignal {
    return this.#waiting.signal;
  }

  /** Reads no more, and waits no longer: something failed. */
  giveUp(error: Error): void {
    this.#reading.abort(error);
    this.#waiting.abort(error);
  }

  [Symbol.dispose](): void {
    for (const { name, stop } of this.#listeners) process.off(name, stop);
    this.#waiting.abort(new Error('it is over'));
  }

  #signalled(name: (typeof STOP_SIGNALS)[number]): void {
    if (this.#reading.signal.aborted) {
      this.#sayLeft();
      process.exit(exitStatusOf(name));
    }
    this.#reading.abort(new Error(`${name} came`));
    void this.#endGrace(name);
  }

  async #endGrace(name: string): Promise<void> {
    const { signal } = this.#waiting;
    await Promise.race([sleep(this.#graceMs, undefined, { ref: false }), once(signal, 'abort')]);
    this.#waiting.abort(new Error(`${name} came ${this.#graceMs} ms ago`));
  }
}
