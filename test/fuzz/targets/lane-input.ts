import assert from 'node:assert/strict';
import {
  Compression,
  encodeConfirmEntry,
  type IndexerMessage,
  IndexerStreamDecoder,
  SnappyFramingDecoder,
  SnappyFramingEncoder,
} from '@ringest/codec';
import {
  createLaneMemory,
  kernelModule,
  RECEIVE_AT,
  RECEIVE_BYTES,
  type ReplyHandler,
  ReplyReader,
  Ring,
} from '@ringest/workers/internal';
import { attempt, cuttings, kindOf, type Result } from '../properties.js';
import type { Target } from '../target.js';
import { repairChecksums } from './snappy.js';
import { INDEXER_COMMANDS, INDEXER_WORDS, TO_COMMANDS } from './stream-seeds.js';

/** The ids that a lane expects next: an input begins with the number of one. */
const EXPECTED = [1, 2 ** 31 - 1, 2 ** 32 - 2, 2 ** 52] as const;

/** In that number: the stream is compressed. */
const COMPRESSED = 4;

/** With this the lane has had enough, as it has of many a message that is not due. */
const LAST: IndexerMessage['kind'] = 'errorTag';

function commandDecoder(): IndexerStreamDecoder {
  const decoder = new IndexerStreamDecoder();
  decoder.push(TO_COMMANDS.indexer);
  for (let i = 0; i < 3; i++) assert.ok(decoder.next());
  return decoder;
}

/** What a lane made of what an indexer said. */
class LaneRecord implements ReplyHandler {
  readonly messages: IndexerMessage[] = [];
  isEnded = false;
  nextToConfirm: number;

  constructor(nextToConfirm: number) {
    this.nextToConfirm = nextToConfirm;
  }

  confirm(count: number): void {
    for (let left = count; left > 0; left--) {
      this.messages.push({ kind: 'confirmEntry', id: this.nextToConfirm++ });
    }
  }

  handle(message: IndexerMessage | undefined): void {
    assert.ok(message !== undefined, 'a command was not whole');
    this.messages.push(message);
    this.isEnded = message.kind === LAST;
  }
}

let ring: Ring | undefined;

/** How a lane reads. */
interface Agreed {
  readonly expected: number;
  readonly compression: Compression;
}

function readByLane({ expected, compression }: Agreed, pieces: Iterable<Buffer>) {
  ring ??= new Ring(createLaneMemory(65536), kernelModule());
  const record = new LaneRecord(expected);
  const input = new ReplyReader(ring, commandDecoder(), compression, record);
  const { bytes } = ring;
  const result = attempt(() => {
    for (const piece of pieces) {
      if (record.isEnded) return;
      assert.ok(piece.length <= RECEIVE_BYTES);
      bytes.fill(0xee, RECEIVE_AT, RECEIVE_AT + piece.length + 64);
      bytes.set(piece, RECEIVE_AT);
      input.read(piece.length);
    }
  });
  return upToLast(record.messages, result);
}

/** The same, as the plain decoder of the codec reads it. */
function readWhole(compression: Compression, stream: Buffer) {
  const decoder = commandDecoder();
  const messages: IndexerMessage[] = [];
  const read = (plain: Uint8Array) => {
    decoder.push(plain);
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) messages.push(next);
  };
  const decoded = attempt(() => {
    if (compression === Compression.none) read(stream);
    else new SnappyFramingDecoder().decode(stream, read);
  });
  return upToLast(messages, decoded);
}

/** What comes behind the last message is void, errors too. */
function upToLast(messages: readonly IndexerMessage[], result: Result<void>) {
  const last = messages.findIndex(({ kind }) => kind === LAST);
  if (last >= 0) return { messages: messages.slice(0, last + 1), error: undefined };
  return { messages, error: 'error' in result ? result.error : undefined };
}

function runLane(input: Buffer): readonly string[] {
  const how = input[0] ?? 0;
  const agreed: Agreed = {
    expected: EXPECTED[how % EXPECTED.length] ?? 1,
    compression: (how & COMPRESSED) === 0 ? Compression.none : Compression.snappy,
  };
  const stream = input.subarray(1);
  const [whole, ...cut] = cuttings(stream).map((pieces) => readByLane(agreed, pieces));
  assert.ok(whole);
  for (const other of cut) assert.deepEqual(other, whole, 'it depends on the pieces it comes in');
  const decoded = readWhole(agreed.compression, stream);
  assert.deepEqual(whole, decoded, 'the lane reads something else than the codec');
  const features = decoded.messages.map(({ kind }) => kind);
  return decoded.error === undefined ? features : [...features, kindOf(decoded.error)];
}

/** Confirmations from the number on that a lane expects. */
function confirmations(which: number, count: number): Buffer {
  const first = EXPECTED[which] ?? 1;
  const ids = Array.from({ length: count }, (_, i) => encodeConfirmEntry(first + i));
  return Buffer.concat([Buffer.of(which), ...ids]);
}

/** What a lane reads with, where the bytes lie. */
export const LANE_INPUT: Target = {
  name: 'lane-input',
  seeds: [
    ...INDEXER_COMMANDS.map((commands) => Buffer.concat([Buffer.of(0), commands])),
    ...EXPECTED.map((_, which) => confirmations(which, 4)),
    ...INDEXER_COMMANDS.map((commands) =>
      Buffer.concat([Buffer.of(COMPRESSED), new SnappyFramingEncoder().encode(commands)]),
    ),
  ],
  words: [...INDEXER_WORDS, ...EXPECTED.map((id) => encodeConfirmEntry(id + 1))],
  repair(input) {
    const isCompressed = ((input[0] ?? 0) & COMPRESSED) !== 0;
    return isCompressed ? repairChecksums(input, 1) : input;
  },
  run: runLane,
  long: (size) => confirmations(0, size / 12),
};
