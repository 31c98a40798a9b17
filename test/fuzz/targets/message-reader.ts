import assert from 'node:assert/strict';
import {
  API_VERSION,
  encodeState,
  encodeTagRequest,
  type IndexerTag,
  type IngesterIdentity,
  type IngesterMessage,
  IngesterStreamDecoder,
  MAX_DATA_BYTES,
  MinimumVersion,
  SnappyFramingDecoder,
  State,
} from '@ringest/codec';
import type { EntryHandler, EntryView } from '@ringest/indexer';
import type { ReplyWriter } from '@ringest/indexer/internal';
import { MessageReader } from '@ringest/indexer/internal';
import { attempt, cuttings, kindOf } from '../properties.js';
import type { Target } from '../target.js';
import { encodeFrame, PLAIN } from './entries.js';
import { INGESTER_COMMANDS, INGESTER_WORDS, repeated } from './stream-seeds.js';

const TAG = 13 as IndexerTag;

/** Bytes of a chunk of a compressed stream when it is unpacked. */
const UNPACKED_BYTES = 65536;

/** What an indexer made of a stream: what its handler was told, and what it answered. */
class IndexerRecord implements EntryHandler {
  readonly told: unknown[] = [];
  readonly answers: unknown[] = [];
  isCompressed = false;

  onEntry(entry: EntryView): void {
    this.told.push({ kind: 'entry', id: entry.id, entry: entry.decode() });
  }

  negotiateTag(name: string): IndexerTag {
    this.told.push({ kind: 'tag', name });
    return TAG;
  }

  onIdentity({ name, version, uuid }: IngesterIdentity): void {
    this.told.push({ kind: 'id', name, version, uuid });
  }

  onIngesterState(state: unknown): void {
    this.told.push({ kind: 'ingesterState', state });
  }

  /** In the place of the writer, of which each one fills 64 KiB before anything is said. It is never full. */
  replies(): ReplyWriter {
    const { answers } = this;
    const writer: Partial<ReplyWriter> = {
      room: Number.MAX_SAFE_INTEGER,
      makeRoom: () => {},
      takeBack: (confirmations) => void answers.splice(answers.length - confirmations),
      confirm: (low, high) => void answers.push([low, high]),
      reply: (message) => void answers.push(Buffer.from(message)),
      flush: () => void answers.push('flush'),
      release: () => void answers.push('release'),
      confirmDittoBlock: () => void answers.push('ditto block'),
      compress: () => {
        this.isCompressed = true;
      },
    };
    return writer as ReplyWriter;
  }
}

function readByIndexer(pieces: Iterable<Buffer>) {
  const record = new IndexerRecord();
  const limits = { apiVersion: API_VERSION, maxEntryBytes: MAX_DATA_BYTES };
  const reader = new MessageReader(record, record.replies(), limits);
  let arrived = 0;
  const result = attempt(() => {
    for (const piece of pieces) {
      const chunk = Buffer.from(piece);
      arrived += chunk.length;
      reader.read(chunk);
      chunk.fill(0xee);
      // A part of what is unpacked, up to 65536 bytes at a time, can be kept.
      const unpacked = record.isCompressed ? UNPACKED_BYTES : 0;
      assert.ok(reader.heldBytes <= 2 * (arrived + unpacked), 'more is held than has arrived');
    }
  });
  const { told, answers } = record;
  return { told, answers, error: 'error' in result ? result.error : undefined };
}

/** The same, as the plain decoder of the codec reads it. */
function readByDecoder(input: Buffer) {
  const decoder = new IngesterStreamDecoder();
  decoder.push(Buffer.alloc(32));
  decoder.push(encodeTagRequest([]));
  decoder.push(encodeState({ id: State.hot, info: '' }));
  for (let i = 0; i < 3; i++) assert.ok(decoder.next());
  const messages: IngesterMessage[] = [];
  let ingesterVersion = 0;
  let isConfigured = false;
  const read = (chunk: Uint8Array) => {
    decoder.push(chunk);
    for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
      messages.push(message);
      if (message.kind === 'apiVersion') ingesterVersion = message.version;
      if (message.kind === 'ingestOk' && !isConfigured) {
        isConfigured = true;
        if (ingesterVersion >= MinimumVersion.streamConfiguration)
          decoder.expectStreamConfiguration();
      }
      if (message.kind === 'streamConfiguration' && message.compression !== 0) {
        new SnappyFramingDecoder().decode(decoder.rest(), read);
      }
    }
  };
  const result = attempt(() => read(input));
  return { told: messages.flatMap(toldOf), messages, failed: 'error' in result };
}

/** What a handler is told of a message. */
function toldOf(message: IngesterMessage): unknown[] {
  switch (message.kind) {
    case 'entry':
      return [{ kind: 'entry', id: message.id, entry: message.entry }];
    case 'tag':
    case 'id':
    case 'ingesterState':
      return [message];
    default:
      return [];
  }
}

function runIndexer(input: Buffer): readonly string[] {
  const [whole, ...cut] = cuttings(input).map(readByIndexer);
  assert.ok(whole);
  for (const other of cut) assert.deepEqual(other, whole, 'it depends on the pieces it comes in');
  const decoded = readByDecoder(input);
  assert.deepEqual(whole.told, decoded.told, 'the indexer reads something else than the codec');
  assert.equal(whole.error !== undefined, decoded.failed, 'the indexer judges unlike the codec');
  const features = decoded.messages.map(({ kind }) => kind);
  return whole.error === undefined ? features : [...features, kindOf(whole.error)];
}

/** What an indexer reads with, where the bytes lie. */
export const MESSAGE_READER: Target = {
  name: 'message-reader',
  seeds: INGESTER_COMMANDS,
  words: INGESTER_WORDS,
  run: runIndexer,
  long: (size) => repeated(encodeFrame(1, PLAIN), size),
};
