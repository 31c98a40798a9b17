import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { inTurn, type Rounds, runMuxer, SECRET } from './muxer-run.js';
import { processTime } from './process-time.js';

const SIZES = [64, 256, 1024];
/** What the processes compile in their first moments is not what an entry costs. */
const WARM_UP_MS = 300;

/** Packed entries of one size to an indexer, without a relay between or through one; medians of all rounds. */
export interface RelayRow {
  readonly size: number;
  readonly ways: readonly RelayCell[];
}

/** One way to the indexer, with the processor time of each process in nanoseconds an entry. */
export interface RelayCell {
  readonly name: 'direct' | 'through a relay';
  readonly entriesPerSecond: number;
  /** Entries a second for each that goes directly. */
  readonly ratioToDirect: number;
  readonly ingester: number;
  /** 0 without a relay. */
  readonly relay: number;
  readonly indexer: number;
}

type Result = Omit<RelayCell, 'name' | 'ratioToDirect'>;

/**
 * Measures a muxer that writes packed entries over one connection, to an embedded indexer and to a relay before
 * that indexer, each in a process of its own.
 * @param onRow called with each row as soon as it is measured
 * @throws {NoThreadTimesError} this is not Linux
 */
export async function runRelay(
  { rounds, duration }: Rounds,
  onRow: (row: RelayRow) => void,
): Promise<RelayRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const relay = fork(new URL('./relay-process.js', import.meta.url), [indexer.address]);
  const rows: RelayRow[] = [];
  try {
    const [address] = (await once(relay, 'message')) as [string];
    for (const size of SIZES) {
      const run = (target: string) => runTo(target, size, duration, { indexer, relay });
      const direct: Result[] = [];
      const relayed: Result[] = [];
      await inTurn(
        [
          async () => void direct.push(await run(indexer.address)),
          async () => void relayed.push(await run(address)),
        ],
        rounds,
      );
      const base = median(direct.map(({ entriesPerSecond }) => entriesPerSecond));
      const ways = [cell('direct', direct, base), cell('through a relay', relayed, base)];
      rows.push({ size, ways });
      onRow({ size, ways });
    }
    return rows;
  } finally {
    relay.kill();
    await indexer.stop();
  }
}

/** A row for people: a line for each way. */
export function formatRelay({ size, ways }: RelayRow): string {
  const lines = ways.map(
    ({ name, entriesPerSecond, ratioToDirect, ingester, relay, indexer }) =>
      `${size} bytes, ${name}: ${(entriesPerSecond / 1e6).toFixed(2)} M/s ` +
      `(${ratioToDirect.toFixed(2)}); ns an entry: ingester ${ingester.toFixed(0)}, ` +
      `relay ${relay.toFixed(0)}, indexer ${indexer.toFixed(0)}`,
  );
  return lines.join('\n');
}

async function runTo(
  target: string,
  entryBytes: number,
  duration: number,
  others: { readonly indexer: IndexerChild; readonly relay: ChildProcess },
): Promise<Result> {
  const times = () => ({
    relay: processTime(others.relay.pid as number),
    indexer: processTime(others.indexer.pid),
  });
  let before = times();
  const meter = {
    begin: () => {
      before = times();
    },
    end: () => {},
  };
  const { entries, entriesPerSecond, cpuSecondsPerMillion } = await runMuxer(
    { target: { targets: [target] }, entryBytes, write: 'packed', duration, warmUp: WARM_UP_MS },
    meter,
  );
  const after = times();
  return {
    entriesPerSecond,
    ingester: cpuSecondsPerMillion * 1000,
    relay: (after.relay - before.relay) / entries,
    indexer: (after.indexer - before.indexer) / entries,
  };
}

function cell(name: RelayCell['name'], results: readonly Result[], direct: number): RelayCell {
  const of = (field: keyof Result) => median(results.map((result) => result[field]));
  return {
    name,
    entriesPerSecond: of('entriesPerSecond'),
    ratioToDirect: of('entriesPerSecond') / direct,
    ingester: of('ingester'),
    relay: of('relay'),
    indexer: of('indexer'),
  };
}
