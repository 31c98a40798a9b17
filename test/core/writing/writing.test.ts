import { type EntryInput, EnumeratedType, EnumeratedValue } from '@ringest/codec';
import { Source, Timestamp } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival, expectedArrivals } from '../../support/arrivals.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';

/** Writes entries one by one, each as soon as the one before is accepted, and checks what arrived. */
async function expectRoundTrip(entries: readonly EntryInput[], local?: string): Promise<void> {
  const listen = local === '::1' ? '[::1]:0' : '127.0.0.1:0';
  const recording = await RecordingIndexer.start({ listen });
  const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
  for (const entry of entries) await muxer.writeEntry(entry);
  await muxer.sync();
  expectArrivals(
    recording.received,
    entries.map((entry) => expectedArrival(entry, 'test', local)),
  );
}

const at = (data: Uint8Array | string): EntryInput => ({ timestamp: 1, tag: 0, data });

/** Bytes that depend on their place, somewhere in a larger buffer. */
function bytesAt(offset: number, length: number): Uint8Array {
  const whole = Uint8Array.from({ length: offset + length + 3 }, (_, i) => (i * 7) & 0xff);
  return whole.subarray(offset, offset + length);
}

describe('an entry', () => {
  it('is accepted at once while there is room: nothing has to be awaited', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address] });
    expect(muxer.writeEntry(at('one'))).toBeUndefined();
    expect(muxer.write(1, 0, 'two')).toBeUndefined();
    expect(muxer.writeBatch([at('three'), at('four')])).toBeUndefined();
    expect(muxer.writeBatch([])).toBeUndefined();
    expect(await muxer.writeEntry(at('five'))).toBeUndefined();
    await muxer.sync();
    expectArrivals(
      recording.received,
      ['one', 'two', 'three', 'four', 'five'].map((data) => expectedArrival(at(data))),
    );
    expect(muxer.stats()).toMatchObject({ writtenEntries: 5, confirmedEntries: 5 });
  });

  it('leaves at once, without a sync', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address] });
    muxer.writeEntry(at('alone'));
    await recording.entries(1);
    expectArrivals(recording.received, [expectedArrival(at('alone'))]);
  });

  it('that is written before any indexer is reached is kept for it', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = newMuxer({ targets: [recording.address] });
    muxer.start();
    expect(muxer.hot()).toBe(0);
    expect(muxer.writeEntry(at('early'))).toBeUndefined();
    await muxer.sync();
    expectArrivals(recording.received, [expectedArrival(at('early'))]);
  });

  it('is copied before the call returns, whatever is done to its buffers then', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    const expected = [];
    for (const length of [0, 1, 64, 500, 513, 5000, 16_337, 16_338, 16_339, 40_000, 300_000]) {
      const data = Buffer.from(bytesAt(0, length));
      const source = Uint8Array.of(10, 0, 0, length & 0xff);
      const time = { seconds: length, nanoseconds: 7 };
      const bytes = Buffer.from(`value ${length}`);
      const enumeratedValues = { bytes };
      const entry = { timestamp: time, tag: 0, data, source, enumeratedValues };
      expected.push(expectedArrival(entry));
      const wait = muxer.writeEntry(entry);
      data.fill(0xee);
      source.fill(0xee);
      bytes.fill(0xee);
      time.seconds = 9;
      entry.tag = 9;
      await wait;
    }
    await muxer.sync();
    expectArrivals(recording.received, expected);
  });

  it('of a batch is copied before the call returns', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    const entries = Array.from({ length: 200 }, (_, i) => ({
      timestamp: i,
      tag: 0,
      data: Buffer.from(bytesAt(i, 1000 + (i % 3) * 20_000)),
      source: Uint8Array.of(1, 2, 3, i),
    }));
    const expected = expectedArrivals(entries);
    const wait = muxer.writeBatch(entries);
    for (const { data, source } of entries) {
      data.fill(0xee);
      source.fill(0xee);
    }
    entries.length = 0;
    await wait;
    await muxer.sync();
    expectArrivals(recording.received, expected);
  });
});

describe('data', () => {
  it('of every length and alignment arrives to the byte', async () => {
    const lengths = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 127, 128, 129, 255, 256, 257];
    const longer = [511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 16_000];
    await expectRoundTrip(
      [...lengths, ...longer].flatMap((length) =>
        [0, 1, 4, 8, 13].map((offset) => at(bytesAt(offset, length))),
      ),
    );
  });

  it('around a quarter of the ring, from where an entry goes another way, arrives', async () => {
    const most = SMALL_RING / 4 - 46;
    await expectRoundTrip(
      [-2, -1, 0, 1, 2].flatMap((more) => [
        at(bytesAt(1, most + more)),
        at('a'.repeat(most + more)),
        at('ß'.repeat((most + more) >> 1)),
        at('€'.repeat(Math.floor((most + more) / 3))),
      ]),
    );
  });

  it('may be any kind of byte array', async () => {
    class Special extends Uint8Array {}
    const shared = new Uint8Array(new SharedArrayBuffer(600)).fill(7);
    await expectRoundTrip([
      at(Buffer.from('buffer')),
      at(Special.of(1, 2, 3)),
      at(shared),
      at(shared.subarray(3, 50)),
      at(new Uint8Array(0)),
      at(new Uint8Array(Reflect.construct(ArrayBuffer, [8, { maxByteLength: 64 }])).fill(1)),
    ]);
  });

  it('may be text of any characters, which is encoded as UTF-8', async () => {
    await expectRoundTrip(
      [
        '',
        'plain',
        'äöü ß é',
        '€ 標籤 ✓',
        '😀 𝄞 👩‍👩‍👧',
        '\0\u0001\u007f\u0080\uffff\ufeff',
        'line\nfeed\r\n',
        'x'.repeat(5000),
        '€'.repeat(5000),
        '😀'.repeat(4000),
      ].map(at),
    );
  });

  it('may be text with lone surrogates, which are replaced', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    const texts = ['\ud800', '\udfff', 'a\ud83dz', '\ude00\ud83d', `${'\ud800'.repeat(5461)}`];
    const longer = `x${'\udc00'.repeat(9000)}`;
    for (const text of [...texts, longer]) await muxer.writeEntry(at(text));
    await muxer.sync();
    expectArrivals(
      recording.received,
      [...texts, longer].map((text) => expectedArrival(at(new TextEncoder().encode(text)))),
    );
  });

  it('may be text of one byte or two bytes a character inside the engine', async () => {
    const latin = Buffer.alloc(3000, 'é', 'latin1').toString('latin1');
    const sliced = `€${'abc'.repeat(1000)}`.slice(1);
    const roped = `${'left'.repeat(200)}${'réchts'.repeat(200)}`;
    await expectRoundTrip([latin, sliced, roped].map(at));
  });
});

describe('a source', () => {
  const SOURCES = [
    '10.1.2.3',
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '2001:db8::8a2e:370:7334',
    '::ffff:10.1.2.3',
    '64:ff9b::192.0.2.33',
    'FE80::0001',
  ];

  it('may be text, bytes or a Source, of IPv4 and IPv6, or none, in any order', async () => {
    const forms = SOURCES.flatMap((text) => {
      const source = Source.parse(text);
      return [text, source, source.bytes, Buffer.from(source.bytes), undefined, text, text];
    });
    await expectRoundTrip(forms.map((source) => ({ ...at('x'), source })));
  });

  it('may be one array of bytes that is used again and again', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address] });
    const expected = [];
    const four = new Uint8Array(4);
    const sixteen = new Uint8Array(16);
    for (let i = 0; i < 200; i++) {
      const source = i % 3 === 0 ? sixteen : four;
      source[i % source.length] = i;
      const entry = { ...at(`${i}`), source };
      expected.push(expectedArrival(entry));
      await muxer.writeEntry(entry);
    }
    await muxer.sync();
    expectArrivals(recording.received, expected);
  });

  it('that differs in any one byte from the one before is another', async () => {
    const bases = [Uint8Array.of(1, 2, 3, 4), Uint8Array.from({ length: 16 }, (_, i) => i + 1)];
    const sources = bases.flatMap((base) =>
      Array.from(base, (_, i) => base.map((byte, j) => (i === j ? byte ^ 0x80 : byte))).flatMap(
        (other) => [base, other],
      ),
    );
    await expectRoundTrip(sources.map((source) => ({ ...at('x'), source })));
  });

  it('of four bytes is not taken for one of sixteen with the same beginning', async () => {
    const four = Uint8Array.of(1, 2, 3, 4);
    const padded = Uint8Array.of(1, 2, 3, 4, ...new Uint8Array(12));
    await expectRoundTrip([four, padded, four, padded].map((source) => ({ ...at('x'), source })));
  });

  it('that is left out is the local address of the connection, also of a large entry', async () => {
    await expectRoundTrip([at('small'), at('large'.repeat(10_000))], '127.0.0.1');
  });

  it('that is left out is an IPv6 address on a connection of IPv6', async () => {
    await expectRoundTrip([at('small'), at('large'.repeat(10_000))], '::1');
  });

  it('is told as the local address of the connection', async () => {
    const recording = await RecordingIndexer.start({ listen: '[::1]:0' });
    const muxer = await hotMuxer({ targets: [recording.address] });
    expect(muxer.sourceIP()).toBe('::1');
  });
});

describe('a timestamp', () => {
  it('may be given in every form', async () => {
    const now = Timestamp.now();
    await expectRoundTrip(
      [
        0,
        -1,
        1_700_000_000_123.456,
        -62_135_596_800_000,
        new Date(1_700_000_000_123),
        new Date('0001-01-01T00:00:00Z'),
        '2026-11-22T12:34:56Z',
        '2026-11-22T12:34:56.123456789+05:30',
        '0000-01-01T00:00:00.5Z',
        { seconds: 0, nanoseconds: 0 },
        { seconds: -1, nanoseconds: 999_999_999 },
        { seconds: -0, nanoseconds: -0 },
        { seconds: 1_700_000_000, nanoseconds: 1 },
        { epochNanoseconds: 1_700_000_000_123_456_789n },
        { epochNanoseconds: -1n },
        Timestamp.ZERO,
        now,
        Timestamp.parse('9999-12-31T23:59:59.999999999Z'),
      ].map((timestamp) => ({ timestamp, tag: 0, data: 'x' })),
    );
  });

  it('may be as far off as the wire reaches, also of a large entry', async () => {
    const farthest = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    await expectRoundTrip(
      farthest.flatMap((seconds) =>
        ['small', 'large'.repeat(10_000)].map((data) => ({
          timestamp: { seconds, nanoseconds: 999_999_999 },
          tag: 0,
          data,
        })),
      ),
    );
  });
});

describe('enumerated values', () => {
  const every = [
    EnumeratedValue.of('byteSlice', EnumeratedType.byteSlice, Buffer.from([0, 255])),
    EnumeratedValue.of('bool', EnumeratedType.bool, true),
    EnumeratedValue.of('uint8', EnumeratedType.uint8, 255),
    EnumeratedValue.of('int8', EnumeratedType.int8, -128),
    EnumeratedValue.of('int16', EnumeratedType.int16, -32768),
    EnumeratedValue.of('uint16', EnumeratedType.uint16, 65535),
    EnumeratedValue.of('int32', EnumeratedType.int32, -(2 ** 31)),
    EnumeratedValue.of('uint32', EnumeratedType.uint32, 2 ** 32 - 1),
    EnumeratedValue.of('int64', EnumeratedType.int64, -(2n ** 63n)),
    EnumeratedValue.of('uint64', EnumeratedType.uint64, 2n ** 64n - 1n),
    EnumeratedValue.of('float32', EnumeratedType.float32, 0.5),
    EnumeratedValue.of('float64', EnumeratedType.float64, Number.NaN),
    EnumeratedValue.of('string', EnumeratedType.string, 'täxt'),
    EnumeratedValue.of('mac', EnumeratedType.mac, 'de:ad:be:ef:00:01'),
    EnumeratedValue.of('ip', EnumeratedType.ip, '2001:db8::1'),
    EnumeratedValue.of('timestamp', EnumeratedType.timestamp, 1_700_000_000_123),
    EnumeratedValue.of('duration', EnumeratedType.duration, 5n),
  ];

  it('of every type arrive, on data as bytes and as text, with and without a source', async () => {
    const entries = ['text', Buffer.from('bytes'), '', bytesAt(3, 700)].flatMap((data) =>
      [undefined, '10.0.0.1'].flatMap((source) => [
        { ...at(data), source, enumeratedValues: every },
        { ...at(data), source, enumeratedValues: every.slice(3, 4) },
        { ...at(data), source },
      ]),
    );
    await expectRoundTrip(entries);
  });

  it('are inferred from what JavaScript has', async () => {
    const enumeratedValues = {
      text: 'x',
      integer: 7,
      fraction: 0.25,
      huge: 2n ** 63n,
      yes: true,
      bytes: Uint8Array.of(1),
      when: new Date(5),
      where: Source.parse('10.0.0.1'),
    };
    await expectRoundTrip([{ ...at('x'), enumeratedValues }]);
  });

  it('that are none make an entry without', async () => {
    await expectRoundTrip([
      { ...at('x'), enumeratedValues: [] },
      { ...at('x'), enumeratedValues: {} },
      { ...at('x'), enumeratedValues: undefined },
    ]);
  });

  it('may be larger than the ring, on little data and on much', async () => {
    const big = Array.from({ length: 20 }, (_, i) =>
      EnumeratedValue.of(`value ${i}`, EnumeratedType.byteSlice, bytesAt(i, 60_000)),
    );
    await expectRoundTrip([
      { ...at('little'), enumeratedValues: big },
      { ...at('much'.repeat(20_000)), enumeratedValues: big },
      { ...at('little'), enumeratedValues: big.slice(0, 1) },
      at('after'),
    ]);
  });
});
