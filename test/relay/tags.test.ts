import { encodeErrorTag, encodeTag, encodeTagRequest } from '@ringest/codec';
import { RelayOptionError } from '@ringest/relay';
import { describe, expect, it } from 'vitest';
import { unusedAddress } from '../support/caching.js';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { SECRET } from '../support/muxer.js';
import { newRelay, type RelaySetUp, startRelay } from '../support/relaying.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { eventually, until } from '../support/waiting.js';

/** What a relay before a collecting indexer answers to a tag request. */
async function answered(tags: readonly string[] | undefined, names: readonly string[]) {
  lightChallenges();
  const indexer = await CollectingIndexer.start();
  const listener = { tags };
  const { address } = await startRelay({ muxer: { targets: [indexer.address] }, listener });
  const client = await IngesterClient.connect(address);
  await client.authenticate(SECRET);
  await client.expect('state');
  client.write(encodeTagRequest(names));
  const { tags: given } = await client.expect('tagResponse');
  return [...given.keys()];
}

describe('a listener', () => {
  it.each([
    [undefined, ['any', 'thing']],
    [['syslog', 'apache'], ['apache']],
    [['syslog-*'], ['syslog-', 'syslog-auth']],
    [['*-log'], ['a-log', '-log']],
    [['a*b*c'], ['abc', 'a-b-b-c', 'abbc']],
    [['*'], ['x']],
    [['a'], ['a', 'gravwell']],
  ] as const)('for the tags %j grants %j', async (allowed, names) => {
    expect((await answered(allowed, names)).sort()).toEqual([...names].sort());
  });

  it.each([
    [['syslog'], ['syslog', 'apache']],
    [['syslog-*'], ['syslog']],
    [['a*b*c'], ['ac']],
    [['ab*ba'], ['aba']],
    [['a'], ['A']],
    [['*'], ['with space']],
  ] as const)('for the tags %j refuses a request for %j', async (allowed, names) => {
    expect(await answered(allowed, names)).toEqual([]);
  });

  it.each([[[]], [['']], [['a b']], [['a', 'x:y*']]])('cannot have the tags %j', (tags) => {
    const muxer = { targets: ['tcp://127.0.0.1:1'] };
    expect(() => newRelay({ muxer, listener: { tags } })).toThrow(RelayOptionError);
  });

  it('cannot have an empty list of tenants: nobody could ingest', () => {
    const muxer = { targets: ['tcp://127.0.0.1:1'] };
    expect(() => newRelay({ muxer, listener: { tenants: [] } })).toThrow(
      expect.objectContaining({ code: 'ERR_RELAY_OPTION', option: 'listeners.0.tenants' }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('cannot add at most %s tags', (maxTags) => {
    const muxer = { targets: ['tcp://127.0.0.1:1'] };
    expect(() => newRelay({ muxer, listener: { maxTags } })).toThrow(/listeners\.0\.maxTags/);
  });

  it('adds no more tags than it may, and leaves numbers for other listeners', async () => {
    lightChallenges();
    const indexer = await CollectingIndexer.start();
    const { relay } = await startRelay({
      muxer: { targets: [indexer.address], tags: ['known'] },
      listeners: [
        { name: 'greedy', listen: '127.0.0.1:0', secret: SECRET, maxTags: 2 },
        { name: 'other', listen: '127.0.0.1:0', secret: SECRET },
      ],
    });
    const [greedy = '', other = ''] = relay.addresses;
    const { client } = await IngesterClient.hot(greedy, SECRET, ['a', 'known']);
    const ask = async (name: string) => {
      client.write(encodeTag(name));
      const { kind } = (await client.next()) ?? {};
      return kind;
    };
    expect([await ask('b'), await ask('c'), await ask('a'), await ask('gravwell')]).toEqual([
      'confirmTag',
      'errorTag',
      'confirmTag',
      'confirmTag',
    ]);
    expect((await IngesterClient.hot(other, SECRET, ['c'])).tags.size).toBe(1);
    expect(await ask('c')).toBe('confirmTag');
    expect(relay.stats().listeners.map(({ refusedTags }) => refusedTags)).toEqual([1, 0]);
  });

  it.each([
    ['attach', { attach: { a: 'b' } }],
    ['sourceOverride', { sourceOverride: '10.0.0.1' }],
    ['timestampWindow', { timestampWindow: { past: 1000 } }],
  ])('cannot be one of a relay that would change entries: %s', (field, option) => {
    const setUp = { muxer: { targets: ['tcp://127.0.0.1:1'], ...option } } as RelaySetUp;
    expect(() => newRelay(setUp)).toThrow(`muxer.${field}`);
  });

  it('refuses another late tag, and grants one that it allows', async () => {
    lightChallenges();
    const indexer = await CollectingIndexer.start();
    const listener = { tags: ['test', 'late'] };
    const { address } = await startRelay({ muxer: { targets: [indexer.address] }, listener });
    const { client } = await IngesterClient.hot(address, SECRET, ['test']);
    client.write(encodeTag('other'));
    await client.expect('errorTag');
    client.write(encodeTag('late'));
    const { tag } = await client.expect('confirmTag');
    client.write(encodeFrame(1, { timestamp: 1, tag, data: 'x' }));
    await client.expect('confirmEntry');
    expect(indexer.received.map((one) => one.tag)).toEqual(['late']);
  });

  it('ends a connection with an entry of a tag that it has not negotiated, after what came before', async () => {
    lightChallenges();
    const indexer = await CollectingIndexer.start();
    const { address, logs } = await startRelay({ muxer: { targets: [indexer.address] } });
    const { client: other, tags: others } = await IngesterClient.hot(address, SECRET, ['other']);
    const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
    const frame = (id: number, tag: number) => encodeFrame(id, { timestamp: 1, tag, data: 'x' });
    const [mine, foreign] = [tags.get('test') as number, others.get('other') as number];
    client.write(Buffer.concat([frame(1, mine), frame(2, foreign), frame(3, mine)]));
    await client.confirmedUntilEnd();
    await eventually(() => expect(indexer.received).toHaveLength(1));
    expect(logs.map(({ err }) => err?.code)).toContain('ERR_TAG_NOT_NEGOTIATED');
    other.write(frame(1, foreign));
    await other.expect('confirmEntry');
  });
});

it('a connection ends with the header of an entry that is too long for the muxer', async () => {
  lightChallenges();
  const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
  const muxer = { targets: [indexer.address], maxEntrySize: 1000 };
  const { address, logs } = await startRelay({ muxer });
  const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
  const frame = (id: number, bytes: number) =>
    encodeFrame(id, { timestamp: 1, tag: tags.get('test') as number, data: Buffer.alloc(bytes) });
  client.write(Buffer.concat([frame(1, 1000), frame(2, 1001).subarray(0, 46)]));
  await client.confirmedUntilEnd();
  expect(logs.map(({ err }) => err?.code)).toContain('ERR_LIMIT');
});

describe('a tag that every connected indexer refuses', () => {
  it('holds up nobody else while an indexer is away that may accept it', async () => {
    lightChallenges();
    const indexer = await ScriptedIndexer.listen({
      confirms: 'at once',
      answersTags: false,
      later: { answersTags: true, numberTag: () => undefined },
    });
    const { address: away, port } = await unusedAddress();
    const { relay, address } = await startRelay({
      muxer: { targets: [indexer.address, away], tags: ['good'] },
    });
    const { client: good, tags } = await IngesterClient.hot(address, SECRET, ['good']);
    const { client: bad, tags: bads } = await IngesterClient.hot(address, SECRET, ['bad']);
    const frame = (id: number, tag: number) => encodeFrame(id, { timestamp: 1, tag, data: 'x' });
    bad.write(frame(1, bads.get('bad') as number));
    await until('the entry', () => relay.stats().muxers.get('')?.writtenEntries === 1);
    const upstream = await indexer.hot(0);
    await upstream.until('a request for the tag', () => upstream.heard.includes('tag'));
    upstream.write(encodeErrorTag());
    expect(await bad.confirmedUntilEnd()).toEqual([]);
    good.write(frame(1, tags.get('good') as number));
    await good.expect('confirmEntry');
    const late = await CollectingIndexer.start({ port });
    await eventually(() => expect(late.received.map((one) => one.tag)).toContain('bad'));
  });

  it('ends the connection that uses it, and no other one; later it is refused', async () => {
    lightChallenges();
    const indexer = await ScriptedIndexer.listen({
      confirms: 'at once',
      numberTag: (name) => (name === 'bad' ? undefined : 700 + name.length),
    });
    const { address, logs } = await startRelay({ muxer: { targets: [indexer.address] } });
    const { client: good, tags } = await IngesterClient.hot(address, SECRET, ['good']);
    const { client: bad, tags: bads } = await IngesterClient.hot(address, SECRET, ['bad', 'good']);
    const frame = (id: number, tag: number) => encodeFrame(id, { timestamp: 1, tag, data: 'x' });
    bad.write(frame(1, bads.get('bad') as number));
    await bad.confirmedUntilEnd();
    expect(logs.map(({ err }) => err?.code)).toContain('ERR_TAG_REFUSED');
    good.write(frame(1, tags.get('good') as number));
    await good.expect('confirmEntry');
    const again = await IngesterClient.connect(address);
    await again.authenticate(SECRET);
    await again.expect('state');
    again.write(encodeTagRequest(['bad']));
    expect((await again.expect('tagResponse')).tags.size).toBe(0);
    good.write(encodeTag('bad'));
    await good.expect('errorTag');
    good.write(frame(2, tags.get('good') as number));
    await good.expect('confirmEntry');
  });
});
