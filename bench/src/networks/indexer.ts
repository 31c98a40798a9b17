import { join } from 'node:path';
import { readStore, type StoreDamage } from '@ringest/indexer';
import { HostProcess, RINGEST } from './host-process.js';
import type { LineAccount } from './line-account.js';
import type { Network } from './network.js';

export const PORT = 4023;
const END_LIMIT_MS = 30_000;

/** `ringest indexer` on a host, which stores what it gets. */
export class Indexer {
  readonly #process: HostProcess;

  private constructor(process: HostProcess) {
    this.#process = process;
  }

  /** Starts it, and waits until it listens. */
  static async start(
    network: Network,
    host: string,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Indexer> {
    const listen = `tcp://${network.address(host)}:${PORT}`;
    const command = [
      ...RINGEST,
      'indexer',
      '--listen',
      listen,
      '--store',
      storeFolder(network, host),
    ];
    const process = new HostProcess(network, host, host, command, environment);
    await process.says('listening on');
    process.stdout.resume();
    return new Indexer(process);
  }

  /** Ends it, by a signal that lets it finish or by one that does not. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#process.kill(signal);
    await this.#process.ended(END_LIMIT_MS);
  }
}

/** Adds all that indexers on a host have stored; there must be none any more. */
export async function readStored(
  network: Network,
  host: string,
  account: LineAccount,
): Promise<void> {
  const onDamage = ({ segment, problem }: StoreDamage) => {
    throw new Error(`the store of ${host} is damaged: ${segment}: ${problem}`);
  };
  for await (const block of readStore(storeFolder(network, host), { onDamage }))
    for (const entry of block)
      account.add({
        indexer: host,
        text: entry.data.toString('latin1'),
        tag: block.tagOf(entry),
        source: entry.sourceBytes.join('.'),
        seconds: entry.seconds,
      });
}

/** Where an indexer keeps entries. */
export function storeFolder(network: Network, host: string): string {
  return join(network.folder, `${host}-store`);
}
