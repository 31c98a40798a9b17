import type { LoadContents } from './entry-source.js';

/** How the timestamps of a load go on from its start. */
export interface EntryTimes {
  /** From one entry to the next. */
  readonly stepNanoseconds: number;
  /** Each is earlier than in order by less than this, at random. */
  readonly disorderNanoseconds: number;
}

/** Sets the timestamp of the entry with a sequence number. */
export type SetTime = (
  timestamp: { seconds: number; nanoseconds: number },
  sequence: number,
) => void;

const SECOND = 1e9;

export const DEFAULT_TIMES: EntryTimes = { stepNanoseconds: 1000, disorderNanoseconds: 0 };

/** What sets the timestamps of a load: they depend on the sequence number and the seed only. */
export function makeClock(
  contents: Pick<LoadContents, 'seed' | 'startSeconds' | 'times'>,
): SetTime {
  const { seed, startSeconds, times = DEFAULT_TIMES } = contents;
  const { stepNanoseconds, disorderNanoseconds } = times;
  return (timestamp, sequence) => {
    let offset = sequence * stepNanoseconds;
    if (disorderNanoseconds > 0) offset -= fraction(sequence, seed) * disorderNanoseconds;
    const seconds = Math.floor(offset / SECOND);
    timestamp.seconds = startSeconds + seconds;
    timestamp.nanoseconds = Math.min(Math.floor(offset - seconds * SECOND), SECOND - 1);
  };
}

/** From 0 up to, but not including, 1: the same for the same numbers. */
function fraction(sequence: number, seed: number): number {
  let word = Math.imul(sequence ^ (seed << 16), 0x9e3779b1);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return ((word ^ (word >>> 16)) >>> 0) / 2 ** 32;
}
