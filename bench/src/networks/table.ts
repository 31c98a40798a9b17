import { formatTable } from '../shared/table.js';
import type { CaseResult } from './run-case.js';

const ACCOUNT = ['case', 'what goes wrong', 'for s', 'lines', 'lost', 'twice', 'bound', 'well'];
const RECOVERY = [
  'case',
  'packets',
  'vanished',
  'connections made anew',
  'through it after s',
  'attempts during it',
  'attempts after it',
  'within s',
  'in 100 ms',
  'connected after s',
  'caught up after s',
];

/** What cases found, in two tables of Markdown: what became of the lines, and how all became well again. */
export function formatResults(results: readonly CaseResult[]): string {
  return [
    formatTable(ACCOUNT, results.map(accountRow)),
    formatTable(RECOVERY, results.map(recoveryRow)),
  ].join('\n\n');
}

/** What a case found, in a line. */
export function formatResult(result: CaseResult): string {
  const cells = [...accountRow(result).slice(2), ...recoveryRow(result).slice(1)];
  const names = [...ACCOUNT.slice(2), ...RECOVERY.slice(1)];
  const shown = names.flatMap((name, i) => (cells[i] === '' ? [] : [`${name}: ${cells[i]}`]));
  return `${result.name}: ${shown.join(', ')}`;
}

function accountRow({ name, what, faultMs, totals, mayRepeat, problems }: CaseResult): string[] {
  const { written, lost, foreign, duplicated } = totals;
  return [
    ...[name, what, seconds(faultMs), `${written}`],
    foreign === 0 ? `${lost}` : `${lost}, and ${foreign} altered`,
    `${duplicated}`,
    mayRepeat === undefined ? '' : `${mayRepeat}`,
    problems.length === 0 ? 'yes' : `NO: ${problems.join('; ')}`,
  ];
}

function recoveryRow(result: CaseResult): string[] {
  const { name, packets, dropped, reconnects, throughMs, during, after, recovery } = result;
  const { count, firstMs, lastMs, mostAtOnce } = after;
  return [
    ...[name, `${packets}`, `${dropped}`, `${reconnects}`],
    throughMs === undefined ? '' : seconds(throughMs),
    ...[`${during.count}`, `${count}`],
    firstMs === undefined ? '' : `${seconds(firstMs)} to ${seconds(lastMs)}`,
    count === 0 ? '' : `${mostAtOnce}`,
    ...[seconds(recovery.connectedMs), seconds(recovery.caughtUpMs)],
  ];
}

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'never' : (milliseconds / 1000).toFixed(1);
}
