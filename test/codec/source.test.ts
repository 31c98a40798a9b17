import { isIP } from 'node:net';
import { InvalidSourceError, Source } from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzRuns } from '../support/vectors.js';

const addresses = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // Runs of zeros, so that `::` stands in every place.
  fc
    .array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 })
    .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))),
  fc
    .uint8Array({ minLength: 4, maxLength: 4 })
    .map((low) => Uint8Array.from([...new Uint8Array(10), 0xff, 0xff, ...low])),
);

function hex(source: Source): string {
  return Buffer.from(source.bytes).toString('hex');
}

describe('a source', () => {
  it.each([
    ['10.1.2.3', '0a010203'],
    ['255.255.255.255', 'ffffffff'],
    ['0.0.0.0', '00000000'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::dead:beef', '20010db80000000000000000deadbeef'],
    ['2001:DB8:0:0:0:0:DEAD:BEEF', '20010db80000000000000000deadbeef'],
    ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203'],
    ['::ffff:a01:203', '00000000000000000000ffff0a010203'],
    ['64:ff9b::10.1.2.3', '0064ff9b00000000000000000a010203'],
    ['::10.1.2.3', '0000000000000000000000000a010203'],
    ['1:2:3:4:5:6:10.1.2.3', '0001000200030004000500060a010203'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ])('reads %s', (text, bytes) => {
    expect(hex(Source.parse(text))).toBe(bytes);
  });

  it.each([
    '',
    ' 10.1.2.3',
    '10.1.2',
    '10.1.2.3.4',
    '10.1.2.256',
    '010.1.2.3',
    '0x0a.1.2.3',
    '167838211',
    '10.1.2.3/8',
    'fe80::1%eth0',
    '::ffff:10.1.2',
    '::10.1.2.3:1',
    '::01.2.3.4',
    '1:2:3:4:5:6:7:8:9',
    ':::',
    '[::1]',
    'localhost',
  ])('refuses "%s"', (text) => {
    expect(() => Source.parse(text)).toThrow(InvalidSourceError);
  });

  it.each([0, 3, 5, 15, 17])('refuses %i bytes', (length) => {
    expect(() => Source.fromBytes(new Uint8Array(length))).toThrow(InvalidSourceError);
  });

  it('refuses what is neither text nor bytes', () => {
    for (const input of [null, undefined, 1, {}, [10, 1, 2, 3]]) {
      expect(() => Source.from(input as unknown as string)).toThrow(InvalidSourceError);
    }
  });

  it('has the header field in four little-endian signed words', () => {
    const { w0, w1, w2, w3, isIPv4 } = Source.parse('fffe:fdfc:403:201:8000::1');
    expect({ w0, w1, w2, w3, isIPv4 }).toEqual({
      w0: 0xfcfdfeff | 0,
      w1: 0x01020304,
      w2: 0x80,
      w3: 0x01000000,
      isIPv4: false,
    });
  });

  it('has zeros after an IPv4 address', () => {
    const { w0, w1, w2, w3, isIPv4 } = Source.parse('1.2.3.4');
    expect({ w0, w1, w2, w3, isIPv4 }).toEqual({
      w0: 0x04030201,
      w1: 0,
      w2: 0,
      w3: 0,
      isIPv4: true,
    });
  });

  it('keeps an IPv4-mapped address at 16 bytes and shows it so', () => {
    const source = Source.fromBytes(Buffer.from('00000000000000000000ffff0a010203', 'hex'));
    expect(source.isIPv4).toBe(false);
    expect(source.bytes).toHaveLength(16);
    expect(source.toString()).toBe('::ffff:10.1.2.3');
  });

  it('is taken as it is where a source can stand', () => {
    const source = Source.parse('::1');
    expect(Source.from(source)).toBe(source);
  });

  it('gives out its bytes as a copy', () => {
    const source = Source.parse('10.1.2.3');
    source.bytes.fill(0);
    expect(source.toString()).toBe('10.1.2.3');
  });

  it('gives back the bytes it was made of, whatever they are', () => {
    fc.assert(
      fc.property(addresses, (bytes) => {
        expect(hex(Source.from(bytes))).toBe(Buffer.from(bytes).toString('hex'));
      }),
      fuzzRuns(2000),
    );
  });

  it('has a text that reads back as the same bytes', () => {
    fc.assert(
      fc.property(addresses, (bytes) => {
        const source = Source.fromBytes(bytes);
        expect(isIP(source.toString())).toBe(bytes.length === 4 ? 4 : 6);
        expect(Source.parse(source.toString())).toEqual(source);
      }),
      fuzzRuns(2000),
    );
  });
});
