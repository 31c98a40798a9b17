import type { GuardReport } from '../../guard/guard.js';
import type { Change, GuardRow } from '../../guard/guard-verdict.js';
import { BAD, GOOD, MUTED, seriesColour } from '../figures/colours.js';
import { compact } from '../figures/format.js';
import { spreadFigure } from '../figures/spread-figure.js';
import type { Page } from '../page/page.js';

const COLOURS: Readonly<Record<Change, string>> = {
  slower: BAD,
  faster: GOOD,
  same: seriesColour(0),
  unknown: MUTED,
};
const MEANING: Readonly<Record<Change, string>> = {
  slower: 'slower',
  faster: 'faster',
  same: 'no difference beyond noise',
  unknown: 'too few rounds to tell',
};

/** The page of a guard. */
export function guardPage(report: GuardReport, circumstances: Page['circumstances']): Page {
  const { rows, against, rounds, confidence, noise, isDirty, onlyHere, onlyThere } = report;
  const names = (change: Change) => rows.filter((row) => row.change === change);
  const [slower, faster] = [names('slower').length, names('faster').length];
  const only = [...onlyHere, ...onlyThere];
  return {
    title: 'ringest bench guard',
    headline: headline(slower, faster, names('unknown').length > 0),
    lede:
      `This checkout${isDirty ? ', with what is not committed,' : ''} beside ` +
      `${against.hash.slice(0, 10)} (${against.subject}), ${rounds} rounds in turn on one machine.`,
    verdict: {
      isGood: slower === 0,
      text: slower === 0 ? 'Nothing became slower beyond noise' : `${slower} became slower`,
    },
    tiles: [],
    sections: [
      {
        title: 'Here beside there',
        text:
          'How many times as fast each way of writing is here, in pairs of the same round. Bands are ' +
          `confidence intervals, ${Math.round(confidence * 100)} % for all of them together: one that ` +
          'reaches 1 is noise.' +
          (noise === null
            ? ''
            : ` A fall of less than ${Math.ceil(noise * 100)} % is within the noise of a usual row.`) +
          (only.length === 0 ? '' : ` Only one of the two can measure ${only.join('; ')}.`),
        legend: (Object.keys(MEANING) as Change[])
          .filter((change) => names(change).length > 0)
          .map((change) => ({ name: MEANING[change], colour: COLOURS[change] })),
        figures: rows.length === 0 ? [] : [ratios(rows)],
        table: {
          caption: 'Entries a second, medians of all rounds',
          head: ['', 'there', 'here', 'ratio', 'from', 'to', 'here it is'],
          rows: rows.map(({ name, there, here, ratio, low, high, change }) => [
            name,
            compact(there),
            compact(here),
            ratio.toFixed(3),
            low?.toFixed(3) ?? '–',
            high?.toFixed(3) ?? '–',
            MEANING[change],
          ]),
        },
        isTableOpen: true,
      },
    ],
    circumstances,
    data: report,
  };
}

function headline(slower: number, faster: number, isUnknown: boolean): string {
  if (slower + faster > 0) return `${slower} slower, ${faster} faster`;
  return isUnknown ? 'Too few rounds to tell' : 'No difference beyond noise';
}

function ratios(rows: readonly GuardRow[]) {
  const spreads = rows.map(({ name, ratio, low, high, change }) => ({
    name,
    colour: COLOURS[change],
    value: ratio,
    low: low ?? undefined,
    high: high ?? undefined,
    points: [],
    text: `×${ratio.toFixed(3)}`,
  }));
  return spreadFigure({
    label: `Ratios: ${rows.map(({ name, ratio, change }) => `${name} ${ratio.toFixed(3)}, ${MEANING[change]}`).join('; ')}`,
    unit: 'times as fast as there',
    format: (value) => `×${Number(value.toFixed(3))}`,
    spreads,
    reference: { value: 1, text: 'as fast as there' },
  });
}
