import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HostProcess, RINGEST } from './host-process.js';
import type { Network } from './network.js';
import { numberedLine } from './numbered-lines.js';

const EVERY_MS = 20;
/** Lines that are written at once at most, when earlier ones had to wait. */
const MOST_AT_ONCE = 2000;
const END_LIMIT_MS = 180_000;

/** Where an ingester keeps entries that wait. */
export type Keeping = 'memory' | 'fail' | 'journal';

export interface IngesterSettings {
  /** Addresses of indexers, as the command line has them. */
  readonly targets: readonly string[];
  readonly linesPerSecond: number;
  readonly keeping: Keeping;
  readonly environment: NodeJS.ProcessEnv;
}

/** What an ingester says, as far as it is read here: see `StatusReply` of the command. */
export interface IngesterStatus {
  readonly confirmed: number;
  readonly lanes: readonly {
    readonly state: string;
    readonly reconnects: number;
    readonly lastError: string | null;
  }[];
  readonly cache: { readonly trouble: string | null } | null;
}

/** `ringest ship` on a host, whose standard input gets numbered lines at a steady rate. */
export class Ingester {
  readonly host: string;
  readonly #socket: string;
  readonly #process: HostProcess;
  readonly #linesPerSecond: number;
  #written = 0;
  #start = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBlocked = false;

  constructor(network: Network, host: string, settings: IngesterSettings) {
    const { targets, keeping, linesPerSecond, environment } = settings;
    this.host = host;
    this.#linesPerSecond = linesPerSecond;
    this.#socket = join(network.folder, `${host}.sock`);
    const cache =
      keeping === 'memory'
        ? []
        : ['--cache-path', cacheFolder(network, host), '--cache-mode', keeping];
    const command = [
      ...[...RINGEST, 'ship', '--ignore-timestamps', '--tag', host],
      ...['--clear-conns', targets.join(','), '--status-socket', this.#socket, ...cache],
    ];
    this.#process = new HostProcess(network, host, host, command, environment);
    this.#process.stdout.resume();
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

  /** What it says about itself; `undefined`: it does not answer, because it has not begun or has ended. */
  async status(): Promise<IngesterStatus | undefined> {
    const socket = connect(this.#socket);
    try {
      await once(socket, 'connect');
      return JSON.parse(await text(socket));
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  }

  /**
   * Writes no more, and waits until it has nothing left to do.
   * @returns its exit status: 0 if all was confirmed
   */
  end(): Promise<number | null> {
    clearInterval(this.#timer);
    this.#process.stdin.end();
    return this.#process.ended(END_LIMIT_MS);
  }

  #write(): void {
    if (this.#isBlocked) return;
    const due = Math.floor(((performance.now() - this.#start) / 1000) * this.#linesPerSecond);
    const end = Math.min(due, this.#written + MOST_AT_ONCE);
    if (end <= this.#written) return;
    let lines = '';
    for (; this.#written < end; this.#written++)
      lines += `${numberedLine(this.host, this.#written)}\n`;
    this.#isBlocked = !this.#process.stdin.write(lines);
    if (this.#isBlocked) {
      this.#process.stdin.once('drain', () => {
        this.#isBlocked = false;
      });
    }
  }
}

/** Where an ingester keeps entries on disk. */
export function cacheFolder(network: Network, host: string): string {
  return join(network.folder, `${host}-cache`);
}
