import { types } from 'node:util';

/**
 * Returns whether a value is a `Uint8Array` of this realm or of another one, such as `node:vm` and jest
 * have. The first test is for speed.
 */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || types.isUint8Array(value);
}

/**
 * Returns whether the memory of bytes is gone, because it was transferred to another thread or because
 * a resizable buffer shrank. The length of such bytes is 0, as if they were empty.
 */
export function areGone(bytes: Uint8Array): boolean {
  try {
    // Of bytes with memory this returns, and of bytes without it throws, in every version of Node.js. Their
    // length is not asked for: optimised code was seen that had the length of before.
    Uint8Array.prototype.keys.call(bytes);
    return false;
  } catch {
    return true;
  }
}

/** The problem that error messages name for bytes whose memory is gone. */
export const GONE =
  'its memory was transferred, or its buffer shrank: write it before that, or give a copy';
