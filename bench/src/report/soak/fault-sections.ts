import { ALL_INDEXERS, FAULTS, type Fault } from '../../soak/hours/faults.js';
import type { SoakOutcome } from '../../soak/hours/outcome.js';
import { recoveries } from '../../soak/hours/record/recovery.js';
import type { FaultRecord } from '../../soak/hours/record/samples.js';
import { seconds, whole } from '../figures/format.js';
import { lanesFigure } from '../figures/lanes-figure.js';
import { thinned } from '../load/series.js';
import type { Section } from '../page/page.js';
import { SOAK_FAULT_COLOURS } from './fault-colours.js';

/** Faults that are drawn. */
export const MAX_FAULTS = 300;

/** Which faults came to whom, and how long it took to recover from them. */
export function faultSections(outcome: SoakOutcome): Section[] {
  return outcome.faults.length === 0 ? [] : [comingSection(outcome), recoverySection(outcome)];
}

/** The kinds that there were, in their order. */
export function kindsOf(faults: readonly Pick<FaultRecord, 'fault'>[]): Fault[] {
  const kinds = Object.keys(FAULTS) as Fault[];
  return kinds.filter((kind) => faults.some(({ fault }) => fault === kind));
}

/** The processes that a fault came to; an outage came to all indexers. */
export function placesOf({ place, struck }: FaultRecord): string[] {
  return place === ALL_INDEXERS ? [place] : struck.map(({ name }) => name);
}

function comingSection({ faults, seconds: duration }: SoakOutcome): Section {
  const places = [...new Set(faults.flatMap(placesOf))].toSorted();
  const drawn = thinned(faults, MAX_FAULTS);
  const kinds = kindsOf(faults);
  return {
    title: 'Faults',
    text: `What was done to which process${drawn.length < faults.length ? `; ${drawn.length} of ${faults.length} are drawn` : ''}.`,
    legend: kinds.map((kind) => ({
      name: `${kind}: ${FAULTS[kind]}`,
      colour: SOAK_FAULT_COLOURS[kind],
    })),
    figures: [
      lanesFigure({
        label: `${faults.length} faults at ${places.length} places`,
        seconds: duration,
        places,
        spans: drawn.flatMap((one) =>
          placesOf(one).map((place) => ({
            ...{ from: one.seconds, place, text: one.fault },
            colour: SOAK_FAULT_COLOURS[one.fault],
            // What lasts no time can be seen all the same.
            to: one.seconds + Math.max(one.forSeconds, duration / 400),
          })),
        ),
      }),
    ],
    table: {
      caption: 'How often each came to each',
      head: ['', ...kinds],
      rows: places.map((place) => [
        place,
        ...kinds.map((kind) =>
          whole(faults.filter((one) => one.fault === kind && placesOf(one).includes(place)).length),
        ),
      ]),
    },
  };
}

function recoverySection(outcome: SoakOutcome): Section {
  const found = recoveries(outcome);
  return {
    title: 'Recovery',
    text: 'From the end of a fault until a part had confirmed all that it had written by then: parts with a fault of their own, and all parts where an indexer had one. Another fault may come meanwhile. Parts are looked at once a second, in long runs less often.',
    table: {
      caption: 'Recovery by kinds of faults',
      head: ['', 'how often', 'median', 'worst', 'that was', 'fault ended after'],
      rows: kindsOf(found).flatMap((kind) =>
        found
          .filter(({ fault }) => fault === kind)
          .map(({ count, median, worst, part, endedAt }) => [
            ...[kind, whole(count), seconds(median), seconds(worst), part, seconds(endedAt)],
          ]),
      ),
    },
    isTableOpen: true,
  };
}
