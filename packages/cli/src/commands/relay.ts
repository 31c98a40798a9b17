import { addCacheFlags, addTargetFlags, readCache, readTargets } from '@ringest/flags';
import { duration, findSecret, wholeNumber } from '@ringest/indexer/command-line';
import { type Command, Option } from 'commander';
import type { RelayChoice } from '../relay/relay-choice.js';

interface Flags {
  config?: string;
  listen: string[];
  listenSecret?: string;
  listenSecretFile?: string;
  listenTlsCert?: string;
  listenTlsKey?: string;
  allowTag: string[];
  maxTags?: number;
  allowTenant: string[];
  grace: number;
  statusSocket?: string;
}

const EXAMPLES = `
Examples:
  ringest relay --listen 0.0.0.0:4023 --listen-secret-file dmz.secret --allow-tag 'syslog-*' \\
    --tls-conns idx.example:4024 --ingest-secret-file indexers.secret
  ringest relay --config /etc/ringest/relay.conf --cache-path /var/lib/ringest --cache-mode journal

Ingesters get their confirmations when indexers have confirmed; with --cache-mode journal, when entries
are on disk. The tag gravwell is always allowed. Each tenant has a cache of its own, up to --cache-max-bytes.

Exit status: 0 after a signal, when all was confirmed or is in the cache; 1 not all; 2 the command line or
a configuration cannot be used; 3 it could not begin or go on. SIGTERM and SIGINT read no more, and
wait for confirmations up to --grace; a second one leaves at once. SIGHUP reads the configuration
again: targets, tags, the label, and the certificates of listeners; it says which listeners need a restart.`;

/** Adds `ringest relay`. */
export function addRelayCommand(program: Command): void {
  const several = (text: string, before: string[]) => [...before, text];
  const list = (flags: string, description: string, otherwise = 'none') =>
    new Option(flags, description).argParser(several).default([], otherwise);
  const command = program
    .command('relay')
    .summary('take entries from ingesters, and send them on to indexers')
    .description(
      'Listen as an indexer does, send on what ingesters send, and confirm to them what indexers have ' +
        'confirmed: what Gravwell calls a federator.',
    )
    .option(
      '--config <file>',
      "a configuration file as Gravwell's federator has it; flags win over it",
    )
    .optionsGroup('Where it listens:')
    .addOption(
      list('--listen <address>', 'host:port, tls://host:port or pipe:///path; may be repeated'),
    )
    .addOption(
      new Option('--listen-secret <secret>', 'the secret that ingesters must have').conflicts(
        'listenSecretFile',
      ),
    )
    .option('--listen-secret-file <path>', 'a file that holds it')
    .option('--listen-tls-cert <file>', 'the PEM certificate for tls:// addresses')
    .option('--listen-tls-key <file>', 'the PEM key of that certificate, not encrypted')
    .addOption(
      list('--allow-tag <pattern>', 'a tag that ingesters may have, or some, as syslog-*', 'any'),
    )
    .addOption(
      new Option(
        '--max-tags <count>',
        'how many tags its ingesters may add, since the start (default: 4096)',
      ).argParser(wholeNumber(1, 65_535)),
    )
    .addOption(list('--allow-tenant <name>', 'a tenant that ingesters may name, and must'));
  command.optionsGroup('Where entries go:');
  addTargetFlags(command);
  command.optionsGroup('When no indexer is there:');
  addCacheFlags(command, 'without it, ingesters wait');
  command
    .optionsGroup('How it ends and what it says:')
    .addOption(
      new Option('--grace <time>', 'how long to wait for confirmations after a signal')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--status-socket <path>', 'where to answer ringest status (default: where it looks)')
    .addHelpText('after', EXAMPLES)
    .action(async () => {
      const choice = readChoice(command);
      const { runRelay } = await import('../relay/run-relay.js');
      process.exitCode = await runRelay(choice);
    });
}

function readChoice(command: Command): RelayChoice {
  const flags = command.opts<Flags>();
  const cache = readCache(command);
  if (cache !== undefined && cache.path === undefined) {
    command.error('error: --cache-mode takes a --cache-path');
  }
  return {
    config: flags.config,
    listener: listenerOf(command, flags),
    targets: readTargets(command, process.env),
    cache,
    graceMs: flags.grace,
    statusSocket: flags.statusSocket,
  };
}

function listenerOf(command: Command, flags: Flags): RelayChoice['listener'] {
  const { listen, listenSecret, listenSecretFile, listenTlsCert: cert, listenTlsKey: key } = flags;
  const { allowTag: tags, allowTenant: tenants, maxTags } = flags;
  if (listen.length === 0) {
    const alone = Object.entries({ listenSecret, listenSecretFile, cert, key, maxTags }).some(
      ([, value]) => value !== undefined,
    );
    if (alone || tags.length > 0 || tenants.length > 0) {
      command.error('error: --listen-…, --allow-…, and --max-tags are about --listen: give one');
    }
    return undefined;
  }
  const given = { ingestSecret: listenSecret, ingestSecretFile: listenSecretFile };
  const secret = findSecret(given, {}, '--listen-secret');
  if (secret === undefined) {
    command.error('error: --listen takes a --listen-secret-file or a --listen-secret');
  }
  if ((cert === undefined) !== (key === undefined)) {
    command.error('error: --listen-tls-cert and --listen-tls-key go together');
  }
  return {
    name: 'flags',
    listen: listen.map((address) => (address.includes('://') ? address : `tcp://${address}`)),
    secret,
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(maxTags === undefined ? {} : { maxTags }),
    ...(tenants.length === 0 ? {} : { tenants }),
  };
}
