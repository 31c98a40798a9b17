import type { CacheReport } from './cache-report.js';
import type { KnownAccount } from './load-account.js';

/** A line of a report: a name and what is to be said. */
export type Row = readonly [name: string, text: string];

/** Rows on what became of the entries, as far as that is known. */
export function accountRows(account: KnownAccount & { readonly resent?: number }): Row[] {
  const rows: Row[] = [];
  if (account.received !== undefined) rows.push(['received', count(account.received)]);
  const tags = Object.entries(account.tags ?? {});
  if (tags.length > 1)
    for (const [tag, entries] of tags) rows.push(['tag', `${tag}: ${count(entries)}`]);
  for (const [tenant, entries] of Object.entries(account.tenants ?? {})) {
    rows.push(['tenant', `${tenant}: ${count(entries)}`]);
  }
  rows.push(['lost', count(account.lost)]);
  if (account.resent !== undefined) rows.push(['resent', count(account.resent)]);
  if (account.duplicated !== undefined) rows.push(['duplicated', count(account.duplicated)]);
  if (account.foreign) rows.push(['foreign', count(account.foreign)]);
  if (account.digest !== undefined) {
    const verdicts = { true: ' (equal)', false: ' (DIFFERENT)', undefined: ' of what was sent' };
    rows.push(['digest', `${account.digest}${verdicts[`${account.digestMatches}`]}`]);
  }
  return rows;
}

/** Rows on the cache. */
export function cacheRows(cache: CacheReport): Row[] {
  const { mode, bytes, replayedEntries, recoveredEntries, droppedEntries, damagedEntries } = cache;
  return [
    ['cache', `${mode}, ${count(bytes)} bytes left`],
    ['replayed', `${count(replayedEntries)}, ${count(recoveredEntries)} of them recovered`],
    ['dropped', count(droppedEntries)],
    ['damaged', count(damagedEntries)],
  ];
}

export function formatRows(rows: readonly Row[]): string {
  return rows.map(([name, text]) => `${`${name}:`.padEnd(13)}${text}`).join('\n');
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
