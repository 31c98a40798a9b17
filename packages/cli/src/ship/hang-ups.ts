/** SIGHUP, which asks for the configuration to be read again and does not end a `ship`. */
export class HangUps implements Disposable {
  readonly #listener = () => this.#came();
  #act: (() => Promise<void>) | undefined;
  #hasCome = false;
  #last = Promise.resolve();

  constructor() {
    process.on('SIGHUP', this.#listener);
  }

  /** Acts at each SIGHUP, once the last act is done; at once, if one has come before. The act must not throw. */
  serve(act: () => Promise<void>): void {
    this.#act = act;
    if (this.#hasCome) this.#came();
  }

  [Symbol.dispose](): void {
    process.off('SIGHUP', this.#listener);
    this.#act = undefined;
  }

  #came(): void {
    this.#hasCome = true;
    this.#last = this.#last.then(async () => await this.#act?.());
  }
}
