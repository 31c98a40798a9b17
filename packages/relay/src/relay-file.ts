import {
  ConfigFileError,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  type MuxerConfiguration,
  muxerConfiguration,
  type SectionValues,
} from '@ringest/core';
import type { RelayListener } from './relay-options.js';

const LISTENER_KEYS = {
  'Ingest-Secret': 'secret',
  'Cleartext-Bind': 'string',
  'TLS-Bind': 'string',
  'TLS-Certfile': 'string',
  'TLS-Keyfile': 'string',
  'Pipe-Bind': 'string',
  Tags: 'strings',
  Tenant: 'strings',
} as const;

const SECTIONS = { IngestListener: { named: true, keys: LISTENER_KEYS } } as const;

type ListenerValues = SectionValues<typeof LISTENER_KEYS>;

/** What a configuration file says about a relay. */
export interface RelayFile {
  readonly listeners: readonly RelayListener[];
  /** It has the secret: keep it out of logs. */
  readonly muxer: MuxerConfiguration;
  /** A sentence about each key that has no effect. */
  readonly warnings: readonly string[];
}

/**
 * Reads a configuration file as Gravwell's federator has it: [Global] as for every ingester, and a section
 * [IngestListener "name"] for each listener. `docs/relay.md` has the keys.
 * @throws {ConfigFileError} a file, or a value in it, cannot be used
 */
export function loadRelayFile(
  path: string,
  options: Pick<LoadOptions<typeof SECTIONS>, 'overlays' | 'writeUuid' | 'environment'> = {},
): RelayFile {
  const loaded: LoadedConfig<typeof SECTIONS> = loadConfig(path, {
    ...options,
    sections: SECTIONS,
  });
  const { configuration, warnings, logFile, connectionTimeout } = muxerConfiguration(loaded);
  const unused = [
    ...warnings,
    ...(logFile === undefined
      ? []
      : [{ key: 'Log-File', reason: 'it has no effect: a relay logs where its program says' }]),
    ...(connectionTimeout === undefined
      ? []
      : [{ key: 'Connection-Timeout', reason: 'it has no effect: a relay waits without a limit' }]),
  ];
  return {
    listeners: [...loaded.sections.IngestListener].map(([name, values]) =>
      listenerOf(name, values),
    ),
    muxer: configuration,
    warnings: [
      ...unused.map(({ key, reason }) => `[Global] ${key}: ${reason}`),
      ...(loaded.uuidProblem === undefined ? [] : [loaded.uuidProblem.message]),
    ],
  };
}

function listenerOf(name: string, values: ListenerValues): RelayListener {
  const section = `IngestListener "${name}"`;
  const { Ingest_Secret: secret, Cleartext_Bind: clear, TLS_Bind: encrypted } = values;
  const { TLS_Certfile: cert, TLS_Keyfile: key, Pipe_Bind: pipe, Tags: tags } = values;
  if (secret === '')
    throw new ConfigFileError('it is missing', { section, field: 'Ingest-Secret' });
  const listen = [
    ...(clear === '' ? [] : [`tcp://${clear}`]),
    ...(encrypted === '' ? [] : [`tls://${encrypted}`]),
    ...(pipe === '' ? [] : [`pipe://${pipe}`]),
  ];
  if (listen.length === 0) {
    const problem = 'it listens nowhere: give Cleartext-Bind, TLS-Bind or Pipe-Bind';
    throw new ConfigFileError(problem, { section });
  }
  if ((encrypted !== '') !== (cert !== '') || (encrypted !== '') !== (key !== '')) {
    const problem = 'TLS-Bind takes a TLS-Certfile and a TLS-Keyfile, and nothing else does';
    throw new ConfigFileError(problem, { section, field: 'TLS-Bind' });
  }
  return {
    name,
    listen,
    secret,
    ...(encrypted === '' ? {} : { tls: { cert, key } }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(values.Tenant.length === 0 ? {} : { tenants: values.Tenant }),
  };
}
