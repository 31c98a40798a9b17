import { SECRET } from './host-process.js';
import { PORT } from './indexer.js';
import type { Middle } from './middle.js';
import type { Network } from './network.js';
import { Sender } from './sender.js';

/** The host of the relay. */
export const RELAY = 'relay';

/** `ringest relay` without a cache: it confirms what indexers have confirmed. */
export class Relay implements Middle {
  readonly sender: Sender;
  readonly to: readonly string[] = ['--clear-conns', `${RELAY}:${PORT}`];

  /** @param toIndexers flags */
  constructor(network: Network, toIndexers: readonly string[]) {
    const listen = ['--listen', `${network.address(RELAY)}:${PORT}`, '--listen-secret', SECRET];
    this.sender = new Sender(network, RELAY, ['relay', ...listen, ...toIndexers], {});
  }

  async end(): Promise<(number | null)[]> {
    this.sender.stop();
    return [await this.sender.ended()];
  }
}
