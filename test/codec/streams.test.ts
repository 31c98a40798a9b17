import {
  Compression,
  DecodeError,
  decodeFrame,
  encodeApiVersion,
  encodeChallenge,
  encodeChallengeResponse,
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodeConfirmIngestOk,
  encodeConfirmTag,
  encodeDittoBlock,
  encodeEntry,
  encodeErrorTag,
  encodeForceAck,
  encodeId,
  encodeIngestOk,
  encodePing,
  encodePong,
  encodeState,
  encodeStreamConfiguration,
  encodeTag,
  encodeTagRequest,
  encodeTagResponse,
  encodeThrottle,
  FLAG_VALUES,
  IndexerStreamDecoder,
  IngesterStreamDecoder,
  LENGTH_MASK,
  LimitError,
  State,
  type StreamDecoder,
  UnknownCommandError,
} from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, recorded } from '../support/sessions.js';
import { bytes, FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';

const CHALLENGE = { iterations: 10_001, random: Buffer.alloc(32, 3), version: 9 };
const WITHOUT_TAGS = Buffer.concat([
  encodeChallenge(CHALLENGE),
  encodeState({ id: State.authenticated, info: '' }),
]);
const TO_COMMANDS_INDEXER = Buffer.concat([WITHOUT_TAGS, encodeTagResponse({ a: 1 })]);
const TO_COMMANDS_INGESTER = Buffer.concat([
  Buffer.alloc(32, 5),
  encodeTagRequest(['a']),
  encodeState({ id: State.hot, info: '' }),
]);

/** A decoder that has read the handshake and stands before the commands. */
function indexerDecoder(): IndexerStreamDecoder {
  const decoder = new IndexerStreamDecoder();
  decoder.push(TO_COMMANDS_INDEXER);
  drain(decoder);
  return decoder;
}

function ingesterDecoder(): IngesterStreamDecoder {
  const decoder = new IngesterStreamDecoder();
  decoder.push(TO_COMMANDS_INGESTER);
  drain(decoder);
  return decoder;
}

function drain<M>(decoder: StreamDecoder<M>): unknown[] {
  const messages: unknown[] = [];
  for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
    messages.push(message);
  }
  return messages;
}

function decodeAll<M>(decoder: StreamDecoder<M>, chunk: Uint8Array): unknown[] {
  decoder.push(chunk);
  return drain(decoder);
}

function u32(...words: number[]): Buffer {
  const encoded = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    encoded.writeUInt32LE(word, 4 * i);
  });
  return encoded;
}

function frame(id: number, entry: Parameters<typeof encodeEntry>[0]): Buffer {
  const encoded = encodeEntry(entry);
  const rest = encoded.subarray(34);
  return Buffer.concat([bytes('cb5ac9c7'), encoded.subarray(0, 34), u32(id, 0), rest]);
}

const FIRST = frame(1, { timestamp: 0, tag: 7, data: 'first', source: '10.0.0.1' });
const VALUED = frame(2, { timestamp: 0, tag: 8, data: 'second', enumeratedValues: { n: 1 } });

describe('what an ingester reads', () => {
  it('goes from the challenge by the state and the tags to the commands', () => {
    const decoder = new IndexerStreamDecoder();
    expect(decodeAll(decoder, TO_COMMANDS_INDEXER)).toEqual([
      { kind: 'challenge', ...CHALLENGE },
      { kind: 'state', id: State.authenticated, info: '' },
      { kind: 'tagResponse', count: 1, tags: new Map([['a', 1]]) },
    ]);
    expect(decodeAll(decoder, encodePong())).toEqual([{ kind: 'pong' }]);
  });

  it('expects no tags after a state that is not AUTHENTICATED', () => {
    const decoder = new IndexerStreamDecoder();
    const refusal = encodeState({ id: State.notAuthenticated, info: 'bad' });
    decodeAll(decoder, encodeChallenge(CHALLENGE));
    expect(decodeAll(decoder, refusal)).toEqual([
      { kind: 'state', id: State.notAuthenticated, info: 'bad' },
    ]);
    expect(decodeAll(decoder, refusal)).toHaveLength(1);
  });

  it.each([
    [encodeConfirmEntry(2 ** 40 + 1), { kind: 'confirmEntry', id: 2 ** 40 + 1 }],
    [encodeConfirmTag(65535), { kind: 'confirmTag', tag: 65535 }],
    [encodeErrorTag(), { kind: 'errorTag' }],
    [encodeConfirmIngestOk(false), { kind: 'confirmIngestOk', ok: false }],
    [encodeConfirmDittoBlock(3), { kind: 'confirmDittoBlock', result: 3 }],
    [encodeThrottle(1000), { kind: 'throttle', nanoseconds: 1000 }],
  ])('decodes a command: %#', (encoded, message) => {
    expect(decodeAll(indexerDecoder(), encoded)).toEqual([message]);
  });

  it.each([
    ['over 5 s', '01f2052a01000000'],
    ['negative', 'ffffffffffffffff'],
  ])('takes a throttle that is %s as 5 s', (_name, nanoseconds) => {
    const throttle = bytes(`1ecceabd${nanoseconds}`);
    expect(decodeAll(indexerDecoder(), throttle)).toEqual([{ kind: 'throttle', nanoseconds: 5e9 }]);
  });

  it('refuses a tag number beyond 65535', () => {
    expect(() => decodeAll(indexerDecoder(), encodeConfirmTag(65536))).toThrow(DecodeError);
  });

  it('refuses an unknown word, and one that only an ingester says', () => {
    expect(() => decodeAll(indexerDecoder(), u32(0xfeedbeef))).toThrow(UnknownCommandError);
    expect(() => decodeAll(indexerDecoder(), encodePing())).toThrow(UnknownCommandError);
  });

  it('takes the next bytes for the stream configuration when that is expected, whatever they are', () => {
    const decoder = indexerDecoder();
    decoder.push(Buffer.concat([encodeConfirmIngestOk(true), encodeStreamConfiguration(0x10)]));
    expect(decoder.next()).toEqual({ kind: 'confirmIngestOk', ok: true });
    decoder.expectStreamConfiguration();
    expect(decoder.next()).toEqual({ kind: 'streamConfiguration', compression: 0x10 });
    expect(decodeAll(decoder, encodePong())).toEqual([{ kind: 'pong' }]);
  });

  it.each([
    ['the state', encodeChallenge(CHALLENGE), Buffer.from([0x01, 0x10])],
    ['the tag response', WITHOUT_TAGS, u32(32 * 2 ** 20 + 1)],
  ])('refuses a length beyond the limit before the bytes arrive: %s', (_name, before, length) => {
    const decoder = new IndexerStreamDecoder();
    decodeAll(decoder, before);
    expect(() => decodeAll(decoder, length)).toThrow(LimitError);
  });

  it.each([[u32(0)], [u32(2 ** 20 + 1)]])(
    'refuses a stream configuration of length %j',
    (length) => {
      const decoder = indexerDecoder();
      decoder.expectStreamConfiguration();
      expect(() => decodeAll(decoder, length)).toThrow(LimitError);
    },
  );

  it('hands out the unread bytes once, for another reader', () => {
    const decoder = indexerDecoder();
    decoder.push(Buffer.concat([encodePong(), Buffer.from('rest')]));
    expect(decoder.next()).toEqual({ kind: 'pong' });
    expect(decoder.rest().toString()).toBe('rest');
    expect(decoder.rest()).toHaveLength(0);
  });
});

describe('what an indexer reads', () => {
  it('goes from the response by tags and state to the commands', () => {
    const decoder = new IngesterStreamDecoder();
    expect(decodeAll(decoder, TO_COMMANDS_INGESTER)).toEqual([
      { kind: 'challengeResponse', answer: Buffer.alloc(32, 5), tenant: undefined },
      { kind: 'tagRequest', tags: ['a'] },
      { kind: 'state', id: State.hot, info: '' },
    ]);
    expect(decodeAll(decoder, encodePing())).toEqual([{ kind: 'ping' }]);
  });

  it('reads the tenant of a response', () => {
    const answer = Buffer.alloc(32, 6);
    const tenant = { name: 'acmé', version: 9 };
    const response = encodeChallengeResponse(answer, tenant);
    expect(decodeAll(new IngesterStreamDecoder(), response)).toEqual([
      { kind: 'challengeResponse', answer, tenant },
    ]);
  });

  it('refuses a tenant over 512 bytes before its bytes arrive', () => {
    const response = encodeChallengeResponse(Buffer.alloc(32), { name: 'x', version: 9 });
    response.writeUInt16LE(513, 66);
    expect(() => decodeAll(new IngesterStreamDecoder(), response)).toThrow(LimitError);
  });

  it.each([
    [encodeForceAck(), { kind: 'forceAck' }],
    [encodeTag('nëw'), { kind: 'tag', name: 'nëw' }],
    [
      encodeId({ name: 'n', version: '', uuid: 'u' }),
      { kind: 'id', name: 'n', version: '', uuid: 'u' },
    ],
    [encodeApiVersion(7), { kind: 'apiVersion', version: 7 }],
    [encodeIngestOk(), { kind: 'ingestOk' }],
    [encodeDittoBlock(0), { kind: 'dittoBlock', count: 0 }],
    [FIRST, { kind: 'entry', ditto: false, ...decodeFrame(FIRST) }],
    [VALUED, { kind: 'entry', ditto: false, ...decodeFrame(VALUED) }],
  ])('decodes a command: %#', (encoded, message) => {
    expect(decodeAll(ingesterDecoder(), encoded)).toEqual([message]);
  });

  it('gives an entry with its id, and a copy of its bytes', () => {
    const chunk = Buffer.from(FIRST);
    const { id, entry } = decodeFrame(chunk);
    chunk.fill(0xee);
    expect(id).toBe(1);
    expect(entry).toMatchObject({ tag: 7, data: Buffer.from('first'), enumeratedValues: [] });
    expect(`${entry.source}`).toBe('10.0.0.1');
  });

  it('marks the entries of a ditto block, and no others', () => {
    const stream = Buffer.concat([FIRST, encodeDittoBlock(2), FIRST, VALUED, FIRST]);
    const messages = decodeAll(ingesterDecoder(), stream) as { kind: string; ditto?: boolean }[];
    expect(messages.map(({ kind, ditto }) => [kind, ditto])).toEqual([
      ['entry', false],
      ['dittoBlock', undefined],
      ['entry', true],
      ['entry', true],
      ['entry', false],
    ]);
  });

  it('refuses anything but entries inside a ditto block', () => {
    const stream = Buffer.concat([encodeDittoBlock(2), FIRST, encodePing()]);
    expect(() => decodeAll(ingesterDecoder(), stream)).toThrow(DecodeError);
  });

  it('gives an ingester state that cannot be read as an error, and reads on', () => {
    const state = Buffer.concat([u32(0x44556600, 3), Buffer.from('{x}'), encodePing()]);
    expect(decodeAll(ingesterDecoder(), state)).toEqual([
      { kind: 'ingesterState', state: expect.any(DecodeError) },
      { kind: 'ping' },
    ]);
  });

  it('refuses an unknown word, and one that only an indexer says', () => {
    expect(() => decodeAll(ingesterDecoder(), u32(0xfeedbeef))).toThrow(UnknownCommandError);
    expect(() => decodeAll(ingesterDecoder(), encodePong())).toThrow(UnknownCommandError);
  });

  it('refuses names that are not UTF-8', () => {
    const tag = Buffer.concat([u32(0x18675300, 1), Buffer.from([0xff])]);
    expect(() => decodeAll(ingesterDecoder(), tag)).toThrow(DecodeError);
  });

  it.each([
    ['a tag name', u32(0x18675300, 4097)],
    ['the name in an ID', u32(0x22793400, 4097)],
    ['the UUID in an ID', u32(0x22793400, 0, 0, 4097)],
    ['an ingester state', u32(0x44556600, 2 ** 20 + 1)],
    ['a block of enumerated values', Buffer.concat([VALUED.subarray(0, 52), u32(2 ** 25 + 1, 1)])],
    ['the count of a ditto block', u32(0xddccbbaa, 0, 0x200000)],
  ])('refuses a length beyond its limit before the bytes arrive: %s', (_name, head) => {
    expect(() => decodeAll(ingesterDecoder(), head)).toThrow(LimitError);
  });

  it('refuses a block of enumerated values that is malformed', () => {
    const broken = Buffer.from(VALUED);
    const typeOffset = VALUED.length - 8 - 'n'.length - 2;
    broken.writeUInt8(99, typeOffset);
    expect(() => decodeAll(ingesterDecoder(), broken)).toThrow(DecodeError);
  });
});

describe('the memory of a decoder', () => {
  it.each([
    ['a tag request of 32 MiB', new IngesterStreamDecoder(), [Buffer.alloc(32), u32(2 ** 25)]],
    ['an entry of 1 GiB', ingesterDecoder(), [u32(0xc7c95acb, LENGTH_MASK), Buffer.alloc(38)]],
    [
      'a block of 32 MiB',
      ingesterDecoder(),
      [u32(0xc7c95acb, FLAG_VALUES), Buffer.alloc(38), u32(2 ** 25, 1)],
    ],
    ['a tag response of 32 MiB', new IndexerStreamDecoder(), [WITHOUT_TAGS, u32(2 ** 25)]],
  ])('grows with what arrived, not with a promise: %s', (_name, decoder, parts) => {
    for (const part of parts) decodeAll<unknown>(decoder, part);
    expect(decodeAll<unknown>(decoder, Buffer.alloc(5))).toEqual([]);
    expect(decoder.heldBytes).toBeLessThan(1000);
  });

  it('is at most about twice the bytes that were not read, however they arrive', () => {
    const decoder = ingesterDecoder();
    decoder.push(u32(0xc7c95acb, 3_000_000));
    for (let arrived = 8; arrived < 2_000_000; arrived += 1000) {
      expect(decodeAll(decoder, Buffer.alloc(1000))).toEqual([]);
      expect(decoder.heldBytes).toBeLessThanOrEqual(2 * (arrived + 1000));
    }
  });

  it('is given back after a large message', () => {
    const decoder = ingesterDecoder();
    const large = frame(1, { timestamp: 0, tag: 1, data: new Uint8Array(3_000_000) });
    expect(decodeAll(decoder, large)).toHaveLength(1);
    decodeAll(decoder, encodePing());
    expect(decoder.heldBytes).toBeLessThanOrEqual(64 * 1024);
  });
});

describe('any bytes in any chunks', () => {
  const sides = [
    ['indexer', TO_COMMANDS_INDEXER, () => new IndexerStreamDecoder()],
    ['ingester', TO_COMMANDS_INGESTER, () => new IngesterStreamDecoder()],
  ] as const;

  it.each(sides)(
    'from an %s are messages or a DecodeError',
    (side, handshake, create) => {
      const recording = Buffer.concat(recorded('session-plain', side));
      const starts = fc.constantFrom(Buffer.alloc(0), handshake, recording);
      const anything = fc.array(
        fc.oneof(
          { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }) },
          {
            weight: 3,
            arbitrary: fc.constantFrom(
              encodePing(),
              encodePong(),
              FIRST,
              VALUED,
              encodeDittoBlock(1),
            ),
          },
        ),
      );
      const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 });
      const changes = fc.array(fc.tuple(fc.nat(1000), fc.nat(255)), { maxLength: 3 });
      fc.assert(
        fc.property(starts, anything, sizes, changes, (start, parts, pieces, flips) => {
          const stream = Buffer.concat([start, ...parts]);
          for (const [at, mask] of flips) {
            if (at < stream.length) stream[at] = (stream[at] ?? 0) ^ mask;
          }
          const decoder: StreamDecoder<unknown> = create();
          let count = 0;
          try {
            for (const piece of cut(stream, pieces)) {
              decoder.push(piece);
              count += drain(decoder).length;
              expect(decoder.heldBytes).toBeLessThanOrEqual(2 * stream.length + 64 * 1024);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
          expect(count).toBeLessThanOrEqual(stream.length);
        }),
        fuzzRuns(1000),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'hold no other compression than the known ones',
    () => {
      fc.assert(
        fc.property(fc.nat(255), (compression) => {
          const decoder = indexerDecoder();
          decoder.expectStreamConfiguration();
          decoder.push(Buffer.from([1, 0, 0, 0, compression]));
          const known: readonly number[] = Object.values(Compression);
          if (known.includes(compression)) {
            expect(decoder.next()).toEqual({ kind: 'streamConfiguration', compression });
          } else expect(() => decoder.next()).toThrow(DecodeError);
        }),
        fuzzRuns(300),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});
