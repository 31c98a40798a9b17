import { isUtf8 } from 'node:buffer';
import { isIP } from 'node:net';
import type { EnumeratedScalar, TimestampInput } from '@ringest/core';
import type { Draft } from './draft.js';
import type { EntryTimes } from './entry-times.js';
import { dataOf, partAt } from './json-texts.js';

/** The fields of objects, such as those of NDJSON, that say something of their entries. */
export interface FieldNames {
  readonly time?: string | undefined;
  readonly tag?: string | undefined;
  readonly source?: string | undefined;
  /** What becomes the data; `undefined`: the whole object. */
  readonly data?: string | undefined;
}

/** What an object has at a path. */
export interface Field {
  /** Text as it is, and anything else as JSON. */
  readonly text: string;
  /** Whether it is text or a number, which can be a tag or an address. */
  readonly isWord: boolean;
  /** Set if it is a time of MessagePack. */
  readonly date?: Date;
}

/** Finds a field, by its name or by a path of names with points between; `undefined`: there is none. */
export type Fields = (path: string) => Field | undefined;

/** Sets what the fields of an object say. A field that is missing, or says nothing useful, sets nothing. */
export function setFields(
  draft: Draft,
  fields: Fields,
  names: FieldNames,
  times: EntryTimes | undefined,
): void {
  const field = (name: string | undefined) => (name === undefined ? undefined : fields(name));
  const tag = field(names.tag);
  const source = field(names.source);
  const data = field(names.data);
  if (names.time !== undefined) draft.timestamp = timeOf(fields(names.time), times);
  if (tag?.isWord && tag.text !== '') draft.tag = tag.text;
  if (source?.isWord && isIP(source.text) !== 0) draft.source = source.text;
  if (data !== undefined) draft.data = data.text;
}

/** The fields of a record in JSON, as they were written. One that is no object has none. */
export function fieldsOfJson(record: Uint8Array): Fields {
  let json: string | undefined;
  let isRead = false;
  return (path) => {
    if (!isRead) json = objectTextOf(record);
    isRead = true;
    const part = json === undefined ? undefined : partAt(json, path);
    return part === undefined ? undefined : { text: dataOf(part), isWord: /^["\-\d]/.test(part) };
  };
}

/** The fields of a value of MessagePack. */
export function fieldsOfValue(value: unknown): Fields {
  return (path) => {
    const found = valueAt(value, path);
    const text = jsonOrText(found);
    if (text === undefined) return undefined;
    const isWord = ['string', 'number', 'bigint'].includes(typeof found);
    return { text, isWord, ...(found instanceof Date ? { date: found } : {}) };
  };
}

/**
 * A record that is an object or a list in JSON, as text.
 * @returns `undefined`: it is none
 */
export function objectTextOf(record: Uint8Array): string | undefined {
  // A byte that is none would become another character.
  if (!isUtf8(record)) return undefined;
  const text = Buffer.from(record.buffer, record.byteOffset, record.length).toString().trim();
  if (!/^[{[]/.test(text)) return undefined;
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

const DIGITS = /^-?\d+$/;
/** So many digits of a decimal fraction are the same after it was a number. */
const MOST_DIGITS = 15;

/**
 * A part of JSON as an enumerated value: text, numbers and booleans are what they are. Lists, objects, and
 * numbers that 64 bits cannot hold exactly, are the text that was written.
 * @returns `undefined`: it is null
 */
export function scalarOf(part: string): EnumeratedScalar | undefined {
  if (part === 'null') return undefined;
  if (part === 'true' || part === 'false') return part === 'true';
  if (!/^[-\d]/.test(part)) return dataOf(part);
  const number = Number(part);
  if (!DIGITS.test(part)) return isExact(part, number) ? number : part;
  if (Number.isSafeInteger(number)) return number;
  const integer = BigInt(part);
  const fits = BigInt.asIntN(64, integer) === integer || BigInt.asUintN(64, integer) === integer;
  return fits ? integer : part;
}

function isExact(part: string, number: number): boolean {
  const [digits = ''] = part.split(/[eE]/);
  const telling = digits.replace(/\D/g, '').replace(/^0+|0+$/g, '');
  return (
    telling.length <= MOST_DIGITS && Number.isFinite(number) && (number !== 0) === (telling !== '')
  );
}

function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  const point = path.indexOf('.');
  if (point === -1) return undefined;
  return valueAt(valueAt(value, path.slice(0, point)), path.slice(point + 1));
}

/** Text as it is, and anything else as JSON: bytes as base64, and integers that are too large as digits. */
export function jsonOrText(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return JSON.stringify(value, function (this: Record<string, unknown>, key, part: unknown) {
    // Bytes have become an array by now.
    const whole = this[key];
    if (whole instanceof Uint8Array) return Buffer.from(whole).toString('base64');
    if (typeof part === 'bigint') return asNumber(part);
    return part instanceof Map ? Object.fromEntries(part) : part;
  });
}

function asNumber(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

function timeOf(
  field: Field | undefined,
  times: EntryTimes | undefined,
): TimestampInput | undefined {
  if (field?.date !== undefined) return field.date;
  return field?.isWord ? times?.find(Buffer.from(field.text)) : undefined;
}
