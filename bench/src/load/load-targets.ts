import type { CompressionName } from '@ringest/core';
import { SecretError } from '@ringest/indexer';
import {
  findSecret,
  SECRET_FILE_VARIABLE,
  SECRET_VARIABLE,
  type SecretFlags,
} from '@ringest/indexer/command-line';
import { type Command, Option } from 'commander';
import { TRANSPORTS, type Transport } from '../shared/indexer-messages.js';

/** Where a load goes, and what it shows and asks for there; see the flags. */
export interface LoadTargets {
  /** Addresses with their schemes; none: an embedded indexer. */
  readonly targets: readonly string[];
  /** How the embedded indexer is reached. */
  readonly transport: Transport;
  /** A file of certificates that are trusted for TLS instead of the usual ones. */
  readonly tlsCa: string | undefined;
  /** Files of the certificate that indexers may ask for, and of its key. */
  readonly tlsClient: { readonly cert: string; readonly key: string } | undefined;
  /** Take any certificate. */
  readonly insecureSkipVerify: boolean;
  readonly secret: string;
  readonly tenant: string | undefined;
  readonly compression: CompressionName;
}

export interface TargetFlags extends SecretFlags {
  clearConns?: string[];
  tlsConns?: string[];
  pipeConns?: string[];
  transport: Transport;
  tlsCa?: string;
  tlsCert?: string;
  tlsKey?: string;
  insecureNoTlsValidate: boolean;
  ingestTenant?: string;
  compression: boolean;
}

const DEFAULT_SECRET = 'IngestSecrets';

/** Adds the flags that {@link readTargets} reads. */
export function addTargetFlags(program: Command): Command {
  const list = (text: string) => text.split(',').map((address) => address.trim());
  const secretSays = `the secret of the indexers (default: what $${SECRET_VARIABLE} or $${SECRET_FILE_VARIABLE} says, or ${DEFAULT_SECRET})`;
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
        .default('tcp'),
    )
    .option('--tls-ca <file>', 'PEM certificates of those who may vouch for --tls-conns')
    .option('--tls-cert <file>', 'the PEM certificate to show to --tls-conns that ask for one')
    .option('--tls-key <file>', 'the PEM key of that certificate, not encrypted')
    .option('--insecure-no-tls-validate', 'take any certificate of --tls-conns', false)
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
  const { clearConns = [], tlsConns = [], pipeConns = [] } = flags;
  if (tlsConns.length === 0) refuseTlsFlags(program, flags);
  return {
    targets: [
      ...clearConns.map((address) => `tcp://${address}`),
      ...tlsConns.map((address) => `tls://${address}`),
      ...pipeConns.map((path) => `pipe://${path}`),
    ],
    transport: flags.transport,
    tlsCa: flags.tlsCa,
    tlsClient: tlsClient(program, flags),
    insecureSkipVerify: flags.insecureNoTlsValidate,
    secret: readSecret(program, flags, env),
    tenant: flags.ingestTenant,
    compression: flags.compression ? 'snappy' : 'none',
  };
}

/** What is for TLS has no use without it. */
function refuseTlsFlags(program: Command, flags: TargetFlags): void {
  const { tlsCa, tlsCert, tlsKey, insecureNoTlsValidate } = flags;
  const given: readonly [flag: string, isGiven: boolean][] = [
    ['--tls-ca', tlsCa !== undefined],
    ['--tls-cert', tlsCert !== undefined],
    ['--tls-key', tlsKey !== undefined],
    ['--insecure-no-tls-validate', insecureNoTlsValidate],
  ];
  for (const [flag, isGiven] of given) {
    if (isGiven) program.error(`error: ${flag} is about --tls-conns, of which there are none`);
  }
}

function tlsClient(program: Command, { tlsCert: cert, tlsKey: key }: TargetFlags) {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert !== undefined) program.error('error: --tls-cert takes a --tls-key');
  if (key !== undefined) program.error('error: --tls-key takes a --tls-cert');
  return undefined;
}

/** What a flag says, else the environment, else the default. */
function readSecret(program: Command, flags: TargetFlags, env: NodeJS.ProcessEnv): string {
  try {
    return findSecret(flags, env) ?? DEFAULT_SECRET;
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    return program.error(`error: ${error.message}`);
  }
}
