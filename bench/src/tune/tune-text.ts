import { count } from '../load/report-rows.js';
import { shellLine } from '../report/circumstances.js';
import { formatTable } from '../shared/table.js';
import { formatBytes } from './configurations.js';
import type { TunePlan, TuneProgress } from './tune-observer.js';
import type { TuneCandidate, TuneConfiguration, TuneReport } from './tune-report.js';

/** Candidates that a table has at most. */
const MAX_ROWS = 15;

/** What a tuner is about to do, in a sentence or two. */
export function formatPlan(plan: TunePlan): string {
  const { tried, spaceSize, tooLarge, rungs, rounds, roundMs } = plan;
  const some = tried < spaceSize ? `${tried} of ${spaceSize}` : `all ${spaceSize}`;
  const left =
    tooLarge > 0
      ? ` ${tooLarge} more would take over a quarter of the memory for their rings.`
      : '';
  return (
    `${some} configurations in ${rungs} ${rungs === 1 ? 'rung' : 'rungs'}, up to ${rounds} rounds of ` +
    `${(roundMs / 1000).toFixed(1)} s: about ${formatTime(rounds * roundMs)}.${left}`
  );
}

/** How far a tuner is, in a line. */
export function formatProgress({ rung, round, done, planned, leftMs }: TuneProgress): string {
  const { entriesPerSecond, processorSecondsPerMillion, p99Ms, candidate } = round;
  const share = `${((done / planned) * 100).toFixed(0)}%`.padStart(4);
  return (
    `${share}, ${formatTime(leftMs)} left, rung ${rung + 1}: ${count(entriesPerSecond)} entries/s, ` +
    `${processorSecondsPerMillion.toFixed(2)} s/M, p99 ${formatMs(p99Ms)}: ${candidate}`
  );
}

/**
 * The report for people.
 * @param caller what `load` is called by
 */
export function formatTuneReport(report: TuneReport, caller = 'pnpm'): string {
  const { candidates, machine, targets, isEmbedded } = report;
  const shown = candidates.filter(({ isDefault }, i) => isDefault || i < MAX_ROWS);
  const hidden = candidates.length - shown.length;
  const where = isEmbedded ? 'embedded indexers on this machine' : targets.join(', ');
  const { processors, model, memoryBytes, platform, node } = machine;
  return [
    `${processors} processors (${model}), ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, ${platform}, ` +
      `Node.js ${node}; ${report.entryBytes} bytes of ${report.content}; ${where}; seed ${report.seed}`,
    '',
    formatTable(
      headOf(report),
      shown.map((candidate) => rowOf(candidate, report)),
    ),
    ...(hidden > 0 ? [`and ${hidden} more, which --json has`] : []),
    ...(report.unit === 'cost' ? ['', COST_SAYS] : []),
    '',
    formatRecommendation(report, caller),
  ].join('\n');
}

const COST_SAYS =
  'cost: the geometric mean of processor seconds for a million entries and of the latency in ' +
  'milliseconds that 99% do not exceed; less is better.';

function formatRecommendation(report: TuneReport, caller: string): string {
  const { sure, recommended, muxer, loadFlags, candidates } = report;
  const configuration = candidates.find(({ name }) => name === recommended)?.configuration;
  const fields = Object.entries(muxer).map(([field, value]) => `  ${field}: ${value},`);
  return [
    `${sure.isBetter ? 'Recommended' : 'Keep the default'}: ${recommended}`,
    `How sure: ${sure.text}.`,
    ...heldRate(report),
    ...noise(report),
    '',
    'new IngestMuxer({',
    '  targets,',
    ...fields,
    '});',
    ...(configuration ? [writing(configuration)] : []),
    '',
    `npx ${caller} load ${shellLine(loadFlags)}`,
  ].join('\n');
}

/** A pace that was not kept up is no pace to recommend anything for. */
function heldRate({ rate, candidates, recommended }: TuneReport): string[] {
  const found = candidates.find(({ name }) => name === recommended);
  if (rate === null || found === undefined || found.entriesPerSecond >= rate * HELD) return [];
  return [
    `It did not keep up with ${count(rate)} entries/s: it had ${count(found.entriesPerSecond)}. ` +
      'Give a lower --rate.',
  ];
}

/** Where one and the same configuration differs so much, only large differences can be seen. */
function noise({ candidates, unit }: TuneReport): string[] {
  const base = candidates.find(({ isDefault }) => isDefault);
  if (base === undefined || base.high < base.low * NOISY) return [];
  const figure = (value: number) => formatFigure(value, unit);
  return [
    `The rounds of the default differ much, from ${figure(base.low)} to ${figure(base.high)} without ` +
      'the outer quarters: something else keeps the machine or the indexers busy. When they are ' +
      'quiet, smaller differences can be seen.',
  ];
}

/** A quarter of the rounds may be so many times as good as another quarter on a quiet machine. */
const NOISY = 1.25;

function formatFigure(value: number, unit: TuneReport['unit']): string {
  return unit === 'cost' ? value.toFixed(2) : count(value);
}

/** A rate counts as held that is as near as this. */
const HELD = 0.9;

function writing({ path, batch }: TuneConfiguration): string {
  if (path === 'entry') return 'muxer.writeEntry(entry); // one by one';
  if (path === 'batch') return `muxer.writeBatch(entries); // ${batch} at a time`;
  return 'muxer.lineWriter({ tag }).write(chunk); // 64 KiB of lines at a time';
}

function headOf({ unit }: TuneReport): string[] {
  const rest = ['spread', 'to default', '', 'cpu s/M', 'p99'];
  const rate = unit === 'cost' ? ['entries/s'] : [];
  return ['path', 'ring', 'conns', 'workers', 'rounds', unit, ...rest, ...rate];
}

function rowOf(candidate: TuneCandidate, { unit, recommended }: TuneReport): string[] {
  const { configuration, name, isDefault, rounds, median, low, high } = candidate;
  const { path, batch, ringBytes, connections, workers } = configuration;
  const figure = (value: number) => formatFigure(value, unit);
  return [
    `${path}${batch > 0 ? ` ${batch}` : ''}`,
    formatBytes(ringBytes),
    `${connections}`,
    `${workers}`,
    `${rounds}`,
    figure(median),
    `${figure(low)} to ${figure(high)}`,
    isDefault ? 'default' : candidate.ratioToDefault.toFixed(2),
    `${isDefault ? '' : intervalOf(candidate)}${name === recommended ? ' *' : ''}`.trim(),
    candidate.processorSecondsPerMillion.toFixed(2),
    formatMs(candidate.p99Ms),
    ...(unit === 'cost' ? [count(candidate.entriesPerSecond)] : []),
  ];
}

function intervalOf({ ratioLow, ratioHigh }: TuneCandidate): string {
  if (ratioLow === null || ratioHigh === null) return '';
  return `${ratioLow.toFixed(2)} to ${ratioHigh.toFixed(2)}`;
}

function formatMs(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

function formatTime(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
