import {
  Compression,
  DecodeError,
  decodeState,
  decodeStreamConfiguration,
  decodeTagRequest,
  decodeTagResponse,
  encodeState,
  encodeStreamConfiguration,
  encodeTagRequest,
  encodeTagResponse,
  LimitError,
  MAX_STATE_BYTES,
  OversizedMessageError,
  State,
} from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, FUZZ_TIMEOUT_MS, fuzzRuns, readVectors } from '../support/vectors.js';

interface Vectors {
  readonly stateResponses: { hex: string; id: number; info: string }[];
  readonly streamConfiguration: { none: string; snappy: string };
  readonly tagRequest: { hex: string; tags: string[] };
  readonly tagResponse: { hex: string; tags: Record<string, number> };
}

const vectors = readVectors<Vectors>('negotiation');

function json(lengthBytes: 2 | 4, text: string): Buffer {
  const message = Buffer.alloc(lengthBytes + Buffer.byteLength(text));
  message.writeUIntLE(message.length - lengthBytes, 0, lengthBytes);
  message.write(text, lengthBytes);
  return message;
}

describe('states', () => {
  it.each(vectors.stateResponses)('are encoded and decoded as recorded: $id', (vector) => {
    const { hex, id, info } = vector;
    expect(encodeState({ id, info }).toString('hex')).toBe(hex);
    expect(decodeState(bytes(hex))).toEqual({ id, info });
  });

  it('have the numbers of the vectors', () => {
    expect(vectors.stateResponses.map(({ id }) => id)).toEqual([
      State.authenticated,
      State.notAuthenticated,
      State.hot,
    ]);
  });

  it('are not encoded beyond their limit', () => {
    const info = 'x'.repeat(MAX_STATE_BYTES);
    expect(() => encodeState({ id: 1, info })).toThrow(OversizedMessageError);
  });

  it('are refused beyond their limit', () => {
    const state = json(2, JSON.stringify({ ID: 1, Info: 'x'.repeat(MAX_STATE_BYTES) }));
    expect(() => decodeState(state)).toThrow(LimitError);
  });

  it.each([
    ['no JSON', '{"ID":1'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no ID', '{"Info":"x"}'],
    ['an ID that is text', '{"ID":"1","Info":"x"}'],
    ['a negative ID', '{"ID":-1,"Info":"x"}'],
    ['a fractional ID', '{"ID":1.5,"Info":"x"}'],
    ['an ID of 33 bits', '{"ID":4294967296,"Info":"x"}'],
    ['an ID of -0', '{"ID":-0,"Info":"x"}'],
    ['an Info that is a number', '{"ID":1,"Info":2}'],
  ])('are refused with %s', (_name, text) => {
    expect(() => decodeState(json(2, text))).toThrow(DecodeError);
  });

  it.each(['', '00', '0100', '05007b7d'])('are refused when their length is wrong: %s', (hex) => {
    expect(() => decodeState(bytes(hex))).toThrow(DecodeError);
  });

  it('are refused when they are not UTF-8', () => {
    const state = json(2, '{"ID":1,"Info":"x"}');
    state[state.indexOf('x')] = 0xff;
    expect(() => decodeState(state)).toThrow(DecodeError);
  });
});

describe('tag requests', () => {
  it('are encoded and decoded as recorded', () => {
    const { hex, tags } = vectors.tagRequest;
    expect(encodeTagRequest(tags).toString('hex')).toBe(hex);
    expect(decodeTagRequest(bytes(hex))).toEqual(tags);
  });

  it('read a null list as no tags', () => {
    expect(decodeTagRequest(json(4, '{"Count":0,"Tags":null}'))).toEqual([]);
  });

  it.each([
    ['a Count that does not match', '{"Count":2,"Tags":["a"]}'],
    ['no Count', '{"Tags":["a"]}'],
    ['tags that are an object', '{"Count":1,"Tags":{"a":1}}'],
    ['a tag that is a number', '{"Count":1,"Tags":[1]}'],
  ])('are refused with %s', (_name, text) => {
    expect(() => decodeTagRequest(json(4, text))).toThrow(DecodeError);
  });

  it(
    'come back as they were, whatever the names',
    () => {
      fc.assert(
        fc.property(fc.array(fc.string({ unit: 'grapheme' })), (names) => {
          expect(decodeTagRequest(encodeTagRequest(names))).toEqual(names);
        }),
        fuzzRuns(300),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});

describe('tag responses', () => {
  it('are encoded and decoded as recorded', () => {
    const { hex, tags } = vectors.tagResponse;
    expect(encodeTagResponse(tags).toString('hex')).toBe(hex);
    expect(encodeTagResponse(new Map(Object.entries(tags))).toString('hex')).toBe(hex);
    expect(decodeTagResponse(bytes(hex))).toEqual({
      count: 2,
      tags: new Map(Object.entries(tags)),
    });
  });

  it('put names in the order of their bytes, also names that look like numbers', () => {
    const response = encodeTagResponse({ b: 1, a: 2, 9: 3, 10: 4 });
    expect(response.toString('utf8', 4)).toBe('{"Count":4,"Tags":{"10":4,"9":3,"a":2,"b":1}}');
  });

  it('mean a refusal when the Count is 0', () => {
    const refusal = { count: 0, tags: new Map() };
    expect(decodeTagResponse(encodeTagResponse({}))).toEqual(refusal);
    expect(decodeTagResponse(json(4, '{"Count":0,"Tags":null}'))).toEqual(refusal);
    expect(decodeTagResponse(json(4, '{"Count":0,"Tags":{"a":1}}'))).toEqual(refusal);
  });

  it('take a name such as __proto__ for a name', () => {
    const tags = new Map([['__proto__', 5]]);
    expect(decodeTagResponse(encodeTagResponse(tags)).tags).toEqual(tags);
  });

  it.each([
    ['a Count that does not match', '{"Count":2,"Tags":{"a":1}}'],
    ['a negative Count', '{"Count":-1,"Tags":{"a":1}}'],
    ['a number beyond 65535', '{"Count":1,"Tags":{"a":65536}}'],
    ['a negative number', '{"Count":1,"Tags":{"a":-1}}'],
    ['a number of -0', '{"Count":1,"Tags":{"a":-0}}'],
    ['a fractional number', '{"Count":1,"Tags":{"a":0.5}}'],
    ['a number that is text', '{"Count":1,"Tags":{"a":"1"}}'],
    ['tags that are a list', '{"Count":1,"Tags":[1]}'],
  ])('are refused with %s', (_name, text) => {
    expect(() => decodeTagResponse(json(4, text))).toThrow(DecodeError);
  });
});

describe('as many tags as there are numbers', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `tag${i}`);
  const numbers = (count: number) => new Map(names(count).map((name) => [name, 7]));

  it('are read, and one more is refused', () => {
    expect(decodeTagRequest(encodeTagRequest(names(65_536)))).toHaveLength(65_536);
    expect(decodeTagResponse(encodeTagResponse(numbers(65_536))).count).toBe(65_536);
    expect(() => decodeTagRequest(encodeTagRequest(names(65_537)))).toThrow('more than 65536');
    expect(() => decodeTagResponse(encodeTagResponse(numbers(65_537)))).toThrow('more than 65536');
  });

  it('are told from more without reading any of them', () => {
    const message = json(4, `not JSON at all ${'"'.repeat(200_000)}`);
    expect(() => decodeTagRequest(message)).toThrow('more than 65536');
  });
});

it('a refusal of a tag response quotes only the beginning of a long name', () => {
  const refuse = () => decodeTagResponse(json(4, `{"Count":1,"Tags":{"${'n'.repeat(1e6)}":-1}}`));
  expect(refuse).toThrow(/"n{80}"/);
});

describe('stream configurations', () => {
  it.each(['none', 'snappy'] as const)('are encoded and decoded as recorded: %s', (name) => {
    const hex = vectors.streamConfiguration[name];
    expect(encodeStreamConfiguration(Compression[name]).toString('hex')).toBe(hex);
    expect(decodeStreamConfiguration(bytes(hex))).toBe(Compression[name]);
  });

  it.each([
    ['a length of 0', '00000000'],
    ['a length over 1 MiB', '0100100000'],
    ['an unknown compression', '0100000011'],
    ['less than its length', '0200000000'],
    ['no length', '0100'],
  ])('are refused with %s', (_name, hex) => {
    expect(() => decodeStreamConfiguration(bytes(hex))).toThrow(DecodeError);
  });
});
