import { formatTable } from '../shared/table.js';
import { type CaseResult, isUnharmed } from './run-case.js';

const HEAD = [
  'case',
  'what goes wrong',
  'for s',
  'lines',
  'lost',
  'twice',
  'connections made anew',
  'attempts during it',
  'attempts after it',
  'within s',
  'in 100 ms',
  'connected after s',
  'caught up after s',
  'packets',
  'vanished',
  'well',
];

/** What a case found, as a row of the table that is not aligned. */
export function formatResult(result: CaseResult): string {
  return `| ${row(result).join(' | ')} |`;
}

/** What the cases found, a row for each. */
export function formatResults(results: readonly CaseResult[]): string {
  return formatTable(HEAD, results.map(row));
}

function row(result: CaseResult): string[] {
  const { totals, recovery, after, dropped, packets } = result;
  return [
    result.name,
    [result.what, ...result.notes].join('; '),
    seconds(result.faultMs),
    `${totals.written}`,
    totals.foreign === 0 ? `${totals.lost}` : `${totals.lost}, and ${totals.foreign} altered`,
    `${totals.duplicated}`,
    `${result.reconnects}`,
    `${result.during.count}`,
    `${after.count}`,
    after.firstMs === undefined ? '' : `${seconds(after.firstMs)} to ${seconds(after.lastMs)}`,
    after.count === 0 ? '' : `${after.mostAtOnce}`,
    seconds(recovery.connectedMs),
    seconds(recovery.caughtUpMs),
    `${packets}`,
    `${dropped}`,
    isUnharmed(result) ? 'yes' : 'NO',
  ];
}

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'never' : (milliseconds / 1000).toFixed(1);
}
