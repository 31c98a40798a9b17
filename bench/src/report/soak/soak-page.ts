import {
  problemsOf,
  repeatCommand,
  type SoakOutcome,
  verdictOf,
} from '../../soak/hours/outcome.js';
import { GROWTH_RULE } from '../../soak/hours/record/growth.js';
import { SUPERVISOR } from '../../soak/hours/record/recorder.js';
import type { Silence } from '../../soak/hours/record/silence.js';
import { ACCOUNT_HEAD, accountCells, GROWTH_HEAD, growthRows } from '../../soak/hours/summary.js';
import { seriesColour } from '../figures/colours.js';
import { compact, seconds, whole } from '../figures/format.js';
import { timeFigure } from '../figures/time-figure.js';
import { thinned } from '../load/series.js';
import type { Page, Section } from '../page/page.js';
import { SOAK_FAULT_COLOURS } from './fault-colours.js';
import { faultSections, kindsOf, MAX_FAULTS, placesOf } from './fault-sections.js';
import { latencySection } from './latency-section.js';
import { problemSections } from './problem-sections.js';
import { processSection } from './process-section.js';

/** Moments that are drawn, and rows of a table. */
const MAX_POINTS = 400;
const MAX_ROWS = 60;

/** The page of a soak. */
export function soakPage(outcome: SoakOutcome, circumstances: Page['circumstances']): Page {
  const { parts, faults, seed, seconds: duration, indexers, others } = outcome;
  const sum = (of: (part: SoakOutcome['parts'][number]) => number) =>
    parts.reduce((all, part) => all + of(part), 0);
  const sent = sum((part) => part.sent);
  const killed = faults.flatMap(({ struck }) => struck.filter(({ isKilled }) => isKilled));
  const described: [name: string, description: string][] = [
    ...parts.map(({ name, description }): [string, string] => [name, description]),
    ...others.map(({ name, part }): [string, string] => [name, `a process of the part ${part}`]),
    ...indexers.map((name): [string, string] => [name, 'an embedded indexer']),
    [SUPERVISOR, 'the process that runs everything and keeps account'],
  ];
  return {
    title: 'ringest soak',
    headline: `${whole(sent)} entries, ${whole(faults.length)} faults, ${whole(sum((part) => part.lost))} lost`,
    lede: `${parts.length} ingesters and ${indexers.length} indexers for ${seconds(duration)}, with ${whole(outcome.rate)} entries a second in each stream, and with faults that follow from the seed ${seed}.`,
    verdict: {
      isGood: problemsOf(outcome).length === 0 && !outcome.isInterrupted,
      text: verdictOf(outcome),
    },
    tiles: [
      {
        name: 'arrived',
        value: compact(sum(({ arrived }) => arrived)),
        note: `${compact(sent / duration)} a second`,
      },
      {
        name: 'arrived twice',
        value: compact(sum(({ duplicates }) => duplicates)),
        note: `${compact(sum(({ mayRepeat }) => mayRepeat))} at most by what was counted`,
      },
      { name: 'sent again', value: compact(sum(({ counts }) => counts.resent)) },
      { name: 'reconnects', value: compact(sum(({ counts }) => counts.reconnects)) },
      {
        name: 'kills',
        value: whole(killed.length),
        note: `of ${new Set(killed.map(({ name }) => name)).size} processes, outages included`,
      },
    ],
    sections: [
      ...problemSections(outcome),
      rateSection(outcome),
      accountSection(outcome),
      silenceSection(outcome),
      latencySection(outcome),
      ...faultSections(outcome),
      growthSection(outcome),
      ...described.flatMap(([name, text]) => processSection(name, text, outcome) ?? []),
    ],
    circumstances: [...circumstances, ...planOf(outcome)],
    data: { ...outcome, samples: thinnedSamples(outcome) },
  };
}

/** What was to be done, and what of it was. */
function planOf(outcome: SoakOutcome): Page['circumstances'] {
  const { hours, faultSeconds, rate, leftOut } = outcome;
  return [
    ['faults', `for ${seconds(faultSeconds)} of ${seconds(hours * 3600)} that were planned`],
    ['rate', `${whole(rate)} entries a second in each stream`],
    ['left out', leftOut.length === 0 ? 'nothing' : leftOut.join('; ')],
    ['to repeat it', repeatCommand(outcome)],
  ];
}

/** The record of the run has all of them. */
function thinnedSamples({ samples }: SoakOutcome): SoakOutcome['samples'] {
  const names = [...new Set(samples.map(({ name }) => name))];
  return names.flatMap((name) => {
    const own = samples.filter((sample) => sample.name === name);
    return thinned(own, MAX_POINTS);
  });
}

/** Entries a second that arrived for the first time, and every fault as a mark. */
function rateSection({ totals, faults, seconds: duration }: SoakOutcome): Section {
  const looks = thinned(totals, MAX_POINTS);
  const points = looks.slice(1).map((look, i) => {
    const before = looks[i] ?? look;
    const elapsed = look.seconds - before.seconds;
    return {
      seconds: look.seconds,
      value: elapsed > 0 ? (look.arrived - before.arrived) / elapsed : 0,
    };
  });
  const drawn = thinned(faults, MAX_FAULTS);
  const kinds = kindsOf(drawn);
  return {
    title: 'Entries over time',
    text: `Entries a second that arrived for the first time, at all indexers together. Triangles: faults${drawn.length < faults.length ? `, ${drawn.length} of ${faults.length}` : ''}.`,
    legend: kinds.map((kind) => ({
      name: kind,
      colour: SOAK_FAULT_COLOURS[kind],
      shape: 'triangle',
    })),
    figures: [
      timeFigure({
        label: `Entries a second over ${seconds(duration)}, and ${faults.length} faults`,
        unit: 'entries/s',
        format: compact,
        seconds: duration,
        series: [{ name: 'arrived', colour: seriesColour(0), points }],
        moments: drawn.map((one) => ({
          ...{ seconds: one.seconds, colour: SOAK_FAULT_COLOURS[one.fault] },
          text: `${placesOf(one).join(', ')}: ${one.fault}`,
        })),
      }),
    ],
    table: {
      caption: 'What had arrived by then',
      head: ['after', 'entries', 'arrivals of the same again'],
      rows: thinned(totals, MAX_ROWS).map((total) => [
        seconds(total.seconds),
        whole(total.arrived),
        whole(total.duplicates),
      ]),
    },
  };
}

function accountSection({ parts }: SoakOutcome): Section {
  return {
    title: 'What arrived',
    text: 'Each entry has a number and a checksum, and indexers write down what arrives before they confirm it. What arrived twice may be no more than what the ingester counts as sent again, and what a kill may repeat. Back: how long after the last fault all connections were there. Silent: the longest time in which nothing was confirmed although something waited.',
    table: {
      caption: 'The account of each part',
      head: ['', ...ACCOUNT_HEAD],
      rows: parts.map((part) => [part.name, ...accountCells(part)]),
    },
    isTableOpen: true,
  };
}

function silenceSection({ parts, faults }: SoakOutcome): Section {
  return {
    title: 'Silence',
    text: 'When the longest time of each part began in which nothing was confirmed although something waited, and the faults meanwhile.',
    table: {
      caption: 'The longest silence of each part',
      head: ['', 'lasted', 'from', 'faults meanwhile'],
      rows: parts.map(({ name, silence }) => [
        ...[name, seconds(silence.to - silence.from), seconds(silence.from)],
        duringSilence(silence, faults),
      ]),
      isText: true,
    },
  };
}

function duringSilence({ from, to }: Silence, faults: SoakOutcome['faults']): string {
  const meanwhile = faults.filter((one) => one.seconds < to && one.seconds + one.forSeconds > from);
  const texts = meanwhile.flatMap((one) => placesOf(one).map((place) => `${one.fault} ${place}`));
  return to === from || texts.length === 0 ? '–' : texts.join(', ');
}

function growthSection({ growth }: SoakOutcome): Section {
  return {
    title: 'What grows',
    text: GROWTH_RULE,
    table: {
      caption: 'Slopes of the second half',
      head: ['', ...GROWTH_HEAD],
      rows: growthRows(growth),
    },
    isTableOpen: true,
  };
}
