import { writeU64 } from './u64.js';

/** The command words of §4. A command is its word, a `u32`, followed by its fields. */
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

/** The bytes of a command word. */
export const WORD_BYTES = 4;

/** The bytes of a whole CONFIRM_ENTRY (§4): its word and a `u64` id. */
export const CONFIRM_ENTRY_BYTES = 12;

/** The longest THROTTLE in nanoseconds (§4). A longer one counts as this. */
export const MAX_THROTTLE_NANOSECONDS = 5_000_000_000;

/** The most bytes of each string in an ID message (§4) that is decoded. */
export const MAX_IDENTITY_BYTES = 4096;

/** How an ingester introduces itself (§4, ID). */
export interface IngesterIdentity {
  /** The name of the ingester. */
  readonly name: string;
  /** The version of the ingester. */
  readonly version: string;
  /** The UUID of the ingester, as text. */
  readonly uuid: string;
}

/** Encodes FORCE_ACK (§4): the indexer confirms at once what it has read. There is no other reply. */
export function encodeForceAck(): Buffer {
  return encodeWord(Command.forceAck);
}

/** Encodes PING (§4), which the indexer answers with PONG. */
export function encodePing(): Buffer {
  return encodeWord(Command.ping);
}

/**
 * Encodes TAG (§4), which negotiates one more tag on a hot connection (§7). The indexer needs API version 2.
 *
 * @param name a name that `checkTag` accepts
 */
export function encodeTag(name: string): Buffer {
  return encodeStrings(Command.tag, [name]);
}

/** Encodes ID (§4), which introduces the ingester. The indexer needs API version 3. */
export function encodeId(identity: IngesterIdentity): Buffer {
  return encodeStrings(Command.id, [identity.name, identity.version, identity.uuid]);
}

/**
 * Encodes API_VER (§4), the API version of the ingester. The indexer needs API version 4.
 *
 * @param version 0..65535
 */
export function encodeApiVersion(version: number): Buffer {
  const message = Buffer.allocUnsafe(WORD_BYTES + 2);
  message.writeUInt32LE(Command.apiVersion, 0);
  message.writeUInt16LE(version, WORD_BYTES);
  return message;
}

/** Encodes INGEST_OK (§4), which asks whether entries may be sent. The indexer needs API version 4. */
export function encodeIngestOk(): Buffer {
  return encodeWord(Command.ingestOk);
}

/**
 * Encodes the head of a ditto block (§10). `count` NEW_ENTRY frames follow it. The indexer needs API
 * version 9.
 *
 * @param count a non-negative integer below 2^53
 */
export function encodeDittoBlock(count: number): Buffer {
  return encodeNumber(Command.dittoBlock, count);
}

/** Encodes CONFIRM_ENTRY (§4): the indexer has stored the entry with this id. */
export function encodeConfirmEntry(id: number): Buffer {
  return encodeNumber(Command.confirmEntry, id);
}

/** Encodes THROTTLE (§4): the ingester must pause for this long, at most {@link MAX_THROTTLE_NANOSECONDS}. */
export function encodeThrottle(nanoseconds: number): Buffer {
  return encodeNumber(Command.throttle, nanoseconds);
}

/** Encodes PONG (§4): the answer to PING, which an indexer also sends after a second without other replies. */
export function encodePong(): Buffer {
  return encodeWord(Command.pong);
}

/** Encodes CONFIRM_TAG (§4): the indexer's number of the tag that TAG asked for, 0..65535. */
export function encodeConfirmTag(tag: number): Buffer {
  return encodeNumber(Command.confirmTag, tag);
}

/** Encodes ERROR_TAG (§4): the indexer refuses the tag that TAG asked for. */
export function encodeErrorTag(): Buffer {
  return encodeWord(Command.errorTag);
}

/** Encodes CONFIRM_ID (§4), the answer to ID. */
export function encodeConfirmId(): Buffer {
  return encodeWord(Command.confirmId);
}

/** Encodes CONFIRM_API_VER (§4), the answer to API_VER. */
export function encodeConfirmApiVersion(): Buffer {
  return encodeWord(Command.confirmApiVersion);
}

/** Encodes CONFIRM_INGEST_OK (§4), the answer to INGEST_OK. `false` means: ask again later. */
export function encodeConfirmIngestOk(ok: boolean): Buffer {
  return encodeNumber(Command.confirmIngestOk, ok ? 1 : 0);
}

/** Encodes CONFIRM_INGESTER_STATE (§4), the answer to INGESTER_STATE. */
export function encodeConfirmIngesterState(): Buffer {
  return encodeWord(Command.confirmIngesterState);
}

/** Encodes CONFIRM_DITTO_BLOCK (§10): 0 means that the block is on disk, anything else that it is refused. */
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
