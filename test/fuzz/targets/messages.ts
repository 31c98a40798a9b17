import {
  ANSWER_BYTES,
  type Compression,
  DecodeError,
  decodeChallenge,
  decodeIngesterState,
  decodeState,
  decodeStreamConfiguration,
  decodeTagRequest,
  decodeTagResponse,
  encodeChallenge,
  encodeChallengeResponse,
  encodeIngesterStateJson,
  encodeState,
  encodeStreamConfiguration,
  encodeTagRequest,
  encodeTagResponse,
  IngesterStreamDecoder,
  MinimumVersion,
  State,
  TENANT_MARKER,
  type Tenant,
} from '@ringest/codec';
import { bytes, readVectors } from '../../support/vectors.js';
import { type MessageCodec, readMessage } from '../properties.js';
import { type Target, texts } from '../target.js';

/** A target that is a whole message, at once. */
export function messageTarget<T>(
  target: Omit<Target, 'run'> & { readonly codec: MessageCodec<T> },
): Target {
  const { codec, ...rest } = target;
  return { ...rest, run: (input) => readMessage(codec, input) };
}

/** Words of JSON, and what it makes trouble with. */
export const JSON_WORDS = texts(
  ...['{', '}', '[', ']', ':', ',', '"', '\\', '\\u', 'null', 'true', '""', '{}', '[]', ',"":'],
  ...[
    '\\ud800',
    '\\udc00',
    '\\u0000',
    '"__proto__":',
    '"constructor":',
    '\u00e9',
    '\ufeff',
    '1e999',
  ],
);

const STATE_KEYS = ['UUID', 'Name', 'Version', 'Label', 'IP', 'Hostname', 'Entries', 'Size']
  .concat(['Uptime', 'Tags', 'CacheState', 'CacheSize', 'LastSeen', 'Children'])
  .concat(['Configuration', 'Metadata']);

interface Vectors {
  readonly ingesterState: { readonly json: string };
}

const CHALLENGE = { iterations: 10_001, random: Buffer.alloc(ANSWER_BYTES, 3), version: 9 };
const ANSWER = Buffer.alloc(ANSWER_BYTES, 5);

/** Sets the length in front of a message, as far as it goes there. */
function withLength(prefix: 2 | 4): (input: Buffer) => Buffer {
  return (input) => {
    if (input.length < prefix) return input;
    input.writeUIntLE(input.length - prefix, 0, prefix);
    return input;
  };
}

const challenge = messageTarget({
  name: 'challenge',
  seeds: [
    encodeChallenge(CHALLENGE),
    encodeChallenge({ ...CHALLENGE, iterations: 0, version: 65535 }),
  ],
  words: [Buffer.alloc(2), Buffer.alloc(ANSWER_BYTES, 0xff)],
  codec: { decode: decodeChallenge, encode: encodeChallenge },
  long: () => encodeChallenge(CHALLENGE),
});

interface Response {
  readonly answer: Buffer;
  readonly tenant: Tenant | undefined;
}

/** What an indexer reads of a response that is all that has come. */
function decodeResponse(message: Buffer): Response {
  const decoder = new IngesterStreamDecoder();
  decoder.push(message);
  const response = decoder.next();
  if (response?.kind !== 'challengeResponse') throw new DecodeError('response', 'it is not whole');
  return { answer: response.answer, tenant: response.tenant };
}

const challengeResponse = messageTarget<Response>({
  name: 'challenge-response',
  seeds: [
    encodeChallengeResponse(ANSWER),
    encodeChallengeResponse(ANSWER, { name: 'acm\u00e9', version: 9 }),
    encodeChallengeResponse(ANSWER, { name: 't'.repeat(512), version: 7 }),
  ],
  words: [TENANT_MARKER, Buffer.of(7, 0), Buffer.of(0, 2), Buffer.from('\u00e9')],
  codec: {
    decode: decodeResponse,
    encode({ answer, tenant }) {
      // Without a name, or for an older indexer, the tenant is left out.
      const isLost = tenant?.name === '' || (tenant && tenant.version < MinimumVersion.tenant);
      const isMarker = tenant === undefined && answer.equals(TENANT_MARKER);
      return isLost || isMarker ? undefined : encodeChallengeResponse(answer, tenant);
    },
    features: ({ tenant }) => [`tenant: ${tenant !== undefined}`],
  },
  long: () => encodeChallengeResponse(ANSWER, { name: 't'.repeat(512), version: 9 }),
});

const state = messageTarget({
  name: 'state',
  seeds: [
    encodeState({ id: State.authenticated, info: '' }),
    encodeState({ id: State.notAuthenticated, info: 'inv\u00e4lid "secret"' }),
    Buffer.from('\x09\0{"ID":-0}'),
  ],
  words: [...JSON_WORDS, ...texts('"ID":', '"Info":')],
  repair: withLength(2),
  codec: { decode: decodeState, encode: encodeState },
  long: (size) => encodeState({ id: State.hot, info: 'i'.repeat(Math.min(size, 4000)) }),
});

const tagRequest = messageTarget<string[]>({
  name: 'tag-request',
  seeds: [encodeTagRequest([]), encodeTagRequest(['test', 'syslog', 't\u00e4g', ''])],
  words: [...JSON_WORDS, ...texts('"Count":', '"Tags":', '"test"')],
  repair: withLength(4),
  codec: { decode: decodeTagRequest, encode: encodeTagRequest },
  long: (size) => encodeTagRequest(Array.from({ length: size / 10 }, (_, i) => `tag ${i}`)),
});

const tagResponse = messageTarget<ReadonlyMap<string, number>>({
  name: 'tag-response',
  seeds: [encodeTagResponse({}), encodeTagResponse({ test: 1, 10: 2, t\u00e4g: 65535 })],
  words: [...JSON_WORDS, ...texts('"Count":', '"Tags":', '"test":1', '"test":65536')],
  repair: withLength(4),
  codec: {
    decode: (message) => decodeTagResponse(message).tags,
    encode: (tags) => encodeTagResponse(tags),
    features: (tags) => [`${tags.size > 0}`],
  },
  long: (size) =>
    encodeTagResponse(new Map(Array.from({ length: size / 12 }, (_, i) => [`tag ${i}`, i]))),
});

const streamConfiguration = messageTarget<Compression>({
  name: 'stream-configuration',
  seeds: [encodeStreamConfiguration(0), encodeStreamConfiguration(0x10), bytes('0300000010ffff')],
  words: [Buffer.of(1, 0, 0, 0), Buffer.of(0x10), Buffer.of(1, 0, 16, 0)],
  repair: withLength(4),
  codec: {
    decode: decodeStreamConfiguration,
    encode: encodeStreamConfiguration,
    features: (compression) => [`${compression}`],
  },
  long: (size) =>
    withLength(4)(Buffer.concat([Buffer.alloc(4), Buffer.alloc(size, 0x10).fill(0, 0, 1)])),
});

const ingesterState = messageTarget({
  name: 'ingester-state',
  seeds: texts(
    '{}',
    '{"Entries":1e999}',
    readVectors<Vectors>('negotiation').ingesterState.json,
    '{"Children":{"a":{"Children":{"b":{"Metadata":[-0]}}},"1":{"LastSeen":null}},"Tags":null}',
  ),
  words: [
    ...JSON_WORDS,
    ...texts(
      ...STATE_KEYS.map((key) => `"${key}":`),
      '"Children":{"a":{',
      '"2024-02-29T23:59:59Z"',
    ),
  ],
  codec: {
    decode: decodeIngesterState,
    encode: (value) => Buffer.from(encodeIngesterStateJson(value)),
    // Metadata is any JSON, in which -0 becomes 0 and what is too large becomes null.
    essence: encodeIngesterStateJson,
    features: (value) => [`${value.children.size > 0} ${Object.keys(value).length}`],
  },
  long(size) {
    const children = Array.from({ length: size / 30 }, (_, i) => `"child ${i}":{"Entries":${i}}`);
    return Buffer.from(`{"Children":{${children.join()}}}`);
  },
});

/** What is said once in a session, as whole messages. */
export const MESSAGES: readonly Target[] = [
  challenge,
  challengeResponse,
  state,
  tagRequest,
  tagResponse,
  streamConfiguration,
  ingesterState,
];
