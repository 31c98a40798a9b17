import {
  Compression,
  type IndexerMessage,
  IndexerStreamDecoder,
  type IngesterMessage,
  IngesterStreamDecoder,
  SnappyFramingDecoder,
  type StreamDecoder,
} from '@ringest/codec';
import { unpack } from './snappy.js';
import { bytes, readVectors } from './vectors.js';

export const SESSIONS = ['session-plain', 'session-tenant', 'session-snappy'] as const;
export type SessionName = (typeof SESSIONS)[number];
export type Side = 'ingester' | 'indexer';

/** What one side said in a recorded session, write by write. */
export function recorded(name: SessionName, side: Side): Buffer[] {
  return readVectors<{ from: Side; hex: string }[]>(name)
    .filter(({ from }) => from === side)
    .map(({ hex }) => bytes(hex));
}

/** Cuts bytes into pieces of the given sizes, over and over; each at least one byte. */
export function cut(whole: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0, i = 0; start < whole.length; i++) {
    const end = start + Math.max(1, sizes[i % sizes.length] ?? whole.length);
    pieces.push(whole.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** Every message that an ingester receives in these pieces. */
export function readIndexerSide(pieces: Iterable<Uint8Array>): IndexerMessage[] {
  return readSide(new IndexerStreamDecoder(), pieces, 'confirmIngestOk');
}

/** Every message that an indexer receives in these pieces. */
export function readIngesterSide(pieces: Iterable<Uint8Array>): IngesterMessage[] {
  return readSide(new IngesterStreamDecoder(), pieces, 'ingestOk');
}

/**
 * @param beforeConfiguration the message after which the stream configuration comes.
 */
function readSide<M extends { readonly kind: string }>(
  decoder: StreamDecoder<M>,
  pieces: Iterable<Uint8Array>,
  beforeConfiguration: M['kind'],
): M[] {
  const messages: M[] = [];
  let snappy: SnappyFramingDecoder | undefined;
  for (const piece of pieces) {
    // A decoder must have copied what it needs: the piece is gone once the call returns.
    const chunk = Uint8Array.from(piece);
    decoder.push(snappy === undefined ? chunk : unpack(chunk, snappy));
    chunk.fill(0xee);
    for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
      messages.push(message as M);
      if (message.kind === beforeConfiguration) decoder.expectStreamConfiguration();
      if (isSnappy(message)) {
        snappy = new SnappyFramingDecoder();
        decoder.push(unpack(decoder.rest(), snappy));
      }
    }
  }
  return messages;
}

function isSnappy(message: { readonly kind: string; readonly compression?: unknown }): boolean {
  return message.kind === 'streamConfiguration' && message.compression === Compression.snappy;
}
