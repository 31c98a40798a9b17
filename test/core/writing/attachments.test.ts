import { hostname } from 'node:os';
import {
  decodeEntry,
  type Entry,
  EnumeratedType,
  EnumeratedValue,
  Source,
  Timestamp,
} from '@ringest/codec';
import {
  BatchError,
  ConfigurationError,
  IngestMuxer,
  type MuxerConfiguration,
} from '@ringest/core';
import { describe, expect, it, vi } from 'vitest';
import { type Arrival, expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const UUID = '01234567-89ab-4def-8123-456789abcdef';
const GOOD = { targets: ['tcp://127.0.0.1:4023'], secret: 'x' };

function decoded(arrivals: readonly Arrival[]): Entry[] {
  return arrivals.map(({ bytes }) => decodeEntry(bytes));
}

/** Values that tests look at one by one. */
interface Values {
  readonly at?: Timestamp;
  readonly who?: string;
}

/** The values of an arrival by name. */
function valuesOf({ enumeratedValues }: Entry): Values {
  return Object.fromEntries(enumeratedValues.map(({ name, value }) => [name, value]));
}

/** An indexer that confirms what comes, on one connection. */
async function confirmingIndexer(version = 9) {
  const indexer = await ScriptedIndexer.listen({ version, confirms: 'at once' });
  const received = async () => (await indexer.hot(0)).arrivals;
  return { address: indexer.address, received };
}

/** An indexer and a muxer with attachments. */
async function attaching(attach: MuxerConfiguration['attach'], version = 9) {
  const indexer = await confirmingIndexer(version);
  const muxer = await hotMuxer({ targets: [indexer.address], uuid: UUID, ...given(attach) });
  return { indexer, muxer };
}

/** What is done at a time of the system's clock. */
function at<Result>(milliseconds: number, act: () => Result): Result {
  const clock = vi.spyOn(Date, 'now').mockReturnValue(milliseconds);
  try {
    return act();
  } finally {
    clock.mockRestore();
  }
}

function given(attach: MuxerConfiguration['attach']) {
  return attach === undefined ? {} : { attach };
}

function refusalOf(configuration: object): ConfigurationError {
  try {
    new IngestMuxer({ ...GOOD, ...configuration } as MuxerConfiguration);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
}

describe('what is attached', () => {
  it('goes with every entry: constants of every type', async () => {
    const constants = [
      EnumeratedValue.of('bytes', EnumeratedType.byteSlice, Buffer.from([0, 255])),
      EnumeratedValue.of('bool', EnumeratedType.bool, true),
      EnumeratedValue.of('uint8', EnumeratedType.uint8, 255),
      EnumeratedValue.of('int8', EnumeratedType.int8, -128),
      EnumeratedValue.of('int16', EnumeratedType.int16, -2),
      EnumeratedValue.of('uint16', EnumeratedType.uint16, 65_535),
      EnumeratedValue.of('int32', EnumeratedType.int32, -3),
      EnumeratedValue.of('uint32', EnumeratedType.uint32, 2 ** 32 - 1),
      EnumeratedValue.of('int64', EnumeratedType.int64, -(2n ** 63n)),
      EnumeratedValue.of('uint64', EnumeratedType.uint64, 2n ** 64n - 1n),
      EnumeratedValue.of('float32', EnumeratedType.float32, 0.5),
      EnumeratedValue.of('float64', EnumeratedType.float64, Math.PI),
      EnumeratedValue.of('string', EnumeratedType.string, 'grün'),
      EnumeratedValue.of('mac', EnumeratedType.mac, 'de:ad:be:ef:00:01'),
      EnumeratedValue.of('ip', EnumeratedType.ip, '2001:db8::1'),
      EnumeratedValue.of(
        'timestamp',
        EnumeratedType.timestamp,
        Timestamp.parse('2024-02-29T00:00:00Z'),
      ),
      EnumeratedValue.of('duration', EnumeratedType.duration, 5n),
    ];
    expect(constants.map(({ type }) => type).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 17 }, (_, i) => i + 1),
    );
    const attach = Object.fromEntries(constants.map((value) => [value.name, value]));
    const { indexer, muxer } = await attaching(attach);
    const entry = { timestamp: 1, tag: 0, data: 'a' };
    await muxer.writeEntry(entry);
    await muxer.write(1, 0, 'a');
    await muxer.writeBatch([entry, entry]);
    await muxer.sync();
    const expected = expectedArrival({ ...entry, enumeratedValues: constants });
    expectArrivals(await indexer.received(), [expected, expected, expected, expected]);
  });

  it('knows the machine, the ingester, the environment and the time of the write', async () => {
    Object.assign(process.env, { RINGEST_TEST_SITE: 'north' });
    const attach = {
      at: '$NOW',
      host: '$HOSTNAME',
      who: '$UUID',
      site: '$RINGEST_TEST_SITE',
      none: '$RINGEST_TEST_UNSET',
      price: '$$5',
    };
    const { indexer, muxer } = await attaching(attach);
    Reflect.deleteProperty(process.env, 'RINGEST_TEST_SITE');
    const written = at(5000, () => muxer.write(1, 0, 'a'));
    await written;
    await muxer.sync();
    const [values = {}] = decoded(await indexer.received()).map(valuesOf);
    const { at: time, ...rest } = values;
    expect(rest).toEqual({ host: hostname(), who: UUID, site: 'north', none: '', price: '$5' });
    expect(Object.keys(values)).toEqual(Object.keys(attach));
    expect(time).toEqual(Timestamp.from(5000));
  });

  it('is the UUID that the ingester introduces itself with, also a random one', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address], attach: { who: '$UUID' } });
    const connection = await indexer.hot(0);
    await muxer.write(1, 0, 'a');
    await connection.entries(1);
    const [values = {}] = decoded(connection.arrivals).map(valuesOf);
    expect(values.who).toMatch(/^[0-9a-f-]{36}$/);
    expect(values.who).toBe(connection.identity?.uuid);
  });

  it('comes after the values of an entry, which win', async () => {
    const { indexer, muxer } = await attaching({ site: 'north', level: 1 });
    const entry = { timestamp: 1, tag: 0, data: 'a' };
    await muxer.writeEntry({ ...entry, enumeratedValues: { own: 'x', level: 'high' } });
    await muxer.writeBatch([{ ...entry, enumeratedValues: {} }, entry]);
    await muxer.sync();
    const names = decoded(await indexer.received()).map((one) => Object.entries(valuesOf(one)));
    const attached = [
      ['site', 'north'],
      ['level', 1n],
    ];
    expect(names[0]).toEqual([
      ['own', 'x'],
      ['level', 'high'],
      ['site', 'north'],
    ]);
    expect(names.slice(1)).toEqual([attached, attached]);
  });

  it('goes with entries that wait, as it was when they were written', async () => {
    const targets = ['tcp://127.0.0.1:1'];
    const indexer = await confirmingIndexer();
    // Two targets: nobody knows which one will be there first, and entries wait outside the rings.
    const muxer = newMuxer({ targets: [indexer.address, ...targets], attach: { at: '$NOW' } });
    muxer.start();
    const waiting = [
      at(5000, () => muxer.write(1, 0, 'a')),
      at(6000, () => muxer.writeBatch([{ timestamp: 1, tag: 0, data: 'b' }])),
    ];
    expect(muxer.stats().backlogEntries).toBe(2);
    await Promise.all(waiting);
    await muxer.sync();
    const times = decoded(await indexer.received()).map((entry) =>
      valuesOf(entry).at?.toDate().getTime(),
    );
    expect(times).toEqual([5000, 6000]);
  });

  it('goes with large entries, and with text of any width', async () => {
    const indexer = await confirmingIndexer();
    const attach = { site: 'nörd' };
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING, attach });
    const entries = ['ü'.repeat(40_000), 'small', Buffer.alloc(100_000, 7)].map((data) => ({
      timestamp: 1,
      tag: 0,
      data,
    }));
    for (const entry of entries) await muxer.writeEntry(entry);
    await muxer.sync();
    const expected = entries.map((entry) =>
      expectedArrival({ ...entry, enumeratedValues: attach }),
    );
    expectArrivals(await indexer.received(), expected);
  });

  it.each([
    [7, false],
    [8, true],
  ])('is left out for an indexer of API version %s: %s', async (apiVersion, isTaken) => {
    const { indexer, muxer } = await attaching({ site: 'north' }, apiVersion);
    const entry = { timestamp: 1, tag: 0, data: 'a' };
    await muxer.writeEntry(entry);
    await muxer.writeBatch([
      { ...entry, enumeratedValues: { own: 1 } },
      { ...entry, data: 'c' },
    ]);
    await muxer.sync();
    const names = decoded(await indexer.received()).map((one) => Object.keys(valuesOf(one)));
    expect(names).toEqual(isTaken ? [['site'], ['own', 'site'], ['site']] : [[], [], []]);
    expect(decoded(await indexer.received()).map(({ data }) => data.toString())).toEqual([
      'a',
      'a',
      'c',
    ]);
  });

  it('does not change with the object that it was given in', async () => {
    const raw = Buffer.from('ab');
    const attach = { site: 'north', raw };
    const { indexer, muxer } = await attaching(attach);
    attach.site = 'south';
    Object.assign(attach, { more: 'x' });
    raw.fill(0);
    await muxer.write(1, 0, 'a');
    await muxer.sync();
    const [values] = decoded(await indexer.received()).map(valuesOf);
    expect(values).toEqual({ site: 'north', raw: Buffer.from('ab') });
  });

  it('takes a bad value of an entry back with its batch', async () => {
    const { indexer, muxer } = await attaching({ site: 'north' });
    const entry = { timestamp: 1, tag: 0, data: 'a' };
    const bad = { ...entry, enumeratedValues: { '': 1 } };
    expect(() => muxer.writeBatch([entry, bad])).toThrow(BatchError);
    await muxer.writeBatch([entry]);
    await muxer.sync();
    expect(await indexer.received()).toHaveLength(1);
  });

  it.each([
    ['attach', null],
    ['attach', 'site'],
    ['attach', ['site']],
    ['attach', new Map([['site', 'north']])],
    ['attach', { '': 1 }],
    ['attach.site', { site: undefined }],
    ['attach.site', { site: { deep: 1 } }],
    ['attach.site', { site: 'x'.repeat(70_000) }],
    ['attach.site', { site: '$' }],
    ['attach.site', { site: EnumeratedValue.infer('other', 1) }],
  ])('names what it cannot be: %s', (field, attach) => {
    expect(refusalOf({ attach })).toMatchObject({ code: 'ERR_CONFIGURATION', field });
  });
});

describe('the source of an entry', () => {
  it.each([
    ['a text', '10.1.2.3', '10.1.2.3'],
    ['four bytes', Uint8Array.of(10, 1, 2, 4), '10.1.2.4'],
    ['a source', Source.parse('2001:db8::5'), '2001:db8::5'],
  ])('is its own, or else the override: %s', async (_kind, sourceOverride, expected) => {
    const indexer = await confirmingIndexer();
    const muxer = await hotMuxer({ targets: [indexer.address], sourceOverride });
    if (sourceOverride instanceof Uint8Array) sourceOverride.fill(0);
    const entry = { timestamp: 1, tag: 0, data: 'a' };
    await muxer.writeEntry(entry);
    await muxer.writeBatch([entry, { ...entry, source: '192.0.2.9' }]);
    await muxer.write(1, 0, 'a');
    await muxer.sync();
    const sources = decoded(await indexer.received()).map(({ source }) => `${source}`);
    expect(sources).toEqual([expected, expected, '192.0.2.9', expected]);
  });

  it('is the local address of the connection if there is none at all', async () => {
    const indexer = await confirmingIndexer();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    await muxer.write(1, 0, 'a');
    await muxer.sync();
    expect(decoded(await indexer.received()).map(({ source }) => `${source}`)).toEqual([
      muxer.sourceIP(),
    ]);
  });

  it.each(['', 'localhost', '10.0.0', 'fe80::1%eth0', 5, null, Uint8Array.of(1, 2, 3, 4, 5)])(
    'cannot be overridden by %j',
    (sourceOverride) => {
      expect(refusalOf({ sourceOverride })).toMatchObject({ field: 'sourceOverride' });
    },
  );
});

describe('the oldest API version that is taken', () => {
  it.each([-1, 10, 1.5, '8', null])('cannot be %j', (minVersion) => {
    expect(refusalOf({ minVersion })).toMatchObject({ field: 'minVersion' });
  });

  it.each([0, 9])('may be %s', (minVersion) => {
    expect(() => new IngestMuxer({ ...GOOD, minVersion })).not.toThrow();
  });

  it('takes an indexer of that very version', async () => {
    const indexer = await confirmingIndexer(8);
    const muxer = await hotMuxer({ targets: [indexer.address], minVersion: 8 });
    await muxer.write(1, 0, 'a');
    await muxer.sync();
    expect(await indexer.received()).toHaveLength(1);
  });

  it('is fatal to a lane whose indexer is older, and to none of the others', async () => {
    const old = await RecordingIndexer.start({ apiVersion: 7 });
    const current = await RecordingIndexer.start();
    const muxer = newMuxer({ targets: [old.address, current.address], minVersion: 8 });
    const failed = new Promise<Error>((resolve) => muxer.once('error', resolve));
    muxer.start();
    expect(await failed).toMatchObject({ reason: 'version' });
    await muxer.waitForHot();
    await muxer.writeBatch(Array.from({ length: 10 }, () => ({ timestamp: 1, tag: 0, data: 'a' })));
    await muxer.sync();
    expect(current.received).toHaveLength(10);
    expect(old.received).toHaveLength(0);
    const fatal = muxer.status().targets.map(({ fatalError }) => fatalError !== undefined);
    expect(fatal).toEqual([true, false]);
  });
});
