import { answerChallenge, Compression, decodeChallenge, hashSecret, State } from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIndexerMessage, encodeIngesterMessage } from '../fuzz/targets/stream-encoding.js';
import {
  cut,
  readIndexerSide,
  readIngesterSide,
  recorded,
  SESSIONS,
  type SessionName,
} from '../support/sessions.js';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';

const IDENTITY = {
  name: 'transcript',
  version: '4.0.0',
  uuid: '11111111-2222-3333-4444-555555555555',
};
const TAGS = new Map([
  ['syslog', 10],
  ['test', 7],
]);

function compressionOf(name: SessionName): Compression {
  return name === 'session-snappy' ? Compression.snappy : Compression.none;
}

describe.each(SESSIONS)('%s', (name) => {
  const fromIndexer = Buffer.concat(recorded(name, 'indexer'));
  const fromIngester = Buffer.concat(recorded(name, 'ingester'));

  it('is decoded whole on the side of the ingester', () => {
    const messages = readIndexerSide([fromIndexer]);
    expect(messages.map(({ kind }) => kind)).toEqual([
      'challenge',
      'state',
      'tagResponse',
      'confirmApiVersion',
      'confirmId',
      'confirmIngestOk',
      'streamConfiguration',
      'confirmEntry',
      'confirmEntry',
      'confirmEntry',
      'confirmTag',
      'confirmEntry',
      ...messages.slice(12).map(({ kind }) => (kind === 'pong' ? 'pong' : 'confirmIngesterState')),
    ]);
    expect(messages[1]).toEqual({ kind: 'state', id: State.authenticated, info: 'ok' });
    expect(messages[2]).toEqual({ kind: 'tagResponse', count: 2, tags: TAGS });
    expect(messages[5]).toEqual({ kind: 'confirmIngestOk', ok: true });
    expect(messages[6]).toEqual({ kind: 'streamConfiguration', compression: compressionOf(name) });
    expect(messages[10]).toEqual({ kind: 'confirmTag', tag: 13 });
    expect(
      messages.flatMap((message) => (message.kind === 'confirmEntry' ? [message.id] : [])),
    ).toEqual([1, 2, 3, 4]);
    expect(messages.filter(({ kind }) => kind === 'confirmIngesterState')).toHaveLength(1);
  });

  it('is decoded whole on the side of the indexer', () => {
    const messages = readIngesterSide([fromIngester]);
    expect(messages.filter(({ kind }) => kind !== 'forceAck').map(({ kind }) => kind)).toEqual([
      'challengeResponse',
      'tagRequest',
      'state',
      'apiVersion',
      'id',
      'ingestOk',
      'streamConfiguration',
      'entry',
      'entry',
      'entry',
      'tag',
      'entry',
      'ingesterState',
    ]);
    expect(messages[0]).toMatchObject({
      tenant: name === 'session-tenant' ? { name: 'acme', version: 9 } : undefined,
    });
    expect(messages[1]).toEqual({ kind: 'tagRequest', tags: ['test', 'syslog'] });
    expect(messages[2]).toEqual({ kind: 'state', id: State.hot, info: '' });
    expect(messages).toContainEqual({ kind: 'apiVersion', version: 9 });
    expect(messages).toContainEqual({ kind: 'id', ...IDENTITY });
    expect(messages).toContainEqual({ kind: 'tag', name: 'newtag' });
    const entries = messages.flatMap((message) => (message.kind === 'entry' ? [message] : []));
    expect(
      entries.map(({ id, entry }) => [id, entry.tag, `${entry.source}`, `${entry.data}`]),
    ).toEqual([
      [1, 7, '10.1.2.3', 'first'],
      [2, 10, '2001:db8::1', 'second'],
      [3, 7, '10.1.2.3', 'third, with values'],
      [4, 13, '10.1.2.3', 'fourth, on a tag negotiated later'],
    ]);
    expect(entries[2]?.entry.enumeratedValues.map(({ name, value }) => [name, value])).toEqual([
      ['n', 42n],
      ['s', 'str'],
    ]);
    expect(messages.at(-1)?.kind).toBe('forceAck');
    const state = messages.find(({ kind }) => kind === 'ingesterState');
    expect(state).toMatchObject({
      state: { name: 'transcript', label: 'label', entries: 4, tags: ['test', 'syslog', 'newtag'] },
    });
  });

  it('is decoded the same byte by byte', () => {
    expect(readIndexerSide(cut(fromIndexer, [1]))).toEqual(readIndexerSide([fromIndexer]));
    expect(readIngesterSide(cut(fromIngester, [1]))).toEqual(readIngesterSide([fromIngester]));
  });

  it(
    'is decoded the same at any chunk boundaries',
    () => {
      const whole = {
        indexer: readIndexerSide([fromIndexer]),
        ingester: readIngesterSide([fromIngester]),
      };
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sizes) => {
          expect(readIndexerSide(cut(fromIndexer, sizes))).toEqual(whole.indexer);
          expect(readIngesterSide(cut(fromIngester, sizes))).toEqual(whole.ingester);
        }),
        fuzzRuns(200),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it('proves the ingester’s knowledge of the secret', () => {
    const [challengeBytes] = recorded(name, 'indexer');
    const [message] = readIngesterSide([fromIngester]);
    const challenge = decodeChallenge(challengeBytes as Buffer);
    if (message?.kind !== 'challengeResponse') throw new Error('no challenge response');
    expect(message.answer).toEqual(answerChallenge(challenge, hashSecret('IngestSecrets')));
  });
});

describe('a recorded session without compression', () => {
  it.each(['session-plain', 'session-tenant'] as const)(
    '%s encodes to the recorded bytes',
    (name) => {
      const fromIndexer = Buffer.concat(recorded(name, 'indexer'));
      const fromIngester = Buffer.concat(recorded(name, 'ingester'));
      const indexer = readIndexerSide([fromIndexer]).map((one) => whole(encodeIndexerMessage(one)));
      const ingester = readIngesterSide([fromIngester]).map((one) =>
        whole(encodeIngesterMessage(one)),
      );
      expect(Buffer.concat(indexer).toString('hex')).toBe(fromIndexer.toString('hex'));
      expect(Buffer.concat(ingester).toString('hex')).toBe(withoutRemains(fromIngester));
    },
  );
});

/**
 * After an IPv4 source the reference leaves what an entry before it wrote there. An indexer does
 * not look at it, and ringest writes zeros.
 */
function withoutRemains(recording: Buffer): string {
  return recording
    .toString('hex')
    .replaceAll(`0a010203${'00000001'.padStart(24, '0')}`, `0a010203${'0'.repeat(24)}`);
}

function whole(encoded: Uint8Array | undefined): Uint8Array {
  if (encoded === undefined) throw new Error('a message of a recorded session cannot be encoded');
  return encoded;
}
