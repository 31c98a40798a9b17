import type { Command } from 'commander';
import type { CheckOptions } from '../check/check.js';

const EXAMPLES = `
Examples:
  ringest check /etc/ringest.conf
  ringest check /etc/ringest/relay.conf
  ringest check /etc/ringest.conf --overlay /etc/ringest.d --all
  ringest check /etc/ringest.conf --json | jq '.settings[] | select(.source == "environment")'

Each line has a key, its value, and what sets it: file or overlay with its line and column, environment
with its variable, or default. If the file cannot be used, there is a line for each problem instead:
file:line:column: what is wrong. Secrets are not printed. Nothing is changed, and no indexer is asked.

Exit status: 0 the file can be used; 2 it cannot.`;

/** Adds `ringest check`. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .summary('check a configuration file, and say what sets what')
    .description(
      "Read a configuration file in Gravwell's format, its overlays and the environment as ringest ship " +
        'does, and print each setting with its source, or what is wrong and where. A file with a section ' +
        '[IngestListener "name"] is read as ringest relay does.',
    )
    .argument('<file>', 'the configuration file')
    .option(
      '--overlay <folder>',
      'a folder with .conf files to add; may be given several times (default: <file>.d, if there is one)',
      (folder: string, others: readonly string[] = []) => [...others, folder],
    )
    .option(
      '--all',
      'print defaults that turn nothing on, and values that are replaced, too',
      false,
    )
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: Omit<CheckOptions, 'file'>) => {
      const { check } = await import('../check/check.js');
      process.exitCode = await check({ ...flags, file });
    });
}
