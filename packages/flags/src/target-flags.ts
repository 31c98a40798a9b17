import type { CompressionName, MuxerConfiguration } from '@ringest/core';
import {
  findSecret,
  SECRET_FILE_VARIABLE,
  SECRET_VARIABLE,
  SecretError,
  type SecretFlags,
} from '@ringest/indexer/command-line';
import { type Command, Option } from 'commander';

/** Where entries go, and what is shown and asked for there; see the flags. */
export interface TargetChoice {
  /** Addresses with their schemes. */
  readonly targets: readonly string[];
  /** A file of certificates that are trusted for TLS instead of the usual ones. */
  readonly tlsCa: string | undefined;
  /** Files of the certificate that indexers may ask for, and of its key. */
  readonly tlsClient: { readonly cert: string; readonly key: string } | undefined;
  /** Take any certificate. */
  readonly insecureSkipVerify: boolean;
  /** `undefined`: neither the flags nor the environment have one. */
  readonly secret: string | undefined;
  readonly tenant: string | undefined;
  readonly compression: CompressionName;
}

interface TargetFlags extends SecretFlags {
  clearConns?: string[];
  tlsConns?: string[];
  pipeConns?: string[];
  tlsCa?: string;
  tlsCert?: string;
  tlsKey?: string;
  insecureNoTlsValidate: boolean;
  ingestTenant?: string;
  compression: boolean;
}

/**
 * Adds the flags that {@link readTargets} reads.
 * @param otherwise ends the help of the secret: where it comes from when nobody says it
 */
export function addTargetFlags(program: Command, otherwise?: string): Command {
  const list = (text: string) => text.split(',').map((address) => address.trim());
  const places = [`$${SECRET_VARIABLE}`, `$${SECRET_FILE_VARIABLE}`, otherwise].filter(Boolean);
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
    .option('--tls-ca <file>', 'PEM certificates of those who may vouch for --tls-conns')
    .option('--tls-cert <file>', 'the PEM certificate to show to --tls-conns that ask for one')
    .option('--tls-key <file>', 'the PEM key of that certificate, not encrypted')
    .option('--insecure-no-tls-validate', 'take any certificate of --tls-conns', false)
    .addOption(
      new Option(
        '--ingest-secret <secret>',
        `the secret of the indexers (default: ${places.join(', or ')})`,
      ).conflicts('ingestSecretFile'),
    )
    .option('--ingest-secret-file <path>', 'a file that holds the secret')
    .option('--ingest-tenant <name>', 'whose entries these are')
    .option('--compression', 'compress with snappy', false);
}

/**
 * Reads these flags of a command that is parsed. A flag that cannot be used ends the command.
 * @param env where the secret is looked for when no flag gives it
 */
export function readTargets(program: Command, env: NodeJS.ProcessEnv): TargetChoice {
  const flags = program.opts<TargetFlags>();
  const { clearConns = [], tlsConns = [], pipeConns = [] } = flags;
  if (tlsConns.length === 0) refuseTlsFlags(program, flags);
  if (flags.insecureNoTlsValidate && flags.tlsCa !== undefined) {
    program.error(
      'error: --insecure-no-tls-validate cannot be used with --tls-ca: one says to verify no ' +
        'certificate, the other whom to trust for them',
    );
  }
  return {
    targets: [
      ...clearConns.map((address) => `tcp://${address}`),
      ...tlsConns.map((address) => `tls://${address}`),
      ...pipeConns.map((path) => `pipe://${path}`),
    ],
    tlsCa: flags.tlsCa,
    tlsClient: tlsClient(program, flags),
    insecureSkipVerify: flags.insecureNoTlsValidate,
    secret: readSecret(program, flags, env),
    tenant: flags.ingestTenant,
    compression: flags.compression ? 'snappy' : 'none',
  };
}

/** The options of a muxer that these flags set. */
export function targetConfiguration({
  targets,
  tlsCa,
  tlsClient,
  insecureSkipVerify,
  tenant,
  compression,
}: Omit<TargetChoice, 'secret'>): Pick<
  MuxerConfiguration,
  'targets' | 'tls' | 'tenant' | 'compression'
> {
  const tls = { insecureSkipVerify, ...(tlsCa === undefined ? {} : { ca: tlsCa }), ...tlsClient };
  return {
    targets,
    compression,
    ...(targets.some((target) => target.startsWith('tls://')) ? { tls } : {}),
    ...(tenant === undefined ? {} : { tenant }),
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

/** What a flag says, else the environment. */
function readSecret(
  program: Command,
  flags: TargetFlags,
  env: NodeJS.ProcessEnv,
): string | undefined {
  try {
    return findSecret(flags, env);
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    return program.error(`error: ${error.message}`);
  }
}
