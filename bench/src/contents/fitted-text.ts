import type { SeededRandom } from '../shared/random.js';
import { remark } from './vocabulary.js';

/** Bytes of prose after which it comes again. */
const MAX_DISTINCT = 65536;

/** Text that is longer than its place is cut off. */
const CUT = 'latin1';

/**
 * Data of an exact length: a head, prose as long as there is room, and a tail.
 * @param bytes at least as many as head and tail have; both are ASCII
 */
export function fittedText(random: SeededRandom, bytes: number, head: string, tail = ''): Buffer {
  const data = Buffer.alloc(bytes);
  data.write(head, CUT);
  const end = bytes - tail.length;
  data.write(tail, end, CUT);
  fillProse(random, data.subarray(head.length, end));
  return data;
}

/** Remarks one after the other, without quotes and backslashes. The last is cut off. */
function fillProse(random: SeededRandom, data: Buffer): void {
  let at = 0;
  while (at < Math.min(data.length, MAX_DISTINCT)) {
    at += data.write(`${remark(random)}; `, at, CUT);
  }
  if (at < data.length) data.fill(data.subarray(0, at), at);
}
