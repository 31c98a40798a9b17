import { once } from 'node:events';
import { decodeEntry } from '@ringest/codec';
import { InvalidArgumentError, InvalidTagError, type MuxerConfiguration } from '@ringest/core';
import { RingestTransport, type RingestTransportOptions } from '@ringest/winston';
import { expect, it } from 'vitest';
import { config, createLogger, format, type Logger } from 'winston';
import { unusedAddress } from '../support/caching.js';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../support/muxer.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { eventually } from '../support/waiting.js';

interface Given {
  readonly transport?: Partial<RingestTransportOptions>;
  readonly muxer?: Partial<MuxerConfiguration>;
}

async function start(given: Given = {}) {
  const indexer = await CollectingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address], ...given.muxer });
  const transport = new RingestTransport({ muxer, tag: 'app', ...given.transport });
  return { indexer, muxer, transport };
}

function entriesOf(indexer: CollectingIndexer) {
  return indexer.received.map(({ tag, bytes }) => {
    const { timestamp, data, enumeratedValues } = decodeEntry(bytes);
    const values = enumeratedValues.map(({ name, value }) => [name, value]);
    return {
      tag,
      time: timestamp.toDate().toJSON(),
      data: `${data}`,
      values: Object.fromEntries(values),
    };
  });
}

/** Ends a logger: what has arrived then. */
async function arrived(indexer: CollectingIndexer, logger: Logger) {
  const finished = once(logger, 'finish');
  logger.end();
  await finished;
  return entriesOf(indexer);
}

it('a record is an entry with its time, as the format has written it, and is confirmed at the end', async () => {
  const { indexer, transport } = await start();
  const timestamp = format.timestamp({ format: () => '2009-02-13T23:31:30.123Z' });
  const logger = createLogger({
    format: format.combine(timestamp, format.json()),
    transports: [transport],
  });
  logger.info('ü', { a: 1 });
  logger.debug('not at this level');
  const time = '2009-02-13T23:31:30.123Z';
  const data = `{"a":1,"level":"info","message":"ü","timestamp":"${time}"}`;
  expect(await arrived(indexer, logger)).toEqual([{ tag: 'app', time, data, values: {} }]);
  expect(transport.stats()).toEqual({ records: 1, refused: 0, lost: 0, undated: 0 });
});

it('fields become enumerated values, and the data is the text alone, if they should', async () => {
  const fields = ['level', 'text', 'number', 'flag', 'list', 'error', 'self', 'absent', 'nothing'];
  const { indexer, transport } = await start({ transport: { data: 'message', fields } });
  const logger = createLogger({
    levels: config.syslog.levels,
    format: format.combine(format.colorize(), format.simple()),
    transports: [transport],
  });
  const self: Record<string, unknown> = {};
  Object.assign(self, { self });
  const error = new RangeError('too far');
  const meta = { text: 'x', number: 1.5, flag: false, list: [1, 'a'], error, nothing: null };
  logger.notice('hello', meta);
  // The format of the logger cannot print it.
  transport.write({ level: 'notice', [Symbol.for('level')]: 'notice', message: 'round', self });
  const [first, second] = await arrived(indexer, logger);
  expect(first).toMatchObject({
    data: 'hello',
    values: { level: 'notice', text: 'x', number: 1.5, flag: false, list: '[1,"a"]' },
  });
  expect(first?.values.error).toBe('RangeError: too far');
  expect(second).toMatchObject({
    data: 'round',
    values: { self: '<ref *1> { self: [Circular *1] }' },
  });
});

it('a record without a time has the present one, and a time that cannot be read is counted', async () => {
  const { indexer, transport } = await start();
  const before = new Date().toJSON();
  const logger = createLogger({ transports: [transport] });
  logger.info('none');
  logger.info('bad', { timestamp: 'half past nine' });
  logger.info('date', { timestamp: new Date(7) });
  const [none, bad, date] = await arrived(indexer, logger);
  expect((none?.time ?? '') >= before && (bad?.time ?? '') >= before).toBe(true);
  expect(date?.time).toBe('1970-01-01T00:00:00.007Z');
  expect(transport.stats()).toMatchObject({ records: 3, undated: 1 });
});

it('records wait while there is no room, and then arrive in their order', async () => {
  const { address, port } = await unusedAddress();
  const room = { ringBytes: SMALL_RING, backlogBytes: SMALL_RING };
  const muxer = newMuxer({ targets: [address], ...room });
  muxer.start();
  const transport = new RingestTransport({ muxer, tag: 'app' });
  const logger = createLogger({ transports: [transport], format: format.simple() });
  const text = 'x'.repeat(1000);
  const count = 500;
  for (let number = 0; number < count; number++) logger.info(`${number} ${text}`);
  await eventually(() => expect(muxer.willBlock()).toBe(true));
  expect(transport.writableLength).toBeGreaterThan(0);
  // Other transports do not wait for it.
  expect(logger.writableLength + logger.readableLength).toBe(0);
  const indexer = await CollectingIndexer.start({ port });
  const entries = await arrived(indexer, logger);
  expect(entries.map(({ data }) => data)).toEqual(
    Array.from({ length: count }, (_, number) => `info: ${number} ${text}`),
  );
  expect(transport.stats()).toEqual({ records: count, refused: 0, lost: 0, undated: 0 });
});

it('the format of the transport may leave records out, and those that it fails with are refused', async () => {
  const own = format((info) => {
    if (info.message === 'bad') throw new Error('a format that fails');
    return info.message === 'secret' ? false : { ...info, seen: true };
  });
  const { indexer, transport } = await start({
    transport: { format: format.combine(own(), format.json()) },
  });
  const logger = createLogger({ transports: [transport] });
  for (const message of ['bad', 'one', 'secret', 'bad', 'two']) logger.info(message);
  const entries = await arrived(indexer, logger);
  expect(entries.map(({ data }) => JSON.parse(data))).toEqual([
    { level: 'info', message: 'one', seen: true },
    { level: 'info', message: 'two', seen: true },
  ]);
  expect(transport.stats()).toMatchObject({ records: 4, refused: 2 });
});

it('a record that cannot be an entry is refused, and the others arrive', async () => {
  const { indexer, transport } = await start({ muxer: { maxEntrySize: 1000 } });
  const logger = createLogger({ transports: [transport], format: format.simple() });
  for (const size of [10, 1001, 20]) logger.info('x'.repeat(size));
  expect((await arrived(indexer, logger)).map(({ data }) => data)).toHaveLength(2);
  expect(transport.stats()).toMatchObject({ records: 3, refused: 1, lost: 0 });
});

it('records after the end of the muxer are lost and counted, and the program goes on', async () => {
  const { muxer, transport } = await start();
  const logger = createLogger({ transports: [transport] });
  await muxer.close();
  logger.info('one');
  logger.info('two');
  await eventually(() => expect(transport.stats()).toMatchObject({ records: 2, lost: 2 }));
  logger.info('three');
  await eventually(() => expect(transport.stats()).toMatchObject({ records: 3, lost: 3 }));
  expect(transport.stats().refused).toBe(0);
  expect(transport.destroyed).toBe(false);
  const finished = once(logger, 'finish');
  logger.end();
  await finished;
});

it('records whose tag the indexer refuses are refused and counted, also the first ones', async () => {
  const indexer = await ScriptedIndexer.listen({ numberTag: () => undefined });
  const muxer = await hotMuxer({ targets: [indexer.address] });
  const refused = once(muxer, 'error');
  const transport = new RingestTransport({ muxer, tag: 'app' });
  await refused;
  const logger = createLogger({ transports: [transport] });
  logger.info('one');
  logger.info('two');
  await eventually(() => expect(transport.stats().records).toBe(2));
  expect(transport.stats()).toMatchObject({ refused: 2, lost: 0 });
});

it('exceptions arrive if the transport handles them', async () => {
  const { indexer, muxer, transport } = await start({ transport: { handleExceptions: true } });
  const other = new RingestTransport({ muxer, tag: 'other' });
  const logger = createLogger({ transports: [transport, other], exitOnError: false });
  logger.log({ level: 'error', message: 'boom', exception: true });
  const tags = (await arrived(indexer, logger)).map(({ tag }) => tag);
  logger.exceptions.unhandle();
  expect(tags).toEqual(['app']);
});

it('bad options are refused', () => {
  const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
  const bad = [
    { tag: undefined },
    { tag: 'app', data: 'all' },
    { tag: 'app', fields: 'level' },
    { tag: 'app', timeKey: 1 },
  ];
  for (const options of bad) {
    const make = () => new RingestTransport({ muxer, ...options } as never);
    expect(make).toThrow(InvalidArgumentError);
  }
  expect(() => new RingestTransport(undefined as never)).toThrow(InvalidArgumentError);
  expect(() => new RingestTransport({ tag: 'app' } as never)).toThrow(InvalidArgumentError);
  expect(() => new RingestTransport({ muxer, tag: 'a b' })).toThrow(InvalidTagError);
});
