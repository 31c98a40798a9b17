import { DEFAULT_TCP_PORT, DEFAULT_TLS_PORT, MAX_DATA_BYTES, type Source } from '@ringest/codec';
import { ConfigFileError, quote } from './error.js';
import { readFirstLine } from './first-line.js';
import type { GlobalConfig } from './global.js';
import { parseAddress, parseDuration, parseRate, parseUuid } from './scalars.js';
import { requirePort, withDefaultPort } from './targets.js';

/**
 * The lowest `Rate-Limit` in a configuration file, in bits per second: 2^17, as in the reference. The
 * option `rateLimit` of a muxer may be lower, see `MIN_RATE_LIMIT`.
 */
export const MIN_FILE_RATE_LIMIT = 131_072;

/** The settings of a [Global] section, in the units of this library. `undefined` means not configured. */
export interface GlobalSettings {
  /** The secret of the indexers. This property is enumerable: keep it out of logs. */
  readonly secret: string;
  /** The indexers as `tcp://host:port`, `tls://host:port` and `pipe://path`, in this order. */
  readonly targets: readonly string[];
  /** How long to wait for the first hot connection, in milliseconds; 0: without a limit. */
  readonly timeoutMs: number;
  /** The most that may be sent, in bits per second; 0: no limit. */
  readonly rateLimitBitsPerSecond: number;
  /** Whether any certificate of an indexer is accepted. */
  readonly insecureSkipTlsVerify: boolean;
  /** Whether indexers are asked for compression. */
  readonly compression: boolean;
  /** The name of the ingester. */
  readonly ingesterName: string | undefined;
  /** The UUID of the ingester, in lower case with dashes. A UUID of zeros counts as not configured. */
  readonly ingesterUuid: string | undefined;
  /** The label of the ingester. */
  readonly label: string | undefined;
  /** The source of all entries. */
  readonly sourceOverride: Source | undefined;
  /** The source of the entries of the ingester's own log. */
  readonly logSourceOverride: Source | undefined;
  /** The lowest level of the log, in the words of pino. `CRITICAL` is `fatal`, too. */
  readonly logLevel: 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug';
  /** The path of the log file. */
  readonly logFile: string | undefined;
  /** Where to send the log by UDP, as `host:port`. */
  readonly logUdpTarget: string | undefined;
  /** Whether the ingester's own log is sent to the indexers. */
  readonly selfIngest: boolean;
  /** When the cache is used. */
  readonly cacheMode: 'always' | 'fail';
  /** How many entries are kept in memory before the cache is used. */
  readonly cacheDepth: number;
  /** The path of the cache. */
  readonly cachePath: string | undefined;
  /** The largest size of the cache in bytes; 0: no limit. */
  readonly maxCacheBytes: number;
  /** Whether the ingester may use several threads. */
  readonly multithreading: boolean;
  /** How often statistics are logged, in milliseconds; 0: never. */
  readonly statsSampleIntervalMs: number;
  /** How old an entry may be before it gets the present time, in milliseconds; 0: any age. */
  readonly maxPastDeltaMs: number;
  /** How far in the future an entry may be before it gets the present time, in milliseconds; 0: any time. */
  readonly maxFutureDeltaMs: number;
  /** The most bytes of data in an entry. */
  readonly maxEntrySize: number;
}

/**
 * Converts a [Global] section to settings. It reads Ingest-Secret-File if there is no Ingest-Secret.
 *
 * @throws {ConfigFileError} if a value cannot be used. After `parseConfigFile`, that can only be the rate
 * limit or the file of the secret.
 */
export function globalSettings(global: GlobalConfig): GlobalSettings {
  return {
    secret: globalSecret(global),
    rateLimitBitsPerSecond: globalRateLimit(global),
    ...checkGlobal(global),
  };
}

/**
 * Checks and converts the settings that `parseConfigFile` checks: all but the secret and the rate limit.
 * @param missing gets the problem of a key that is not there. Default: it is thrown
 */
export function checkGlobal(
  global: GlobalConfig,
  missing: (problem: ConfigFileError) => void = raise,
): Omit<GlobalSettings, 'secret' | 'rateLimitBitsPerSecond'> {
  if (global.Ingest_Secret === '' && global.Ingest_Secret_File === '') {
    missing(
      new ConfigFileError('is missing; it, or Ingest-Secret-File, must be given', {
        field: 'Ingest-Secret',
      }),
    );
  }
  if (global.Log_File !== '' && global.Log_UDP_Target !== '') {
    throw new ConfigFileError('excludes Log-File; remove one of them', { field: 'Log-UDP-Target' });
  }
  return {
    targets: globalTargets(global, missing),
    timeoutMs: globalTimeoutMs(global),
    insecureSkipTlsVerify: global.Insecure_Skip_TLS_Verify,
    compression: global.Enable_Compression,
    ingesterName: global.Ingester_Name || undefined,
    ingesterUuid: globalUuid(global),
    label: global.Label || undefined,
    sourceOverride: optionalAddress(global.Source_Override, 'Source-Override'),
    logSourceOverride: optionalAddress(global.Log_Source_Override, 'Log-Source-Override'),
    logLevel: oneOf(LOG_LEVELS, global.Log_Level, 'Log-Level'),
    logFile: global.Log_File || undefined,
    logUdpTarget:
      (global.Log_UDP_Target && requirePort(global.Log_UDP_Target, 'Log-UDP-Target')) || undefined,
    selfIngest: !global.Disable_Self_Ingest,
    cacheMode: oneOf(CACHE_MODES, global.Cache_Mode, 'Cache-Mode'),
    cacheDepth: within(global.Cache_Depth, Number.MAX_SAFE_INTEGER, 'Cache-Depth'),
    cachePath: global.Ingest_Cache_Path || undefined,
    maxCacheBytes: within(global.Max_Ingest_Cache, 2 ** 32, 'Max-Ingest-Cache') * 2 ** 20,
    multithreading: !global.Disable_Multithreading,
    statsSampleIntervalMs: Math.max(
      0,
      optionalDuration(global.Stats_Sample_Interval, 'Stats-Sample-Interval'),
    ),
    // A sign does not matter here: both say how far.
    maxPastDeltaMs: Math.abs(
      optionalDuration(global.Timestamp_Max_Past_Delta, 'Timestamp-Max-Past-Delta'),
    ),
    maxFutureDeltaMs: Math.abs(
      optionalDuration(global.Timestamp_Max_Future_Delta, 'Timestamp-Max-Future-Delta'),
    ),
    maxEntrySize: within(global.Max_Entry_Size, MAX_DATA_BYTES, 'Max-Entry-Size'),
  };
}

/**
 * Returns the secret of the indexers: Ingest-Secret, or the first line of the file that
 * Ingest-Secret-File names. The option `secret` of a muxer reads a file to its end instead.
 *
 * @throws {ConfigFileError} if the file cannot be read, or its first line is empty.
 */
export function globalSecret(
  global: Pick<GlobalConfig, 'Ingest_Secret' | 'Ingest_Secret_File'>,
): string {
  if (global.Ingest_Secret !== '') return global.Ingest_Secret;
  return readFirstLine(global.Ingest_Secret_File, { field: 'Ingest-Secret-File' });
}

/**
 * Returns the indexers as URLs with their ports: first over TCP, then over TLS, then over pipes.
 *
 * @param missing gets the problem that there is none. Default: it is thrown
 * @throws {ConfigFileError} if there is none, or one is malformed.
 */
export function globalTargets(
  global: GlobalConfig,
  missing: (problem: ConfigFileError) => void = raise,
): string[] {
  const cleartext = 'Cleartext-Backend-Target';
  const encrypted = 'Encrypted-Backend-Target';
  const pipe = 'Pipe-Backend-Target';
  const targets = [
    ...global.Cleartext_Backend_Target.map(
      (address) => `tcp://${withDefaultPort(address, DEFAULT_TCP_PORT, cleartext)}`,
    ),
    ...global.Encrypted_Backend_Target.map(
      (address) => `tls://${withDefaultPort(address, DEFAULT_TLS_PORT, encrypted)}`,
    ),
    ...global.Pipe_Backend_Target.map((path) => {
      if (path === '') throw new ConfigFileError('must be a path', { field: pipe });
      return `pipe://${path}`;
    }),
  ];
  if (targets.length === 0) {
    missing(
      new ConfigFileError(`no indexer is given; add one, or ${encrypted}, or ${pipe}`, {
        field: cleartext,
      }),
    );
  }
  return targets;
}

function raise(problem: ConfigFileError): void {
  throw problem;
}

/**
 * Returns the UUID of the ingester, in lower case with dashes. `undefined`: none, or one of zeros.
 *
 * @throws {ConfigFileError} if the value is not a UUID.
 */
export function globalUuid(global: GlobalConfig): string | undefined {
  if (global.Ingester_UUID === '') return undefined;
  const uuid = parseUuid(global.Ingester_UUID, 'Ingester-UUID');
  return /[1-9a-f]/.test(uuid) ? uuid : undefined;
}

/**
 * Returns how long to wait for the first hot connection, in milliseconds; 0 if nothing is configured.
 *
 * @throws {ConfigFileError} if the value is not a duration, or negative.
 */
export function globalTimeoutMs(global: GlobalConfig): number {
  const field = 'Connection-Timeout';
  const timeout = optionalDuration(global.Connection_Timeout.trim(), field);
  if (timeout < 0) throw new ConfigFileError('must not be negative', { field });
  return timeout;
}

/**
 * Returns the rate limit in bits per second; 0 if nothing is configured. Rates from 2^53 bits per second
 * on are rounded.
 *
 * @throws {ConfigFileError} if the value is not a rate, or below {@link MIN_FILE_RATE_LIMIT}.
 */
export function globalRateLimit(global: GlobalConfig): number {
  if (global.Rate_Limit === '') return 0;
  const field = 'Rate-Limit';
  const rate = Number(parseRate(global.Rate_Limit, field));
  if (rate < MIN_FILE_RATE_LIMIT) {
    throw new ConfigFileError(
      `${quote(global.Rate_Limit)} is too low; the least is 128kbit, and without the key there is no limit`,
      { field },
    );
  }
  return rate;
}

const LOG_LEVELS = {
  OFF: 'silent',
  FATAL: 'fatal',
  CRITICAL: 'fatal',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
} as const;
const CACHE_MODES = { always: 'always', fail: 'fail' } as const;

function oneOf<Choices extends Readonly<Record<string, string>>>(
  choices: Choices,
  text: string,
  field: string,
): Choices[keyof Choices] {
  if (Object.hasOwn(choices, text)) return choices[text as keyof Choices];
  const known = Object.keys(choices).join(', ');
  throw new ConfigFileError(`${quote(text)} cannot be used; write one of ${known}`, { field });
}

function within(value: number, largest: number, field: string): number {
  if (value >= 0 && value <= largest) return value;
  throw new ConfigFileError(`${value} is not within 0..${largest}`, { field });
}

function optionalDuration(text: string, field: string): number {
  return text === '' ? 0 : parseDuration(text, field);
}

function optionalAddress(text: string, field: string): Source | undefined {
  return text === '' ? undefined : parseAddress(text, field);
}
