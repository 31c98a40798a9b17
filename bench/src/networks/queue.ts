import { join } from 'node:path';
import { hasNatsProgram, NATS_PROGRAM } from '../shared/nats-program.js';
import { HostProcess } from './host-process.js';
import type { ExitStatuses, Middle } from './middle.js';
import type { Network } from './network.js';
import { Sender } from './sender.js';

/** The host of the queue's server, and the one that takes from it. */
export const QUEUE = 'queue';
export const TAKER = 'taker';

const URL = `nats://${QUEUE}:4222`;
const STREAM = ['--nats-create', '--nats-stream', 'ringest', '--nats-subjects', 'ringest.>'];
const END_LIMIT_MS = 30_000;

/** Why there can be no queue here; `undefined`: there can. */
export function whyNoQueue(): string | undefined {
  return hasNatsProgram() ? undefined : `${NATS_PROGRAM} is missing: the package of that name`;
}

/** A server of NATS JetStream, and a `ringest ship` that takes from it and sends to indexers. */
export class Queue implements Middle {
  readonly sender: Sender;
  readonly to: readonly string[] = ['--to', URL, ...STREAM];
  /** What the server delivers again is counted by nobody here. */
  readonly countsRepeats = false;
  readonly #network: Network;
  readonly #flags: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  #server: HostProcess;

  /** @param toIndexers flags */
  constructor(network: Network, toIndexers: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#network = network;
    this.#environment = environment;
    const from = ['--nats', URL, ...STREAM, '--nats-consumer', 'taker', '--nats-restore'];
    this.#flags = ['ship', ...from, ...toIndexers];
    this.#server = startServer(network);
    this.sender = new Sender(network, TAKER, this.#flags, environment);
  }

  /** Kills the server, and starts it again. After its disk was full, version 2.9.10 does not end by SIGTERM. */
  async restartServer(): Promise<void> {
    this.#server.kill('SIGKILL');
    await this.#server.ended(END_LIMIT_MS);
    this.#server = startServer(this.#network);
  }

  /** Has the taker end, and another one take what is left. */
  async end(): Promise<ExitStatuses> {
    this.sender.stop();
    const status = await this.sender.ended();
    const flags = [...this.#flags, '--nats-until-empty'];
    const last = new Sender(this.#network, TAKER, flags, this.#environment);
    return [
      [TAKER, status],
      [TAKER, await last.ended()],
    ];
  }
}

/** Where the server keeps messages. */
export function queueFolder(network: Network): string {
  return join(network.folder, 'queue-store');
}

function startServer(network: Network): HostProcess {
  const where = ['-a', network.address(QUEUE), '-js', '-sd', queueFolder(network)];
  const server = new HostProcess(network, QUEUE, QUEUE, [NATS_PROGRAM, ...where]);
  server.stdout.resume();
  return server;
}
