import { isDeepStrictEqual } from 'node:util';
import { ConfigurationError } from '../errors.js';
import {
  type Configuration,
  checkConfiguration,
  type MuxerConfiguration,
} from './configuration.js';
import type { TargetDefaults } from './targets/index.js';

/** The options that a reload takes over, or that it compares in another way. */
type Changeable = 'targets' | keyof TargetDefaults | 'tags' | 'label' | 'closeTimeout' | 'logger';

/** The options that cannot change while a muxer runs, and what is compared of each. */
const FIXED: Readonly<
  Record<Exclude<keyof MuxerConfiguration, Changeable>, (configuration: Configuration) => unknown>
> = {
  name: ({ identity }) => identity.name,
  version: ({ identity }) => identity.version,
  uuid: ({ identity }) => identity.uuid,
  minVersion: ({ minVersion }) => minVersion,
  balancing: ({ balancing }) => balancing,
  rateLimit: ({ rateLimit }) => rateLimit?.bytesPerSecond,
  attach: ({ attach }) => attach,
  sourceOverride: ({ sourceOverride }) => sourceOverride?.toString(),
  logSource: ({ logSource }) => logSource?.toString(),
  maxEntrySize: ({ maxEntrySize }) => maxEntrySize,
  timestampWindow: ({ timestampWindow }) => timestampWindow,
  selfIngest: ({ selfIngest }) => selfIngest,
  statsInterval: ({ statsInterval }) => statsInterval,
  workers: ({ workers }) => workers,
  connectionsPerTarget: ({ connectionsPerTarget }) => connectionsPerTarget,
  ringBytes: ({ ringBytes }) => ringBytes,
  batchBytes: ({ batchBytes }) => batchBytes,
  backlogBytes: ({ backlogBytes }) => backlogBytes,
  cache: ({ cache }) => cache,
  times: ({ times }) => times,
};

/**
 * Checks the options that a running muxer is to have. Without `uuid` and `logger`, they stay as they are.
 * @throws {ConfigurationError} an option cannot be used, or cannot change while the muxer runs
 */
export function checkReload(current: Configuration, input: MuxerConfiguration): Configuration {
  const { uuid = current.identity.uuid, logger = current.logger } = input;
  const next = checkConfiguration({ ...input, uuid, logger });
  for (const [field, value] of Object.entries(FIXED)) {
    if (isDeepStrictEqual(value(current), value(next))) continue;
    throw new ConfigurationError(
      field,
      'it cannot change while the muxer runs: leave it as it is, or start another muxer',
    );
  }
  if (next.logger !== current.logger) {
    throw new ConfigurationError('logger', 'it cannot change while the muxer runs: leave it out');
  }
  return next;
}
