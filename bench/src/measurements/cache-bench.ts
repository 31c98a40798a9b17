import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FRAME_BYTES } from '@ringest/codec';
import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { probeDisk } from './disk-probe.js';
import {
  inTurn,
  type MuxerRun,
  type MuxerRunResult,
  medianResult,
  type Rounds,
  runMuxer,
  SECRET,
} from './muxer-run.js';

const SIZES = [256, 1024];
const SYNC_MS = 10;

/** The number that Linux gives to file systems which are in memory. */
const TMPFS = 0x01021994;

/** What a cache costs while the indexer is there, at one size of entries; medians of all rounds. */
export interface CacheRow {
  readonly size: number;
  readonly ways: readonly CacheCell[];
  /** Plain appends to the same disk, beside them. */
  readonly disk: {
    readonly megabytesPerSecond: number;
    /** As if all of it were frames of entries of this size. */
    readonly entriesPerSecond: number;
  };
}

/** One way to run the muxer. */
export interface CacheCell extends MuxerRunResult {
  /** `no cache`, `fail` or `journal`. */
  readonly name: string;
  /** Its entries a second for each of `no cache` in the same round; the median. */
  readonly ratioToNoCache: number;
}

/** A fresh folder on the disk that is measured. */
export interface BenchFolder extends Disposable {
  readonly path: string;
  /** It is in memory: what is measured is no disk. */
  readonly isInMemory: boolean;
}

/** @param where the folder that it is in; `undefined`: the system's for temporary files */
export function benchFolder(where: string | undefined): BenchFolder {
  const path = mkdtempSync(join(resolve(where ?? tmpdir()), 'ringest-bench-'));
  return {
    path,
    isInMemory: statfsSync(path).type === TMPFS,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/**
 * Measures the muxer with and without a cache, until everything is confirmed, to one and the same
 * embedded indexer.
 * @param folder for the caches
 * @param onRow called with each row as soon as it is measured
 */
export async function runCacheBench(
  { rounds, duration }: Rounds,
  folder: string,
  onRow: (row: CacheRow) => void,
): Promise<CacheRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const rows: CacheRow[] = [];
  try {
    for (const size of SIZES) {
      const ways = waysTo(indexer.address, folder).map((way) => ({
        ...way,
        results: [] as MuxerRunResult[],
      }));
      const disk: number[] = [];
      const runs = ways.map(({ target, results }) => async () => {
        const run = await runMuxer({ target, entryBytes: size, write: 'writeBatch', duration });
        results.push(run);
      });
      const probe = async () => {
        disk.push(await probeDisk(folder, SYNC_MS, duration));
      };
      await inTurn([...runs, probe], rounds);
      const row = { size, ways: cells(ways), disk: diskCell(median(disk), size) };
      rows.push(row);
      onRow(row);
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}

interface Way {
  readonly name: string;
  readonly target: MuxerRun['target'];
}

/** Without a cache comes first. */
function waysTo(address: string, folder: string): Way[] {
  const targets = [address];
  const sync = { everyMs: SYNC_MS };
  const cached = (['fail', 'journal'] as const).map((mode) => ({
    name: mode,
    target: { targets, cache: { path: join(folder, mode), mode, sync } },
  }));
  return [{ name: 'no cache', target: { targets } }, ...cached];
}

function cells(
  ways: readonly { readonly name: string; readonly results: readonly MuxerRunResult[] }[],
): CacheCell[] {
  const withoutCache = ways[0]?.results ?? [];
  return ways.map(({ name, results }) => {
    const ratios = results.map(
      ({ entriesPerSecond }, round) =>
        entriesPerSecond / (withoutCache[round]?.entriesPerSecond ?? 0),
    );
    return { name, ...medianResult(results), ratioToNoCache: median(ratios) };
  });
}

function diskCell(bytesPerSecond: number, size: number): CacheRow['disk'] {
  return {
    megabytesPerSecond: bytesPerSecond / 1e6,
    entriesPerSecond: bytesPerSecond / (FRAME_BYTES + size),
  };
}
