import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { RingestError, type Source } from '@ringest/codec';
import {
  ConfigFileError,
  globalRateLimit,
  globalSecret,
  globalSettings,
  globalTargets,
  globalTimeoutMs,
  IngestMuxer,
  MIN_FILE_RATE_LIMIT,
  MIN_RATE_LIMIT,
  parseBoolean,
  parseConfigFile,
  parseDuration,
  parseInteger,
  parseRate,
  parseSourceOverride,
  parseUuid,
  type SectionDeclarations,
  withDefaultPort,
} from '@ringest/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { fuzzRuns } from '../../support/vectors.js';
import vectors from '../../vectors/config.json' with { type: 'json' };

const LISTENERS = {
  Listener: {
    named: true,
    keys: {
      'Tag-Name': 'string',
      'Bind-String': 'string',
      'Cert-File': 'string',
      'Ignore-Timestamps': 'boolean',
    },
  },
} as const satisfies SectionDeclarations;

/** The least of a file that is accepted, with `lines` in its [Global] section. */
const minimal = (...lines: string[]) =>
  ['[Global]', 'Ingest-Secret=s', 'Cleartext-Backend-Target=127.0.0.1', ...lines, ''].join('\n');

function errorOf(act: () => unknown): ConfigFileError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigFileError);
    expect(error).toBeInstanceOf(RingestError);
    return error as ConfigFileError;
  }
  throw new Error('nothing was thrown');
}

/** One [Global] value, read through the grammar. */
const labelOf = (lines: string) => parseConfigFile(minimal(lines)).global.Label;

/** The 16 bytes that the reference keeps, in which an IPv4 address is a mapped one. */
function mappedHex(source: Source): string {
  const hex = Buffer.from(source.bytes).toString('hex');
  return source.isIPv4 ? `${'0'.repeat(20)}ffff${hex}` : hex;
}

describe('values, as the reference reads them', () => {
  it.each(vectors.booleans)('reads the boolean "$input"', ({ input, ok, value }) => {
    if (ok) return expect(parseBoolean(input)).toBe(value);
    const error = errorOf(() => parseBoolean(input, 'Some-Key'));
    expect(error.field).toBe('Some-Key');
    expect(error.message).toContain('Some-Key');
  });

  it.each(vectors.rates)('reads the rate "$input"', ({ input, ok, bitsPerSecond }) => {
    if (ok) return expect(String(parseRate(input))).toBe(bitsPerSecond);
    const error = errorOf(() => parseRate(input, 'Rate-Limit'));
    expect(error.field).toBe('Rate-Limit');
    expect(error.message).toContain('Rate-Limit');
  });

  it.each(vectors.sources)('reads the source "$input"', ({ input, ok, hex }) => {
    if (ok) return expect(mappedHex(parseSourceOverride(input))).toBe(hex);
    const error = errorOf(() => parseSourceOverride(input, 'Source-Override'));
    expect(error.field).toBe('Source-Override');
    expect(error.message).toContain('Source-Override');
  });

  it.each(vectors.defaultPorts)('adds the default port to "$input"', ({ input, result }) => {
    expect(withDefaultPort(input, 4023)).toBe(result);
  });
});

describe('files, as the reference reads them', () => {
  interface FileVector {
    readonly text: string;
    readonly global?: Readonly<Record<string, unknown>>;
    readonly listeners?: Readonly<Record<string, unknown>>;
    readonly secret?: string;
    readonly targets?: readonly string[];
    readonly timeoutMs?: number;
    readonly rateLimitBitsPerSecond?: number;
    readonly rateLimitError?: string;
    readonly parseError?: string;
    readonly verifyError?: string;
  }
  const files: readonly FileVector[] = vectors.files;
  const accepted = files.filter(({ global }) => global);
  const refused = files.filter(({ global }) => !global);

  it('finds every vector either accepted or refused', () => {
    expect(accepted.length).toBeGreaterThan(0);
    for (const { parseError, verifyError } of refused)
      expect(parseError ?? verifyError).toBeTruthy();
    for (const { parseError, verifyError } of accepted) {
      expect(parseError ?? verifyError).toBeUndefined();
    }
  });

  it.each(accepted)('accepts $text', (vector) => {
    const { global, sections } = parseConfigFile(vector.text, LISTENERS);
    // The reference leaves most empty values out of its JSON.
    const empty = Object.entries(global).filter(([key]) => !(key in (vector.global ?? {})));
    expect(global).toMatchObject(vector.global ?? {});
    for (const [, value] of empty) expect(['', 0, false, []]).toContainEqual(value);
    expect(Object.fromEntries(sections.Listener)).toEqual(vector.listeners ?? {});

    expect(globalSecret(global)).toBe(vector.secret);
    expect(globalTargets(global)).toEqual(vector.targets);
    expect(globalTimeoutMs(global)).toBe(vector.timeoutMs);
    if (vector.rateLimitError === undefined) {
      expect(globalRateLimit(global)).toBe(vector.rateLimitBitsPerSecond);
      expect(globalSettings(global)).toMatchObject({
        secret: vector.secret,
        targets: vector.targets,
        timeoutMs: vector.timeoutMs,
        rateLimitBitsPerSecond: vector.rateLimitBitsPerSecond,
      });
    } else {
      expect(errorOf(() => globalRateLimit(global)).field).toBe('Rate-Limit');
      const error = errorOf(() => globalSettings(global));
      expect(error.message).toContain('Rate-Limit');
    }
  });

  const expectations: readonly [RegExp, string, { line: number; column: number } | undefined][] = [
    [/tab\\there/, 'Log-Level', { line: 5, column: 1 }],
    [/^\[Global\]\nIngest-Secret=s\n$/, 'Cleartext-Backend-Target', undefined],
    [/^\[Global\]\nCleartext-Backend-Target=127.0.0.1\n$/, 'Ingest-Secret', undefined],
    [/Unknown-Key/, 'Unknown-Key', { line: 4, column: 1 }],
    [/Nope/, 'Nope', { line: 1, column: 1 }],
    [/^\[Global\n/, 'Global', { line: 1, column: 8 }],
    [/^Ingest-Secret=s\n$/, 'Ingest-Secret', { line: 1, column: 1 }],
    [/sometimes/, 'Cache-Mode', { line: 4, column: 1 }],
    [/lots/, 'Max-Ingest-Cache', { line: 4, column: 1 }],
    [/zzz/, 'Ingester-UUID', { line: 4, column: 1 }],
    [/bananas/, 'Connection-Timeout', { line: 4, column: 1 }],
    [/LOUD/, 'Log-Level', { line: 4, column: 1 }],
  ];

  it.each(refused)('refuses $text', ({ text, parseError }) => {
    const expected = expectations.filter(([pattern]) => pattern.test(text));
    expect(expected).toHaveLength(1);
    const [, field, position] = expected[0] ?? [];
    const error = errorOf(() => parseConfigFile(text, LISTENERS));
    expect(error.code).toBe('ERR_CONFIG_FILE');
    expect(error.field).toBe(field);
    expect(error.message).toContain(field);
    expect(error.position).toEqual(position);
    // Where the reference tells a position, it is the same one.
    const place = /^(\d+):(\d+):/.exec(parseError ?? '');
    if (place) expect(position).toEqual({ line: Number(place[1]), column: Number(place[2]) });
  });

  it('refuses as many files as it has expectations', () => {
    expect(refused).toHaveLength(expectations.length);
  });
});

describe('the grammar', () => {
  it.each([
    ['keeps blanks inside a value and drops those around it', 'Label =\t a  b \t', 'a  b'],
    ['ends a plain value at a comment', 'Label=a b # c', 'a b'],
    ['keeps comment marks and blanks in quotes', 'Label=" a;#b " ; c', ' a;#b '],
    ['joins quoted and plain parts', 'Label=a" b "c', 'a b c'],
    ['reads escapes in quotes', 'Label="\\"\\\\\\n\\t"', '"\\\n\t'],
    ['reads an escaped quote outside of quotes', 'Label=say \\"hi\\"', 'say "hi"'],
    ['continues a line after a backslash', 'Label=a \\\n  b', 'a   b'],
    ['continues a line that ends as on Windows', 'Label=a\\\r\nb\r', 'ab'],
    [
      'takes raw text between backticks as it is',
      'Label=`C:\\dir # "x"\ny` # c',
      'C:\\dir # "x"\ny',
    ],
    ['drops carriage returns, in quotes too', 'Label=a\rb"c\rd"', 'abcd'],
    ['takes the last of a repeated key', 'Label=a\nlabel=b', 'b'],
    ['takes an empty value', 'Label=\n', ''],
    ['takes an empty value before a comment', 'Label= ;a', ''],
    ['needs no line end', 'Label=a', 'a'],
  ])('%s', (_name, lines, value) => {
    expect(labelOf(lines)).toBe(value);
  });

  it.each([
    ['an open quote', 'Label="a', 'Label', 9],
    ['a quote that is open at the end of the line', 'Label="a\n"', 'Label', 9],
    ['an open backtick', 'Label=`a', 'Label', undefined],
    ['text after a raw value', 'Label=`a` b', 'Label', 11],
    ['an unknown escape in quotes', 'Label="\\x"', 'Label', 9],
    ['a backslash inside a plain value', 'Label=C:\\dir', 'Label', 10],
    ['a word after a key', 'Label a', undefined, 7],
    ['a line that is neither', '=a', undefined, 1],
    ['a header without a name', '[]', undefined, 2],
    ['a header with text after it', '[Listener "a"] x', 'Listener', 16],
    ['an open subsection', '[Listener "a]', 'Listener', undefined],
    ['an empty subsection', '[Listener ""]', 'Listener', 13],
    ['an unknown escape in a subsection', '[Listener "a\\n"]', 'Listener', 14],
    ['a subsection without quotes', '[Listener a]', 'Listener', 11],
    ['a zero character', 'Label=a\0', undefined, 8],
  ])('refuses %s', (_name, line, field, column) => {
    const error = errorOf(() => parseConfigFile(minimal(line), LISTENERS));
    expect(error.field).toBe(field);
    if (column === undefined) expect(error.position?.line).toBeGreaterThanOrEqual(4);
    else expect(error.position).toEqual({ line: 4, column });
    if (field !== undefined) expect(error.message).toContain(field);
  });

  it('skips a byte order mark, accepts CRLF and ignores the case of sections and keys', () => {
    const text = `\uFEFF${minimal('label=x').toUpperCase().replaceAll('\n', '\r\n')}`;
    const { global } = parseConfigFile(text);
    expect(global.Label).toBe('X');
    expect(global.Ingest_Secret).toBe('S');
  });

  it('throws nothing but its own error, whatever the text', () => {
    const pieces = fc.oneof(
      fc.constantFrom('[', ']', '"', '\\', '`', '=', '\n', '\r\n', '#', ';', ' ', '\0'),
      fc.constantFrom('Global', 'Listener', 'Label', 'Ingest-Secret', 'Cache-Depth', 'é-1'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (text) => {
        for (const whole of [text.join(''), minimal(text.join(''))]) {
          try {
            parseConfigFile(whole, LISTENERS);
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigFileError);
          }
        }
      }),
      fuzzRuns(300),
    );
  });

  it('reads back every value that is quoted', () => {
    const quoted = (value: string) =>
      `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !/[\r\0]/.test(value));
    fc.assert(
      fc.property(text, text, (label, name) => {
        const file = `${minimal(`Label=${quoted(label)}`)}[Listener "x"]\nTag-Name=${quoted(name)}`;
        const { global, sections } = parseConfigFile(file, LISTENERS);
        expect(global.Label).toBe(label);
        expect(sections.Listener.get('x')?.Tag_Name).toBe(name);
      }),
      fuzzRuns(300),
    );
  });
});

describe('declared sections', () => {
  const declarations = {
    Global: { keys: { 'Max-Body': 'integer' } },
    'Time-Format': { keys: { Format: 'strings', Token: 'secret', Strict: 'boolean' } },
    Listener: { named: true, keys: { 'Tag-Name': 'string', Port: 'integer' } },
  } as const satisfies SectionDeclarations;
  const read = (...lines: string[]) => parseConfigFile(minimal(...lines), declarations);

  it('adds declared keys to the [Global] section', () => {
    expect(read('Max-Body=0x10').global.Max_Body).toBe(16);
  });

  it('gives absent sections and keys their empty values', () => {
    const { sections } = read();
    expect(sections.Time_Format).toEqual({ Format: [], Strict: false });
    expect(sections.Time_Format.Token).toBe('');
    expect(sections.Listener.size).toBe(0);
  });

  it('puts the parts of a section together and keeps named ones apart', () => {
    const { sections } = read(
      '[Listener "a"]\nPort=1\n[Listener "A"]\nPort=2\n[listener "a"]\nTag-Name=x\n[Listener]',
    );
    expect(Object.fromEntries(sections.Listener)).toEqual({
      a: { Port: 1, Tag_Name: 'x' },
      A: { Port: 2, Tag_Name: '' },
      '': { Port: 0, Tag_Name: '' },
    });
  });

  it('collects repeated keys and clears them where the key stands alone', () => {
    expect(read('[Time-Format]\nFormat=a\nFormat=b').sections.Time_Format.Format).toEqual([
      'a',
      'b',
    ]);
    expect(read('[Time-Format]\nFormat=a\nFormat\nFormat=b').sections.Time_Format.Format).toEqual([
      'b',
    ]);
  });

  it.each([
    ['yes', true],
    ['ON', true],
    ['off', false],
    ['0', false],
  ])('reads the switch %s', (word, value) => {
    expect(read(`[Time-Format]\nStrict=${word}`).sections.Time_Format.Strict).toBe(value);
  });

  it.each([
    ['a key without a value', '[Listener "a"]\nPort', 'Port', 'Listener "a"'],
    ['a value of another kind', '[Listener "a"]\nPort=x', 'Port', 'Listener "a"'],
    ['a word that is no boolean', '[Time-Format]\nStrict=maybe', 'Strict', 'Time-Format'],
    ['an unknown key', '[Listener "a"]\nPart=1', 'Part', 'Listener "a"'],
    ['a key of another section', '[Time-Format]\nPort=1', 'Port', 'Time-Format'],
    [
      'a name that the section does not have',
      '[Time-Format "a"]',
      'Time-Format',
      'Time-Format "a"',
    ],
    ['a name on [Global]', '[Global "a"]', 'Global', 'Global "a"'],
    ['a word that stands alone', '[Time-Format]\nStrictly', undefined, 'Time-Format'],
  ])('refuses %s', (_name, lines, field, section) => {
    const error = errorOf(() => read(lines));
    expect(error.field).toBe(field);
    expect(error.section).toBe(section);
    expect(error.position).toEqual({ line: lines.includes('\n') ? 5 : 4, column: 1 });
    if (field !== undefined) expect(error.message).toContain(field);
  });

  it('refuses declarations that differ in case only', () => {
    expect(errorOf(() => parseConfigFile('', { A: { keys: {} }, a: { keys: {} } })).field).toBe(
      'a',
    );
    const keys = { 'log-level': 'string' } as const;
    expect(errorOf(() => parseConfigFile('', { Global: { keys } })).message).toMatch(/twice/);
  });
});

describe('the global section', () => {
  const settings = (...lines: string[]) =>
    globalSettings(parseConfigFile(minimal(...lines)).global);

  it('turns into settings with defaults', () => {
    expect(settings()).toEqual({
      secret: 's',
      targets: ['tcp://127.0.0.1:4023'],
      timeoutMs: 0,
      rateLimitBitsPerSecond: 0,
      insecureSkipTlsVerify: false,
      compression: false,
      ingesterName: undefined,
      ingesterUuid: undefined,
      label: undefined,
      sourceOverride: undefined,
      logSourceOverride: undefined,
      logLevel: 'error',
      logFile: undefined,
      logUdpTarget: undefined,
      selfIngest: true,
      cacheMode: 'always',
      cacheDepth: 128,
      cachePath: undefined,
      maxCacheBytes: 0,
      multithreading: true,
      statsSampleIntervalMs: 0,
      maxPastDeltaMs: 0,
      maxFutureDeltaMs: 0,
      maxEntrySize: 1073741823,
    });
  });

  it('turns every key into a setting', () => {
    const all = settings(
      'Encrypted-Backend-Target=::1',
      'Pipe-Backend-Target=/p',
      'Connection-Timeout= 1m30s ',
      'Rate-Limit=1MBps',
      'Insecure-Skip-TLS-Verify',
      'Enable-Compression=yes',
      'Ingester-Name=n',
      'Ingester-UUID={6BA7B810-9DAD-11D1-80B4-00C04FD430C8}',
      'Label=l',
      'Source-Override=10.0.0.1',
      'Log-Source-Override=::2',
      'Log-Level=" off "',
      'Log-UDP-Target=[::1]:514',
      'Disable-Self-Ingest=true',
      'Cache-Mode=Fail',
      'Cache-Depth=7',
      'Ingest-Cache-Path=/c',
      'Disable-Multithreading=1',
      'Stats-Sample-Interval=10s',
      'Timestamp-Max-Past-Delta=-1h',
      'Timestamp-Max-Future-Delta=1ms',
      'Max-Entry-Size=4096',
    );
    const { sourceOverride, logSourceOverride, ...others } = all;
    expect(sourceOverride?.toString()).toBe('10.0.0.1');
    expect(logSourceOverride?.toString()).toBe('::2');
    expect(others).toEqual({
      secret: 's',
      targets: ['tcp://127.0.0.1:4023', 'tls://[::1]:4024', 'pipe:///p'],
      timeoutMs: 90_000,
      rateLimitBitsPerSecond: 8 * 1024 * 1024,
      insecureSkipTlsVerify: true,
      compression: true,
      ingesterName: 'n',
      ingesterUuid: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
      label: 'l',
      logLevel: 'silent',
      logFile: undefined,
      logUdpTarget: '[::1]:514',
      selfIngest: false,
      cacheMode: 'fail',
      cacheDepth: 7,
      cachePath: '/c',
      maxCacheBytes: 1000 * 1024 * 1024,
      multithreading: false,
      statsSampleIntervalMs: 10_000,
      maxPastDeltaMs: 3_600_000,
      maxFutureDeltaMs: 1,
      maxEntrySize: 4096,
    });
    expect(settings('Log-File=/var/log/x.log').logFile).toBe('/var/log/x.log');
  });

  it('verifies certificates where the superseded key says so', () => {
    const lines = ['Insecure-Skip-TLS-Verify=true', 'Verify-Remote-Certificates=true'];
    expect(settings(...lines).insecureSkipTlsVerify).toBe(false);
  });

  it('takes a UUID of zeros for none', () => {
    expect(settings(`Ingester-UUID=${'0'.repeat(32)}`).ingesterUuid).toBeUndefined();
  });

  it.each(['Cleartext-Backend-Target=', 'Cleartext-Backend-Target=tcp://10.0.0.1:4023'])(
    'refuses %s without a position, where the key stands more than once',
    (line) => {
      const error = errorOf(() => parseConfigFile(minimal(line)));
      expect(error.field).toBe('Cleartext-Backend-Target');
      expect(error.position).toBeUndefined();
    },
  );

  it.each([
    ['Connection-Timeout=-1s', 'Connection-Timeout'],
    ['Encrypted-Backend-Target=a:0', 'Encrypted-Backend-Target'],
    ['Pipe-Backend-Target=', 'Pipe-Backend-Target'],
    ['Source-Override=3735928559', 'Source-Override'],
    ['Source-Override=fe80::1%eth0', 'Source-Override'],
    ['Log-Source-Override=x', 'Log-Source-Override'],
    ['Log-UDP-Target=host', 'Log-UDP-Target'],
    ['Log-UDP-Target=host:1\nLog-File=/x', 'Log-UDP-Target'],
    ['Cache-Depth=-1', 'Cache-Depth'],
    ['Max-Ingest-Cache=-1', 'Max-Ingest-Cache'],
    ['Stats-Sample-Interval=often', 'Stats-Sample-Interval'],
    ['Timestamp-Max-Past-Delta=1', 'Timestamp-Max-Past-Delta'],
    ['Timestamp-Max-Future-Delta=1d', 'Timestamp-Max-Future-Delta'],
    ['Max-Entry-Size=-1', 'Max-Entry-Size'],
    ['Max-Entry-Size=1073741824', 'Max-Entry-Size'],
  ])('refuses %s when the file is read', (line, field) => {
    const error = errorOf(() => parseConfigFile(minimal(line)));
    expect(error.field).toBe(field);
    expect(error.message).toContain(field);
    expect(error.position).toEqual({ line: 4, column: 1 });
  });

  it.each([
    ['0', undefined],
    ['-5mbit', undefined],
    ['127kbit', undefined],
    ['128kbit', 131_072],
    ['many', undefined],
  ])('limits the rate to %s or refuses it', (rate, bitsPerSecond) => {
    const act = () => settings(`Rate-Limit=${rate}`).rateLimitBitsPerSecond;
    if (bitsPerSecond !== undefined) expect(act()).toBe(bitsPerSecond);
    else expect(errorOf(act).field).toBe('Rate-Limit');
  });

  it('have a least rate limit of their own, above that of a muxer', () => {
    expect(settings('Rate-Limit=128kbit').rateLimitBitsPerSecond).toBe(MIN_FILE_RATE_LIMIT);
    expect(MIN_RATE_LIMIT).toBe(8000);
    const limited = (rateLimit: number) =>
      new IngestMuxer({ targets: ['tcp://127.0.0.1:1'], secret: 'x', rateLimit });
    expect(() => limited(MIN_RATE_LIMIT)).not.toThrow();
    expect(() => limited(MIN_RATE_LIMIT - 1)).toThrow(`${MIN_RATE_LIMIT} or more`);
  });
});

describe('secrets', () => {
  const withSecretFile = (path: string) =>
    parseConfigFile(`[Global]\nIngest-Secret-File="${path}"\nPipe-Backend-Target=/p\n`).global;

  it('come from the first line of a file where the section names one', () => {
    const path = join(temporaryDirectory(), 'secret');
    writeFileSync(path, 'from a file \r\nsecond line\n');
    expect(globalSettings(withSecretFile(path)).secret).toBe('from a file ');
  });

  it('are refused when their file is missing or empty', () => {
    const folder = temporaryDirectory();
    const path = join(folder, 'empty');
    writeFileSync(path, '\nsecond line\n');
    const empty = errorOf(() => globalSecret(withSecretFile(path)));
    expect(empty.field).toBe('Ingest-Secret-File');
    expect(inspect(empty)).not.toContain('second line');
    const missing = errorOf(() => globalSecret(withSecretFile(join(folder, 'missing'))));
    expect(missing.message).toContain('ENOENT');
    expect(inspect(missing)).not.toContain(folder);
  });

  it('are not enumerable', () => {
    const { global } = parseConfigFile(minimal().replace('=s\n', '=Hidden\n'));
    expect(global.Ingest_Secret).toBe('Hidden');
    expect(JSON.stringify(global)).not.toContain('Hidden');
    expect(inspect(global)).not.toContain('Hidden');
    expect(Object.values({ ...global })).not.toContain('Hidden');
  });

  const SECRET = 'Sup3rSecretWord';
  it.each([
    `[Global]\nIngest-Secret=${SECRET}\n`,
    `[Global]\nIngest-Secret=${SECRET}\nUnknown=1\n`,
    `[Global]\nIngest-Secret="${SECRET}\n`,
    `[Global]\nIngest-Secret="${SECRET}\\x"\n`,
    `[Global]\nIngest-Secret=\`${SECRET}\n`,
    `[Global]\nIngest-Secret=\`${SECRET}\` ${SECRET}\n`,
    `[Global]\nIngest-Secret=${SECRET}\\${SECRET}\n`,
    `[Global]\nIngest-Secret=a\0${SECRET}\n`,
    `[Global]\nIngest-Secret ${SECRET}\n`,
    `[Global]\nIngest-Secret: ${SECRET}\n`,
    `[Global]\nIngest-Secret=\n${SECRET}\n`,
    `[Global]\nIngest-Secret=\n  ${SECRET}==\n`,
    `[Global]\nIngest-Secret\n${SECRET}=\n`,
    `[Global]\nIngest-Secret=a\n${SECRET}\n`,
    `[Global]\nIngest-Secret=a\n${SECRET} ${SECRET}\n`,
    `[Global]\nIngestSecret=${SECRET}\n`,
    `Ingest-Secret=${SECRET}\n`,
    `${SECRET}\n`,
    `[Global]\n"${SECRET}"\n`,
    `[Globe]\nIngest-Secret=${SECRET}\n`,
    `[Listener "x"]\nIngest-Secret=${SECRET}\n`,
    `[Global Ingest-Secret=${SECRET}\n`,
    `[Global]\nIngest-Secret=${SECRET}\nPipe-Backend-Target=/p\nLog-Level=LOUD\n`,
    `[Global]\nIngest-Secret-File=${SECRET}\nLog-Level=LOUD\n`,
  ])('are in no error about %j', (text) => {
    const error = errorOf(() => parseConfigFile(text, LISTENERS));
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(SECRET);
    expect(error.message).not.toContain(SECRET);
  });
});

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['30s', 30_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['-10ms', -10],
    ['+1us', 0.001],
    ['1\u00b5s1\u03bcs', 0.002],
    ['1ns', 0.000001],
    ['1.9999ns', 0.000001],
    ['.5s', 500],
    ['1.s', 1000],
    ['0.1s', 100],
    ['0000000000000000000000001s', 1000],
    ['9223372036854775807ns', 9223372036854.775],
    ['-9223372036854775808ns', -9223372036854.775],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '-', '+', '1', '.s', 's', '1 s', ' 1s', '1s ', '1d', '1S', '1h-1m', '--1s', '1e3s'])(
    'refuses "%s"',
    (text) => {
      expect(errorOf(() => parseDuration(text, 'Some-Key')).field).toBe('Some-Key');
    },
  );

  it.each(['9223372036854775808ns', '2562048h', '99999999999999999999ns'])(
    'refuses %s, which is beyond 64 bits of nanoseconds',
    (text) => {
      expect(errorOf(() => parseDuration(text)).message).toContain('not a duration');
    },
  );
});

describe('parseInteger', () => {
  it.each([
    ['12', 12],
    [' -0x1F ', -31],
    ['+007', 7],
    ['-0', 0],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('reads "%s"', (text, value) => {
    expect(parseInteger(text)).toBe(value);
  });

  it.each(['', '1.5', '1e3', '0x', '1_000', '9007199254740992', '12 MB'])(
    'refuses "%s"',
    (text) => {
      expect(errorOf(() => parseInteger(text, 'Some-Key')).message).toContain('Some-Key');
    },
  );
});

describe('parseRate', () => {
  it.each([
    ['9223372036854775807', 2n ** 63n - 1n],
    ['+1KBps', 8192n],
    ['8589934592gbit', -(2n ** 63n)],
  ])('reads %s', (text, bitsPerSecond) => {
    expect(parseRate(text)).toBe(bitsPerSecond);
  });

  it.each(['9223372036854775808', '99999999999999999999mbit', '1kBps', '1bit', 'mbit', '1mbit1'])(
    'refuses %s',
    (text) => {
      expect(errorOf(() => parseRate(text)).message).toContain('not a rate');
    },
  );
});

describe('parseSourceOverride', () => {
  it.each([
    ['18446744073709551615', 'ffffffffffffffff'],
    ['18446744073709551616', '18446744073709551616'],
    ['0xffffffffffffffff', 'ffffffffffffffff'],
  ])('reads %s', (text, tail) => {
    expect(mappedHex(parseSourceOverride(text))).toBe(tail.padStart(32, '0'));
  });

  it.each(['0x1ffffffffffffffff', 'abc', 'f'.repeat(34), '-1', 'fe80::1%eth0'])(
    'refuses %s',
    (text) => {
      expect(errorOf(() => parseSourceOverride(text, 'Some-Key')).message).toContain('Some-Key');
    },
  );
});

describe('parseUuid', () => {
  const canonical = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  it.each([
    canonical,
    canonical.toUpperCase(),
    canonical.replaceAll('-', ''),
    `{${canonical}}`,
    `URN:UUID:${canonical}`,
  ])('reads %s', (text) => {
    expect(parseUuid(text)).toBe(canonical);
  });

  it.each(['', canonical.slice(1), `${canonical}}`, `{${canonical}`, canonical.replace('-', '')])(
    'refuses "%s"',
    (text) => {
      expect(errorOf(() => parseUuid(text, 'Some-Key')).message).toContain('Some-Key');
    },
  );
});

describe('withDefaultPort', () => {
  it('keeps the zone of a link-local address', () => {
    expect(withDefaultPort('fe80::1%eth0', 1)).toBe('[fe80::1%eth0]:1');
  });

  it.each([
    '',
    ':1',
    'a:',
    'a:b',
    'a:65536',
    'a:0',
    'a b',
    '[::1',
    '::1]:2',
    '[a]:1',
    'a/b',
    'a:1:2',
    'user@host',
  ])('refuses "%s"', (address) => {
    expect(errorOf(() => withDefaultPort(address, 4023, 'Some-Key')).field).toBe('Some-Key');
  });
});
