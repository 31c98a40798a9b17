import type { TimeExtractor } from '@ringest/timestamps';

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What an extractor found, as one value. */
export function answerOf({ seconds, nanoseconds, format, start, end }: TimeExtractor) {
  return { ok: true, seconds, nanoseconds, format, start, end };
}

/** A time to the nanosecond, without zeros at its end. */
export function isoTime({
  seconds,
  nanoseconds,
}: {
  seconds: number;
  nanoseconds: number;
}): string {
  const date = new Date(seconds * 1000).toISOString().slice(0, -'.000Z'.length);
  const fraction = nanoseconds === 0 ? '' : `.${`${nanoseconds}`.padStart(9, '0')}`;
  return `${date}${fraction.replace(/0+$/, '')}Z`;
}

/** The time that an extractor finds in a line; `none` when it finds no time. */
export function timeIn(extractor: TimeExtractor, line: string): string {
  return extractor.extract(utf8(line)) ? isoTime(extractor) : 'none';
}
