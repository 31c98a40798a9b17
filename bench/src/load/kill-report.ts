import type { CacheReport } from './cache-report.js';
import type { LoadAccount } from './load-account.js';
import { accountRows, cacheRows, count, formatRows, type Row } from './report-rows.js';

/** The outcome of a load whose ingester was killed again and again. */
export interface KillReport extends LoadAccount {
  readonly entries: number;
  /** From the start of the first ingester to the end of the last. */
  readonly seconds: number;
  readonly kills: number;
  /** Processes that ingested, one after the other. */
  readonly children: number;
  /** Entries whose writes had resolved when their ingester was killed: they were not written again. */
  readonly resolved: number;
  /** The sums over all ingesters, as they last reported before they were killed. */
  readonly cache: CacheReport;
}

/** The report for people. */
export function formatKillReport(report: KillReport): string {
  return formatRows(killRows(report));
}

/** What the report for people says. */
export function killRows(report: KillReport): Row[] {
  const { entries, seconds, kills, children, resolved, cache } = report;
  return [
    ['entries', `${count(entries)} in ${seconds.toFixed(2)} s, all written`],
    ['kills', count(kills)],
    ['children', count(children)],
    ['resolved', `${count(resolved)} before a kill, and not written again`],
    ...cacheRows(cache),
    ...accountRows(report),
  ];
}
