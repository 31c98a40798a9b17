import type { VirtualTime } from './virtual-time.js';

/** Milliseconds of a thread that an answer of the handshake takes, to compute or to check (§3). */
const ANSWER_MS = 21;

interface Asked {
  /** Whether somebody still waits for it. */
  readonly isWanted: () => boolean;
  readonly done: () => void;
}

/** The thread of an ingester or an indexer that computes or checks answers, one after the other. */
export class Answers {
  readonly #time: VirtualTime;
  readonly #asked: Asked[] = [];
  #isBusy = false;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  ask(isWanted: () => boolean, done: () => void): void {
    this.#asked.push({ isWanted, done });
    if (!this.#isBusy) this.#next();
  }

  #next(): void {
    let asked = this.#asked.shift();
    while (asked !== undefined && !asked.isWanted()) asked = this.#asked.shift();
    this.#isBusy = asked !== undefined;
    if (asked === undefined) return;
    const { isWanted, done } = asked;
    this.#time.after(ANSWER_MS, () => {
      if (isWanted()) done();
      this.#next();
    });
  }
}
