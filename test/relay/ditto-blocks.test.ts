import {
  encodeConfirmDittoBlock,
  encodeDittoBlock,
  encodeForceAck,
  type IndexerMessage,
} from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { BLOCK, blockOf, failureOf, textsOf } from '../support/dittos.js';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { hotMuxer, SECRET } from '../support/muxer.js';
import { startRelay } from '../support/relaying.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { until } from '../support/waiting.js';

describe('a ditto block', () => {
  it('is sent on as one, and confirmed when the indexer has stored it', async () => {
    const indexer = await ScriptedIndexer.listen({ dittoResult: 0 });
    const { address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const muxer = await hotMuxer({ targets: [address] });
    await muxer.dittoWrite(BLOCK);
    const upstream = await indexer.hot(0);
    expect(textsOf(upstream.dittos[0] ?? [])).toEqual(['x', 'y', 'z']);
    expect(upstream.frames).toEqual([]);
  });

  it('is refused when the indexer refuses it', async () => {
    const indexer = await ScriptedIndexer.listen({ dittoResult: 7 });
    const { address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const muxer = await hotMuxer({ targets: [address] });
    const failure = await failureOf(muxer.dittoWrite(BLOCK));
    expect(failure).toMatchObject({ reason: 'refused', mayBeStored: false });
  });

  it('is refused when an entry of it cannot be sent on, and what follows is sent on', async () => {
    lightChallenges();
    const indexer = await ScriptedIndexer.listen({
      dittoResult: 0,
      numberTag: (name) => (name === 'bad' ? undefined : 700),
    });
    const { relay, address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const { client, tags } = await IngesterClient.hot(address, SECRET, ['good', 'bad']);
    const block = (...names: string[]) => {
      const entries = names.map((name) => ({ timestamp: 1, tag: tags.get(name) as number }));
      const frames = entries.map((entry) => encodeFrame(1, { ...entry, data: 'x' }));
      return Buffer.concat([encodeDittoBlock(names.length), ...frames]);
    };
    const targets = () => relay.muxers.get('')?.status().targets ?? [];
    await until('a refusal', () => targets()[0]?.refusedTags.includes('bad') === true);
    client.write(Buffer.concat([block('good', 'bad'), block('good', 'good')]));
    expect(await client.expect('confirmDittoBlock')).toMatchObject({ result: 1 });
    expect(await client.expect('confirmDittoBlock')).toMatchObject({ result: 0 });
    expect((await indexer.hot(0)).dittos.map((frames) => frames.length)).toEqual([2]);
  });

  it('ends the connection when the indexer may have it: the ingester must not believe otherwise', async () => {
    const indexer = await ScriptedIndexer.listen({ dittoResult: undefined });
    const { address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const muxer = await hotMuxer({ targets: [address] });
    const failure = failureOf(muxer.dittoWrite(BLOCK));
    const upstream = await indexer.hot(0);
    await upstream.until('the block', () => upstream.dittos[0]?.length === 3);
    upstream.socket.destroy();
    expect(await failure).toMatchObject({ reason: 'lost', mayBeStored: true });
  });

  it('that is too large is refused, and what follows is sent on', async () => {
    lightChallenges();
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once', dittoResult: 0 });
    const { address } = await startRelay({
      muxer: { targets: [indexer.address] },
      maxDittoBytes: 1000,
    });
    const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
    const tag = tags.get('test') as number;
    const frame = (id: number, bytes: number) =>
      encodeFrame(id, { timestamp: 1, tag, data: Buffer.alloc(bytes) });
    client.write(Buffer.concat([encodeDittoBlock(3), frame(1, 400), frame(2, 400), frame(3, 400)]));
    expect(await client.expect('confirmDittoBlock')).toMatchObject({ result: 1 });
    client.write(Buffer.concat([encodeDittoBlock(1), frame(4, 400), frame(5, 4)]));
    const answers: IndexerMessage[] = [await client.expect('confirmDittoBlock')];
    expect(answers[0]).toMatchObject({ result: 0 });
    await client.expect('confirmEntry');
    const upstream = await indexer.hot(0);
    expect([upstream.dittos.length, upstream.frames.length]).toEqual([1, 1]);
  });
});

describe('ditto blocks that arrive together', () => {
  /** A client of a relay, and ditto blocks with its tag. */
  async function start(maxDittoBytes?: number) {
    lightChallenges();
    const indexer = await ScriptedIndexer.listen({ dittoResult: undefined, confirms: 'at once' });
    const { relay, address } = await startRelay({
      muxer: { targets: [indexer.address] },
      ...(maxDittoBytes !== undefined && { maxDittoBytes }),
    });
    const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
    const tag = tags.get('test') as number;
    const frame = (data: string) => encodeFrame(1, { timestamp: 1, tag, data });
    const block = (...data: string[]) =>
      Buffer.concat([encodeDittoBlock(data.length), ...data.map(frame)]);
    const received = () => relay.stats().listeners[0]?.entries;
    return { client, block, frame, received, upstream: await indexer.hot(0) };
  }

  it('are sent on one by one, also when the last of them is not whole yet', async () => {
    const { client, block, frame, upstream } = await start();
    const rest = [
      block('a'),
      block('b', 'c'),
      block(),
      block('d'),
      encodeDittoBlock(2),
      frame('e'),
    ];
    client.write(Buffer.concat(rest));
    for (const [number, texts] of [['a'], ['b', 'c'], ['d']].entries()) {
      expect(textsOf(await blockOf(upstream, number, texts.length))).toEqual(texts);
      expect(upstream.dittos).toHaveLength(number + 1);
      upstream.write(encodeConfirmDittoBlock(0));
    }
    client.write(Buffer.concat([frame('f'), frame('g'), encodeForceAck()]));
    expect(textsOf(await blockOf(upstream, 3, 2))).toEqual(['e', 'f']);
    upstream.write(encodeConfirmDittoBlock(0));
    for (let i = 0; i < 5; i++) {
      expect(await client.expect('confirmDittoBlock')).toMatchObject({ result: 0 });
    }
    await client.expect('confirmEntry');
    expect(textsOf(upstream.frames)).toEqual(['g']);
  });

  it('are refused each by itself', async () => {
    const { client, block, upstream } = await start(200);
    client.write(Buffer.concat([block('a'), block('b'), block('c'.repeat(200)), block('d')]));
    for (const [number, result] of [0, 7, 0].entries()) {
      await blockOf(upstream, number, 1);
      upstream.write(encodeConfirmDittoBlock(result));
    }
    const results: number[] = [];
    for (let i = 0; i < 4; i++) results.push((await client.expect('confirmDittoBlock')).result);
    expect(results).toEqual([0, 1, 1, 0]);
    expect(upstream.dittos.map(textsOf)).toEqual([['a'], ['b'], ['d']]);
  });

  it('get the answer that is theirs, when one of them arrives in two pieces', async () => {
    const { client, block, frame, received, upstream } = await start(200);
    const large = frame('b'.repeat(200));
    client.write(Buffer.concat([block('a'), encodeDittoBlock(2), large.subarray(0, 100)]));
    await blockOf(upstream, 0, 1);
    client.write(Buffer.concat([large.subarray(100), frame('b'), block('c')]));
    await until('the blocks', () => received() === 4);
    for (let number = 0; number < 2; number++) {
      await blockOf(upstream, number, 1);
      upstream.write(encodeConfirmDittoBlock(0));
    }
    const results: number[] = [];
    for (let i = 0; i < 3; i++) results.push((await client.expect('confirmDittoBlock')).result);
    expect(results).toEqual([0, 1, 0]);
    expect(upstream.dittos.map(textsOf)).toEqual([['a'], ['c']]);
  });
});
