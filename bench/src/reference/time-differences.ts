import { readFileSync } from 'node:fs';
import { REPOSITORY } from '../shared/repository.js';
import { code, isoTime, row } from './time-tables.js';

/** A line in which ringest reads another time than the reference. */
export interface TimeDifference {
  readonly line: string;
  /** What is right. */
  readonly time: string;
  /** Holds only when this format is set. */
  readonly override?: string;
  readonly why: string;
}

interface Answer {
  readonly ok: boolean;
  readonly seconds?: number;
  readonly nanoseconds?: number;
}

interface Vectors {
  readonly singles: readonly { line: string; override?: string; result: Answer }[];
  readonly streams: readonly { lines: readonly string[]; results: readonly Answer[] }[];
}

const RFC5322 = 'The reference takes the abbreviation for UTC. RFC 5322 (4.3) says what it means.';
const SUMMER =
  'The reference takes `BST` for UTC. Node has it for one region, Great Britain, where it is an hour ahead.';
const NUMERIC =
  'Zones without an abbreviation have a number in its place. The reference does not read it, and then guesses the year, or finds nothing.';
const REFUSED =
  'RFC 3339 allows offsets. The reference reads them as `SyslogFile`, but not when this format is set.';
const ROUNDED =
  'The reference computes with floating point, and loses digits that are in the text.';
const ZONELESS = 'The reference ignores the assumed zone in this format, and in no other.';
const CUT =
  'After `RFC1123`, and with the left-most time, the reference takes `Syslog`, which is cut off before offset and year. Alone, it reads the line as ringest does.';

/** Each of them is a fault of the reference; a test holds ringest to what is right. */
export const TIME_DIFFERENCES: readonly TimeDifference[] = [
  { line: 'a b c 17 Jul 12 07:30 CDT', time: '2012-07-17T12:30:00Z', why: RFC5322 },
  { line: '{"time":"11-Feb-08 11:25:04 CST","n":5}', time: '2008-02-11T17:25:04Z', why: RFC5322 },
  { line: 'Sun Nov 22 12:34:56 EST 2026', time: '2026-11-22T17:34:56Z', why: RFC5322 },
  { line: '22 Nov 26 12:34 PST', time: '2026-11-22T20:34:00Z', why: RFC5322 },
  { line: '11-Jul-05 17:46:06 BST some text behind', time: '2005-07-11T16:46:06Z', why: SUMMER },
  { line: '21 Sep 2023 02:50:22 BST', time: '2023-09-21T01:50:22Z', why: SUMMER },
  { line: 'Oct 28 02:23:18 +11 2021 some text behind', time: '2021-10-27T15:23:18Z', why: NUMERIC },
  { line: '07 Mar 2004 15:13:23 +11 some text behind', time: '2004-03-07T04:13:23Z', why: NUMERIC },
  {
    line: '2012-05-15T06:32:21+01:00 some text behind',
    time: '2012-05-15T05:32:21Z',
    override: 'RFC3339',
    why: REFUSED,
  },
  {
    line: '2020-12-18T09:23:40+11:00 some text behind',
    time: '2020-12-17T22:23:40Z',
    override: 'RFC3339',
    why: REFUSED,
  },
  {
    line: 'a b c 2019-08-07T23:14:05.905243114-05:00',
    time: '2019-08-08T04:14:05.905243114Z',
    override: 'RFC3339Nano',
    why: REFUSED,
  },
  {
    line: '10.0.0.1 - - [2008-07-17T09:38:28.8826155+10:30] "GET / HTTP/1.1" 200 123',
    time: '2008-07-16T23:08:28.8826155Z',
    override: 'RFC3339Nano',
    why: REFUSED,
  },
  { line: '1136473445.1 a', time: '2006-01-05T15:04:05.1Z', why: ROUNDED },
  {
    line: '1893428029.586316183 some text behind',
    time: '2029-12-31T16:13:49.586316183Z',
    why: ROUNDED,
  },
  {
    line: '1732297023.112235540 some text behind',
    time: '2024-11-22T17:37:03.11223554Z',
    why: ROUNDED,
  },
  { line: '1673178797.63503709 line', time: '2023-01-08T11:53:17.63503709Z', why: ROUNDED },
  { line: '1119796991.174586495 line', time: '2005-06-26T14:43:11.174586495Z', why: ROUNDED },
  { line: '1389758269.38272483 line', time: '2014-01-15T03:57:49.38272483Z', why: ROUNDED },
  { line: '1264323933.322557034 line', time: '2010-01-24T09:05:33.322557034Z', why: ROUNDED },
  {
    line: '31/03/2023 07:37:13,963 some text behind',
    time: '2023-03-31T06:37:13.963Z',
    why: ZONELESS,
  },
  {
    line: '  [23/09/2020 20:55:43,666] level=info',
    time: '2020-09-23T15:25:43.666Z',
    why: ZONELESS,
  },
  {
    line: '10.0.0.1 - - [29/03/2014 14:52:36,498] "GET / HTTP/1.1" 200 123',
    time: '2014-03-29T09:22:36.498Z',
    why: ZONELESS,
  },
  { line: '21/03/2025 07:25:31,391', time: '2025-03-21T01:55:31.391Z', why: ZONELESS },
  { line: 'Feb  3 16:28:52 +0000 2030 other format', time: '2030-02-03T16:28:52Z', why: CUT },
];

/** A table in Markdown of all lines that ringest reads in another way than the reference. */
export function timeDifferencesTable(): string {
  const path = `${REPOSITORY}test/vectors/time-extraction.json`;
  const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
  const answers = [
    ...vectors.singles.map(({ line, override, result }) => ({ line, override, result })),
    ...vectors.streams.flatMap(({ lines, results }) =>
      lines.map((line, i) => ({ line, override: undefined, result: results[i] })),
    ),
  ];
  const rows = TIME_DIFFERENCES.map(({ line, override, time, why }) => {
    const found = answers.find((one) => one.line === line && one.override === override)?.result;
    if (found === undefined) throw new Error(`there is no vector '${line}'`);
    const { ok, seconds = 0, nanoseconds = 0 } = found;
    const theirs = ok ? code(isoTime(seconds, nanoseconds)) : 'no time';
    const set = override === undefined ? '' : `, ${code(override)} set`;
    return row([code(line) + set, theirs, code(time), why]);
  });
  return [row(['line', 'reference', 'ringest', 'why']), '|---|---|---|---|', ...rows].join('\n');
}
