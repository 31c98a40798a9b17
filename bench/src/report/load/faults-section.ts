import type { LoadReport } from '../../load/load-report.js';
import { seconds } from '../figures/format.js';
import { lanesFigure } from '../figures/lanes-figure.js';
import type { Section } from '../page/page.js';
import { FAULT_COLOURS } from './fault-colours.js';

const MEANING = {
  kill: 'kill: its process was killed, and started again',
  stop: 'stop: its process stood still',
  slow: 'slow: it confirmed later',
  throttle: 'throttle: it read slowly',
} as const;

/** What was done to embedded indexers; nothing where there was no chaos. */
export function faultsSection({ faults, lanes, seconds: duration }: LoadReport): Section[] {
  if (faults === undefined) return [];
  const kinds = Object.keys(MEANING) as (keyof typeof MEANING)[];
  const places = [...new Set(lanes.map(({ target }) => target))];
  return [
    {
      title: 'Faults',
      text:
        'What was done to the indexers while the load ran. No indexer had two faults at a time, and ' +
        'one of them was always left alone.',
      legend: kinds.map((kind) => ({ name: MEANING[kind], colour: FAULT_COLOURS[kind] })),
      figures: [
        lanesFigure({
          label: `${faults.length} faults at ${places.length} indexers`,
          seconds: duration,
          places,
          spans: faults.map(({ atMs, forMs, fault, target }) => ({
            from: atMs / 1000,
            to: Math.min((atMs + forMs) / 1000, duration),
            place: target,
            text: fault,
            colour: FAULT_COLOURS[fault],
          })),
        }),
      ],
      table: {
        caption: 'Faults in order',
        head: ['at', 'indexer', 'fault', 'for'],
        rows: faults.map(({ atMs, target, fault, forMs }) => [
          seconds(atMs / 1000),
          target,
          fault,
          seconds(forMs / 1000),
        ]),
      },
    },
  ];
}
