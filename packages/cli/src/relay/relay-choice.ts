import type { MuxerConfiguration } from '@ringest/core';
import {
  type CacheChoice,
  cacheConfiguration,
  type TargetChoice,
  targetConfiguration,
} from '@ringest/flags';
import { loadRelayFile, type RelayListener } from '@ringest/relay';
import { UsageError } from '../errors.js';

/** What `ringest relay` is to do; see its flags. */
export interface RelayChoice {
  readonly config: string | undefined;
  /** The listener of the flags; `undefined`: they have none. */
  readonly listener: RelayListener | undefined;
  readonly targets: TargetChoice;
  readonly cache: CacheChoice | undefined;
  readonly graceMs: number;
  readonly statusSocket: string | undefined;
}

/** What flags and file say together. */
export interface RelayPlan {
  readonly listeners: readonly RelayListener[];
  readonly muxer: MuxerConfiguration;
  readonly warnings: readonly string[];
}

/**
 * Reads the file, and adds what flags say, which wins over it.
 * @throws {ConfigFileError | UsageError} the file or a flag cannot be used
 */
export function planOf(choice: RelayChoice): RelayPlan {
  const { config, listener, targets, cache, graceMs } = choice;
  const file = config === undefined ? undefined : loadRelayFile(config);
  const listeners = [...(file?.listeners ?? []), ...(listener === undefined ? [] : [listener])];
  if (listeners.length === 0) {
    const where = config === undefined ? 'give --listen or --config' : `${config} has none`;
    throw new UsageError(`there is nothing to listen on: ${where}`);
  }
  const given: Partial<MuxerConfiguration> = {
    closeTimeout: Math.max(1, graceMs),
    ...(targets.targets.length === 0 ? {} : targetConfiguration(targets)),
    ...(targets.compression === 'none' ? {} : { compression: targets.compression }),
    ...(targets.secret === undefined ? {} : { secret: targets.secret }),
    ...(targets.tenant === undefined ? {} : { tenant: targets.tenant }),
    ...(cache?.path === undefined ? {} : { cache: cacheConfiguration(cache, cache.path) }),
  };
  const warnings = (file?.warnings ?? []).map((warning) => `${config}: ${warning}`);
  if (file !== undefined) return { listeners, muxer: { ...file.muxer, ...given }, warnings };
  const { secret } = targets;
  if (targets.targets.length === 0) {
    throw new UsageError(
      'there is no indexer to send to: give --clear-conns, --tls-conns, --pipe-conns or --config',
    );
  }
  if (secret === undefined) {
    throw new UsageError(
      'there is no secret of the indexers: give --ingest-secret-file or --ingest-secret, or set ' +
        'GRAVWELL_INGEST_SECRET',
    );
  }
  // As for `ship`: what arrives is what ingesters have sent.
  const own = { name: 'ringest relay', selfIngest: false };
  const muxer = { ...own, ...given, targets: given.targets ?? [], secret };
  return { listeners, muxer, warnings };
}
