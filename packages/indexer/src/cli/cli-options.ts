import { resolve } from 'node:path';
import { API_VERSION, DEFAULT_TCP_PORT, DEFAULT_TLS_PORT, type RingestError } from '@ringest/codec';
import { Command, Option } from 'commander';
import type { IndexerTls } from '../admission/tls-material.js';
import { InvalidOptionError, SecretError } from '../errors.js';
import type { IndexerBehaviour, IndexerOptions } from '../indexer-options.js';
import type { StoreOptions } from '../store/store-options.js';
import {
  findSecret,
  SECRET_FILE_VARIABLE,
  SECRET_VARIABLE,
  type SecretFlags,
} from './cli-secret.js';
import { byteRate, count, duration, positiveDuration, wholeNumber } from './cli-values.js';

export interface CliOptions extends IndexerBehaviour, SecretFlags {
  readonly listen?: readonly string[];
  readonly unix?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tenant?: readonly string[];
  readonly maxUnauthenticated?: number;
  readonly store?: string;
  readonly storeSync?: true;
  readonly storeMaxSize?: number;
  readonly storeMaxAge?: number;
  readonly digest: boolean;
  readonly json: boolean;
}

/** The address to listen on without flags, with the default port of its scheme. */
const DEFAULT_LISTEN = '127.0.0.1';

const HELP = `
An address is tcp://host:port, tls://host:port or pipe:///path. Without a scheme it is tls if there
is a certificate, else tcp. The default ports are ${DEFAULT_TCP_PORT} for tcp and ${DEFAULT_TLS_PORT} for tls.

The secret comes from the flags, or else from the environment: ${SECRET_VARIABLE}, or the file
that ${SECRET_FILE_VARIABLE} names. Line ends at the end of a file are not part of it.

A time is a number with ms, s, m or h. Bytes are a plain number, or one with KB, MB or GB, which
are powers of 1000.`;

/**
 * Reads the command line of `ringest-indexer`; a flag that cannot be used ends the process with a message
 * and status 1.
 */
export function parseCliOptions(argv: readonly string[]): CliOptions {
  return addIndexerFlags(new Command('ringest-indexer')).parse(argv).opts<CliOptions>();
}

/** Adds the flags and the help of an indexer to a command. */
export function addIndexerFlags(command: Command): Command {
  return command
    .description(
      'An indexer that confirms and counts entries, and stores them with --store. It runs until SIGINT or SIGTERM.',
    )
    .addOption(
      new Option('--ingest-secret <secret>', 'the secret that ingesters must have').conflicts(
        'ingestSecretFile',
      ),
    )
    .option('--ingest-secret-file <path>', 'a file that holds the secret')
    .option('--listen <address>', 'an address to listen on; may be given several times', oneMore)
    .option('--unix <path>', 'listen on a Unix socket; may be given several times', oneMore)
    .option(
      '--tls-cert <file>',
      'the certificate for tls and its intermediate certificates, in PEM',
    )
    .option('--tls-key <file>', 'the private key of the certificate, in PEM')
    .option(
      '--tls-ca <file>',
      'authorities in PEM; one must have signed the certificate of each ingester',
    )
    .option('--tenant <name>', 'let only this tenant ingest; may be given several times', oneMore)
    .option(
      '--max-unauthenticated <n>',
      'the most unauthenticated connections (default: 128)',
      count,
    )
    .option('--digest', 'keep a digest of all entries, independent of their order', false)
    .option('--json', 'print the summary as one JSON object on standard output', false)
    .optionsGroup('To store entries:')
    .option(
      '--store <folder>',
      'keep entries in this folder, and confirm them once they are written',
    )
    .option('--store-sync', 'confirm entries only once the disk has them; they survive a power cut')
    .addOption(
      new Option(
        '--store-max-size <bytes>',
        'remove the oldest entries beyond this: 10GB',
      ).argParser(byteRate),
    )
    .addOption(
      new Option(
        '--store-max-age <time>',
        'remove entries that were stored so long ago: 720h',
      ).argParser(positiveDuration),
    )
    .optionsGroup('To be slow, strict, old or unreliable:')
    .option('--ack-delay <time>', 'confirm entries later by this time: 50ms', duration)
    .option(
      '--read-rate <bytes>',
      'read at most this much per second from each connection: 500KB',
      byteRate,
    )
    .option('--throttle <time>', 'pause ingesters for this long in every second: 200ms', duration)
    .option(
      '--not-ready-for <time>',
      'let no ingester ingest for this long after the start: 2s',
      duration,
    )
    .option('--fail-after <n>', 'destroy the connection of every n-th entry, unconfirmed', count)
    .option('--refuse-tag <name>', 'refuse a tag; may be given several times', oneMore)
    .option(
      '--api-version <n>',
      'behave like an indexer of this API version',
      wholeNumber(0, API_VERSION),
    )
    .addHelpText('after', HELP)
    .allowExcessArguments(false);
}

/**
 * Converts flags to the options of an indexer.
 *
 * @param env the environment, which may have the secret if no flag has it.
 * @throws {SecretError} if there is no secret.
 * @throws {InvalidOptionError} if only one of the TLS certificate and its key is given.
 */
export function indexerOptions(options: CliOptions, env: NodeJS.ProcessEnv): IndexerOptions {
  const { digest, json: _, tenant: tenants, maxUnauthenticated, store: __, ...behaviour } = options;
  return {
    ...behaviour,
    listen: addresses(options),
    tls: tls(options),
    secret: secret(options, env),
    ...{ tenants, maxUnauthenticated, digest },
  };
}

/**
 * Converts flags to the options of a store; `undefined`: there is to be none.
 *
 * @throws {InvalidOptionError} if a flag is about a store that there is not.
 */
export function storeOptions(options: CliOptions): StoreOptions | undefined {
  const { store: path, storeSync: sync, storeMaxSize: maxBytes, storeMaxAge: maxAge } = options;
  if (path !== undefined) return { path, sync, maxBytes, maxAge };
  const given = Object.entries({ sync, maxBytes, maxAge }).find(([, value]) => value !== undefined);
  if (given === undefined) return undefined;
  throw new InvalidOptionError(`store.${given[0]}`, '', 'it is about a store: give --store');
}

/** The flags of the options whose names are others. */
const FLAGS: Readonly<Record<string, string>> = {
  tenants: 'tenant',
  'store.path': 'store',
  'store.maxBytes': 'store-max-size',
};

/** Formats an error with the name of the flag instead of the option. */
export function explain(error: RingestError): string {
  if (!(error instanceof InvalidOptionError)) return error.message;
  const { option, value, problem } = error;
  if (option === 'tls') return `--tls-cert and --tls-key: ${problem}`;
  const words = FLAGS[option] ?? option.replace(/[A-Z]/g, '-$&').toLowerCase();
  const flag = `--${words.replace('.', '-')}`;
  if (value === undefined) return `${flag} is missing: ${problem}`;
  return value === '' ? `${flag}: ${problem}` : `${flag} ${String(value)}: ${problem}`;
}

function oneMore(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name];
}

function addresses({ listen = [], unix = [] }: CliOptions): readonly string[] {
  if (listen.length + unix.length === 0) return [DEFAULT_LISTEN];
  return [...listen, ...unix.map((path) => `pipe://${resolve(path)}`)];
}

function secret(flags: SecretFlags, env: NodeJS.ProcessEnv): string {
  const found = findSecret(flags, env);
  if (found !== undefined) return found;
  throw new SecretError(
    `there is no ingest secret: give --ingest-secret-file or --ingest-secret, or set ${SECRET_VARIABLE} or ${SECRET_FILE_VARIABLE}`,
  );
}

function tls({ tlsCert, tlsKey, tlsCa }: CliOptions): IndexerTls | undefined {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    const missing = tlsCert === undefined ? 'tls.cert' : 'tls.key';
    throw new InvalidOptionError(missing, undefined, 'tls needs a certificate and a key');
  }
  return { cert: tlsCert, key: tlsKey, ca: tlsCa };
}
