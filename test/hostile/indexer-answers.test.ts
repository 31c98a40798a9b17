import { MAX_TAG_MESSAGE_BYTES } from '@ringest/codec';
import type { LossReason } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { Attack } from '../support/hostile-attack.js';
import { nested, prefixed, sized } from '../support/hostile-bytes.js';
import { HONEST, type Step, type Twist, twistedHandshake } from '../support/hostile-handshake.js';
import { HostileServer } from '../support/hostile-server.js';

/** What is said, why the connection is lost then, and a part of the message. */
type Case = readonly [said: Buffer, reason: LossReason, problem: string];

const u16 = (length: number, text: string | Buffer = '') => prefixed(2, length, text);
const u32 = (length: number, text: string | Buffer = '') => prefixed(4, length, text);
const state = (json: string) => sized(2, json);
const tags = (json: string) => sized(4, json);

/** The names `0`, `1`, … with numbers. */
function manyTags(count: number): string {
  const members = Array.from({ length: count }, (_, i) => `"${i}":${i % 65_535}`);
  return `{"Count":${count},"Tags":{${members.join()}}}`;
}

async function expectLosses(at: Step, cases: readonly Case[]): Promise<void> {
  const server = await HostileServer.listen((socket, number) => {
    const [act] = cases[number % cases.length] as Case;
    twistedHandshake(socket, { at, act });
  });
  const attack = await Attack.begin(server);
  const losses = await attack.lost(cases.length);
  const told = losses.map(({ reason, message }) => ({ reason, message }));
  expect(told).toEqual(
    cases.map(([, reason, problem]) => ({ reason, message: expect.stringContaining(problem) })),
  );
  await attack.expectNoHarm();
}

describe('an indexer whose answer has a length that is none', () => {
  it('in its state is given up, before the bytes are there', () =>
    expectLosses('state', [
      [u16(4097), 'protocol', 'malformed state: its length of 4097'],
      [u16(0xffff), 'protocol', 'malformed state: its length of 65535'],
      [u16(0), 'protocol', 'malformed state'],
    ]));

  it('in its tag response is given up, before the bytes are there', () =>
    expectLosses('tagResponse', [
      [u32(MAX_TAG_MESSAGE_BYTES + 1), 'protocol', 'malformed tag response: its length'],
      [u32(0x7fff_ffff), 'protocol', 'malformed tag response: its length'],
      [u32(0x8000_0000), 'protocol', 'malformed tag response: its length'],
      [u32(0xffff_ffff), 'protocol', 'malformed tag response: its length'],
      [u32(MAX_TAG_MESSAGE_BYTES, Buffer.alloc(1e6, ' ')), 'protocol', 'says too much'],
      [u32(0), 'protocol', 'malformed tag response'],
    ]));

  it('in its stream configuration is given up, before the bytes are there', () =>
    expectLosses('streamConfiguration', [
      [u32(0), 'protocol', 'malformed stream configuration: its length of 0'],
      [u32(2 ** 20 + 1), 'protocol', 'malformed stream configuration: its length'],
      [u32(0xffff_ffff), 'protocol', 'malformed stream configuration: its length'],
      [u32(2 ** 20, Buffer.alloc(2 ** 20)), 'protocol', 'says too much'],
    ]));
});

describe('an indexer whose answer has a length that may be', () => {
  it('and not so many bytes is given up in time', async () => {
    const promises: readonly Twist[] = [
      { at: 'state', act: u16(4096, '{') },
      { at: 'tagResponse', act: u32(MAX_TAG_MESSAGE_BYTES, '{') },
      { at: 'streamConfiguration', act: u32(2 ** 20, '\0') },
    ];
    const server = await HostileServer.listen((socket, number) =>
      twistedHandshake(socket, promises[number % promises.length]),
    );
    const attack = await Attack.begin(server, { times: { handshake: 150 } });
    const losses = await attack.lost(promises.length);
    expect(losses).toMatchObject(promises.map(() => ({ reason: 'timeout' })));
    await attack.expectNoHarm();
  });
});

describe('an indexer whose state', () => {
  it('makes no sense is given up', () =>
    expectLosses('state', [
      [state('no JSON'), 'protocol', 'malformed state: it is not JSON'],
      [state('{"ID":12513090'), 'protocol', 'malformed state: it is not JSON'],
      [state(nested(2048)), 'protocol', 'malformed state: it is not a JSON object'],
      [state(`{"ID":${nested(2000)}}`), 'protocol', 'malformed state: its ID'],
      [state('{"ID":"12513090"}'), 'protocol', 'malformed state: its ID'],
      [state('{"ID":-1}'), 'protocol', 'malformed state: its ID'],
      [state('{"ID":1e999}'), 'protocol', 'malformed state: its ID'],
      [state('{"ID":12513090,"Info":{}}'), 'protocol', 'malformed state: its Info'],
      [state('null'), 'protocol', 'malformed state: it is not a JSON object'],
      [u16(2, Buffer.from([0xff, 0xfe])), 'protocol', 'malformed state: its text is not UTF-8'],
    ]));

  it('is another one than AUTHENTICATED is given up, with what it says', () =>
    expectLosses('state', [
      [state('{"ID":16707921,"Info":"go away"}'), 'authentication', '(go away)'],
      [state('{"ID":0}'), 'authentication', 'refused the ingest secret'],
      [state('{"ID":4294967295}'), 'authentication', 'refused the ingest secret'],
      [state(`{"ID":0,"Info":"${'x'.repeat(4000)}"}`), 'authentication', 'xxx'],
    ]));
});

describe('an indexer whose tag response', () => {
  it('makes no sense is given up', () =>
    expectLosses('tagResponse', [
      [tags('no JSON'), 'protocol', 'it is not JSON'],
      [tags(nested(30_000)), 'protocol', 'it is not a JSON object'],
      [tags(`{"Count":1,"Tags":${nested(30_000)}}`), 'protocol', 'its Tags are not an object'],
      [tags(`{"Count":1,"Tags":{"test":${nested(30_000)}}}`), 'protocol', 'the number of tag'],
      [tags('{"Count":1,"Tags":{"test":65536}}'), 'protocol', 'the number of tag'],
      [tags('{"Count":1,"Tags":{"test":-1}}'), 'protocol', 'the number of tag'],
      [tags('{"Count":1,"Tags":{"test":1.5}}'), 'protocol', 'the number of tag'],
      [tags('{"Count":1,"Tags":{"test":"1"}}'), 'protocol', 'the number of tag'],
      [tags('{"Count":1,"Tags":["test"]}'), 'protocol', 'its Tags are not an object'],
      [tags('{"Count":2,"Tags":{"test":1}}'), 'protocol', 'malformed tag response'],
      [tags('{"Count":1e9,"Tags":{"test":1}}'), 'protocol', 'malformed tag response'],
      [tags('{"Count":"1","Tags":{"test":1}}'), 'protocol', 'malformed tag response'],
      [tags('{"Tags":{"test":1}}'), 'protocol', 'malformed tag response'],
    ]));

  it('leaves out the tags that were asked for is given up', () =>
    expectLosses('tagResponse', [
      [tags('{"Count":1,"Tags":{"a":1}}'), 'tags', "no number for tag 'test'"],
      [tags('{"Count":1,"Tags":{"__proto__":1}}'), 'tags', "no number for tag 'test'"],
      [tags('{"Count":1,"Tags":{"TEST":1}}'), 'tags', "no number for tag 'test'"],
    ]));

  it('gives one number to two tags, or that of gravwell, is given up', async () => {
    const cases = ['{"test":7,"b":7}', '{"test":7,"b":65535}'];
    const server = await HostileServer.listen((socket, number) => {
      const given = cases[number % cases.length];
      twistedHandshake(socket, {
        at: 'tagResponse',
        act: () => {
          socket.write(tags(`{"Count":2,"Tags":${given}}`));
          // What is said without being asked is read when its turn comes.
          const rest = ['confirmApiVersion', 'confirmId', 'confirmIngestOk'] as const;
          for (const step of rest) socket.write(HONEST[step]);
          socket.write(HONEST.streamConfiguration);
        },
      });
    });
    const attack = await Attack.begin(server, { tags: ['test', 'b'] });
    const losses = await attack.lost(2);
    expect(losses).toMatchObject(cases.map(() => ({ reason: 'tags' })));
    for (const { message } of losses) expect(message).toContain('the number of another tag');
    await attack.expectNoHarm();
  });

  it('has a hundred thousand tags is given up, without reading them', () =>
    expectLosses('tagResponse', [
      [tags(manyTags(100_000)), 'protocol', 'says too much'],
      [tags(manyTags(2000)), 'tags', "no number for tag 'test'"],
    ]));
});

describe('an indexer whose stream configuration', () => {
  it('has a compression that is none, or was not asked for, is given up', () =>
    expectLosses('streamConfiguration', [
      [u32(1, Buffer.from([7])), 'protocol', 'malformed stream configuration'],
      [u32(1, Buffer.from([255])), 'protocol', 'malformed stream configuration'],
      [u32(1, Buffer.from([16])), 'protocol', 'compression that was not offered'],
      [u32(3, Buffer.from([16, 0, 0])), 'protocol', 'compression that was not offered'],
    ]));
});
