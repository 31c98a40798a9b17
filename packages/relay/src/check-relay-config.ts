import {
  ConfigFileError,
  type ConfigFilePlace,
  type ConfigWarning,
  IngestMuxer,
  RingestError,
} from '@ringest/core';
import { InvalidAddressError, InvalidOptionError } from '@ringest/indexer';
import { RelayOptionError } from './errors.js';
import { Relay } from './relay.js';
import { configuredListeners, configuredMuxer, type RelayConfig, sectionOf } from './relay-file.js';
import { checkMuxer, type RelayListener } from './relay-options.js';

/** Each listener is checked by itself, whatever [Global] says. */
const ANY_MUXER = { targets: ['tcp://127.0.0.1:1'], secret: 'any' };

/** The keys of a section by the options that they set. */
const KEYS: Readonly<Record<string, string>> = {
  tags: 'Tags',
  maxTags: 'Max-Tags',
  tenants: 'Tenant',
  'tls.cert': 'TLS-Certfile',
  'tls.key': 'TLS-Keyfile',
};

/** The keys that a relay refuses, by the options that they set. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'muxer.sourceOverride': ['Source-Override'],
  'muxer.timestampWindow': ['Timestamp-Max-Past-Delta', 'Timestamp-Max-Future-Delta'],
};

const BINDS: Readonly<Record<string, string>> = {
  tcp: 'Cleartext-Bind',
  tls: 'TLS-Bind',
  pipe: 'Pipe-Bind',
};

/**
 * Checks the listeners of a configuration: addresses, secrets, certificates, tags and tenants. Nothing is opened.
 * @param tell gets a problem of each listener that cannot be used
 * @returns the others
 */
export function checkRelayListeners(
  config: RelayConfig,
  tell: (problem: ConfigFileError) => void,
): RelayListener[] {
  return configuredListeners(config, tell).filter((listener) => {
    try {
      new Relay({ listeners: [listener], muxer: ANY_MUXER });
      return true;
    } catch (error) {
      const place = placeIn(config, listener.name, error);
      tell(new ConfigFileError(problemOf(error), place));
      return false;
    }
  });
}

/**
 * Checks the muxers of a configuration. Nothing is opened.
 * @param listeners those that can be used
 * @returns the keys that have no effect
 * @throws {ConfigFileError | ConfigurationError} a value cannot be used
 */
export function checkRelayMuxer(
  config: RelayConfig,
  listeners: readonly RelayListener[],
): readonly ConfigWarning[] {
  const { configuration, warnings } = configuredMuxer(config);
  try {
    checkMuxer(configuration);
  } catch (error) {
    throw new ConfigFileError(problemOf(error), refusedPlace(config, error));
  }
  if (listeners.length > 0) new Relay({ listeners, muxer: configuration });
  else new IngestMuxer(configuration);
  return warnings;
}

function refusedPlace({ settings }: RelayConfig, error: unknown): ConfigFilePlace {
  const keys = error instanceof RelayOptionError ? REFUSED[error.option] : undefined;
  const setting = settings.find(({ section, key, source }) =>
    keys === undefined ? section === 'Attach' : source !== 'default' && keys.includes(key),
  );
  const { section, key: field, position, origin } = setting ?? {};
  return { section, field, position, origin };
}

function problemOf(error: unknown): string {
  if (error instanceof InvalidOptionError || error instanceof RelayOptionError)
    return error.problem;
  if (error instanceof RingestError) return error.message;
  throw error;
}

/** The key of a listener that an error is about, and where its value is written. */
function placeIn({ settings }: RelayConfig, name: string, error: unknown) {
  const section = sectionOf(name);
  const [field, value] = keyOf(error);
  const given = settings.filter((one) => one.section === section && one.key === field);
  const setting = given.find((one) => one.value === value) ?? given.at(-1);
  return { section, field, position: setting?.position, origin: setting?.origin };
}

function keyOf(error: unknown): readonly [key: string | undefined, value: string | undefined] {
  if (error instanceof InvalidAddressError) {
    const [scheme = '', value] = error.address.split('://');
    return [BINDS[scheme], value];
  }
  if (error instanceof InvalidOptionError) return [KEYS[error.option], String(error.value)];
  if (!(error instanceof RelayOptionError)) return [undefined, undefined];
  const [, , option = ''] = error.option.split('.');
  return [KEYS[option], error.value];
}
