import {
  Command,
  Compression,
  EMPTY_INGESTER_STATE,
  encodeApiVersion,
  encodeChallenge,
  encodeConfirmApiVersion,
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodeConfirmId,
  encodeConfirmIngesterState,
  encodeConfirmIngestOk,
  encodeConfirmTag,
  encodeDittoBlock,
  encodeErrorTag,
  encodeForceAck,
  encodeId,
  encodeIngesterState,
  encodeIngestOk,
  encodePing,
  encodePong,
  encodeState,
  encodeStreamConfiguration,
  encodeTag,
  encodeTagRequest,
  encodeTagResponse,
  encodeThrottle,
  SnappyFramingEncoder,
  State,
} from '@ringest/codec';
import { ENTRY_WORDS, encodeFrame, PLAIN, VALUED } from './entries.js';

const WORDS: readonly Buffer[] = Object.values(Command).map((word) => {
  const encoded = Buffer.alloc(4);
  encoded.writeUInt32LE(word);
  return encoded;
});

const FROM_INDEXER: readonly Buffer[] = [
  encodeConfirmEntry(1),
  encodeConfirmEntry(2),
  encodeConfirmIngestOk(true),
  encodeConfirmIngestOk(false),
  encodeConfirmTag(65535),
  encodeConfirmDittoBlock(0),
  encodeThrottle(5_000_000_001),
  encodeStreamConfiguration(Compression.none),
  encodeStreamConfiguration(Compression.snappy),
  new SnappyFramingEncoder().encode(encodePong()),
];

/** What an indexer says in commands, and what may disturb it. */
export const INDEXER_WORDS: readonly Buffer[] = [...WORDS, ...FROM_INDEXER];

/** What an ingester says in commands, and what may disturb it. */
export const INGESTER_WORDS: readonly Buffer[] = [
  ...WORDS,
  ...ENTRY_WORDS,
  encodeFrame(1, PLAIN),
  encodeFrame(2, VALUED),
  encodeDittoBlock(0),
  encodeDittoBlock(1),
  encodeDittoBlock(2),
  encodeTag('late'),
  encodeId({ name: 'n', version: '', uuid: 'u' }),
  encodeApiVersion(9),
  encodeApiVersion(4),
  encodeIngesterState(EMPTY_INGESTER_STATE),
  encodeStreamConfiguration(Compression.none),
  encodeStreamConfiguration(Compression.snappy),
  new SnappyFramingEncoder().encode(encodePing()),
];

/** What each side says up to its first command. */
export const TO_COMMANDS = {
  indexer: Buffer.concat([
    encodeChallenge({ iterations: 1, random: Buffer.alloc(32, 3), version: 9 }),
    encodeState({ id: State.authenticated, info: '' }),
    encodeTagResponse({ a: 1 }),
  ]),
  ingester: Buffer.concat([
    Buffer.alloc(32, 5),
    encodeTagRequest(['a']),
    encodeState({ id: State.hot, info: '' }),
  ]),
} as const;

/** A session that an ingester has after the handshake, with two ditto blocks. */
export const INGESTER_COMMANDS: readonly Buffer[] = [
  Buffer.concat([
    encodeForceAck(),
    encodeApiVersion(9),
    encodeId({ name: 'n', version: '1', uuid: 'u' }),
  ]),
  Buffer.concat([
    encodeApiVersion(9),
    encodeIngestOk(),
    encodeStreamConfiguration(Compression.none),
    encodeFrame(1, PLAIN),
    encodeTag('late'),
    encodeFrame(2, VALUED),
    encodePing(),
    encodeIngesterState({ ...EMPTY_INGESTER_STATE, name: 'n', tags: ['a'] }),
  ]),
  Buffer.concat([
    encodeDittoBlock(0),
    encodeDittoBlock(2),
    encodeFrame(1, VALUED),
    encodeFrame(2, PLAIN),
    encodePing(),
    encodeFrame(3, PLAIN),
  ]),
  Buffer.concat([
    encodeApiVersion(9),
    encodeIngestOk(),
    encodeStreamConfiguration(Compression.snappy),
    new SnappyFramingEncoder().encode(Buffer.concat([encodeFrame(1, PLAIN), encodePing()])),
  ]),
];

/** A session that an indexer has after the handshake. */
export const INDEXER_COMMANDS: readonly Buffer[] = [
  Buffer.concat([encodeConfirmApiVersion(), encodeConfirmId(), encodeConfirmIngestOk(false)]),
  Buffer.concat([
    encodeConfirmIngestOk(true),
    encodeStreamConfiguration(Compression.snappy),
    new SnappyFramingEncoder().encode(Buffer.concat([encodeConfirmEntry(1), encodePong()])),
  ]),
  Buffer.concat(FROM_INDEXER.slice(0, 2).concat(FROM_INDEXER.slice(4, 7))),
  Buffer.concat([encodeErrorTag(), encodeConfirmIngesterState(), encodeConfirmEntry(2 ** 53)]),
];

/** As many of these as are so many bytes. */
export function repeated(part: Uint8Array, size: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(size / part.length) }, () => part));
}
