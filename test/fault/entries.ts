import { crc32 } from 'node:zlib';
import { SeededRandom } from '@ringest/bench/shared';
import {
  type EntryInput,
  encodeEnumeratedBlock,
  encodeTimestamp,
  FLAG_IPV4,
  FLAG_VALUES,
  Source,
} from '@ringest/codec';

/** More than any test writes, and less than what an account has for an entry without a number. */
export const MAX_ENTRIES = 2 ** 31;

const FIRST_TAGS = ['zero', 'one', 'two'];
const FIRST_SECOND = 1_700_000_000;
const SOURCES = [undefined, Source.parse('10.1.2.3'), Source.parse('fe80::1234'), undefined];
/** What entries without a source get. */
const LOCAL = Source.parse('127.0.0.1');
const VALUES = { origin: 'fault', attempt: 7 };

/** Runs of 16 entries have one tag and one source: lines of them are written together. */
const RUN_SHIFT = 4;
const POOL_BYTES = 1048576;
const SEQUENCE_BYTES = 4;
/** Bytes of a length with flags, and a timestamp. */
const HEAD_BYTES = 16;
/** A source on the wire, which has zeros behind an IPv4 address. */
const SOURCE_BYTES = 16;
/** More than a quarter of the smallest ring that a test uses. */
const LARGE_BYTES = 70_000;

/**
 * The entries of a test, each of which follows from its sequence number, the seed, and where late
 * tags came in, so that it can be made again to compare. Of many sizes, some of them large.
 */
export class FaultEntries {
  /** Names of the tags that are there from the beginning; the index is the number. */
  readonly firstTags: readonly string[] = FIRST_TAGS;
  readonly #seed: number;
  readonly #pool: Buffer;
  readonly #valuesBlock = encodeEnumeratedBlock(VALUES);
  readonly #head = Buffer.alloc(HEAD_BYTES);
  readonly #number = Buffer.alloc(SEQUENCE_BYTES);
  /** Late tags, in order: from which sequence number on there are entries that carry them. */
  readonly #late: { readonly tag: number; readonly name: string; readonly from: number }[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    const random = new SeededRandom(seed);
    const words = Uint32Array.from({ length: POOL_BYTES / 4 }, () => random.uniform() * 2 ** 32);
    this.#pool = Buffer.from(words.buffer);
  }

  /** Has some of the entries from a sequence number on carry a tag that is new. */
  addTag(tag: number, name: string, from: number): void {
    this.#late.push({ tag, name, from });
  }

  entry(sequence: number): EntryInput {
    const mixed = this.#mix(sequence);
    const body = this.#body(mixed);
    const data = Buffer.allocUnsafe(SEQUENCE_BYTES + body.length);
    data.writeUInt32LE(sequence, 0);
    data.set(body, SEQUENCE_BYTES);
    return {
      timestamp: timestampOf(sequence),
      tag: this.#tag(sequence).tag,
      data,
      source: this.#source(sequence),
      enumeratedValues: hasValues(mixed) ? VALUES : undefined,
    };
  }

  /** What an indexer's account must say of an entry; see `accounting-indexer-process.mjs`. */
  check(sequence: number): number {
    const mixed = this.#mix(sequence);
    const body = this.#body(mixed);
    const source = this.#source(sequence) ?? LOCAL;
    const flags = (source.isIPv4 ? FLAG_IPV4 : 0) + (hasValues(mixed) ? FLAG_VALUES : 0);
    this.#head.writeUInt32LE(SEQUENCE_BYTES + body.length + flags, 0);
    encodeTimestamp(timestampOf(sequence), this.#head, 4);
    this.#number.writeUInt32LE(sequence, 0);
    let check = crc32(sourceField(source), crc32(this.#head));
    check = crc32(body, crc32(this.#number, check));
    if (hasValues(mixed)) check = crc32(this.#valuesBlock, check);
    return crc32(this.#tag(sequence).name, check);
  }

  #tag(sequence: number): { readonly tag: number; readonly name: string } {
    const run = sequence >>> RUN_SHIFT;
    const late = run % 16 === 0 ? this.#late.findLast(({ from }) => from <= sequence) : undefined;
    if (late !== undefined) return late;
    const tag = run % FIRST_TAGS.length;
    return { tag, name: FIRST_TAGS[tag] as string };
  }

  #source(sequence: number): Source | undefined {
    return SOURCES[this.#mix(sequence >>> RUN_SHIFT) & 3];
  }

  /** What comes behind the sequence number. */
  #body(mixed: number): Buffer {
    const size = sizeOf(mixed);
    const from = mixed % (POOL_BYTES - size);
    return this.#pool.subarray(from, from + size);
  }

  /** 31 bits that seem to be random. */
  #mix(sequence: number): number {
    let word = Math.imul(sequence ^ this.#seed, 0x9e3779b1);
    word = Math.imul(word ^ (word >>> 15), 0x85ebca6b);
    return (word ^ (word >>> 13)) >>> 1;
  }
}

function timestampOf(sequence: number) {
  const seconds = Math.floor(sequence / 1e6);
  return { seconds: FIRST_SECOND + seconds, nanoseconds: (sequence - seconds * 1e6) * 1000 };
}

function hasValues(mixed: number): boolean {
  return mixed % 97 === 0;
}

/** Mostly a line of a log, seldom more than a quarter of a small ring. */
function sizeOf(mixed: number): number {
  const kind = mixed % 1000;
  const part = (mixed >>> 10) / 2 ** 21;
  if (kind === 0) return LARGE_BYTES + Math.floor(part * 200_000);
  if (kind < 20) return 4000 + Math.floor(part * 12_000);
  if (kind < 200) return 300 + Math.floor(part * 2000);
  return 4 + Math.floor(part * 300);
}

const fields = new Map<Source, Buffer>();

function sourceField(source: Source): Buffer {
  let field = fields.get(source);
  if (field === undefined) {
    field = Buffer.alloc(SOURCE_BYTES);
    field.set(source.bytes);
    fields.set(source, field);
  }
  return field;
}
