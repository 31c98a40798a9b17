import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';

const WORD_BYTES = 4;
const LOCAL_ADDRESS = 1;

/**
 * The datagrams that the kernel has dropped at a socket since it was bound, for example because its buffer was
 * full: the last column of `/proc/net/udp`, which Linux has.
 * @param address as `address()` of the socket says it
 * @returns `undefined`: the system does not say
 */
export function kernelDrops(address: string, port: number): number | undefined {
  const own = `${hexOf(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let table: string;
  try {
    table = readFileSync(isIPv6(address) ? '/proc/net/udp6' : '/proc/net/udp', 'latin1');
  } catch {
    return undefined;
  }
  const [head = '', ...rows] = table.trimEnd().split('\n');
  if (!head.trimEnd().endsWith(' drops')) return undefined;
  for (const row of rows) {
    const columns = row.trim().split(/\s+/);
    if (columns[LOCAL_ADDRESS] === own) return Number(columns.at(-1));
  }
  return undefined;
}

/** An address as the kernel writes it: each word of 32 bits in the order of bytes of the machine. */
function hexOf(address: string): string {
  const bytes = isIPv6(address)
    ? bytesOfIPv6(address)
    : Buffer.from(address.split('.').map(Number));
  if (endianness() === 'LE') bytes.swap32();
  return bytes.toString('hex').toUpperCase();
}

function bytesOfIPv6(address: string): Buffer {
  const bytes = Buffer.alloc(4 * WORD_BYTES);
  const [before = '', after = ''] = address.replace(/%.*$/, '').split('::');
  const words = (text: string) => (text === '' ? [] : text.split(':').flatMap(wordsOf));
  const [first, last] = [words(before), words(after)];
  first.forEach((word, i) => void bytes.writeUInt16BE(word, 2 * i));
  last.forEach((word, i) => void bytes.writeUInt16BE(word, bytes.length - 2 * (last.length - i)));
  return bytes;
}

/** A group of an address: four digits, or the IPv4 address at its end. */
function wordsOf(group: string): number[] {
  if (!group.includes('.')) return [Number.parseInt(group, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
