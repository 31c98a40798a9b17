import { decodeEntry } from '@ringest/codec';
import {
  BatchError,
  type EntryInput,
  type IngestMuxer,
  InvalidArgumentError,
  type MuxerConfiguration,
  OversizedEntryError,
  Timestamp,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { collectLogs, hotMuxer } from '../../support/muxer.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';

async function connected(options: Partial<MuxerConfiguration>) {
  const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
  const muxer = await hotMuxer({ targets: [indexer.address], ...options });
  return { muxer, connection: await indexer.hot(0) };
}

const decoded = ({ arrivals }: ScriptedConnection) =>
  arrivals.map(({ bytes }) => decodeEntry(bytes));
const dataOf = (connection: ScriptedConnection) => decoded(connection).map(({ data }) => `${data}`);

const entry = (data: string | Uint8Array): EntryInput => ({ timestamp: 0, tag: 0, data });
const LIMIT = { maxEntrySize: 6 };

describe('maxEntrySize', () => {
  it.each([
    ['bytes', new Uint8Array(7), 7],
    ['text', 'seven..', 7],
    ['text by its bytes', 'üüüü', 8],
  ])('refuses longer %s', async (_name, data, bytes) => {
    const { muxer } = await connected(LIMIT);
    const act = () => muxer.writeEntry(entry(data));
    expect(act).toThrow(OversizedEntryError);
    expect(act).toThrow(expect.objectContaining({ bytes, limit: 6 }));
  });

  it('takes what is as long, whatever way it comes', async () => {
    const { muxer, connection } = await connected(LIMIT);
    muxer.writeEntry(entry('üüü'));
    muxer.writeBatch([entry('six...'), entry('')]);
    muxer.writePacked(Buffer.from('packed'), new Uint32Array([0, 6]), { tag: 0 });
    muxer.lineWriter({ tag: 0 }).write('a line\n');
    await muxer.sync();
    expect(dataOf(connection)).toEqual(['üüü', 'six...', '', 'packed', 'a line']);
  });

  it('refuses a whole batch, packed or not, and a ditto block', async () => {
    const { muxer, connection } = await connected(LIMIT);
    const entries = [entry('short'), entry('too long')];
    const offsets = new Uint32Array([0, 5, 13]);
    const ways: (() => unknown)[] = [
      () => muxer.writeBatch(entries),
      () => muxer.writePacked(Buffer.from('shorttoo long'), offsets, { tag: 0 }),
    ];
    for (const way of ways) {
      expect(way).toThrow(BatchError);
      expect(way).toThrow(
        expect.objectContaining({ index: 1, cause: expect.any(OversizedEntryError) }),
      );
    }
    await expect(muxer.dittoWrite(entries)).rejects.toMatchObject({ code: 'ERR_BATCH', index: 1 });
    await muxer.sync();
    expect(connection.arrivals).toEqual([]);
  });

  it('is the longest line of a line writer, which splits longer ones', async () => {
    const { muxer, connection } = await connected(LIMIT);
    muxer.lineWriter({ tag: 0 }).write('one and two\n');
    await muxer.sync();
    expect(dataOf(connection)).toEqual(['one an', 'd two']);
    expect(() => muxer.lineWriter({ tag: 0, maxLineBytes: 7 })).toThrow(InvalidArgumentError);
  });
});

const HOUR = 3_600_000;
const WINDOW = { timestampWindow: { past: HOUR, future: HOUR } };
const iso = (offset: number) => new Date(Date.now() + offset).toISOString();

describe('timestampWindow', () => {
  const ways: [name: string, write: (muxer: IngestMuxer, times: readonly string[]) => void][] = [
    [
      'entries',
      (muxer, times) => {
        for (const timestamp of times) muxer.writeEntry({ ...entry('a'), timestamp });
      },
    ],
    [
      'a batch',
      (muxer, times) => {
        muxer.writeBatch(times.map((timestamp) => ({ ...entry('a'), timestamp })));
      },
    ],
    [
      'packed entries',
      (muxer, times) => {
        const parsed = times.map((time) => Timestamp.parse(time));
        const timestamps = {
          seconds: Float64Array.from(parsed, ({ seconds }) => seconds),
          nanoseconds: Uint32Array.from(parsed, ({ nanoseconds }) => nanoseconds),
        };
        const before = structuredClone(timestamps);
        const offsets = Uint32Array.from({ length: times.length + 1 }, (_, i) => i);
        muxer.writePacked(Buffer.alloc(times.length), offsets, { tag: 0, timestamps });
        expect(timestamps).toEqual(before);
      },
    ],
    [
      'packed entries of one time each',
      (muxer, times) => {
        for (const timestamp of times) {
          muxer.writePacked(Buffer.alloc(1), new Uint32Array([0, 1]), { tag: 0, timestamp });
        }
      },
    ],
    [
      'lines with their times',
      (muxer, times) => {
        const timestamp = (chunk: Uint8Array, from: number, to: number) =>
          Buffer.from(chunk.subarray(from, to)).toString();
        muxer.lineWriter({ tag: 0, timestamp }).write(`${times.join('\n')}\n`);
      },
    ],
    [
      'long lines with their times',
      (muxer, times) => {
        const timestamp = (chunk: Uint8Array, from: number) =>
          Buffer.from(chunk.subarray(from, from + 24)).toString();
        const long = times.map((time) => time + 'x'.repeat(100_000));
        muxer.lineWriter({ tag: 0, timestamp }).write(`${long.join('\n')}\n`);
      },
    ],
  ];

  it.each(ways)(
    'gives %s of other times the present one, and leaves the rest',
    async (_name, write) => {
      const { muxer, connection } = await connected({ ...WINDOW, ringBytes: 65536 });
      const before = Date.now();
      const times = [iso(-HOUR / 2), iso(-2 * HOUR), iso(HOUR / 2), iso(2 * HOUR)];
      write(muxer, times);
      await muxer.sync();
      const after = Date.now();
      const arrived = decoded(connection).map(({ timestamp }) => timestamp);
      expect(arrived).toHaveLength(4);
      expect([arrived[0], arrived[2]].map((time) => time?.toDate().toISOString())).toEqual([
        times[0],
        times[2],
      ]);
      for (const time of [arrived[1], arrived[3]]) {
        expect(time?.toDate().getTime()).toBeGreaterThanOrEqual(before);
        expect(time?.toDate().getTime()).toBeLessThanOrEqual(after);
      }
    },
  );

  it('may have one side only', async () => {
    const { muxer, connection } = await connected({ timestampWindow: { past: HOUR } });
    const future = iso(100 * HOUR);
    muxer.writeEntry({ ...entry('a'), timestamp: future });
    await muxer.sync();
    expect(decoded(connection)[0]?.timestamp.toDate().toISOString()).toBe(future);
  });

  it('leaves ditto blocks as they are', async () => {
    const { muxer, connection } = await connected(WINDOW);
    await muxer.dittoWrite([entry('a')]);
    expect(connection.dittos[0]?.[0]?.entry.timestamp.seconds).toBe(0);
  });

  it('is in the log when it replaces times, once for many', async () => {
    const { logger, lines } = collectLogs();
    const { muxer } = await connected({ ...WINDOW, logger });
    for (let i = 0; i < 100; i++) muxer.writeEntry(entry('a'));
    await muxer.sync();
    const told = lines.map((line) => JSON.parse(line)).filter(({ msg }) => /outside/.test(msg));
    expect(told.map(({ timestamp }) => timestamp)).toEqual(['1970-01-01T00:00:00Z']);
  });
});
