import { types } from 'node:util';
import { DecodeError, LimitError, OversizedMessageError } from './errors.js';
import { type IndexerTag, MAX_TAGS } from './tag.js';
import { decodeJsonObject, isJsonObject, isUnsigned, sortedJsonObject } from './text.js';

/** The ids of states (§3). An indexer that sends another id gives its reason in `info`. */
export const State = {
  authenticated: 0xbeef42,
  notAuthenticated: 0xfeed51,
  hot: 0xcafe54,
} as const;

/** The compressions, by their number on the wire (§3, §9). */
export const Compression = { none: 0, snappy: 0x10 } as const;
/** The number of a compression on the wire (§3, §9). */
export type Compression = (typeof Compression)[keyof typeof Compression];

/** The most bytes of JSON in a state (§3). */
export const MAX_STATE_BYTES = 4096;

/** The most bytes of JSON in a tag request or a tag response (§3). */
export const MAX_TAG_MESSAGE_BYTES = 32 * 1024 * 1024;

const QUOTE = 0x22;

/** The most names in a tag request: all that can be negotiated, and `gravwell`. */
const MAX_NAMES = MAX_TAGS + 1;

/** How many characters of a tag name an error quotes, because a name can be as long as the message. */
const MAX_QUOTED = 80;

/** The most bytes of a stream configuration, without its length (§3). */
export const MAX_STREAM_CONFIGURATION_BYTES = 1024 * 1024;

/** A decoded state (§3). */
export interface StateMessage {
  /** A 32-bit number, usually one of {@link State}. */
  readonly id: number;
  /** The reason, if the other side does not let this one in. */
  readonly info: string;
}

/** An indexer's answer to a tag request (§3). */
export interface TagResponse {
  /** How many tags the indexer accepted; 0 means that it refused the whole request. */
  readonly count: number;
  /** The indexer's number of each tag, by name. */
  readonly tags: Map<string, IndexerTag>;
}

/**
 * Encodes a state (§3): `u16 length · JSON`.
 *
 * @throws {OversizedMessageError} if the JSON would exceed {@link MAX_STATE_BYTES}
 */
export function encodeState(state: StateMessage): Buffer {
  const json = Buffer.from(JSON.stringify({ ID: state.id, Info: state.info }));
  if (json.length > MAX_STATE_BYTES) {
    throw new OversizedMessageError('state', json.length, MAX_STATE_BYTES);
  }
  const message = Buffer.allocUnsafe(2 + json.length);
  message.writeUInt16LE(json.length, 0);
  json.copy(message, 2);
  return message;
}

/**
 * Decodes a state (§3).
 *
 * @param message the whole message, with its length
 * @throws {DecodeError} if the message is malformed.
 */
export function decodeState(message: Uint8Array): StateMessage {
  const structure = 'state';
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes.length < 2) throw new DecodeError(structure, 'it has no length');
  const length = bytes.readUInt16LE(0);
  checkBody(structure, length, bytes.length - 2, MAX_STATE_BYTES);
  const json = decodeJsonObject<'ID' | 'Info'>(structure, bytes.subarray(2));
  const id = json.ID;
  const info = json.Info ?? '';
  if (!isUnsigned(id, 0xffff_ffff)) throw new DecodeError(structure, 'its ID is not a number');
  if (typeof info !== 'string') throw new DecodeError(structure, 'its Info is not a string');
  return { id, info };
}

/**
 * Encodes a tag request (§3): `u32 length · JSON`.
 *
 * @param names names that `checkTag` accepts
 * @throws {OversizedMessageError} if the JSON would exceed {@link MAX_TAG_MESSAGE_BYTES}
 */
export function encodeTagRequest(names: readonly string[]): Buffer {
  return encodeJson('tag request', JSON.stringify({ Count: names.length, Tags: names }));
}

/**
 * Decodes a tag request (§3).
 *
 * @param message the whole message, with its length
 * @throws {DecodeError} if the message is malformed.
 */
export function decodeTagRequest(message: Uint8Array): string[] {
  const structure = 'tag request';
  const json = decodeJsonMessage(structure, message);
  const tags = json.Tags ?? [];
  if (!Array.isArray(tags)) throw new DecodeError(structure, 'its Tags are not a list');
  const names: string[] = [];
  for (const name of tags as readonly unknown[]) {
    if (typeof name !== 'string') throw new DecodeError(structure, 'a tag is not a string');
    names.push(name);
  }
  checkCount(structure, json.Count, names.length);
  return names;
}

/**
 * Encodes a tag response (§3): `u32 length · JSON`. A response without tags refuses the request.
 *
 * @param tags the indexer's number of each name, 0..65535
 * @throws {OversizedMessageError} if the JSON would exceed {@link MAX_TAG_MESSAGE_BYTES}
 */
export function encodeTagResponse(
  tags: ReadonlyMap<string, number> | Readonly<Record<string, number>>,
): Buffer {
  const pairs = types.isMap(tags) ? tags : Object.entries(tags as Record<string, number>);
  const members = Array.from(pairs, ([name, number]) => [name, `${number}`] as const);
  return encodeJson(
    'tag response',
    `{"Count":${members.length},"Tags":${sortedJsonObject(members)}}`,
  );
}

/**
 * Decodes a tag response (§3).
 *
 * @param message the whole message, with its length
 * @throws {DecodeError} if the message is malformed.
 */
export function decodeTagResponse(message: Uint8Array): TagResponse {
  const structure = 'tag response';
  const json = decodeJsonMessage(structure, message);
  // A refusal: whatever stands in Tags then was not accepted.
  if (json.Count === 0) return { count: 0, tags: new Map() };
  const object = json.Tags ?? {};
  if (!isJsonObject(object)) throw new DecodeError(structure, 'its Tags are not an object');
  const tags = new Map<string, IndexerTag>();
  for (const [name, number] of Object.entries(object)) {
    if (!isUnsigned(number, 0xffff)) {
      const quoted = JSON.stringify(name.slice(0, MAX_QUOTED));
      throw new DecodeError(structure, `the number of tag ${quoted} is not 0..65535`);
    }
    tags.set(name, number as IndexerTag);
  }
  checkCount(structure, json.Count, tags.size);
  return { count: tags.size, tags };
}

/** Encodes a stream configuration (§3): `u32 length (1) · u8 compression`. It has no command word. */
export function encodeStreamConfiguration(compression: Compression): Buffer {
  return Buffer.from([1, 0, 0, 0, compression]);
}

/**
 * Returns the size of the stream configuration at `offset`, as far as the `available` bytes from there
 * on determine it. If the result is more than `available`, call it again when that many bytes are there.
 *
 * @throws {LimitError} if its length is 0 or over {@link MAX_STREAM_CONFIGURATION_BYTES}.
 */
export function streamConfigurationSize(bytes: Buffer, offset: number, available: number): number {
  if (available < 4) return 4;
  const length = bytes.readUInt32LE(offset);
  if (length === 0 || length > MAX_STREAM_CONFIGURATION_BYTES) {
    throw new LimitError('stream configuration', length, MAX_STREAM_CONFIGURATION_BYTES);
  }
  return 4 + length;
}

/**
 * Decodes a stream configuration (§3). Bytes after the compression belong to a later version and are
 * ignored.
 *
 * @param message the whole message, with its length
 * @throws {DecodeError} if the message is malformed, or the compression is unknown.
 */
export function decodeStreamConfiguration(message: Uint8Array): Compression {
  const structure = 'stream configuration';
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const size = streamConfigurationSize(bytes, 0, bytes.length);
  if (size !== bytes.length) {
    throw new DecodeError(structure, `it promises ${size} bytes and has ${bytes.length}`);
  }
  const compression = bytes.readUInt8(4);
  if (compression !== Compression.none && compression !== Compression.snappy) {
    throw new DecodeError(structure, `compression ${compression} is unknown`);
  }
  return compression;
}

function encodeJson(structure: string, json: string): Buffer {
  const length = Buffer.byteLength(json);
  if (length > MAX_TAG_MESSAGE_BYTES) {
    throw new OversizedMessageError(structure, length, MAX_TAG_MESSAGE_BYTES);
  }
  const message = Buffer.allocUnsafe(4 + length);
  message.writeUInt32LE(length, 0);
  message.write(json, 4);
  return message;
}

function decodeJsonMessage(structure: string, message: Uint8Array) {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes.length < 4) throw new DecodeError(structure, 'it has no length');
  checkBody(structure, bytes.readUInt32LE(0), bytes.length - 4, MAX_TAG_MESSAGE_BYTES);
  checkNames(structure, bytes);
  return decodeJsonObject<'Count' | 'Tags'>(structure, bytes.subarray(4));
}

/**
 * Refuses too many names before they are parsed, because parsing millions of them takes seconds. It
 * counts quotes, which no name contains.
 */
function checkNames(structure: string, bytes: Buffer): void {
  // Each name and each of the two keys has two quotes.
  const max = 2 * (MAX_NAMES + 2);
  let quotes = 0;
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    if (++quotes > max) throw new DecodeError(structure, `it has more than ${MAX_NAMES} tags`);
  }
}

function checkBody(structure: string, length: number, present: number, limit: number): void {
  if (length > limit) throw new LimitError(structure, length, limit);
  if (length !== present) {
    throw new DecodeError(structure, `it promises ${length} bytes and has ${present}`);
  }
}

function checkCount(structure: string, count: unknown, actual: number): void {
  if (count !== actual) {
    throw new DecodeError(structure, `its Count does not match its ${actual} tags`);
  }
}
