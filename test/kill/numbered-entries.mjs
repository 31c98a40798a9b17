import { crc32 } from 'node:zlib';
import {
  encodeEnumeratedBlock,
  encodeTimestamp,
  FLAG_IPV4,
  FLAG_VALUES,
  Source,
} from '@ringest/codec';

// Bytes that the data of an entry begin with: life, sequence number, check.
const HEAD_BYTES = 12;
const POOL_BYTES = 2 ** 20;
const FIRST_SECOND = 1_700_000_000;
const SOURCES = [undefined, '10.1.2.3', 'fe80::1234', undefined, '::1'];
// What entries without a source get.
const LOCAL = '127.0.0.1';

// Entries that tell which they are, and whether they are still as they were written: their data carry
// a CRC-32 of everything else about them, the name of the tag included. `account.ts` reads them.
export class NumberedEntries {
  #life;
  #state;
  #pool = Buffer.alloc(POOL_BYTES);

  constructor(life, seed) {
    this.#life = life;
    this.#state = seed ^ Math.imul(life, 0x9e3779b1);
    for (let at = 0; at < POOL_BYTES; at += 4) this.#pool.writeInt32LE(this.#random(), at);
  }

  // An entry, of any size and kind; `name` is that of its tag.
  entry(sequence, { tag, name }) {
    const timestamp = { seconds: FIRST_SECOND + sequence, nanoseconds: this.#below(1e9) };
    const source = SOURCES[this.#below(SOURCES.length)];
    const values = this.#below(20) === 0 ? { life: this.#life, origin: 'kill' } : undefined;
    const size = this.#size();
    const from = this.#below(POOL_BYTES - size);
    const data = Buffer.allocUnsafe(HEAD_BYTES + size);
    data.writeUInt32LE(this.#life, 0);
    data.writeUInt32LE(sequence, 4);
    data.set(this.#pool.subarray(from, from + size), HEAD_BYTES);
    data.writeUInt32LE(checkOf(timestamp, source, data, values, name), 8);
    return { timestamp, tag, data, source, enumeratedValues: values };
  }

  // Mostly a line of a log, seldom more than a frame of a small ring may have.
  #size() {
    const kind = this.#below(1000);
    if (kind < 5) return 20_000 + this.#below(200_000);
    if (kind < 30) return 4000 + this.#below(12_000);
    if (kind < 200) return 300 + this.#below(2000);
    return this.#below(300);
  }

  #below(end) {
    return (this.#random() >>> 0) % end;
  }

  #random() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return word ^ (word >>> 14);
  }
}

function checkOf(timestamp, sourceText, data, values, name) {
  const source = Source.parse(sourceText ?? LOCAL);
  const head = Buffer.alloc(32);
  const flags = (source.isIPv4 ? FLAG_IPV4 : 0) + (values ? FLAG_VALUES : 0);
  head.writeUInt32LE(data.length + flags, 0);
  encodeTimestamp(timestamp, head, 4);
  head.set(source.bytes, 16);
  let check = crc32(data.subarray(0, 8), crc32(head));
  check = crc32(data.subarray(HEAD_BYTES), check);
  if (values) check = crc32(encodeEnumeratedBlock(values), check);
  return crc32(name, check);
}
