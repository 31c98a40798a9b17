import { types } from 'node:util';

/**
 * Whether a value is a `Uint8Array`, of this realm or of another: `node:vm`, and jest, have classes of
 * their own. The first test is for speed.
 */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || types.isUint8Array(value);
}

/**
 * Whether the memory under bytes is gone: it was transferred to another thread, or a resizable buffer
 * shrank below them. Their length reads 0 then, as if they were empty.
 */
export function areGone(bytes: Uint8Array): boolean {
  if (bytes.length > 0) return false;
  try {
    // The one thing that tells the two apart in every version of Node.js: it throws.
    Uint8Array.prototype.keys.call(bytes);
    return false;
  } catch {
    return true;
  }
}

/** What is wrong with such bytes, for messages. */
export const GONE =
  'its memory was transferred, or its buffer shrank: write it before, or give a copy';
