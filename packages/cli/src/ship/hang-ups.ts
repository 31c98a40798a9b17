/** SIGHUP, which asks for the configuration to be read again and does not end a `ship` or a `relay`. */
export class HangUps implements Disposable {
  readonly #listener = () => this.#came();
  #act: ((signal: AbortSignal) => Promise<void>) | undefined;
  #hasCome = false;
  #turn = new AbortController();
  #last = Promise.resolve();

  constructor() {
    process.on('SIGHUP', this.#listener);
  }

  /**
   * Acts at each SIGHUP, once the last act is done; at once, if one has come before. Its signal is aborted when the
   * next one comes: what takes long should end then. The act must not throw.
   */
  serve(act: (signal: AbortSignal) => Promise<void>): void {
    this.#act = act;
    if (this.#hasCome) this.#came();
  }

  [Symbol.dispose](): void {
    process.off('SIGHUP', this.#listener);
    this.#act = undefined;
  }

  #came(): void {
    this.#hasCome = true;
    this.#turn.abort(new Error('another SIGHUP came'));
    this.#turn = new AbortController();
    const { signal } = this.#turn;
    this.#last = this.#last.then(async () => {
      // The next act does the same.
      if (!signal.aborted) await this.#act?.(signal);
    });
  }
}
