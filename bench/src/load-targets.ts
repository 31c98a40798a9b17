import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { TRANSPORTS, type Transport } from './indexer-messages.js';

/** Where a load goes, and what it shows and asks for there; see the flags. */
export interface LoadTargets {
  /** Addresses with their schemes; none: an embedded indexer. */
  readonly targets: readonly string[];
  /** How the embedded indexer is reached. */
  readonly transport: Transport;
  /** A file of certificates that are trusted for TLS instead of the usual ones. */
  readonly tlsCa: string | undefined;
  /** Take any certificate. */
  readonly insecureSkipVerify: boolean;
  readonly secret: string;
  readonly tenant: string | undefined;
  readonly compression: 'none' | 'snappy';
}

export interface TargetFlags {
  clearConns?: string[];
  tlsConns?: string[];
  pipeConns?: string[];
  transport: Transport;
  tlsCa?: string;
  insecureNoTlsValidate: boolean;
  ingestSecret?: string;
  ingestSecretFile?: string;
  ingestTenant?: string;
  compression: boolean;
}

const DEFAULT_SECRET = 'IngestSecrets';
const SECRET = 'GRAVWELL_INGEST_SECRET';
const SECRET_FILE = 'GRAVWELL_INGEST_SECRET_FILE';

/** Adds the flags that {@link readTargets} reads. */
export function addTargetFlags(program: Command): Command {
  const list = (text: string) => text.split(',').map((address) => address.trim());
  const secretSays = `the secret of the indexers (default: what $${SECRET} or $${SECRET_FILE} says, or ${DEFAULT_SECRET})`;
  return program
    .addOption(
      new Option('--clear-conns <addresses>', 'indexers by TCP: host:port,…').argParser(list),
    )
    .addOption(
      new Option('--tls-conns <addresses>', 'indexers by TLS: host:port,…').argParser(list),
    )
    .addOption(
      new Option('--pipe-conns <paths>', 'indexers by Unix socket: path,…').argParser(list),
    )
    .addOption(
      new Option('--transport <transport>', 'how to reach an embedded indexer instead')
        .choices(TRANSPORTS)
        .default('tcp')
        .conflicts(['clearConns', 'tlsConns', 'pipeConns']),
    )
    .option('--tls-ca <file>', 'PEM certificates of those who may vouch for --tls-conns')
    .addOption(
      new Option('--insecure-no-tls-validate', 'take any certificate of --tls-conns')
        .default(false)
        .conflicts('tlsCa'),
    )
    .addOption(new Option('--ingest-secret <secret>', secretSays).conflicts('ingestSecretFile'))
    .option('--ingest-secret-file <path>', 'a file that holds the secret')
    .option('--ingest-tenant <name>', 'whose entries these are')
    .option('--compression', 'compress with snappy', false);
}

/**
 * Reads these flags of a command that is parsed. A flag that cannot be used ends the process.
 * @param env where the secret is looked for when no flag gives it
 */
export function readTargets(program: Command, env: NodeJS.ProcessEnv): LoadTargets {
  const flags = program.opts<TargetFlags>();
  const { clearConns = [], tlsConns = [], pipeConns = [], tlsCa, insecureNoTlsValidate } = flags;
  if (tlsConns.length === 0 && (tlsCa !== undefined || insecureNoTlsValidate)) {
    const flag = tlsCa === undefined ? '--insecure-no-tls-validate' : '--tls-ca';
    program.error(`error: ${flag} is about --tls-conns, of which there are none`);
  }
  return {
    targets: [
      ...clearConns.map((address) => `tcp://${address}`),
      ...tlsConns.map((address) => `tls://${address}`),
      ...pipeConns.map((path) => `pipe://${path}`),
    ],
    transport: flags.transport,
    tlsCa,
    insecureSkipVerify: insecureNoTlsValidate,
    secret: findSecret(program, flags, env),
    tenant: flags.ingestTenant,
    compression: flags.compression ? 'snappy' : 'none',
  };
}

/** What a flag says, else the environment, else the default. */
function findSecret(program: Command, flags: TargetFlags, env: NodeJS.ProcessEnv): string {
  if (flags.ingestSecret !== undefined) return flags.ingestSecret;
  if (flags.ingestSecretFile !== undefined) {
    return readSecret(program, '--ingest-secret-file', flags.ingestSecretFile);
  }
  if (env[SECRET]) return env[SECRET];
  if (env[SECRET_FILE]) return readSecret(program, SECRET_FILE, env[SECRET_FILE]);
  return DEFAULT_SECRET;
}

/** The path is not shown: it may be a secret that was put in the wrong place. */
function readSecret(program: Command, where: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return program.error(`error: ${where}: the file cannot be read (${code})`);
  }
  const secret = text.replace(/[\r\n]+$/, '');
  if (secret === '') program.error(`error: ${where}: the file is empty`);
  return secret;
}
