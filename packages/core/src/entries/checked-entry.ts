import {
  areGone,
  type EntryInput,
  type EnumeratedInput,
  encodeEnumeratedBlock,
  GONE,
  InvalidEntryError,
  isBytes,
  MAX_DATA_BYTES,
  OversizedEntryError,
  Source,
  type SourceInput,
  Timestamp,
  type UnixTime,
} from '@ringest/codec';
import type { FrameParts } from '@ringest/workers';
import type { Attachments } from '../configuration/attachments.js';
import type { MuxerTags } from './muxer-tags.js';

/** What entries get beside what they bring. */
export interface EntryExtras {
  readonly attachments?: Attachments | undefined;
  /** The source of entries that have none. */
  readonly sourceOverride?: Source | undefined;
}

/**
 * The parts of the entry at hand, checked and in the form that frames are made of. One object
 * serves all entries of a muxer, one after the other.
 */
export class CheckedEntry implements FrameParts {
  seconds = 0;
  nanoseconds = 0;
  tag = 0;
  source: Source | undefined = undefined;
  data: Uint8Array | string = '';
  values: Uint8Array | undefined = undefined;
  readonly #tags: MuxerTags;
  readonly #attachments: Attachments | undefined;
  readonly #attaches: boolean;
  readonly #sourceOverride: Source | undefined;
  /** The text that `lastSource` was parsed from, if it was. */
  #lastSourceText: string | undefined;
  #lastSource: Source | undefined;

  constructor(tags: MuxerTags, extras: EntryExtras = {}) {
    this.#tags = tags;
    this.#attachments = extras.attachments;
    this.#attaches = extras.attachments !== undefined;
    this.#sourceOverride = extras.sourceOverride;
  }

  /**
   * Takes an entry in.
   * @throws {UnknownTagError}
   * @throws {TagRefusedError}
   * @throws {InvalidTimestampError}
   * @throws {InvalidSourceError}
   * @throws {InvalidEntryError} its data is neither bytes nor text, or bytes whose memory is gone
   * @throws {InvalidEnumeratedValueError}
   * @throws {OversizedEnumeratedBlockError}
   * @throws {OversizedEntryError}
   */
  check(entry: EntryInput): void {
    if (typeof entry !== 'object' || entry === null) throw notAnEntry(entry);
    const { data, tag, timestamp, source, enumeratedValues } = entry;
    if (!this.#tags.has(tag)) throw this.#tags.problem(tag);
    this.tag = tag;
    this.#takeTime(timestamp as UnixTime);
    this.source = source === undefined ? this.#sourceOverride : this.#resolve(source);
    if (typeof data === 'string') {
      // Three bytes of UTF-8 a code unit at most: only a giant has to be counted.
      if (data.length * 3 > MAX_DATA_BYTES) checkDataSize(Buffer.byteLength(data));
    } else if (isBytes(data)) {
      if (data.length > MAX_DATA_BYTES) checkDataSize(data.length);
      if (data.length === 0 && areGone(data)) throw new InvalidEntryError('data', data, GONE);
    } else {
      throw new InvalidEntryError('data', data, 'give a Uint8Array or a string');
    }
    this.data = data;
    this.values =
      enumeratedValues === undefined && !this.#attaches ? undefined : this.#block(enumeratedValues);
  }

  #block(values: EnumeratedInput | undefined): Uint8Array | undefined {
    if (values === undefined) return this.#attachments?.block();
    return this.#attachments?.merge(values) ?? encodeEnumeratedBlock(values);
  }

  #takeTime(time: UnixTime): void {
    // Numbers, texts and dates have no such fields, and go the long way.
    const seconds = time?.seconds;
    const nanoseconds = time?.nanoseconds;
    const isPlain =
      Number.isSafeInteger(seconds) &&
      Number.isInteger(nanoseconds) &&
      nanoseconds >= 0 &&
      nanoseconds < 1_000_000_000;
    if (isPlain) {
      this.seconds = seconds;
      this.nanoseconds = nanoseconds;
    } else {
      const timestamp = Timestamp.from(time);
      this.seconds = timestamp.seconds;
      this.nanoseconds = timestamp.nanoseconds;
    }
  }

  /** Ingesters write runs of entries of one source: the last text and the last bytes are remembered. */
  #resolve(input: SourceInput): Source {
    if (input instanceof Source) return input;
    const last = this.#lastSource;
    if (typeof input === 'string') {
      if (last !== undefined && input === this.#lastSourceText) return last;
      const source = Source.parse(input);
      this.#lastSourceText = input;
      this.#lastSource = source;
      return source;
    }
    if (!isBytes(input)) return Source.from(input);
    if (last !== undefined && hasBytes(last, input)) return last;
    const source = Source.fromBytes(input);
    this.#lastSourceText = undefined;
    this.#lastSource = source;
    return source;
  }
}

function hasBytes(source: Source, bytes: Uint8Array): boolean {
  if (source.isIPv4) return bytes.length === 4 && word(bytes, 0) === source.w0;
  return (
    bytes.length === 16 &&
    word(bytes, 0) === source.w0 &&
    word(bytes, 4) === source.w1 &&
    word(bytes, 8) === source.w2 &&
    word(bytes, 12) === source.w3
  );
}

function word(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

function notAnEntry(value: unknown): InvalidEntryError {
  return new InvalidEntryError('fields', value, 'give { timestamp, tag, data }');
}

function checkDataSize(bytes: number): void {
  if (bytes > MAX_DATA_BYTES) throw new OversizedEntryError(bytes, MAX_DATA_BYTES);
}
