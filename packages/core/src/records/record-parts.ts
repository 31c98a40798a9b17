import { inspect } from 'node:util';
import { type EnumeratedScalar, Timestamp, type TimestampInput } from '@ringest/codec';

/** A record, as an object of its fields. */
export interface FieldSource {
  readonly time?: unknown;
  readonly [name: string]: unknown;
}

/** Enumerated values by the names of their fields. */
export interface FieldValues {
  level?: EnumeratedScalar;
  [name: string]: EnumeratedScalar;
}

/**
 * Returns fields of a record as enumerated values: text, numbers and booleans as they are, errors as their
 * text, anything else as JSON, or as Node.js prints it if JSON cannot hold it. A field that is absent or `null`
 * is left out.
 */
export function fieldValues(record: FieldSource, names: readonly string[]): FieldValues {
  const values: FieldValues = {};
  for (const name of names) {
    const field = record[name];
    if (field !== undefined && field !== null) values[name] = scalarOf(field);
  }
  return values;
}

/** Returns the time that a record has; `undefined`: it is none that a `Timestamp` can be made of. */
export function readTime(time: unknown): Timestamp | undefined {
  const isTime = typeof time === 'number' || typeof time === 'string' || time instanceof Date;
  if (!isTime) return undefined;
  try {
    return Timestamp.from(time satisfies TimestampInput);
  } catch {
    // Loggers write times in many ways. The adapter counts those that cannot be read.
    return undefined;
  }
}

function scalarOf(field: unknown): EnumeratedScalar {
  if (typeof field === 'string' || typeof field === 'number' || typeof field === 'boolean') {
    return field;
  }
  if (field instanceof Error) return `${field}`;
  try {
    return JSON.stringify(field) ?? inspect(field);
  } catch {
    // It refers to itself, or holds a BigInt.
    return inspect(field);
  }
}
