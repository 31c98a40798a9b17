import { seriesColour } from '../figures/colours.js';
import { compact, measured } from '../figures/format.js';
import type { Section } from '../page/page.js';
import { barSection } from './bars.js';
import type { BenchResults } from './results.js';

const COSTS = [
  ['publisher', 'publisher'],
  ['storing', 'server, storing'],
  ['delivering', 'server, delivering'],
  ['taker', 'takers'],
  ['indexer', 'indexer'],
] as const;

/** A queue between a publisher and an indexer. */
export function queuesSections({ rows }: BenchResults['queues']): Section[] {
  const nameOf = (takers: number) =>
    takers === 1 ? '1 process takes' : `${takers} processes take`;
  return [
    barSection({
      unit: 'messages/s',
      format: compact,
      title: 'To a stream, and from there',
      text: 'First a process publishes to a stream of NATS, and then others take from it. Data of 256 bytes.',
      groups: rows.map(({ takers, publishedPerSecond, takenPerSecond }) => ({
        name: nameOf(takers),
        bars: [
          { name: 'published', value: publishedPerSecond },
          { name: 'taken', value: takenPerSecond },
        ].map(({ name, value }, i) => ({
          name,
          text: compact(value),
          parts: [{ name, colour: seriesColour(i), value }],
        })),
      })),
    }),
    barSection({
      unit: 'ns of processor a message',
      format: measured,
      title: 'Processor time of the processes',
      text: 'All threads of each, and all processes that take together.',
      isAlike: true,
      groups: rows.map((row) => ({
        name: nameOf(row.takers),
        bars: [
          {
            name: 'all',
            text: `${measured(COSTS.reduce((sum, [key]) => sum + row[key], 0))} ns`,
            parts: COSTS.map(([key, name], i) => ({
              name,
              colour: seriesColour(i),
              value: row[key],
            })),
          },
        ],
      })),
    }),
  ];
}
