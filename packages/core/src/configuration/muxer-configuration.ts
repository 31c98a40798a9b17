import {
  type GlobalConfig,
  type GlobalKey,
  type GlobalSettings,
  globalSettings,
} from '../gravwell-file/index.js';
import { MAX_TIMER_MS } from '../wait.js';
import type { LogLevel, MuxerConfiguration, WindowInput } from './configuration.js';

/** A key of [Global] that is accepted and has no effect. */
export interface ConfigWarning {
  /** The key as it is written in a file. */
  readonly key: string;
  /** Why it has no effect. */
  readonly reason: string;
}

/** What a configuration file says about a muxer and about its start. */
export interface MappedConfiguration {
  /** For `new IngestMuxer`. It has the secret: keep it out of logs. */
  readonly configuration: MuxerConfiguration;
  /** How long to wait for the first hot connection, in milliseconds; `undefined`: without a limit. */
  readonly connectionTimeout: number | undefined;
  /** The lowest level of the log, in the words of pino. */
  readonly logLevel: GlobalSettings['logLevel'];
  /** The path of the log file. */
  readonly logFile: string | undefined;
  /** The keys that have no effect. */
  readonly warnings: readonly ConfigWarning[];
}

/** What each key of [Global] sets: options of a muxer, or what `startFromConfig` does with it. */
export const KEY_EFFECTS: Readonly<Record<GlobalKey, string>> = {
  'Ingester-Name': '`name`',
  'Ingest-Secret': '`secret`',
  'Ingest-Secret-File': '`secret`',
  'Connection-Timeout': 'the start: how long it waits',
  'Verify-Remote-Certificates': '`tls.insecureSkipVerify`',
  'Insecure-Skip-TLS-Verify': '`tls.insecureSkipVerify`, if a target is `tls://`',
  'Cleartext-Backend-Target': '`targets`',
  'Encrypted-Backend-Target': '`targets`',
  'Pipe-Backend-Target': '`targets`',
  'Enable-Compression': '`compression`: `snappy`',
  'Log-Level': '`selfIngest.level`, and the level of the log file',
  'Log-File': 'the start: a file of JSON lines',
  'Log-UDP-Target': 'nothing: a warning',
  'Disable-Self-Ingest': '`selfIngest`: `false`',
  'Source-Override': '`sourceOverride`',
  'Log-Source-Override': '`logSource`',
  'Rate-Limit': '`rateLimit`',
  'Ingester-UUID': '`uuid`',
  'Cache-Depth': 'nothing: a warning',
  'Cache-Mode': '`cache.mode`, with an Ingest-Cache-Path',
  'Ingest-Cache-Path': '`cache.path`',
  'Max-Ingest-Cache': '`cache.maxBytes`, with an Ingest-Cache-Path',
  Label: '`label`',
  'Disable-Multithreading': '`workers`: 1, and a warning',
  'Stats-Sample-Interval': '`statsInterval`',
  'Timestamp-Max-Past-Delta': '`timestampWindow.past`',
  'Timestamp-Max-Future-Delta': '`timestampWindow.future`',
  'Max-Entry-Size': '`maxEntrySize`',
};

/** How many entries the reference keeps in memory unless `Cache-Depth` says otherwise. */
const DEFAULT_CACHE_DEPTH = 128;

/**
 * Returns the options of a muxer that a configuration file stands for. It reads `Ingest-Secret-File`,
 * if there is no `Ingest-Secret`. Tags, and what else a file does not have, are for the program to add.
 *
 *     const { configuration } = muxerConfiguration(loadConfig('relay.conf'));
 *     const muxer = new IngestMuxer({ ...configuration, tags: ['syslog'] });
 *
 * @throws {ConfigFileError} for a value that cannot be used
 */
export function muxerConfiguration(config: {
  readonly global: GlobalConfig;
  readonly attach?: Readonly<Record<string, string>>;
}): MappedConfiguration {
  const { global, attach = {} } = config;
  const settings = globalSettings(global);
  const { targets, logLevel, logFile, timeoutMs } = settings;
  const hasTls = targets.some((target) => target.startsWith('tls://'));
  const insecure = hasTls && settings.insecureSkipTlsVerify;
  const configuration: MuxerConfiguration = {
    secret: settings.secret,
    targets,
    compression: settings.compression ? 'snappy' : 'none',
    rateLimit: settings.rateLimitBitsPerSecond,
    selfIngest: selfIngest(settings),
    maxEntrySize: settings.maxEntrySize,
    statsInterval: Math.min(MAX_TIMER_MS, Math.ceil(settings.statsSampleIntervalMs)),
    ...(insecure ? { tls: { insecureSkipVerify: true } } : {}),
    ...(Object.keys(attach).length > 0 ? { attach } : {}),
    ...(settings.multithreading ? {} : { workers: 1 }),
    ...given({
      name: settings.ingesterName,
      uuid: settings.ingesterUuid,
      label: settings.label,
      sourceOverride: settings.sourceOverride,
      logSource: settings.logSourceOverride,
      timestampWindow: windowOf(settings),
    }),
    ...cacheOf(settings),
  };
  const connectionTimeout = timeoutMs > 0 ? Math.ceil(timeoutMs) : undefined;
  return { configuration, connectionTimeout, logLevel, logFile, warnings: warningsOf(settings) };
}

function selfIngest({ selfIngest, logLevel }: GlobalSettings): boolean | { level: LogLevel } {
  // A muxer logs nothing above `error`.
  if (!selfIngest || logLevel === 'silent' || logLevel === 'fatal') return false;
  return { level: logLevel };
}

function cacheOf({ cachePath: path, cacheMode: mode, maxCacheBytes: maxBytes }: GlobalSettings) {
  return path === undefined ? {} : { cache: { path, mode, maxBytes } };
}

function warningsOf(settings: GlobalSettings): ConfigWarning[] {
  const { cachePath, cacheMode, cacheDepth, maxCacheBytes, logUdpTarget } = settings;
  const withoutCache = 'it has no effect without Ingest-Cache-Path';
  const found: readonly (readonly [key: GlobalKey, isGiven: boolean, reason: string])[] = [
    [
      'Cache-Depth',
      cacheDepth !== DEFAULT_CACHE_DEPTH,
      'it has no effect: entries wait in the rings, whose size is the option ringBytes',
    ],
    [
      'Disable-Multithreading',
      !settings.multithreading,
      'all connections share one worker thread; it cannot be left out',
    ],
    ['Log-UDP-Target', logUdpTarget !== undefined, 'it has no effect: use Log-File, or a logger'],
    ['Cache-Mode', cachePath === undefined && cacheMode !== 'always', withoutCache],
    ['Max-Ingest-Cache', cachePath === undefined && maxCacheBytes > 0, withoutCache],
  ];
  return found.filter(([, isGiven]) => isGiven).map(([key, , reason]) => ({ key, reason }));
}

function windowOf({ maxPastDeltaMs, maxFutureDeltaMs }: GlobalSettings): WindowInput | undefined {
  if (maxPastDeltaMs === 0 && maxFutureDeltaMs === 0) return undefined;
  return given({
    past: maxPastDeltaMs > 0 ? Math.ceil(maxPastDeltaMs) : undefined,
    future: maxFutureDeltaMs > 0 ? Math.ceil(maxFutureDeltaMs) : undefined,
  });
}

/** Leaves out what is `undefined`. */
function given<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
}
