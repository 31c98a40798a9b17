import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { decodeEntry, type EntryInput } from '@ringest/codec';
import {
  BacklogFullError,
  BatchError,
  InvalidArgumentError,
  InvalidEntryError,
  InvalidSourceError,
  InvalidTimeoutError,
  InvalidTimestampError,
  NotRunningError,
  type PackedOptions,
  UnknownTagError,
} from '@ringest/core';
import { describe, expect, it, vi } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { FIXED, LineWriting } from '../../support/line-writing.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

/** Bytes of data, one after the other, and where each begins and the last one ends. */
function packed(parts: readonly (string | Uint8Array)[], before = 0) {
  const bytes = Buffer.concat([
    Buffer.alloc(before, '-'),
    ...parts.map((part) => Buffer.from(part)),
  ]);
  const offsets = new Uint32Array(parts.length + 1);
  let end = before;
  offsets[0] = end;
  parts.forEach((part, i) => {
    end += Buffer.from(part).length;
    offsets[i + 1] = end;
  });
  return { bytes, offsets };
}

/** The numbers from 0 on. */
const count = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Changes the second of these offsets to and fro, until the first one is 1. */
const FLICKERING = `
  const { parentPort, workerData: offsets } = require('node:worker_threads');
  parentPort.postMessage('flickers');
  while (Atomics.load(offsets, 0) === 0) Atomics.store(offsets, 1, 7 - Atomics.load(offsets, 1));
`;

const BYTES = Buffer.from('onetwothree');
const OFFSETS = Uint32Array.of(0, 3, 6, 11);

describe('packed entries', () => {
  it.each<[string, (string | Uint8Array)[]]>([
    ['none', []],
    ['one', ['one']],
    ['empty ones', ['', 'one', '', '', 'two', '']],
    ['more than can be staged together', count(5000).map((i) => `${i}`)],
    ['more bytes than can be staged together', count(300).map((i) => Buffer.alloc(900, `${i} `))],
    [
      'ones as long as a block takes',
      [16_337, 16_338, 16_339].map((n) => Buffer.alloc(n, `${n} `)),
    ],
    ['ones as long as the stage', [65_519, 65_536, 65_537].map((n) => Buffer.alloc(n, `${n} `))],
    ['ones longer than the ring', [10, 300_000, 10, 70_000].map((n) => Buffer.alloc(n, `${n} `))],
  ])('may be %s', async (_what, parts) => {
    const writing = await LineWriting.start();
    for (const before of [0, 5]) {
      const { bytes, offsets } = packed(parts, before);
      const room = writing.muxer.writePacked(bytes, offsets, FIXED);
      bytes.fill(0xee);
      offsets.fill(0);
      await room;
      await writing.expectLines(parts);
    }
  });

  it('may have a tag, a second and a nanosecond each', async () => {
    const writing = await LineWriting.start({ tags: ['a', 'b', 'c'] });
    const n = 4000;
    const { bytes, offsets } = packed(
      count(n).map((i) => (i % 500 === 0 ? 'x'.repeat(20_000) : `entry ${i}`)),
    );
    const tags = Uint16Array.from(count(n), (i) => Math.trunc(i / 7) % 3);
    const seconds = Float64Array.from(count(n), (i) => 1e9 * i - 62_135_596_800);
    const nanoseconds = Uint32Array.from(count(n), (i) => (i * 249_999) % 1e9);
    for (const columns of [{ seconds, nanoseconds }, { seconds }]) {
      await writing.muxer.writePacked(bytes, offsets, { tags, timestamps: columns });
      const expected = count(n).map((i) =>
        expectedArrival(
          {
            tag: 0,
            timestamp: {
              seconds: seconds[i] as number,
              nanoseconds: columns.nanoseconds === undefined ? 0 : (nanoseconds[i] as number),
            },
            data: bytes.subarray(offsets[i], offsets[i + 1]),
          },
          ['a', 'b', 'c'][tags[i] as number],
        ),
      );
      expectArrivals(await writing.arrived(), expected);
    }
  });

  it('have the time of the call unless another is given', async () => {
    const writing = await LineWriting.start();
    const clock = vi.spyOn(Date, 'now').mockReturnValue(4000);
    writing.muxer.writePacked(BYTES, OFFSETS, { tag: 0 });
    clock.mockRestore();
    const times = (await writing.arrived()).map(({ bytes }) => decodeEntry(bytes).timestamp);
    expect(times.map((time) => time.seconds)).toEqual([4, 4, 4]);
  });

  it('have the source that is given, and the attached values', async () => {
    for (const bytes of [10, 5000]) {
      const attach = { label: Buffer.alloc(bytes, 'label') };
      const writing = await LineWriting.start({ attach, sourceOverride: '192.0.2.9' });
      for (const source of ['10.1.2.3', '2001:db8::1']) {
        await writing.muxer.writePacked(BYTES, OFFSETS, { ...FIXED, source });
      }
      await writing.muxer.writePacked(BYTES, OFFSETS, FIXED);
      await writing.expect(
        ['10.1.2.3', '2001:db8::1', '192.0.2.9'].flatMap((source) =>
          ['one', 'two', 'three'].map((data) => ({
            ...FIXED,
            data,
            source,
            enumeratedValues: attach,
          })),
        ),
      );
    }
  });

  it('are cut once, also while another thread changes their offsets', async () => {
    const writing = await LineWriting.start();
    const offsets = new Uint32Array(new SharedArrayBuffer(12));
    offsets.set([0, 2, 7]);
    const thread = new Worker(FLICKERING, { eval: true, workerData: offsets });
    await once(thread, 'message');
    const wholes: string[] = [];
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 100; j++) {
        const room = writing.muxer.writePacked(Buffer.from('onetwo!'), offsets, FIXED);
        if (room) await room;
      }
      const arrived = (await writing.arrived()).map(({ bytes }) =>
        decodeEntry(bytes).data.toString(),
      );
      while (arrived.length > 0) wholes.push(arrived.splice(0, 2).join(''));
    }
    Atomics.store(offsets, 0, 1);
    await once(thread, 'exit');
    expect(wholes).toEqual(Array.from({ length: 2000 }, () => 'onetwo!'));
  });

  it('keep their places among what is written in the same turn', async () => {
    const writing = await LineWriting.start();
    const written: EntryInput[] = [];
    const writer = writing.writer();
    for (const i of count(60)) {
      const parts = count(i % 4).map((k) => `packed ${i}.${k}`);
      const { bytes, offsets } = packed(parts);
      writing.muxer.writePacked(bytes, offsets, FIXED);
      writing.muxer.write(7, 0, `alone ${i}`);
      writer.write(`line ${i}\nand `);
      writing.muxer.writeBatch([{ ...FIXED, data: `batch ${i}` }]);
      const lines = [`${i === 0 ? '' : 'and '}line ${i}`];
      written.push(
        ...[...parts, `alone ${i}`, ...lines, `batch ${i}`].map((data) => ({ ...FIXED, data })),
      );
    }
    await writing.expect(written);
  });
});

describe('packed entries that cannot be written', () => {
  const tags = (...numbers: number[]) => ({ tags: Uint16Array.from(numbers) });
  const times = (...numbers: number[]) => ({
    tag: 0,
    timestamps: { seconds: Float64Array.from(numbers) },
  });
  const all = { bytes: BYTES, offsets: OFFSETS, options: { tag: 0 } as unknown };

  it.each<[string, Partial<Record<keyof typeof all, unknown>>, new (...args: never[]) => Error]>([
    ['bytes that are text', { bytes: 'onetwothree' }, InvalidArgumentError],
    ['offsets in an array', { offsets: [0, 3, 6, 11] }, InvalidArgumentError],
    ['no offsets', { offsets: new Uint32Array(0) }, InvalidArgumentError],
    ['offsets of another type', { offsets: Float64Array.of(0, 3) }, InvalidArgumentError],
    ['no options', { options: undefined }, InvalidArgumentError],
    ['options that are null', { options: null }, InvalidArgumentError],
    ['neither tag nor tags', { options: {} }, InvalidArgumentError],
    ['tag and tags', { options: { tag: 0, ...tags(0, 0, 0) } }, InvalidArgumentError],
    ['a tag that is null', { options: { tag: null } }, UnknownTagError],
    ['an unknown tag', { options: { tag: 77 } }, UnknownTagError],
    ['tags in an array', { options: { tags: [0, 0, 0] } }, InvalidArgumentError],
    ['too few tags', { options: tags(0, 0) }, InvalidArgumentError],
    ['too many tags', { options: tags(0, 0, 0, 0) }, InvalidArgumentError],
    ['a time and times', { options: { ...times(1, 2, 3), timestamp: 1 } }, InvalidArgumentError],
    ['a time that is none', { options: { tag: 0, timestamp: null } }, InvalidTimestampError],
    ['times that are null', { options: { tag: 0, timestamps: null } }, InvalidArgumentError],
    ['times without seconds', { options: { tag: 0, timestamps: {} } }, InvalidArgumentError],
    ['too few times', { options: times(1, 2) }, InvalidArgumentError],
    [
      'seconds in an array',
      { options: { tag: 0, timestamps: { seconds: [1, 2, 3] } } },
      InvalidArgumentError,
    ],
    [
      'too few nanoseconds',
      {
        options: {
          tag: 0,
          timestamps: { ...times(1, 2, 3).timestamps, nanoseconds: Uint32Array.of(1) },
        },
      },
      InvalidArgumentError,
    ],
    ['a source that is none', { options: { tag: 0, source: 'nowhere' } }, InvalidSourceError],
    ['a timeout that is none', { options: { tag: 0, timeout: 0 } }, InvalidTimeoutError],
    ['a signal that is none', { options: { tag: 0, signal: {} } }, InvalidArgumentError],
  ])('with %s', async (_what, given, kind) => {
    const writing = await LineWriting.start();
    const { bytes, offsets, options } = { ...all, ...given } as {
      bytes: Uint8Array;
      offsets: Uint32Array;
      options: PackedOptions;
    };
    expect(() => writing.muxer.writePacked(bytes, offsets, options)).toThrow(kind);
    expect(writing.muxer.stats()).toMatchObject({ writtenEntries: 0, backlogEntries: 0 });
    writing.muxer.writePacked(BYTES, OFFSETS, FIXED);
    await writing.expectLines(['one', 'two', 'three']);
  });

  const nanoseconds = Uint32Array.of(0, 0, 1e9);
  it.each<[string, Uint32Array, PackedOptions, number, new (...args: never[]) => Error]>([
    ['offsets that fall', Uint32Array.of(0, 6, 3, 11), { tag: 0 }, 1, InvalidEntryError],
    ['offsets behind the bytes', Uint32Array.of(0, 6, 12), { tag: 0 }, 1, InvalidEntryError],
    ['a beginning behind the bytes', Uint32Array.of(4e9, 4e9), { tag: 0 }, 0, InvalidEntryError],
    ['an unknown tag', OFFSETS, tags(0, 77, 78), 1, UnknownTagError],
    ['a time that is no number', OFFSETS, times(1, 2, Number.NaN), 2, InvalidTimestampError],
    ['a time between two seconds', OFFSETS, times(1.5, 2, 3), 0, InvalidTimestampError],
    ['a time beyond all', OFFSETS, times(1, 2 ** 60, 3), 1, InvalidTimestampError],
    [
      'too many nanoseconds',
      OFFSETS,
      { tag: 0, timestamps: { ...times(1, 2, 3).timestamps, nanoseconds } },
      2,
      InvalidTimestampError,
    ],
  ])(
    'because of %s: the error says which, and nothing is written',
    async (_what, offsets, options, index, kind) => {
      const writing = await LineWriting.start();
      let error: unknown;
      try {
        writing.muxer.writePacked(BYTES, offsets, options);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(BatchError);
      expect(error).toMatchObject({ index });
      expect((error as BatchError).cause).toBeInstanceOf(kind);
      expect(writing.muxer.stats()).toMatchObject({ writtenEntries: 0, backlogEntries: 0 });
      writing.muxer.writePacked(BYTES, OFFSETS, FIXED);
      await writing.expectLines(['one', 'two', 'three']);
    },
  );

  it('before the start and after the end of the muxer', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    expect(() => muxer.writePacked(BYTES, OFFSETS, FIXED)).toThrow(NotRunningError);
    await muxer.close();
    expect(() => muxer.writePacked(BYTES, OFFSETS, FIXED)).toThrow(NotRunningError);
  });

  it('while too much waits', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      ringBytes: SMALL_RING,
      backlogBytes: 1000,
    });
    const { bytes, offsets } = packed(count(100).map(() => Buffer.alloc(1000)));
    const room = muxer.writePacked(bytes, offsets, FIXED);
    const { writtenEntries, backlogEntries } = muxer.stats();
    expect(() => muxer.writePacked(BYTES, OFFSETS, FIXED)).toThrow(BacklogFullError);
    expect(muxer.stats()).toMatchObject({ writtenEntries, backlogEntries });
    expect(writtenEntries + backlogEntries).toBe(100);
    const abandoned = expect(room).rejects.toMatchObject({
      code: 'ERR_WRITE_ABANDONED',
      accepted: writtenEntries,
      refused: backlogEntries,
    });
    await muxer.close();
    await abandoned;
  });
});
