import type { TuneCandidate, TuneReport } from '../../tune/tune-report.js';
import { shellLine } from '../circumstances.js';
import { seriesColour } from '../figures/colours.js';
import { binaryBytes, compact, measured, milliseconds, seconds, whole } from '../figures/format.js';
import { spreadFigure } from '../figures/spread-figure.js';
import type { LegendItem, Page, Section } from '../page/page.js';

/** Candidates that have a row in a drawing; the table has all. */
const MAX_DRAWN = 16;
/** Runs that are listed. */
const MAX_ROUNDS = 400;

const RECOMMENDED = seriesColour(2);
const DEFAULT = seriesColour(1);
const OTHER = seriesColour(0);

/** The page of the tuner. */
export function tunePage(report: TuneReport, circumstances: Page['circumstances']): Page {
  const { candidates, recommended, sure, goal, rate, spaceSize, rounds, elapsedMs } = report;
  const best = candidates.find(({ name }) => name === recommended);
  const what = goal === 'throughput' ? 'most entries a second' : 'least processor time and latency';
  const pace = rate === null ? '' : ` at ${whole(rate)} entries a second`;
  const indexers = report.isEmbedded ? 'an indexer on this machine' : report.targets.join(', ');
  return {
    title: 'ringest tune',
    headline: best === undefined ? recommended : headlineOf(best),
    lede:
      `Looked for ${what}${pace}, with entries of ${report.entryBytes} bytes (${report.content}), to ` +
      `${indexers}: ${candidates.length} of ${spaceSize} configurations in ${rounds.length} runs, ` +
      `${seconds(elapsedMs / 1000)}.`,
    verdict: { isGood: true, text: sure.text.replace(/^./, (first) => first.toUpperCase()) },
    tiles: best === undefined ? [] : tilesOf(best),
    sections: [
      ratioSection(report),
      useSection(report),
      valueSection(report),
      roundsSection(report),
    ],
    circumstances,
    data: report,
  };
}

function headlineOf({ isDefault, ratioToDefault }: TuneCandidate): string {
  return isDefault
    ? 'The default configuration is the one to use'
    : `${ratioToDefault.toFixed(2)} times as good as the default`;
}

function tilesOf({ configuration, ...best }: TuneCandidate) {
  const { path, batch, workers, connections, ringBytes } = configuration;
  return [
    { name: 'write by', value: path, ...(path === 'batch' && { note: `of ${batch} entries` }) },
    { name: 'connections', value: `${connections}`, note: 'to each indexer' },
    { name: 'workers', value: `${workers}`, note: workers === 1 ? 'thread' : 'threads' },
    { name: 'ring', value: binaryBytes(ringBytes), note: 'of each connection' },
    {
      name: 'median',
      value: `${compact(best.entriesPerSecond)}/s`,
      note: `${measured(best.processorSecondsPerMillion * 1000)} ns an entry`,
    },
    { name: 'p99', value: milliseconds(best.p99Ms) },
  ];
}

/** Recommended, the default, and all others. */
function legend({ candidates, recommended }: TuneReport): LegendItem[] {
  const isDefault = candidates.find(({ name }) => name === recommended)?.isDefault ?? false;
  return [
    {
      name: isDefault ? 'recommended, and the default' : 'recommended',
      colour: RECOMMENDED,
    },
    ...(isDefault ? [] : [{ name: 'the default', colour: DEFAULT }]),
    { name: 'others', colour: OTHER },
  ];
}

function colourOf({ name, isDefault }: TuneCandidate, { recommended }: TuneReport): string {
  if (name === recommended) return RECOMMENDED;
  return isDefault ? DEFAULT : OTHER;
}

/** The best ones, and the default wherever it stands. */
function drawn({ candidates }: TuneReport): TuneCandidate[] {
  return candidates.filter(({ isDefault }, i) => i < MAX_DRAWN || isDefault);
}

function ratioSection(report: TuneReport): Section {
  const { candidates, sure } = report;
  const spreads = drawn(report).map((candidate) => ({
    name: candidate.name,
    colour: colourOf(candidate, report),
    value: candidate.ratioToDefault,
    low: candidate.ratioLow ?? undefined,
    high: candidate.ratioHigh ?? undefined,
    points: [],
    text: `×${candidate.ratioToDefault.toFixed(2)}`,
  }));
  return {
    title: 'Beside the default configuration',
    text:
      'How many times as good each was as the default in the same pass, so that a noisy neighbour counts ' +
      `for neither. Bands are confidence intervals, ${Math.round(sure.confidence * 100)} % for those of ` +
      'the last rung together: one that reaches 1 may be as good as the default. Without a band, there ' +
      'were too few runs to tell.',
    legend: legend(report),
    figures: [
      spreadFigure({
        label: `Ratios to the default: ${spreads.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
        unit: 'times as good as the default',
        format: (value) => `×${Number(value.toFixed(3))}`,
        spreads,
        reference: { value: 1, text: 'as good as the default' },
      }),
    ],
    table: {
      caption: 'All candidates, the best first',
      head: [
        'candidate',
        'ratio',
        'from',
        'to',
        'entries/s',
        'cpu s/M',
        'p99',
        'runs',
        'last rung',
      ],
      rows: candidates.map((one) => [
        `${one.name}${one.isDefault ? ' (default)' : ''}`,
        one.ratioToDefault.toFixed(3),
        one.ratioLow?.toFixed(3) ?? '–',
        one.ratioHigh?.toFixed(3) ?? '–',
        whole(one.entriesPerSecond),
        measured(one.processorSecondsPerMillion),
        milliseconds(one.p99Ms),
        `${one.rounds}`,
        `${one.rung + 1}`,
      ]),
    },
    isTableOpen: true,
  };
}

function useSection({ muxer, loadFlags }: TuneReport): Section {
  return {
    title: 'To use it',
    text: 'The recommended configuration, to paste.',
    table: {
      caption: 'The recommended configuration',
      head: ['where', 'what'],
      rows: [
        ['muxer', JSON.stringify(muxer)],
        ['load', shellLine(loadFlags)],
      ],
      isText: true,
    },
    isTableOpen: true,
  };
}

function valueSection(report: TuneReport): Section {
  const { candidates, rounds, unit, goal } = report;
  const isRate = unit === 'entries/s';
  const format = isRate ? compact : measured;
  const ofDefault = candidates.find(({ isDefault }) => isDefault);
  const spreads = drawn(report).map((candidate) => ({
    name: candidate.name,
    colour: colourOf(candidate, report),
    value: candidate.median,
    low: candidate.low,
    high: candidate.high,
    points: rounds
      .filter((round) => round.candidate === candidate.name)
      .map((round) => valueOfRound(round, isRate)),
    text: format(candidate.median),
  }));
  return {
    title: 'What was measured',
    text:
      `Each run of each configuration (small), their median (large) and the middle half (band), in ` +
      `${isRate ? 'entries a second: more is better.' : 'the geometric mean of processor seconds a million and latency: less is better.'}`,
    legend: legend(report),
    figures: [
      spreadFigure({
        label: `Medians: ${spreads.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
        unit: isRate ? 'entries/s' : `cost, goal ${goal}`,
        format,
        spreads,
        reference: { value: ofDefault?.median ?? 0, text: 'median of the default' },
      }),
    ],
    table: {
      caption: `Medians and middle halves: ${unit}`,
      head: ['candidate', 'median', 'a quarter below', 'a quarter above'],
      rows: candidates.map(({ name, median, low, high }) => [
        name,
        ...[median, low, high].map((value) => (isRate ? whole(value) : measured(value))),
      ]),
    },
  };
}

/** In the unit of the report. */
function valueOfRound(round: TuneReport['rounds'][number], isRate: boolean): number {
  return isRate
    ? round.entriesPerSecond
    : Math.sqrt(round.processorSecondsPerMillion * round.p99Ms);
}

function roundsSection({ rounds }: TuneReport): Section {
  return {
    title: 'All runs',
    text: 'In the order in which they ran. Runs of one pass are compared with each other.',
    table: {
      caption:
        rounds.length > MAX_ROUNDS
          ? `The last ${MAX_ROUNDS} of ${rounds.length} runs`
          : `${rounds.length} runs`,
      head: ['candidate', 'rung', 'pass', 'entries/s', 'cpu s/M', 'p99'],
      rows: rounds
        .slice(-MAX_ROUNDS)
        .map((round) => [
          round.candidate,
          `${round.rung + 1}`,
          `${round.round + 1}`,
          whole(round.entriesPerSecond),
          measured(round.processorSecondsPerMillion),
          milliseconds(round.p99Ms),
        ]),
    },
  };
}
