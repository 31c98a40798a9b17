import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  ringest cache dump /var/cache/ringest
  ringest cache dump /var/cache/ringest --entries | jq .data
  ringest cache verify /var/cache/ringest
  ringest cache requeue /var/cache/ringest

dump and verify change nothing, and do not disturb a muxer that uses the cache.

Exit status: 0 everything was read, or is back in the cache; 1 part of it is damaged, of a newer format,
or stays in quarantine; 2 the command line cannot be used; 3 the folder cannot be used.`;

const REQUEUE = `
Each file of the quarantine is a segment, or a damaged part of one. Its entries are written to a new
segment of the cache, and the next ringest ship sends them. A file leaves the quarantine only when the disk
has its entries in the cache. If the command is interrupted, run it again: no entry is lost, and none is
in the cache twice. Only what a ship has sent between the two runs is sent a second time.

A block whose checksum does not fit has at least one altered entry, and nobody knows which. It stays in
quarantine unless --damaged is given. Names of tags are in the segment that a part came from. If that is
gone, its entries stay unless --tag is given.

Stop what uses the cache first.`;

/** Adds `ringest cache`. */
export function addCacheCommand(program: Command): void {
  const cache = program
    .command('cache')
    .summary('look at a disk cache, check it, put its quarantine back')
    .description('Look at the disk cache of an ingester, check it, and put its quarantine back.')
    .addHelpText('after', EXAMPLES);
  const load = () => import('../cache/cache-commands.js');
  cache
    .command('dump')
    .description('Print what is in the segments of a cache.')
    .argument('<folder>', 'the folder of the cache')
    .option(
      '--entries',
      'print a line of JSON for each entry; messages go to standard error',
      false,
    )
    .action(async (folder: string, flags: { entries: boolean }) => {
      process.exitCode = await (await load()).dump(folder, flags);
    });
  cache
    .command('verify')
    .description('Read every entry of a cache, and print what cannot be read.')
    .argument('<folder>', 'the folder of the cache')
    .action(async (folder: string) => {
      process.exitCode = await (await load()).verify(folder);
    });
  cache
    .command('requeue')
    .description('Put the entries in the quarantine of a cache back into the cache.')
    .argument('<folder>', 'the folder of the cache')
    .option('--damaged', 'take the entries of blocks whose checksum does not fit, too', false)
    .option('--tag <name>', 'the tag of entries whose tag is not known')
    .addHelpText('after', REQUEUE)
    .action(async (folder: string, flags: { damaged: boolean; tag?: string }) => {
      process.exitCode = (await load()).requeue(folder, flags);
    });
}
