import { Command } from './command.js';
import { DecodeError, InvalidTimestampError, OversizedMessageError } from './errors.js';
import { decodeJsonObject, isJsonObject, type JsonObject, sortedJsonObject } from './text.js';
import { Timestamp } from './timestamp.js';

/** The most bytes of JSON in an ingester state (§8). */
export const MAX_INGESTER_STATE_BYTES = 1024 * 1024;

/**
 * How deep children, and the values of Configuration and Metadata, may be nested in a decoded state. A
 * function that walks deeper ones, such as `JSON.stringify`, may exhaust the stack.
 */
const MAX_DECODED_DEPTH = 64;

/** How many levels of children trimming keeps, below the children of the ingester itself. */
const MAX_TRIMMED_DEPTH = 8;

/** How many children of the ingester itself trimming keeps. */
const MAX_TRIMMED_CHILDREN = 64;

/** What an ingester regularly reports about itself (§8). */
export interface IngesterState {
  /** The UUID of the ingester. */
  readonly uuid: string;
  /** The name of the ingester. */
  readonly name: string;
  /** The version of the ingester. */
  readonly version: string;
  /** A text that the ingester's operator chose. */
  readonly label: string;
  /** The local IP address of the connection. */
  readonly ip: string;
  /** The host name of the ingester's machine. */
  readonly hostname: string;
  /** Entries written since the start. */
  readonly entries: number;
  /** Bytes of data written since the start. */
  readonly size: number;
  /** Nanoseconds since the start: exact up to 104 days, then to the microsecond. */
  readonly uptime: number;
  /** The names of the ingester's tags. */
  readonly tags: readonly string[];
  /** The mode of the disk cache; empty: there is none. */
  readonly cacheState: string;
  /** The size of the disk cache in bytes. */
  readonly cacheSize: number;
  /** When the state was made. */
  readonly lastSeen: Timestamp;
  /** The states of parts of the ingester, by name. */
  readonly children: ReadonlyMap<string, IngesterState>;
  /** The ingester's configuration: any value that JSON can hold. */
  readonly configuration?: unknown;
  /** The ingester's metadata: any value that JSON can hold. */
  readonly metadata?: unknown;
}

type Key =
  | ('UUID' | 'Name' | 'Version' | 'Label' | 'IP' | 'Hostname' | 'Entries' | 'Size' | 'Uptime')
  | ('Tags' | 'CacheState' | 'CacheSize' | 'LastSeen' | 'Children' | 'Configuration' | 'Metadata');

/** A state in which every field is empty. Spread it to make a state with only some fields. */
export const EMPTY_INGESTER_STATE: IngesterState = {
  uuid: '',
  name: '',
  version: '',
  label: '',
  ip: '',
  hostname: '',
  entries: 0,
  size: 0,
  uptime: 0,
  tags: [],
  cacheState: '',
  cacheSize: 0,
  lastSeen: Timestamp.ZERO,
  children: new Map(),
};

/** Encodes a state as JSON, with its keys in the order of §8. Nothing is trimmed. */
export function encodeIngesterStateJson(state: IngesterState): string {
  const children = Array.from(
    state.children,
    ([name, child]) => [name, encodeIngesterStateJson(child)] as const,
  );
  const members: [Key, string | undefined][] = [
    ['UUID', JSON.stringify(state.uuid)],
    ['Name', JSON.stringify(state.name)],
    ['Version', JSON.stringify(state.version)],
    ['Label', JSON.stringify(state.label)],
    ['IP', JSON.stringify(state.ip)],
    ['Hostname', JSON.stringify(state.hostname)],
    ['Entries', JSON.stringify(state.entries)],
    ['Size', JSON.stringify(state.size)],
    ['Uptime', JSON.stringify(state.uptime)],
    ['Tags', JSON.stringify(state.tags)],
    ['CacheState', JSON.stringify(state.cacheState)],
    ['CacheSize', JSON.stringify(state.cacheSize)],
    ['LastSeen', JSON.stringify(state.lastSeen.toString())],
    ['Children', sortedJsonObject(children)],
    ['Configuration', JSON.stringify(state.configuration)],
    ['Metadata', JSON.stringify(state.metadata)],
  ];
  const present = members.filter(([, json]) => json !== undefined);
  return `{${present.map(([key, json]) => `"${key}":${json}`).join()}}`;
}

/**
 * Encodes INGESTER_STATE (§8): `u32 word · u32 length · JSON`. The state is trimmed if necessary. The
 * indexer needs API version 6.
 *
 * @throws {OversizedMessageError} if even the trimmed state is over {@link MAX_INGESTER_STATE_BYTES}.
 */
export function encodeIngesterState(state: IngesterState): Buffer {
  const json = encodeIngesterStateJson(trimIngesterState(state));
  const message = Buffer.allocUnsafe(8 + Buffer.byteLength(json));
  message.writeUInt32LE(Command.ingesterState, 0);
  message.writeUInt32LE(message.length - 8, 4);
  message.write(json, 8);
  return message;
}

/**
 * Trims a state to {@link MAX_INGESTER_STATE_BYTES} (§8). First the children lose their configuration
 * and metadata, and children that are nested too deep are removed; then only 64 children are kept. A
 * state that fits is returned as it is.
 *
 * @throws {OversizedMessageError} if the trimmed state is still too large.
 */
export function trimIngesterState(state: IngesterState): IngesterState {
  if (jsonBytes(state) <= MAX_INGESTER_STATE_BYTES) return state;
  const bare: IngesterState = {
    ...state,
    children: trimChildren(state.children, MAX_TRIMMED_DEPTH),
  };
  if (jsonBytes(bare) <= MAX_INGESTER_STATE_BYTES) return bare;
  const few: IngesterState = {
    ...bare,
    children: new Map([...bare.children].slice(0, MAX_TRIMMED_CHILDREN)),
  };
  const size = jsonBytes(few);
  if (size <= MAX_INGESTER_STATE_BYTES) return few;
  throw new OversizedMessageError('ingester state', size, MAX_INGESTER_STATE_BYTES);
}

/**
 * Decodes the JSON of an ingester state (§8), without the length before it. Members that are missing or
 * `null` are empty.
 *
 * @throws {DecodeError} if it is not JSON, or a member is not what §8 says.
 */
export function decodeIngesterState(json: Uint8Array): IngesterState {
  return readState(decodeJsonObject(STRUCTURE, json), 0);
}

const STRUCTURE = 'ingester state';

function jsonBytes(state: IngesterState): number {
  return Buffer.byteLength(encodeIngesterStateJson(state));
}

function trimChildren(
  children: ReadonlyMap<string, IngesterState>,
  depth: number,
): ReadonlyMap<string, IngesterState> {
  const trimmed = new Map<string, IngesterState>();
  for (const [name, child] of children) {
    const { configuration: _configuration, metadata: _metadata, ...rest } = child;
    const below = depth > 0 ? trimChildren(child.children, depth - 1) : new Map();
    trimmed.set(name, { ...rest, children: below });
  }
  return trimmed;
}

function readState(json: JsonObject<Key>, depth: number): IngesterState {
  if (depth > MAX_DECODED_DEPTH) {
    throw new DecodeError(STRUCTURE, `its children are nested over ${MAX_DECODED_DEPTH} deep`);
  }
  return {
    uuid: readString('UUID', json.UUID),
    name: readString('Name', json.Name),
    version: readString('Version', json.Version),
    label: readString('Label', json.Label),
    ip: readString('IP', json.IP),
    hostname: readString('Hostname', json.Hostname),
    entries: readNumber('Entries', json.Entries),
    size: readNumber('Size', json.Size),
    uptime: readNumber('Uptime', json.Uptime),
    tags: readTags(json.Tags),
    cacheState: readString('CacheState', json.CacheState),
    cacheSize: readNumber('CacheSize', json.CacheSize),
    lastSeen: readTime('LastSeen', json.LastSeen),
    children: readChildren(json.Children, depth),
    ...(json.Configuration === undefined
      ? {}
      : { configuration: readAnything('Configuration', json.Configuration) }),
    ...(json.Metadata === undefined ? {} : { metadata: readAnything('Metadata', json.Metadata) }),
  };
}

function readString(key: Key, value: unknown = ''): string {
  if (value === null) return '';
  if (typeof value !== 'string') throw new DecodeError(STRUCTURE, `its ${key} is not a string`);
  return value;
}

function readNumber(key: Key, value: unknown = 0): number {
  if (value === null) return 0;
  // JSON can say 1e999, which is read as infinity.
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new DecodeError(STRUCTURE, `its ${key} is not a number`);
  }
  return value;
}

function readTags(value: unknown): readonly string[] {
  const tags: unknown = value ?? [];
  if (!Array.isArray(tags)) throw new DecodeError(STRUCTURE, 'its Tags are not a list');
  return tags.map((tag: unknown) => readString('Tags', tag));
}

function readTime(key: Key, value: unknown): Timestamp {
  const text = readString(key, value);
  if (text === '') return Timestamp.ZERO;
  try {
    return Timestamp.parse(text);
  } catch (cause) {
    if (!(cause instanceof InvalidTimestampError)) throw cause;
    throw new DecodeError(STRUCTURE, `its ${key} is not a time`, { cause });
  }
}

function readAnything(key: Key, value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DECODED_DEPTH) {
    throw new DecodeError(STRUCTURE, `its ${key} is nested over ${MAX_DECODED_DEPTH} deep`);
  }
  for (const member of Object.values(value)) readAnything(key, member, depth + 1);
  return value;
}

function readChildren(value: unknown, depth: number): ReadonlyMap<string, IngesterState> {
  const object: unknown = value ?? {};
  if (!isJsonObject(object)) throw new DecodeError(STRUCTURE, 'its Children are not an object');
  const children = new Map<string, IngesterState>();
  for (const [name, child] of Object.entries(object)) {
    if (!isJsonObject(child)) throw new DecodeError(STRUCTURE, 'a child is not an object');
    children.set(name, readState(child, depth + 1));
  }
  return children;
}
