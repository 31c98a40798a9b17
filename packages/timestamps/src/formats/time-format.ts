import type { Beginning } from '../layouts/beginning.js';
import type { Reading } from '../layouts/reading.js';

/** A format of times: it finds a time in bytes, and reads it. */
export interface TimeFormat {
  readonly name: string;

  /**
   * Finds the left-most time, and reads it.
   * @param last the last byte where it may begin
   * @returns where it begins; -1 when there is none
   */
  find(bytes: Uint8Array, from: number, to: number, last: number, reading: Reading): number;
}

/** A format whose times can be recognised where they begin, so that one search can look for many. */
export interface PlacedFormat extends TimeFormat {
  /** What a time begins with; `front`: it is found only where a line begins. */
  readonly beginning: Beginning | { readonly kind: 'front' };

  /** Reads the time that begins at `from`, if one does. It ends at `to` or before. */
  readAt(bytes: Uint8Array, from: number, to: number, reading: Reading): boolean;
}

export function isPlaced(format: TimeFormat): format is PlacedFormat {
  return 'readAt' in format;
}
