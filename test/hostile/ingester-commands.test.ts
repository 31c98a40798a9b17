import {
  Command,
  encodeApiVersion,
  encodeConfirmEntry,
  encodeDittoBlock,
  encodeForceAck,
  encodeIngestOk,
  encodePing,
  encodePong,
  encodeTag,
  MAX_BLOCK_BYTES,
  MAX_INGESTER_STATE_BYTES,
} from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import {
  block,
  frame,
  frameWith,
  nested,
  numbered,
  prefixed,
  told,
  value,
  word,
} from '../support/hostile-bytes.js';
import { Siege } from '../support/hostile-siege.js';

/** What is said, and the code of the error that ends the connection then. */
type Case = readonly [what: string, said: (tag: number) => Buffer, code: string];

/** What asks for permission to ingest; a stream configuration has to follow. */
const CONFIGURED = Buffer.concat([encodeApiVersion(9), encodeIngestOk()]);
const configuration = (length: number, bytes: readonly number[] = []) =>
  Buffer.concat([CONFIGURED, prefixed(4, length, Buffer.from(bytes))]);
/** An identity with two texts before the one that is wrong. */
const identity = (before: number, length: number) =>
  Buffer.concat([word(Command.id), Buffer.alloc(4 * before), prefixed(4, length)]);
const values = (count: number, bytes: Buffer, more = 0) =>
  block(8 + bytes.length + more, count, bytes);

/** A frame with one value, and a block that says that it has `count`. */
const oneValue =
  (count: number, ...fields: Parameters<typeof value>) =>
  (tag: number) =>
    frameWith(tag, values(count, value(...fields)));

const LENGTHS: readonly Case[] = [
  ['TAG of 4097 bytes', () => told('tag', 4097), 'ERR_LIMIT'],
  ['TAG of 4 GiB', () => told('tag', 0xffff_ffff), 'ERR_LIMIT'],
  ['ID with a name of 4097 bytes', () => identity(0, 4097), 'ERR_LIMIT'],
  ['ID with a version of 4 GiB', () => identity(1, 0xffff_ffff), 'ERR_LIMIT'],
  ['ID with a UUID of 4097 bytes', () => identity(2, 4097), 'ERR_LIMIT'],
  ['a state over 1 MiB', () => told('ingesterState', MAX_INGESTER_STATE_BYTES + 1), 'ERR_LIMIT'],
  ['a state of 4 GiB', () => told('ingesterState', 0xffff_ffff), 'ERR_LIMIT'],
  ['a configuration of nothing', () => configuration(0), 'ERR_LIMIT'],
  ['a configuration over 1 MiB', () => configuration(2 ** 20 + 1), 'ERR_LIMIT'],
  ['a configuration of 4 GiB', () => configuration(0xffff_ffff), 'ERR_LIMIT'],
  ['an unknown compression', () => configuration(1, [7]), 'ERR_DECODE'],
  ['values of fewer bytes than a head', (tag) => frameWith(tag, block(7, 0, NONE)), 'ERR_LIMIT'],
  ['values over 32 MiB', (tag) => frameWith(tag, block(MAX_BLOCK_BYTES + 1, 1, NONE)), 'ERR_LIMIT'],
  ['values of 4 GiB', (tag) => frameWith(tag, block(0xffff_ffff, 1, NONE)), 'ERR_LIMIT'],
  ['a ditto block of 2^53', () => numbered(Command.dittoBlock, 2n ** 53n), 'ERR_LIMIT'],
  ['a ditto block of 2^64 - 1', () => numbered(Command.dittoBlock, 2n ** 64n - 1n), 'ERR_LIMIT'],
];

const NONE = Buffer.alloc(0);

const NONSENSE: readonly Case[] = [
  ['an unknown word', () => word(0x1234_5678), 'ERR_UNKNOWN_COMMAND'],
  ['zeros', () => Buffer.alloc(100), 'ERR_UNKNOWN_COMMAND'],
  ['what indexers say', () => encodePong(), 'ERR_UNKNOWN_COMMAND'],
  ['a confirmation', () => encodeConfirmEntry(1), 'ERR_UNKNOWN_COMMAND'],
  ['text', () => Buffer.from('{"ID":1}'), 'ERR_UNKNOWN_COMMAND'],
  ['a TAG that is no text', () => Buffer.concat([told('tag', 1), Buffer.of(0xff)]), 'ERR_DECODE'],
  ['a tag that nobody has', (tag) => frame(tag + 1), 'ERR_TAG_NOT_NEGOTIATED'],
  ['values with a pad', (tag) => frameWith(tag, block(8, 0, NONE, 1)), 'ERR_DECODE'],
  ['fewer values than are counted', oneValue(2, 9, 1, 0, 13, 'a'), 'ERR_DECODE'],
  ['more values than are counted', oneValue(0, 9, 1, 0, 13, 'a'), 'ERR_DECODE'],
  ['a total that is too low', oneValue(1, 0, 1, 0, 13, 'a'), 'ERR_DECODE'],
  ['a total that is too high', oneValue(1, 65_535, 1, 0, 13, 'a'), 'ERR_DECODE'],
  ['a name without bytes', oneValue(1, 8, 0, 0, 13, ''), 'ERR_DECODE'],
  ['a name of 65535 bytes', oneValue(1, 9, 65_535, 0, 13, 'a'), 'ERR_DECODE'],
  ['a value of 65535 bytes', oneValue(1, 9, 1, 65_535, 13, 'a'), 'ERR_DECODE'],
  ['an unknown type', oneValue(1, 9, 1, 0, 18, 'a'), 'ERR_DECODE'],
  ['a number without bytes', oneValue(1, 9, 1, 0, 10, 'a'), 'ERR_DECODE'],
  [
    'a command among ditto entries',
    (tag) => Buffer.concat([encodeDittoBlock(2), frame(tag), encodePing()]),
    'ERR_DECODE',
  ],
  [
    'a second configuration',
    () => Buffer.concat([configuration(1, [0]), prefixed(4, 1, Buffer.of(0))]),
    'ERR_UNKNOWN_COMMAND',
  ],
];

async function expectRefusals(cases: readonly Case[]): Promise<void> {
  const siege = await Siege.begin();
  const codes: unknown[] = [];
  for (const [what, said] of cases) {
    const { client, tag } = await siege.hot();
    client.write(said(tag));
    codes.push([what, (await siege.refusal(client))?.code]);
  }
  expect(codes).toEqual(cases.map(([what, , code]) => [what, code]));
  await siege.expectNoHarm();
}

describe('a hot ingester', () => {
  it('is turned away for a length that is none, before its bytes are there', () =>
    expectRefusals(LENGTHS));

  it('is turned away for what is not the protocol', () => expectRefusals(NONSENSE));

  it('is told of tags that it cannot have, and kept', async () => {
    const siege = await Siege.begin();
    const { client } = await siege.hot();
    for (const name of ['', ' ', 'a b', 'x;y', '\u0000']) {
      client.write(encodeTag(name));
      await client.expect('errorTag');
    }
    client.destroy();
    await siege.expectNoHarm();
  });

  it('is kept whatever state it tells of itself', async () => {
    const siege = await Siege.begin();
    const { client, tag } = await siege.hot();
    const child = `${'{"Children":{"x":'.repeat(5000)}{}${'}}'.repeat(5000)}`;
    for (const state of [
      '',
      'no JSON',
      '[]',
      'null',
      nested(500_000),
      `{"Configuration":${nested(500_000)}}`,
      child,
      '{"Entries":-1}',
      '{"Children":{"__proto__":{}}}',
    ]) {
      client.write(told('ingesterState', Buffer.byteLength(state), state));
      await client.expect('confirmIngesterState');
    }
    client.write(frame(tag));
    expect(await client.expect('confirmEntry')).toMatchObject({ id: 1 });
    client.destroy();
    await siege.expectNoHarm();
  });

  it('has its ids confirmed as they are, whatever they are', async () => {
    const siege = await Siege.begin();
    const { client, tag } = await siege.hot();
    const ids = [7, 7, 3, 0, Number.MAX_SAFE_INTEGER];
    client.write(Buffer.concat([...ids.map((id) => frame(tag, 'hostile', id)), encodeForceAck()]));
    for (const id of ids) expect(await client.expect('confirmEntry')).toMatchObject({ id });
    client.destroy();
    await siege.expectNoHarm();
  });

  it('that leaves in the middle of a ditto block, or of what it promised, is noticed', async () => {
    const siege = await Siege.begin();
    const begun = [encodeDittoBlock(3), told('ingesterState', 1000, '{'), word(1).subarray(0, 3)];
    for (const said of begun) {
      const { client } = await siege.hot();
      client.socket.end(said);
      expect((await siege.refusal(client))?.code).toBe('ERR_CONNECTION_LOST');
    }
    await siege.expectNoHarm();
  });
});
