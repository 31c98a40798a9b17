import { EventEmitter, once } from 'node:events';

/** How long a test waits for what somebody else must do. */
const PATIENCE_MS = 45_000;

/** Lets a test wait for a condition that is looked at again whenever something has changed. */
export class Changes {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  /** Something has changed. */
  readonly tell = (): void => {
    this.#emitter.emit('change');
  };

  async until(what: string, condition: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while (!condition()) {
      await once(this.#emitter, 'change', { signal }).catch(() => {
        throw new Error(`${what} did not come within ${PATIENCE_MS} ms`);
      });
    }
  }
}
