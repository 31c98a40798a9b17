import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { FromIndexer, IndexerSettings, ToIndexer } from './indexer-messages.js';
import type { TallyReport } from './tally.js';

/** The parent's handle on an embedded indexer that runs in a process of its own. */
export class IndexerChild {
  /** As `tcp://host:port`. */
  readonly address: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, address: string) {
    this.#process = process;
    this.address = address;
  }

  /** Starts the process and waits until it listens, on a free port of the loopback. */
  static async start(settings: IndexerSettings): Promise<IndexerChild> {
    const child = fork(new URL('./indexer-process.js', import.meta.url));
    const { address } = await ask(child, 'listening', { kind: 'settings', settings });
    return new IndexerChild(child, address);
  }

  /** What has arrived by now of a load of `sent` entries. */
  async report(sent: number): Promise<TallyReport> {
    return (await ask(this.#process, 'report', { kind: 'report', sent })).tally;
  }

  /** Has confirmations leave so many milliseconds later from now on. */
  async delay(milliseconds: number): Promise<void> {
    await ask(this.#process, 'delayed', { kind: 'delay', milliseconds });
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await exited;
  }
}

/** Sends a message and waits for the answer of a kind; fails when the process ends before. */
function ask<Kind extends FromIndexer['kind']>(
  child: ChildProcess,
  kind: Kind,
  message: ToIndexer,
): Promise<Extract<FromIndexer, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: FromIndexer) => {
      if (answer.kind === kind)
        settle(() => resolve(answer as Extract<FromIndexer, { kind: Kind }>));
    };
    const onExit = (code: number | null) =>
      settle(() => reject(new Error(`the embedded indexer ended early, with code ${code}`)));
    const settle = (how: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      how();
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send(message);
  });
}
