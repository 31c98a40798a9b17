import { addCacheFlags, addTargetFlags, readCache, readTargets } from '@ringest/flags';
import { duration, positiveDuration } from '@ringest/indexer/command-line';
import { type Command, Option } from 'commander';
import { addEntryFlags, readEntries } from '../ship/flags/entry-flags.js';
import { nameAndValue } from '../ship/flags/flag-values.js';
import { addFollowFlags, readFollow } from '../ship/flags/follow-flags.js';
import { addListenFlags, readListen } from '../ship/flags/listen-flags.js';
import { addQueueInputFlags, addQueueOutputFlags, readQueues } from '../ship/flags/queue-flags.js';
import { addStepFlags, readSteps } from '../ship/flags/step-flags.js';
import type { ShipOptions } from '../ship/ship-options.js';

interface Flags {
  config?: string;
  attach: Record<string, string>;
  process?: string;
  grace: number;
  timeout?: number;
  json: boolean;
  statusSocket?: string;
}

/** What an entry has at most by default where entries are published: servers of NATS and Kafka take messages of 1 MiB. */
const MAX_PUBLISHED_BYTES = 1_000_000;

const EXAMPLES = `
Examples:
  ringest ship --tag app --clear-conns 10.0.0.1:4023 /var/log/app.log
  journalctl --follow --output json | ringest ship --tag journal --tls-conns idx.example:4024
  zcat old/*.gz | ringest ship --tag app --config /etc/ringest.conf
  ringest ship --tag syslog --listen-syslog udp://0.0.0.0:514 --listen-syslog 0.0.0.0:601 \\
    --config /etc/ringest.conf
  ringest ship --tag web --clear-conns a:4023,b:4023 '/var/log/nginx/*.log'
  ringest ship --follow --state-file /var/lib/ringest/web.state --config /etc/ringest.conf \\
    --tag web '/var/log/nginx/*.log'
  ringest ship --to nats://10.0.0.7:4222 --tag app /var/log/app.log
  ringest ship --nats nats://10.0.0.7:4222 --nats-stream ringest --nats-consumer ship \\
    --nats-restore --config /etc/ringest.conf
  ringest ship --kafka 10.0.0.8:9092 --kafka-topic logs.web --kafka-group ship --tag web \\
    --config /etc/ringest.conf

The secret is best given by $GRAVWELL_INGEST_SECRET_FILE or --ingest-secret-file.

Exit status: 0 all was confirmed; 1 not all; 2 the command line or a configuration cannot be used;
3 it could not begin or go on. SIGTERM and SIGINT read no more, and wait for confirmations up to
--grace; a second one leaves at once. SIGHUP reads the configuration again.`;

/** Adds `ringest ship`. */
export function addShipCommand(program: Command): void {
  const command = program
    .command('ship')
    .summary('ship standard input, files, queues and what comes over the network')
    .description(
      'Make an entry of each line of standard input, of files, or of what comes over the network, and of ' +
        'each message of a queue; send them to indexers, or to a queue, and end with 0 only if all of ' +
        'them were confirmed.',
    )
    .argument('[files...]', 'files, patterns such as logs/*.log, or - for standard input');
  addEntryFlags(command);
  addStepFlags(command);
  addFollowFlags(command);
  addListenFlags(command);
  addQueueInputFlags(command);
  command
    .optionsGroup('Where entries go:')
    .option('--config <file>', "a configuration file in Gravwell's format; flags win over it")
    .addOption(
      new Option('--attach <name=value>', 'attach a value to every entry; may be repeated')
        .argParser(nameAndValue)
        .default({}, 'none'),
    );
  addTargetFlags(command);
  addQueueOutputFlags(command);
  command.optionsGroup('When no indexer is there:');
  addCacheFlags(command, 'without it, in memory');
  command
    .addOption(
      new Option(
        '--timeout <time>',
        'how long to go on while nothing is confirmed (default: for ever)',
      ).argParser(positiveDuration),
    )
    .optionsGroup('How it ends and what it says:')
    .addOption(
      new Option('--grace <time>', 'how long to wait for confirmations after a signal')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--json', 'print a JSON object each second, and one at the end', false)
    .option('--status-socket <path>', 'where to answer ringest status (default: where it looks)')
    .addHelpText('after', EXAMPLES)
    .action(async (inputs: string[]) => {
      const options = readOptions(command, inputs);
      const { ship } = await import('../ship/ship.js');
      process.exitCode = await ship(options);
    });
}

function readOptions(command: Command, inputs: readonly string[]): ShipOptions {
  const flags = command.opts<Flags>();
  const cache = readCache(command);
  if (cache !== undefined && cache.path === undefined) {
    command.error('error: --cache-mode takes a --cache-path');
  }
  const listen = readListen(command);
  const hasOthers = inputs.length + listen.listeners.length > 0 || flags.config !== undefined;
  const { queues, to } = readQueues(command, hasOthers);
  const entries = readEntries(command, to === undefined ? undefined : MAX_PUBLISHED_BYTES);
  return {
    inputs,
    follow: readFollow(command, inputs, flags.config !== undefined),
    listen,
    queues,
    config: flags.config,
    targets: readTargets(command, process.env),
    to,
    cache,
    entries: { ...entries, ...readSteps(command) },
    process: flags.process,
    attach: flags.attach,
    graceMs: flags.grace,
    timeoutMs: flags.timeout,
    json: flags.json,
    statusSocket: flags.statusSocket,
  };
}
