import { join } from 'node:path';
import { hasNatsProgram, NATS_PROGRAM } from '../shared/nats-program.js';
import { HostProcess } from './host-process.js';
import type { Middle } from './middle.js';
import type { Network } from './network.js';
import { Sender } from './sender.js';

/** The host of the queue's server, and the one that takes from it. */
export const QUEUE = 'queue';
export const TAKER = 'taker';

const URL = `nats://${QUEUE}:4222`;
const STREAM = ['--nats-create', '--nats-stream', 'ringest', '--nats-subjects', 'ringest.>'];

/** Why there can be no queue here; `undefined`: there can. */
export function whyNoQueue(): string | undefined {
  return hasNatsProgram() ? undefined : `${NATS_PROGRAM} is missing: the package of that name`;
}

/** A server of NATS JetStream, and a `ringest ship` that takes from it and sends to indexers. */
export class Queue implements Middle {
  readonly sender: Sender;
  readonly to: readonly string[] = ['--to', URL, ...STREAM];
  readonly #network: Network;
  readonly #flags: readonly string[];

  /** @param toIndexers flags */
  constructor(network: Network, toIndexers: readonly string[]) {
    this.#network = network;
    const from = ['--nats', URL, ...STREAM, '--nats-consumer', 'taker', '--nats-restore'];
    this.#flags = ['ship', ...from, ...toIndexers];
    const store = join(network.folder, 'queue-store');
    const server = [NATS_PROGRAM, '-a', network.address(QUEUE), '-js', '-sd', store];
    new HostProcess(network, QUEUE, QUEUE, server).stdout.resume();
    this.sender = new Sender(network, TAKER, this.#flags, {});
  }

  /** Has the taker end, and another one take what is left. */
  async end(): Promise<(number | null)[]> {
    this.sender.stop();
    const status = await this.sender.ended();
    const last = new Sender(this.#network, TAKER, [...this.#flags, '--nats-until-empty'], {});
    return [status, await last.ended()];
  }
}
