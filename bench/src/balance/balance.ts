import { IndexerChild } from '../shared/indexer-child.js';
import {
  type ByPolicy,
  deviationOfEquals,
  rateToOneFarAway,
  ratioWithOneSlow,
  secondsToShift,
} from './cases.js';
import { SECRET } from './load.js';

const INDEXERS = 4;

/** What the cases found; see `cases.ts`. */
export interface BalanceReport {
  readonly equal: { readonly maxShareDeviation: ByPolicy };
  readonly oneSlow: { readonly ratioToHealthyAlone: ByPolicy };
  readonly jump: { readonly secondsToShift: ByPolicy };
  readonly far: { readonly entriesPerSecond: ByPolicy };
}

/**
 * Compares the policies over sockets: the muxer in this process, each of four indexers in one of
 * its own.
 * @param onCase called with the results of each case as soon as it is done
 */
export async function runBalance(
  onCase: (name: string, found: ByPolicy) => void,
): Promise<BalanceReport> {
  const indexers: IndexerChild[] = [];
  const run = async (
    name: string,
    measure: (indexers: readonly IndexerChild[]) => Promise<ByPolicy>,
  ) => {
    const found = await measure(indexers);
    onCase(name, found);
    return found;
  };
  try {
    for (let i = 0; i < INDEXERS; i++) {
      indexers.push(await IndexerChild.start({ secret: SECRET, tally: false, digest: false }));
    }
    return {
      equal: {
        maxShareDeviation: await run('4 equal: greatest share / least - 1', deviationOfEquals),
      },
      oneSlow: { ratioToHealthyAlone: await run('1 of 4 slow: rate / 3 alone', ratioWithOneSlow) },
      jump: { secondsToShift: await run('1 of 4 gets slow: s until it shows', secondsToShift) },
      far: { entriesPerSecond: await run('1 far away: entries/s', rateToOneFarAway) },
    };
  } finally {
    await Promise.all(indexers.map((indexer) => indexer.stop()));
  }
}
