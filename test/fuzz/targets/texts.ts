import assert from 'node:assert/strict';
import {
  checkTag,
  InvalidSourceError,
  InvalidTagError,
  InvalidTimestampError,
  remapTag,
  Source,
  Timestamp,
} from '@ringest/codec';
import { InvalidTargetError } from '@ringest/core';
import { parseAddress } from '@ringest/core/internal';
import { readVectors } from '../../support/vectors.js';
import { attempt } from '../properties.js';
import { type Target, texts } from '../target.js';
import { messageTarget } from './messages.js';

const ADDRESSES = ['10.0.0.1', '::', '2001:db8::1', '::ffff:10.1.2.3', '::1.2.3.4', 'fe80::1%eth0'];

/** What addresses are made of. */
export const ADDRESS_WORDS = texts(
  ':',
  '::',
  '.',
  '%',
  '0',
  '255',
  '256',
  'ffff',
  '::ffff:',
  '[',
  ']',
  '/',
);

const target = messageTarget({
  name: 'target-address',
  seeds: texts('tcp://127.0.0.1:4023', 'TCP://[::1]', 'tcp://host', 'tls://h:1', 'pipe:///a', 'x'),
  words: [...ADDRESS_WORDS, ...texts('tcp', '://', 'tls', 'pipe', ':0', ':65536', ':4023', ' ')],
  codec: {
    decode: (bytes) => parseAddress(bytes.toString()),
    encode: ({ address }) => Buffer.from(address),
    family: InvalidTargetError,
    features({ transport }) {
      if (transport.kind === 'pipe') assert.notEqual(transport.path, '');
      else assert.ok(transport.host !== '' && transport.port >= 1 && transport.port <= 65535);
      return [transport.kind];
    },
  },
  long: (size) => Buffer.from(`tcp://${'h'.repeat(size)}`),
});

const source = messageTarget<Source>({
  name: 'source-text',
  seeds: texts(...ADDRESSES),
  words: ADDRESS_WORDS,
  codec: {
    decode: (bytes) => Source.parse(bytes.toString()),
    encode: (value) => Buffer.from(`${value}`),
    family: InvalidSourceError,
    features(value) {
      assert.deepEqual(Source.fromBytes(value.bytes), value);
      return [`${value.isIPv4}`];
    },
  },
  long: (size) => Buffer.from(`${'0:'.repeat(size / 2)}1`),
});

const timestamp = messageTarget<Timestamp>({
  name: 'timestamp-text',
  seeds: texts(
    '1970-01-01T00:00:00Z',
    '2024-02-29T23:59:59.123456789+14:00',
    '0000-01-01t00:00:00-23:59',
    ...readVectors<{ readonly string: string }[]>('timestamps').map(({ string }) => string),
  ),
  words: texts(
    '-',
    ':',
    'T',
    'Z',
    '.',
    '+',
    '60',
    '24',
    '00',
    '02-30',
    '9999',
    '0000',
    '.999999999',
  ),
  codec: {
    decode: (bytes) => Timestamp.parse(bytes.toString()),
    encode(time) {
      const text = time.toString();
      // An offset can lead out of the years that can be written.
      return /^\d{4}-/.test(text) ? Buffer.from(text) : undefined;
    },
    family: InvalidTimestampError,
    features: (time) => [`${Math.sign(time.seconds)} ${time.nanoseconds > 0}`],
  },
  long: (size) => Buffer.from(`1970-01-01T00:00:00.${'0'.repeat(size)}Z`),
});

/** A name as a tag, and as what a tag can be made of. */
function runTag(input: Buffer): readonly string[] {
  const name = input.toString();
  const remapped = attempt(() => remapTag(name), InvalidTagError);
  const checked = attempt(() => checkTag(name), InvalidTagError);
  if (!('error' in remapped)) assert.equal(checkTag(remapped.value), remapped.value);
  if ('error' in checked) return [(checked.error as InvalidTagError).reason];
  assert.equal(checkTag(checked.value), checked.value);
  assert.deepEqual(remapped, checked, 'a good name is changed');
  return ['good'];
}

/** What is read from text besides. */
export const TEXTS: readonly Target[] = [
  target,
  source,
  timestamp,
  {
    name: 'tag-name',
    seeds: texts(...readVectors<{ readonly tag: string }[]>('tags').map(({ tag }) => tag)).filter(
      ({ length }) => length < 200,
    ),
    words: texts(
      ' ',
      '\t',
      '\u0085',
      '\u00a0',
      '\ufeff',
      '\u200b',
      '\u2018',
      '*',
      '.',
      '\u{1f600}',
      '\u0301',
    ),
    run: runTag,
    long: (size) => Buffer.from('t'.repeat(Math.min(size, 4096))),
  },
];
