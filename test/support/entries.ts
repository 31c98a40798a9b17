import type { EntryInput } from '@ringest/codec';

/** The entry with a number. Its data has this many bytes, and begins with the number if there is room. */
export function entry(number: number, bytes = 100, tag = 0): EntryInput {
  return { timestamp: number, tag, data: Buffer.alloc(bytes, `entry ${number} `) };
}

/** The entries from a number up to, but not including, another one. */
export function entries(from: number, to: number, bytes?: number): EntryInput[] {
  return Array.from({ length: to - from }, (_, i) => entry(from + i, bytes));
}
