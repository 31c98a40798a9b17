import fc from 'fast-check';
import { pack } from 'msgpackr';
import {
  beginningAt,
  beginningWith,
  endingWith,
  messagePack,
  octetCounted,
  RecordStream,
  type Splitter,
} from 'ringest/internal';
import { describe, expect, it } from 'vitest';

/** What becomes of chunks, and what it takes. */
async function recordsOf(
  splitter: Splitter,
  chunks: readonly Uint8Array[],
  maxBytes = Number.POSITIVE_INFINITY,
) {
  const records: string[] = [];
  const buffers = new Set<ArrayBufferLike>();
  let refused = 0;
  let looked = 0;
  let failure: Error | undefined;
  const counting: Splitter = (bytes, from, isEnd, search) => {
    buffers.add(bytes.buffer);
    const found = splitter(bytes, from, isEnd, search);
    const to = found !== undefined && 'after' in found ? found.after : bytes.length;
    looked += to - from - search.seen;
    return found;
  };
  const stream = new RecordStream(
    counting,
    {
      maxBytes,
      draft: (data) => ({ data, tag: '', timestamp: undefined, source: undefined, values: {} }),
    },
    {
      write: (drafts) => {
        records.push(...drafts.map(({ data }) => Buffer.from(data).toString('latin1')));
        return undefined;
      },
      refuse: (count) => {
        refused += count;
      },
      stats: () => ({ entries: records.length, refusedLines: refused, unfinishedBytes: 0 }),
    },
  );
  try {
    for (const chunk of chunks) {
      await stream.write(chunk);
      // It is used again.
      chunk.fill(0xc1);
    }
    await stream.end();
  } catch (error) {
    failure = error as Error;
  }
  return { records, refused, looked, buffers: buffers.size, failure, stats: stream.stats() };
}

const chunksOf = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    Uint8Array.from(bytes.subarray(i * size, (i + 1) * size)),
  );

const SPLITTERS: readonly (readonly [name: string, make: () => Splitter])[] = [
  ['lines', () => endingWith()],
  ['records that a delimiter ends', () => endingWith(Buffer.from('ab'))],
  ['records that a delimiter begins', () => beginningWith(Buffer.from('ab'))],
  ['records that an expression begins', () => beginningAt(/^a/)],
];

describe('records', () => {
  it.each(SPLITTERS)('are the same wherever chunks end: %s', async (_name, make) => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r'), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (given, size) => {
        const bytes = Buffer.from(given);
        const whole = await recordsOf(make(), chunksOf(bytes, Math.max(1, bytes.length)));
        expect((await recordsOf(make(), chunksOf(bytes, size))).records).toEqual(whole.records);
      }),
    );
  });

  it.each(SPLITTERS)('that come byte by byte are looked at once: %s', async (_name, make) => {
    const bytes = Buffer.from(`${'x'.repeat(20_000)}\n${'y'.repeat(20_000)}`);
    const { records, looked, buffers } = await recordsOf(make(), chunksOf(bytes, 1));
    expect(records.join('').length).toBeGreaterThanOrEqual(40_000);
    expect(looked).toBeLessThanOrEqual(2 * bytes.length);
    expect(buffers).toBeLessThan(50);
  });
});

describe('messages with their lengths in front', () => {
  it('are whole, wherever chunks end, up to the longest that an entry may be', async () => {
    const messages = ['a'.repeat(10), 'bcd', 'e'.repeat(9), 'f'.repeat(10)];
    const bytes = Buffer.from(messages.map((text) => `${text.length} ${text}`).join(''));
    for (let size = 1; size <= bytes.length; size++) {
      const { records } = await recordsOf(octetCounted(10), chunksOf(bytes, size), 10);
      expect(records).toEqual(messages);
    }
  });

  it('are several parts when they are longer, and the next one is whole', async () => {
    const bytes = Buffer.from(`25 ${'a'.repeat(25)}3 bcd`);
    const parts = ['a'.repeat(10), 'a'.repeat(10), 'a'.repeat(5), 'bcd'];
    for (let size = 1; size <= bytes.length; size++) {
      const { records } = await recordsOf(octetCounted(10), chunksOf(bytes, size), 10);
      expect(records).toEqual(parts);
    }
  });
});

describe('values in MessagePack', () => {
  const values = [
    [],
    { a: { b: [1, 'x'.repeat(300), null], c: 2 ** 40 }, d: Buffer.alloc(70_000, 1) },
    [1.5, -1, -200, -70_000, 2n ** 63n, true, new Date(0), 'y'.repeat(40), 'z'.repeat(70_000)],
    Array.from({ length: 70_000 }, (_, i) => i % 100),
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])),
    7,
  ];
  const packed = values.map((value) => Buffer.from(pack(value)));

  it.each([1, 7, 4096, 1_000_000])('are found whole in chunks of %i bytes', async (size) => {
    const { records, looked } = await recordsOf(
      messagePack(1_000_000),
      chunksOf(Buffer.concat(packed), size),
    );
    expect(records).toEqual(packed.map((bytes) => bytes.toString('latin1')));
    expect(looked).toBeLessThanOrEqual(2 * Buffer.concat(packed).length);
  });

  it.each([1, 7, 4096, 1_000_000])(
    'that are too long are refused alone, %i bytes',
    async (size) => {
      const short = packed.filter(({ length }) => length <= 1000);
      const found = await recordsOf(messagePack(1000), chunksOf(Buffer.concat(packed), size), 1000);
      expect(found.records).toEqual(short.map((bytes) => bytes.toString('latin1')));
      expect(found.refused).toBe(packed.length - short.length);
    },
  );

  it('that become too long where a chunk ends are refused alone', async () => {
    const bytes = Buffer.concat([pack(['x'.repeat(8), 'y'.repeat(70_000)]), pack('next')]);
    for (let first = 1; first <= 20; first++) {
      const chunks = [bytes.subarray(0, first), bytes.subarray(first)].map((part) =>
        Uint8Array.from(part),
      );
      const found = await recordsOf(messagePack(10), chunks, 10);
      expect(found).toMatchObject({ records: ['\xa4next'], refused: 1, failure: undefined });
    }
  });

  it('are refused when they are too long, and their end does not come', async () => {
    const bytes = Buffer.concat([pack(1), pack('x'.repeat(5000)).subarray(0, 3000)]);
    const found = await recordsOf(messagePack(1000), chunksOf(bytes, 100), 1000);
    expect(found).toMatchObject({ records: ['\x01'], refused: 1 });
  });

  it('are not read on where nobody can say where the next one begins', async () => {
    const bytes = Buffer.concat([pack('one'), Buffer.of(0xc1), pack('two')]);
    const { records, failure, stats } = await recordsOf(messagePack(1000), chunksOf(bytes, 6));
    expect(records).toEqual([Buffer.from(pack('one')).toString('latin1')]);
    expect(failure).toMatchObject({
      code: 'ERR_INPUT',
      message: expect.stringMatching(/at byte 4/),
    });
    // A restart begins there, and finds the same.
    expect(stats.unfinishedBytes).toBe(2);
  });

  it('that go on are unfinished with all of their bytes, also those that are not kept', async () => {
    const stream = new RecordStream(
      messagePack(100),
      { maxBytes: 100, draft: () => expect.fail('nothing becomes of it') },
      {
        write: () => undefined,
        refuse: () => {},
        stats: () => ({ entries: 0, refusedLines: 0, unfinishedBytes: 0 }),
      },
    );
    const bytes = pack('x'.repeat(5000));
    await stream.write(bytes.subarray(0, 2000));
    await stream.write(bytes.subarray(2000, 4000));
    expect(stream.stats().unfinishedBytes).toBe(4000);
    await stream.write(bytes.subarray(4000));
    expect(stream.stats().unfinishedBytes).toBe(0);
  });
});
