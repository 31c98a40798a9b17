import { DecodeError } from './errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8.
 *
 * @throws {DecodeError} if the bytes are not UTF-8.
 */
export function decodeText(structure: string, bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new DecodeError(structure, 'its text is not UTF-8', { cause });
  }
}

/** A JSON object whose members are not checked yet. */
export type JsonObject<Keys extends string> = { readonly [Key in Keys]?: unknown };

/**
 * Decodes a JSON object.
 *
 * @throws {DecodeError} if the bytes are not one JSON object in UTF-8.
 */
export function decodeJsonObject<Keys extends string>(
  structure: string,
  bytes: Uint8Array,
): JsonObject<Keys> {
  const text = decodeText(structure, bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DecodeError(structure, 'it is not JSON', { cause });
  }
  if (!isJsonObject(value)) throw new DecodeError(structure, 'it is not a JSON object');
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject<string> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Encodes a JSON object with its members in the order of their names' bytes, as the reference writes a
 * map. `JSON.stringify` would put names that look like numbers first.
 *
 * @param members names, and their values in JSON.
 */
export function sortedJsonObject(members: Iterable<readonly [name: string, json: string]>): string {
  const sorted = Array.from(members, ([name, json]) => ({ bytes: Buffer.from(name), name, json }));
  sorted.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  return `{${sorted.map(({ name, json }) => `${JSON.stringify(name)}:${json}`).join()}}`;
}

/** Returns whether a value is an integer from 0 to `max`. -0, which JSON can hold, is not. */
export function isUnsigned(value: unknown, max: number): value is number {
  const isInteger = typeof value === 'number' && Number.isInteger(value);
  return isInteger && value >= 0 && value <= max && !Object.is(value, -0);
}
