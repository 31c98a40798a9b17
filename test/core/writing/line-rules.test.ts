import { decodeEntry, Source, Timestamp } from '@ringest/codec';
import {
  BacklogFullError,
  InvalidArgumentError,
  InvalidSourceError,
  InvalidTimeoutError,
  InvalidTimestampError,
  LineRefusedError,
  type LineTime,
  type LineWriterOptions,
  NestedWriteError,
  NotRunningError,
  UnknownTagError,
  WriteAbandonedError,
} from '@ringest/core';
import { describe, expect, it, vi } from 'vitest';
import { FIXED, LineWriting, writeChunks } from '../../support/line-writing.js';
import { collectLogs, hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { cut } from '../../support/sessions.js';

/** The same stream in one chunk, in pieces of three bytes, and byte by byte. */
const CUTS = [1000, 3, 1];

describe('a line that is longer than maxLineBytes', () => {
  it.each(CUTS)('becomes several entries, in pieces of %i bytes', async (size) => {
    const writing = await LineWriting.start();
    const writer = writing.writer({ maxLineBytes: 4 });
    await writeChunks(writer, cut(Buffer.from('abcd\nabcde\r\n12345678\r\n123456789'), [size]));
    await writing.expectLines(['abcd', 'abcd', 'e', '1234', '5678', '1234', '5678', '9']);
    expect(writer.stats()).toEqual({ entries: 8, refusedLines: 0, unfinishedBytes: 0 });
  });

  it.each(CUTS)('is refused if it is to be, in pieces of %i bytes', async (size) => {
    const writing = await LineWriting.start();
    const refused: LineRefusedError[] = [];
    const writer = writing.writer({
      maxLineBytes: 4,
      longLines: 'refuse',
      onRefused: (error) => refused.push(error),
    });
    await writeChunks(writer, cut(Buffer.from('ab\nabcdefghi\r\ncd\n12345\n\nabcd'), [size]));
    await writing.expectLines(['ab', 'cd', 'abcd']);
    expect(writer.stats()).toEqual({ entries: 3, refusedLines: 2, unfinishedBytes: 0 });
    for (const error of refused) {
      expect(error).toBeInstanceOf(LineRefusedError);
      expect(error).toMatchObject({ code: 'ERR_LINE_REFUSED', reason: 'length', maxLineBytes: 4 });
      expect(error.bytes).toBeGreaterThan(4);
    }
    expect(refused.length).toBe(2);
  });

  it('keeps no more of it than it has to', async () => {
    const writing = await LineWriting.start();
    for (const longLines of ['split', 'refuse'] as const) {
      const writer = writing.writer({ maxLineBytes: 100, longLines, delimiter: 'abcabcabd' });
      for (let i = 0; i < 200; i++) {
        writer.write('xyz'.repeat(33));
        expect(writer.stats().unfinishedBytes).toBeLessThanOrEqual(109);
      }
      writer.end();
      expect(writer.stats().refusedLines).toBe(longLines === 'refuse' ? 1 : 0);
    }
    await writing.expectLines(
      Array.from({ length: 198 }, (_, i) => 'xyz'.repeat(34).slice(i % 3, (i % 3) + 100)),
    );
  });

  it('has one time in all of its entries, also where it comes in several calls', async () => {
    const writing = await LineWriting.start();
    const clock = vi.spyOn(Date, 'now');
    let calls = 0;
    try {
      for (const timestamp of [undefined, () => 1000 * ++calls]) {
        const writer = writing.muxer.lineWriter({
          tag: 0,
          maxLineBytes: 4,
          ...(timestamp !== undefined && { timestamp }),
        });
        clock.mockReturnValue(1000);
        writer.write('abcdefghi');
        clock.mockReturnValue(2000);
        writer.write('jklm\nnext\n');
        const entries = (await writing.arrived()).map(({ bytes }) => decodeEntry(bytes));
        expect(entries.map(({ data }) => `${data}`)).toEqual(['abcd', 'efgh', 'ijkl', 'm', 'next']);
        expect(entries.map((entry) => entry.timestamp.seconds)).toEqual([1, 1, 1, 1, 2]);
      }
      expect(calls).toBe(2);
    } finally {
      clock.mockRestore();
    }
  });

  it('has at most 1 MiB unless told otherwise', async () => {
    const writing = await LineWriting.start();
    const line = Buffer.alloc(1048576 + 5, 'line');
    await writeChunks(writing.writer(), cut(line, [100_000]));
    await writing.expectLines([line.subarray(0, 1048576), line.subarray(1048576)]);
  });
});

describe('the time of lines', () => {
  it.each<[string, Pick<LineWriterOptions, 'timestamp'>, number]>([
    ['a number of milliseconds', { timestamp: 5000 }, 5],
    ['a date', { timestamp: new Date(6000) }, 6],
    ['seconds and nanoseconds', { timestamp: { seconds: -7, nanoseconds: 8 } }, -7],
  ])('may be %s', async (_what, options, seconds) => {
    const writing = await LineWriting.start();
    writing.writer(options).write('one\ntwo\n');
    const times = (await writing.arrived()).map(({ bytes }) => decodeEntry(bytes).timestamp);
    expect(times.map((time) => time.seconds)).toEqual([seconds, seconds]);
  });

  it('is that of the call that completes them, unless given', async () => {
    const writing = await LineWriting.start();
    const writer = writing.muxer.lineWriter({ tag: 0 });
    const clock = vi.spyOn(Date, 'now').mockReturnValue(1000);
    writer.write('one\nt');
    clock.mockReturnValue(2000);
    writer.write('wo\nthree\nfour');
    clock.mockReturnValue(3000);
    writer.end();
    clock.mockRestore();
    const times = (await writing.arrived()).map(({ bytes }) => decodeEntry(bytes).timestamp);
    expect(times.map((time) => time.seconds)).toEqual([1, 2, 2, 3]);
  });

  it('may be a function of their bytes, without the delimiter', async () => {
    const writing = await LineWriting.start();
    const lines = Array.from({ length: 3000 }, (_, i) => `${i} line`);
    const timestamp: LineTime = (chunk, from, to) => {
      const text = Buffer.from(chunk.subarray(from, to)).toString();
      expect(text).toMatch(/^\d+ line$/);
      return Number.parseInt(text, 10);
    };
    await writeChunks(
      writing.writer({ timestamp }),
      cut(Buffer.from(lines.join('\r\n')), [10_007]),
    );
    await writing.expect(lines.map((data, i) => ({ timestamp: i, tag: 0, data })));
  });

  it.each<[string, LineTime]>([
    [
      'throws',
      () => {
        throw new Error('no time here');
      },
    ],
    ['returns no time', () => Number.NaN],
    ['returns nothing', () => undefined as never],
    ['returns a text that is no time', () => 'no time here'],
    ['returns nanoseconds that are none', () => ({ seconds: 1, nanoseconds: 1e9 })],
  ])('refuses a line if the function %s, and no other', async (_what, fail) => {
    const writing = await LineWriting.start();
    const refused: LineRefusedError[] = [];
    const timestamp: LineTime = (chunk, from, to) =>
      chunk[from] === 'x'.charCodeAt(0) ? fail(chunk, from, to) : 7;
    for (const size of [1000, 9, 1]) {
      const writer = writing.writer({ timestamp, onRefused: (error) => refused.push(error) });
      await writeChunks(writer, cut(Buffer.from('xa\none\nxb\nxc\ntwo\nthree\nxd'), [size]));
      await writing.expectLines(['one', 'two', 'three']);
      expect(writer.stats()).toEqual({ entries: 3, refusedLines: 4, unfinishedBytes: 0 });
    }
    expect(refused.length).toBe(12);
    for (const error of refused) {
      expect(error).toMatchObject({ reason: 'time', bytes: 2 });
      expect(error.cause).toBeInstanceOf(Error);
    }
  });

  it('refuses all of a line that is split', async () => {
    const writing = await LineWriting.start();
    const timestamp: LineTime = (chunk, from) => (chunk[from] === 120 ? Number.NaN : 7);
    for (const size of CUTS) {
      const writer = writing.writer({ timestamp, maxLineBytes: 3, onRefused: () => {} });
      await writeChunks(writer, cut(Buffer.from('one\nxabcdefghij\nlong line\nxabc'), [size]));
      await writing.expectLines(['one', 'lon', 'g l', 'ine']);
      expect(writer.stats()).toMatchObject({ entries: 4, refusedLines: 2 });
    }
  });

  it('cannot be found by a function that writes with the same muxer', async () => {
    const writing = await LineWriting.start();
    const { muxer } = writing;
    const writes = [
      () => muxer.write(1, 0, 'within'),
      () => muxer.writeBatch([{ timestamp: 1, tag: 0, data: 'within' }]),
      () => muxer.writePacked(Buffer.from('within'), Uint32Array.of(0, 6), FIXED),
      () => writing.writer().write('within\n'),
      () => writer.write('within\n'),
      () => writer.end(),
    ];
    const refused: LineRefusedError[] = [];
    const timestamp: LineTime = (chunk, from) => {
      const write = writes[(chunk[from] as number) - 48];
      write?.();
      return 7;
    };
    const writer = writing.writer({ timestamp, onRefused: (error) => refused.push(error) });
    writer.write('one\n0\n1\n2\ntwo\n3\n4\n5\nthree\n');
    await writing.expectLines(['one', 'two', 'three']);
    expect(refused.map(({ cause }) => cause instanceof NestedWriteError)).toEqual(
      writes.map(() => true),
    );
  });
});

describe('lines that are refused', () => {
  const REFUSING = { maxLineBytes: 4, longLines: 'refuse' } as const;

  it('are logged once for each call, with how many there are, unless somebody asks for them', async () => {
    const { logger, lines } = collectLogs();
    const writing = await LineWriting.start({ logger });
    const writer = writing.writer(REFUSING);
    writer.write('too long\none\ntoo long\n');
    writer.write('two\n');
    writer.write('too long');
    writer.end();
    await writing.expectLines(['one', 'two']);
    const logged = lines
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === 'lines were refused');
    expect(logged.map(({ level, refusedLines }) => [level, refusedLines])).toEqual([
      [40, 2],
      [40, 3],
    ]);
    expect(logged[0].err.message).toContain('longer than 4 bytes');
  });

  it('may be written otherwise by whoever asked for them', async () => {
    const writing = await LineWriting.start();
    const writer = writing.writer({
      ...REFUSING,
      onRefused: ({ bytes }) => {
        writing.muxer.write(7, 0, `a line of ${bytes} bytes`);
        writer.write('more\n');
      },
    });
    writer.write('one\n12345\ntwo\n123456\n');
    await writing.expectLines([
      ...['one', 'two', 'a line of 5 bytes', 'more', 'a line of 6 bytes', 'more'],
    ]);
    expect(writer.stats()).toEqual({ entries: 4, refusedLines: 2, unfinishedBytes: 0 });
  });

  it('do no harm if who asked for them throws', async () => {
    const writing = await LineWriting.start();
    const refused: number[] = [];
    const writer = writing.writer({
      ...REFUSING,
      onRefused: ({ bytes }) => {
        refused.push(bytes);
        throw new Error('thrown by onRefused');
      },
    });
    expect(() => writer.write('one\n12345\ntwo\n123456\nth')).toThrow('thrown by onRefused');
    expect(() => writer.write('is\n')).toThrow('thrown by onRefused');
    writer.write('four\n');
    await writing.expectLines(['one', 'two', 'this', 'four']);
    expect(writer.stats()).toEqual({ entries: 4, refusedLines: 2, unfinishedBytes: 0 });
    expect(refused).toEqual([5, 6]);
  });
});

describe('the entries of lines', () => {
  it('have the source that is given, or that of the muxer, or the local address', async () => {
    const sources = [
      undefined,
      '10.1.2.3',
      '2001:db8::1',
      Source.parse('10.4.5.6'),
      Uint8Array.of(10, 7, 8, 9),
    ];
    for (const sourceOverride of [undefined, '192.0.2.9']) {
      const writing = await LineWriting.start({
        ...(sourceOverride !== undefined && { sourceOverride }),
      });
      for (const source of sources) {
        writing
          .writer({ ...(source !== undefined && { source }) })
          .write(`one\n${'two'.repeat(10_000)}\n`);
      }
      await writing.expect(
        sources.flatMap((source) => {
          const given = source ?? sourceOverride;
          return ['one', 'two'.repeat(10_000)].map((data) => ({
            ...FIXED,
            data,
            ...(given !== undefined && { source: given }),
          }));
        }),
      );
    }
  });

  // Values of more than 4096 bytes do not fit on the stage: their lines go alone.
  it.each([10, 4050, 4096, 5000])('have the attached values, of %i bytes', async (bytes) => {
    const attach = { label: Buffer.alloc(bytes, 'label'), n: 3 };
    const writing = await LineWriting.start({ attach });
    const lines = ['one', '', 'two', 'x'.repeat(15_000), 'y'.repeat(70_000), 'three'];
    await writeChunks(
      writing.writer({ keepEmpty: true }),
      cut(Buffer.from(lines.join('\n')), [50_000]),
    );
    await writing.expect(lines.map((data) => ({ ...FIXED, data, enumeratedValues: attach })));
  });

  it('have the time of the write where `$NOW` is attached', async () => {
    const writing = await LineWriting.start({ attach: { at: '$NOW' } });
    const writer = writing.writer();
    const clock = vi.spyOn(Date, 'now').mockReturnValue(1500);
    writer.write('one\ntwo\nth');
    clock.mockReturnValue(2500);
    writer.write('ree\nfour\n');
    clock.mockRestore();
    const at = (...time: [number, number]) => ({ at: new Timestamp(...time) });
    await writing.expect(
      ['one', 'two', 'three', 'four'].map((data, i) => ({
        ...FIXED,
        data,
        enumeratedValues: i < 2 ? at(1, 500_000_000) : at(2, 500_000_000),
      })),
    );
  });

  it('may have any tag of the muxer, also one that is added later', async () => {
    const writing = await LineWriting.start();
    const tag = writing.muxer.negotiateTag('later');
    writing.writer({ tag }).write('one\n');
    writing.writer().write('two\n');
    expect((await writing.arrived()).map((arrival) => arrival.tag)).toEqual(['later', 'test']);
  });
});

describe('a line writer', () => {
  it.each<[string, unknown, new (...args: never[]) => Error]>([
    ['nothing', undefined, InvalidArgumentError],
    ['an unknown tag', { tag: 9 }, UnknownTagError],
    ['no tag', {}, UnknownTagError],
    ['a source that is none', { tag: 0, source: 'nowhere' }, InvalidSourceError],
    ['a time that is none', { tag: 0, timestamp: 'never' }, InvalidTimestampError],
    ['no delimiter', { tag: 0, delimiter: '' }, InvalidArgumentError],
    ['a delimiter of 17 bytes', { tag: 0, delimiter: new Uint8Array(17) }, InvalidArgumentError],
    ['a delimiter of 17 bytes of UTF-8', { tag: 0, delimiter: '→→→→→xx' }, InvalidArgumentError],
    ['a number as the delimiter', { tag: 0, delimiter: 10 }, InvalidArgumentError],
    ['a number for keepEmpty', { tag: 0, keepEmpty: 1 }, InvalidArgumentError],
    ['maxLineBytes of 0', { tag: 0, maxLineBytes: 0 }, InvalidArgumentError],
    ['maxLineBytes of a half', { tag: 0, maxLineBytes: 1.5 }, InvalidArgumentError],
    ['maxLineBytes of 2^30', { tag: 0, maxLineBytes: 2 ** 30 }, InvalidArgumentError],
    ['an unknown way with long lines', { tag: 0, longLines: 'drop' }, InvalidArgumentError],
    ['a text for onRefused', { tag: 0, onRefused: 'log' }, InvalidArgumentError],
  ])('is not made with %s', async (_what, options, kind) => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    expect(() => muxer.lineWriter(options as LineWriterOptions)).toThrow(kind);
  });

  it('may be made before the muxer starts, and writes only while it runs', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = newMuxer({ targets: [indexer.address] });
    const writer = muxer.lineWriter(FIXED);
    expect(() => writer.write('one\n')).toThrow(NotRunningError);
    expect(() => writer.end()).toThrow(NotRunningError);
    muxer.start();
    await writer.write('two\nthr');
    await muxer.sync();
    const closed = muxer.close();
    expect(() => writer.write('ee\n')).toThrow(NotRunningError);
    await closed;
    expect(() => writer.end()).toThrow(NotRunningError);
    expect(writer.stats()).toEqual({ entries: 1, refusedLines: 0, unfinishedBytes: 3 });
    expect((await indexer.hot(0)).arrivals.length).toBe(1);
  });

  it('takes nothing of a chunk that it does not accept', async () => {
    const writing = await LineWriting.start();
    const writer = writing.writer();
    writer.write('begun');
    const chunks: unknown[] = [7, null, undefined, ['x\n'], new Uint16Array(2)];
    for (const chunk of chunks) {
      expect(() => writer.write(chunk as string)).toThrow(InvalidArgumentError);
    }
    expect(() => writer.write('x\n', { timeout: 0 })).toThrow(InvalidTimeoutError);
    expect(() => writer.end({ timeout: -1 })).toThrow(InvalidTimeoutError);
    writer.write(' and done\n');
    await writing.expectLines(['begun and done']);
  });

  it('returns one promise for all lines of a call, which says how many were accepted', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      ringBytes: SMALL_RING,
      backlogBytes: 1000,
    });
    const connection = await indexer.hot(0);
    const writer = muxer.lineWriter(FIXED);
    writer.write('begun, ');
    const controller = new AbortController();
    const line = `${'x'.repeat(993)}\n`;
    const room = writer.write(`${line}${line.repeat(99)}rest`, { signal: controller.signal });
    const { writtenEntries, backlogEntries } = muxer.stats();
    expect(writtenEntries + backlogEntries).toBe(100);
    expect(writtenEntries).toBeGreaterThan(1);
    expect(writer.stats()).toEqual({ entries: 100, refusedLines: 0, unfinishedBytes: 4 });
    expect(() => writer.write('more\n')).toThrow(BacklogFullError);
    expect(writer.stats().unfinishedBytes).toBe(4);
    controller.abort(new Error('enough'));
    const error = await (room as Promise<void>).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WriteAbandonedError);
    expect(error).toMatchObject({ accepted: writtenEntries, refused: backlogEntries });
    await connection.entries(writtenEntries);
    connection.confirmThrough(writtenEntries);
    await muxer.barrier();
    expect(writer.write(' goes on\n')).toBeUndefined();
    expect((await connection.entries(writtenEntries + 1)).at(-1)?.entry.data.toString()).toBe(
      'rest goes on',
    );
  });

  it('says what was refused also when its first line waits', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    const full = muxer.writeBatch(
      Array.from({ length: 100 }, () => ({ ...FIXED, data: Buffer.alloc(1000) })),
    );
    const writer = muxer.lineWriter(FIXED);
    writer.write('begun');
    const room = writer.write(' one\ntwo\nthree\n', { timeout: 1 });
    await expect(room).rejects.toMatchObject({
      code: 'ERR_WRITE_ABANDONED',
      accepted: 0,
      refused: 3,
    });
    const confirming = connection.until('the end', () => {
      connection.confirmThrough(connection.frames.length);
      return connection.frames.length === 100;
    });
    await Promise.all([full, confirming]);
    expect(muxer.stats()).toMatchObject({ writtenEntries: 100, backlogEntries: 0 });
  });
});
