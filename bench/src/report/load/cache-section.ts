import type { LoadReport } from '../../load/load-report.js';
import { seriesColour } from '../figures/colours.js';
import { compact, measured, seconds, whole } from '../figures/format.js';
import { timeFigure } from '../figures/time-figure.js';
import type { Section } from '../page/page.js';
import type { Recording } from './recording.js';
import { fullSamples, thinned } from './series.js';

const MAX_ROWS = 60;

/** What was on disk; nothing where there was no cache. */
export function cacheSection(
  { seconds: duration }: Pick<LoadReport, 'seconds'>,
  { samples }: Recording,
): Section[] {
  const cached = fullSamples(samples).flatMap(({ seconds: at, muxer }) =>
    muxer.cache === undefined ? [] : [{ seconds: at, ...muxer.cache }],
  );
  if (cached.length === 0) return [];
  const most = Math.max(...cached.map(({ pendingEntries }) => pendingEntries));
  const bytes = Math.max(...cached.map((sample) => sample.bytes));
  return [
    {
      title: 'Depth of the cache',
      text:
        'Above, entries that are in the cache only, and wait to be brought back. Below, bytes of all ' +
        'segments on disk: under journal, most of their entries are in rings too.',
      figures: [
        timeFigure({
          label: `Entries that waited in the cache: ${whole(most)} at most`,
          unit: 'entries in the cache only',
          format: compact,
          seconds: duration,
          series: [
            {
              name: 'entries',
              colour: seriesColour(5),
              points: cached.map((one) => ({ seconds: one.seconds, value: one.pendingEntries })),
            },
          ],
        }),
        timeFigure({
          label: `Bytes of the cache on disk: ${measured(bytes / 1e6)} MB at most`,
          unit: 'MB on disk',
          format: measured,
          seconds: duration,
          series: [
            {
              name: 'bytes',
              colour: seriesColour(4),
              points: cached.map((one) => ({ seconds: one.seconds, value: one.bytes / 1e6 })),
            },
          ],
        }),
      ],
      table: {
        caption: 'The cache by then',
        head: ['after', 'entries that wait', 'MB on disk'],
        rows: thinned(cached, MAX_ROWS).map((one) => [
          seconds(one.seconds),
          whole(one.pendingEntries),
          measured(one.bytes / 1e6),
        ]),
      },
    },
  ];
}
