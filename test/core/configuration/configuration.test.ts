import { inspect } from 'node:util';
import { RingestError } from '@ringest/codec';
import { ConfigurationError, IngestMuxer, type MuxerConfiguration } from '@ringest/core';
import { checkConfiguration } from '@ringest/core/internal';
import { describe, expect, it } from 'vitest';
import { hotMuxer, SECRET, wholeMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const HIDDEN = 'Sup3rSecretWord';
const GOOD = { targets: ['tcp://127.0.0.1:4023'], secret: HIDDEN };

/** The error of a muxer that cannot be made, by a caller whose types nobody checked. */
function refusal(configuration: unknown): ConfigurationError {
  try {
    new IngestMuxer(configuration as MuxerConfiguration);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  throw new Error('the configuration was accepted');
}

const WRONG: [name: string, field: string, wrong: Record<string, unknown>][] = [
  ['no targets', 'targets', { targets: undefined }],
  ['targets that are no list', 'targets', { targets: 'tcp://127.0.0.1:4023' }],
  ['an empty list of targets', 'targets', { targets: [] }],
  ['a target that is no text', 'targets.1', { targets: ['tcp://a:1', 4023] }],
  ['a target without a scheme', 'targets.0', { targets: ['127.0.0.1:4023'] }],
  ['a target of another scheme', 'targets.1', { targets: ['tcp://a:1', 'udp://b:1'] }],
  ['a target without a host', 'targets.0', { targets: ['tcp://'] }],
  ['a target with port 0', 'targets.0', { targets: ['tcp://a:0'] }],
  ['a target with a port too high', 'targets.0', { targets: ['tcp://a:65536'] }],
  ['a target with a word for its port', 'targets.0', { targets: ['tcp://a:http'] }],
  ['a target with a path', 'targets.0', { targets: ['tcp://a:1/x'] }],
  ['a target with two schemes', 'targets.0', { targets: ['tcp://tcp://a:1'] }],
  ['an IPv6 target with a port and no brackets', 'targets.0', { targets: ['tcp://fe80:::1:2'] }],
  ['no secret', 'secret', { secret: undefined }],
  ['an empty secret', 'secret', { secret: '' }],
  ['a secret that is no text', 'secret', { secret: Buffer.from(HIDDEN) }],
  ['tags that are no list', 'tags', { tags: 'test' }],
  ['a tag that is no text', 'tags.0', { tags: [7] }],
  ['an empty tag', 'tags.1', { tags: ['good', ' '] }],
  ['a tag with a forbidden character', 'tags.2', { tags: ['a', 'b', 'c d'] }],
  ['a tag that is too long', 'tags.0', { tags: ['x'.repeat(4097)] }],
  ['too many tags', 'tags', { tags: Array.from({ length: 65536 }, (_, i) => `t${i}`) }],
  ['a name that is no text', 'name', { name: 1 }],
  ['a version that is no text', 'version', { version: 1.5 }],
  ['a name that is too long', 'name', { name: 'x'.repeat(4097) }],
  ['a version of too many bytes', 'version', { version: 'ü'.repeat(2049) }],
  ['entries of no size', 'maxEntrySize', { maxEntrySize: 0 }],
  ['entries that are too long', 'maxEntrySize', { maxEntrySize: 2 ** 30 }],
  ['a window of no time', 'timestampWindow.past', { timestampWindow: { past: 0 } }],
  ['a window with another side', 'timestampWindow.now', { timestampWindow: { now: 1 } }],
  ['a label that is too long', 'label', { label: 'x'.repeat(2 ** 20) }],
  ['a UUID that is none', 'uuid', { uuid: '1234' }],
  ['a UUID that is no text', 'uuid', { uuid: 1234 }],
  ['a UUID in a cache that is not there', 'uuid', { uuid: 'cache' }],
  ['a UUID in a folder that is missing', 'uuid', { uuid: { file: '/missing/uuid' } }],
  ['a UUID in a file that is a folder', 'uuid', { uuid: { file: '/' } }],
  ['a UUID in a file that has none', 'uuid', { uuid: { file: import.meta.filename } }],
  ['no workers', 'workers', { workers: 0 }],
  ['half a worker', 'workers', { workers: 0.5 }],
  ['too many workers', 'workers', { workers: 1025 }],
  ['no connections', 'connectionsPerTarget', { connectionsPerTarget: 0 }],
  ['too many connections', 'connectionsPerTarget', { connectionsPerTarget: 1025 }],
  ['a ring that is too small', 'ringBytes', { ringBytes: 32768 }],
  ['a ring that is too large', 'ringBytes', { ringBytes: 2 ** 31 }],
  ['a ring that is no power of two', 'ringBytes', { ringBytes: 100_000 }],
  ['a ring that is no number', 'ringBytes', { ringBytes: '65536' }],
  ['a ring of NaN bytes', 'ringBytes', { ringBytes: Number.NaN }],
  ['empty batches', 'batchBytes', { batchBytes: 0 }],
  ['endless batches', 'batchBytes', { batchBytes: Number.POSITIVE_INFINITY }],
  ['an empty backlog', 'backlogBytes', { backlogBytes: 0 }],
  ['no time to close', 'closeTimeout', { closeTimeout: 0 }],
  ['a time that no timer can wait', 'closeTimeout', { closeTimeout: 2 ** 31 }],
  ['times that are none', 'times', { times: 5 }],
  ['a time to dial that is negative', 'times.dial', { times: { dial: -1 } }],
  ['a time to shake hands that is a fraction', 'times.handshake', { times: { handshake: 0.5 } }],
  ['a time to wait that is text', 'times.notReady', { times: { notReady: '1s' } }],
  ['a first retry that never comes', 'times.firstRetry', { times: { firstRetry: 2 ** 31 } }],
  [
    'a first retry after the longest pause',
    'times.firstRetry',
    { times: { firstRetry: 2000, mostRetry: 1999 } },
  ],
  ['a first retry over the default', 'times.firstRetry', { times: { firstRetry: 30_001 } }],
  ['a rate limit under the least', 'rateLimit', { rateLimit: 7999 }],
  ['a negative rate limit', 'rateLimit', { rateLimit: -1 }],
  ['an endless rate limit', 'rateLimit', { rateLimit: Number.POSITIVE_INFINITY }],
  ['a rate limit that is text', 'rateLimit', { rateLimit: '8000' }],
  ['a retry at once', 'times.mostRetry', { times: { mostRetry: 0 } }],
  ['a time that there is not', 'times.bogus', { times: { bogus: 1 } }],
  ['a logger that is none', 'logger', { logger: {} }],
  ['a logger that is a function', 'logger', { logger: () => {} }],
  ['a field that there is not', 'ringbytes', { ringbytes: 65536 }],
];

describe('a configuration', () => {
  it.each(WRONG)('with %s is refused, naming %s', (_name, field, wrong) => {
    const error = refusal({ ...GOOD, ...wrong });
    expect(error).toBeInstanceOf(RingestError);
    expect(error.code).toBe('ERR_CONFIGURATION');
    expect(error.name).toBe('ConfigurationError');
    expect(error.field).toBe(field);
    expect(error.message).toContain(`configuration field ${field}: `);
    expect(error.message.length).toBeLessThan(600);
  });

  it.each(WRONG)('with %s shows no secret in its error', (_name, _field, wrong) => {
    const error = refusal({ ...GOOD, ...wrong });
    const shown = [
      error.message,
      error.stack,
      `${error.cause}`,
      JSON.stringify(error),
      inspect(error, { depth: 20, showHidden: true }),
    ];
    expect(shown.join('\n')).not.toContain(HIDDEN);
  });

  it.each([undefined, null, 'tcp://127.0.0.1:4023', 7, []])(
    'that is %j is refused',
    (configuration) => {
      expect(refusal(configuration).field).toBe('(root)');
    },
  );

  it('with several wrong fields names one of them', () => {
    expect(['name', 'version']).toContain(refusal({ ...GOOD, name: 1, version: 2 }).field);
    expect(['naem', 'vresion']).toContain(refusal({ ...GOOD, naem: '', vresion: '' }).field);
  });

  it.each<[field: string, right: Partial<MuxerConfiguration>]>([
    [
      'targets',
      { targets: ['TCP://localhost', 'tcp://[::1]', 'tcp://[::1]', 'tcp://[::1]:65535'] },
    ],
    ['tags', { tags: [] }],
    ['tags', { tags: ['x'.repeat(4096), 'gravwell', 'übung', '標籤'] }],
    ['uuid', { uuid: '00000000-0000-0000-0000-000000000000' }],
    ['ringBytes', { ringBytes: 65536 }],
    ['batchBytes', { batchBytes: 1 }],
    ['backlogBytes', { backlogBytes: 1 }],
    ['workers', { workers: 1024 }],
    ['connectionsPerTarget', { connectionsPerTarget: 2 }],
    ['name', { name: 'ü'.repeat(2048), version: 'x'.repeat(4096), label: '' }],
    ['rateLimit', { rateLimit: 8000 }],
    ['rateLimit', { rateLimit: 0 }],
    ['times', { times: { dial: 1 } }],
    ['times', { times: { dial: 1, handshake: 1, notReady: 1, firstRetry: 1, mostRetry: 1 } }],
  ])('with an unusual %s is accepted', (_field, right) => {
    expect(() => new IngestMuxer({ ...GOOD, ...right })).not.toThrow();
  });

  it.each<[says: string, wrong: Record<string, unknown>]>([
    [
      '2000 ms is more than times.mostRetry, 1000 ms',
      { times: { firstRetry: 2000, mostRetry: 1000 } },
    ],
    ['give true, false, or { level } with one of debug, info, warn, error', { selfIngest: 'yes' }],
    ['give true, false, or { level }', { selfIngest: { level: 'trace' } }],
    ['give at most 4096 bytes', { name: 'x'.repeat(2 ** 20) }],
    ['8000 or more, or 0 for no limit', { rateLimit: 1 }],
  ])('that is refused says what to give: %s', (says, wrong) => {
    expect(refusal({ ...GOOD, ...wrong }).message).toContain(says);
  });

  it('without a time to dial leaves TCP the time to repeat its first packet twice', () => {
    // The repetitions come after 1 and 3 s (RFC 6298).
    expect(checkConfiguration(GOOD).times.dial).toBeGreaterThan(3000);
  });

  it('is not kept: changing it afterwards changes nothing', () => {
    const tags = ['a', 'b'];
    const targets = ['tcp://a:1'];
    const muxer = new IngestMuxer({ targets, secret: HIDDEN, tags });
    tags.push('c');
    targets.push('tcp://b:1');
    expect(muxer.knownTags()).toEqual(['a', 'b']);
    expect(muxer.size()).toBe(1);
  });

  it('makes a lane for each connection to each target', () => {
    const targets = ['tcp://a:1', 'tcp://b:1'];
    const muxer = new IngestMuxer({ ...GOOD, targets, connectionsPerTarget: 3 });
    expect(muxer.size()).toBe(6);
    expect(muxer.hot()).toBe(0);
    expect(muxer.dead()).toBe(6);
    expect(muxer.stats().lanes.map(({ target }) => target)).toEqual([
      ...['tcp://a:1', 'tcp://a:1', 'tcp://a:1'],
      ...['tcp://b:1', 'tcp://b:1', 'tcp://b:1'],
    ]);
  });

  it('gives each lane the ring it asks for', () => {
    const muxer = new IngestMuxer({ ...GOOD, ringBytes: 131072 });
    expect(muxer.stats().lanes.map(({ ringBytes }) => ringBytes)).toEqual([131072]);
  });
});

describe('what an ingester says about itself', () => {
  it('is what it was configured with', async () => {
    const indexer = await ScriptedIndexer.listen();
    const uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    await hotMuxer({ targets: [indexer.address], name: 'tester', version: '1.2.3', uuid });
    const { identity } = await indexer.hot(0);
    expect(identity).toMatchObject({ name: 'tester', version: '1.2.3', uuid });
  });

  it('has a name and a random UUID by default, the same on every connection', async () => {
    const indexer = await ScriptedIndexer.listen();
    const targets = [indexer.address];
    await wholeMuxer({ targets, connectionsPerTarget: 2 });
    await hotMuxer({ targets });
    const identities = [0, 1, 2].map(async (i) => (await indexer.hot(i)).identity);
    const [first, second, other] = await Promise.all(identities);
    expect(first?.name).toBe('ringest');
    expect(first?.uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(second?.uuid).toBe(first?.uuid);
    expect(other?.uuid).not.toBe(first?.uuid);
  });

  it('is who it says, by the secret', async () => {
    const indexer = await ScriptedIndexer.listen({ secret: 'ünïcode ✓ sécret' });
    const muxer = await hotMuxer({ targets: [indexer.address], secret: 'ünïcode ✓ sécret' });
    expect(muxer.hot()).toBe(1);
    expect(SECRET).not.toBe('ünïcode ✓ sécret');
  });
});
