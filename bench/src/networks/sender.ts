import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { HostProcess, RINGEST } from './host-process.js';
import type { Network } from './network.js';

const END_LIMIT_MS = 180_000;

/** What a `ringest ship` or a `ringest relay` says, as far as it is read here: see `StatusReply` of the command. */
export interface SenderStatus {
  /** Entries. */
  readonly confirmed: number;
  readonly lanes: readonly {
    readonly state: string;
    readonly reconnects: number;
    readonly lastError: string | null;
  }[];
  readonly cache: { readonly trouble: string | null } | null;
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

  /** What it says about itself; `undefined`: it does not answer, because it has not begun or has ended. */
  async status(): Promise<SenderStatus | undefined> {
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

  /** Has it read no more, as a signal does. */
  stop(): void {
    this.#process.kill('SIGTERM');
  }

  /** Its exit status, once it has ended: 0 if all was confirmed. */
  ended(): Promise<number | null> {
    return this.#process.ended(END_LIMIT_MS);
  }
}
