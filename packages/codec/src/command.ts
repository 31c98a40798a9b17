import { writeU64 } from './u64.js';

/** Every command word of §4. A command is a `u32` and what its `encode…` function puts after it. */
export const Command = {
  newEntry: 0xc7c95acb,
  forceAck: 0x1adf7350,
  ping: 0x88770001,
  tag: 0x18675300,
  id: 0x22793400,
  apiVersion: 0x22334400,
  ingestOk: 0x33445500,
  ingesterState: 0x44556600,
  dittoBlock: 0xddccbbaa,
  confirmEntry: 0xf6e0307e,
  throttle: 0xbdeacc1e,
  pong: 0x88770008,
  confirmTag: 0x18675301,
  errorTag: 0x18675302,
  confirmId: 0x22793401,
  confirmApiVersion: 0x22334401,
  confirmIngestOk: 0x33445501,
  confirmIngesterState: 0x44556601,
  confirmDittoBlock: 0x55667788,
} as const;

/** Bytes of a command word. */
export const WORD_BYTES = 4;

/** Bytes of a whole CONFIRM_ENTRY: word and `u64` id. */
export const CONFIRM_ENTRY_BYTES = 12;

/** No THROTTLE stops an ingester for longer than this; a longer one is taken as this (§4). */
export const MAX_THROTTLE_NANOSECONDS = 5_000_000_000;

/** The most bytes that each string of an ID message may have when it is decoded. */
export const MAX_IDENTITY_BYTES = 4096;

/** What an ingester says about itself with ID. */
export interface IngesterIdentity {
  readonly name: string;
  readonly version: string;
  readonly uuid: string;
}

/** Ingester: flush the confirmations of everything read so far. Has no reply of its own. */
export function encodeForceAck(): Buffer {
  return encodeWord(Command.forceAck);
}

/** Ingester: answered by PONG. */
export function encodePing(): Buffer {
  return encodeWord(Command.ping);
}

/**
 * Ingester: negotiates one more tag on a live connection (§7), API version 2 and later.
 *
 * @param name a name that `checkTag` accepts
 */
export function encodeTag(name: string): Buffer {
  return encodeStrings(Command.tag, [name]);
}

/** Ingester: who it is, API version 3 and later. */
export function encodeId(identity: IngesterIdentity): Buffer {
  return encodeStrings(Command.id, [identity.name, identity.version, identity.uuid]);
}

/**
 * Ingester: the API version it speaks, API version 4 and later.
 *
 * @param version 0..65535
 */
export function encodeApiVersion(version: number): Buffer {
  const message = Buffer.allocUnsafe(WORD_BYTES + 2);
  message.writeUInt32LE(Command.apiVersion, 0);
  message.writeUInt16LE(version, WORD_BYTES);
  return message;
}

/** Ingester: may entries be sent? API version 4 and later. */
export function encodeIngestOk(): Buffer {
  return encodeWord(Command.ingestOk);
}

/**
 * Ingester: the head of a ditto block (§10), API version 9 and later. `count` NEW_ENTRY frames
 * follow it.
 *
 * @param count a non-negative integer below 2^53
 */
export function encodeDittoBlock(count: number): Buffer {
  return encodeNumber(Command.dittoBlock, count);
}

/** Indexer: the entry with this id is stored. */
export function encodeConfirmEntry(id: number): Buffer {
  return encodeNumber(Command.confirmEntry, id);
}

/** Indexer: stop sending for that long, at most {@link MAX_THROTTLE_NANOSECONDS}. */
export function encodeThrottle(nanoseconds: number): Buffer {
  return encodeNumber(Command.throttle, nanoseconds);
}

/** Indexer: the answer to PING, also sent unasked after an idle second. */
export function encodePong(): Buffer {
  return encodeWord(Command.pong);
}

/** Indexer: the number of the tag that TAG asked for, 0..65535. */
export function encodeConfirmTag(tag: number): Buffer {
  return encodeNumber(Command.confirmTag, tag);
}

/** Indexer: the tag that TAG asked for is refused. */
export function encodeErrorTag(): Buffer {
  return encodeWord(Command.errorTag);
}

/** Indexer: the answer to ID. */
export function encodeConfirmId(): Buffer {
  return encodeWord(Command.confirmId);
}

/** Indexer: the answer to API_VER. */
export function encodeConfirmApiVersion(): Buffer {
  return encodeWord(Command.confirmApiVersion);
}

/** Indexer: the answer to INGEST_OK; `false` means not yet, ask again. */
export function encodeConfirmIngestOk(ok: boolean): Buffer {
  return encodeNumber(Command.confirmIngestOk, ok ? 1 : 0);
}

/** Indexer: the answer to INGESTER_STATE. */
export function encodeConfirmIngesterState(): Buffer {
  return encodeWord(Command.confirmIngesterState);
}

/** Indexer: the ditto block is on disk (0), or was refused (anything else). */
export function encodeConfirmDittoBlock(result: number): Buffer {
  return encodeNumber(Command.confirmDittoBlock, result);
}

function encodeWord(word: number): Buffer {
  const message = Buffer.allocUnsafe(WORD_BYTES);
  message.writeUInt32LE(word, 0);
  return message;
}

function encodeNumber(word: number, value: number): Buffer {
  const message = Buffer.allocUnsafe(WORD_BYTES + 8);
  message.writeUInt32LE(word, 0);
  writeU64(value, message, WORD_BYTES);
  return message;
}

function encodeStrings(word: number, strings: readonly string[]): Buffer {
  let size = WORD_BYTES;
  for (const text of strings) size += 4 + Buffer.byteLength(text);
  const message = Buffer.allocUnsafe(size);
  let offset = message.writeUInt32LE(word, 0);
  for (const text of strings) {
    const written = message.write(text, offset + 4);
    message.writeUInt32LE(written, offset);
    offset += 4 + written;
  }
  return message;
}
