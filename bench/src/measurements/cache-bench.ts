import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FRAME_BYTES } from '@ringest/codec';
import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { type DiskRun, probeDisk } from './disk-probe.js';
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
  /** Plain appends to the same disk, beside them, through the page cache. */
  readonly disk: DiskCell;
  /** The same past the page cache, as a journal writes large blocks. */
  readonly directDisk: DiskCell;
}

/** Plain appends, as if all of it were frames of entries of one size. */
interface DiskCell {
  readonly megabytesPerSecond: number;
  readonly entriesPerSecond: number;
  /** What the disk alone costs. */
  readonly cpuSecondsPerMillion: number;
}

/** One way to run the muxer. */
export interface CacheCell extends MuxerRunResult {
  /** `no cache`, `fail` or `journal`. */
  readonly name: string;
  /** Its entries a second for each of `no cache` in the same round; the median. */
  readonly ratioToNoCache: number;
  /** The same of its processor time for an entry. */
  readonly cpuRatioToNoCache: number;
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
 * embedded indexer. Each run first writes for half as long as it is measured.
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
      const disk: DiskRun[] = [];
      const directDisk: DiskRun[] = [];
      const runs = ways.map(({ target, results }) => async () => {
        const load = { target, entryBytes: size, write: 'writeBatch', duration } as const;
        results.push(await runMuxer({ ...load, warmUp: duration / 2 }));
      });
      const probes = [disk, directDisk].map((results) => async () => {
        const isDirect = results === directDisk;
        results.push(await probeDisk(folder, { isDirect, syncEveryMs: SYNC_MS, duration }));
      });
      await inTurn([...runs, ...probes], rounds);
      const [cached, direct] = [diskCell(disk, size), diskCell(directDisk, size)];
      const row = { size, ways: cells(ways), disk: cached, directDisk: direct };
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
  const ratio = (
    results: readonly MuxerRunResult[],
    part: 'entriesPerSecond' | 'cpuSecondsPerMillion',
  ) => median(results.map((run, round) => run[part] / (withoutCache[round]?.[part] ?? 0)));
  return ways.map(({ name, results }) => ({
    name,
    ...medianResult(results),
    ratioToNoCache: ratio(results, 'entriesPerSecond'),
    cpuRatioToNoCache: ratio(results, 'cpuSecondsPerMillion'),
  }));
}

function diskCell(runs: readonly DiskRun[], size: number): DiskCell {
  const bytesPerSecond = median(runs.map((run) => run.bytesPerSecond));
  const cpuSecondsPerByte = median(runs.map((run) => run.cpuSecondsPerByte));
  const frameBytes = FRAME_BYTES + size;
  return {
    megabytesPerSecond: bytesPerSecond / 1e6,
    entriesPerSecond: bytesPerSecond / frameBytes,
    cpuSecondsPerMillion: cpuSecondsPerByte * frameBytes * 1e6,
  };
}
