import { openCacheFolder } from './cache-folder.js';
import { sumOfCounts } from './cache-report.js';
import { runLives } from './kill-loop.js';
import type { KillReport } from './kill-report.js';
import { settleAccount, startIndexer } from './load-account.js';
import { createSource, destination, FIXED_SOURCE, startSeconds } from './load-ingester.js';
import type { LoadObserver } from './load-observer.js';
import type { KillOptions } from './load-options.js';

/**
 * Writing takes as long as so many times between two kills. As no life has more than one and a half
 * of them, there are several kills, also where some come late.
 */
const TIMES = 5;

/**
 * Runs a load in a process that is killed without warning until everything is written, and followed
 * by another. Entries that a dead one had written, and whose writes had not resolved, are written
 * again and may arrive twice. Those whose writes had resolved are not: they come from the cache, or
 * are lost.
 * @param stop ends the load with the signal's reason
 */
export async function runWithKills(
  options: KillOptions,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<KillReport> {
  const { entryCount, killEveryMs, cache } = options;
  using folder = openCacheFolder(cache, options, observer);
  const indexer = await startIndexer(options);
  try {
    const start = performance.now();
    const firstSecond = startSeconds(options);
    const settings = {
      options,
      to: destination(options, indexer),
      cachePath: folder.path,
      startSeconds: firstSecond,
      entriesPerSecond: (entryCount / (TIMES * killEveryMs)) * 1000,
    };
    const lives = runLives(settings, observer, stop).finally(() => observer.ended());
    const { kills, resolvedAtKill, counts } = await lives;
    const source = createSource(options, {
      ...{ tags: [0], source: FIXED_SOURCE, startSeconds: firstSecond },
    });
    return {
      entries: entryCount,
      seconds: (performance.now() - start) / 1000,
      kills,
      children: kills + 1,
      resolved: resolvedAtKill,
      cache: { mode: cache.mode, bytes: folder.bytes, ...sumOfCounts(counts) },
      ...(await settleAccount(indexer, source, entryCount, options.digest)),
    };
  } finally {
    await indexer.stop();
  }
}
