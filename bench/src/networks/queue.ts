import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { HostProcess } from './host-process.js';
import type { Network } from './network.js';
import { Ship } from './ship.js';

/** The host of the queue's server, and the one that takes from it. */
export const QUEUE = 'queue';
export const TAKER = 'taker';

const URL = `nats://${QUEUE}:4222`;
const STREAM = ['--nats-create', '--nats-stream', 'ringest', '--nats-subjects', 'ringest.>'];

/** Flags of a `ringest ship` that publishes. */
export const TO_QUEUE: readonly string[] = ['--to', URL, ...STREAM];

/** Why there can be no queue here; `undefined`: there can. */
export function whyNoQueue(): string | undefined {
  const isMissing = spawnSync('nats-server', ['--version']).error !== undefined;
  return isMissing ? 'nats-server is missing: the package nats-server' : undefined;
}

/** A server of NATS JetStream, and a `ringest ship` that takes from it and sends to indexers. */
export class Queue {
  readonly taker: Ship;
  readonly #network: Network;
  readonly #flags: readonly string[];

  /** @param to flags that say where entries go */
  constructor(network: Network, to: readonly string[]) {
    this.#network = network;
    this.#flags = ['--nats', URL, ...STREAM, '--nats-consumer', 'taker', '--nats-restore', ...to];
    const store = join(network.folder, 'queue-store');
    const server = ['nats-server', '-a', network.address(QUEUE), '-js', '-sd', store];
    new HostProcess(network, QUEUE, QUEUE, server).stdout.resume();
    this.taker = new Ship(network, TAKER, this.#flags, {});
  }

  /**
   * Has the taker end, and another one take what is left.
   * @returns the exit statuses of both
   */
  async end(): Promise<(number | null)[]> {
    this.taker.stop();
    const status = await this.taker.ended();
    const last = new Ship(this.#network, TAKER, [...this.#flags, '--nats-until-empty'], {});
    return [status, await last.ended()];
  }
}
