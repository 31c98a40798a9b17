import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  IngestMuxer,
  type MappedConfiguration,
  muxerConfiguration,
  parseConfigFile,
} from '@ringest/core';
import { GLOBAL_KEYS, KEY_EFFECTS } from '@ringest/core/internal';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import vectors from '../../vectors/config.json' with { type: 'json' };

const UUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const BASE = ['Ingest-Secret=s', 'Cleartext-Backend-Target=127.0.0.1'];

const map = (lines: readonly string[], ...sections: readonly string[]): MappedConfiguration =>
  muxerConfiguration(parseConfigFile(['[Global]', ...lines, ...sections, ''].join('\n')));

/** What lines add to a file that has only what it must, or change in it. */
function effectOf(...lines: string[]) {
  const { configuration: before } = map(BASE);
  const { configuration, ...rest } = map([...BASE, ...lines]);
  const changed = Object.entries(configuration).filter(
    ([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(before[name as keyof typeof before]),
  );
  return { ...Object.fromEntries(changed), warnings: rest.warnings.map(({ key }) => key) };
}

const CACHE = 'Ingest-Cache-Path=/c';

/** For each key of [Global]: lines that have it, and what they change in the options of a muxer. */
const EFFECTS: Readonly<Record<string, readonly [lines: readonly string[], effect: object]>> = {
  'Ingester-Name': [['Ingester-Name=n'], { name: 'n' }],
  'Ingest-Secret': [['Ingest-Secret=t'], { secret: 't' }],
  'Connection-Timeout': [['Connection-Timeout=3s'], {}],
  'Verify-Remote-Certificates': [
    [
      'Encrypted-Backend-Target=a',
      'Insecure-Skip-TLS-Verify=true',
      'Verify-Remote-Certificates=true',
    ],
    { targets: ['tcp://127.0.0.1:4023', 'tls://a:4024'] },
  ],
  'Insecure-Skip-TLS-Verify': [
    ['Encrypted-Backend-Target=a', 'Insecure-Skip-TLS-Verify=true'],
    { targets: ['tcp://127.0.0.1:4023', 'tls://a:4024'], tls: { insecureSkipVerify: true } },
  ],
  'Cleartext-Backend-Target': [
    ['Cleartext-Backend-Target=b:1'],
    { targets: ['tcp://127.0.0.1:4023', 'tcp://b:1'] },
  ],
  'Encrypted-Backend-Target': [
    ['Encrypted-Backend-Target=b'],
    { targets: ['tcp://127.0.0.1:4023', 'tls://b:4024'] },
  ],
  'Pipe-Backend-Target': [
    ['Pipe-Backend-Target=/p'],
    { targets: ['tcp://127.0.0.1:4023', 'pipe:///p'] },
  ],
  'Enable-Compression': [['Enable-Compression=true'], { compression: 'snappy' }],
  'Log-Level': [['Log-Level=WARN'], { selfIngest: { level: 'warn' } }],
  'Log-File': [['Log-File=/l'], {}],
  'Log-UDP-Target': [['Log-UDP-Target=a:514'], { warnings: ['Log-UDP-Target'] }],
  'Disable-Self-Ingest': [['Disable-Self-Ingest=true'], { selfIngest: false }],
  'Source-Override': [['Source-Override=10.0.0.1'], { sourceOverride: expect.anything() }],
  'Log-Source-Override': [['Log-Source-Override=10.0.0.1'], { logSource: expect.anything() }],
  'Rate-Limit': [['Rate-Limit=1mbit'], { rateLimit: 2 ** 20 }],
  'Ingester-UUID': [[`Ingester-UUID={${UUID}}`], { uuid: UUID }],
  'Cache-Depth': [['Cache-Depth=7'], { warnings: ['Cache-Depth'] }],
  'Cache-Mode': [
    [CACHE, 'Cache-Mode=fail'],
    { cache: { path: '/c', mode: 'fail', maxBytes: 1000 * 2 ** 20 } },
  ],
  'Ingest-Cache-Path': [
    [CACHE],
    { cache: { path: '/c', mode: 'always', maxBytes: 1000 * 2 ** 20 } },
  ],
  'Max-Ingest-Cache': [
    [CACHE, 'Max-Ingest-Cache=2'],
    { cache: { path: '/c', mode: 'always', maxBytes: 2 ** 21 } },
  ],
  Label: [['Label=l'], { label: 'l' }],
  'Disable-Multithreading': [
    ['Disable-Multithreading'],
    { workers: 1, warnings: ['Disable-Multithreading'] },
  ],
  'Stats-Sample-Interval': [['Stats-Sample-Interval=10s'], { statsInterval: 10_000 }],
  'Timestamp-Max-Past-Delta': [
    ['Timestamp-Max-Past-Delta=-87600h'],
    { timestampWindow: { past: 315_360_000_000 } },
  ],
  'Timestamp-Max-Future-Delta': [
    ['Timestamp-Max-Future-Delta=1us'],
    { timestampWindow: { future: 1 } },
  ],
  'Max-Entry-Size': [['Max-Entry-Size=1000'], { maxEntrySize: 1000 }],
};

describe('a key of [Global]', () => {
  it.each(Object.entries(EFFECTS))(
    '%s sets what it means, and nothing else',
    (_key, [lines, effect]) => {
      expect(effectOf(...lines)).toEqual({ warnings: [], ...effect });
    },
  );

  it('is known, or names the file of the secret, whichever it is', () => {
    const path = join(temporaryDirectory(), 'secret');
    writeFileSync(path, 'in a file\n');
    const { configuration } = map([`Ingest-Secret-File=${path}`, 'Pipe-Backend-Target=/p']);
    expect(configuration.secret).toBe('in a file');
    const tested = [...Object.keys(EFFECTS), 'Ingest-Secret-File'];
    expect(tested.sort()).toEqual(Object.keys(GLOBAL_KEYS).sort());
    expect(Object.keys(KEY_EFFECTS).sort()).toEqual(Object.keys(GLOBAL_KEYS).sort());
  });

  it('warns when it needs a cache and there is none', () => {
    expect(effectOf('Cache-Mode=fail', 'Max-Ingest-Cache=2')).toEqual({
      warnings: ['Cache-Mode', 'Max-Ingest-Cache'],
    });
  });
});

describe('the options of a muxer from a file', () => {
  it.each(vectors.files.filter(({ global, rateLimitError }) => global && !rateLimitError))(
    'make a muxer: $text',
    ({ text, targets }) => {
      const config = parseConfigFile(text, {
        Listener: {
          named: true,
          keys: { 'Tag-Name': 'string', 'Bind-String': 'string', 'Ignore-Timestamps': 'boolean' },
        },
      });
      const muxer = new IngestMuxer(muxerConfiguration(config).configuration);
      expect(muxer.status().targets.map(({ target }) => target)).toEqual(targets);
    },
  );

  it('have the values that are attached', () => {
    const { configuration } = map(BASE, '[Attach]', 'host=$HOSTNAME', 'site=a');
    expect(configuration.attach).toEqual({ host: '$HOSTNAME', site: 'a' });
  });

  it('leave certificates alone when no target has one', () => {
    expect(effectOf('Insecure-Skip-TLS-Verify=true')).toEqual({ warnings: [] });
  });

  it.each(['OFF', 'FATAL', 'CRITICAL'])('ingest no log with the level %s', (level) => {
    expect(effectOf(`Log-Level=${level}`)).toEqual({ selfIngest: false, warnings: [] });
  });

  it('go with what only a start needs', () => {
    const lines = ['Connection-Timeout=1500us', 'Log-File=/l', 'Log-Level=debug'];
    expect(map([...BASE, ...lines])).toMatchObject({
      connectionTimeout: 2,
      logFile: '/l',
      logLevel: 'debug',
    });
    expect(map(BASE)).toMatchObject({ connectionTimeout: undefined, logFile: undefined });
  });
});
