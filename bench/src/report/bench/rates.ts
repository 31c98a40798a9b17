import type { MuxerRunResult } from '../../measurements/muxer-run.js';
import { WRITE_PATHS } from '../../measurements/write-paths.js';
import type { Bar } from '../figures/bar-figure.js';
import { seriesColour } from '../figures/colours.js';
import { binaryBytes, compact, measured, percent } from '../figures/format.js';
import type { Section } from '../page/page.js';
import { barSection } from './bars.js';
import type { BenchResults } from './results.js';

const RATE = { unit: 'entries/s', format: compact } as const;
const COST = {
  unit: 'processor seconds of the ingester for a million entries',
  format: measured,
} as const;

const sizeName = (size: number) => `${size} bytes`;

/** The ways of writing beside the ceiling. */
export function ceilingSections({ sizes }: BenchResults['ceiling']): Section[] {
  return [
    barSection({
      ...RATE,
      title: 'Ways of writing, and the ceiling',
      text:
        'The ceiling is one thread that writes frames made beforehand, and does nothing else. Beside each ' +
        'rate, how much of the ceiling it is.',
      ceilingName: 'the ceiling',
      groups: sizes.map((row) => ({
        name: sizeName(row.size),
        bars: WRITE_PATHS.map((path, i) =>
          bar(
            path,
            row[path],
            `${compact(row[path])} · ${percent(row[path] / row.ceiling)}`,
            i,
            row.ceiling,
          ),
        ),
      })),
    }),
  ];
}

/** Rings of several sizes. */
export function ringsSections({ rows }: BenchResults['rings']): Section[] {
  return [
    barSection({
      ...RATE,
      title: 'Sizes of rings',
      text: 'Each beside the largest ring in the same round.',
      groups: rows.map(({ size, batch, rings }) => ({
        name: `${sizeName(size)}, ${batch === 1 ? 'writeEntry' : `batches of ${batch}`}`,
        bars: rings.map(({ ringBytes, entriesPerSecond: rate, ratioToLargest: ratio }) =>
          bar(binaryBytes(ringBytes), rate, `${compact(rate)} · ×${ratio.toFixed(2)}`, 0),
        ),
      })),
    }),
  ];
}

/** Transports beside TCP. */
export function transportsSections({ sizes }: BenchResults['transports']): Section[] {
  return ways(
    'Ways to an indexer',
    'Beside each rate, how many times that of TCP it is.',
    sizes.map(({ size, ways: cells }) => ({
      size,
      ways: cells.map(({ ratioToTcp: ratio, ...cell }) => ({ ...cell, ratio })),
    })),
  );
}

/** An indexer, and a relay before it. */
export function relaySections({ sizes }: BenchResults['relay']): Section[] {
  return [
    barSection({
      ...RATE,
      title: 'Through a relay',
      text: 'Packed entries over one connection. Beside each rate, how many times the direct one it is.',
      groups: sizes.map(({ size, ways: cells }) => ({
        name: sizeName(size),
        bars: cells.map(({ name, entriesPerSecond: rate, ratioToDirect: ratio }, i) =>
          bar(name, rate, `${compact(rate)} · ×${ratio.toFixed(2)}`, i),
        ),
      })),
    }),
    barSection({
      unit: 'ns of processor an entry',
      format: measured,
      title: 'Processor time of the processes',
      text: 'All threads of each.',
      isAlike: true,
      groups: sizes.map(({ size, ways: cells }) => ({
        name: sizeName(size),
        bars: cells.map(({ name, ingester, relay, indexer }) => ({
          name,
          text: `${measured(ingester + relay + indexer)} ns`,
          parts: [
            { name: 'ingester', colour: seriesColour(0), value: ingester },
            { name: 'relay', colour: seriesColour(1), value: relay },
            { name: 'indexer', colour: seriesColour(5), value: indexer },
          ],
        })),
      })),
    }),
  ];
}

/** A file of lines, by several ways. */
export function streamsSections({ sizes }: BenchResults['streams']): Section[] {
  return ways(
    'A file of lines into the muxer',
    'Beside each rate, how many times that of the first way it is.',
    sizes,
  );
}

/** The muxer with and without a cache; what the disk takes is the ceiling of a journal. */
export function cacheSections({ sizes }: BenchResults['cache']): Section[] {
  const all = sizes.map(({ size, ways: cells, disk, directDisk }) => ({
    size,
    ways: cells.map(({ ratioToNoCache: ratio, ...cell }) => ({
      ...{ ...cell, ratio },
      ...(cell.name === 'journal' && {
        ceiling: Math.max(disk.entriesPerSecond, directDisk.entriesPerSecond),
      }),
    })),
  }));
  return ways(
    'With and without a cache',
    'Beside each rate, how many times that without a cache it is. The mark is what plain appends to the ' +
      'same disk would be, through the page cache or past it.',
    all,
    'plain appends to the disk',
  );
}

/** A muxer beside a client of HTTP. */
export function httpSections({ rows }: BenchResults['http']): Section[] {
  const text = 'Both with a receipt for everything, lines of 256 bytes.';
  return rateAndCost('By the ingest protocol, and by HTTP', text, [{ name: 'lines', ways: rows }]);
}

/** Kinds of data, with compression and without. */
export function compressionSections({ rows }: BenchResults['compression']): Section[] {
  const cells = rows.map(({ content, size, plain, snappy }) => ({
    name: `${content}, ${sizeName(size)}`,
    ways: [
      { name: 'plain', ...plain },
      { name: `snappy, ${percent(snappy.wireShare)} of the bytes`, ...snappy },
    ],
  }));
  return rateAndCost('With and without compression', 'By kind of data.', cells);
}

/** Producers in threads of their own. */
export function producersSections({ rows }: BenchResults['producers']): Section[] {
  const groups = [...new Set(rows.map(({ size, write }) => `${sizeName(size)}, ${write}`))];
  const rowsOf = (group: string) =>
    rows.filter(({ size, write }) => `${sizeName(size)}, ${write}` === group);
  const nameOf = (count: number) =>
    count === 0 ? 'the muxer alone' : `${count} ${count === 1 ? 'producer' : 'producers'}`;
  return [
    barSection({
      ...RATE,
      title: 'Producers in threads of their own',
      text:
        'What was reached on this machine; the mark is what the busiest thread would allow with cores and ' +
        'lanes enough.',
      ceilingName: 'with cores and lanes enough',
      groups: groups.map((name) => ({
        name,
        bars: rowsOf(name).map(({ count, entriesPerSecond: rate, entriesPerSecondWithCores }) =>
          bar(nameOf(count), rate, compact(rate), 0, entriesPerSecondWithCores),
        ),
      })),
    }),
    barSection({
      title: 'Processor time of the threads',
      text: 'Nanoseconds an entry; the producers together.',
      unit: 'ns an entry',
      format: measured,
      groups: groups.map((name) => ({
        name,
        bars: rowsOf(name).map(({ count, producers, main, laneWorker }) => ({
          name: nameOf(count),
          text: `${measured(producers + main + laneWorker)} ns`,
          parts: [
            { name: 'producers', colour: seriesColour(2), value: producers },
            { name: 'main thread', colour: seriesColour(0), value: main },
            { name: 'lane worker', colour: seriesColour(1), value: laneWorker },
          ],
        })),
      })),
    }),
  ];
}

interface Way extends Pick<MuxerRunResult, 'entriesPerSecond' | 'cpuSecondsPerMillion'> {
  readonly name: string;
  readonly ratio?: number;
  readonly ceiling?: number;
}

function ways(
  title: string,
  text: string,
  sizes: readonly { readonly size: number; readonly ways: readonly Way[] }[],
  ceilingName?: string,
): Section[] {
  const groups = sizes.map(({ size, ways: cells }) => ({ name: sizeName(size), ways: cells }));
  return rateAndCost(title, text, groups, ceilingName);
}

function rateAndCost(
  title: string,
  text: string,
  groups: readonly { readonly name: string; readonly ways: readonly Way[] }[],
  ceilingName?: string,
): Section[] {
  return [
    barSection({
      ...RATE,
      ...{ title, text },
      ...(ceilingName !== undefined && { ceilingName }),
      groups: groups.map(({ name, ways: cells }) => ({
        name,
        bars: cells.map(({ name: way, entriesPerSecond: rate, ratio, ceiling }, i) =>
          bar(
            way,
            rate,
            ratio === undefined ? compact(rate) : `${compact(rate)} · ×${ratio.toFixed(2)}`,
            i,
            ceiling,
          ),
        ),
      })),
    }),
    barSection({
      ...COST,
      title: 'Processor time',
      text: 'Of all threads of the ingester. It depends less on what else the machine does than rates do.',
      groups: groups.map(({ name, ways: cells }) => ({
        name,
        bars: cells.map(({ name: way, cpuSecondsPerMillion: cost }, i) =>
          bar(way, cost, `${measured(cost)} s`, i),
        ),
      })),
    }),
  ];
}

function bar(name: string, value: number, text: string, index: number, ceiling?: number): Bar {
  return {
    ...{ name, text },
    parts: [{ name, colour: seriesColour(index), value }],
    ...(ceiling !== undefined && { ceiling }),
  };
}
