const QUIET_MS = 60_000;

/** Says what senders cause, which may come often: at once, and then at most once a minute. */
export class Notice {
  readonly #say: (line: string) => void;
  #count = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  tell(text: string): void {
    this.#count++;
    const now = performance.now();
    if (now - this.#saidAt < QUIET_MS) return;
    const more =
      this.#count === 1 ? '' : ` (and ${this.#count - 1} times since the last such line)`;
    this.#say(`ringest: ${text}${more}`);
    this.#count = 0;
    this.#saidAt = now;
  }
}
