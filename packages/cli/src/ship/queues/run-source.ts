import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../../errors.js';

/** How often to look whether a queue is empty, in milliseconds. */
const LOOK_MS = 250;

/** What takes the messages of a queue. */
interface Source {
  /** Resolves once it is stopped, and all that was written is acknowledged. */
  run(): Promise<void>;
  stop(): Promise<void>;
  stats(): { readonly unconfirmed: number };
}

/** Runs a source until it is stopped, or until its queue is empty. */
export class SourceRun {
  readonly #source: Source;
  readonly #stopped = new AbortController();

  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * Resolves once all that was written is acknowledged.
   * @param name the queue, for people
   * @param isEmpty whether the queue has nothing more; `undefined`: it goes on then
   * @throws {CommandError} what keeps it from going on
   */
  async run(name: string, isEmpty: (() => Promise<boolean>) | undefined): Promise<void> {
    const running = this.#source.run();
    const watching = isEmpty && this.#stopWhen(isEmpty);
    try {
      await running;
    } catch (cause) {
      throw new CommandError(`${name}: ${(cause as Error).message}`, { cause });
    } finally {
      this.#stopped.abort();
      await watching;
    }
  }

  /** Pulls no more. Resolves once the source has stopped: what keeps it from going on, `run` tells. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#source.stop().catch(() => {});
  }

  /** The same, but it waits for so many milliseconds at most. */
  async stopWithin(milliseconds: number): Promise<void> {
    const over = new AbortController();
    const stopped = this.stop().finally(() => over.abort());
    const late = sleep(milliseconds, undefined, { signal: over.signal }).catch(() => {});
    await Promise.race([stopped, late]);
  }

  async #stopWhen(isEmpty: () => Promise<boolean>): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      if (this.#source.stats().unconfirmed > 0) continue;
      if (await isEmpty()) void this.stop();
    }
  }
}
