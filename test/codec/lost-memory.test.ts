import {
  areGone,
  EnumeratedType,
  EnumeratedValue,
  encodeEntry,
  encodeEnumeratedBlock,
  Source,
} from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { shrunk, transferred } from '../support/other-realm.js';

const ENTRY = { timestamp: 0, tag: 1, data: 'x' };

describe.each([
  ['were transferred', transferred],
  ['are beyond the end of a buffer that shrank', shrunk],
])('bytes that %s', (_how, gone) => {
  it('are no data', () => {
    expect(() => encodeEntry({ ...ENTRY, data: gone(5) })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ENTRY',
        field: 'data',
        message: expect.stringContaining('its memory was transferred'),
      }),
    );
  });

  it('are no source', () => {
    expect(() => Source.from(gone(4))).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_SOURCE',
        message: expect.stringContaining('its memory was transferred'),
      }),
    );
  });

  it('are no enumerated value', () => {
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ENUMERATED_VALUE' });
    expect(() => EnumeratedValue.infer('v', gone(5))).toThrow(refused);
    expect(() => EnumeratedValue.of('v', EnumeratedType.mac, gone(6))).toThrow(refused);
    expect(() => EnumeratedValue.of('v', EnumeratedType.ip, gone(4))).toThrow(refused);
  });
});

describe('bytes', () => {
  it('that are empty are data', () => {
    for (const data of [new Uint8Array(0), Buffer.alloc(0), Buffer.alloc(4).subarray(4)]) {
      expect(areGone(data)).toBe(false);
      expect(encodeEntry({ ...ENTRY, data })).toEqual(encodeEntry({ ...ENTRY, data: '' }));
    }
  });

  it('of an enumerated value that were transferred make it no value', () => {
    // Large enough to have memory of its own.
    const value = EnumeratedValue.infer('v', new Uint8Array(60_000));
    structuredClone(value.encoded.buffer, { transfer: [value.encoded.buffer as ArrayBuffer] });
    expect(() => encodeEnumeratedBlock([value])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ENUMERATED_VALUE', valueName: 'v' }),
    );
  });
});
