import assert from 'node:assert/strict';
import {
  ConfigFileError,
  globalRateLimit,
  globalTargets,
  globalTimeoutMs,
  InvalidTargetError,
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
import { parseAddress } from '@ringest/core/internal';
import { readVectors } from '../../support/vectors.js';
import { attempt, kindOf, type Result } from '../properties.js';
import { type Target, texts } from '../target.js';
import { ADDRESS_WORDS } from './texts.js';

interface ConfigVectors {
  readonly files: readonly { readonly text: string }[];
  readonly rates: readonly { readonly input: string }[];
  readonly sources: readonly { readonly input: string }[];
  readonly defaultPorts: readonly { readonly input: string }[];
}

const vectors = readVectors<ConfigVectors>('config');
const SECTIONS = {
  Listener: {
    named: true,
    keys: { 'Tag-Name': 'string', 'Ignore-Timestamps': 'boolean', Count: 'integer' },
  },
} as const satisfies SectionDeclarations;

const KEYS = ['Ingest-Secret', 'Cleartext-Backend-Target', 'Encrypted-Backend-Target', 'Rate-Limit']
  .concat(['Pipe-Backend-Target', 'Log-Level', 'Log-File', 'Log-UDP-Target', 'Connection-Timeout'])
  .concat(['Verify-Remote-Certificates', 'Source-Override', 'Ingester-UUID', 'Cache-Depth'])
  .concat(['Cache-Mode', 'Max-Ingest-Cache', 'Label', 'Stats-Sample-Interval', 'Max-Entry-Size'])
  .concat(['Tag-Name', 'Ignore-Timestamps', 'Count', 'Ingest-Cache-Path', 'Log-Source-Override'])
  .concat(['Timestamp-Max-Past-Delta', 'Disable-Self-Ingest', 'Insecure-Skip-TLS-Verify']);

const MINIMAL = '[Global]\nIngest-Secret=s\nCleartext-Backend-Target=127.0.0.1\n';

function runConfigFile(input: Buffer): readonly string[] {
  const text = input.toString();
  const read = attempt(() => parseConfigFile(text, SECTIONS), ConfigFileError);
  if ('error' in read) {
    const { position, problem } = read.error as ConfigFileError;
    if (position !== undefined) expectPlace(text, position);
    return [`${position !== undefined} ${kindOf(new ConfigFileError(problem))}`];
  }
  const { global, sections } = read.value;
  assert.deepEqual(parseConfigFile(text, SECTIONS), read.value);
  assert.ok(!('Ingest_Secret' in { ...global }), 'the secret is in a copy');
  // What a file accepts can be used, but for the rate limit, and for a pipe's path that is too long.
  const targets = globalTargets(global);
  for (const target of targets) attempt(() => parseAddress(target), InvalidTargetError);
  assert.ok(targets.length > 0 && globalTimeoutMs(global) >= 0);
  const rate = attempt(() => globalRateLimit(global), ConfigFileError);
  return [`${'error' in rate} ${sections.Listener.size > 0}`];
}

function expectPlace(text: string, { line, column }: { line: number; column: number }): void {
  const lines = text.split('\n');
  const length = lines[line - 1]?.length;
  assert.ok(length !== undefined && column >= 1 && column <= length + 1, 'an error is in no place');
}

const SCALARS = [
  parseBoolean,
  parseDuration,
  parseInteger,
  parseRate,
  parseSourceOverride,
  parseUuid,
  (text: string) => withDefaultPort(text, 4023),
] as const;

/** Each function, and what it makes of its own result if that is text. */
function runScalars(input: Buffer): readonly string[] {
  const text = input.toString();
  return SCALARS.flatMap((parse, which) => {
    const read: Result<unknown> = attempt(() => parse(text), ConfigFileError);
    if ('error' in read) return [];
    const { value } = read;
    if (typeof value === 'string') assert.equal(parse(value), value);
    if (typeof value === 'number') assert.ok(Number.isFinite(value));
    return [`${which} is ${typeof value}`];
  });
}

/** An ingester's configuration file, and the values in one. */
export const CONFIGURATION: readonly Target[] = [
  {
    name: 'config-file',
    seeds: texts(
      MINIMAL,
      ...vectors.files.map(({ text }) => text),
      `${MINIMAL}[Listener "one \\"two"]\nTag-Name = "a\\tb" ; c\nIgnore-Timestamps\nCount=0x10 \\\n#\n`,
    ),
    words: [
      ...texts(...KEYS, ...KEYS.map((key) => `\n${key}=`), '[Global]', '[Listener "a"]', '\ufeff'),
      ...texts('=', '"', '`', '\\', '\n', '\r\n', '#', ';', '[', ']', ' ', '\0', '\u00df', 'true'),
    ],
    run: runConfigFile,
    long: (size) => Buffer.from(MINIMAL + 'Pipe-Backend-Target="/a"\n'.repeat(size / 25)),
  },
  {
    name: 'config-scalars',
    seeds: texts(
      ...['true', '1h30m', '-1.5s', '0x10', '10mbit', '5MBps', '::1', 'deadbeef', 'host:99'],
      '11111111-2222-3333-4444-555555555555',
      'urn:uuid:11111111222233334444555555555555',
      ...[...vectors.rates, ...vectors.sources, ...vectors.defaultPorts].map(({ input }) => input),
    ),
    words: [
      ...ADDRESS_WORDS,
      ...texts('-', '+', '0x', '.', 'ns', 'us', '\u00b5s', 'ms', 's', 'm', 'h', 'kbit', 'KBps'),
      ...texts('urn:uuid:', '{', '}', '9223372036854775807', '9223372036854775808'),
    ],
    run: runScalars,
    long: (size) => Buffer.from('1s'.repeat(size / 2)),
  },
];
