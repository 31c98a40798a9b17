import { compileLayout, type LayoutRules } from '../layouts/compile.js';
import { LayoutFormat } from './layout-format.js';
import { NumberFormat, type NumberRules } from './number-format.js';
import type { TimeFormat } from './time-format.js';

/** A format that ringest knows: by a layout or as a number in front of the line. */
export interface BuiltIn {
  readonly name: string;
  /** Other names that Gravwell or older releases of it have for it. */
  readonly aliases?: readonly string[];
  readonly example: string;
  /** What one has to know about it, as a sentence for the documentation. */
  readonly remark?: string;
  /** As in Go. */
  readonly layout?: string;
  readonly rules?: LayoutRules;
  /** Rules that hold besides while no format is set, because another one takes what they refuse. */
  readonly rulesOfSearch?: LayoutRules;
  readonly number?: NumberRules;
}

const ABBREVIATED = 'An abbreviation, or a numeric zone as in `+11`.';

const UNFOLLOWED = 'Not where an offset follows.';

/** All of them, in the order in which they are preferred when several are in a line. */
export const BUILT_IN: readonly BuiltIn[] = [
  { name: 'AnsiC', layout: 'Jan _2 15:04:05 2006', example: 'Nov 22 12:34:56 2026' },
  {
    name: 'Unix',
    layout: 'Jan _2 15:04:05 MST 2006',
    example: 'Nov 22 12:34:56 UTC 2026',
    rulesOfSearch: { shortNumericZones: true },
    remark: ABBREVIATED,
  },
  { name: 'Ruby', layout: 'Jan _2 15:04:05 -0700 2006', example: 'Nov 22 12:34:56 +0000 2026' },
  {
    name: 'RFC822',
    layout: '02 Jan 06 15:04 MST',
    example: '22 Nov 26 12:34 UTC',
    rulesOfSearch: { shortNumericZones: true },
    remark: ABBREVIATED,
  },
  { name: 'RFC822Z', layout: '02 Jan 06 15:04 -0700', example: '22 Nov 26 12:34 +0000' },
  {
    name: 'RFC850',
    layout: '02-Jan-06 15:04:05 MST',
    example: '22-Nov-26 12:34:56 UTC',
    remark: ABBREVIATED,
  },
  {
    name: 'RFC1123',
    layout: '02 Jan 2006 15:04:05 MST',
    example: '22 Nov 2026 12:34:56 UTC',
    rulesOfSearch: { shortNumericZones: true },
    remark: ABBREVIATED,
  },
  { name: 'RFC1123Z', layout: '02 Jan 2006 15:04:05 -0700', example: '22 Nov 2026 12:34:56 +0000' },
  {
    name: 'RFC3339',
    layout: '2006-01-02T15:04:05Z07:00',
    rulesOfSearch: { onlyZ: true },
    example: '2026-11-22T12:34:56Z',
    remark: 'While no format is set, times with an offset count as `SyslogFile`.',
  },
  {
    name: 'RFC3339Nano',
    layout: '2006-01-02T15:04:05.999999999Z07:00',
    rulesOfSearch: { onlyZ: true },
    example: '2026-11-22T12:34:56.123456789Z',
    remark: 'While no format is set, times with an offset count as `SyslogFile`.',
  },
  {
    name: 'Apache',
    layout: '_2/Jan/2006:15:04:05 -0700',
    example: '22/Nov/2026:12:34:56 +0000',
  },
  {
    name: 'ApacheNoTz',
    layout: '_2/Jan/2006:15:04:05',
    rules: { refusesOffset: true },
    example: '22/Nov/2026:12:34:56',
    remark: UNFOLLOWED,
  },
  {
    name: 'Syslog',
    layout: 'Jan _2 15:04:05',
    example: 'Nov 22 12:34:56',
    remark: 'The year is missing.',
  },
  {
    name: 'SyslogFile',
    layout: '2006-01-02T15:04:05.999999999-07:00',
    example: '2026-11-22T12:34:56.123456789+00:00',
  },
  {
    name: 'SyslogFileTZ',
    layout: '2006-01-02T15:04:05.999999999-0700',
    example: '2026-11-22T12:34:56.123456789+0000',
  },
  {
    name: 'DPKG',
    layout: '2006-01-02 15:04:05',
    example: '2026-11-22 12:34:56',
    remark: 'A fraction or an offset behind it is not read.',
  },
  { name: 'NGINX', layout: '2006/01/02 15:04:05', example: '2026/11/22 12:34:56' },
  {
    name: 'UnixMilli',
    aliases: ['Zeek', 'Bro'],
    number: number(9, 10, 0, true),
    example: '1795350896.123456',
    remark: 'In front of the line, as in the logs of Zeek (Bro).',
  },
  {
    name: 'ZonelessRFC3339',
    layout: '2006-01-02T15:04:05.999999999',
    rules: { refusesOffset: true },
    example: '2026-11-22T12:34:56.123456789',
    remark: UNFOLLOWED,
  },
  { name: 'SyslogVariant', layout: 'Jan 02 2006 15:04:05', example: 'Nov 22 2026 12:34:56' },
  {
    name: 'UnpaddedDateTime',
    layout: '2006-1-2 15:04:05',
    rules: { twoDigitHours: false },
    example: '2026-1-2 12:34:56',
    remark: 'A fraction or an offset behind it is not read.',
  },
  {
    name: 'UnpaddedMilliDateTime',
    layout: '2006-1-2 15:04:05.999999999',
    rules: { twoDigitHours: false },
    example: '2026-1-2 12:34:56.123456789',
    remark: 'Only if it is set: else `UnpaddedDateTime` comes first.',
  },
  {
    name: 'UnixSeconds',
    number: number(9, 10, 0),
    example: '1795350896',
    remark: 'In front of the line.',
  },
  {
    name: 'UnixMs',
    number: number(12, 13, 3),
    example: '1795350896123',
    remark: 'In front of the line.',
  },
  {
    name: 'UnixNano',
    number: number(19, 19, 9),
    example: '1795350896123456789',
    remark: 'In front of the line. 18 digits are `LDAP`.',
  },
  {
    name: 'LDAP',
    number: { ...number(18, 18, 7), epoch: 'windows' },
    example: '134398244961234567',
    remark: 'In front of the line: parts of 100 ns since 1601.',
  },
  {
    name: 'UK',
    layout: '02/01/2006 15:04:05,999999999',
    rules: { needsFraction: true },
    example: '22/11/2026 12:34:56,123',
  },
  {
    name: 'Bind',
    layout: '02-Jan-2006 15:04:05.999999999',
    example: '22-Nov-2026 12:34:56.123',
  },
  {
    name: 'Gravwell',
    aliases: ['Custom1Milli'],
    layout: '1-2-2006 15:04:05.999999999',
    rules: { twoDigitHours: false },
    example: '11-22-2026 12:34:56.12345',
  },
  { name: 'DirectAdmin', layout: '2006:01:02-15:04:05', example: '2026:11:22-12:34:56' },
  {
    name: 'GravwellTimePicker',
    layout: '01/02/2006 3:04:05 PM',
    example: '11/22/2026 12:34:56 PM',
  },
];

function number(
  leastDigits: number,
  mostDigits: number,
  fractionDigits: number,
  hasPoint = false,
): NumberRules {
  return { leastDigits, mostDigits, fractionDigits, hasPoint, epoch: 'unix' };
}

/** All of them, as they are looked for while none is set. They hold nothing, so that all can use them. */
export const SEARCHED_FORMATS: readonly TimeFormat[] = BUILT_IN.map((builtIn) =>
  makeFormat(builtIn, true),
);

/** @param isSearched whether it is one of many that are looked for; else it is the one that was set */
export function makeFormat(builtIn: BuiltIn, isSearched: boolean): TimeFormat {
  const { name, layout: text = '', rules, rulesOfSearch } = builtIn;
  if (builtIn.number !== undefined) return new NumberFormat(name, builtIn.number);
  const layout = compileLayout(text, {
    twoDigitHours: true,
    ...rules,
    ...(isSearched ? rulesOfSearch : {}),
  });
  if (typeof layout === 'string') throw new Error(`${name}: ${layout}`);
  return new LayoutFormat(name, layout);
}
