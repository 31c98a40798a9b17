import { isIP } from 'node:net';
import type { TimestampInput } from '@ringest/core';
import type { Draft } from '../entries/draft.js';
import { dataOf, partsOf, SPACE } from '../entries/json-texts.js';
import { scalarOf } from '../entries/record-fields.js';
import { type Answer, HEC_ANSWERS, Refusal } from './hec-answers.js';

/** What the query of a request says of all of its events. What an event says itself counts more. */
export interface HecDefaults {
  readonly time: TimestampInput | undefined;
  /** `host`, `source`, `sourcetype` and `index`, as far as they are there. */
  readonly values: readonly (readonly [name: string, value: string])[];
}

/** Fields of an event, and of a query, that become enumerated values of the same names. */
const NAMED_FIELDS = ['host', 'source', 'sourcetype', 'index'];

/** The most digits of seconds, milliseconds, microseconds and nanoseconds, and how many of them are a fraction. */
const TIME_UNITS = [
  [11, 0],
  [14, 3],
  [17, 6],
  [20, 9],
] as const;
const FRACTION_DIGITS = 9;

/**
 * What a query says.
 * @throws {Refusal} its time is none
 */
export function hecDefaults(query: URLSearchParams): HecDefaults {
  const time = query.get('time');
  const values = NAMED_FIELDS.map((name) => [name, query.get(name) ?? ''] as const);
  return {
    time: time === null ? undefined : timeOf(time, HEC_ANSWERS.invalid),
    values: values.filter(([, value]) => value !== ''),
  };
}

/** Sets what a query says. */
export function setDefaults(draft: Draft, { time, values }: HecDefaults): void {
  // A field may have any name, such as `__proto__`.
  draft.values = Object.create(null);
  if (time !== undefined) draft.timestamp = time;
  for (const [name, value] of values) {
    draft.values[name] = value;
    if (name === 'host' && isIP(value) !== 0) draft.source = value;
  }
}

/**
 * The entries of a body with events in JSON, one after the other. Each is made when it is asked for.
 * @throws {SyntaxError} it is something else; nothing of it is an entry yet
 * @throws {Refusal} an event is not valid. Those before it are entries by then
 */
export function* draftsOfEvents(
  body: string,
  defaults: HecDefaults,
  draft: (data: string) => Draft,
): Generator<Draft> {
  let event = 0;
  for (const object of objectsIn(body)) {
    yield draftOf(partsOfEvent(object, event), event, defaults, draft);
    event++;
  }
}

function draftOf(
  parts: ReadonlyMap<string, string>,
  event: number,
  defaults: HecDefaults,
  draft: (data: string) => Draft,
): Draft {
  const text = parts.get('event') ?? 'null';
  if (text === 'null') throw new Refusal({ ...HEC_ANSWERS.noEvent, event });
  const data = dataOf(text);
  if (data === '') throw new Refusal({ ...HEC_ANSWERS.blankEvent, event });
  const invalid = { ...HEC_ANSWERS.invalid, event };
  const made = draft(data);
  setDefaults(made, defaults);
  const time = dataOf(parts.get('time') ?? 'null');
  if (time !== 'null') made.timestamp = timeOf(time, invalid);
  for (const name of NAMED_FIELDS) setValue(made, name, parts.get(name));
  const host = dataOf(parts.get('host') ?? '');
  if (isIP(host) !== 0) made.source = host;
  const fields = parts.get('fields') ?? 'null';
  if (fields === 'null') return made;
  if (!fields.startsWith('{')) throw new Refusal(invalid);
  for (const [name, value] of partsOf(fields)) setValue(made, name, value);
  return made;
}

/** The parts of an event by their names, as they were written. As in `JSON.parse`, the last one of a name counts. */
function partsOfEvent(object: string, event: number): ReadonlyMap<string, string> {
  try {
    JSON.parse(object);
  } catch {
    throw new Refusal({ ...HEC_ANSWERS.invalid, event });
  }
  return new Map(partsOf(object));
}

function setValue(draft: Draft, name: string, json: string | undefined): void {
  const value = json === undefined ? undefined : scalarOf(json);
  if (value !== undefined && name !== '') draft.values[name] = value;
}

/**
 * The time that a number, or its text, stands for: seconds with a fraction, of which all digits count, or whole
 * milliseconds, microseconds or nanoseconds, which have more digits than seconds of this age.
 * @throws {Refusal} it is no time
 */
function timeOf(text: string, refusal: Answer): TimestampInput {
  const number = /e/i.test(text) ? Number(text).toFixed(FRACTION_DIGITS) : text;
  const [, whole = '', given] = /^(\d+)(?:\.(\d*))?$/.exec(number) ?? [];
  const unit = TIME_UNITS.find(([most]) => whole.length <= most);
  if (whole === '' || unit === undefined) throw new Refusal(refusal);
  const end = whole.length - unit[1];
  const fraction = `${whole.slice(end)}${given ?? ''}`;
  return {
    seconds: Number(whole.slice(0, end)),
    nanoseconds: Number(fraction.slice(0, FRACTION_DIGITS).padEnd(FRACTION_DIGITS, '0')),
  };
}

/** The texts of objects that stand one after the other, with or without space between. */
function objectsIn(body: string): string[] {
  const objects: string[] = [];
  let depth = 0;
  let begin = 0;
  let isText = false;
  for (let at = 0; at < body.length; at++) {
    const character = body.charAt(at);
    if (isText) {
      if (character === '\\') at++;
      else if (character === '"') isText = false;
    } else if (character === '{') {
      if (depth === 0) begin = at;
      depth++;
    } else if (depth === 0) {
      if (!SPACE.includes(character)) throw new SyntaxError('it is no object');
    } else if (character === '"') isText = true;
    else if (character === '}' && --depth === 0) objects.push(body.slice(begin, at + 1));
  }
  if (depth !== 0) throw new SyntaxError('an object has no end');
  return objects;
}
