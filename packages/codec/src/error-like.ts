import { types } from 'node:util';

/** Returns whether a value is an error, also one of another realm (`node:vm`, jest). */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** The message of an error, or what else was thrown as text. */
export function messageOf(thrown: unknown): string {
  return isError(thrown) ? thrown.message : String(thrown);
}
