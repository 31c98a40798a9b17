import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionError, IngestMuxer } from '@ringest/core';
import type { Victim } from '../support/victim.js';

/** On a slow machine, with an indexer that has to start again. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 10;

/** What happens between a muxer and its indexers, for those who wait for it. */
export class Traffic {
  readonly #muxer: IngestMuxer;

  constructor(muxer: IngestMuxer) {
    this.#muxer = muxer;
  }

  /** Waits until so many entries more are confirmed, by whichever indexer. */
  async flows(entries: number): Promise<void> {
    const confirmed = () => this.#muxer.stats().confirmedEntries;
    const enough = confirmed() + entries;
    for (const end = Date.now() + PATIENCE_MS; confirmed() < enough; await delay(LOOK_MS)) {
      if (Date.now() > end) throw new Error(`of ${enough} entries ${confirmed()} are confirmed`);
    }
  }

  /** Waits until the muxer gives up a connection to an indexer. */
  isLost({ address }: Victim): Promise<void> {
    const muxer = this.#muxer;
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        muxer.off('lost', look);
        reject(new Error(`the connection to ${address} was not given up`));
      }, PATIENCE_MS);
      const look = ({ target }: ConnectionError) => {
        if (target !== `tcp://${address}`) return;
        clearTimeout(patience);
        muxer.off('lost', look);
        resolve();
      };
      muxer.on('lost', look);
    });
  }
}
