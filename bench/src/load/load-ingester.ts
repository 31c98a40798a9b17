import { MAX_DATA_BYTES, Source } from '@ringest/codec';
import { IngestMuxer, type LineWriter } from '@ringest/core';
import { cacheConfiguration, targetConfiguration } from '@ringest/flags';
import { EntrySource } from '../contents/entry-source.js';
import { DEFAULT_TIMES, type EntryTimes } from '../contents/entry-times.js';
import type { IndexerChild } from '../shared/indexer-child.js';
import type { LoadOptions } from './load-options.js';

/** The source of entries that are written before there need be a connection, which has an address. */
export const FIXED_SOURCE = '127.0.0.1';

/** Indexers, and the PEM text of who vouches for them. */
export interface Destination {
  readonly targets: readonly string[];
  readonly ca: string | undefined;
}

/** Where a load goes: to the embedded indexer, if there is one. */
export function destination(
  { targets, tlsCa }: LoadOptions,
  indexer: Pick<IndexerChild, 'addresses' | 'ca'> | undefined,
): Destination {
  if (indexer === undefined) return { targets, ca: tlsCa };
  return { targets: indexer.addresses, ca: indexer.ca };
}

/**
 * The muxer of a load.
 * @param cachePath where its cache is, if it has one
 */
export function createMuxer(
  options: LoadOptions,
  { targets, ca }: Destination,
  cachePath: string | undefined,
): IngestMuxer {
  const { cache, workers, ringBytes } = options;
  return new IngestMuxer({
    ...targetConfiguration({ ...options, targets, tlsCa: ca }),
    secret: options.secret,
    name: 'ringest load',
    tags: options.tagNames,
    connectionsPerTarget: options.connections,
    // What arrives is counted.
    selfIngest: false,
    // What matters is confirmed by the sync before.
    closeTimeout: 1000,
    ...(workers === undefined ? {} : { workers }),
    ...(ringBytes === undefined ? {} : { ringBytes }),
    ...(cache && cachePath !== undefined ? { cache: cacheConfiguration(cache, cachePath) } : {}),
  });
}

/** What of the entries of a load is known only when it starts. */
interface LoadStart {
  /** The numbers of the tags. */
  readonly tags: readonly number[];
  /** The address of this host. */
  readonly source: string;
  readonly startSeconds: number;
}

/** The entries of a load. */
export function createSource(options: LoadOptions, start: LoadStart): EntrySource {
  const { seed, entryBytes, batch, content, inLines, compression } = options;
  const { source = start.source } = options;
  return new EntrySource({
    seed,
    entryBytes,
    tags: start.tags,
    source: source === 'random' ? source : Source.parse(source),
    startSeconds: start.startSeconds,
    times: timesOf(options),
    batch,
    content,
    inLines,
    varied: compression !== 'none',
  });
}

/** What writes the entries of a load as lines; `undefined` where they are written as entries. */
export function createLineWriter(
  { inLines }: LoadOptions,
  muxer: IngestMuxer,
  source: EntrySource,
): LineWriter | undefined {
  if (!inLines) return undefined;
  const { tag, source: from, timestamp } = source.entry(0);
  return muxer.lineWriter({ tag, source: from, timestamp, maxLineBytes: MAX_DATA_BYTES });
}

/** All lines have one time. */
function timesOf({ inLines, timeSpanMs, disorderMs, entryCount }: LoadOptions): EntryTimes {
  if (inLines) return { stepNanoseconds: 0, disorderNanoseconds: 0 };
  return {
    stepNanoseconds:
      timeSpanMs === undefined ? DEFAULT_TIMES.stepNanoseconds : (timeSpanMs * 1e6) / entryCount,
    disorderNanoseconds: disorderMs * 1e6,
  };
}

/** The time of a load's first entry, in Unix seconds. */
export function startSeconds({ startTime }: LoadOptions): number {
  return startTime ?? Math.floor(Date.now() / 1000);
}
