import assert from 'node:assert/strict';
import {
  Compression,
  DecodeError,
  encodeIngesterStateJson,
  type IngesterMessage,
  RingestError,
  SnappyFramingDecoder,
  SnappyFramingEncoder,
  type StreamDecoder,
} from '@ringest/codec';
import { attempt, cuttings, kindOf } from '../properties.js';

/** One direction of a session. */
export interface Direction<M extends { readonly kind: string }> {
  readonly create: () => StreamDecoder<M>;
  /** The message after which the stream configuration comes, the first time. */
  readonly beforeConfiguration: M['kind'];
  /** `undefined`: what was decoded is not all of the message. */
  readonly encode: (message: M) => Uint8Array | undefined;
}

/** Reads one direction of a session, whose chunks are gone when they were read. */
class Reader<M extends { readonly kind: string }> {
  readonly messages: M[] = [];
  readonly #direction: Direction<M>;
  readonly #decoder: StreamDecoder<M>;
  #unpacker: SnappyFramingDecoder | undefined;
  #isConfigured = false;
  #arrived = 0;
  #arrivedPlain = 0;

  constructor(direction: Direction<M>, handshake: Uint8Array) {
    this.#direction = direction;
    this.#decoder = direction.create();
    this.#readPlain(handshake);
    this.messages.length = 0;
  }

  /** @throws {DecodeError} */
  read(piece: Uint8Array): void {
    const chunk = Buffer.from(piece);
    if (this.#unpacker === undefined) this.#readPlain(chunk);
    else this.#unpack(chunk);
    chunk.fill(0xee);
  }

  #unpack(chunk: Uint8Array): void {
    const unpacker = this.#unpacker;
    this.#arrived += chunk.length;
    unpacker?.decode(chunk, (plain) => this.#readPlain(plain));
    assert.ok((unpacker?.heldBytes ?? 0) <= 2 * this.#arrived, 'more is held than has arrived');
  }

  #readPlain(chunk: Uint8Array): void {
    const decoder = this.#decoder;
    this.#arrivedPlain += chunk.length;
    decoder.push(chunk);
    assert.ok(decoder.heldBytes <= 2 * this.#arrivedPlain, 'more is held than has arrived');
    for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
      // Of both decoders, a message is one of `M`, in which the stream configuration is too.
      this.messages.push(message as M);
      assert.ok(this.messages.length <= this.#arrivedPlain, 'messages come of nothing');
      if (message.kind === this.#direction.beforeConfiguration && !this.#isConfigured) {
        this.#isConfigured = true;
        decoder.expectStreamConfiguration();
      }
      if (isSnappy(message)) {
        this.#unpacker = new SnappyFramingDecoder();
        this.#unpack(decoder.rest());
      }
    }
  }
}

/** The messages of a stream up to its first error, and that. */
function readStream<M extends { readonly kind: string }>(
  direction: Direction<M>,
  handshake: Uint8Array,
  pieces: Iterable<Uint8Array>,
) {
  const reader = new Reader(direction, handshake);
  const result = attempt(() => {
    for (const piece of pieces) reader.read(piece);
  });
  const messages: readonly M[] = reader.messages;
  return { messages, error: 'error' in result ? result.error : undefined };
}

/** Reads a stream in pieces, all at once, and encoded again: the messages must be the same. */
export function runStream<M extends { readonly kind: string }>(
  direction: Direction<M>,
  handshake: Uint8Array,
  input: Buffer,
): readonly string[] {
  const [whole, ...cut] = cuttings(input).map((pieces) => readStream(direction, handshake, pieces));
  assert.ok(whole);
  for (const other of cut) assert.deepEqual(other, whole, 'it depends on the pieces it comes in');
  const encoded = attempt(() => encodeStream(direction, whole.messages), RingestError);
  if (!('error' in encoded) && encoded.value !== undefined) {
    const again = readStream(direction, handshake, [encoded.value]);
    assert.deepEqual(again.error, undefined);
    const want = whole.messages.map(essence);
    assert.deepEqual(again.messages.map(essence), want, 'it is another when it is encoded');
  }
  const features = whole.messages.map(featureOf);
  return whole.error === undefined ? features : [...features, kindOf(whole.error)];
}

/** The bytes that these messages are, if they can be encoded. */
function encodeStream<M extends { readonly kind: string }>(
  { encode }: Direction<M>,
  messages: readonly M[],
): Buffer | undefined {
  let packer: SnappyFramingEncoder | undefined;
  const parts: Uint8Array[] = [];
  for (const message of messages) {
    const encoded = encode(message);
    if (encoded === undefined) return undefined;
    parts.push(packer?.encode(encoded) ?? encoded);
    if (isSnappy(message)) packer = new SnappyFramingEncoder();
  }
  return Buffer.concat(parts);
}

/** What is compared of a message: an ingester's metadata are any JSON, in which -0 becomes 0. */
function essence(message: { readonly kind: string }): unknown {
  const { state } = message as Partial<Extract<IngesterMessage, { kind: 'ingesterState' }>>;
  const isState = state !== undefined && !(state instanceof DecodeError);
  return isState ? encodeIngesterStateJson(state) : message;
}

function featureOf(message: { readonly kind: string; readonly ditto?: boolean }): string {
  return `${message.kind}${message.ditto === true ? ' in ditto' : ''}`;
}

function isSnappy(message: { readonly kind: string; readonly compression?: unknown }): boolean {
  return message.kind === 'streamConfiguration' && message.compression === Compression.snappy;
}
