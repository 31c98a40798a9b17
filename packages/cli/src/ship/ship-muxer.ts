import {
  IngestMuxer,
  type MuxerConfiguration,
  muxerConfiguration,
  startFromConfig,
} from '@ringest/core';
import { cacheConfiguration, targetConfiguration } from '@ringest/flags';
import { UsageError } from '../errors.js';
import { loadShipConfig } from './configured.js';
import type { Outlet } from './queues/outlet.js';
import type { ShipOptions } from './ship-options.js';

type Logger = NonNullable<MuxerConfiguration['logger']>;

/** How long `close` waits for what a `sync` before it has not confirmed, and for the disk of a cache. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * Starts the muxer of a `ship`, and waits until it is connected, or until its cache takes entries.
 * @param outlet where entries go instead of indexers
 * @param signal ends the waiting
 * @throws {ConfigFileError | ConfigurationError | UsageError} a file or a flag cannot be used
 */
export async function startMuxer(
  options: ShipOptions,
  outlet: Outlet | undefined,
  logger: Logger,
  signal: AbortSignal,
): Promise<IngestMuxer> {
  const { config, timeoutMs: timeout } = options;
  if (config !== undefined) {
    const loaded = loadShipConfig(config);
    const own = loaded.global.Log_File === undefined ? { logger } : {};
    const muxer = { ...overrides(options, outlet, loaded), ...own };
    const warn = (warning: string) => logger.warn(`${config}: ${warning}`);
    return startFromConfig(loaded, { muxer, timeout, signal, warn });
  }
  const configuration = { ...configurationOf(options, outlet), logger };
  const muxer = new IngestMuxer(configuration);
  const { mode = 'fail' } = configuration.cache ?? {};
  try {
    muxer.start();
    await muxer.waitForHot({ timeout, signal, orCache: mode !== 'fail' });
    return muxer;
  } catch (error) {
    await muxer.close();
    throw error;
  }
}

/**
 * The options of the muxer, from the file and the flags as they are now.
 * @throws as {@link startMuxer}
 */
export function configurationOf(
  options: ShipOptions,
  outlet: Outlet | undefined,
): MuxerConfiguration {
  if (options.config !== undefined) {
    const loaded = loadShipConfig(options.config);
    return { ...muxerConfiguration(loaded).configuration, ...overrides(options, outlet, loaded) };
  }
  const { secret, targets } = outlet?.targets ?? options.targets;
  if (targets.length === 0) {
    throw new UsageError(
      'there is no indexer to ship to: give --clear-conns, --tls-conns, --pipe-conns, --to or --config',
    );
  }
  if (secret === undefined) {
    throw new UsageError(
      'there is no ingest secret: give --ingest-secret-file or --ingest-secret, or set ' +
        'GRAVWELL_INGEST_SECRET',
    );
  }
  return {
    name: 'ringest ship',
    // What arrives is what was shipped.
    selfIngest: false,
    ...overrides(options, outlet, undefined),
    targets,
    secret,
  };
}

/** What flags say wins over a file. */
function overrides(
  options: ShipOptions,
  outlet: Outlet | undefined,
  file: ReturnType<typeof loadShipConfig> | undefined,
): Partial<MuxerConfiguration> {
  const { cache, entries } = options;
  const choice = outlet?.targets ?? options.targets;
  const { secret, targets, tenant, compression } = choice;
  const attach = { ...file?.attach, ...options.attach };
  return {
    tags: [entries.tag],
    closeTimeout: CLOSE_TIMEOUT_MS,
    ...(targets.length > 0 ? targetConfiguration(choice) : {}),
    ...(compression === 'none' ? {} : { compression }),
    ...(secret === undefined ? {} : { secret }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(cache?.path === undefined ? {} : { cache: cacheConfiguration(cache, cache.path) }),
    ...(Object.keys(attach).length === 0 ? {} : { attach }),
    ...outlet?.configurationFor(file?.global.Source_Override),
  };
}
