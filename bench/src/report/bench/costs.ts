import { POLICIES } from '@ringest/core';
import { SCALING_BY, SCALING_NAMES, type ScalingBy } from '../../measurements/scaling.js';
import type { Bar } from '../figures/bar-figure.js';
import { seriesColour } from '../figures/colours.js';
import { compact, measured, percent } from '../figures/format.js';
import type { Section } from '../page/page.js';
import { type BarSection, barSection } from './bars.js';
import type { BenchResults } from './results.js';

const NANOSECONDS = { unit: 'ns of processor an entry', format: measured } as const;

/** What each thread takes, by way of writing. */
export function threadsSections({ sizes }: BenchResults['threads']): Section[] {
  const sum = ({ user, system }: { user: number; system: number }) => user + system;
  return [
    barSection({
      ...NANOSECONDS,
      title: 'Processor time of the threads',
      text: 'User and system time of each entry, by way of writing.',
      isAlike: true,
      groups: sizes.map(({ size, paths }) => ({
        name: `${size} bytes`,
        bars: paths.map(({ name, main, workers, others }) =>
          threadBar(name, sum(main), sum(workers), sum(others)),
        ),
      })),
    }),
  ];
}

const GROWING: Readonly<Record<ScalingBy, readonly [title: string, text: string]>> = {
  entries: ['With the length of a load', 'The same load, ever longer.'],
  size: ['With the size of entries', 'Data of each entry; one lane.'],
  lanes: ['With lanes', 'Connections to one indexer; entries of 256 bytes.'],
  indexers: ['With indexers', 'One connection to each; entries of 256 bytes.'],
};

/** How the cost of an entry grows. */
export function scalingSections({ rows }: BenchResults['scaling']): Section[] {
  const measuredBy = SCALING_BY.filter((by) => rows.some((row) => row.by === by));
  return measuredBy.map((by) => {
    const [title, text] = GROWING[by];
    return barSection({
      ...NANOSECONDS,
      ...{ title, text },
      groups: [
        {
          name: '',
          bars: rows
            .filter((row) => row.by === by)
            .map(({ at, main, workers, others }) =>
              threadBar(SCALING_NAMES[by](at), main, workers, others),
            ),
        },
      ],
    });
  });
}

function threadBar(name: string, main: number, workers: number, others: number): Bar {
  return {
    name,
    text: `${measured(main + workers + others)} ns`,
    parts: [
      { name: 'main thread', colour: seriesColour(0), value: main },
      { name: 'lane workers', colour: seriesColour(1), value: workers },
      { name: "Node's own threads", colour: seriesColour(5), value: others },
    ],
  };
}

/** Finding times in lines. */
export function timesSections({ rows }: BenchResults['times']): Section[] {
  const kinds = [...new Set(rows.map(({ lines }) => lines))];
  const optionsOf = (options: object) =>
    Object.entries(options)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ') || 'without options';
  return [
    barSection({
      title: 'Finding the time in a line',
      text: 'Lines of 256 bytes, by kind and options. Beside each, how many lines have a time.',
      unit: 'ns a line',
      format: measured,
      isAlike: true,
      groups: kinds.map((name) => ({
        name,
        bars: rows
          .filter(({ lines }) => lines === name)
          .map(({ options, nanosecondsPerLine: ns, found }, i) => ({
            name: optionsOf(options),
            text: `${measured(ns)} ns · ${percent(found)}`,
            parts: [{ name: 'line', colour: seriesColour(i), value: ns }],
          })),
      })),
    }),
  ];
}

/** The policies over sockets. */
export function balanceSections({ equal, oneSlow, jump, far }: BenchResults['balance']): Section[] {
  const cases = [
    ['Four equal indexers: greatest share / least − 1', equal.maxShareDeviation, measured],
    [
      'One of four slow: rate / the rate of the three others alone',
      oneSlow.ratioToHealthyAlone,
      measured,
    ],
    ['One of four gets slow: seconds until it shows', jump.secondsToShift, measured],
    ['A single one that is far away: entries a second', far.entriesPerSecond, compact],
  ] as const;
  return cases.map(([title, found, format]) =>
    barSection({
      title,
      text: 'By policy; expectedTime is the default. A bar that is missing: never.',
      unit: '',
      format,
      groups: [
        {
          name: '',
          bars: POLICIES.map((name, i) => {
            const isKnown = Number.isFinite(found[name]);
            return {
              name,
              text: isKnown ? format(found[name]) : 'never',
              parts: [{ name, colour: seriesColour(i), value: isKnown ? found[name] : 0 }],
            };
          }),
        },
      ],
    }),
  );
}

/** The policies in simulated time. */
export function simulationSections({ rows }: BenchResults['simulation']): Section[] {
  const sizes = [...new Set(rows.map(({ indexers }) => indexers))];
  const section = (
    heading: Pick<BarSection, 'title' | 'text' | 'unit'>,
    of: (row: (typeof rows)[number]) => number,
  ) =>
    barSection({
      ...heading,
      format: measured,
      groups: sizes.map((size) => ({
        name: `${size} ${size === 1 ? 'indexer' : 'indexers'}`,
        bars: rows
          .filter(({ indexers }) => indexers === size)
          .map((row, i) => ({
            name: row.policy,
            text: `${measured(of(row))} ${heading.unit}`,
            parts: [{ name: row.policy, colour: seriesColour(i), value: of(row) }],
          })),
      })),
    });
  return [
    section(
      { title: 'Time to a confirmation, p99', text: 'In simulated time.', unit: 'ms' },
      ({ p99Ms }) => p99Ms,
    ),
    section(
      { title: 'A decision', text: 'Real time on this machine.', unit: 'ns' },
      ({ pickNs }) => pickNs,
    ),
  ];
}
