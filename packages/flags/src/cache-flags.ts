import type { CacheMode, MuxerConfiguration } from '@ringest/core';
import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { type Command, Option } from 'commander';

type CacheConfiguration = NonNullable<MuxerConfiguration['cache']>;

/** When what a cache has taken is forced to the disk. */
export type CacheSync = NonNullable<CacheConfiguration['sync']>;

/** The disk cache of a command's muxer; see the flags. */
export interface CacheChoice {
  /** `undefined`: no flag names a folder. */
  readonly path: string | undefined;
  readonly mode: CacheMode;
  readonly sync: CacheSync;
  /** `undefined`: as many as the muxer allows by default. */
  readonly maxBytes: number | undefined;
}

interface CacheFlags {
  cachePath?: string;
  cacheMode?: CacheMode;
  cacheSync?: CacheSync;
  cacheMaxBytes?: number;
}

/** Those of the muxer, which would take a fifth of a second to load for them. */
const MODES = ['fail', 'always', 'journal'] as const satisfies readonly CacheMode[];
const MIN_BYTES = 2 ** 20;
const DEFAULT_SYNC = { everyMs: 10 };

/**
 * Adds the flags that {@link readCache} reads.
 * @param withoutPath ends the help of the folder: what happens when only a mode is given
 */
export function addCacheFlags(program: Command, withoutPath: string): Command {
  return program
    .option('--cache-path <folder>', `where entries wait on disk; ${withoutPath}`)
    .addOption(
      new Option(
        '--cache-mode <mode>',
        'what goes to disk: what finds no room while no indexer is there, or at any time, or ' +
          'everything; with --cache-path alone, fail',
      ).choices(MODES),
    )
    .addOption(
      new Option(
        '--cache-sync <when>',
        'when it is forced to the disk: always, never, or so often (default: 10ms)',
      ).argParser(cacheSync),
    )
    .option(
      '--cache-max-bytes <bytes>',
      'how large the cache may grow before writes wait',
      wholeNumber(MIN_BYTES, Number.MAX_SAFE_INTEGER),
    );
}

/**
 * Reads the cache's flags of a command that is parsed. A flag without use ends the command.
 * @returns `undefined` when there is to be no cache
 */
export function readCache(program: Command): CacheChoice | undefined {
  const { cachePath, cacheMode, cacheSync, cacheMaxBytes } = program.opts<CacheFlags>();
  if (cachePath === undefined && cacheMode === undefined) {
    if (cacheSync !== undefined) refuseWithoutCache(program, '--cache-sync');
    if (cacheMaxBytes !== undefined) refuseWithoutCache(program, '--cache-max-bytes');
    return undefined;
  }
  return {
    path: cachePath,
    mode: cacheMode ?? 'fail',
    sync: cacheSync ?? DEFAULT_SYNC,
    maxBytes: cacheMaxBytes,
  };
}

/** What the muxer is to do with the cache in a folder. */
export function cacheConfiguration(
  { mode, sync, maxBytes }: CacheChoice,
  path: string,
): CacheConfiguration {
  return { path, mode, sync, ...(maxBytes === undefined ? {} : { maxBytes }) };
}

/** Ends a command, one of whose flags has no use without a cache. */
export function refuseWithoutCache(program: Command, flag: string): void {
  program.error(`error: ${flag} is about the cache: give a --cache-mode`);
}

/** `always`, `never`, or a time, in milliseconds if it has no unit. */
function cacheSync(text: string): CacheSync {
  if (text === 'always' || text === 'never') return text;
  return { everyMs: positiveDuration(/^\d+$/.test(text) ? `${text}ms` : text) };
}
