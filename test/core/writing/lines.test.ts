import type { LineWriterOptions } from '@ringest/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedArrivals, keyOf } from '../../support/arrivals.js';
import { type LineModel, modelLines } from '../../support/line-model.js';
import { LineWriting, writeChunks } from '../../support/line-writing.js';
import { Random } from '../../support/random.js';
import { cut } from '../../support/sessions.js';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../../support/vectors.js';

/** Every way to cut bytes into two chunks, and byte by byte. */
function* cutsOf(stream: Uint8Array): Generator<Uint8Array[]> {
  for (let at = 0; at <= stream.length; at++) yield [stream.subarray(0, at), stream.subarray(at)];
  yield cut(stream, [1]);
}

/** A line of so many bytes, unlike others. */
const long = (bytes: number, seed = bytes) =>
  Buffer.alloc(bytes, `line ${seed} of ${bytes} bytes, `);

const joined = (lines: readonly Uint8Array[], delimiter = '\n') =>
  Buffer.concat(lines.flatMap((line) => [line, Buffer.from(delimiter)]));

describe('lines', () => {
  it.each<[string, Partial<LineWriterOptions>, string, string[]]>([
    ['end with a line feed', {}, 'one\ntwo\n', ['one', 'two']],
    ['end with a carriage return and a line feed', {}, 'one\r\ntwo\r\n', ['one', 'two']],
    ['keep a carriage return elsewhere', {}, '\rone\rtwo\n\r\r\n', ['\rone\rtwo', '\r']],
    ['are skipped where they are empty', {}, '\n\r\none\n\n\r\n', ['one']],
    ['are kept where they are empty', { keepEmpty: true }, '\none\n\r\n\n', ['', 'one', '', '']],
    ['end with the stream', {}, 'one\ntwo', ['one', 'two']],
    ['end with the stream, before a carriage return', {}, 'one\ntwo\r', ['one', 'two']],
    ['do not begin with the end of the stream', { keepEmpty: true }, 'one\n', ['one']],
    ['end with a carriage return', { delimiter: '\r' }, 'one\r\ntwo\r', ['one', '\ntwo']],
    ['end with zero', { delimiter: '\0' }, 'one\r\0two\0', ['one\r', 'two']],
    ['end with two bytes', { delimiter: '\r\n' }, 'one\ntwo\r\r\n\r\n', ['one\ntwo\r']],
    ['end with three that overlap', { delimiter: 'aba' }, 'xababayaba', ['x', 'bay']],
    ['end with a pair of the same', { delimiter: 'aa' }, 'xaaayaaaaz', ['x', 'ay', 'z']],
    ['end with half of a pair of the same', { delimiter: 'aa' }, 'xaayxa', ['x', 'yxa']],
    [
      'end with 16 bytes',
      { delimiter: '0123456789abcdef' },
      '0120123456789abcdef0123456789abcde',
      ['012', '0123456789abcde'],
    ],
    ['end with bytes of UTF-8', { delimiter: '→' }, 'a→ä→\u2190', ['a', 'ä', '\u2190']],
    ['end with bytes', { delimiter: Uint8Array.of(0xff, 0) }, 'a\0b', ['a\0b']],
  ])('%s', async (_what, options, text, lines) => {
    const writing = await LineWriting.start();
    for (const chunks of cutsOf(Buffer.from(text))) {
      await writeChunks(writing.writer(options), chunks);
      await writing.expectLines(lines);
    }
  });

  it('of text are encoded in UTF-8', async () => {
    const writing = await LineWriting.start();
    const writer = writing.writer();
    for (const chunk of ['grü', 'n\n→', '', '\n']) writer.write(chunk);
    await writing.expectLines(['grün', '→']);
  });

  it('are written when their end comes, and counted', async () => {
    const writing = await LineWriting.start();
    const writer = writing.writer();
    expect(writer.write('one\ntw')).toBeUndefined();
    expect(writer.stats()).toEqual({ entries: 1, refusedLines: 0, unfinishedBytes: 2 });
    await writing.expectLines(['one']);
    expect(writer.write('o')).toBeUndefined();
    await writing.expectLines([]);
    writer.write('\n\nthree');
    expect(writer.stats()).toEqual({ entries: 2, refusedLines: 0, unfinishedBytes: 5 });
    writer.end();
    expect(writer.stats()).toEqual({ entries: 3, refusedLines: 0, unfinishedBytes: 0 });
    await writing.expectLines(['two', 'three']);
    writer.end();
    writer.write('four\n');
    await writing.expectLines(['four']);
  });

  // The stage takes 64 KiB at a time, a record 1024 entries, and a block 16 KiB in the smallest ring.
  it.each([
    ['more than can be staged together', Array.from({ length: 5000 }, (_, i) => long(i % 5, i))],
    ['more bytes than can be staged together', Array.from({ length: 300 }, (_, i) => long(900, i))],
    [
      'as long as a block takes, and around it',
      [16_336, 16_337, 16_338, 16_339, 16_340].map((n) => long(n)),
    ],
    ['longer than a block', [10, 20_000, 10, 70_000, 70_000, 10].map((n) => long(n))],
    [
      'as long as the stage, and around it',
      [65_519, 65_520, 65_535, 65_536, 65_537].map((n) => long(n)),
    ],
    ['longer than the ring', [long(500_000), long(3), long(900_000)]],
  ])('may be %s', async (_what, lines) => {
    const writing = await LineWriting.start();
    const stream = joined(lines);
    for (const size of [stream.length, 65_536, 30_000, 1021]) {
      await writeChunks(writing.writer(), cut(stream, [size]));
      await writing.expectLines(lines.filter(({ length }) => length > 0));
    }
  });

  it('go through a ring of the default size as well', async () => {
    const writing = await LineWriting.start({ ringBytes: 16_777_216 });
    const lines = [10, 262_097, 262_098, 262_099, 300_000, 10].map((n) => long(n));
    for (const size of [2_000_000, 65_536]) {
      await writeChunks(writing.writer(), cut(joined(lines), [size]));
      await writing.expectLines(lines);
    }
  });

  it('are cut and joined as a simple model does it', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const writing = await LineWriting.start();
    const anyDelimiter = fc.oneof(
      fc.constantFrom('\n', '\n', '\r\n', 'a', 'aa', 'aba', 'abab', 'aaaaaaaaaaaaaaaa'),
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 16 }),
    );
    const anyPiece = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'b', '\n', '\r', 'delimiter') },
      { weight: 1, arbitrary: fc.nat({ max: 300 }) },
      { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 80_000 }) },
    );
    const anyCase = fc.record({
      delimiter: anyDelimiter,
      pieces: fc.array(anyPiece, { maxLength: 60, size: 'max' }),
      cuts: fc.array(
        fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 70_000 })),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
      keepEmpty: fc.boolean(),
      longLines: fc.constantFrom('split', 'refuse'),
      maxLineBytes: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 100_000 })),
      times: fc.constantFrom('fixed', 'own', 'some'),
    });
    const timesOf: Record<string, LineModel['time']> = {
      fixed: () => 7,
      own: ({ length }) => length,
      some: (bytes) => (bytes[0] === 98 ? undefined : bytes.length),
    };
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ delimiter, pieces, cuts, times, ...given }) => {
        const stream = Buffer.concat(
          pieces.map((piece, i) => {
            if (typeof piece === 'number') return long(piece, i);
            return Buffer.from(piece === 'delimiter' ? delimiter : piece);
          }),
        );
        const time = timesOf[times] as LineModel['time'];
        const model = { ...given, delimiter: Buffer.from(delimiter), time };
        // Most of the time would go into very many entries.
        fc.pre(stream.length / model.maxLineBytes < 2000);
        let calls = 0;
        const writer = writing.writer({
          ...given,
          delimiter,
          ...(times !== 'fixed' && {
            timestamp: (chunk, from, to) => time(Buffer.from(chunk.subarray(from, to))) as number,
          }),
          onRefused: () => {
            calls++;
          },
        });
        await writeChunks(writer, cut(stream, cuts));
        const { entries, refused } = modelLines(stream, model);
        expect(writer.stats()).toEqual({
          entries: entries.length,
          refusedLines: refused,
          unfinishedBytes: 0,
        });
        expect(calls).toBe(refused);
        await writing.expect(entries);
      }),
      fuzzRuns(80),
    );
  });

  it('of several writers do not mix', async () => {
    const writing = await LineWriting.start();
    const random = new Random(3);
    const streams = [1, 2, 3].map((stream) => {
      const lines = Array.from({ length: 200 }, (_, i) =>
        long(random.below(300) + 1, 1000 * stream + i),
      );
      return { stream, lines, left: cut(joined(lines), [random.below(900) + 1, 7, 4000]) };
    });
    const writers = streams.map(({ stream }) => writing.writer({ timestamp: stream }));
    for (
      let open = streams;
      open.length > 0;
      open = streams.filter(({ left }) => left.length > 0)
    ) {
      const { stream, left } = random.pick(open);
      await writers[stream - 1]?.write(left.shift() as Uint8Array);
    }
    const arrived = await writing.arrived();
    expect(arrived.length).toBe(600);

    for (const { stream, lines } of streams) {
      const entries = lines.map((data) => ({ timestamp: stream, tag: 0, data }));
      const keys = expectedArrivals(entries).map(keyOf);
      const own = new Set(keys);
      expect(arrived.map(keyOf).filter((key) => own.has(key))).toEqual(keys);
    }
  });
});
