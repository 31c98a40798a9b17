import { createCipheriv, createHash } from 'node:crypto';
import { EnumeratedType, EnumeratedValue, Source } from '@ringest/codec';
import { SeededRandom } from '../shared/random.js';
import { fittedText } from './fitted-text.js';
import { BINARY_BYTES, NO_DIGITS, type SequencePlace } from './sequence-number.js';
import {
  csvRecord,
  JSON_OFFSET,
  jsonObject,
  LEAST_CSV,
  LEAST_JSON,
  LEAST_SYSLOG,
  syslogMessage,
  syslogOffset,
} from './structured.js';
import { textLine } from './text-line.js';
import { address, below, hex, pick, STATUSES, USERS } from './vocabulary.js';

/** What makes a piece of data of so many bytes, in memory of its own. */
export type MakeData = (bytes: number) => Buffer;

/** A kind of data. */
interface Kind {
  /** Whether the data is all of an entry, and has no line end in it. */
  readonly isLine: boolean;
  /** Bytes of the smallest piece that is valid. */
  readonly leastBytes: number;
  /** Where pieces of so many bytes have their sequence number. */
  place(bytes: number): SequencePlace;
  /** What is made depends on the random numbers only. */
  maker(random: SeededRandom, seed: number): MakeData;
}

const BINARY: SequencePlace = { form: 'binary' };
const AT_THE_HEAD: SequencePlace = { form: 'digits', offset: 0 };

const KINDS = {
  /** Bytes that cannot be compressed. */
  random: {
    isLine: false,
    leastBytes: BINARY_BYTES,
    place: () => BINARY,
    maker: (_, seed) => randomBytes(seed),
  },
  /** Lines of logs, one after the other, until the data is full. The last is cut off. */
  text: { isLine: false, leastBytes: BINARY_BYTES, place: () => BINARY, maker: textMaker },
  /** One line of a log, without its end. */
  lines: { isLine: true, leastBytes: NO_DIGITS.length, place: () => AT_THE_HEAD, maker: lineMaker },
  /** A message of RFC 5424. */
  syslog: {
    isLine: true,
    leastBytes: LEAST_SYSLOG,
    place: (bytes) => ({ form: 'digits', offset: syslogOffset(bytes) }),
    maker: (random) => timed(random, syslogMessage),
  },
  /** An object of JSON. */
  json: {
    isLine: true,
    leastBytes: LEAST_JSON,
    place: () => ({ form: 'digits', offset: JSON_OFFSET }),
    maker: (random) => timed(random, jsonObject),
  },
  /** A record of CSV, without the end of its line. */
  csv: {
    isLine: true,
    leastBytes: LEAST_CSV,
    place: () => AT_THE_HEAD,
    maker: (random) => timed(random, csvRecord),
  },
  /** A line of a log, and enumerated values beside it: see {@link makeValues}. */
  evs: {
    isLine: false,
    leastBytes: 1,
    place: () => ({ form: 'value' }),
    maker: (random) => timed(random, (numbers, time, bytes) => line(numbers, time, bytes, '')),
  },
  /** As `lines`, of different lengths: see {@link mixedLength}. */
  mixed: { isLine: true, leastBytes: NO_DIGITS.length, place: () => AT_THE_HEAD, maker: lineMaker },
} as const satisfies Readonly<Record<string, Kind>>;

/** What the data of a load is like. */
export type Content = keyof typeof KINDS;

export const CONTENTS = Object.keys(KINDS) as readonly Content[];

/** Those that a line writer can make the same entries of. */
export const LINE_CONTENTS = CONTENTS.filter((content) => KINDS[content].isLine);

/** Bytes of the smallest valid data of a kind. */
export function leastBytes(content: Content): number {
  return KINDS[content].leastBytes;
}

/** Where entries with so many bytes of data have their sequence number. */
export function sequencePlace(content: Content, entryBytes: number): SequencePlace {
  return KINDS[content].place(entryBytes);
}

/** Makes data that depends on the content and the seed only, each piece another. */
export function contentMaker(content: Content, seed: number): MakeData {
  return KINDS[content].maker(new SeededRandom(seed), seed);
}

/** No entry of `mixed` is longer than so many times the size that was asked for. */
export const MAX_MIXED = 8;

/** A length of data for `mixed`: their mean is about `entryBytes`, most are shorter, a few far longer. */
export function mixedLength(random: SeededRandom, entryBytes: number): number {
  // The mean of a log-normal distribution is its median times e^(σ²/2).
  const length = Math.round(random.logNormal(entryBytes * Math.exp(-0.5), 1));
  return Math.min(Math.max(length, KINDS.mixed.leastBytes), entryBytes * MAX_MIXED);
}

/** The enumerated values of an entry of `evs` after its sequence number, of six types. */
export function makeValues(random: SeededRandom): EnumeratedValue[] {
  return [
    EnumeratedValue.of('host', EnumeratedType.string, `web-${below(random, 40)}`),
    EnumeratedValue.of('user', EnumeratedType.string, pick(random, USERS)),
    EnumeratedValue.of('src', EnumeratedType.ip, Source.parse(address(random))),
    EnumeratedValue.of('status', EnumeratedType.uint16, pick(random, STATUSES)),
    EnumeratedValue.of('took', EnumeratedType.float64, below(random, 50_000) / 10),
    EnumeratedValue.of('cached', EnumeratedType.bool, random.uniform() < 0.5),
    EnumeratedValue.of('trace', EnumeratedType.byteSlice, Buffer.from(hex(random, 4), 'hex')),
  ];
}

/** The key stream of AES in counter mode. */
function randomBytes(seed: number): MakeData {
  const key = createHash('sha256').update(`${seed}`).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return (bytes) => {
    const data = Buffer.alloc(bytes);
    cipher.update(Buffer.alloc(bytes)).copy(data);
    return data;
  };
}

/** What makes data with times in it, which follow each other. */
function timed(
  random: SeededRandom,
  make: (random: SeededRandom, time: Date, bytes: number) => Buffer,
): MakeData {
  const nextTime = clock(random);
  return (bytes) => make(random, nextTime(), bytes);
}

function textMaker(random: SeededRandom): MakeData {
  const nextTime = clock(random);
  return (bytes) => {
    const data = Buffer.alloc(bytes);
    for (let at = 0; at < bytes; )
      at += data.write(`${textLine(random, nextTime())}\n`, at, 'latin1');
    return data;
  };
}

function lineMaker(random: SeededRandom): MakeData {
  return timed(random, (numbers, time, bytes) => line(numbers, time, bytes, `${NO_DIGITS} `));
}

/** A line that begins with a text, cut off or made longer. */
function line(random: SeededRandom, time: Date, bytes: number, begin: string): Buffer {
  return fittedText(random, bytes, `${begin}${textLine(random, time)} `.slice(0, bytes));
}

/** Times from a fixed one on, up to a quarter of a second apart. */
function clock(random: SeededRandom): () => Date {
  let milliseconds = Date.UTC(2026, 10, 22);
  return () => {
    milliseconds += Math.ceil(random.uniform() * 250);
    return new Date(milliseconds);
  };
}
