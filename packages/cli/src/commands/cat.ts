import { Timestamp, type UnixTime } from '@ringest/codec';
import { duration } from '@ringest/indexer/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CatOptions } from '../cat/cat-options.js';

const EXAMPLES = `
Examples:
  ringest cat /var/lib/ringest
  ringest cat /var/lib/ringest --tag web --from 15m --match ' 50[0-9] ' --long
  ringest cat /var/lib/ringest --json --follow | jq .data
  ringest cat /var/lib/ringest --count --from 2030-01-01T00:00:00Z --to 2030-01-02T00:00:00Z
  ringest cat indexer --ingest-secret-file secret --json

Without --long and --json, each line is the data of an entry, as it came. A line of JSON has timestamp,
tag, source, data (or base64, where it is not UTF-8) and values. Entries come in the order in which they
were stored. The folder is not changed, and an indexer may write to it.

A time is RFC 3339, a date, or a time ago, such as 90s, 15m or 2h.

Exit status: 0 all was read, or a signal ended --follow or an indexer; 1 part of it is damaged or of a newer
format, or a signal came before all was read, which is reported on standard error; 2 the command line
cannot be used; 3 the folder or the address cannot be used.`;

type Flags = Omit<CatOptions, 'from' | 'what'> & { from?: UnixTime; ignoreCase: boolean };

/** Adds `ringest cat`. */
export function addCatCommand(program: Command): void {
  program
    .command('cat')
    .summary('print entries of a store, or what an indexer gets')
    .description(
      'Print the entries in the folder of a store. Or be an indexer that prints what ingesters send, until ' +
        'SIGINT or SIGTERM, and confirms what is printed.',
    )
    .argument(
      '<from>',
      'the folder of a store; or tcp://host:port or pipe:///path to listen there, or the word indexer ' +
        'to listen on tcp://127.0.0.1:4023',
    )
    .option('--tag <name>', 'only entries with this tag; may be given several times', oneMore)
    .addOption(new Option('--from <time>', 'only entries of this time or later').argParser(time))
    .addOption(new Option('--to <time>', 'only entries before this time').argParser(time))
    .addOption(
      new Option('--match <expression>', 'only entries whose data match').argParser(expression),
    )
    .option('--ignore-case', 'letters of both cases match', false)
    .option('--follow', 'go on with entries as they are stored', false)
    .optionsGroup('What is printed:')
    .addOption(new Option('--json', 'a line of JSON for each entry').default(false))
    .addOption(
      new Option('--long', 'the time, the tag and the source before the data')
        .default(false)
        .conflicts('json'),
    )
    .addOption(
      new Option('--count', 'how many entries there are, and nothing else')
        .default(false)
        .conflicts(['json', 'long']),
    )
    .optionsGroup('To listen:')
    .addOption(
      new Option('--ingest-secret <secret>', 'the secret that ingesters must have').conflicts(
        'ingestSecretFile',
      ),
    )
    .option('--ingest-secret-file <path>', 'a file that holds the secret')
    .addHelpText('after', EXAMPLES)
    .action(async (what: string, flags: Flags) => {
      const { cat } = await import('../cat/cat.js');
      const { ignoreCase, match, ...rest } = flags;
      const expression = match && (ignoreCase ? new RegExp(match.source, 'i') : match);
      process.exitCode = await cat({ ...rest, match: expression, what });
    });
}

function oneMore(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name];
}

/** RFC 3339, a date, or a duration before now. */
function time(text: string): UnixTime {
  if (/^\d+(\.\d+)?(ms|s|m|h)$/.test(text)) return Timestamp.from(Date.now() - duration(text));
  try {
    return Timestamp.from(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  } catch {
    throw new InvalidArgumentError(
      'It must be a time such as 2030-01-31T23:59:59Z, or 15m for 15 minutes ago.',
    );
  }
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
