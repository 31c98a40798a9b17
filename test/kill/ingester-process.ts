import { setTimeout as delay } from 'node:timers/promises';
import type { CacheStats as MuxerCacheStats } from '@ringest/core';
import { NodeProcess } from '../support/node-process.js';
import type { IngesterPlan } from './plan.js';

/** On a slow machine. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 5;
const SCRIPT = new URL('ingester.mjs', import.meta.url);

/** The statistics of an ingester's cache, as its process prints them. */
export interface CacheStats extends Omit<MuxerCacheStats, 'trouble'> {
  readonly trouble?: string;
}

export interface IngesterStats {
  readonly hot: number;
  readonly resentEntries: number;
  readonly cache: CacheStats;
}

export interface IngesterReport extends IngesterStats {
  readonly unconfirmed: number;
  readonly cached: number;
}

/** The process of `ingester.mjs`, and what it has told. */
export class IngesterProcess {
  readonly #process: NodeProcess;

  constructor(plan: IngesterPlan) {
    this.#process = new NodeProcess(SCRIPT, [JSON.stringify(plan)]);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Waits for a line. @returns what stands behind its first word */
  async says(word: string): Promise<string> {
    for (const end = Date.now() + PATIENCE_MS; ; await delay(LOOK_MS)) {
      const text = this.#last(word);
      if (text !== undefined) return text;
      const told = this.#process.stdout.slice(-1000) + this.#process.stderr;
      if (Date.now() > end) throw new Error(`the ingester did not say ${word}: ...${told}`);
    }
  }

  /** Entries that are accepted for certain: those before this number. */
  get done(): number {
    return Number(this.#last('done') ?? 0);
  }

  /** The newest that it has told. */
  get stats(): IngesterStats | undefined {
    return this.#json('stats');
  }

  /** What came of its `close`, if that has ended. */
  get report(): IngesterReport | undefined {
    return this.#json('closed');
  }

  /** Tells it to close. */
  close(): void {
    this.#process.kill('SIGTERM');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Waits until it is gone. Throws when anything was wrong with it before. */
  async end(): Promise<void> {
    const status = await this.#process.end();
    const failure = this.#last('failed') ?? this.#last('refused');
    const isEarly = status === 0 && this.report === undefined;
    if (failure === undefined && (status ?? 0) === 0 && !isEarly) return;
    const { stderr } = this.#process;
    throw new Error(`the ingester failed with status ${status}: ${failure ?? ''}\n${stderr}`);
  }

  #json<Value>(word: string): Value | undefined {
    const text = this.#last(word);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** What stands behind the last such word that begins a whole line. */
  #last(word: string): string | undefined {
    const { stdout } = this.#process;
    const end = stdout.lastIndexOf('\n');
    for (let at = end; at > 0; ) {
      at = stdout.lastIndexOf(word, at - 1);
      if (at < 0) return undefined;
      const rest = stdout.slice(at + word.length, stdout.indexOf('\n', at));
      const isWord = rest === '' || rest.startsWith(' ');
      if (isWord && (at === 0 || stdout[at - 1] === '\n')) return rest.slice(1);
    }
    return undefined;
  }
}
