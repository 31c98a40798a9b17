import {
  DecodeError,
  decodeIngesterState,
  EMPTY_INGESTER_STATE,
  encodeIngesterState,
  encodeIngesterStateJson,
  type IngesterState,
  MAX_INGESTER_STATE_BYTES,
  OversizedMessageError,
  Timestamp,
  trimIngesterState,
} from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../support/vectors.js';

type Vector = { json: string; wireHex: string };
const vectors = readVectors<{ ingesterState: Vector; ingesterStateEmpty: Vector }>('negotiation');

const DEMO: IngesterState = {
  uuid: '11111111-2222-3333-4444-555555555555',
  name: 'demo',
  version: '1.2.3',
  label: 'lab',
  ip: '',
  hostname: 'host',
  entries: 12345678901,
  size: 99,
  uptime: 3e9,
  tags: ['test'],
  cacheState: 'always',
  cacheSize: 4096,
  lastSeen: Timestamp.parse('2026-11-22T01:02:03.000004Z'),
  children: new Map([['kid', { ...EMPTY_INGESTER_STATE, name: 'kid', ip: '10.0.0.9' }]]),
  configuration: { a: 1 },
  metadata: [1, 2],
};

const decode = (json: string) => decodeIngesterState(Buffer.from(json));

/** Children, each with a configuration of so many bytes and others below, so deep. */
function children(count: number, configuration: string, depth = 0): Map<string, IngesterState> {
  const child: IngesterState = {
    ...EMPTY_INGESTER_STATE,
    configuration,
    metadata: 1,
    children: depth === 0 ? new Map() : children(1, configuration, depth - 1),
  };
  return new Map(Array.from({ length: count }, (_, i) => [`child ${i}`, child]));
}

function depthOf(state: IngesterState): number {
  return Math.max(0, ...[...state.children.values()].map((child) => 1 + depthOf(child)));
}

describe('an ingester state', () => {
  it.each([
    ['with everything in it', DEMO, vectors.ingesterState],
    ['with nothing in it', EMPTY_INGESTER_STATE, vectors.ingesterStateEmpty],
  ])('%s is encoded and decoded as recorded', (_name, state, vector) => {
    expect(encodeIngesterStateJson(state)).toBe(vector.json);
    expect(encodeIngesterState(state).toString('hex')).toBe(`00665544${vector.wireHex}`);
    expect(decode(vector.json)).toEqual(state);
  });

  it('reads members that are missing or null as empty', () => {
    expect(decode('{}')).toEqual(EMPTY_INGESTER_STATE);
    const nulls = '{"UUID":null,"Entries":null,"Tags":null,"LastSeen":null,"Children":null}';
    expect(decode(nulls)).toEqual(EMPTY_INGESTER_STATE);
  });

  it.each([
    ['a Name that is a number', '{"Name":1}'],
    ['Entries that are text', '{"Entries":"1"}'],
    ['Entries beyond all numbers', '{"Entries":1e999}'],
    ['Tags that are an object', '{"Tags":{}}'],
    ['a tag that is a number', '{"Tags":[1]}'],
    ['a LastSeen that is no time', '{"LastSeen":"yesterday"}'],
    ['Children that are a list', '{"Children":[]}'],
    ['a child that is null', '{"Children":{"a":null}}'],
    ['no JSON', '{'],
  ])('is refused with %s', (_name, json) => {
    expect(() => decode(json)).toThrow(DecodeError);
  });

  it('is refused when it is nested so deep that reading it could exhaust the stack', () => {
    const levels = 40_000;
    const nested = `${'{"Children":{"a":'.repeat(levels)}{}${'}}'.repeat(levels)}`;
    expect(() => decode(nested)).toThrow(DecodeError);
  });

  it.each(['Configuration', 'Metadata'])(
    'is refused when its %s is nested so deep that going through it could exhaust the stack',
    (key) => {
      const nest = (levels: number) => `{"${key}":${'['.repeat(levels)}${']'.repeat(levels)}}`;
      expect(() => decode(nest(400_000))).toThrow(DecodeError);
      expect(() => decode(`{"Children":{"a":${nest(400_000)}}}`)).toThrow(DecodeError);
      expect(encodeIngesterStateJson(decode(nest(60)))).toContain('['.repeat(60));
    },
  );
});

describe('trimming an ingester state', () => {
  it('leaves a state that fits as it is', () => {
    expect(trimIngesterState(DEMO)).toBe(DEMO);
  });

  it('takes configuration and metadata from children first, and none from the ingester itself', () => {
    const state = { ...DEMO, children: children(200, 'x'.repeat(6000)) };
    const trimmed = trimIngesterState(state);
    expect(trimmed.children.size).toBe(200);
    expect(trimmed.children.get('child 0')).toEqual(EMPTY_INGESTER_STATE);
    expect(trimmed.configuration).toEqual(DEMO.configuration);
    expect(encodeIngesterState(state).length).toBeLessThanOrEqual(MAX_INGESTER_STATE_BYTES + 8);
  });

  it('cuts off what is below depth 8', () => {
    const state = { ...DEMO, children: children(1, 'x'.repeat(100_000), 12) };
    expect(depthOf(state)).toBe(13);
    expect(depthOf(trimIngesterState(state))).toBe(9);
  });

  it('keeps 64 children when that is not enough', () => {
    const wide = Array.from(children(200, ''), ([name, child]) => {
      return [name, { ...child, name: 'n'.repeat(6000) }] as const;
    });
    const trimmed = trimIngesterState({ ...DEMO, children: new Map(wide) });
    expect([...trimmed.children.keys()]).toEqual(wide.slice(0, 64).map(([name]) => name));
  });

  it('gives up with an error when the ingester’s own part is too large', () => {
    const state = { ...DEMO, metadata: 'x'.repeat(MAX_INGESTER_STATE_BYTES) };
    expect(() => trimIngesterState(state)).toThrow(OversizedMessageError);
    expect(() => encodeIngesterState(state)).toThrow(OversizedMessageError);
  });
});
