import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { withoutSecret } from '../shared/child-environment.js';
import type {
  FromIngester,
  IngesterProgress,
  IngesterSettings,
  ToIngester,
} from './ingester-messages.js';

/** Who listens to an ingester's process. */
export interface IngesterEvents {
  /** It is about to start its muxer. */
  started(): void;
  progress(progress: IngesterProgress): void;
  /** A connection was lost; it is tried again. */
  lost(error: Error, retryInMs: number): void;
}

/** The parent's handle on an ingester that runs in a process of its own. */
export class IngesterChild {
  /**
   * Resolves when the process is gone and all that it had told is heard: with whether it was killed,
   * or else had done everything. Rejects when it failed.
   */
  readonly ended: Promise<'killed' | 'done'>;
  readonly #process: ChildProcess;
  #isKilled = false;

  constructor(settings: IngesterSettings, events: IngesterEvents) {
    this.#process = fork(new URL('./ingester-process.js', import.meta.url), {
      env: withoutSecret(),
      // Numbers may be infinite.
      serialization: 'advanced',
    });
    this.ended = this.#run(settings, events);
  }

  /** Kills the process where it is. */
  kill(): void {
    this.#isKilled = true;
    this.#process.kill('SIGKILL');
  }

  async #run(settings: IngesterSettings, events: IngesterEvents): Promise<'killed' | 'done'> {
    let isDone = false;
    let failure: Error | undefined;
    this.#process.on('message', (message: FromIngester) => {
      if (message.kind === 'started') events.started();
      else if (message.kind === 'lost') events.lost(new Error(message.message), message.retryInMs);
      else if (message.kind === 'failed') failure = new Error(message.message);
      else events.progress(message.progress);
      if (message.kind === 'done') isDone = true;
      const isOver = message.kind === 'done' || message.kind === 'failed';
      if (isOver && this.#process.connected) this.#process.disconnect();
    });
    const heardAll = once(this.#process, 'disconnect');
    const exited = once(this.#process, 'exit');
    // That it was gone before it heard is told by its exit.
    this.#process.send({ kind: 'settings', settings } satisfies ToIngester, () => {});
    const [[code, signal]] = await Promise.all([exited, heardAll]);
    if (failure !== undefined) throw failure;
    if (isDone) return 'done';
    if (this.#isKilled) return 'killed';
    throw new Error(`the ingester ended early, with ${signal ?? `code ${code}`}`);
  }
}
