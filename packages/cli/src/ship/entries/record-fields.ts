import { isIP } from 'node:net';
import type { TimestampInput } from '@ringest/core';
import type { Draft } from './draft.js';
import type { EntryTimes } from './entry-times.js';

/** The fields of objects, such as those of NDJSON, that say something of their entries. */
export interface FieldNames {
  readonly time?: string | undefined;
  readonly tag?: string | undefined;
  readonly source?: string | undefined;
  /** What becomes the data; `undefined`: the whole object. */
  readonly data?: string | undefined;
}

/** Sets what the fields of an object say. A field that is missing, or says nothing useful, sets nothing. */
export function setFields(
  draft: Draft,
  value: unknown,
  names: FieldNames,
  times: EntryTimes | undefined,
): void {
  const { time, tag, source, data } = names;
  if (time !== undefined) draft.timestamp = timeOf(fieldOf(value, time), times);
  const tagText = tag === undefined ? undefined : textOf(fieldOf(value, tag));
  if (tagText !== undefined && tagText !== '') draft.tag = tagText;
  const sourceText = source === undefined ? undefined : textOf(fieldOf(value, source));
  if (sourceText !== undefined && isIP(sourceText) !== 0) draft.source = sourceText;
  const dataText = data === undefined ? undefined : jsonOrText(fieldOf(value, data));
  if (dataText !== undefined) draft.data = dataText;
}

/** The object that a record in JSON stands for; `undefined`: it is no object in JSON. */
export function objectOf(record: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(record).toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A field, by its name or by a path of names with points between. */
export function fieldOf(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  const point = path.indexOf('.');
  if (point === -1) return undefined;
  return fieldOf(fieldOf(value, path.slice(0, point)), path.slice(point + 1));
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

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function timeOf(value: unknown, times: EntryTimes | undefined): TimestampInput | undefined {
  if (value instanceof Date) return value;
  const text = typeof value === 'bigint' ? value.toString() : textOf(value);
  return text === undefined ? undefined : times?.find(Buffer.from(text));
}
