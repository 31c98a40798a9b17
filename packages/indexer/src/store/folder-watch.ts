import { type FSWatcher, watch } from 'node:fs';

/** Some file systems, such as those of networks, do not tell of changes. */
const LOOK_EVERY_MS = 1000;

/** Waits for changes in a folder. */
export class FolderWatch {
  readonly #watcher: FSWatcher;
  readonly #signal: AbortSignal | undefined;
  #hasChanged = false;
  #wake: () => void = () => {};

  /** Throws the error of the system. */
  constructor(folder: string, signal: AbortSignal | undefined) {
    this.#watcher = watch(folder, () => this.#changed());
    // The folder is looked at all the same.
    this.#watcher.on('error', () => {});
    this.#signal = signal;
    signal?.addEventListener('abort', this.#changed);
  }

  /** Resolves after a change since the last call, after a second, or when the signal is aborted. */
  async next(): Promise<void> {
    if (!this.#hasChanged && this.#signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#hasChanged = false;
  }

  close(): void {
    this.#watcher.close();
    this.#signal?.removeEventListener('abort', this.#changed);
  }

  readonly #changed = () => {
    this.#hasChanged = true;
    this.#wake();
  };
}
