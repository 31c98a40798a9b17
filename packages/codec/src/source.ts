import { isIP } from 'node:net';
import { areGone, GONE, isBytes } from './bytes.js';
import { InvalidSourceError } from './errors.js';

/** Word 2 of an IPv4-mapped address: the bytes 0, 0, ff, ff. */
const MAPPED_W2 = 0xffff0000 | 0;

/** A source of entries: a {@link Source}, the text of an IP address, or its 4 or 16 bytes. */
export type SourceInput = Source | string | Uint8Array;

/**
 * The address that an entry comes from: IPv4 or IPv6 (§5). It is kept in the form of the header, sixteen
 * bytes in four little-endian words, so that writing it takes four stores. An address of 16 bytes keeps
 * its 16 bytes, even if it is IPv4-mapped.
 */
export class Source {
  /** Whether this is an IPv4 address of 4 bytes. */
  readonly isIPv4: boolean;
  /** Bytes 0 to 3 of the header field, as a little-endian signed word. */
  readonly w0: number;
  /** Bytes 4 to 7 of the header field; 0 for an IPv4 address. */
  readonly w1: number;
  /** Bytes 8 to 11 of the header field; 0 for an IPv4 address. */
  readonly w2: number;
  /** Bytes 12 to 15 of the header field; 0 for an IPv4 address. */
  readonly w3: number;

  private constructor(isIPv4: boolean, w0: number, w1: number, w2: number, w3: number) {
    this.isIPv4 = isIPv4;
    this.w0 = w0;
    this.w1 = w1;
    this.w2 = w2;
    this.w3 = w3;
  }

  /**
   * Makes a source from any {@link SourceInput}.
   *
   * @throws {InvalidSourceError} if the input is not an IP address.
   */
  static from(input: SourceInput): Source {
    if (input instanceof Source) return input;
    if (typeof input === 'string') return Source.parse(input);
    if (isBytes(input)) return Source.fromBytes(input);
    // A Source of another copy of this package.
    const { bytes } = Object(input) as Partial<Source>;
    if (isBytes(bytes)) return Source.fromBytes(bytes);
    throw new InvalidSourceError(input);
  }

  /**
   * Parses the text of an IPv4 or IPv6 address. A zone id (`%eth0`) is refused, because the protocol
   * cannot carry it.
   *
   * @throws {InvalidSourceError} if the text is not an IP address.
   */
  static parse(text: string): Source {
    const version = isIP(text);
    if (version === 0 || text.includes('%')) throw new InvalidSourceError(text);
    return Source.fromBytes(version === 4 ? bytesOfIPv4(text) : bytesOfIPv6(text));
  }

  /**
   * Makes a source from 4 or 16 bytes in network order.
   *
   * @throws {InvalidSourceError} if there are not 4 or 16 bytes.
   */
  static fromBytes(bytes: Uint8Array): Source {
    if (bytes.length !== 4 && bytes.length !== 16) {
      throw new InvalidSourceError(bytes, areGone(bytes) ? GONE : undefined);
    }
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (source.length === 4) return new Source(true, source.readInt32LE(0), 0, 0, 0);
    return new Source(
      false,
      source.readInt32LE(0),
      source.readInt32LE(4),
      source.readInt32LE(8),
      source.readInt32LE(12),
    );
  }

  /** The address in network order: 4 or 16 bytes, a new copy at each call. */
  get bytes(): Uint8Array {
    const field = Buffer.allocUnsafe(16);
    this.writeTo(field, 0);
    return field.subarray(0, this.isIPv4 ? 4 : 16);
  }

  /** Writes the 16 bytes of the header field (§5). */
  writeTo(target: Buffer, offset: number): void {
    target.writeInt32LE(this.w0, offset);
    target.writeInt32LE(this.w1, offset + 4);
    target.writeInt32LE(this.w2, offset + 8);
    target.writeInt32LE(this.w3, offset + 12);
  }

  /**
   * Returns the shortest text that {@link Source.parse} turns into the same bytes. An IPv4-mapped address
   * keeps its prefix: `::ffff:10.1.2.3`.
   */
  toString(): string {
    const { bytes } = this;
    if (this.isIPv4) return bytes.join('.');
    const isMapped = this.w0 === 0 && this.w1 === 0 && this.w2 === MAPPED_W2;
    if (isMapped) return `::ffff:${bytes.subarray(12).join('.')}`;
    return shortest(
      Buffer.from(bytes)
        .toString('hex')
        .replace(/.{4}(?!$)/g, '$&:'),
    );
  }
}

function bytesOfIPv4(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number);
}

function bytesOfIPv6(text: string): Uint8Array {
  const [head = '', tail = ''] = shortest(text).split('::');
  const start = hexOf(head);
  return Buffer.from(start + hexOf(tail).padStart(32 - start.length, '0'), 'hex');
}

/** The hexadecimal digits of groups with colons between them, four digits a group. */
function hexOf(groups: string): string {
  return groups.replace(/[^:]+/g, (group) => group.padStart(4, '0')).replaceAll(':', '');
}

/** The shortest text of an IPv6 address, with groups only: `URL` writes every address like that. */
function shortest(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
