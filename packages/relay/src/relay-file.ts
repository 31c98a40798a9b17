import {
  ConfigFileError,
  type ConfigWarning,
  globalSecret,
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
  'Ingest-Secret-File': 'string',
  'Cleartext-Bind': 'string',
  'TLS-Bind': 'string',
  'TLS-Certfile': 'string',
  'TLS-Keyfile': 'string',
  'Pipe-Bind': 'string',
  Tags: 'strings',
  'Max-Tags': 'integer',
  Tenant: 'strings',
} as const;

const SECTIONS = { IngestListener: { named: true, keys: LISTENER_KEYS } } as const;

type ListenerValues = SectionValues<typeof LISTENER_KEYS>;

/** The configuration file of a relay, as it was read. */
export type RelayConfig = LoadedConfig<typeof SECTIONS>;

/** How the configuration file of a relay is loaded; see {@link LoadOptions}. */
export type RelayLoadOptions = Pick<
  LoadOptions<typeof SECTIONS>,
  'overlays' | 'writeUuid' | 'environment' | 'onProblem'
>;

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
  options: Omit<RelayLoadOptions, 'onProblem'> = {},
): RelayFile {
  const loaded = loadRelayConfig(path, options);
  const { configuration, warnings } = configuredMuxer(loaded);
  return {
    listeners: configuredListeners(loaded),
    muxer: configuration,
    warnings: [
      ...warnings.map(({ key, reason }) => `[Global] ${key}: ${reason}`),
      ...(loaded.uuidProblem === undefined ? [] : [loaded.uuidProblem.message]),
    ],
  };
}

/**
 * Loads the same file, and makes nothing of it yet.
 * @throws {ConfigFileError} a file, or a value in it, cannot be used, and `onProblem` does not get it
 */
export function loadRelayConfig(path: string, options: RelayLoadOptions = {}): RelayConfig {
  return loadConfig(path, { ...options, sections: SECTIONS });
}

/**
 * The configuration of the muxers that [Global] describes, and the keys that have no effect.
 * @throws {ConfigFileError} a value cannot be used
 */
export function configuredMuxer(config: RelayConfig): {
  readonly configuration: MuxerConfiguration;
  readonly warnings: readonly ConfigWarning[];
} {
  const { configuration, warnings, logFile, connectionTimeout } = muxerConfiguration(config);
  const logs = 'it has no effect: a relay logs where its program says';
  const waits = 'it has no effect: a relay waits without a limit';
  return {
    configuration,
    warnings: [
      ...warnings,
      ...(logFile === undefined ? [] : [{ key: 'Log-File', reason: logs } as const]),
      ...(connectionTimeout === undefined
        ? []
        : [{ key: 'Connection-Timeout', reason: waits } as const]),
    ],
  };
}

/**
 * The listeners of the sections [IngestListener].
 * @param tell gets a problem of each section that cannot be used, which is left out. Default: the first is thrown
 * @throws {ConfigFileError} a section cannot be used
 */
export function configuredListeners(
  { sections }: RelayConfig,
  tell?: (problem: ConfigFileError) => void,
): RelayListener[] {
  return [...sections.IngestListener].flatMap(([name, values]) => {
    try {
      return [listenerOf(name, values)];
    } catch (error) {
      if (tell === undefined || !(error instanceof ConfigFileError)) throw error;
      tell(error);
      return [];
    }
  });
}

/** The section of a listener, as settings and errors name it. */
export function sectionOf(name: string): string {
  return `IngestListener ${JSON.stringify(name)}`;
}

function listenerOf(name: string, values: ListenerValues): RelayListener {
  const section = sectionOf(name);
  const { Cleartext_Bind: clear, TLS_Bind: encrypted, Pipe_Bind: pipe } = values;
  const { TLS_Certfile: cert, TLS_Keyfile: key, Tags: tags, Max_Tags: maxTags } = values;
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
    secret: secretOf(section, values),
    ...(encrypted === '' ? {} : { tls: { cert, key } }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(maxTags === 0 ? {} : { maxTags }),
    ...(values.Tenant.length === 0 ? {} : { tenants: values.Tenant }),
  };
}

/** As [Global] has it: the key, or the first line of the file. */
function secretOf(section: string, { Ingest_Secret, Ingest_Secret_File }: ListenerValues): string {
  if (Ingest_Secret === '' && Ingest_Secret_File === '') {
    const problem = 'it is missing; it, or Ingest-Secret-File, must be given';
    throw new ConfigFileError(problem, { section, field: 'Ingest-Secret' });
  }
  try {
    return globalSecret({ Ingest_Secret, Ingest_Secret_File });
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    throw new ConfigFileError(error.problem, { section, field: error.field });
  }
}
