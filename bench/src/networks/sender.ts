import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { HostProcess, RINGEST } from './host-process.js';
import type { Network } from './network.js';

const END_LIMIT_MS = 180_000;
const ANSWER_LIMIT_MS = 10_000;

/** What a `ringest ship` or a `ringest relay` says, as far as it is read here: see `StatusReply` of the command. */
export interface SenderStatus {
  /** Entries that it has read, and those among them that are confirmed. */
  readonly entries: number;
  readonly confirmed: number;
  readonly lanes: readonly LaneStatus[];
  readonly cache: { readonly trouble: string | null; readonly recoveredEntries: number } | null;
}

/** Its connection to an indexer. */
export interface LaneStatus {
  /** `tcp://name:port`. */
  readonly target: string;
  readonly state: string;
  readonly reconnects: number;
  readonly confirmedEntries: number;
  readonly resentEntries: number;
  readonly lastError: string | null;
}

/** `ringest ship` or `ringest relay` on a host. */
export class Sender {
  readonly host: string;
  readonly #socket: string;
  readonly #process: HostProcess;

  /** @param flags the command's name, and its flags */
  constructor(
    network: Network,
    host: string,
    flags: readonly string[],
    environment: NodeJS.ProcessEnv,
  ) {
    this.host = host;
    this.#socket = join(network.folder, `${host}.sock`);
    const command = [...RINGEST, ...flags, '--status-socket', this.#socket];
    this.#process = new HostProcess(network, host, host, command, environment);
    this.#process.stdout.resume();
  }

  get stdin(): Writable {
    return this.#process.stdin;
  }

  /** What it says about itself; `undefined`: it does not answer, because it has not begun, has ended or stands still. */
  async status(): Promise<SenderStatus | undefined> {
    const socket = connect(this.#socket);
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error('there is no answer')));
    try {
      await once(socket, 'connect');
      return JSON.parse(await text(socket));
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  }

  /** Has it read no more, as a signal does. */
  stop(): void {
    this.#process.kill('SIGTERM');
  }

  /** Its exit status, once it has ended: 0 if all was confirmed. */
  ended(): Promise<number | null> {
    return this.#process.ended(END_LIMIT_MS);
  }
}
