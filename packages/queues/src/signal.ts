/** Something that changes, and those who wait for it. */
export class Signal {
  #waiting: (() => void)[] = [];

  readonly tell = (): void => {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  };

  /** Resolves once a condition holds. It is looked at now, and whenever `tell` is called. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
