import { FLAG_IPV4, FLAG_VALUES, FRAME_BYTES, type Source } from '@ringest/codec';
import type { FrameParts } from './frame.js';
import type { Kernel } from './kernel.js';
import {
  BODIES_AT,
  BODIES_BYTES,
  MAX_RECORDS,
  MAX_SOURCES,
  RECORD_BYTES,
  RECORDS_AT,
  RecordField,
  SOURCE_BYTES,
  SOURCES_AT,
} from './memory-layout.js';
import type { Ring } from './ring.js';

/**
 * Bodies up to here are gathered in memory that is not shared, and copied to the stage together. A longer
 * one is filled into the ring by a native call of its own, which costs about 150 ns whatever it copies.
 */
export const MAX_GATHERED = 1024;
/** Bytes that are gathered at most. */
const GATHER_BYTES = 32_768;
/** The end of the bodies: a delimiter of at most 16 bytes, and before it the values that all entries have. */
const DELIMITER_AT = BODIES_AT + BODIES_BYTES - 16;
/** The longest delimiter of lines, in bytes. */
export const MAX_DELIMITER_BYTES = 16;
/** The longest block of enumerated values that all entries of a stage share, in bytes. */
export const MAX_TAIL_BYTES = 4096;
const TAIL_AT = DELIMITER_AT - MAX_TAIL_BYTES;
/** Bytes that a run of entries may copy to the stage. */
export const MAX_STAGED_BYTES = TAIL_AT - BODIES_AT;

/** The fields of a record as words of four bytes, and the seconds as one of eight. */
const WORDS = RECORD_BYTES / 4;
const BODY = RecordField.body / 4;
const BODY_BYTES = RecordField.bodyBytes / 4;
const LENGTH = RecordField.length / 4;
const TAG = RecordField.tag / 4;
const SECONDS = RecordField.seconds / 8;
const NANOSECONDS = RecordField.nanoseconds / 4;
const SOURCE = RecordField.source / 4;

/**
 * Entries on their way into a ring: a record for each, their sources and their bodies, in the memory of
 * the lane. The kernel makes frames of all of them in one call. V8 copies into shared memory byte by
 * byte, and a native call costs as much as a copy of some hundred bytes: here both are done once for
 * many entries.
 */
export class FrameStage {
  readonly #kernel: Kernel;
  readonly #bytes: Buffer;
  readonly #u32: Uint32Array;
  readonly #f64: Float64Array;
  readonly #sources: Int32Array;
  readonly #gather = Buffer.allocUnsafeSlow(GATHER_BYTES);
  #count = 0;
  #gathered = 0;
  #tailBytes = 0;
  /** The source of the last record, where it lies, and its flag. */
  #source: Source | undefined;
  #sourceAt = 0;
  #sourceFlag = 0;
  #sourceCount = 0;

  constructor(ring: Ring) {
    const { buffer } = ring.memory;
    this.#kernel = ring.kernel;
    this.#bytes = ring.bytes;
    this.#u32 = new Uint32Array(buffer, RECORDS_AT, MAX_RECORDS * WORDS);
    this.#f64 = new Float64Array(buffer, RECORDS_AT, (MAX_RECORDS * WORDS) / 2);
    this.#sources = new Int32Array(buffer, SOURCES_AT, (MAX_SOURCES * SOURCE_BYTES) / 4);
  }

  /** How many records there are. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that are gathered. */
  get gathered(): number {
    return this.#gathered;
  }

  /** Whether there is room for one more entry. */
  takes(bodyBytes: number): boolean {
    return (
      this.#count < MAX_RECORDS &&
      this.#sourceCount < MAX_SOURCES &&
      (bodyBytes > MAX_GATHERED || this.#gathered + bodyBytes <= GATHER_BYTES)
    );
  }

  /** Adds an entry. A body of more than 1024 bytes is in its place in the ring already. */
  add(
    seconds: number,
    nanoseconds: number,
    tag: number,
    source: Source | undefined,
    data: Uint8Array,
    values: Uint8Array | undefined,
  ): void {
    const dataBytes = data.length;
    const valuesBytes = values === undefined ? 0 : values.length;
    const bodyBytes = dataBytes + valuesBytes;
    let body = 0;
    if (bodyBytes <= MAX_GATHERED) {
      body = BODIES_AT + this.#gathered;
      this.#gather.set(data, this.#gathered);
      if (values !== undefined) this.#gather.set(values, this.#gathered + dataBytes);
      this.#gathered += bodyBytes;
    }
    const flag = valuesBytes === 0 ? 0 : FLAG_VALUES;
    this.#record(body, bodyBytes, dataBytes | flag, seconds, nanoseconds, tag, source);
  }

  /**
   * Adds an entry whose data is text. It takes at most 1024 bytes with its values, also
   * if each character had three.
   * @returns the bytes of the text in UTF-8
   */
  addText(
    seconds: number,
    nanoseconds: number,
    tag: number,
    source: Source | undefined,
    data: string,
    values: Uint8Array | undefined,
  ): number {
    const at = this.#gathered;
    const dataBytes = this.#gather.write(data, at);
    const valuesBytes = values === undefined ? 0 : values.length;
    if (values !== undefined) this.#gather.set(values, at + dataBytes);
    const bodyBytes = dataBytes + valuesBytes;
    this.#gathered += bodyBytes;
    const flag = valuesBytes === 0 ? 0 : FLAG_VALUES;
    this.#record(BODIES_AT + at, bodyBytes, dataBytes | flag, seconds, nanoseconds, tag, source);
    return dataBytes;
  }

  /** Adds an entry whose body is in its place in the ring already. `word`: bytes of data, with the flag of values. */
  addPlaced(
    seconds: number,
    nanoseconds: number,
    tag: number,
    source: Source | undefined,
    word: number,
    bodyBytes: number,
  ): void {
    this.#record(0, bodyBytes, word, seconds, nanoseconds, tag, source);
  }

  /**
   * Lays the frames of all records down.
   * @returns where they end
   */
  layAll(at: number, end: number): number {
    if (this.#gathered > 0) {
      this.#bytes.fill(this.#gather, BODIES_AT, BODIES_AT + this.#gathered);
    }
    const laidTo = this.#kernel.lay(RECORDS_AT, this.#count, at, end, 0, 0);
    this.truncate(0, 0);
    return laidTo;
  }

  /** Copies bytes in which bodies lie, at most {@link MAX_STAGED_BYTES}. There must be no records. */
  copyBodies(bytes: Uint8Array, from: number, to: number): void {
    const piece = from === 0 ? bytes : bytes.subarray(from, to);
    if (to > from) this.#bytes.fill(piece, BODIES_AT, BODIES_AT + to - from);
  }

  /** Adds an entry whose data lies at an offset of the bytes that were copied. */
  addCopied(
    seconds: number,
    nanoseconds: number,
    tag: number,
    source: Source | undefined,
    offset: number,
    dataBytes: number,
  ): void {
    const word = this.#tailBytes === 0 ? dataBytes : dataBytes | FLAG_VALUES;
    this.#record(BODIES_AT + offset, dataBytes, word, seconds, nanoseconds, tag, source);
  }

  /**
   * Sets the enumerated values of all entries that are copied.
   * @param values an encoded block of at most {@link MAX_TAIL_BYTES}, or `undefined`
   */
  setCommonValues(values: Uint8Array | undefined): void {
    this.#tailBytes = values === undefined ? 0 : values.length;
    if (values !== undefined) this.#bytes.fill(values, TAIL_AT, TAIL_AT + values.length);
  }

  /**
   * Adds an entry for each whole line of the bytes that were copied, see `Kernel.split`.
   * @param common what the entries have besides their data
   * @param delimiter 1 to {@link MAX_DELIMITER_BYTES} bytes
   * @param maxLineBytes before a longer line it stops
   * @returns the offset behind the last of these lines
   */
  splitCopied(
    copiedBytes: number,
    common: FrameParts,
    delimiter: Uint8Array,
    keepEmpty: boolean,
    maxLineBytes: number,
  ): number {
    const { tag, seconds, nanoseconds, source, values } = common;
    const kernel = this.#kernel;
    this.setCommonValues(values);
    this.addCopied(seconds, nanoseconds, tag, source, 0, 0);
    this.#bytes.fill(delimiter, DELIMITER_AT, DELIMITER_AT + delimiter.length);
    this.#count = kernel.split(
      BODIES_AT,
      BODIES_AT + copiedBytes,
      DELIMITER_AT,
      delimiter.length,
      keepEmpty,
      maxLineBytes,
      RECORDS_AT,
      MAX_RECORDS,
    );
    return kernel.splitEnd() - BODIES_AT;
  }

  /** Bytes of the frame of a record. */
  frameBytes(index: number): number {
    return FRAME_BYTES + (this.#u32[index * WORDS + BODY_BYTES] as number) + this.#tailBytes;
  }

  /** The offset of a record's data among the bytes that were copied. */
  offset(index: number): number {
    return (this.#u32[index * WORDS + BODY] as number) - BODIES_AT;
  }

  /** Bytes of data of a record among those that were copied. */
  dataBytes(index: number): number {
    return this.#u32[index * WORDS + BODY_BYTES] as number;
  }

  /** Sets the time of a record. */
  setTime(index: number, seconds: number, nanoseconds: number): void {
    this.#f64[index * (WORDS / 2) + SECONDS] = seconds;
    this.#u32[index * WORDS + NANOSECONDS] = nanoseconds;
  }

  /**
   * Lays the frames of records from one on down, as many as there is room for.
   * @returns where they end; `laid` says how many they are
   */
  layFrom(first: number, at: number, end: number): number {
    const from = RECORDS_AT + first * RECORD_BYTES;
    return this.#kernel.lay(from, this.#count - first, at, end, TAIL_AT, this.#tailBytes);
  }

  /** Frames that the last `layFrom` has laid down. */
  get laid(): number {
    return this.#kernel.laid();
  }

  /** Forgets all but the oldest records, and the bytes that were gathered for them. */
  truncate(count: number, gathered: number): void {
    this.#count = count;
    this.#gathered = gathered;
    if (count > 0) return;
    this.#tailBytes = 0;
    this.#source = undefined;
    this.#sourceAt = 0;
    this.#sourceFlag = 0;
    this.#sourceCount = 0;
  }

  #record(
    body: number,
    bodyBytes: number,
    word: number,
    seconds: number,
    nanoseconds: number,
    tag: number,
    source: Source | undefined,
  ): void {
    if (source !== this.#source) this.#setSource(source);
    const u32 = this.#u32;
    const at = this.#count * WORDS;
    u32[at + BODY] = body;
    u32[at + BODY_BYTES] = bodyBytes;
    u32[at + LENGTH] = word | this.#sourceFlag;
    u32[at + TAG] = tag;
    this.#f64[(at >> 1) + SECONDS] = seconds;
    u32[at + NANOSECONDS] = nanoseconds;
    u32[at + SOURCE] = this.#sourceAt;
    this.#count++;
  }

  #setSource(source: Source | undefined): void {
    this.#source = source;
    this.#sourceAt = 0;
    this.#sourceFlag = 0;
    if (source === undefined) return;
    const at = (this.#sourceCount * SOURCE_BYTES) / 4;
    this.#sources[at] = source.w0;
    this.#sources[at + 1] = source.w1;
    this.#sources[at + 2] = source.w2;
    this.#sources[at + 3] = source.w3;
    this.#sourceAt = SOURCES_AT + this.#sourceCount * SOURCE_BYTES;
    this.#sourceFlag = source.isIPv4 ? FLAG_IPV4 : 0;
    this.#sourceCount++;
  }
}
