import {
  type Content,
  EntrySource,
  type LoadContents,
  type LoadEntry,
  leastBytes,
} from '@ringest/bench/shared';
import { Source } from '@ringest/codec';
import { Indexer } from '@ringest/indexer';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseCsv } from '../support/csv.js';
import { loadFailure, loadHere } from '../support/load-here.js';
import { parseSyslog } from '../support/syslog.js';

const HERE = Source.parse('127.0.0.1');

const make = (content: Content, entryBytes: number, more: Partial<LoadContents> = {}) =>
  new EntrySource({
    seed: 7,
    entryBytes,
    tags: [0],
    source: HERE,
    startSeconds: 1_700_000_000,
    batch: 0,
    content,
    ...more,
  });

/** Reads the sequence number of an entry as somebody would who knows only the format. */
const READERS: Readonly<Record<Content, (entry: LoadEntry) => number>> = {
  random: ({ data }) => Number(data.readBigUInt64LE(0)),
  text({ data }) {
    expect(data.toString('latin1', 8)).toMatch(/^[\n\x20-\x7e]*$/);
    return Number(data.readBigUInt64LE(0));
  },
  lines: ({ data }) => numberOfLine(data),
  mixed: ({ data }) => numberOfLine(data),
  syslog({ data }) {
    const { elements, processId } = parseSyslog(data.toString('utf8'));
    return Number(elements.get('ringest@32473')?.get('seq') ?? processId);
  },
  json: ({ data }) => Number(JSON.parse(data.toString('utf8')).seq),
  csv: ({ data }) => Number(parseCsv(data.toString('utf8'))[0]),
  evs({ data, enumeratedValues = [] }) {
    expect(data.toString('latin1')).toMatch(/^[\x20-\x7e]*$/);
    return Number(enumeratedValues.find(({ name }) => name === 'seq')?.value);
  },
};

function numberOfLine(data: Buffer): number {
  const [, digits] = /^(\d{10})( [\x20-\x7e]*)?$/.exec(data.toString('latin1')) ?? [];
  return Number(digits);
}

const CONTENTS = Object.keys(READERS) as Content[];

describe('the contents of a load', () => {
  it.each(CONTENTS)('are valid and have their number at any size: %s', (content) => {
    const least = leastBytes(content);
    const sizes = fc.oneof(
      fc.integer({ min: least, max: least + 300 }),
      fc.integer({ min: least, max: 5000 }),
    );
    const sequences = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(sizes, fc.array(sequences, { maxLength: 3 }), (bytes, numbers) => {
        const source = make(content, bytes);
        for (const sequence of [0, 2 ** 32 - 1, ...numbers]) {
          const entry = source.entry(sequence);
          expect(READERS[content](entry)).toBe(sequence);
          if (content !== 'mixed') expect(entry.data).toHaveLength(bytes);
        }
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it.each(CONTENTS)('follow from the seed: %s', (content) => {
    const contents = (seed: number) =>
      Array.from({ length: 64 }, (_, i) =>
        make(content, 256, { seed }).entry(i).data.toString('hex'),
      );
    const first = contents(7);
    expect(contents(7)).toEqual(first);
    expect(contents(8)).not.toEqual(first);
    expect(new Set(first).size).toBe(64);
  });

  it('use the fields of their format where there is room', () => {
    for (let i = 0; i < 64; i++) {
      const message = parseSyslog(make('syslog', 256).entry(i).data.toString('utf8'));
      expect(message).toMatchObject({
        hostname: expect.stringMatching(/^web-\d\d$/),
        program: expect.any(String),
        timestamp: expect.any(String),
      });
      const object = JSON.parse(make('json', 1024).entry(i).data.toString('utf8'));
      expect(object).toMatchObject({ status: expect.any(Number), message: expect.any(String) });
      const record = parseCsv(make('csv', 300).entry(i).data.toString('utf8'));
      expect(record).toHaveLength(11);
      expect(record[10]).toContain('"');
      const names = make('evs', 100)
        .entry(i)
        .enumeratedValues?.map(({ name }) => name);
      expect(names).toEqual(['seq', 'host', 'user', 'src', 'status', 'took', 'cached', 'trace']);
    }
  });

  it.each(CONTENTS)('are valid where they are large: %s', (content) => {
    const entry = make(content, 200_000).entry(7);
    expect(READERS[content](entry)).toBe(7);
  });

  it('of mixed sizes have the mean that was asked for, and their bytes are known', () => {
    const source = make('mixed', 256);
    const lengths = Array.from({ length: 1000 }, (_, i) => source.entry(i).data.length);
    const sum = lengths.reduce((all, length) => all + length);
    expect(source.bytes(1000)).toBe(sum);
    expect(sum / 1000).toBeGreaterThan(200);
    expect(sum / 1000).toBeLessThan(320);
    expect(new Set(lengths).size).toBeGreaterThan(100);
    expect(Math.max(...lengths)).toBeGreaterThan(1000);
  });
});

describe('the times, tags and sources of a load', () => {
  it('spread over a span', () => {
    const times = { stepNanoseconds: 2.5e9, disorderNanoseconds: 0 };
    const source = make('random', 64, { times });
    const seen = [0, 1, 2, 3].map((i) => ({ ...source.entry(i).timestamp }));
    expect(seen).toEqual([
      { seconds: 1_700_000_000, nanoseconds: 0 },
      { seconds: 1_700_000_002, nanoseconds: 500_000_000 },
      { seconds: 1_700_000_005, nanoseconds: 0 },
      { seconds: 1_700_000_007, nanoseconds: 500_000_000 },
    ]);
  });

  it('are out of order by no more than was asked for', () => {
    const times = { stepNanoseconds: 1e9, disorderNanoseconds: 10e9 };
    const source = make('random', 64, { times });
    const late = Array.from({ length: 1000 }, (_, i) => {
      const { seconds, nanoseconds } = source.entry(i).timestamp;
      expect(nanoseconds).toBeGreaterThanOrEqual(0);
      return 1_700_000_000 + i - (seconds + nanoseconds / 1e9);
    });
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(10);
    expect(Math.max(...late)).toBeGreaterThan(9);
    expect(Math.min(...late)).toBeLessThan(1);
  });

  it('go from tag to tag, and from source to source', () => {
    const source = make('random', 64, { tags: [5, 6, 7], source: 'random' });
    const entries = Array.from({ length: 64 }, (_, i) => ({ ...source.entry(i) }));
    expect(entries.slice(0, 4).map(({ tag }) => tag)).toEqual([5, 6, 7, 5]);
    const addresses = entries.map((entry) => entry.source.toString());
    expect(new Set(addresses).size).toBe(64);
    expect(addresses.filter((address) => address.startsWith('2001:db8:')).length).toBeGreaterThan(
      5,
    );
  });
});

describe('a load', () => {
  it.each(CONTENTS)('of %s arrives as it was sent, to the byte', async (content) => {
    const report = await loadHere<{ received: number; tags: Record<string, number> }>(
      ...['--content', content, '--entry-count', '3000', '--entry-size', '300', '--digest'],
      ...['--tag-name', 'one,two', '--random-source', '--batch', '100'],
      ...['--start-time', '2026-11-22T00:00:00Z', '--time-span', '24h', '--disorder', '1m'],
    );
    expect(report).toMatchObject({ received: 3000, duplicated: 0, lost: 0, digestMatches: true });
    expect(report.tags).toEqual({ one: 1500, two: 1500 });
  });

  it.each(['lines', 'syslog', 'json', 'csv', 'mixed'])(
    'of %s arrives as it was sent when it is written as lines',
    async (content) => {
      const report = await loadHere(
        ...['--lines', '--content', content, '--entry-count', '3000', '--entry-size', '300'],
        ...['--digest', '--source', '10.1.2.3', '--ring-bytes', '65536'],
      );
      expect(report).toMatchObject({ received: 3000, duplicated: 0, lost: 0, digestMatches: true });
    },
  );

  it.each([
    ['the smallest lines', ['--entry-size', '10'], 5000],
    ['lines larger than a chunk', ['--entry-size', '100000'], 20],
    ['lines at a pace', ['--rate', '20000/s'], 1000],
    ['lines into a journal', ['--cache-mode', 'journal'], 1000],
    ['lines that are to be compressed', ['--compression', '--content', 'syslog'], 3000],
  ])('writes %s', async (_what, flags, count) => {
    const report = await loadHere('--lines', '--digest', '--entry-count', `${count}`, ...flags);
    expect(report).toMatchObject({ received: count, duplicated: 0, lost: 0, digestMatches: true });
  });

  it('has the times, sources and tags that were asked for', async () => {
    const seen: { seconds: number; source: string }[] = [];
    const indexer = new Indexer({
      listen: '127.0.0.1:0',
      secret: 'IngestSecrets',
      onEntry(view) {
        const { timestamp, source } = view.decode();
        seen.push({ seconds: timestamp.seconds, source: source.toString() });
      },
    });
    onTestFinished(() => indexer.close());
    const address = (await indexer.listen()).replace('tcp://', '');
    await loadHere(
      ...['--clear-conns', address, '--entry-count', '4', '--tag-name', 'a,b'],
      ...['--source', '2001:db8::1', '--start-time', '1700000000', '--time-span', '1h'],
    );
    expect(seen).toEqual(
      [0, 900, 1800, 2700].map((later) => ({
        seconds: 1_700_000_000 + later,
        source: '2001:db8::1',
      })),
    );
    expect(indexer.stats().tags).toEqual({ a: 2, b: 2 });
  });

  it.each([
    [
      'lines of what are none',
      ['--lines', '--content', 'text'],
      /--content text is none: give one/,
    ],
    [
      'batches of lines',
      ['--lines', '--batch', '10'],
      /--lines cannot be used with --batch: a line writer makes its own batches/,
    ],
    [
      'tags of lines',
      ['--lines', '--tag-name', 'a,b'],
      /--lines takes one --tag-name: a line writer/,
    ],
    [
      'times of lines',
      ['--lines', '--time-span', '1h'],
      /--lines cannot be used with --time-span: a line writer gives all/,
    ],
    ['json without room', ['--content', 'json', '--entry-size', '19'], /must be 20 or more with/],
    ['a source that is none', ['--source', 'here'], /--source.*IPv4 or IPv6 address/],
    [
      'one source and many',
      ['--source', '10.0.0.1', '--random-source'],
      /--source cannot be used with --random-source: entries have one source or many/,
    ],
    ['a time that is none', ['--start-time', 'yesterday'], /--start-time.*Unix seconds/],
    ['a part of a second', ['--start-time', '2026-11-22T00:00:00.5Z'], /--start-time.*to the sec/],
    [
      'a span of unknown entries',
      ['--duration', '1s', '--time-span', '1h'],
      /--time-span is divided by the number of entries, which is not known/,
    ],
    [
      'mixed entries that would be too large',
      ['--content', 'mixed', '--entry-size', '500000000'],
      /--content mixed has entries of 8 times --entry-size/,
    ],
  ])('refuses %s with a sentence', async (_what, flags, message) => {
    expect(await loadFailure(...flags)).toMatch(message);
  });
});
