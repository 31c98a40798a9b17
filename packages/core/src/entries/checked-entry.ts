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
} from '@ringest/codec';
import type { FrameParts } from '@ringest/workers';
import type { Attachments } from '../configuration/attachments.js';
import type { MuxerTags } from './muxer-tags.js';
import type { TimestampWindow } from './timestamp-window.js';
import { setUnixTime } from './unix-time.js';

/** What the muxer adds to entries. */
export interface EntryExtras {
  readonly attachments?: Attachments | undefined;
  /** The source of entries that have no source of their own. */
  readonly sourceOverride?: Source | undefined;
  /** The most bytes of data. Default: as many as there can be. */
  readonly maxEntrySize?: number | undefined;
  readonly window?: TimestampWindow | undefined;
}

/**
 * The parts of one entry, checked, in the form that frames are made of. One object is used for all
 * entries of a muxer, one after the other, so that no entry allocates one.
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
  readonly #maxBytes: number;
  readonly #window: TimestampWindow | undefined;
  /** The text that `#lastSource` was parsed from; `undefined` if it was made from bytes. */
  #lastSourceText: string | undefined;
  #lastSource: Source | undefined;

  constructor(tags: MuxerTags, extras: EntryExtras = {}) {
    this.#tags = tags;
    this.#attachments = extras.attachments;
    this.#attaches = extras.attachments !== undefined;
    this.#sourceOverride = extras.sourceOverride;
    this.#maxBytes = extras.maxEntrySize ?? MAX_DATA_BYTES;
    this.#window = extras.window;
  }

  /**
   * Checks an entry and sets the parts to its values.
   * @throws {UnknownTagError} the muxer has no tag of this number
   * @throws {TagRefusedError} every connected indexer refuses the tag
   * @throws {InvalidTimestampError} the timestamp is not valid
   * @throws {InvalidSourceError} the source is not an IP address
   * @throws {InvalidEntryError} the data is neither bytes nor text, or its memory is gone
   * @throws {InvalidEnumeratedValueError} an enumerated value is not valid
   * @throws {OversizedEnumeratedBlockError} there are too many enumerated values
   * @throws {OversizedEntryError} there is too much data
   */
  check(entry: EntryInput): void {
    if (typeof entry !== 'object' || entry === null) throw notAnEntry(entry);
    const { data, tag, timestamp, source, enumeratedValues } = entry;
    if (!this.#tags.has(tag)) throw this.#tags.problem(tag);
    this.tag = tag;
    setUnixTime(this, timestamp);
    this.#window?.apply(this);
    this.source = source === undefined ? this.#sourceOverride : this.#resolve(source);
    if (typeof data === 'string') {
      // A code unit has at most three bytes of UTF-8, so only long text must be measured.
      if (data.length * 3 > this.#maxBytes) this.#checkDataSize(Buffer.byteLength(data));
    } else if (isBytes(data)) {
      if (data.length > this.#maxBytes) this.#checkDataSize(data.length);
      if (data.length === 0 && areGone(data)) throw new InvalidEntryError('data', data, GONE);
    } else {
      throw new InvalidEntryError('data', data, 'give a Uint8Array or a string');
    }
    this.data = data;
    this.values =
      enumeratedValues === undefined && !this.#attaches ? undefined : this.#block(enumeratedValues);
  }

  #checkDataSize(bytes: number): void {
    if (bytes > this.#maxBytes) throw new OversizedEntryError(bytes, this.#maxBytes);
  }

  #block(values: EnumeratedInput | undefined): Uint8Array | undefined {
    if (values === undefined) return this.#attachments?.block();
    return this.#attachments?.merge(values) ?? encodeEnumeratedBlock(values);
  }

  /** Remembers the last source: ingesters write many entries of one source in a row. */
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
