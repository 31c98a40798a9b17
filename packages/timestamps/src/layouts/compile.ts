import { SPACE } from '../bytes.js';
import * as step from './steps.js';

/** What built-in formats are stricter in than layouts that users write. */
export interface LayoutRules {
  /** `15` is two digits. Else it may be one, as in Go. */
  readonly twoDigitHours?: boolean;
  /** A fraction may not be missing. */
  readonly needsFraction?: boolean;
  /** Of `Z07:00`, only the `Z`. */
  readonly onlyZ?: boolean;
  /** Of zones without an abbreviation, only `+11` and not `+1030`. */
  readonly shortNumericZones?: boolean;
  /** No offset may follow. */
  readonly refusesOffset?: boolean;
  /** Seconds may have a fraction that the layout does not name, as in Go. */
  readonly freeFraction?: boolean;
}

/** The elements of layouts, longest first where one begins with another; and their steps. */
const ELEMENTS: readonly (readonly [text: string, step: number])[] = [
  ['January', step.makeStep(step.MONTH_NAME, 1)],
  ['Jan', step.makeStep(step.MONTH_NAME, 0)],
  ['Monday', step.makeStep(step.WEEKDAY_NAME, 1)],
  ['Mon', step.makeStep(step.WEEKDAY_NAME, 0)],
  ['MST', step.makeStep(step.ZONE_NAME)],
  ['2006', step.makeStep(step.NUMBER, step.YEAR, 4, 4)],
  ['__2', step.makeStep(step.NUMBER, step.DAY_OF_YEAR, 1, 3)],
  ['002', step.makeStep(step.NUMBER, step.DAY_OF_YEAR, 3, 3)],
  ['01', step.makeStep(step.NUMBER, step.MONTH, 2, 2)],
  ['02', step.makeStep(step.NUMBER, step.DAY, 2, 2)],
  ['03', step.makeStep(step.NUMBER, step.HOUR, 2, 2)],
  ['04', step.makeStep(step.NUMBER, step.MINUTE, 2, 2)],
  ['05', step.makeStep(step.NUMBER, step.SECOND, 2, 2)],
  ['06', step.makeStep(step.SHORT_YEAR)],
  ['15', step.makeStep(step.NUMBER, step.HOUR, 1, 2)],
  ['_2', step.makeStep(step.NUMBER, step.DAY, 1, 2)],
  ['1', step.makeStep(step.NUMBER, step.MONTH, 1, 2)],
  ['2', step.makeStep(step.NUMBER, step.DAY, 1, 2)],
  ['3', step.makeStep(step.NUMBER, step.HOUR, 1, 2)],
  ['4', step.makeStep(step.NUMBER, step.MINUTE, 1, 2)],
  ['5', step.makeStep(step.NUMBER, step.SECOND, 1, 2)],
  ['PM', step.makeStep(step.HALF_DAY, 0)],
  ['pm', step.makeStep(step.HALF_DAY, 0x20)],
  ['Z07:00', step.makeStep(step.OFFSET, step.ALLOWS_Z | step.HAS_MINUTES | step.HAS_COLON)],
  ['Z0700', step.makeStep(step.OFFSET, step.ALLOWS_Z | step.HAS_MINUTES)],
  ['Z07', step.makeStep(step.OFFSET, step.ALLOWS_Z)],
  ['-07:00', step.makeStep(step.OFFSET, step.HAS_MINUTES | step.HAS_COLON)],
  ['-0700', step.makeStep(step.OFFSET, step.HAS_MINUTES)],
  ['-07', step.makeStep(step.OFFSET, 0)],
];

const CLOCK = '15:04:05';
/** The most frequent form of a date, which is read in one step. */
const DATE = /^2006(?<separator>[-/:.])01\k<separator>02/;
const FRACTION = /^[.,](0+|9+)(?!\d)/;
const SECONDS_OF_OFFSET = /^[-Z]07:?00:?00/;

/**
 * Compiles a layout that is written as in Go: as the moment `Mon Jan 2 15:04:05 MST 2006` would be
 * written. Spaces stand for one space or more.
 * @returns the layout, or what is wrong with it
 */
export function compileLayout(text: string, rules: LayoutRules = {}): step.Layout | string {
  const steps: number[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const previous = steps.at(-1) ?? -1;
    const fraction = isSecond(previous) ? FRACTION.exec(rest) : null;
    if (fraction !== null) {
      const isOptional = !rules.needsFraction && fraction[1]?.startsWith('9');
      steps.push(step.makeStep(step.FRACTION, isOptional ? 1 : 0));
      at += fraction[0].length;
      continue;
    }
    if (SECONDS_OF_OFFSET.test(rest)) return 'offsets with seconds are not read';
    if (rest.startsWith(CLOCK) && rules.twoDigitHours) {
      steps.push(step.makeStep(step.CLOCK));
      at += CLOCK.length;
      continue;
    }
    const [date, separator] = DATE.exec(rest) ?? [];
    if (date !== undefined && separator !== undefined) {
      steps.push(step.makeStep(step.DATE, separator.charCodeAt(0)));
      at += date.length;
      continue;
    }
    const element = ELEMENTS.find(([name]) => isElement(name, rest));
    if (element !== undefined) {
      steps.push(withRules(element, rules));
      at += element[0].length;
      continue;
    }
    const byte = text.charCodeAt(at++);
    if (byte > 0x7f) return `'${rest[0]}' is not ASCII`;
    if (byte !== SPACE) steps.push(step.makeStep(step.LITERAL, byte));
    else if (previous !== step.SPACES) steps.push(step.SPACES);
  }
  const problem = problemOf(steps);
  if (problem !== undefined) return problem;
  const all = rules.freeFraction ? steps.flatMap(withFreeFraction) : steps;
  const minimumBytes = all.reduce((total, one) => total + minimumOf(one), 0);
  const { refusesOffset = false } = rules;
  const read = new Set(steps.flatMap(fieldsOf));
  const missing = Int32Array.from({ length: step.FIELD_COUNT }, (_, field) => field);
  return {
    steps: Int32Array.from(all),
    missing: missing.filter((field) => !read.has(field)),
    minimumBytes,
    refusesOffset,
  };
}

/** `_2006` is a year behind a line, and `Month` no day of the week. */
function isElement(name: string, rest: string): boolean {
  if (!rest.startsWith(name) || (name === '_2' && rest.startsWith('_2006'))) return false;
  return !/^(?:Jan|Mon)$/.test(name) || !/^[a-z]/.test(rest.slice(3));
}

function withRules([text, one]: readonly [string, number], rules: LayoutRules): number {
  if (text === '15' && rules.twoDigitHours) return step.makeStep(step.NUMBER, step.HOUR, 2, 2);
  if (text === 'MST' && rules.shortNumericZones) return step.makeStep(step.ZONE_NAME, 1);
  if (text.startsWith('Z') && rules.onlyZ) return step.makeStep(step.OFFSET, step.ONLY_Z);
  return one;
}

function withFreeFraction(one: number, at: number, all: readonly number[]): number[] {
  const isFollowed = ((all[at + 1] ?? -1) & 0xff) === step.FRACTION;
  return isSecond(one) && !isFollowed ? [one, step.makeStep(step.FRACTION, 1)] : [one];
}

function isSecond(one: number): boolean {
  const kind = one & 0xff;
  return kind === step.CLOCK || (kind === step.NUMBER && step.operand(one, 1) === step.SECOND);
}

/** A layout needs an hour, and a day and a month that go together. */
function problemOf(steps: readonly number[]): string | undefined {
  const fields = new Set(steps.flatMap(fieldsOf));
  const hasMonth = fields.has(step.MONTH);
  const hasDay = fields.has(step.DAY);
  const hasYear = fields.has(step.YEAR);
  const hasDayOfYear = fields.has(step.DAY_OF_YEAR);
  if (!fields.has(step.HOUR)) return 'its layout has no hour (15 or 03)';
  if (hasDayOfYear) {
    if (hasMonth || hasDay) return 'its layout has a day of the year, and a day or a month besides';
    return hasYear ? undefined : 'its layout has a day of the year (002), and no year (2006)';
  }
  if (hasMonth !== hasDay) return 'its layout has a month or a day (Jan, 02), and not both';
  return hasYear && !hasDay ? 'its layout has a year (2006), and no day' : undefined;
}

/** The fields that a step reads. */
function fieldsOf(one: number): number[] {
  switch (one & 0xff) {
    case step.NUMBER:
      return [step.operand(one, 1)];
    case step.SHORT_YEAR:
      return [step.YEAR];
    case step.DATE:
      return [step.YEAR, step.MONTH, step.DAY];
    case step.CLOCK:
      return [step.HOUR, step.MINUTE, step.SECOND];
    case step.MONTH_NAME:
      return [step.MONTH];
    case step.HALF_DAY:
      return [step.HALF];
    default:
      return [];
  }
}

function minimumOf(one: number): number {
  switch (one & 0xff) {
    case step.NUMBER:
      return step.operand(one, 2);
    case step.DATE:
      return '2006-01-02'.length;
    case step.CLOCK:
      return CLOCK.length;
    case step.MONTH_NAME:
    case step.WEEKDAY_NAME:
      return 3;
    case step.SHORT_YEAR:
    case step.HALF_DAY:
      return 2;
    case step.FRACTION:
      return step.operand(one, 1) === 1 ? 0 : 2;
    default:
      return 1;
  }
}
