import { isIP } from 'node:net';
import type { EnumeratedScalar, TimestampInput } from '@ringest/core';
import type { Draft } from '../entries/draft.js';
import { dataOf, partsOf } from '../entries/json-texts.js';
import { jsonOrText } from '../entries/record-fields.js';

/** What Splunk's HTTP Event Collector answers, by what happened. */
export const HEC_ANSWERS = {
  success: { status: 200, text: 'Success', code: 0 },
  noToken: { status: 401, text: 'Token is required', code: 2 },
  wrongToken: { status: 403, text: 'Invalid token', code: 4 },
  noData: { status: 400, text: 'No data', code: 5 },
  invalid: { status: 400, text: 'Invalid data format', code: 6 },
  busy: { status: 503, text: 'Server is busy', code: 9 },
  healthy: { status: 200, text: 'HEC is healthy', code: 17 },
} as const;

/** An event, as far as its fields have a meaning of their own. Any of them may be anything. */
interface HecEvent {
  readonly time?: unknown;
  readonly host?: unknown;
  readonly fields?: unknown;
}

const NANOSECONDS = 1e9;

/** Fields of an event that become enumerated values of the same names. */
const NAMED_FIELDS = ['host', 'source', 'sourcetype', 'index'];

/**
 * The entries of a body with events in JSON, one after the other. Each is made when it is asked for.
 * @throws {SyntaxError} it is something else. Events before one that is not valid are entries by then
 */
export function* draftsOfEvents(body: string, draft: (data: string) => Draft): Generator<Draft> {
  for (const object of objectsIn(body)) yield draftOf(object, draft);
}

function draftOf(object: string, draft: (data: string) => Draft): Draft {
  const named = JSON.parse(object) as Readonly<Record<string, unknown>>;
  const { time, host, fields } = named as HecEvent;
  const data = eventOf(object);
  if (data === '') throw new SyntaxError('an event has no data');
  const made = draft(data);
  made.timestamp = timeOf(time);
  if (typeof host === 'string' && isIP(host) !== 0) made.source = host;
  for (const name of NAMED_FIELDS) setValue(made, name, named[name]);
  if (typeof fields !== 'object' || fields === null) return made;
  for (const [name, value] of Object.entries(fields)) setValue(made, name, value);
  return made;
}

/** The data of an event; empty: it has none. */
function eventOf(object: string): string {
  let event = '';
  // As in JSON.parse, the last one counts.
  for (const [name, text] of partsOf(object)) if (name === 'event') event = text;
  return dataOf(event);
}

function setValue(draft: Draft, name: string, value: unknown): void {
  if (value === undefined || value === null || name === '') return;
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
  draft.values[name] = isScalar ? (value as EnumeratedScalar) : (jsonOrText(value) ?? '');
}

/** Seconds with a fraction, as a number or as text, whose digits all count. */
function timeOf(value: unknown): TimestampInput | undefined {
  const [, whole, fraction = ''] = /^(\d{1,11})(?:\.(\d{1,9})\d*)?$/.exec(String(value)) ?? [];
  if (whole === undefined) return undefined;
  return {
    seconds: Number(whole),
    nanoseconds: Math.round(Number(`0.${fraction}`) * NANOSECONDS) % NANOSECONDS,
  };
}

/** The texts of objects that stand one after the other, with or without space between. */
function objectsIn(body: string): string[] {
  const objects: string[] = [];
  let depth = 0;
  let begin = -1;
  let isText = false;
  for (let at = 0; at < body.length; at++) {
    const character = body[at];
    if (isText) {
      if (character === '\\') at++;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '{' && depth++ === 0) begin = at;
    else if (character === '}' && --depth === 0) {
      objects.push(body.slice(begin, at + 1));
      begin = -1;
    } else if (depth === 0 && !/\s/.test(character ?? '')) throw new SyntaxError('it is no object');
  }
  if (depth !== 0 || isText) throw new SyntaxError('an object has no end');
  return objects;
}
