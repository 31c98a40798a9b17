import assert from 'node:assert/strict';
import { DecodeError, RingestError } from '@ringest/codec';
import { Random, seedOf } from '../support/random.js';

/** The longest message of an error about bytes of a peer, which must not fill the log. */
const MAX_ERROR_MESSAGE = 300;

/** What a call gave: a value, or an error of a kind that was expected. */
export type Result<T> = { readonly value: T } | { readonly error: RingestError };

type ErrorFamily = abstract new (...args: never[]) => RingestError;

/** Calls; what is thrown must be of the family, and not be long. */
export function attempt<T>(call: () => T, family: ErrorFamily = DecodeError): Result<T> {
  try {
    return { value: call() };
  } catch (error) {
    if (!(error instanceof family)) throw error;
    const isLong = error instanceof DecodeError && error.message.length > MAX_ERROR_MESSAGE;
    assert.ok(!isLong, 'the message of an error is too long');
    return { error };
  }
}

/** The kind of an error in few words: its message without what it quotes and counts. */
export function kindOf(error: RingestError): string {
  const words = error.message
    .replaceAll(/"(?:[^"\\]|\\.)*"|'.*'|\[.*?\]/gs, '…')
    .replaceAll(/0x[\da-f]+|-?\d+/g, '#');
  return `${error.name} ${words.slice(0, 80)}`;
}

/** How many bytes come one by one. */
const SINGLE_BYTES = 100;

/**
 * Everything at once; some of it byte by byte; and in pieces that are mostly small, or mostly not. The
 * places follow from the bytes.
 */
export function cuttings(bytes: Buffer): Buffer[][] {
  const random = new Random(seedOf(bytes));
  const start = random.below(bytes.length - SINGLE_BYTES);
  const most = random.pick([8, 64, 500]);
  return [
    [bytes],
    pieces(bytes, (at) => (at < start ? start : at < start + SINGLE_BYTES ? 1 : bytes.length)),
    pieces(bytes, () => 1 + random.below(most)),
  ];
}

function pieces(bytes: Buffer, size: (at: number) => number): Buffer[] {
  const cut: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = start + size(start);
    cut.push(bytes.subarray(start, end));
    start = end;
  }
  return cut;
}

/** What decodes a whole message, and encodes it where something does. */
export interface MessageCodec<T> {
  decode(bytes: Buffer): T;
  /** `undefined`: this one cannot be encoded. */
  encode?(value: T): Uint8Array | undefined;
  /** What is compared of a value: all, unless given. */
  essence?(value: T): unknown;
  /** What can be thrown. */
  readonly family?: ErrorFamily;
  /** What came of it, in few words. */
  features?(value: T): readonly string[];
}

/**
 * Reads a message and checks that it gives a value or an error of the family, that the value does not
 * change with the bytes, and that encoding and decoding it again gives the same.
 */
export function readMessage<T>(codec: MessageCodec<T>, input: Buffer): readonly string[] {
  const essence = (value: T) => codec.essence?.(value) ?? value;
  const bytes = Buffer.from(input);
  const result = attempt(() => codec.decode(bytes), codec.family);
  if ('error' in result) return [kindOf(result.error)];
  assert.deepEqual(bytes, input, 'decoding changed the bytes');
  bytes.fill(0xee);
  const { value } = result;
  assert.deepEqual(
    essence(value),
    essence(codec.decode(input)),
    'the value changed with the bytes',
  );
  const encoded = attempt(() => codec.encode?.(value), RingestError);
  if ('error' in encoded) return [kindOf(encoded.error)];
  if (encoded.value !== undefined) {
    const again = codec.decode(Buffer.from(encoded.value));
    assert.deepEqual(essence(again), essence(value), 'the value is another when it is encoded');
  }
  return codec.features?.(value) ?? ['decoded'];
}
