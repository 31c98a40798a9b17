import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { withoutSecret } from '../shared/child-environment.js';
import { REPOSITORY } from '../shared/repository.js';
import type { Network } from './network.js';

export const SECRET = 'IngestSecrets';

const SAY_LIMIT_MS = 60_000;

/** The command `ringest`. */
export const RINGEST: readonly string[] = [
  process.execPath,
  join(REPOSITORY, 'packages/cli/dist/cli.js'),
];

/** A program on a host, which reads from a pipe, and whose complaints are in a file. */
export class HostProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | null>;

  /**
   * Starts it.
   * @param name of the file that gets its standard error
   * @param more variables of its environment, beside the secret of the indexers
   */
  constructor(
    network: Network,
    host: string,
    name: string,
    command: readonly string[],
    more: NodeJS.ProcessEnv = {},
  ) {
    const errors = openSync(join(network.folder, `${name}.txt`), 'a');
    const env = { ...withoutSecret(), GRAVWELL_INGEST_SECRET: SECRET, ...more };
    const child = network.spawn(host, command, { stdio: ['pipe', 'pipe', errors], env });
    closeSync(errors);
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error(`${name} has no pipes`);
    this.stdin = stdin;
    this.stdout = stdout;
    this.#name = name;
    this.#process = child;
    this.#exited = once(child, 'exit').then(([code]) => code);
    // It may end while it is written to; its exit status says so.
    stdin.on('error', () => {});
  }

  /**
   * Waits for a text on its standard output.
   * @throws {Error} it ends before, or does not say it in time
   */
  says(text: string): Promise<void> {
    return this.#inTime(this.#untilSaid(text), `said ${text}`, SAY_LIMIT_MS);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /**
   * Waits until it ends by itself.
   * @returns its exit status; `null`: a signal ended it
   * @throws {Error} it does not in time
   */
  ended(limitMs: number): Promise<number | null> {
    return this.#inTime(this.#exited, 'ended', limitMs);
  }

  async #untilSaid(text: string): Promise<void> {
    let said = '';
    for await (const chunk of this.stdout.iterator({ destroyOnReturn: false })) {
      said += chunk;
      if (said.includes(text)) return;
    }
    throw new Error(`${this.#name} ended, and did not say ${text}`);
  }

  /** @param what it should have done, after "has not" */
  async #inTime<Result>(result: Promise<Result>, what: string, limitMs: number): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`${this.#name} has not ${what} within ${limitMs} ms`);
      timer = setTimeout(() => reject(error), limitMs);
    });
    try {
      return await Promise.race([result, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
