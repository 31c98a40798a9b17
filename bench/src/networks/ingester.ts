import { join } from 'node:path';
import type { Network } from './network.js';
import { numberedLine, sourceOf } from './numbered-lines.js';
import { Sender } from './sender.js';

const EVERY_MS = 20;
/** Lines that are written at once at most, when earlier ones had to wait. */
const MOST_AT_ONCE = 2000;

/** Where an ingester keeps entries that wait. */
export type Keeping = 'memory' | 'fail' | 'journal';

export interface IngesterSettings {
  /** Flags that say where entries go. */
  readonly to: readonly string[];
  readonly linesPerSecond: number;
  readonly keeping: Keeping;
  readonly environment: NodeJS.ProcessEnv;
}

/** `ringest ship` whose standard input gets numbered lines at a steady rate. */
export class Ingester {
  readonly sender: Sender;
  readonly #linesPerSecond: number;
  #written = 0;
  #start = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBlocked = false;

  constructor(network: Network, host: string, settings: IngesterSettings) {
    const { to, keeping, linesPerSecond, environment } = settings;
    const cache = ['--cache-path', cacheFolder(network, host), '--cache-mode', keeping];
    const flags = [
      ...['ship', '--ignore-timestamps', '--tag', host, '--source', sourceOf(host), ...to],
      ...(keeping === 'memory' ? [] : cache),
    ];
    this.sender = new Sender(network, host, flags, environment);
    this.#linesPerSecond = linesPerSecond;
  }

  /** Lines that were handed to it. */
  get written(): number {
    return this.#written;
  }

  /** Begins to write. */
  begin(): void {
    this.#start = performance.now();
    this.#timer = setInterval(() => this.#write(), EVERY_MS);
  }

  /** Writes no more. */
  pause(): void {
    clearInterval(this.#timer);
  }

  /**
   * Writes no more, and waits until it has nothing left to do.
   * @returns its exit status: 0 if all was confirmed
   */
  end(): Promise<number | null> {
    this.pause();
    this.sender.stdin.end();
    return this.sender.ended();
  }

  #write(): void {
    if (this.#isBlocked) return;
    const due = Math.floor(((performance.now() - this.#start) / 1000) * this.#linesPerSecond);
    const end = Math.min(due, this.#written + MOST_AT_ONCE);
    if (end <= this.#written) return;
    let lines = '';
    for (; this.#written < end; this.#written++)
      lines += `${numberedLine(this.sender.host, this.#written)}\n`;
    this.#isBlocked = !this.sender.stdin.write(lines);
    if (this.#isBlocked) {
      this.sender.stdin.once('drain', () => {
        this.#isBlocked = false;
      });
    }
  }
}

/** Where an ingester keeps entries on disk. */
export function cacheFolder(network: Network, host: string): string {
  return join(network.folder, `${host}-cache`);
}
