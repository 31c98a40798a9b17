import { once } from 'node:events';
import { decodeEntry } from '@ringest/codec';
import { InvalidArgumentError, InvalidTagError, Timestamp } from '@ringest/core';
import { type RecordOptions, recordStream } from '@ringest/pino';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { hotMuxer, newMuxer } from '../support/muxer.js';

async function start(options: Partial<RecordOptions> = {}) {
  const indexer = await CollectingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  return { indexer, muxer, stream: recordStream(muxer, { tag: 'app', ...options }) };
}

/** Waits for the end of a stream: what has arrived. */
async function arrived(indexer: CollectingIndexer, stream: ReturnType<typeof recordStream>) {
  stream.end();
  await once(stream, 'finish');
  return indexer.received.map(({ tag, bytes }) => {
    const { timestamp, data, enumeratedValues } = decodeEntry(bytes);
    const values = enumeratedValues.map(({ name, value }) => [name, value]);
    return {
      tag,
      time: timestamp.toDate().getTime(),
      data: `${data}`,
      values: Object.fromEntries(values),
    };
  });
}

it('a record is an entry with its time, as pino wrote it', async () => {
  const { indexer, stream } = await start();
  const logger = pino({ base: null, timestamp: () => ',"time":1234567890123' }, stream);
  logger.info({ a: 1 }, 'ü');
  const data = '{"level":30,"time":1234567890123,"a":1,"msg":"ü"}';
  const entry = { tag: 'app', time: 1234567890123, data, values: {} };
  expect(await arrived(indexer, stream)).toEqual([entry]);
  expect(stream.stats()).toEqual({ records: 1, refused: 0, lost: 0, undated: 0 });
});

it('fields become enumerated values, and the data is the text alone, if they should', async () => {
  const fields = ['level', 'text', 'number', 'flag', 'list', 'absent', 'nothing'];
  const { indexer, stream } = await start({ data: 'message', fields, levels: { 35: 'notice' } });
  const logger = pino(
    { customLevels: { notice: 35 }, timestamp: pino.stdTimeFunctions.isoTime },
    stream,
  );
  logger.notice({ text: 'x', number: 1.5, flag: false, list: [1, 'a'], nothing: null }, 'hello');
  logger.error({});
  const [first, second] = await arrived(indexer, stream);
  expect(first).toMatchObject({
    data: 'hello',
    values: { level: 'notice', text: 'x', number: 1.5, flag: false, list: '[1,"a"]' },
  });
  expect(second?.values).toEqual({ level: 'error' });
  const record = JSON.parse(second?.data ?? '');
  expect(second?.time).toBe(Date.parse(record.time));
  expect(stream.stats().undated).toBe(0);
});

it('records may come in pieces of bytes, and the last one without an end', async () => {
  const { indexer, stream } = await start();
  const lines = Array.from({ length: 50 }, (_, i) => `{"level":30,"time":${i},"msg":"ü€😀 ${i}"}`);
  const bytes = Buffer.from(lines.join('\n'));
  for (let at = 0; at < bytes.length; at += 7) stream.write(bytes.subarray(at, at + 7));
  expect((await arrived(indexer, stream)).map(({ data }) => data)).toEqual(lines);
});

it('a record without a time, and a line that is no record, have the present time and are counted', async () => {
  const { indexer, stream } = await start({ fields: ['level'] });
  const before = Timestamp.now().toDate().getTime();
  const lines = ['no record', '{"level":30}', '{"level":99,"time":"yesterday"}', '7', 'null'];
  stream.write(`${lines.join('\n')}\n`);
  const entries = await arrived(indexer, stream);
  expect(entries.map(({ data }) => data)).toEqual(lines);
  expect(entries.map(({ values }) => values)).toEqual([
    {},
    { level: 'info' },
    { level: 99n },
    {},
    {},
  ]);
  for (const { time } of entries) expect(time).toBeGreaterThanOrEqual(before);
  expect(stream.stats()).toMatchObject({ records: 5, undated: 5 });
});

it('a record that cannot be an entry is refused, and the others arrive', async () => {
  const indexer = await CollectingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address], maxEntrySize: 1000 });
  const stream = recordStream(muxer, { tag: 'app' });
  const line = (size: number) => `${'x'.repeat(size)}\n`;
  stream.write(line(10) + line(1001) + line(20));
  expect((await arrived(indexer, stream)).map(({ data }) => data.length)).toEqual([10, 20]);
  expect(stream.stats()).toMatchObject({ records: 3, refused: 1, lost: 0 });
});

it('records after the end of the muxer are lost and counted, and the stream goes on', async () => {
  const { muxer, stream } = await start();
  await muxer.close();
  const write = (text: string) => new Promise((resolve) => stream.write(text, resolve));
  await write('{"time":1}\n{"time":2}\n');
  await write('{"time":3}\n');
  expect(stream.stats()).toMatchObject({ records: 3, lost: 3, refused: 0 });
  expect(stream.destroyed).toBe(false);
  stream.end();
  await once(stream, 'finish');
});

it('flush waits for confirmations', async () => {
  const { muxer, stream } = await start();
  stream.write('{"time":1}\n');
  await new Promise((resolve) => stream.flush(resolve));
  expect(muxer.stats().confirmedEntries).toBe(1);
});

it('bad options are refused', () => {
  const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
  const bad = [
    undefined,
    {},
    { tag: 'app', data: 'all' },
    { tag: 'app', fields: 'level' },
    { tag: 'app', levels: { 1: 2 } },
    { tag: 'app', messageKey: 1 },
  ];
  for (const options of bad) {
    expect(() => recordStream(muxer, options as never)).toThrow(InvalidArgumentError);
  }
  expect(() => recordStream(muxer, { tag: 'a b' })).toThrow(InvalidTagError);
});
