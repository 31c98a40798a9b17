import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodeEntry } from '@ringest/codec';
import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { ship, shipFlags, shipPipe, textsOf } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** What arrives of an input. Tags are the numbers that the indexer has given to them. */
async function shipped(
  input: string | Uint8Array,
  flags: readonly string[],
  status = 0,
  counts: Readonly<Record<string, number>> = {},
) {
  const indexer = await CollectingIndexer.start();
  const process = shipPipe(indexer.address, '--json', ...flags);
  process.stdin.end(input);
  expect(await process.end()).toBe(status);
  expect(process.lastJson()).toMatchObject(counts);
  return indexer.received.map(({ tag, bytes }) => {
    const { data, timestamp, source, enumeratedValues } = decodeEntry(bytes);
    const values = Object.fromEntries(enumeratedValues.map(({ name, value }) => [name, value]));
    return {
      text: data.toString(),
      time: timestamp.toString(),
      source: String(source),
      tag,
      values,
    };
  });
}

const texts = (entries: readonly { readonly text: string }[]) => entries.map(({ text }) => text);
const times = (entries: readonly { readonly time: string }[]) => entries.map(({ time }) => time);

describe('the time of entries', () => {
  const lines = '2026-01-02T03:04:05Z one\n05/Jan/2026:10:00:00 two 2020-01-01 00:00:00\n';

  it('is the one that is in them', async () => {
    expect(times(await shipped(lines, []))).toEqual([
      '2026-01-02T03:04:05Z',
      '2026-01-05T10:00:00Z',
    ]);
  });

  it('is in the zone that is given, and of the format that is given', async () => {
    const flags = ['--assume-time-zone', 'Europe/Paris', '--time-format', 'DPKG'];
    expect(times(await shipped('05/Jan/2026:10:00:00 two 2020-01-01 00:00:00\n', flags))).toEqual([
      '2019-12-31T23:00:00Z',
    ]);
  });

  it('is the first one with --timestamp-left-most', async () => {
    const line = '2020-01-01 00:00:00 of 2026-01-02T03:04:05Z\n';
    const found = [await shipped(line, []), await shipped(line, ['--timestamp-left-most'])];
    expect(found.map(times)).toEqual([['2026-01-02T03:04:05Z'], ['2020-01-01T00:00:00Z']]);
  });

  it('is the present when they have none, or with --ignore-timestamps', async () => {
    const before = Date.now() - 1000;
    const entries = [
      ...(await shipped('none\n', [])),
      ...(await shipped(lines, ['--ignore-timestamps'])),
    ];
    expect(entries).toHaveLength(3);
    for (const time of times(entries)) expect(Date.parse(time)).toBeGreaterThan(before);
  });
});

describe('what an entry is', () => {
  it('is an object in JSON, whose fields say when, with which tag and from where', async () => {
    const flags = ['--format', 'json', '--time-field', 'at.time', '--tag-field', 'app'];
    const input =
      '{"at":{"time":1767323045},"app":"web","host":"10.1.2.3","msg":"one"}\n' +
      '{"at":{"time":"2026-01-02T03:04:05.5Z"},"app":"a b"}\nno JSON 2026-01-02T03:04:05Z\n';
    const entries = await shipped(input, [...flags, '--source-field', 'host']);
    expect(times(entries)).toEqual([
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:05.5Z',
      '2026-01-02T03:04:05Z',
    ]);
    expect(entries.map(({ tag }) => tag)).toEqual(['web', 'a_b', 'test']);
    expect(entries[0]?.source).toBe('10.1.2.3');
    expect(texts(entries)).toEqual(input.trimEnd().split('\n'));
  });

  it('is the field of an object that --data-field names', async () => {
    const flags = ['--format', 'json', '--data-field', 'msg'];
    expect(texts(await shipped('{"msg":"one"}\n{"msg":{"a":1}}\n{}\n', flags))).toEqual([
      'one',
      '{"a":1}',
      '{}',
    ]);
  });

  it('has numbers as they were written', async () => {
    const parts = ['1.0', '1e3', '12345678901234567890123', '{"n":1.0,"m":[ 1e3,"x\\"" ]}'];
    const input = parts.map((part) => `{"before":"\\\\","at":{"msg":${part}}}\n`).join('');
    const flags = ['--format', 'json', '--data-field', 'at.msg'];
    expect(texts(await shipped(input, flags))).toEqual(parts);
  });

  it('has the time of a field with all of its digits', async () => {
    const flags = ['--format', 'json', '--time-field', 'ts'];
    const input = '{"ts":1767323045123456789}\n';
    expect(times(await shipped(input, flags))).toEqual(['2026-01-02T03:04:05.123456789Z']);
  });

  it('is no value in MessagePack that is too long, which is refused alone', async () => {
    const input = Buffer.concat([pack('one'), pack('x'.repeat(5000)), pack('two')]);
    const flags = ['--format', 'messagepack', '--max-line-bytes', '1000'];
    const counts = { entries: 2, confirmed: 2, refused: 1 };
    expect(texts(await shipped(input, flags, 1, counts))).toEqual(['one', 'two']);
  });

  it('ends with what is no MessagePack, and the next file is read', async () => {
    const indexer = await CollectingIndexer.start();
    const folder = temporaryDirectory();
    const [bad, good] = [join(folder, 'bad'), join(folder, 'good')];
    writeFileSync(bad, Buffer.concat([pack('one'), Buffer.of(0xc1)]));
    writeFileSync(good, pack('two'));
    const process = ship(indexer.address, '--format', 'messagepack', bad, good);
    expect(await process.end()).toBe(1);
    expect(textsOf(indexer)).toEqual(['one', 'two']);
    expect(process.stderr).toContain(`${bad}: no value of MessagePack begins with the byte c1, at`);
  });

  it('is a value in MessagePack, wherever the chunks end', async () => {
    const values = Array.from({ length: 500 }, (_, i) => ({
      n: i,
      text: 'x'.repeat(i),
      big: 2n ** 60n,
    }));
    const input = Buffer.concat(values.map((value) => pack(value)));
    const expected = values.map(
      ({ n, text }) => `{"n":${n},"text":"${text}","big":"${2n ** 60n}"}`,
    );
    expect(texts(await shipped(input, ['--format', 'messagepack']))).toEqual(expected);
  });

  it('is all lines from one that matches to the next', async () => {
    const records = [
      '2026-01-01 error\n  at a\n  at b',
      '2026-01-02 fine',
      '2026-01-03 x\n\n  at c',
    ];
    const flags = ['--record-start', '^\\d{4}-'];
    expect(texts(await shipped(records.join('\n'), flags))).toEqual(records);
    expect(texts(await shipped(`${records.join('\n')}\n`, flags))).toEqual(records);
  });

  it('begins with a delimiter', async () => {
    const flags = ['--begin-delimiter', '<'];
    expect(texts(await shipped('before<1>one<2>two', flags))).toEqual([
      'before',
      '<1>one',
      '<2>two',
    ]);
  });

  it('is everything', async () => {
    expect(texts(await shipped('one\ntwo\n', ['--format', 'whole']))).toEqual(['one\ntwo\n']);
  });

  it('is cut where it is longer than allowed, whatever ends it', async () => {
    const flags = ['--max-line-bytes', '4', '--tag-rule', 'x=y'];
    expect(texts(await shipped('123456789\nab\n', flags))).toEqual(['1234', '5678', '9', 'ab']);
  });
});

describe('what becomes of entries', () => {
  const web = '{"level":"error","http":{"status":500}}';

  it('is that they are kept, dropped and get tags by expressions', async () => {
    const flags = [
      '--keep',
      'a|b',
      '--drop',
      'c',
      '--tag-rule',
      '^a=first',
      '--tag-rule',
      'b=second',
    ];
    const entries = await shipped('ab\nb\nbc\nx\nza\n', flags);
    expect(entries.map(({ text, tag }) => [text, tag])).toEqual([
      ['ab', 'first'],
      ['b', 'second'],
      ['za', 'test'],
    ]);
  });

  it('is that they get values of JSON and of groups, and tags by those', async () => {
    const flags = ['--extract-json', 'level,http.status,none', '--extract', 'user=(?<user>\\w+)'];
    const entries = await shipped(`${web}\nuser=bob\n`, [
      ...flags,
      '--route',
      'level=error:errors',
    ]);
    expect(entries.map(({ values, tag }) => [values, tag])).toEqual([
      [{ level: 'error', 'http.status': 500n }, 'errors'],
      [{ user: 'bob' }, 'test'],
    ]);
  });

  it('is that values of JSON are exact', async () => {
    const flags = ['--extract-json', 'big,huge,one,list.1,o,flag,none'];
    const input =
      '{"big":9007199254740993,"huge":123456789012345678901234,"one":1.25,"list":[1,2e0],' +
      '"o":{"n":1.0},"flag":true,"none":null}\n';
    const [entry] = await shipped(input, flags);
    expect(entry?.values).toEqual({
      big: 9007199254740993n,
      huge: '123456789012345678901234',
      one: 1.25,
      'list.1': 2n,
      o: '{"n":1.0}',
      flag: true,
    });
  });

  it('is that they are decompressed', async () => {
    const flags = ['--format', 'whole', '--gunzip'];
    const entries = await shipped(gzipSync('2026-01-02T03:04:05Z one'), flags);
    expect(texts(entries)).toEqual(['2026-01-02T03:04:05Z one']);
    expect(times(entries)).toEqual(['2026-01-02T03:04:05Z']);
  });

  it('is what a function says', async () => {
    const path = join(temporaryDirectory(), 'hook.mjs');
    writeFileSync(
      path,
      `export default (entry) => {
        const text = entry.data.toString();
        if (text === 'drop') return undefined;
        if (text === 'two') return [{ data: 'one of two' }, { ...entry, tag: 'other' }];
        return { data: text.toUpperCase(), values: { seen: true }, timestamp: '2026-01-02T03:04:05Z' };
      };`,
    );
    const entries = await shipped('drop\ntwo\nx\n', ['--process', path]);
    expect(entries.map(({ text, tag, values }) => [text, tag, values])).toEqual([
      ['one of two', 'test', {}],
      ['two', 'other', {}],
      ['X', 'test', { seen: true }],
    ]);
    expect(entries[2]?.time).toBe('2026-01-02T03:04:05Z');
  });

  it.each([
    ['pass', 0, ['bad', 'good']],
    ['drop', 1, ['good']],
  ] as const)('is to %s when a function fails', async (what, status, expected) => {
    const path = join(temporaryDirectory(), 'hook.mjs');
    writeFileSync(
      path,
      `export default (entry) => {
        if (entry.data.toString() === 'bad') throw new Error('no good');
        return entry;
      };`,
    );
    const flags = ['--process', path, '--on-error', what];
    const counts = { failedSteps: 1, refused: status, entries: expected.length };
    expect(texts(await shipped('bad\ngood\n', flags, status, counts))).toEqual(expected);
  });

  it.each(['undefined', 'null', '3', '[1]', 'new Map([["a", 1]])'])(
    'is that a function fails that returns %s as values',
    async (values) => {
      const path = join(temporaryDirectory(), 'hook.mjs');
      writeFileSync(
        path,
        `export default (entry) =>
          entry.data.toString() === 'bad' ? { ...entry, values: ${values} } : { values: { a: 1 } };`,
      );
      const counts = { failedSteps: 1, refused: 0, entries: 2 };
      const entries = await shipped('bad\ngood\n', ['--process', path], 0, counts);
      expect(texts(entries)).toEqual(['bad', 'good']);
    },
  );

  it('is no promise of a function, which counts as failed', async () => {
    const path = join(temporaryDirectory(), 'hook.mjs');
    writeFileSync(path, `export default (entry) => Promise.reject(new Error('late'));`);
    const counts = { failedSteps: 2, refused: 0, entries: 2 };
    expect(texts(await shipped('a\nb\n', ['--process', path], 0, counts))).toEqual(['a', 'b']);
  });

  it('is no async function, which is refused before anything is read', async () => {
    const path = join(temporaryDirectory(), 'hook.mjs');
    writeFileSync(path, 'export default async (entry) => entry;');
    const process = new NodeProcess(RINGEST, shipFlags('127.0.0.1:1', '--process', path));
    expect(await process.end()).toBe(2);
    expect(process.stderr).toContain('its function must not be async');
  });

  it('is that one which cannot be written is refused alone', async () => {
    const path = join(temporaryDirectory(), 'hook.mjs');
    writeFileSync(
      path,
      `export default (entry) => ({ ...entry, timestamp: entry.data.toString() });`,
    );
    const entries = await shipped(
      '2026-01-02T03:04:05Z\nnever\n2026-01-02T03:04:06Z\n',
      ['--process', path],
      1,
    );
    expect(entries.map(({ text }) => text)).toEqual([
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:06Z',
    ]);
  });
});

describe('flags of entries that cannot be used', () => {
  it.each([
    ['together', ['--format', 'json', '--delimiter', 'x'], /--format and --delimiter both say/],
    ['without objects', ['--tag-field', 'x'], /--tag-field is about --format json or messagepack/],
    ['without times', ['--ignore-timestamps', '--time-format', 'DPKG'], /--time-format has no use/],
    ['as an expression', ['--keep', '('], /--keep <regex>.*Invalid regular expression/],
    ['as a zone', ['--assume-time-zone', 'Nowhere'], /Nowhere/],
    ['as a format', ['--time-format', 'Nothing'], /Nothing/],
    ['as a route', ['--route', 'x'], /must be name=value:tag/],
    ['as a module', ['--process', '/no/such.mjs'], /\/no\/such\.mjs: it cannot be loaded/],
  ])('are said: %s', async (_what, flags, message) => {
    const process = new NodeProcess(RINGEST, shipFlags('127.0.0.1:1', ...flags));
    expect(await process.end()).toBe(2);
    expect(process.stderr).toMatch(message);
  });
});
