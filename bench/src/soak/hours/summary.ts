import { formatTable } from '../../shared/table.js';
import { type PartOutcome, problemsOf, type SoakOutcome, verdictOf } from './outcome.js';
import { GROWTH_RULE, type Growth } from './record/growth.js';

const count = (value: number) => value.toLocaleString('en-US');

/** What came of a run, for a terminal. */
export function formatOutcome(outcome: SoakOutcome): string {
  const { parts, growth, faults, seconds, seed, leftOut } = outcome;
  const problems = problemsOf(outcome);
  const account = formatTable(
    ['part', ...ACCOUNT_HEAD],
    parts.map((part) => [part.name, ...accountCells(part)]),
  );
  const growing = formatTable(['process', ...GROWTH_HEAD], growthRows(growth));
  return [
    `seed ${seed}: ${faults.length} faults in ${seconds.toFixed(0)} s`,
    '',
    account,
    '',
    growing,
    GROWTH_RULE,
    '',
    ...leftOut.map((what) => `left out: ${what}`),
    ...problems.map((problem) => `WRONG: ${problem}`),
    ...(problems.length === 0 || outcome.isInterrupted ? [`${verdictOf(outcome)}.`] : []),
  ].join('\n');
}

/** What is told of each part's entries. */
export const ACCOUNT_HEAD = [
  ...['sent', 'lost', 'altered', 'twice', 'at most', 'sent again', 'reconnects', 'back after'],
  'silent for',
];

export function accountCells(part: PartOutcome): string[] {
  const { sent, lost, altered, duplicates, mayRepeat, counts, silence, connectedAfter } = part;
  return [
    ...[sent, lost, altered, duplicates, mayRepeat, counts.resent, counts.reconnects].map(count),
    connectedAfter === undefined ? 'no' : `${connectedAfter.toFixed(0)} s`,
    `${(silence.to - silence.from).toFixed(0)} s`,
  ];
}

/** What is told of each process's growth. */
export const GROWTH_HEAD = [
  ...['memory', 'an hour', 'descriptors', 'an hour', 'threads', 'looked at', 'verdict'],
];

/** A row for each process. */
export function growthRows(growth: readonly Growth[]): string[][] {
  const names = [...new Set(growth.map(({ name }) => name))];
  return names.map((name) => {
    const own = growth.filter((one) => one.name === name);
    const of = (metric: Growth['metric']) => own.find((one) => one.metric === metric);
    const [memory, descriptors, threads] = [of('memory'), of('descriptors'), of('threads')];
    const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    const leaks = own.filter(({ verdict }) => verdict === 'leak').map(({ metric }) => metric);
    const isShort = own.some(({ verdict }) => verdict === 'short');
    return [
      name,
      mebibytes(memory?.before ?? 0),
      isShort ? '–' : mebibytes(memory?.perHour ?? 0),
      (descriptors?.before ?? 0).toFixed(0),
      isShort ? '–' : (descriptors?.perHour ?? 0).toFixed(1),
      (threads?.before ?? 0).toFixed(0),
      `${(memory?.seconds ?? 0).toFixed(0)} s`,
      leaks.length > 0 ? `LEAK: ${leaks.join(', ')}` : isShort ? 'too short to tell' : 'steady',
    ];
  });
}
