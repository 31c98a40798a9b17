import { TIME_DIFFERENCES } from '@ringest/bench/internal';
import { TimeExtractor, type TimeOptions } from '@ringest/timestamps';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../support/vectors.js';
import { answerOf, isoTime, utf8 } from './times.js';

interface Answer {
  readonly ok: boolean;
  readonly seconds?: number;
  readonly nanoseconds?: number;
  readonly format?: string;
  readonly start?: number;
  readonly end?: number;
}

interface Setting {
  readonly zone?: string;
  readonly leftMost?: boolean;
  readonly override?: string;
}

interface Vectors {
  readonly formats: readonly string[];
  readonly made: string;
  readonly singles: readonly (Setting & { readonly line: string; readonly result: Answer })[];
  readonly streams: readonly (Setting & {
    readonly lines: readonly string[];
    readonly results: readonly Answer[];
  })[];
}

const vectors = readVectors<Vectors>('time-extraction');

function extractorFor({ zone = 'UTC', leftMost = false, override }: Setting): TimeExtractor {
  const clock = () => Date.parse(vectors.made);
  const format: TimeOptions = override === undefined ? {} : { format: override };
  return new TimeExtractor({ zone, leftMost, clock, ...format });
}

/** Whether a fault of the reference is known in this line, and what is right instead. */
function differenceIn(line: string, override: string | undefined) {
  return TIME_DIFFERENCES.find(
    (one) => one.line === line && (one.override === undefined || one.override === override),
  );
}

describe('what the reference finds in single lines', () => {
  it.each(vectors.singles)('$line ($zone $leftMost $override)', (vector) => {
    const { line, override, result } = vector;
    const extractor = extractorFor(vector);
    const isFound = extractor.extract(utf8(line));
    const difference = differenceIn(line, override);
    if (difference !== undefined) {
      expect(isoTime(extractor)).toBe(difference.time);
      return;
    }
    expect(isFound).toBe(result.ok);
    if (!isFound) return;
    expect(answerOf(extractor)).toEqual({ nanoseconds: 0, start: 0, ...result, ok: true });
  });
});

describe('what the reference finds in lines that follow each other', () => {
  it.each(vectors.streams.map((stream, index) => ({ ...stream, index })))(
    'stream $index',
    (stream) => {
      const extractor = extractorFor(stream);
      stream.lines.forEach((line, i) => {
        const isFound = extractor.extract(utf8(line));
        const difference = differenceIn(line, stream.override);
        if (difference !== undefined) {
          expect(isoTime(extractor), line).toBe(difference.time);
          return;
        }
        const { ok, seconds = 0, nanoseconds = 0 } = stream.results[i] ?? { ok: false };
        expect(isFound, line).toBe(ok);
        if (ok) expect(answerOf(extractor), line).toMatchObject({ seconds, nanoseconds });
      });
    },
  );
});

describe('the list of differences', () => {
  it('has only lines in which the reference finds something else', () => {
    const answers = [
      ...vectors.singles,
      ...vectors.streams.flatMap((stream) =>
        stream.lines.map((line, i) => ({ line, override: undefined, result: stream.results[i] })),
      ),
    ];
    for (const { line, time, override } of TIME_DIFFERENCES) {
      const theirs = answers
        .filter((one) => one.line === line && (override === undefined || one.override === override))
        .map(({ result: { ok, seconds = 0, nanoseconds = 0 } = { ok: false } }) =>
          ok ? isoTime({ seconds, nanoseconds }) : 'no time',
        );
      expect(theirs, line).not.toHaveLength(0);
      expect(new Set(theirs).has(time) && theirs.every((one) => one === time), line).toBe(false);
    }
  });

  it('leaves all formats of the reference in their order', async () => {
    const { TIME_FORMATS } = await import('@ringest/timestamps');
    expect(TIME_FORMATS).toEqual(vectors.formats);
  });
});
