import { pino } from 'pino';
import type { MuxerConfiguration } from './configuration/configuration.js';
import { readJsonConfiguration } from './configuration/json-configuration.js';
import {
  type MappedConfiguration,
  muxerConfiguration,
} from './configuration/muxer-configuration.js';
import {
  type ConfigFile,
  ConfigFileError,
  type LoadedConfig,
  loadConfig,
} from './gravwell-file/index.js';
import { IngestMuxer } from './muxer.js';

/** What {@link startFromConfig} starts from: a file that was loaded, whatever sections it declares. */
export type StartableConfig = Omit<ConfigFile, 'sections'> &
  Partial<Pick<LoadedConfig, 'uuidProblem'>> & { readonly sections?: object };

/** How {@link startFromConfig} starts a muxer. */
export interface StartOptions {
  /** Options of the muxer that win over those of the file, such as `tags`, `name` or `logger`. */
  readonly muxer?: Partial<MuxerConfiguration> | undefined;
  /** The overlay folders of a Gravwell file, as `loadConfig` takes them. */
  readonly overlays?: readonly string[] | undefined;
  /**
   * How long to wait for a hot connection, in milliseconds. Default: `Connection-Timeout` of the file,
   * without which there is no limit.
   */
  readonly timeout?: number | undefined;
  /** Ends the start when it is aborted. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Gets a sentence about each key of the file that has no effect, and about trouble with the UUID or
   * the log file. Default: `process.emitWarning`.
   */
  readonly warn?: ((warning: string) => void) | undefined;
}

/** How a muxer is started, whatever file says so. */
type Plan = Omit<MappedConfiguration, 'warnings'> & { readonly report: object };

/**
 * Starts a muxer from a configuration file, and waits until it is connected: the file of an ingester, or,
 * if its name ends with `.json`, a file with the options of a muxer. To use sections of an own, load the
 * file first, and give what `loadConfig` returns.
 *
 * The muxer tells the indexers its configuration, without secrets (§8). It waits for a hot connection, or
 * with a cache of the mode `always` or `journal` until the cache takes entries. Its log goes to `Log-File`.
 *
 *     const muxer = await startFromConfig('relay.conf', { muxer: { tags: ['syslog'] } });
 *
 * @throws {ConfigFileError | ConfigurationError} the file, or a value in it, cannot be used
 * @throws what `start` and `waitForHot` of the muxer throw. The muxer is closed then
 */
export async function startFromConfig(
  config: string | StartableConfig,
  options: StartOptions = {},
): Promise<IngestMuxer> {
  const { warn = (warning) => process.emitWarning(warning, { type: 'RingestConfigWarning' }) } =
    options;
  const { configuration, report, ...plan } = planOf(config, options, warn);
  const log = openLog(plan, configuration, warn);
  const muxer = new IngestMuxer({ ...configuration, ...log?.fields });
  if (log !== undefined) muxer.once('closed', () => log.end());
  muxer.setRawConfiguration(report);
  const { mode = 'fail' } = configuration.cache ?? {};
  const { timeout = plan.connectionTimeout, signal } = options;
  try {
    muxer.start();
    await muxer.waitForHot({ timeout, signal, orCache: mode !== 'fail' });
    return muxer;
  } catch (error) {
    await muxer.close();
    throw error;
  }
}

function planOf(
  config: string | StartableConfig,
  { muxer, overlays }: StartOptions,
  warn: (warning: string) => void,
): Plan {
  if (typeof config === 'string' && config.endsWith('.json')) {
    const configuration = { ...readJsonConfiguration(config), ...muxer };
    const nothing = {
      connectionTimeout: undefined,
      logLevel: 'silent',
      logFile: undefined,
    } as const;
    return { configuration, report: reportOfOptions(configuration), ...nothing };
  }
  const loaded: StartableConfig =
    typeof config === 'string' ? loadConfig(config, { overlays }) : config;
  const { configuration, warnings, ...plan } = muxerConfiguration(loaded);
  for (const { key, reason } of warnings) warn(`[Global] ${key}: ${reason}`);
  if (loaded.uuidProblem !== undefined) warn(loaded.uuidProblem.message);
  return { ...plan, configuration: { ...configuration, ...muxer }, report: reportOfFile(loaded) };
}

/** Secrets of known keys are not enumerable, so no copy has them. Those of preprocessors may be anywhere. */
function reportOfFile(config: StartableConfig): object {
  const { global, attach, timeFormats, preprocessors, sections = {} } = config;
  const types = new Map([...preprocessors].map(([name, { type }]) => [name, { Type: type }]));
  const others = { ...sections, TimeFormat: timeFormats, Preprocessor: types };
  const plain = Object.entries(others).map(([name, value]) => [
    name,
    value instanceof Map ? Object.fromEntries(value) : value,
  ]);
  return { Global: global, Attach: attach, ...Object.fromEntries(plain) };
}

function reportOfOptions({ secret, tls, logger, targets, ...options }: MuxerConfiguration): object {
  const addresses = Array.isArray(targets)
    ? targets.map((target) => (typeof target === 'string' ? target : target?.address))
    : [];
  return { ...options, targets: addresses };
}

/** Opens the log file, unless the program has a logger of its own. */
function openLog(
  { logFile, logLevel: level }: Pick<Plan, 'logFile' | 'logLevel'>,
  { logger }: MuxerConfiguration,
  warn: (warning: string) => void,
) {
  if (logFile === undefined) return undefined;
  if (logger !== undefined) {
    warn('[Global] Log-File: it has no effect, because the program has a logger of its own');
    return undefined;
  }
  try {
    const file = pino.destination({ dest: logFile, sync: true, mode: 0o640 });
    file.on('error', (error: Error) => warn(`the log file ${logFile}: ${error.message}`));
    return { fields: { logger: pino({ level }, file) }, end: () => file.end() };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const place = { section: 'Global', field: 'Log-File' };
    throw new ConfigFileError(`the file cannot be opened: ${reason}`, place);
  }
}
