import { Command, type EntryInput } from '@ringest/codec';
import { encodeFrame } from './ingester-client.js';

/** A `u16` or `u32` length, true or not, and bytes. */
export function prefixed(size: 2 | 4, length: number, bytes: string | Uint8Array = ''): Buffer {
  const prefix = Buffer.alloc(size);
  prefix.writeUIntLE(length, 0, size);
  return Buffer.concat([prefix, Buffer.from(bytes)]);
}

/** A text with its true length before it. */
export const sized = (size: 2 | 4, text: string): Buffer =>
  prefixed(size, Buffer.byteLength(text), text);

/** A command word alone. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

/** A command with any number. */
export function numbered(value: number, number: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(number, 0);
  return Buffer.concat([word(value), bytes]);
}

/** Lists in lists. */
export const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** A frame of an entry that is as it should be, of a tag with this number. */
export function frame(tag: number, data = 'hostile', id = 1): Buffer {
  const entry: EntryInput = { timestamp: 0, tag, data, source: '10.0.0.1' };
  return encodeFrame(id, entry);
}

/** The same, with a block of enumerated values behind it as it is given. */
export function frameWith(tag: number, block: Uint8Array): Buffer {
  const bytes = frame(tag);
  bytes.writeUInt32LE((bytes.readUInt32LE(4) | (1 << 30)) >>> 0, 4);
  return Buffer.concat([bytes, block]);
}

/** The head of a frame that promises so many bytes of data. */
export function frameOf(tag: number, dataBytes: number): Buffer {
  const bytes = frame(tag, '');
  bytes.writeUInt32LE((bytes.readUInt32LE(4) | dataBytes) >>> 0, 4);
  return bytes;
}

/** A block of enumerated values with any size, count and pad, and the values as they are given. */
export function block(size: number, count: number, values: Uint8Array, pad = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(size, 0);
  head.writeUInt16LE(count, 4);
  head.writeUInt16LE(pad, 6);
  return Buffer.concat([head, values]);
}

/** An enumerated value with any lengths. */
export function value(
  total: number,
  name: number,
  data: number,
  type: number,
  body: string,
): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(total, 0);
  head.writeUInt16LE(name, 2);
  head.writeUInt16LE(data, 4);
  head.writeUInt8(type, 6);
  return Buffer.concat([head, Buffer.from(body)]);
}

/** A command word before a text of a length, true or not. */
export const told = (command: keyof typeof Command, length: number, text = ''): Buffer =>
  Buffer.concat([word(Command[command]), prefixed(4, length, text)]);
