import {
  decodeEntry,
  EnumeratedType,
  EnumeratedValue,
  encodeEntry,
  encodeEnumeratedBlock,
  encodeTagResponse,
  InvalidTimestampError,
  Source,
  Timestamp,
} from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { foreign } from '../support/other-realm.js';

const ENTRY = { timestamp: 0, tag: 1, data: 'x' };

describe('values of another realm', () => {
  it('are times, bytes and sources', () => {
    const entry = decodeEntry(
      encodeEntry({
        timestamp: foreign('new Date(5)'),
        tag: 1,
        data: foreign('new Uint8Array([1, 2])'),
        source: foreign('new Uint8Array([10, 1, 2, 3])'),
        enumeratedValues: foreign('({ at: new Date(7), raw: new Uint8Array([9]) })'),
      }),
    );
    expect(entry.timestamp).toEqual(new Timestamp(0, 5_000_000));
    expect(entry.data).toEqual(Buffer.of(1, 2));
    expect(`${entry.source}`).toBe('10.1.2.3');
    expect(entry.enumeratedValues.map(({ type, value }) => [type, value])).toEqual([
      [EnumeratedType.timestamp, new Timestamp(0, 7_000_000)],
      [EnumeratedType.byteSlice, Buffer.of(9)],
    ]);
  });

  it('are enumerated values of types that are named', () => {
    const mac = EnumeratedValue.of('m', EnumeratedType.mac, foreign('new Uint8Array([1, 2])'));
    expect(mac.value).toBe('01:02');
    const ip = EnumeratedValue.of('i', EnumeratedType.ip, foreign('new Uint8Array([1, 2, 3, 4])'));
    expect(`${ip.value}`).toBe('1.2.3.4');
  });

  it('are the pairs of a Map', () => {
    const pairs = foreign<Map<string, number>>("new Map([['a', 7]])");
    expect(encodeTagResponse(pairs)).toEqual(encodeTagResponse(new Map([['a', 7]])));
  });

  it('that are no time are named by what they are', () => {
    const invalid = foreign<Date>('new Date(NaN)');
    expect(() => Timestamp.from(invalid)).toThrow(InvalidTimestampError);
    expect(() => Timestamp.from(invalid)).toThrow(
      'Invalid Date is not a timestamp: it is not a finite number of milliseconds',
    );
  });
});

describe('values of another copy of the package', () => {
  // What such a copy has in common: properties, not the class.
  const otherSource = () => ({ bytes: Source.parse('10.1.2.3').bytes }) as Source;
  const otherValue = () =>
    ({ name: 'n', encoded: EnumeratedValue.infer('n', 'v').encoded }) as EnumeratedValue;

  it('are sources', () => {
    expect(Source.from(otherSource())).toEqual(Source.parse('10.1.2.3'));
    const value = EnumeratedValue.infer('s', otherSource());
    expect([value.type, `${value.value}`]).toEqual([EnumeratedType.ip, '10.1.2.3']);
  });

  it('are enumerated values', () => {
    const own = EnumeratedValue.infer('own', 1);
    const { enumeratedValues } = decodeEntry(
      encodeEntry({ ...ENTRY, enumeratedValues: [own, otherValue()] }),
    );
    expect(enumeratedValues.map(({ name, value }) => [name, value])).toEqual([
      ['own', 1n],
      ['n', 'v'],
    ]);
  });

  it('are refused where they hold no enumerated value', () => {
    const broken = { name: 'n', encoded: Buffer.of(1, 2, 3) } as EnumeratedValue;
    expect(() => encodeEnumeratedBlock([broken])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ENTRY', field: 'enumeratedValues' }),
    );
  });
});
