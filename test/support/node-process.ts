import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { Changes } from './changes.js';

/** Scripts of the repository that tests run, and those that only tests run. */
export const LOAD = new URL('../../bench/dist/cli/load.js', import.meta.url);
export const TUNE = new URL('../../bench/dist/cli/tune.js', import.meta.url);
export const INDEXER = new URL('../../packages/indexer/dist/cli/cli.js', import.meta.url);
export const RINGEST = new URL('../../packages/cli/dist/cli.js', import.meta.url);
export const support = (name: string): URL => new URL(name, import.meta.url);

/** A program run by Node.js, which is gone when the test is finished. */
export class NodeProcess {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #changes = new Changes();
  readonly #closed: Promise<number | null>;

  /** @param stdin what it reads: nothing, a pipe from here, or an open file */
  constructor(
    script: URL,
    args: readonly string[],
    nodeFlags: readonly string[] = [],
    stdin: 'ignore' | 'pipe' | number = 'ignore',
  ) {
    // Where pnpm runs the tests, it names a folder with every package, in which more is found than for users.
    const { NODE_PATH: _, ...env } = process.env;
    const child = spawn(process.execPath, [...nodeFlags, fileURLToPath(script), ...args], {
      stdio: [stdin, 'pipe', 'pipe'],
      env,
    });
    this.#child = child;
    child.stdout?.on('data', (text) => {
      this.stdout += text;
      this.#changes.tell();
    });
    child.stderr?.on('data', (text) => {
      this.stderr += text;
      this.#changes.tell();
    });
    this.#closed = once(child, 'close').then(([code]) => code);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
  }

  /** Its standard input, if that is a pipe. */
  get stdin(): Writable {
    if (this.#child.stdin === null) throw new Error('its standard input is no pipe');
    return this.#child.stdin;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Waits for what one of its outputs says. */
  async says(output: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    await this.#changes.until(`${pattern} on ${output}`, () => pattern.test(this[output]));
    return pattern.exec(this[output]) as RegExpExecArray;
  }

  /** Reads an output no more, as `head` does. */
  stopReading(output: 'stdout' | 'stderr'): void {
    this.#child[output]?.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for its end, after a signal if one is given. The exit status; `null` after a signal. */
  end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.kill(signal);
    return this.#closed;
  }

  /** The JSON on the last line of its standard output. */
  lastJson<T = Record<string, unknown>>(): T {
    return JSON.parse(this.stdout.trimEnd().split('\n').at(-1) ?? '') as T;
  }
}

/** A running `ringest-indexer`, and the address that it listens on. */
export async function startIndexer(...args: readonly string[]) {
  const indexer = new NodeProcess(INDEXER, ['--ingest-secret', 'IngestSecrets', '--json', ...args]);
  const [, address = ''] = await indexer.says('stderr', /^listening on tcp:\/\/(\S+)\n/m);
  return { indexer, address };
}
