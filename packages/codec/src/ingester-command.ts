import { Command, type IngesterIdentity, MAX_IDENTITY_BYTES, WORD_BYTES } from './command.js';
import { DecodeError, LimitError, UnknownCommandError } from './errors.js';
import { frameSize } from './frame.js';
import {
  decodeIngesterState,
  type IngesterState,
  MAX_INGESTER_STATE_BYTES,
} from './ingester-state.js';
import { MAX_TAG_NAME_BYTES } from './tag.js';
import { decodeText } from './text.js';
import { readU64 } from './u64.js';

/** A command of a hot ingester other than NEW_ENTRY (§4). */
export type IngesterCommand =
  | { readonly kind: 'forceAck' | 'ping' | 'ingestOk' }
  | { readonly kind: 'tag'; readonly name: string }
  | ({ readonly kind: 'id' } & IngesterIdentity)
  | { readonly kind: 'apiVersion'; readonly version: number }
  /** A state that cannot be decoded does not harm the stream: the error takes its place. */
  | { readonly kind: 'ingesterState'; readonly state: IngesterState | DecodeError }
  | { readonly kind: 'dittoBlock'; readonly count: number };

const LENGTH_BYTES = 4;

/**
 * Returns the size of the command at `offset`, as far as the `available` bytes from there on determine
 * it. If the result is more than `available`, call it again when that many bytes are there; otherwise
 * the command is whole and the size is exact. Nothing is allocated.
 *
 * @throws {UnknownCommandError} if an ingester has no such command.
 * @throws {LimitError} if a length in the command exceeds its limit, as soon as that length is there.
 */
export function ingesterCommandSize(bytes: Buffer, offset: number, available: number): number {
  if (available < WORD_BYTES) return WORD_BYTES;
  const word = bytes.readUInt32LE(offset);
  switch (word) {
    case Command.newEntry:
      return frameSize(bytes, offset, available);
    case Command.forceAck:
    case Command.ping:
    case Command.ingestOk:
      return WORD_BYTES;
    case Command.apiVersion:
      return WORD_BYTES + 2;
    case Command.dittoBlock:
      return WORD_BYTES + 8;
    case Command.tag:
      return stringsSize(bytes, offset, available, 1, 'tag', MAX_TAG_NAME_BYTES);
    case Command.id:
      return stringsSize(bytes, offset, available, 3, 'ingester identity', MAX_IDENTITY_BYTES);
    case Command.ingesterState:
      return stringsSize(bytes, offset, available, 1, 'ingester state', MAX_INGESTER_STATE_BYTES);
    default:
      throw new UnknownCommandError(word);
  }
}

/**
 * Decodes one command other than NEW_ENTRY (§4), which {@link decodeFrame} decodes.
 *
 * @param command exactly one whole command, of the size that {@link ingesterCommandSize} returned.
 * @throws {DecodeError} if the command is malformed.
 */
export function decodeIngesterCommand(command: Buffer): IngesterCommand {
  const word = command.readUInt32LE(0);
  switch (word) {
    case Command.forceAck:
      return { kind: 'forceAck' };
    case Command.ping:
      return { kind: 'ping' };
    case Command.ingestOk:
      return { kind: 'ingestOk' };
    case Command.apiVersion:
      return { kind: 'apiVersion', version: command.readUInt16LE(WORD_BYTES) };
    case Command.dittoBlock:
      return { kind: 'dittoBlock', count: readCount(command) };
    case Command.tag:
      return { kind: 'tag', name: readStrings(command, 'tag')[0] ?? '' };
    case Command.id: {
      const [name = '', version = '', uuid = ''] = readStrings(command, 'ingester identity');
      return { kind: 'id', name, version, uuid };
    }
    case Command.ingesterState:
      return { kind: 'ingesterState', state: readState(command) };
    default:
      throw new UnknownCommandError(word);
  }
}

/** Returns the size of a command that has `count` strings, each after its length as a `u32`. */
function stringsSize(
  bytes: Buffer,
  offset: number,
  available: number,
  count: number,
  structure: string,
  limit: number,
): number {
  let size = WORD_BYTES;
  for (let i = 0; i < count; i++) {
    if (available < size + LENGTH_BYTES) return size + LENGTH_BYTES;
    const length = bytes.readUInt32LE(offset + size);
    if (length > limit) throw new LimitError(structure, length, limit);
    size += LENGTH_BYTES + length;
  }
  return size;
}

function readStrings(command: Buffer, structure: string): string[] {
  const strings: string[] = [];
  for (let offset = WORD_BYTES; offset < command.length; ) {
    const end = offset + LENGTH_BYTES + command.readUInt32LE(offset);
    strings.push(decodeText(structure, command.subarray(offset + LENGTH_BYTES, end)));
    offset = end;
  }
  return strings;
}

function readState(command: Buffer): IngesterState | DecodeError {
  try {
    return decodeIngesterState(command.subarray(WORD_BYTES + LENGTH_BYTES));
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

function readCount(command: Buffer): number {
  const count = readU64(command, WORD_BYTES);
  if (count > Number.MAX_SAFE_INTEGER) {
    throw new LimitError('ditto block', count, Number.MAX_SAFE_INTEGER);
  }
  return count;
}
