import { addCacheFlags, type CacheChoice, refuseWithoutCache } from '@ringest/flags';
import { positiveDuration } from '@ringest/indexer/command-line';
import { type Command, Option } from 'commander';

/** Adds the flags of the cache, and the one that {@link readKillEvery} reads. */
export function addLoadCacheFlags(program: Command): Command {
  return addCacheFlags(program, 'with --cache-mode alone, a temporary folder').addOption(
    new Option(
      '--kill-every <time>',
      'ingest in a process that is killed about so often, and goes on from the cache in another; ' +
        'the entries are spread over five such times. What --cache-mode journal has taken is ' +
        'never lost; other modes lose what is in memory: then that is told, and the status is 1',
    ).argParser(positiveDuration),
  );
}

/** Milliseconds; `undefined`: the ingester is not killed. */
export function readKillEvery(
  program: Command,
  cache: CacheChoice | undefined,
): number | undefined {
  const { killEvery } = program.opts<{ killEvery?: number }>();
  if (killEvery !== undefined && cache === undefined) refuseWithoutCache(program, '--kill-every');
  return killEvery;
}
