import { SECRET } from './host-process.js';
import { PORT } from './indexer.js';
import { cacheFolder } from './ingester.js';
import type { ExitStatuses, Middle } from './middle.js';
import type { Network } from './network.js';
import { Sender } from './sender.js';

/** The host of the relay. */
export const RELAY = 'relay';

/** `ringest relay`: without a cache, it confirms what indexers have confirmed, and with a journal what is in it. */
export class Relay implements Middle {
  readonly sender: Sender;
  readonly to: readonly string[] = ['--clear-conns', `${RELAY}:${PORT}`];
  readonly countsRepeats = true;

  /** @param toIndexers flags */
  constructor(
    network: Network,
    toIndexers: readonly string[],
    environment: NodeJS.ProcessEnv,
    hasJournal = false,
  ) {
    const listen = ['--listen', `${network.address(RELAY)}:${PORT}`, '--listen-secret', SECRET];
    const journal = ['--cache-path', cacheFolder(network, RELAY), '--cache-mode', 'journal'];
    const flags = ['relay', ...listen, ...toIndexers, ...(hasJournal ? journal : [])];
    this.sender = new Sender(network, RELAY, flags, environment);
  }

  async end(): Promise<ExitStatuses> {
    this.sender.stop();
    return [[RELAY, await this.sender.ended()]];
  }
}
