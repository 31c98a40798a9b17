import { crc32 } from 'node:zlib';
import type { EntryView } from '@ringest/indexer';
import { SeededRandom } from '../../shared/random.js';

/**
 * The entries of a soak. All of an entry follows from the seed, its stream and its number there, and its
 * data ends with them: `… SSS NNNNNNNNNN CCCCCCCC`, where the last eight digits are a checksum of the tag's
 * name and of all data before. Whoever receives one knows by itself whether anything of it was altered.
 */
const STREAM_DIGITS = 3;
const NUMBER_DIGITS = 10;
const CHECK_DIGITS = 8;
const TRAILER = STREAM_DIGITS + 1 + NUMBER_DIGITS + 1 + CHECK_DIGITS;

/** The data of an entry is no longer than this, and no shorter, before a header of syslog. */
export const MAX_DATA = 300;
export const MIN_DATA = 100;

/** Streams have numbers below this. */
export const MAX_STREAMS = 10 ** STREAM_DIGITS;

const POOL_BYTES = 65_536;
const WORDS = 'accepted cache closed disk entry failed index late node opened queue retry'.split(
  ' ',
);

/** The tag of a stream. */
export function tagOf(stream: number): string {
  return `soak-${stream}`;
}

/** The source of a stream's entries: an address of the network 10.0.0.0/8. */
export function sourceOf(stream: number): string {
  return `10.77.${stream >> 8}.${stream & 255}`;
}

/** Entries of a stream are a microsecond apart. */
export function timeOf(startSeconds: number, number: number) {
  return {
    seconds: startSeconds + Math.floor(number / 1e6),
    nanoseconds: (number % 1e6) * 1000,
  };
}

/** Makes the entries of one stream. */
export class SoakEntries {
  readonly stream: number;
  readonly #startSeconds: number;
  readonly #pool: string;

  /** @param startSeconds Unix seconds of the first entry */
  constructor(stream: number, seed: number, startSeconds: number) {
    this.stream = stream;
    this.#startSeconds = startSeconds;
    const random = new SeededRandom(seed ^ stream);
    let pool = '';
    while (pool.length < POOL_BYTES) {
      pool += `${WORDS[Math.floor(random.uniform() * WORDS.length)]}=${Math.floor(random.uniform() * 1e6)} `;
    }
    this.#pool = pool;
  }

  time(number: number) {
    return timeOf(this.#startSeconds, number);
  }

  /** The data of an entry: its time as in RFC 3339, text, and the trailer; no line end. */
  data(number: number, header = ''): Buffer {
    const from = (number * 977) % (POOL_BYTES - MAX_DATA);
    const length = MIN_DATA + ((number * 31) % (MAX_DATA - MIN_DATA));
    const head = `${header}${this.#timeText(number)} `;
    const text = this.#pool.slice(from, from + length - (head.length - header.length) - TRAILER);
    const digits = `${pad(this.stream, STREAM_DIGITS)} ${pad(number, NUMBER_DIGITS)} `;
    const checked = head + text + digits;
    const check = checksum(tagOf(this.stream), Buffer.from(checked, 'latin1'));
    return Buffer.from(checked + check.toString(16).padStart(CHECK_DIGITS, '0'), 'latin1');
  }

  #timeText(number: number): string {
    const { seconds, nanoseconds } = this.time(number);
    const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
    return `${whole}.${pad(nanoseconds / 1000, 6)}Z`;
  }
}

/** What an entry that arrived says it is. */
export interface ArrivedEntry {
  readonly stream: number;
  readonly number: number;
  /** Its data, tag, source and time are those that it was made with. */
  readonly isIntact: boolean;
}

/** Reads an entry that arrived; `undefined`: it is none of a soak. */
export function readArrived(
  entry: EntryView,
  tag: string,
  startSeconds: number,
): ArrivedEntry | undefined {
  const { data } = entry;
  const at = data.length - TRAILER;
  if (at < 0) return undefined;
  const trailer = data.toString('latin1', at);
  const [, stream, number, check] = /^(\d{3}) (\d{10}) ([\da-f]{8})$/.exec(trailer) ?? [];
  if (stream === undefined || number === undefined || check === undefined) return undefined;
  const arrived = { stream: Number(stream), number: Number(number) };
  const time = timeOf(startSeconds, arrived.number);
  const isIntact =
    checksum(tag, data.subarray(0, data.length - CHECK_DIGITS)) === Number.parseInt(check, 16) &&
    tag === tagOf(arrived.stream) &&
    entry.sourceBytes.join('.') === sourceOf(arrived.stream) &&
    entry.seconds === time.seconds &&
    entry.nanoseconds === time.nanoseconds;
  return { ...arrived, isIntact };
}

function checksum(tag: string, data: Uint8Array): number {
  return crc32(data, crc32(tag));
}

function pad(number: number, digits: number): string {
  return `${number}`.padStart(digits, '0');
}
